"""The log of a run: what is written can be read, and nothing about it can end the run."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repype_like import events
from repype_like.status import EventLog, read, run_logs

FINISHED = events.StageFinished(task="a", stage="blur", input_id="x", tasks=("a", "b"), seconds=0.5)
WARNED = events.Warned(message="ünusual")


def test_events_are_read_as_they_were_written(tmp_path: Path) -> None:
    progress = events.Progress(task="a", stage="blur", input_id="x", step=1, total=2)
    with EventLog.new(tmp_path, ("repype", "run")) as log:
        for event in (FINISHED, progress, WARNED):
            log.write(event)
        said = [events.Message(task="a", stage="blur", input_id="x", content=text, intermediate=text == "half way")
                for text in ("half way", "done")]
        for message in said:
            log.write(message)
    assert list(read(log.path)) == [FINISHED, WARNED, said[1]], "what is of interest for a moment only is not logged"
    assert log.path == tmp_path / ".repype" / "runs" / f"{log.name}.jsonl"


TEXT, TASKS, INPUT = st.text(), st.lists(st.text(), max_size=3).map(tuple), st.integers() | st.text() | st.none()


@given(st.builds(events.StageStarted, task=TEXT, stage=TEXT, input_id=INPUT, tasks=TASKS, worker=st.integers())
       | st.builds(events.StageFinished, task=TEXT, stage=TEXT, input_id=INPUT, tasks=TASKS,
                   seconds=st.floats(0, 1e9), memory=st.integers()))
def test_what_is_told_most_often_is_plain_json_whatever_it_names(event: events.Event) -> None:
    line = events.to_json(event)
    assert json.loads(line) == json.loads(json.dumps({"event": type(event).__name__, **vars(event)}))
    assert events.from_json(line) == event


def test_a_torn_tail_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    with EventLog.new(tmp_path) as log:
        log.write(FINISHED)
        log.write(WARNED)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(lines[0] + b'{"event": "FromTheFuture"}\n\xff\xfe\n' + lines[1] + lines[0][:-5])
    assert list(read(log.path)) == [FINISHED, WARNED]
    log.path.write_bytes(lines[0][:-1])
    assert list(read(log.path)) == [], "a line without its end may be torn"


def test_the_latest_20_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / ".repype" / "runs"
    folder.mkdir(parents=True)
    old = [f"2020-01-{day:02d}T00-00-00-abcdef.jsonl" for day in range(1, 23)]
    others = ["notes.jsonl", "2019-01-01T00-00-00-abcdef.txt", "2019-01-01T00-00-00-abcdef.jsonl~"]
    for name in (*old, *others):
        (folder / name).touch()
    with EventLog.new(tmp_path) as log:
        pass
    assert run_logs(tmp_path) == [log.path, *(folder / name for name in reversed(old[3:]))]
    assert {path.name for path in folder.iterdir()} == {log.path.name, *old[3:], *others}


def test_where_nothing_can_be_written_one_warning_is_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".repype").write_text("not a directory")
    with EventLog.new(tmp_path) as log:
        log.write(FINISHED)
        log.write(FINISHED)
    assert capsys.readouterr().err.count("cannot be written") == 1
    assert log.name


def test_names_sort_by_time(tmp_path: Path) -> None:
    first = EventLog.new(tmp_path)
    begun = time.monotonic()
    while time.monotonic() - begun < 0.001:  # the digits tell quarters of a millisecond apart
        pass
    second = EventLog.new(tmp_path)
    assert run_logs(tmp_path) == [second.path, first.path]
    for log in (first, second):
        log.close()


def test_a_full_disk_does_not_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs a device that is always full")
    log = EventLog.new(tmp_path)
    log.path.unlink()
    log.path.symlink_to(full)
    log = EventLog(tmp_path, log.name)
    log.open()
    log.write(FINISHED)
    log.write(FINISHED)
    assert capsys.readouterr().err.count("No space left") == 1
