"""All of :mod:`typing`, and the types that the public signatures of this package use."""

from __future__ import annotations

import os
import sys
from typing import *  # noqa: F403  a project imports all its types from here
from typing import Any, Union

if sys.version_info >= (3, 11):
    from typing import Self as Self
else:
    from typing_extensions import Self as Self

InputID = Union[int, str, None]
"""Names one input of a task; ``1`` and ``"1"`` are two inputs. None stands for the task as a whole: for what its
aggregates make."""

PathLike = Union[str, "os.PathLike[str]"]
"""What is accepted as a path."""

PipelineData = dict[str, Any]
"""The fields of one input, by name."""

Plain = Any
"""A value made of None, bool, int, float, str, and lists and str-keyed dicts of these: what JSON and YAML can say."""
