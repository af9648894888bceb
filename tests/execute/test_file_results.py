"""Stages that write files or folders themselves and return where they are."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import repype_like
from dask_cluster import DaskCluster, traced
from project import Project

MakeProject = Callable[[Mapping[str, Any]], Project]

SOURCE = """
    import json, os, signal
    from pathlib import Path
    from repype_like.stage import Stage, stage
    from tracing import trace


    @stage(outputs=["model"], formats={"model": "file"})
    def train(input_id, stage, *, rate: int = 1):
        trace("train", input_id)
        path = stage.work_dir / "model.bin"
        path.write_bytes(bytes([rate]) * 100_000)
        path.chmod(0o640)
        return path


    @stage(outputs=["seen"])
    def look(model: Path, *, spoil: bool = False):
        trace("look", 0)
        seen = [model.name, model.stat().st_mode & 0o777, model.read_bytes()[0], model.stat().st_size]
        if spoil:
            model.chmod(0o600)
            model.write_bytes(b"spoiled")
        return seen


    @stage(outputs=["plots"], formats={"plots": "file"})
    def plot(stage, input_id):
        trace("plot", input_id)
        folder = stage.work_dir / "plots"
        (folder / "deep/er").mkdir(parents=True)
        (folder / "empty").mkdir()
        (folder / "deep/er/one.txt").write_text("one")
        (folder / "two.txt").write_text("two" * 50_000)
        (folder / "same.txt").write_text("two" * 50_000)
        (folder / "run.sh").write_text("true")
        (folder / "run.sh").chmod(0o755)
        (folder / "latest").symlink_to("deep/er/one.txt")
        return {"plots": folder}


    @stage(outputs=["listing"])
    def list_all(plots: Path):
        trace("list-all", 0)
        return sorted(path.relative_to(plots).as_posix() for path in plots.rglob("*"))
"""


KILLING = """
    import os, signal
    from pathlib import Path


    def maybe(input_id):
        mark = Path(os.environ["HOME"]) / f"killed-{input_id}"
        if input_id in (2, 5) and not mark.exists():
            mark.touch()
            os.kill(os.getppid() if input_id == 2 else os.getpid(), signal.SIGKILL)
