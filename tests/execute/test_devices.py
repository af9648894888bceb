"""A stage that needs GPUs sees its own, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from project import Project
from repype_like.execute.devices import Devices, share_of, visible_devices

MakeProject = Callable[[Mapping[str, Any]], Project]

SMI = """\
#!/bin/sh
echo "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6)"
echo "  MIG 1g.5gb Device 0: (UUID: MIG-1)"
echo "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-2b4a9f3c)"
"""


@pytest.mark.parametrize(("named", "found"), [
    ("0,1", ("0", "1")), (" GPU-5d , 3", ("GPU-5d", "3")), ("", ()), ("-1", ()), ("2,-1,3", ("2",))])
def test_what_the_environment_names_is_there(
        named: str, found: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_devices() == found


def test_otherwise_the_driver_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert visible_devices() == ("0", "1")
    assert Devices(1).names == ("0",), "some are left alone"


def test_without_any_there_is_one_of_which_nothing_is_known() -> None:
    devices = Devices(names=())
    assert devices.has_room(1)
    devices.hold(1, devices.choose(1), 1)
    assert devices.choose(1) == ()
    assert not devices.has_room(0.5)
    devices.give_back(1)
    assert devices.has_room(1)


def test_each_gets_its_own_and_the_same_again() -> None:
    devices = Devices(names=("a", "b", "c"))
    first = devices.choose(1)
    devices.hold(1, first, 1)
    second = devices.choose(2)
    assert (first, second) == (("a",), ("b", "c"))
    devices.hold(2, second, 2)
    assert not devices.has_room(0.1)
    devices.give_back(1)
    assert devices.has_room(1)
    assert not devices.has_room(2)
    assert devices.choose(1, own=("a",)) == ("a",)
    devices.give_back(2)
    assert devices.choose(1, own=(), others={"a", "b"}) == ("c",), "rather one that nobody is bound to"
    assert devices.choose(5) == ("a", "b", "c"), "who needs more than there are gets all"


def test_some_may_be_shared() -> None:
    devices = Devices(4, ("a", "b"))
    for process in range(4):
        assert devices.has_room(1)
        devices.hold(process, devices.choose(1), 1)
    assert not devices.has_room(1)
    assert [devices.choose(1, ("a",)), devices.choose(1, ("b",))] == [("a",), ("a",)]
    halves = Devices(names=("a", "b"))
    halves.hold(1, halves.choose(0.5), 0.5)
    assert halves.choose(1) == ("b",)
    assert not halves.has_room(2)
    assert halves.has_room(0.5)
    assert share_of(("a", "b"), 0.5) == "a"


SEEN = """
    mine = Path(f"in-{os.getpid()}")
    mine.touch()
    deadline = time.monotonic() + 60
    while BOTH and len(os.listdir("done")) < 2 and len(list(Path().glob("in-*"))) < 2:
        assert time.monotonic() < deadline, "no other stage computes at the same time"
        time.sleep(0.01)
    Path("done", str(input_id)).touch()
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    {"seen": seen, "pid": os.getpid()}
    """


def tree(make_project: MakeProject, *gpus: float, both: bool = False) -> Project:
    project = make_project({
        "stages.py": f"BOTH = {both}\n" + stages(*(
            stage(f"S{index}", "", f"s{index}", SEEN, resources={"gpus": amount} if amount else {})
            for index, amount in enumerate(gpus))),
        "tasks/task.yml": {"runnable": True, "pipeline": [f"stages.S{index}" for index in range(len(gpus))],
                           "input_ids": "1-6"}})
    (project.root / "done").mkdir()
    return project


@pytest.mark.parametrize("jobs", ["--serial", "-j1"])
def test_a_stage_sees_its_share_and_others_see_all(make_project: MakeProject, jobs: str) -> None:
    project = tree(make_project, 1, 0, 2, 0)
    project.run("run", "tasks", jobs, env={"CUDA_VISIBLE_DEVICES": "5,7,9"}).ok()
    for fields in project.results("tasks").values():
        seen = [fields[f"s{index}"]["seen"] for index in range(4)]
        assert seen[1::2] == ["5,7,9", "5,7,9"]
        assert [len(seen[0].split(",")), len(seen[2].split(","))] == [1, 2]
    in_other = {fields["s0"]["pid"] for fields in project.results("tasks").values()}
    assert len(in_other) == 1, "a process keeps its GPU from input to input"


def test_two_workers_compute_on_two_devices(make_project: MakeProject) -> None:
    project = tree(make_project, 1, both=True)
    project.run("run", "tasks", "-j2", env={"CUDA_VISIBLE_DEVICES": "5,GPU-7"}).ok()
    by_process: dict[int, set[str]] = {}
    for fields in project.results("tasks").values():
        by_process.setdefault(fields["s0"]["pid"], set()).add(fields["s0"]["seen"])
    assert all(len(seen) == 1 for seen in by_process.values())
    assert set.union(*by_process.values()) == {"5", "GPU-7"}


def test_a_user_may_have_devices_shared_or_left_alone(make_project: MakeProject) -> None:
    project = tree(make_project, 1, both=True)
    environment = {"CUDA_VISIBLE_DEVICES": "5"}
    project.run("run", "tasks", "-j2", "--resources", "gpus=2", env=environment).ok()
    assert {fields["s0"]["seen"] for fields in project.results("tasks").values()} == {"5"}
    other = tree(make_project, 1)
    other.run("run", "tasks", "-j2", "--resources", "gpus=1", env={"CUDA_VISIBLE_DEVICES": "5,6"}).ok()
    assert {fields["s0"]["seen"] for fields in other.results("tasks").values()} == {"5"}
    assert len({fields["s0"]["pid"] for fields in other.results("tasks").values()}) == 1


def test_where_there_are_none_nothing_is_said_of_them(make_project: MakeProject) -> None:
    project = tree(make_project, 1)
    project.run("run", "tasks", "-j2", env={"CUDA_VISIBLE_DEVICES": ""}).ok()
    assert {fields["s0"]["seen"] for fields in project.results("tasks").values()} == {""}
