from __future__ import annotations

from pathlib import Path

import pytest

from repype_like.store import Store, sync
from stored import record_of


@pytest.mark.parametrize("count", [1, 60])
def test_after_syncing_nothing_is_left_to_sync(tmp_path: Path, count: int) -> None:
    stores = [Store(tmp_path / str(number)) for number in range(count)]
    for store in stores:
        store.directory.mkdir()
        store.append([record_of(store, 1)])
        assert store.unsynced
    sync(stores)
    assert not any(store.unsynced for store in stores)
    assert all(len(Store(store.directory).records) == 1 for store in stores)
