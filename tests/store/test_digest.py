from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from repype_like.errors import DamagedError
from repype_like.hashing import hash_bytes
from repype_like.store import OutputFile, Store
from repype_like.store.digest import NewerVersionError, decode_digest, encode_digest, read_digest
from stored import digest_of, record_of

RECORDS = [record_of(Store(Path("nowhere")), number, [OutputFile("seg", number, None, "a" * 32, 3, 0o644)], x=1)
           for number in range(3)]
DIGEST = replace(digest_of(RECORDS, previous=["b" * 32]), inputs=[1, "1", "é"])


def test_everything_comes_back() -> None:
    found = decode_digest(encode_digest(DIGEST), Path("digest.json"))
    lists: dict[str, Any] = {"observations": [], "outputs": [], "records": {}}
    assert replace(found, **lists) == replace(DIGEST, **lists)
    assert [seen for seen, _ in found.observations] == [seen for seen, _ in DIGEST.observations]
    assert [made for made, _ in found.outputs] == [made for made, _ in DIGEST.outputs]
    assert found.record_ids() == {record.id for record in RECORDS}


def test_every_truncation_is_damage() -> None:
    data = encode_digest(DIGEST)
    for size in range(len(data)):
        with pytest.raises(DamagedError):
            decode_digest(data[:size], Path("digest.json"))


def test_every_flipped_byte_is_damage() -> None:
    data = encode_digest(DIGEST)
    for position in range(len(data)):
        with pytest.raises(DamagedError) as raised:
            decode_digest(data[:position] + bytes([data[position] ^ 1]) + data[position + 1:], Path("digest.json"))
        assert not isinstance(raised.value, NewerVersionError)


def test_a_newer_version_is_recognised() -> None:
    body = b'{"unknown": true}'
    data = b'{"format": 2, "checksum": "%s", "content": %s}\n' % (hash_bytes(b"2 " + body).encode(), body)
    with pytest.raises(NewerVersionError, match="written by a newer version of repype_like, not touched"):
        decode_digest(data, Path("digest.json"))


def test_what_is_no_file_is_damage_and_nothing_hangs(tmp_path: Path) -> None:
    assert read_digest(tmp_path / "missing") is None
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "text").write_text("not JSON")
    for name in ("fifo", "folder", "dangling", "text"):
        with pytest.raises(DamagedError):
            read_digest(tmp_path / name)
