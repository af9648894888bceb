"""The process that :mod:`warm_program` starts: reads requests, one per line of stdin, and answers with numbers.

The first answer, only to a request that says "stops", is the id of the process that runs the program, once that has
stopped itself. The other is its exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LONGEST = 120
"""Seconds after which a run is ended by SIGALRM, so that one that hangs fails, and the next one goes on."""

_PR_SET_PTRACER, _ANYBODY = 0x59616D61, -1


def serve() -> int:
    """Fork for each request; return in each child, with the exit code of the program."""
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            return be_the_program(request)
        if request["stops"]:
            os.waitpid(pid, os.WUNTRACED)
            print(pid, flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if request["modules"] and code >= 0:  # it was not killed before it could tell
            import_all(Path(request["modules"]))
        print(code, flush=True)
    return 0


def be_the_program(request: Mapping[str, Any]) -> int:
    """Do in this process what ``python -m repype_like`` does."""
    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["args"]
    flags = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, (path, flag) in enumerate(zip((os.devnull, *request["streams"]), flags, strict=True)):
        descriptor = os.open(path, flag)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8")  # the old one has read ahead
    from repype_like.cli.app import main

    if request["stops"]:
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)  # or only those above may watch it, on some systems
        os.kill(os.getpid(), signal.SIGSTOP)
    signal.alarm(LONGEST)
    code = main()
    if request["modules"]:
        Path(request["modules"]).write_text("\n".join(sys.modules), encoding="utf-8")
    return code


def import_all(names: Path) -> None:
    """Import what a child has imported, but for the modules of its project, which are not found from here."""
    for name in names.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or the first collection in each child would copy all the memory


if __name__ == "__main__":
    del sys.path[0]  # the helpers of the tests are not modules that a project finds
    exit_code = serve()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)  # to take down all modules that were imported takes as long as to do nothing takes the program
