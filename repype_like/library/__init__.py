"""Stages that are ready to use: run a program, print, and put data sets together.

They are stages like any other, named in a pipeline as a class, as an object that was made of it with the fields and
values of one's own, or as a class derived from it.
"""

from repype_like.library.combine import Combine
from repype_like.library.prints import Print
from repype_like.library.remix import Remix
from repype_like.library.shell import ProgramFailedError, Shell

__all__ = ["Combine", "Print", "ProgramFailedError", "Remix", "Shell"]