"""


def make(make_project: MakeProject, *names: str, **keys: Any) -> Project:
    return make_project({"stages.py": SOURCE, "tasks/task.yml": {
        "runnable": True, "input_ids": [1], "pipeline": [f"stages.{name}" for name in names], **keys}})


def ran(project: Project) -> dict[str, int]:
    return {name: count for (name, _), count in project.executions().items()}


def blobs(project: Project, task: str = "tasks") -> list[Path]:
    return sorted((project.root / task / ".repype/blobs").iterdir())


@pytest.fixture
def trained(make_project: MakeProject) -> Project:
    project = make(make_project, "train", "look")
    project.run("run", "tasks").ok()
    assert ran(project) == {"train": 1, "look": 1}
    return project


def test_a_file_goes_through_the_store_as_it_is(trained: Project) -> None:
    assert repype_like.open(trained.root / "tasks").load()[1]["seen"] == ["model.bin", 0o640, 1, 100_000]
    [blob] = blobs(trained)
    assert blob.suffix == ".bin"
    assert blob.stat().st_mode & 0o777 == 0o440, "nobody may write to it, and nobody else may read it than before"
    left = {path.name for path in (trained.root / "tasks/.repype").iterdir()}
    assert not left & {"work", "passing"}, "it was moved, and what was given out is gone"
    assert "file model.bin, 100000 bytes" in trained.run("show", "tasks", "model").ok().out
    trained.run("verify", "tasks").ok()


def test_what_is_done_to_a_copy_does_not_reach_the_store(trained: Project) -> None:
    trained.write("tasks/task.yml", trained.read("tasks/task.yml") + "config: {look: {spoil: true}}\n")
    trained.run("run", "tasks").ok()
    assert ran(trained) == {"look": 1}
    trained.run("verify", "tasks").ok()
    task = repype_like.open(trained.root / "tasks")
    path = task.load()[1]["model"]
    path.chmod(0o600)
    path.write_bytes(b"spoiled")
    assert task.load()[1]["model"].read_bytes() == b"\1" * 100_000


def test_a_sibling_picks_a_file_up_without_a_second_copy_on_disk(trained: Project) -> None:
    trained.write("tasks/other/task.yml", "runnable: true\nconfig: {look: {spoil: true}}\n")
    trained.run("run", "tasks", "-j", "2").ok()
    assert ran(trained) == {"look": 1}
    [blob], [other] = blobs(trained), blobs(trained, "tasks/other")
    assert blob.samefile(other)
    trained.move("tasks", "elsewhere")
    trained.run("run", "elsewhere").ok()
    assert ran(trained) == {}


def test_a_file_that_is_damaged_is_found_and_made_anew(trained: Project) -> None:
    [blob] = blobs(trained)
    status = blob.stat()
    blob.chmod(0o600)
    blob.write_bytes(b"\2" * 100_000)
    os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert 'field "model"' in trained.run("verify", "tasks").exits(1).out
    trained.write("tasks/task.yml", trained.read("tasks/task.yml") + "config: {look: {spoil: true}}\n")
    trained.run("run", "tasks").ok()
    assert ran(trained) == {"train": 1, "look": 1}
    trained.run("verify", "tasks").ok()


def test_a_file_that_is_gone_is_made_anew(trained: Project) -> None:
    blobs(trained)[0].unlink()
    trained.run("run", "tasks").ok()
    assert ran(trained)["train"] == 1


def test_superseded_files_are_collected_and_all_are_deleted_in_the_end(trained: Project) -> None:
    trained.write("tasks/task.yml", trained.read("tasks/task.yml") + "config: {train: {rate: 2}}\n")
    trained.run("run", "tasks").ok()
    assert len(blobs(trained)) == 2
    trained.run("gc", "tasks", "-y").ok()
    assert len(blobs(trained)) == 1
    trained.run("verify", "tasks").ok()
    trained.run("reset", "tasks", "-y").ok()
    assert not (trained.root / "tasks/.repype/blobs").exists()


def test_a_folder_comes_back_with_modes_and_links(make_project: MakeProject) -> None:
    project = make(make_project, "plot", "list_all")
    project.run("run", "tasks", "-j", "2").ok()
    names = ["deep", "deep/er", "deep/er/one.txt", "empty", "latest", "run.sh", "same.txt", "two.txt"]
    plots = repype_like.open(project.root / "tasks").load()[1]
    assert plots["listing"] == names
    assert (plots["plots"] / "latest").readlink() == Path("deep/er/one.txt")
    assert (plots["plots"] / "run.sh").stat().st_mode & 0o777 == 0o755
    assert len(blobs(project)) == 3, "what is the same twice is kept once"
    project.run("show", "tasks", "plots", "-o", "copy").ok()
    assert (project.root / "copy/latest").read_text() == "one"
    project.run("show", "tasks", "plots", "-o", "copy").ok()
    assert (project.root / "copy/plots/run.sh").exists(), "into a folder that is there"
    project.run("show", "tasks", "plots", "-o", "copy").exits(2)


def test_a_file_is_shown_and_written_out(trained: Project) -> None:
    trained.run("show", "tasks", "model", "-o", "mine.bin").ok()
    assert (trained.root / "mine.bin").read_bytes() == b"\1" * 100_000
    assert json.loads(trained.run("show", "tasks", "model", "--json").ok().out) == {
        "type": "file model.bin, 100000 bytes"}


@pytest.mark.parametrize("options", [("--serial",), ("-j", "2")])
def test_a_file_that_is_not_kept_goes_from_stage_to_stage(make_project: MakeProject, options: tuple[str, ...]) -> None:
    project = make(make_project, "train", "look", marginal_stages=["train"])
    project.run("run", "tasks", *options).ok()
    assert project.results("tasks")[1]["seen"] == ["model.bin", 0o640, 1, 100_000]
    assert {path.name for path in (project.root / "tasks/.repype").iterdir()} & {"passing", "blobs", "work"} == set()


def test_a_path_without_a_format_is_a_value_like_any_other(make_project: MakeProject) -> None:
    project = make_project({"stages.py": """
        from pathlib import Path
        from repype_like.stage import stage


        @stage(outputs=["where"])
        def place(input_id):
            return Path("/nowhere") / str(input_id)
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.place"]}})
    project.run("run").ok()
    assert project.results()[1]["where"] == Path("/nowhere/1")


@pytest.mark.parametrize(("returned", "said"), [
    ('stage.work_dir / "missing"', "does not exist"),
    ('Path("/etc/hostname") if Path("/etc/hostname").exists() else Path("/etc/hosts")',
     "lies where files of others may be"),
    ("4", "has to return its path, and not a int"),
    ('_link(stage.work_dir, "/etc")', "copy what is there into the folder"),
    ('_link(stage.work_dir, "../..")', "copy what is there into the folder"),
    ("_fifo(stage.work_dir)", "is neither a file nor a folder nor a link"),
])
def test_what_cannot_be_kept_is_an_error(make_project: MakeProject, returned: str, said: str) -> None:
    project = make_project({"stages.py": f"""
        import os
        from pathlib import Path
        from repype_like.stage import stage


        def _link(folder, target):
            (folder / "results").mkdir()
            (folder / "results/link").symlink_to(target)
            return folder / "results"


        def _fifo(folder):
            os.mkfifo(folder / "pipe")
            return folder


        @stage(outputs=["model"], formats={{"model": "file"}})
        def train(stage):
            return {returned}
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.train"]}})
    outcome = project.run("run").exits(1)
    assert 'the field "model" of the stage "train"' in outcome.err
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_a_file_that_is_written_on_after_it_was_returned_is_an_error(make_project: MakeProject) -> None:
    """The file is so large that reading it takes much longer than it takes a busy machine to let others go on."""
    project = make_project({
        "program.py": """
            import os, sys

            print("ready", flush=True)
            while os.path.exists(sys.argv[1]):
                os.utime(sys.argv[1])
            """,
        "stages.py": """
            import os, subprocess, sys
            from repype_like.stage import stage

            @stage(outputs=["model"], formats={"model": "file"})
            def train(input_id, stage):
                path = stage.work_dir / "model.bin"
                path.touch()
                os.truncate(path, 600_000_000)  # of which none takes any room
                program = subprocess.Popen([sys.executable, "program.py", path], stdout=subprocess.PIPE)
                program.stdout.readline()
                return path
            """,
        "tasks/task.yml": {"runnable": True, "pipeline": ["stages.train"], "input_ids": [1]}})
    said = project.run("run", "tasks").exits(1).err
    project.run("reset", "tasks", "--yes")
    assert "model.bin was changed after the stage had returned it" in said


def test_a_file_at_a_scope_stays_there_too(make_project: MakeProject) -> None:
    project = make_project({"stages.py": """
        from repype_like.stage import stage


        @stage(outputs=["model"], formats={"model": "file"})
        def train(pipeline, input_id):
            path = pipeline.resolve("models", input_id)
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"model {input_id}")
            return path
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.train"],
                          "scopes": {"models": "models/%d.txt"}}})
    project.run("run").ok()
    assert project.read("models/1.txt") == "model 1"
    project.write("models/1.txt", "edited")
    assert repype_like.open(project.root).load()[1]["model"].read_text() == "model 1"
    assert "output file changed" in project.run("status").out


