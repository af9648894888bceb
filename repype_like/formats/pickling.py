"""Values as pickles, with their large buffers beside them (PEP 574).

The standard pickler, written in C, takes nearly everything. dill is twenty times slower and copies buffers into the
pickle, but takes lambdas, and objects of classes that exist only here: in a function, or in the main script, which is
called something else in every other process. So dill is tried where the standard pickler fails, or makes something
that would not load elsewhere.

A pickle that names classes or functions is loaded once before it is stored, which finds out in one go whether it can
be loaded, whether it comes back as what it was, and whether it names any code besides harmless types. A pickle that
names none, which takes looking for one byte, needs no trial: it is data. Of a pickle that names harmless types only,
tables and columns are not made for the trial.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Literal

from repype_like.errors import NotStorableError, text_of
from repype_like.formats.base import Buffer, type_name
from repype_like.formats.dilled import MAIN, dump_dilled, load_dilled
from repype_like.formats.safe_types import is_safe_name
from repype_like.typing import Any, NamedTuple

__all__ = ["Pickled", "Pickler", "load_pickle", "pickle_value"]

Pickler = Literal["safe", "pickle", "dill"]
"""``safe`` is a standard pickle that names nothing but harmless types; what loads it refuses others."""

_SMALLEST_BUFFER = 1 << 10
"""In bytes; smaller buffers are left in the pickle."""

_NAMES_CODE = b"\x93"
"""The instruction of a pickle that looks up a class or function (STACK_GLOBAL); protocol 5 writes no other."""

_TOO_DEEP = "it is nested too deeply"


class Pickled(NamedTuple):
    """A pickled value."""

    pickler: Pickler
    stream: memoryview
    buffers: list[memoryview]
    columns: list[bool]
    """For each buffer, whether it is of something with one axis, such as a column of a table."""


_NUMPY_TYPES = frozenset((
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"))
"""The types of tensors that numpy knows, too."""


class _LocalNameError(Exception):
    """The pickle names something by a name that it has only in this process."""


class _RefusedNameError(pickle.UnpicklingError):
    """The pickle names something other than a harmless type."""


def pickle_value(value: Any) -> Pickled:
    """Return `value` as a pickle that loads in any process that can import its classes.

    Raises:
        NotStorableError: If there is no such pickle.
    """
    try:
        stream, buffers, columns = _dumped(value)
        pickler = _tried(value, stream, buffers) if _NAMES_CODE in stream else "safe"
        return Pickled(pickler, memoryview(stream), buffers, columns)
    except RecursionError:
        raise _not_storable(value, _TOO_DEEP) from None
    except (NotStorableError, MemoryError):
        raise
    except Exception:  # noqa: BLE001  its classes may raise anything
        return Pickled("dill", memoryview(_dilled(value)), [], [])


def _dilled(value: Any) -> bytes:
    """Return the pickle that dill makes, if it loads again."""
    try:
        stream = dump_dilled(value)
        loaded = load_dilled(stream)
    except RecursionError:
        raise _not_storable(value, _TOO_DEEP) from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  its classes may raise anything
        known = isinstance(error, (pickle.PicklingError, TypeError))
        raise _not_storable(value, text_of(error) if known else f"{type(error).__name__}: {text_of(error)}") from None
    _check_type(value, loaded)
    return stream


def load_pickle(pickler: Pickler, stream: memoryview, buffers: Sequence[memoryview]) -> Any:
    """Return the value. Its large buffers are `buffers` themselves."""
    if pickler == "dill":
        return load_dilled(bytes(stream))
    if pickler == "safe":
        return _SafeUnpickler(io.BytesIO(stream), buffers=buffers).load()
    return pickle.loads(stream, buffers=buffers)


class _SafeUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if not is_safe_name(module, name):
            raise _RefusedNameError(f"it names {module}.{name}")
        return super().find_class(module, name)


class _TryingUnpickler(pickle.Unpickler):
    """Notes down whether all that the pickle names is harmless, and refuses what has another name elsewhere."""

    safe = True

    def find_class(self, module: str, name: str) -> Any:
        if module in MAIN:
            raise _LocalNameError
        self.safe = self.safe and is_safe_name(module, name)
        return super().find_class(module, name)


def _dumped(value: Any) -> tuple[bytes, list[memoryview], list[bool]]:
    file = io.BytesIO()
    buffers: list[memoryview] = []
    columns: list[bool] = []

    def keep_inside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _SMALLEST_BUFFER:
            return True
        buffers.append(raw)
        shaped = memoryview(buffer)
        columns.append(shaped.shape is not None and max(shaped.shape, default=0) * shaped.itemsize == raw.nbytes)
        return False

    pickler = pickle.Pickler(file, 5, buffer_callback=keep_inside)
    reductions = [(getattr(sys.modules[module], name), reduce) for module, name, reduce in _REDUCTIONS
                  if module in sys.modules]
    if reductions:
        pickler.dispatch_table = {**copyreg.dispatch_table, **dict(reductions)}
    pickler.dump(value)
    return file.getvalue(), buffers, columns


class _StandIn:
    """Stands for a class of pandas or pyarrow, and puts up with whatever a pickle does to it."""

    def __new__(cls, *_: Any, **__: Any) -> _StandIn:
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        pass


class _SurveyingUnpickler(_SafeUnpickler):
    """Loads everything but tables and columns, which take longer to make than to write."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        return _StandIn if module.partition(".")[0] in ("pandas", "pyarrow") else found


