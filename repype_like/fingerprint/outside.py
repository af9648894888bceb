"""Whether a statement of a module reads what its own text does not say: the environment, files, other libraries.

The rule, for what happens while the module is imported, project functions that it calls included:

- ``os.environ``, ``open``, ``sys.argv``, ``platform``, ``subprocess`` and the like, and every call whose name says that
  it reads (``read_text``, ``read_csv``, ``load``, ``fetch...``, ``glob``, ``exists``): the value counts.
- a call into a library that is not known to compute only: the value counts if it is data.
- the clock, random numbers, process numbers: the value does not count, since it would never be the same again.
"""

from __future__ import annotations

import re

from repype_like.fingerprint.module_index import ModuleIndex
from repype_like.fingerprint.uses import CALL, Import, Use

__all__ = ["CHANCE", "OUTSIDE", "UNKNOWN", "dotted_names", "kind_of_reading"]

OUTSIDE, UNKNOWN, CHANCE = "outside", "unknown", "chance"

# Compiled when code is looked at that was not looked at before.
_OUTSIDE = r"""(?x)
    os\.(environb?|getenvb?|listdir|scandir|walk|stat|cpu_count|uname|getcwd|open|popen|access|get_terminal_size|
         sched_getaffinity|path\.(exists|isfile|isdir|getsize|expanduser|expandvars))\b
    | sys\.(argv|platform|path|stdin|executable|prefix|flags)\b
    | (io|codecs|gzip|bz2|lzma|tarfile|zipfile|shelve|dbm|sqlite3)\.\w+
    | (platform|runpy|socket|subprocess|glob|locale|getpass|fileinput|linecache|ctypes|sysconfig|pwd|grp)\.
    | importlib\.(metadata|resources)\b | pkgutil\.get_data | shutil\.(which|disk_usage)
    | (urllib|http|requests)\. | open$ | input$"""
_READING = (
    r"(read|load|fetch|download|urlopen|urlretrieve|imread|glob|rglob|iterdir|listdir|is_file|is_dir|exists|stat|"
    r"fromfile|from_file|genfromtxt|memmap|open|expanduser|home|cwd|getenv|environ)($|_|s$|txt$)|read[a-z]*$")
_CHANCE = (
    r"(time|random|uuid|secrets|tempfile|threading|multiprocessing)\.|numpy\.random\.(?!seed)|datetime\.\w+\.(now|today|"
    r"utcnow)|os\.(getpid|getppid|urandom|times|getloadavg)")
_CHANCE_BUILTINS = frozenset({"id", "hash", "object"})
_CHANCE_METHODS = frozenset({"now", "today", "utcnow", "perf_counter", "monotonic"})
_COMPUTING = frozenset({"numpy", "scipy", "pandas", "skimage", "sklearn", "torch", "matplotlib", "networkx", "sympy",
                        "PIL", "cv2", "repype_like", "typing_extensions", "frozendict", "attr", "attrs", "pydantic"})


def kind_of_reading(index: ModuleIndex, use: Use, standard_library: frozenset[str]) -> str:
    """Tell what a use reads: :data:`OUTSIDE`, :data:`UNKNOWN`, :data:`CHANCE`, or "" for nothing of these kinds."""
    root, attributes, kind, _, _ = use
    for dotted in dotted_names(index, root, attributes):
        if re.match(_CHANCE, dotted) or (kind == CALL and dotted in _CHANCE_BUILTINS):
            return CHANCE
        if re.match(_OUTSIDE, dotted):
            return OUTSIDE
        top = dotted.partition(".")[0]
        if kind == CALL and "." in dotted and top not in standard_library and top not in _COMPUTING:
            return OUTSIDE if re.match(_READING, dotted.rpartition(".")[2]) else UNKNOWN
    if kind == CALL and attributes:
        if attributes[-1] in _CHANCE_METHODS:
            return CHANCE
        if re.match(_READING, attributes[-1]):
            return OUTSIDE
    return ""


def dotted_names(index: ModuleIndex, root: str | Import, attributes: tuple[str, ...]) -> list[str]:
    """Return the names by which the world knows what a use refers to; none for the names of the module itself."""
    if isinstance(root, Import):
        targets = [root]
    elif root in index.bindings:
        targets = [target for unit in index.bindings[root] for target in unit.imports.get(root, ())]
    else:
        return [".".join((root, *attributes))] if root else []
    return [".".join(part for part in (target.module, target.name, *attributes) if part)
            for target in targets if not target.level]
