from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import describe
from repype_like.formats.container import ContainerFormat, pickler_of
from repype_like.formats.pickling import pickle_value

container = ContainerFormat()


class Plain:
    def __init__(self, value: Any):
        self.value = value


class FailsToPickle:
    def __reduce__(self) -> Any:
        raise ValueError("not today")


class FailsToLoad:
    def __reduce__(self) -> Any:
        return int, ("x",)


class BecomesAnother:
    def __reduce__(self) -> Any:
        return int, (5,)


class WorksOnItsBuffer:
    """Changes the array that it is given while it is loaded."""

    def __init__(self, array: np.ndarray[Any, Any]):
        self.array = array

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.array = state["array"]
        self.array += 1


def stored(value: Any) -> memoryview:
    return memoryview(bytearray(b"".join(container.dump(value))))


@pytest.mark.parametrize(("value", "pickler"), [
    ({1: b"a"}, "safe"), (np.float64(1), "safe"), (np.array([None]), "safe"), (Path("a"), "safe"),
    (Plain(1), "pickle"), (len, "pickle"), (lambda: 1, "dill"), ("__main__", "safe"),
])
def test_the_header_says_what_is_needed_to_load(value: Any, pickler: str) -> None:
    assert pickler_of(stored(value)) == pickler


def test_safe_containers_load_nothing_but_harmless_types() -> None:
    data = stored(Plain(1))
    start = bytes(data).index(b"p" + (1).to_bytes(7, "little"))
    forged = bytearray(data)
    forged[start:start + 1] = b"s"
    import xxhash

    forged[8:16] = xxhash.xxh3_64_intdigest(bytes(forged[16:40])).to_bytes(8, "little")
    with pytest.raises(DamagedError, match=r"it names .*Plain"):
        container.load(memoryview(forged))


def test_lambdas_closures_and_local_classes() -> None:
    offset = 3

    class Local:
        def __init__(self, value: int):
            self.value = value

        def more(self) -> int:
            return self.value + offset

    loaded = container.load(stored({"f": lambda x: x + offset, "o": Local(4), "a": np.arange(3)}))
    assert (loaded["f"](1), loaded["o"].more(), loaded["a"].tolist()) == (4, 7, [0, 1, 2])


def test_objects_of_the_main_script_load_in_another_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent("""
        import dataclasses, enum, sys
        from pathlib import Path
        from repype_like.formats import format_for

        FACTOR = 2

        class Color(enum.Enum):
            RED = 1
            CRIMSON = 1

            @property
            def label(self):
                return f"{self.name} of {len(Color)}"

        def scaled(x):
            return FACTOR * x

        @dataclasses.dataclass
        class Point:
            x: float
            color: Color = Color.RED

            def scaled(self):
                return scaled(self.x)

        format_for(Point(1.5)).write([Point(1.5), scaled], Path(sys.argv[1]))
    """))
    subprocess.run([sys.executable, script, tmp_path / "value"], check=True)
    point, function = container.read(tmp_path / "value")
    assert (point.scaled(), point.color.label, function(4)) == (3.0, "RED of 1", 8)


def _generator() -> Any:
    yield 1


@pytest.mark.parametrize(("value", "words"), [
    (_generator(), "generator"), ([_generator()], "generator"), (FailsToPickle(), "ValueError: not today"),
    (FailsToLoad(), "ValueError: invalid literal"), (BecomesAnother(), "comes back as a int"),
])
def test_what_cannot_be_stored_is_named(value: Any, words: str) -> None:
    with pytest.raises(NotStorableError, match=words) as raised:
        container.dump(value)
    assert type(value).__name__ in str(raised.value)


def test_open_files_cannot_be_stored(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(NotStorableError, match="open file"):
        container.dump({"a": file, "b": lambda: 1})


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    deep: list[Any] = []
    for _ in range(10**5):
        deep = [deep]
    with pytest.raises(NotStorableError, match="nested too deeply"):
        container.dump(deep)


def test_trying_a_pickle_does_not_change_the_value() -> None:
    value = WorksOnItsBuffer(np.zeros(10_000))
    data = stored(value)
    assert not value.array.any()
    assert container.load(data).array.max() == 1


class TableOfOurs(pd.DataFrame):  # type: ignore[misc]
    def __reduce__(self) -> Any:
        return pd.DataFrame(self).__reduce__()


def test_a_table_that_would_come_back_as_another_is_not_stored() -> None:
    with pytest.raises(NotStorableError, match="its pickle comes back as a"):
        stored(TableOfOurs({"a": [1]}))


def test_the_columns_of_a_table_are_not_copied() -> None:
    frame = pd.DataFrame({"when": pd.date_range("2024", periods=3000, freq="s"), "number": np.arange(3000.0)})
    if "ArrowStringArray" in (kind := type(pd.Series(["a"], dtype="str").array).__name__):
        frame["name"] = pd.Series([f"name {number}" for number in range(3000)], dtype="str")
    assert pickle_value(frame).stream.nbytes < 5000, kind
    assert pickle_value(frame[1000:]).stream.nbytes < 5000, kind
    for table in (frame, frame[1000:], pd.concat([frame, frame], ignore_index=True)):
        data = stored(table)
        assert pickler_of(data) == "safe"
        pd.testing.assert_frame_equal(container.load(data), table)
    size = sum(buffer.nbytes for buffer in pickle_value(frame[2900:]).buffers)
    assert size < 10_000, "and what was cut off is not stored"


def test_a_class_that_is_gone_is_damage() -> None:
    data = stored(Plain(1))
    hidden = globals().pop("Plain")
    try:
        with pytest.raises(DamagedError, match="cannot be loaded any more: AttributeError"):
            container.load(data)
    finally:
        globals()["Plain"] = hidden


def test_tensors_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for tensor in (torch.arange(6.0).reshape(2, 3), torch.zeros(3, dtype=torch.bool), torch.ones(3000)[::2],
                   torch.ones(4, dtype=torch.bfloat16), torch.ones(3, requires_grad=True), torch.tensor(2.5),
                   torch.rand(1, 2, 3, 4).to(memory_format=torch.channels_last), torch.zeros(0, 3),
                   torch.ones(2, dtype=torch.complex64).conj(), torch.nn.Parameter(torch.ones(2))):
        loaded = container.load(stored({"t": tensor}))["t"]
        assert (type(loaded), loaded.dtype, loaded.requires_grad) == (type(tensor), tensor.dtype, tensor.requires_grad)
        assert torch.equal(loaded, tensor)
        assert loaded.stride() == tensor.stride() or not tensor.is_contiguous()
        loaded.detach().zero_()
    both = container.load(stored([tensor, tensor]))
    assert both[0] is both[1]


def test_a_part_of_a_large_tensor_takes_no_more_than_it_holds() -> None:
    torch = pytest.importorskip("torch")
    batch = torch.rand(100, 3000)
    data = stored(batch[7])
    assert pickler_of(data) == "safe"
    assert data.nbytes < 15_000
    assert torch.equal(container.load(data), batch[7])
    assert describe(batch[7]) == {"type": "Tensor torch.float32 (3000,)"}
    assert pickle_value(batch).stream.nbytes < 1000, "its numbers stand beside the pickle, and are mapped"
