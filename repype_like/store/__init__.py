"""What was computed for a task, on disk: records in a log, large values in blobs, and the digest that completes it."""

from __future__ import annotations

from repype_like.errors import DamagedError, LockedError, NotStorableError
from repype_like.store.checkouts import CheckoutFolder
from repype_like.store.digest import Digest
from repype_like.store.durability import begin, sync
from repype_like.store.failed import Failed
from repype_like.store.failures import DiskFullError, NotWritableError, StorageError
from repype_like.store.index import RecordIndex
from repype_like.store.lock import Holder, RunLock, holders
from repype_like.store.plain import to_plain
from repype_like.store.record import ACCEPTED, FieldValue, Observation, OutputFile, Record
from repype_like.store.stage_log import StageLog
from repype_like.store.store import Store
from repype_like.store.upkeep import Sizes
from repype_like.store.verification import Fault

__all__ = ["ACCEPTED", "CheckoutFolder", "DamagedError", "Digest", "DiskFullError", "Failed", "Fault", "FieldValue",
           "Holder", "LockedError", "NotStorableError", "NotWritableError", "Observation", "OutputFile", "Record",
           "RecordIndex", "RunLock", "Sizes", "StageLog", "StorageError", "Store", "begin", "holders", "sync",
           "to_plain"]
