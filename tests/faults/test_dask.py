"""FAULTS 58-62: what may go wrong with a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from chains import stage, stages
from dask_cluster import DaskCluster, chain_of_three, descendants, traced, until
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

HOST = "int(Path(f'/proc/{os.getppid()}/stat').read_text().rpartition(')')[2].split()[1])"
"""For the code of a stage: the worker of Dask, which has started the agent, which has started this process."""

WAIT = "while not Path('go').exists():\n    time.sleep(0.01)\nreturn {'b': a}"


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """Return a cluster without workers that nobody else uses."""
    pytest.importorskip("distributed")
    cluster = DaskCluster(tmp_path / "own").start()
    yield cluster
    cluster.close()


# --- 58 --------------------------------------------------------------------------------------------------------------

def test_what_a_lost_worker_was_at_is_done_again(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    """It is killed with everything in it, once."""
    body = f"""
        if input_id == 2 and not Path("once").exists():
            Path("once").touch()
            os.kill({HOST}, 9)
            time.sleep(60)
        return {{"b": a}}
        """
    project = traced(make_project(chain_of_three(body, range(1, 12))))
    answer = project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert "was lost" in answer.err
    assert len(project.results("tasks")) == 11
    executed = project.executions()
    assert executed.pop(("a", 2)) == executed.pop(("b", 2)) == 2
    assert set(executed.values()) == {1}


def test_an_input_that_ends_workers_is_reported_and_costs_no_other(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three(
        f"if input_id == 2:\n    os.kill({HOST}, 9)\n    time.sleep(60)\nreturn {{'b': a}}", range(1, 6))))
    answer = project.run("run", "tasks", "--dask", dask_cluster.address).exits(1)
    assert 'The stage "b" failed for the input 2: crashed: ' in answer.err
    executed = project.executions()
    assert executed["b", 2] == 2, "two workers, and not all that there are"
    assert [executed["c", number] for number in (1, 3, 4, 5)] == [1, 1, 1, 1]


CRASHES = {
    "ctypes.string_at(0)": "crashed: killed by SIGSEGV",
    "os._exit(0)": "crashed: the process ended with exit code 0",
    "os.kill(os.getpid(), 9)": "crashed: killed by SIGKILL (maybe out of memory)",
    "os.kill(os.getppid(), 9); time.sleep(60)": "crashed: the process for the stages ended with exit code -9",
    "sys.exit(0)": "SystemExit: 0",
}


def test_a_stage_that_crashes_costs_its_input_and_no_worker(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = "\n".join(f"if input_id == {number}: {action}" for number, action in enumerate(CRASHES))
    project = traced(make_project(chain_of_three(f"{body}\nreturn {{'b': a}}", range(8))))
    answer = project.run("run", "tasks", "--dask", dask_cluster.address).exits(1)
    for number, error in enumerate(CRASHES.values()):
        assert f"failed for the input {number}: {error}" in answer.err
    assert answer.err.count("failed for the input") == len(CRASHES)
    assert {key for key in project.executions() if key[0] == "c"} == {("c", 5), ("c", 6), ("c", 7)}


def test_stages_are_limited_in_time_tried_again_and_share_what_is_scarce(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = """
        held = Path("held")
        held.mkdir()
        time.sleep(0.05)
        held.rmdir()
        if input_id == 2:
            time.sleep(600)
        if input_id == 3 and not Path("tried").exists():
            Path("tried").touch()
            raise ValueError("not yet")
        return {"b": a}
        """
    project = traced(make_project(chain_of_three(body, range(1, 6))))
    outputs = "    outputs = ['b']"
    project.edit("stages.py", outputs, f"{outputs}\n    resources = {{'licence': 1}}\n    retries = 1")
    answer = project.run("run", "tasks", "--dask", dask_cluster.address, "--timeout", "2").exits(1)
    assert 'The stage "b" failed for the input 2: timed out after 2 s' in answer.err
    executed = project.executions()
    assert [executed["b", number] for number in range(1, 6)] == [1, 2, 2, 1, 1]
    assert sum(executed["c", number] for number in range(1, 6)) == 4


def test_gpus_cores_and_threads_are_those_that_a_stage_asks_for(
        own_cluster: DaskCluster, make_project: MakeProject) -> None:
    own_cluster.add_worker("--nthreads", "2", "--resources", "gpus=2", env={"CUDA_VISIBLE_DEVICES": "5,7"})
    both = """
        Path(f"in-{input_id}").touch()
        deadline = time.monotonic() + 60
        while len(list(Path().glob("in-*"))) < 2:
            assert time.monotonic() < deadline, "the other one does not begin"
            time.sleep(0.01)
        os.environ["CUDA_VISIBLE_DEVICES"]
        """
    alone = """
        held = Path("held")
        held.mkdir()
        time.sleep(0.1)
        held.rmdir()
        [os.environ["OMP_NUM_THREADS"], os.environ["CUDA_VISIBLE_DEVICES"]]
        """
    project = traced(make_project({
        "stages.py": stages(stage("A", "", "a", both, resources={"gpus": 1}), stage("B", "a", "b", alone)),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A", "stages.B"], "input_ids": [1, 2],
                           "limits": {"b": {"resources": {"cpus": 2}}}}}))
    project.run("run", "tasks", "--dask", own_cluster.address).ok()
    results = project.results("tasks")
    assert {results[number]["a"] for number in (1, 2)} == {"5", "7"}
    assert results[1]["b"] == ["1", "5,7"]


# --- 59 --------------------------------------------------------------------------------------------------------------

def test_a_stage_that_takes_more_memory_than_its_worker_has_is_ended(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = "if input_id == 2:\n    taken = b'x' * 600_000_000\n    time.sleep(60)\nreturn {'b': a}"
    project = traced(make_project(chain_of_three(body)))
    answer = project.run("run", "tasks", "--dask", dask_cluster.address).exits(1)
    assert 'The stage "b" failed for the input 2: ran out of memory (limit 500 MB)' in answer.err
    assert project.executions()["b", 2] == 1


# --- 60, 61 ----------------------------------------------------------------------------------------------------------

def test_a_lost_scheduler_ends_the_run_and_what_is_finished_stays(
        own_cluster: DaskCluster, make_project: MakeProject) -> None:
    own_cluster.add_worker()
    project = traced(make_project(chain_of_three(f"if input_id < 3:\n    return {{'b': a}}\n{WAIT}", [1, 2, 3, 4])))
    child = project.start("run", "tasks", "--dask", own_cluster.address)
    seen = 0

    def begun() -> bool:
        nonlocal seen
        seen += project.executions()["b", 3]
        return seen > 0

    until(begun)
    agents = [pid for pid in descendants(own_cluster.processes[1].pid) if _is_agent(pid)]
    assert agents
    records = project.root / "tasks/.repype/records"
    until(lambda: records.exists() and records.read_bytes().count(b'"c"') >= 2)
    os.killpg(own_cluster.processes[0].pid, signal.SIGKILL)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1, err
    assert f"lost the cluster at {own_cluster.address}; 2 inputs are saved, run again to continue" in err
    assert "Traceback" not in err
    until(lambda: not any(map(_is_agent, agents)))
    project.write("go", "")
    project.executions()
    project.run("run", "tasks", "-j1").ok()
    assert not {("c", 1), ("c", 2)} & project.executions().keys()


def test_a_cluster_without_workers_is_not_waited_for_for_ever(
        own_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three("return {'b': a}")))
    answer = project.run("run", "tasks", "--dask", own_cluster.address, "--dask-wait", "0.5").exits(1)
    assert f"the cluster at {own_cluster.address} has had no workers for" in answer.err
    assert "--dask-wait" in answer.err
    assert not project.executions()


def test_workers_may_come_later(own_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three("return {'b': a}")))
    child = project.start("run", "tasks", "--dask", own_cluster.address)
    own_cluster.add_worker("--no-nanny")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 0, err


def test_no_scheduler_at_the_address_is_an_error(make_project: MakeProject) -> None:
    project = make_project(chain_of_three("return {'b': a}"))
    answer = project.run("run", "tasks", "--dask", "tcp://127.0.0.1:9", "--dask-wait", "0.5").exits(1)
    assert "there is no Dask scheduler at tcp://127.0.0.1:9" in answer.err
    assert "Traceback" not in answer.err


def test_what_is_no_address_at_all(make_project: MakeProject) -> None:
    answer = make_project(chain_of_three("return {'b': a}")).run("run", "tasks", "--dask", "cluster").exits(2)
    assert '"cluster" is neither the address of a Dask scheduler nor its scheduler file' in answer.err
    assert "tcp://HOST:PORT" in answer.err


# --- 62 --------------------------------------------------------------------------------------------------------------

def test_other_code_or_versions_are_found_before_anything_runs(
        own_cluster: DaskCluster, make_project: MakeProject, tmp_path: Path) -> None:
    """The worker finds another module `helper` and another version of the distribution `lib`."""
    for folder, version, factor in (("here", "1.0", 2), ("there", "2.0", 3)):
        (tmp_path / folder / f"lib-{version}.dist-info").mkdir(parents=True)
        (tmp_path / folder / f"lib-{version}.dist-info/METADATA").write_text(f"Name: lib\nVersion: {version}\n")
        (tmp_path / folder / f"lib-{version}.dist-info/RECORD").write_text("lib.py,,\n")
        (tmp_path / folder / "lib.py").write_text("def same(value):\n    return value\n")
        (tmp_path / f"{folder}-code").mkdir()
        (tmp_path / f"{folder}-code/helper.py").write_text(f"def scale(value):\n    return {factor} * value\n")

    def path(*folders: str) -> dict[str, str]:
        return {"PYTHONPATH": os.pathsep.join([*(str(tmp_path / folder) for folder in folders),
                                               os.environ.get("PYTHONPATH", "")])}

    own_cluster.add_worker(env=path("there", "there-code"))
    project = traced(make_project({
        "stages.py": "import helper, lib\n" + stages(stage("A", "", "a", "lib.same(helper.scale(input_id))")),
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.A"], "input_ids": [1]}}))
    answer = project.run("run", "tasks", "--dask", own_cluster.address, env=path("here", "here-code")).exits(2)
    assert "lib is 1.0 where the run was started and 2.0 there" in answer.err
    assert "tcp://127.0.0.1:" in answer.err
    answer = project.run("run", "tasks", "--dask", own_cluster.address, env=path("there", "here-code")).exits(2)
    assert 'the code of the stage "a" of the task . is not the same there: helper:scale' in answer.err
    assert not project.executions()


@pytest.mark.parametrize("package", ["dask", "distributed"])
def test_another_version_of_dask_itself_is_found_before_anything_runs(
        own_cluster: DaskCluster, make_project: MakeProject, tmp_path: Path, package: str) -> None:
    """The worker is a real one, in whose environment another version is installed."""
    here = metadata.distribution(package)
    there = tmp_path / "there" / f"{package}-1999.12.0.dist-info"
    there.mkdir(parents=True)
    (there / "METADATA").write_text(f"Name: {package}\nVersion: 1999.12.0\n")
    (there / "entry_points.txt").write_text(here.read_text("entry_points.txt") or "")
    own_cluster.add_worker(env={"PYTHONPATH": os.pathsep.join([str(there.parent), os.environ.get("PYTHONPATH", "")])})
    project = traced(make_project(chain_of_three("return {'b': a}")))
    answer = project.run("run", "tasks", "--dask", own_cluster.address).exits(2)
    (said,) = (line for line in answer.err.splitlines() if "another version" in line)
    assert "the worker tcp://127.0.0.1:" in said
    assert f"{package} {here.version} here and 1999.12.0 there" in said
    assert "install the same version" in said
    assert not project.executions()
    assert not (project.root / "tasks/.repype/records").exists()


def test_another_version_of_a_package_that_a_task_names_is_found_before_anything_runs(
        own_cluster: DaskCluster, make_project: MakeProject, tmp_path: Path) -> None:
    for folder, version in (("here", "1.0"), ("there", "2.0")):
        (tmp_path / folder / f"lib-{version}.dist-info").mkdir(parents=True)
        (tmp_path / folder / f"lib-{version}.dist-info/METADATA").write_text(f"Name: lib\nVersion: {version}\n")
    here, there = ({"PYTHONPATH": os.pathsep.join([str(tmp_path / folder), os.environ.get("PYTHONPATH", "")])}
                   for folder in ("here", "there"))
    own_cluster.add_worker(env=there)
    project = traced(make_project(chain_of_three("return {'b': a}", packages=["lib"])))
    answer = project.run("run", "tasks", "--dask", own_cluster.address, env=here).exits(2)
    assert "the worker tcp://127.0.0.1:" in answer.err
    assert "lib is 1.0 where the run was started and 2.0 there" in answer.err
    assert "install the same version" in answer.err
    assert not project.executions()


def test_a_worker_without_this_package_is_named(own_cluster: DaskCluster, make_project: MakeProject) -> None:
    own_cluster.add_worker("--preload", "import sys; sys.modules['repype_like'] = None")
    project = traced(make_project(chain_of_three("return {'b': a}")))
    answer = project.run("run", "tasks", "--dask", own_cluster.address).exits(2)
    assert "it cannot import repype_like as it is here; install the same version for it" in answer.err


def test_dask_that_is_not_installed_is_an_error_that_names_the_extra(make_project: MakeProject) -> None:
    project = make_project(chain_of_three("return {'b': a}"))
    program = """if True:
        import sys
        sys.modules["distributed"] = None
        from repype_like.cli.app import main
        sys.exit(main(["run", "tasks", "--dask", "local"]))
        """
    child = subprocess.run([sys.executable, "-c", program], cwd=project.root, capture_output=True, text=True,
                           timeout=60, check=False)
    assert child.returncode == 2
    assert "repype_like[dask]" in child.stderr


# --- signals, and the cluster of one's own ---------------------------------------------------------------------------

def test_ctrl_c_finishes_what_runs(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three(WAIT, range(1, 40))))
    child = project.start("run", "tasks", "--dask", dask_cluster.address)
    until(lambda: project.executions()["b", 1])
    os.killpg(child.pid, signal.SIGINT)
    until(lambda: "finishing what runs" in child.stderr.readline())  # type: ignore[union-attr]
    project.write("go", "")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    done = project.executions()
    assert 1 <= sum(done["c", number] for number in range(40)) <= 8
    project.run("run", "tasks", "-j2").ok()
    assert not {("a", number) for (name, number) in done if name == "c"} & project.executions().keys()


def test_ctrl_c_twice_kills(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three(WAIT.replace("return", "raise KeyError;"), range(1, 40))))
    child = project.start("run", "tasks", "--dask", dask_cluster.address)
    until(lambda: project.executions()["b", 1])
    os.killpg(child.pid, signal.SIGINT)
    until(lambda: "finishing what runs" in child.stderr.readline())  # type: ignore[union-attr]
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    until(lambda: not [pid for pid in descendants(dask_cluster.processes[1].pid) if _is_agent(pid)])


def test_what_a_killed_run_had_sent_to_the_cluster_ends(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three(WAIT, range(1, 40))))
    child = project.start("run", "tasks", "--dask", dask_cluster.address)
    until(lambda: project.executions()["b", 1])
    child.kill()
    child.wait()
    until(lambda: _is_at_rest(dask_cluster))
    project.write("go", "")
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()


def test_a_stage_of_a_killed_run_ends_however_much_it_says(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    body = """
        while not Path("go").exists():
            _status.update(status, str(time.time()))
            time.sleep(0.005)
        return {"b": a}
        """
    project = traced(make_project(chain_of_three(body)))
    child = project.start("run", "tasks", "--dask", dask_cluster.address)
    until(lambda: project.executions()["b", 1])
    child.kill()
    child.wait()
    until(lambda: _is_at_rest(dask_cluster))


def test_variants_of_a_run_that_was_killed_repeat_what_is_marginal_once(
        dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    """Of one input, so that a unit is cut into pieces, whose values lie in files for as long as the run goes on."""
    body = """
        while len(list(Path().glob("made-*"))) >= 4 and not Path("go").exists():
            time.sleep(0.01)
        Path(f"made-{config['plus']}").touch()
        [c, config["plus"]]
        """
    project = traced(make_project({
        "stages.py": stages(*(stage(name, before, name.lower(), "[input_id]") for name, before in
                              (("A", ""), ("B", "a"), ("C", "b"))), stage("D", "c", "d", body)),
        "tasks/task.yml": {"pipeline": [f"stages.{name}" for name in "ABCD"], "input_ids": [1],
                           "marginal_stages": ["a", "b", "c"]}}))
    for number in range(20):
        project.write(f"tasks/v{number:02}/task.yml", {"runnable": True, "config": {"d": {"plus": number}}})
    child = project.start("run", "tasks", "--dask", dask_cluster.address)
    before = project.executions()

    def several() -> bool:
        before.update(project.executions())
        return len(list(project.root.glob("tasks/*/.repype/digest.json"))) >= 2

    until(several)
    child.kill()
    child.wait()
    until(lambda: _is_at_rest(dask_cluster))
    done = len(list(project.root.glob("tasks/*/.repype/digest.json")))
    project.write("go", "")
    before.update(project.executions())
    assert [before[name, 1] for name in "abc"] == [1, 1, 1]
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    again = project.executions()
    assert all(again[name, 1] <= 1 for name in "abc"), "at most once more for all variants"
    assert again["d", 1] <= 20 - done
    assert [project.results(f"tasks/{name}")[1]["d"] for name in ("v00", "v19")] == [[[1], 0], [[1], 19]]
    project.run("status", "tasks", "--check").ok()


def test_a_cluster_of_ones_own_is_bound_to_this_machine_and_ends_with_the_run(make_project: MakeProject) -> None:
    project = traced(make_project(chain_of_three(WAIT)))
    child = project.start("run", "tasks", "--dask", "local", "-j2")
    until(lambda: project.executions()["b", 1])
    family = descendants(child.pid)
    addresses = _listening(family)
    assert addresses
    assert {address.partition(":")[0] for address in addresses} == {"0100007F"}, "127.0.0.1"
    os.killpg(child.pid, signal.SIGINT)
    until(lambda: "finishing what runs" in child.stderr.readline())  # type: ignore[union-attr]
    project.write("go", "")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() and _is_running(pid) for pid in family))


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _is_agent(pid: int) -> bool:
    try:
        return b"repype_like.batch.agent" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _is_at_rest(cluster: DaskCluster) -> bool:
    """Tell whether no agent of its workers runs anything."""
    return not any(_is_agent(pid) and descendants(pid) for pid in descendants(cluster.processes[1].pid))


def _listening(pids: list[int]) -> set[str]:
    """Return the addresses, in hexadecimal, at which processes listen."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and row[9] in inodes}
