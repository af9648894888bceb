"""The reference names all that there is, and nothing else."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from repype_like.cli.app import make_parser
from repype_like.spec.keys import KEYS
from repype_like.stage import Stage

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def _flags(parser: argparse.ArgumentParser) -> set[str]:
    return {flag for action in parser._actions for flag in action.option_strings} - {"-h", "--help"}


def test_commands_and_flags() -> None:
    page = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    sections = re.split(r"^## `repype (\w+)", page, flags=re.MULTILINE)[1:]
    documented = {name: set(re.findall(r"`(--?[a-z][\w-]*)", re.sub(r"(?m)^(?!\| `-).*$", "", text)))
                  for name, text in zip(sections[::2], sections[1::2], strict=True)}
    choices = next(action.choices for action in make_parser()._actions
                   if isinstance(action, argparse._SubParsersAction))
    assert documented == {name: _flags(command) for name, command in choices.items()}


def test_keys_of_a_task() -> None:
    page = (REFERENCE / "task-yml.md").read_text(encoding="utf-8")
    table = page.partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(KEYS)


def test_attributes_of_a_stage() -> None:
    page = (REFERENCE / "stages.md").read_text(encoding="utf-8")
    named = re.findall(r"^\|(.*?)\|", page, flags=re.MULTILINE)
    documented = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    declared = {name for name in Stage.__annotations__ if not name.startswith("_")}
    assert documented == declared - {"declared", "work_folder"}
