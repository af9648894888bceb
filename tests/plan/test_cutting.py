"""Units are cut into pieces that keep their promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chains import chain
from project import Project
from repype_like.plan import Node, Unit, cut

MakeProject = Callable[[Mapping[str, Any]], Project]

TASKS = ["t0", "t1", "t2", "t3"]


@st.composite
def units(draw: st.DrawFn) -> Unit:
    """Return a unit in which a node reads nodes before it that all of its tasks want."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 10))):
        tasks = draw(st.sets(st.sampled_from(TASKS), min_size=1))
        known = [node.name for node in nodes if set(node.tasks) >= tasks]
        reads = draw(st.sets(st.sampled_from(known))) if known else set()
        nodes.append(Node(f"n{number}", f"s{number}", 1, tuple(sorted(tasks)), tuple((f"of {n}", n) for n in reads)))
    return Unit(tuple(nodes), {})


def ancestors(pieces: list[Unit], position: int) -> set[int]:
    return {position}.union(*(ancestors(pieces, earlier) for earlier in pieces[position].after))


@given(st.lists(units(), min_size=1, max_size=3))
def test_pieces_do_what_their_unit_does(whole: list[Unit]) -> None:
    pieces = cut(whole, lambda unit: False)
    assert sorted(node.name for unit in whole for node in unit.nodes) == sorted(
        node.name for piece in pieces for node in piece.nodes)
    for position, piece in enumerate(pieces):
        assert all(earlier < position for earlier in piece.after)
        assert len({node.tasks for node in piece.nodes}) == 1


@given(units())
def test_what_a_piece_reads_was_passed_on_before(unit: Unit) -> None:
    pieces = cut([unit], lambda unit: False)
    home = {node.name: position for position, piece in enumerate(pieces) for node in piece.nodes}
    for position, piece in enumerate(pieces):
        done: set[str] = set()
        for node in piece.nodes:
            for field, name in node.reads:
                if home[name] == position:
                    assert name in done
                else:
                    assert home[name] in ancestors(pieces, position)
                    assert field in pieces[home[name]].passes[name]
            done.add(node.name)


@given(units())
def test_stages_of_one_task_never_run_at_the_same_time(unit: Unit) -> None:
    pieces = cut([unit], lambda unit: False)
    for task in TASKS:
        own = [position for position, piece in enumerate(pieces) if task in piece.tasks]
        assert all(before in ancestors(pieces, after) for before, after in itertools.pairwise(own))


@given(st.lists(units(), min_size=1, max_size=3))
def test_nothing_changes_where_nothing_is_cut(whole: list[Unit]) -> None:
    chained = [Unit(unit.nodes, {}, after=(position - 1,) if position else ()) for position, unit in enumerate(whole)]
    assert cut(chained, lambda unit: True) == chained


BODY = """
        Path(f"seen-{os.getpid()}").touch()
        deadline = time.monotonic() + 60
        while len(list(Path().glob("seen-*"))) < 2:
            assert time.monotonic() < deadline, "all variants run in one process"
            time.sleep(0.01)
"""


def test_variants_of_one_input_keep_two_workers_busy(make_project: MakeProject) -> None:
    files = dict(chain("A", "B", "C", input_ids=[1], marginal_stages=["a", "b"]))
    files["stages.py"] = files["stages.py"].replace('        return {"c"', f'{BODY}        return {{"c"')
    project = make_project(files)
    for number in range(20):
        project.write(f"tasks/v{number}/task.yml", {"runnable": True, "config": {"c": {"plus": number}}})
    project.run("run", "tasks", "-j2").ok()
    assert project.executions() == {("a", 1): 1, ("b", 1): 1, ("c", 1): 20}
    assert [project.results(f"tasks/v{number}")[1]["c"] for number in (0, 19)] == [1, 20]
    assert not list(project.root.glob("tasks/*/.repype/passing"))
    project.run("status", "tasks", "--check").ok()


def test_what_reads_what_was_not_made_is_not_run(make_project: MakeProject) -> None:
    files = dict(chain("A", "B", "C", "D", input_ids=[1]))
    files["stages.py"] = files["stages.py"].replace(
        '        return {"b"', '        assert not config.get("bad")\n        return {"b"')
    project = make_project(files)
    for number in range(6):
        project.write(f"tasks/v{number}/task.yml", {
            "runnable": True, "config": {"b": {"bad": number % 2}, "d": {"plus": number}}})
    answer = project.run("run", "tasks", "-j2").exits(1)
    assert answer.err.count("Traceback") == 1, answer.err
    assert project.executions() == {("a", 1): 1, ("b", 1): 2, ("c", 1): 1, ("d", 1): 3}
    states = project.run("status", "tasks", "--json").json()["tasks"]
    assert {state["task"] for state in states if state["pending"]} == {"v1", "v3", "v5"}
