"""FAULTS 5-8, 12-15: whatever a stage does costs its own input, and nothing else (16 is in test_values.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from project import Project

MakeTree = Callable[..., Project]

FAILURES = {
    "exception": ("raise ValueError('unfit')", "ValueError: unfit"),
    "kill -9": ("os.kill(os.getpid(), 9)", "crashed: killed by SIGKILL (maybe out of memory)"),
    "segfault": ("ctypes.string_at(0)", "crashed: killed by SIGSEGV"),
    "os._exit": ("os._exit(0)", "crashed: the process ended with exit code 0"),
    "sys.exit": ("sys.exit(0)", "SystemExit: 0"),
    "memory": ("bytearray(1 << 60)", "MemoryError"),
    "recursion": ("exec('def f(): f()', globals()); f()", "RecursionError: maximum recursion depth exceeded"),
    "generator in a list": ("return {'b': [(x for x in a)]}", 'the field "b" of the stage "b" cannot be stored'),
    "open file": ("return {'b': open('/dev/null')}", 'the field "b" of the stage "b" cannot be stored'),
    "pickle that raises": ("return {'b': Bad()}", 'the field "b" of the stage "b" cannot be stored'),
    "missing output": ("return {}", 'stage "b" did not return "b"'),
    "extra output": ("return {'b': 1, 'bb': 2}", 'returned "bb", which its outputs do not name'),
    "no dictionary": ("return 5", 'stage "b" returned int instead of a dictionary'),
    "exception without a text": ("raise Mute()", "Mute: <exception str() failed>"),
    "pickle that raises one": ("return {'b': Muted()}", 'the field "b" of the stage "b" cannot be stored'),
    "keyboard": ("raise BaseException('base')", "BaseException: base"),
    "closed pipe": ("os.closerange(3, 200); time.sleep(60)", "crashed: "),
}
BAD = """

class Bad:
    def __reduce__(self):
        raise RuntimeError("no pickle")

class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")

class Muted:
    def __reduce__(self):
        raise Mute()
