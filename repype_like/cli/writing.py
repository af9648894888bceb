"""Variants and examples from the command line, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from repype_like.batch import Batch, RunContext
from repype_like.cli.problems import report_problems
from repype_like.cli.terminal import err, out
from repype_like.cli.words import clean, count, path_words
from repype_like.errors import SpecError, UsageError, did_you_mean
from repype_like.fingerprint.canonical import hash_value
from repype_like.scaffold import EXAMPLES, Variant, lay_out_example, make_variants, parse_assignment, write_variants
from repype_like.store import Store
from repype_like.task.errors import blaming
from repype_like.typing import Any

__all__ = ["new_example", "new_variants"]


def new_example(name: str, directory: str, dry_run: bool) -> int:
    """Lay out an example, and say how to run it."""
    if name not in EXAMPLES:
        hint = did_you_mean(name, EXAMPLES)
        raise UsageError(f'--example: there is no example "{name}"; {hint or "there are " + ", ".join(EXAMPLES)}')
    target = Path(directory).expanduser()
    if not dry_run:
        for file in lay_out_example(name, target):
            out().line(clean(path_words(file)))
    err().line(clean(f'{EXAMPLES[name]}: python -m pip install "repype_like[examples]" && repype run {directory}'))
    return 0


def new_variants(directory: str, source: str, settings: Sequence[str], together: bool, dry_run: bool) -> int:
    """Write variants of the task `source`, and print which."""
    if not settings:
        raise UsageError("repype new: say what varies, as in --set blur.sigma=1,2,3")
    batch = Batch()
    batch.load(source)
    top = Path(source).resolve()
    target = Path(directory).expanduser().resolve()
    if top not in batch.resolved_tasks:
        problems = [problem for problem in batch.problems if problem.severity == "error"]
        if problems:
            raise SpecError(problems)
        raise UsageError(f"--from {source}: there is no task.yml in this directory")
    if not target.is_relative_to(top):
        raise UsageError(f"{directory}: must be {source} or below it, so that the variants inherit from it; for "
                         f"example {path_words(top / target.name)}")
    nearest = next(batch.resolved_tasks[path] for path in (target, *target.parents) if path in batch.resolved_tasks)
    parameters = dict(_parameters(_prepared(batch, target / "variant", {"runnable": True}), Store(top)))
    assignments = [parse_assignment(text, parameters) for text in settings]
    variants = make_variants(target, assignments, together=together, runnable=not nearest.runnable)
    try:
        _refuse_same(variants, [_prepared(batch, variant.directory, variant.spec) for variant in variants])
    except SpecError as error:
        report_problems(error.problems)
        err().line("Nothing was written.")
        return error.exit_code
    if not dry_run:
        write_variants(variants)
    for variant in variants:
        out().line(clean(path_words(variant.directory)))
    written = "would be written" if dry_run else "written"
    err().line(clean(f"{count(len(variants), 'variant')} {written}; repype run {directory}"))
    return 0


def _prepared(batch: Batch, directory: Path, spec: dict[str, Any]) -> RunContext:
    """Return a task that is not written yet, ready to run.

    Raises:
        SpecError: If it could not be run.
    """
    task = batch.task(directory, spec)
    contexts = batch.prepare([task] if task is not None else [])
    if not contexts:
        raise SpecError([problem for problem in batch.problems if problem.severity == "error"])
    return contexts[0]


def _refuse_same(variants: Sequence[Variant], contexts: Sequence[RunContext]) -> None:
    """Refuse variants that mean the same by the rules of their stages: ``1`` and ``1.0``, where a float is declared.

    Raises:
        UsageError: If there are such.
    """
    known: dict[str, Path] = {}
    for variant, context in zip(variants, contexts, strict=True):
        meaning = {}
        for stage in context.pipeline.stages:
            with blaming(f'the configuration of the stage "{stage.id}"'):
                section = context.config.entries.get(stage.id) or {}
                meaning[stage.id] = {**stage.default_config, **stage.normalized_config(section)}
        other = known.setdefault(hash_value(meaning), variant.directory)
        if other != variant.directory:
            raise UsageError(f'"{other.name}" and "{variant.directory.name}" would mean the same; leave one of them '
                             "out; nothing was written")


def _parameters(context: RunContext, store: Store) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield each stage with the parameters that it is known to have: configured, with a default, or read before."""
    read: dict[str, Mapping[str, Any]] = {record.stage: record.note.get("final", {}) for record in store.records}
    for stage in context.pipeline.stages:
        section = context.config.entries.get(stage.id) or {}
        known = {**stage.default_config, **section, **read.get(stage.id, {})}
        known.pop("enabled", None)
        yield stage.id, list(dict.fromkeys(_leaves(known)))


def _leaves(value: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, item in value.items():
        yield (*above, key)
        if isinstance(item, Mapping):
            yield from _leaves(item, (*above, key))

