"""From task.yml to checked, resolved values with their origins. No user code is imported here."""

from __future__ import annotations

from repype_like.spec.discovery import SPEC_NAME, Discovery, Documents, discover, no_directory
from repype_like.spec.inheritance import Layer, Layered, merge
from repype_like.spec.input_ids import (
    check_input_ids,
    decode_input_ids,
    format_input_id,
    parse_input_id,
    sorted_ids,
)
from repype_like.spec.keys import KEYS, check
from repype_like.spec.limits import NAMES as LIMITS
from repype_like.spec.limits import mistakes, parse_size
from repype_like.spec.loading import Document, load_document, parse_document
from repype_like.spec.order import natural_order
from repype_like.spec.patterns import (
    check_path_safe,
    expand_path,
    expand_pattern,
    fill_pattern,
    resolve_path,
    resolve_pattern,
)
from repype_like.spec.task_spec import TaskSpec
from repype_like.spec.tree import SpecTree, load_tree

__all__ = [
    "KEYS",
    "LIMITS",
    "SPEC_NAME",
    "Discovery",
    "Document",
    "Documents",
    "Layer",
    "Layered",
    "SpecTree",
    "TaskSpec",
    "check",
    "check_input_ids",
    "check_path_safe",
    "decode_input_ids",
    "discover",
    "expand_path",
    "expand_pattern",
    "fill_pattern",
    "format_input_id",
    "load_document",
    "load_tree",
    "merge",
    "mistakes",
    "natural_order",
    "no_directory",
    "parse_document",
    "parse_input_id",
    "parse_size",
    "resolve_path",
    "resolve_pattern",
    "sorted_ids",
]
