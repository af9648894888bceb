"""Writes task directories: variants of a task, and examples."""

from repype_like.scaffold.assignments import Assignment, parse_assignment
from repype_like.scaffold.examples import EXAMPLES, lay_out_example
from repype_like.scaffold.variants import Variant, make_variants, write_variants

__all__ = ["EXAMPLES", "Assignment", "Variant", "lay_out_example", "make_variants", "parse_assignment",
           "write_variants"]