"""


@pytest.mark.parametrize(("action", "error"), FAILURES.values(), ids=FAILURES.keys())
def test_only_the_input_fails_and_only_that_is_done_again(make_tree: MakeTree, action: str, error: str) -> None:
    project = make_tree(f"if input_id == 2:\n    {action}\nreturn {{'b': a}}")
    source = project.read("stages.py") + BAD
    project.write("stages.py", source)
    answer = project.run("run", "tasks", "-j2", timeout=50).exits(1)
    assert error in answer.err
    assert answer.err.count("failed for the input") == 1
    assert project.executions() == {
        **{(stage, number): 1 for stage in "abc" for number in (1, 3)}, ("a", 2): 1, ("b", 2): 1}
    project.write("stages.py", source.replace("input_id == 2", "input_id == 22"))
    project.run("run", "tasks", "-j2").ok()
    assert project.executions() == {(stage, number): 1 for stage in "bc" for number in (1, 2, 3)}, "b was edited"


def test_a_second_run_does_what_failed_again_and_nothing_else(make_tree: MakeTree) -> None:
    body = "if input_id == 2 and not Path('ready').exists():\n    os.kill(os.getpid(), 9)\nreturn {'b': a}"
    project = make_tree(body, inputs=range(1, 40))
    project.run("run", "tasks", "-j2").exits(1)
    first = project.executions()
    assert len(first) == 39 * 3 - 1
    assert set(first.values()) == {1}, "what was finished before a neighbour crashed is not computed twice"
    project.write("ready", "")
    project.run("run", "tasks", "-j2").ok()
    assert project.executions() == {("b", 2): 1, ("c", 2): 1}


def test_other_tasks_go_on_when_a_stage_of_one_crashes(make_tree: MakeTree) -> None:
    project = make_tree("if config.get('crash'):\n    os._exit(3)\nreturn {'b': a}", inputs=[1])
    for number in range(6):
        project.write(f"tasks/v{number}/task.yml", {"config": {"b": {"n": number, "crash": number in (2, 4)}}})
    answer = project.run("run", "tasks", "-j2").exits(1)
    assert answer.err.count("exit code 3") == 3, "each as it happens, and together in the summary"
    assert "  tasks: v2, v4\n" in answer.err
    states = project.run("status", "tasks", "--json").json()["tasks"]
    assert {state["task"] for state in states if state["pending"]} == {"v2", "v4"}


def test_a_shared_failure_is_reported_once_and_names_the_tasks(make_tree: MakeTree) -> None:
    project = make_tree("raise ValueError('unfit')", inputs=[1])
    for number in range(3):
        project.write(f"tasks/v{number}/task.yml", {"config": {"c": {"n": number}}})
    answer = project.run("run", "tasks", "-j2").exits(1)
    assert answer.err.count("Traceback") == 1
    assert "tasks: ., v0, v1, v2" in answer.err
    assert project.executions() == {("a", 1): 1, ("b", 1): 1}


def test_the_traceback_begins_with_the_users_code(make_tree: MakeTree) -> None:
    answer = make_tree("raise ValueError('unfit')", inputs=[1]).run("run", "tasks", "-j1").exits(1)
    assert "repype_like/" not in answer.err.replace("-m repype_like", "")
    assert "stages.py" in answer.err


@pytest.mark.parametrize(("scopes", "asked", "note"), [
    ({"images": "raw/%s.png", "masks": "m/%s.png"}, "'imags', input_id",
     'pipeline.resolve("imags") had returned None: the task has no such scope; did you mean "images"?'),
    ({"images": "raw/%s.png", "masks": "m/%s.png"}, "'x', input_id", "no such scope; its scopes are images, masks"),
    (None, "'x', input_id", "no such scope; it has none"),
    ({"images": "raw/%s.png"}, "'images'", "the path is different for each input; pass the input_id as well"),
])
@pytest.mark.parametrize("whole", [False, True], ids=["stage by stage", "by a class of its own"])
def test_a_scope_that_was_asked_for_in_vain_is_noted(make_tree: MakeTree, scopes: Mapping[str, str] | None, asked: str,
                                                     note: str, whole: bool) -> None:
    more: dict[str, Any] = {"scopes": scopes} if scopes else {}
    if whole:
        more["task_class"] = "own.Own"
    project = make_tree(f"return {{'b': pipeline.resolve({asked}).read_text()}}", [1], more)
    project.write("own.py", """
        from repype_like.task import Task

        class Own(Task):
            def strip_marginals(self, pipeline, chunk):
                return super().strip_marginals(pipeline, chunk)
        """)
    answer = project.run("run", "tasks", "-j1").exits(1)
    assert whole or "'NoneType' object has no attribute 'read_text'\n    pipeline.resolve(" in answer.err
    assert answer.err.count(note) == 1
    assert note in project.run("log", "tasks").ok().out


@pytest.mark.parametrize(("action", "note"), [
    ("open(pipeline.resolve('raw', input_id))", "In the task.yml, paths are relative to the directory of the task"),
    ("pipeline.resolve('raw', input_id).write_text('')", "There is no folder for it: path.parent.mkdir(parents=True"),
])
def test_the_scope_of_a_path_at_which_there_is_nothing_is_noted(make_tree: MakeTree, action: str, note: str) -> None:
    project = make_tree(f"{action}\nreturn {{'b': a}}", more={"scopes": {"raw": "raw/%s.png"}})
    answer = project.run("run", "tasks").exits(1)
    assert 'The stage "b" failed for 3 inputs, the first of them with: FileNotFoundError' in answer.err
    assert answer.err.count(f'The path is that of the scope "raw". {note}') == 1


def test_a_scope_that_is_not_there_is_no_fault(make_tree: MakeTree) -> None:
    project = make_tree("assert pipeline.resolve('other', input_id) is None\nreturn {'b': a}")
    assert "resolve" not in project.run("run", "tasks").ok().err


GARBAGE = {
    "text": "print('garbage')", "binary": "os.write(1, bytes(range(256)))",
    "from C": "ctypes.CDLL(None).puts(b'garbage from C')", "escapes": "print('\\x1b[31mred\\x07')",
    "100 MB": "[os.write(1, b'lines of text\\n' * (1 << 16)) for _ in range(110)]",
    "closed": "os.close(1); os.close(2)",
    "closed stream": "sys.stdout.close(); sys.stderr.close()", "replaced": "sys.stdout = None",
    "detached": "sys.stdout.detach()",
}


@pytest.mark.parametrize("action", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_a_stage_prints_disturbs_nothing(make_tree: MakeTree, action: str) -> None:
    project = make_tree(f"{action}\nreturn {{'b': a}}")
    answer = project.run("run", "tasks", "-j2").ok()
    assert not answer.out
    assert "garbage" not in answer.err
    assert len(project.executions()) == 9


@pytest.mark.parametrize("action", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_a_failing_stage_has_printed_is_shown(make_tree: MakeTree, action: str) -> None:
    answer = make_tree(f"print('before'); sys.stdout.flush(); {action}\nraise ValueError", inputs=[1]).run(
        "run", "tasks", "-j1").exits(1)
    assert "before" in answer.err or "lines of text" in answer.err
    assert not {"\x1b", "\x07", "\x00"}.intersection(answer.err)
    assert len(answer.err) < 100_000


@pytest.mark.parametrize("place", ["__init__", "configure", "module"])
def test_an_error_without_a_text_is_told_wherever_it_is_raised(make_project: Callable[[Mapping[str, Any]], Project],
                                                               place: str) -> None:
    raising = "raise Mute()"
    project = make_project({
        "task.yml": {"runnable": True, "pipeline": ["stages.Quiet"], "input_ids": [1]},
        "stages.py": f"""
            from repype_like.stage import Stage

            class Mute(Exception):
                def __str__(self):
                    raise RuntimeError("no text")

            {raising if place == "module" else ""}

            class Quiet(Stage):
                outputs = ["x"]

                def __init__(self):
                    super().__init__()
                    {raising if place == "__init__" else ""}

                def configure(self, *args, **kwargs):
                    {raising if place == "configure" else "return {}"}

                def process(self, pipeline, config, status=None):
                    return {{"x": 1}}
            """})
    answer = project.run("run", "--serial")
    assert answer.code in (1, 2), answer
    assert "Mute" in answer.err
    assert "internal error" not in answer.err
    assert "repype_like/" not in answer.err


@pytest.mark.parametrize("megabytes", [0.01, 3, 60])
def test_large_messages_get_through(make_tree: MakeTree, megabytes: float) -> None:
    size = int(megabytes * 1e6)
    project = make_tree(f"_status.update(status, 'm' * {size})\nreturn {{'b': a}}")
    answer = project.run("run", "tasks", "-j2", "--json").ok()
    assert sum("mmm" in line for line in answer.out.splitlines()) == 3


def test_many_messages_get_through_to_a_slow_reader(make_tree: MakeTree) -> None:
    project = make_tree("for number in range(30000):\n    _status.update(status, f'message {number}')\nreturn {'b': a}",
                        inputs=[1])
    answer = project.run("run", "tasks", "-j1", "--json").ok()
    seen = [line.partition('"content": "message ')[2].partition('"')[0] for line in answer.out.splitlines()
            if '"content": "message ' in line]
    assert seen == list(map(str, range(30000))), "in order"


def test_messages_from_threads_get_through(make_tree: MakeTree) -> None:
    project = make_tree("""
        def tell(name):
            for number in range(200):
                _status.update(status, f"{name}-{number}.")
        threads = [threading.Thread(target=tell, args=(f"thread{n}",)) for n in range(5)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return {"b": a}
        """, inputs=[1])
    answer = project.run("run", "tasks", "-j1").ok()
    assert all(f"thread{n}-{number}." in answer.err for n in range(5) for number in range(200))


CHANGES = {
    "directory": ("os.chdir('/')", "os.getcwd()"), "environment": ("os.environ['NEW'] = '1'", "os.environ.get('NEW')"),
    "removed variable": ("del os.environ['HOME']", "os.environ.get('HOME')"),
    "umask": ("os.umask(0o777)", "os.umask(0o22)"),
    "deleted directory": ("os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')", "os.getcwd()"),
    "signals": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "str(signal.getsignal(signal.SIGTERM))"),
    "warnings": ("warnings.simplefilter('error')", "len(warnings.filters), str(warnings.filters[0])"),
    "start method": ("import multiprocessing; multiprocessing.set_start_method('spawn')",
                     "__import__('multiprocessing').get_start_method(allow_none=True)"),
}


@pytest.mark.parametrize("jobs", ["--serial", "-j1"])
@pytest.mark.parametrize(("change", "look"), CHANGES.values(), ids=CHANGES.keys())
def test_what_a_stage_does_to_its_process_is_undone(make_tree: MakeTree, change: str, look: str, jobs: str) -> None:
    """The seeds of random generators are not: a stage whose results depend on them has to seed them itself."""
    project = make_tree(f"seen = repr(({look},))\n{change}\nreturn {{'b': seen}}")
    project.run("run", "tasks", jobs).ok()
    assert len({repr(fields["b"]) for fields in project.results("tasks").values()}) == 1


def test_a_stage_may_start_processes_and_leaves_none_behind(make_tree: MakeTree) -> None:
    project = make_tree("""
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(2) as pool:
            total = sum(pool.map(abs, [-1, -2]))
        child = subprocess.Popen(["sleep", "1000"])
        return {"b": [total, child.pid]}
        """, inputs=[1, 2])
    project.run("run", "tasks", "-j2").ok()
    for fields in project.results("tasks").values():
        total, pid = fields["b"]
        assert total == 3
        assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
