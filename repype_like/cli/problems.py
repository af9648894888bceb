"""Tells what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from repype_like.cli.terminal import Terminal, err
from repype_like.cli.words import clean_lines, count, near, problem_words
from repype_like.errors import Problem, RepypeError, SpecError

__all__ = ["report_error", "report_problems"]


def report_error(error: RepypeError) -> None:
    """Write what an error says to stderr."""
    if isinstance(error, SpecError):
        report_problems(error.problems)
        return
    hint = getattr(error, "hint", "")
    err().line(clean_lines(near(f"repype: error: {error}" + (f"\n    {hint}" if hint else ""))))


def report_problems(problems: Iterable[Problem], terminal: Terminal | None = None) -> None:
    """Write problems to stderr, each once however many tasks inherit it, the warnings first."""
    terminal = terminal or err()
    unique = list(dict.fromkeys(problem._replace(task=None) for problem in problems))
    for problem in sorted(unique, key=lambda problem: (problem.severity == "error", _position(problem))):
        text = problem_words(problem)
        terminal.line(terminal.paint(text, "yellow") if problem.severity != "error" else text)
    errors = sum(problem.severity == "error" for problem in unique)
    if errors > 1:
        terminal.line(terminal.paint(count(errors, "error"), "red"))


def _position(problem: Problem) -> tuple[str, int, int]:
    return (str(problem.where.file), problem.where.line, problem.where.column) if problem.where else ("", 0, 0)