def test_a_run_that_is_killed_at_any_moment_goes_on(make_project: MakeProject) -> None:
    project = make(make_project, "train", "look", input_ids=list(range(1, 7)))
    project.write("killing.py", KILLING)
    project.edit("stages.py", "    path.chmod(0o640)", "    path.chmod(0o640); import killing; killing.maybe(input_id)")
    assert project.run("run", "tasks", "-j", "1").code == -signal.SIGKILL
    project.run("run", "tasks", "-j", "1")
    project.run("run", "tasks", "-j", "1").ok()
    project.executions()
    project.run("run", "tasks", "-j", "1").ok()
    assert ran(project) == {}
    project.run("verify", "tasks").ok()
    assert {path.name for path in (project.root / "tasks/.repype").iterdir()} & {"passing", "work"} == set()


def test_files_go_through_a_cluster(dask_cluster: DaskCluster, make_project: MakeProject) -> None:
    project = traced(make(make_project, "train", "look", marginal_stages=["train"], input_ids=[1, 2]))
    project.write("tasks/kept/task.yml", "marginal_stages: []\nconfig: {look: {spoil: true}}\n")
    project.run("run", "tasks", "--dask", dask_cluster.address).ok()
    assert project.results("tasks")[2]["seen"] == ["model.bin", 0o640, 1, 100_000]
    assert len(blobs(project, "tasks/kept")) == 1
    assert ran(project)["train"] == 1, "once for each input, whoever wants it"
    project.run("verify", "tasks").ok()
    assert not [*project.root.glob("tasks/**/.repype/passing"), *project.root.glob("tasks/**/.repype/work")]


PEAK = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024"


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is told in kB on Linux only")
def test_a_large_file_is_never_in_memory(make_project: MakeProject) -> None:
    """200 MB are written, stored, given out and read with less than half of that."""
    project = make_project({"stages.py": f"""
        import resource
        from repype_like.stage import stage


        @stage(outputs=["model", "before"], formats={{"model": "file"}})
        def train(stage):
            before = {PEAK}
            with (stage.work_dir / "model.bin").open("wb") as file:
                for _ in range(200):
                    file.write(bytes(1 << 20))
            return stage.work_dir / "model.bin", before


        @stage(outputs=["grown"])
        def look(model, before):
            with model.open("rb") as file:
                file.seek(-1, 2)
                assert file.read() == b"\\0"
            return {PEAK} - before
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.train", "stages.look"]}})
    project.run("run", "--serial").ok()
    assert project.run("show", ".", "grown", "--json").ok().json() < 100


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is told in kB on Linux only")
def test_a_lazy_field_that_nobody_looks_at_is_not_read(make_project: MakeProject) -> None:
    project = make_project({"stages.py": f"""
        import os, resource
        from repype_like.stage import stage


        @stage(outputs=["stack"])
        def load(input_id):
            return [os.urandom(1 << 20) for _ in range(150)]


        @stage(outputs=["peak"], lazy=["stack"])
        def look(stack, *, twice: bool = False, reads: bool = False):
            if reads:
                stack.load()
            return {PEAK}
        """, "task.yml": {"runnable": True, "input_ids": [1], "pipeline": ["stages.load", "stages.look"]}})
    project.run("run", "--serial").ok()
    text, peaks = project.read("task.yml"), []
    for name in ("twice", "reads"):
        project.write("task.yml", text + f"config: {{look: {{{name}: true}}}}\n")
        project.run("run", "--serial").ok()
        peaks.append(project.run("show", ".", "peak", "--json").ok().json())
    assert peaks[1] - peaks[0] > 75
