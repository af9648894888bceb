"""The types that a pickle may name without anything being run but their own making: they hold data, and do nothing."""

from __future__ import annotations

__all__ = ["is_safe_name"]

_ARRAYS = ("ArrowExtensionArray ArrowStringArray BooleanArray Categorical DatetimeArray FloatingArray IntegerArray "
           "IntervalArray PeriodArray SparseArray StringArray TimedeltaArray")

_DTYPES = ("ArrowDtype BooleanDtype CategoricalDtype DatetimeTZDtype Float32Dtype Float64Dtype Int16Dtype Int32Dtype "
           "Int64Dtype Int8Dtype IntervalDtype PeriodDtype SparseDtype StringDtype UInt16Dtype UInt32Dtype UInt64Dtype "
           "UInt8Dtype")

_INDEXES = "CategoricalIndex DatetimeIndex Index IntervalIndex MultiIndex PeriodIndex RangeIndex TimedeltaIndex"

_NAMES = {
    "builtins": "bytearray complex frozenset range set slice",
    "collections": "Counter OrderedDict deque",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "uuid": "UUID",
    "pytz": "_p _UTC",
    "repype_like.formats.pickling": "_dated_array _masked_array _tensor _zone",
    # numpy
    "numpy": "dtype ndarray",
    "numpy.ma": "MaskedArray",
    **dict.fromkeys(("numpy.core.multiarray", "numpy._core.multiarray"), "_reconstruct scalar"),
    **dict.fromkeys(("numpy.core.numeric", "numpy._core.numeric"), "_frombuffer"),
    # pandas: from version 3 on by its public names, before that by where things are
    "pandas": f"DataFrame NA Series Interval Period {_DTYPES} {_INDEXES} Categorical",
    "pandas.arrays": _ARRAYS,
    "pandas.core.frame": "DataFrame",
    "pandas.core.series": "Series",
    "pandas.core.dtypes.dtypes": _DTYPES,
    **dict.fromkeys((f"pandas.core.arrays.{name}" for name in (
        "arrow.array", "boolean", "categorical", "datetimes", "floating", "integer", "interval", "period",
        "sparse.array", "string_", "string_arrow", "timedeltas")), f"{_ARRAYS} {_DTYPES}"),
    **dict.fromkeys((f"pandas.core.indexes.{name}" for name in (
        "base", "category", "datetimes", "interval", "multi", "period", "range", "timedeltas")),
        f"{_INDEXES} _new_DatetimeIndex _new_Index _new_IntervalIndex _new_PeriodIndex _new_TimedeltaIndex"),
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.interval": "Interval __pyx_unpickle_IntervalMixin",
    "pandas._libs.missing": "NA",
    "pandas._libs.sparse": "BlockIndex IntIndex",
    "pandas._libs.tslibs.nattype": "_nat_unpickle __nat_unpickle",
    "pandas._libs.tslibs.period": "Period",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
    "pandas._libs.tslibs.offsets": (
        "BQuarterBegin BQuarterEnd BYearBegin BYearEnd BusinessDay BusinessHour BusinessMonthBegin BusinessMonthEnd "
        "Day Hour Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin "
        "SemiMonthEnd Week YearBegin YearEnd"),
    # pyarrow
    "pyarrow.lib": (
        "_reconstruct_table _restore_array binary bool_ chunked_array date32 date64 decimal128 decimal256 dictionary "
        "duration field fixed_size_binary list_ large_list map_ py_buffer scalar schema struct time32 time64 timestamp "
        "type_for_alias"),
}

_SAFE = frozenset((module, name) for module, names in _NAMES.items() for name in names.split())


def is_safe_name(module: str, name: str) -> bool:
    """Tell whether `name` of `module` is a type that holds data and does nothing."""
    return (module, name) in _SAFE
