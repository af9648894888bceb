from __future__ import annotations

import json
import platform

from repype_like.batch.provenance import provenance
from repype_like.version import VERSION


def test_it_says_what_where_and_how_and_is_plain_data() -> None:
    found = provenance(("repype", "run", "tasks"))
    assert (found["repype_like"], found["python"]) == (VERSION, platform.python_version())
    assert found["command"] == ["repype", "run", "tasks"]
    assert json.loads(json.dumps(found)) == found
