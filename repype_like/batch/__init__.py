"""Many tasks at once: loading a tree, checking it, planning it and bringing it up to date."""

from __future__ import annotations

from repype_like.batch.batch import Batch
from repype_like.batch.cluster import ClusterOptions
from repype_like.batch.context import RunContext
from repype_like.batch.opening import open_task, open_tree
from repype_like.batch.summary import Summary

__all__ = ["Batch", "ClusterOptions", "RunContext", "Summary", "open_task", "open_tree"]