def _tried(value: Any, stream: bytes, buffers: Sequence[memoryview]) -> Pickler:
    """Load a pickle as a trial."""
    frozen: list[Buffer] = [buffer.toreadonly() for buffer in buffers]
    if _is_harmless(value, stream, frozen):
        return "safe"
    trial = _TryingUnpickler(io.BytesIO(stream), buffers=frozen)
    try:
        loaded = trial.load()
    except _LocalNameError:
        raise
    except Exception:
        if not buffers:
            raise
        trial = _TryingUnpickler(io.BytesIO(stream), buffers=[bytearray(buffer) for buffer in buffers])
        loaded = trial.load()  # its class works on the buffer while loading
    _check_type(value, loaded)
    return "safe" if trial.safe else "pickle"


def _is_harmless(value: Any, stream: bytes, buffers: Sequence[Buffer]) -> bool:
    """Tell whether a pickle names nothing but harmless types, and is one of the type of `value`."""
    try:
        loaded = _SurveyingUnpickler(io.BytesIO(stream), buffers=buffers).load()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  whatever it is, loading all of it will tell
        return False
    kind = type(value)
    return type(loaded) is kind or (type(loaded) is _StandIn and is_safe_name(kind.__module__, kind.__qualname__))


def _check_type(value: Any, loaded: Any) -> None:
    if type_name(loaded) != type_name(value):
        raise _not_storable(value, f"its pickle comes back as a {type_name(loaded)}")


def _reduce_array(array: Any) -> Any:
    """Take an array of dates or durations apart into numbers and a type; numpy itself copies these into the pickle."""
    if array.dtype.kind not in "Mm" or not (array.flags.c_contiguous or array.flags.f_contiguous):
        return array.__reduce_ex__(5)
    return _dated_array, (array.view("int64"), array.dtype)


def _dated_array(numbers: Any, dtype: Any) -> Any:
    return numbers.view(dtype)


def _reduce_column(column: Any) -> Any:
    """Take a column that works on Arrow apart without copying it, as pandas does before it is pickled."""
    state = dict(vars(column))
    pieces: list[Any] = getattr(state.get("_pa_array"), "chunks", [])
    if len(pieces) != 1 or pieces[0].offset or pieces[0].nbytes < pieces[0].get_total_buffer_size() // 2:
        return column.__reduce_ex__(5)
    if "_cache" in state:
        state["_cache"] = {}
    return copyreg.__newobj__, (type(column),), state  # type: ignore[attr-defined]


def _reduce_masked(array: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Take a masked array apart into arrays, whose buffers stay out of the pickle; numpy itself copies them into it."""
    return _masked_array, (array.data, array.mask, array._fill_value, array.hardmask, array._optinfo)


def _masked_array(data: Any, mask: Any, fill_value: Any, hard_mask: bool, further: dict[str, Any]) -> Any:
    from numpy.ma import MaskedArray

    array: Any = MaskedArray(data, mask=mask, hard_mask=hard_mask)
    array._fill_value = fill_value
    array._optinfo.update(further)
    return array


def _reduce_tensor(tensor: Any) -> Any:
    """Take a plain tensor of torch apart into an array; torch itself stores all of what it is a view of."""
    plain = (tensor.device.type == "cpu" and str(tensor.layout) == "torch.strided" and tensor.is_leaf
             and not (vars(tensor) or tensor.is_conj() or tensor.is_neg() or any(getattr(tensor, "names", ())))
             and str(tensor.dtype).partition(".")[2] in _NUMPY_TYPES)
    if not plain or not tensor.is_contiguous():
        return tensor.__reduce_ex__(5)
    return _tensor, (tensor.detach().numpy(), tensor.requires_grad)


def _tensor(array: Any, requires_grad: bool) -> Any:
    import torch

    writable = array if array.flags.writeable else array.copy()  # it is not in the trial
    return torch.from_numpy(writable).requires_grad_(requires_grad)


def _reduce_figure(figure: Any) -> tuple[Any, ...]:
    """Take a figure of matplotlib apart; by itself, it would become one that pyplot manages and shows when loaded."""
    make, arguments, state, *others = figure.__reduce_ex__(5)
    return (make, arguments, {name: item for name, item in state.items() if name != "_restore_to_pylab"}, *others)


def _reduce_zone(zone: Any) -> Any:
    """Take a time zone apart into its name; by itself, it would name getattr, which reaches everything."""
    return (_zone, (zone.key,)) if zone.key is not None else zone.__reduce_ex__(5)


def _zone(key: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(key)


_REDUCTIONS: list[tuple[str, str, Callable[[Any], tuple[Any, ...]]]] = [
    ("numpy", "ndarray", _reduce_array),
    ("numpy.ma", "MaskedArray", _reduce_masked),
    ("pandas.arrays", "ArrowStringArray", _reduce_column),
    ("pandas.arrays", "ArrowExtensionArray", _reduce_column),
    ("torch", "Tensor", _reduce_tensor),
    ("matplotlib.figure", "Figure", _reduce_figure),
    ("zoneinfo", "ZoneInfo", _reduce_zone),
]
"""By module and class, what takes values apart better than they do themselves."""


def _not_storable(value: Any, why: str) -> NotStorableError:
    return NotStorableError(f"a {type_name(value)} cannot be stored: {why}")
