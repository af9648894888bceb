from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from repype_like.errors import DamagedError, NotStorableError
from repype_like.formats import format_named

mpl.use("Agg")


def _figure() -> Figure:
    figure = Figure(figsize=(2, 1), dpi=100)
    figure.add_subplot().plot([1, 3, 2])
    return figure


def test_a_figure_is_a_picture_and_comes_back_as_a_figure(through: Callable[..., Any], tmp_path: Path) -> None:
    loaded = through("figure", _figure())
    assert loaded.axes[0].lines[0].get_ydata().tolist() == [1, 3, 2]
    with Image.open(tmp_path / "value.png") as image:
        image.load()
        assert image.size == (200, 100)


def test_figures_of_pyplot_are_not_shown_when_they_are_loaded(through: Callable[..., Any]) -> None:
    from matplotlib import pyplot

    figure, _ = pyplot.subplots()
    for name in ("figure", "container"):
        assert isinstance(through(name, figure), Figure)
    pyplot.close(figure)
    assert not pyplot.get_fignums()


def test_pictures_without_a_figure_and_values_that_are_none(tmp_path: Path) -> None:
    _figure().savefig(tmp_path / "a.png")
    with pytest.raises(DamagedError, match="holds no figure"):
        format_named("figure").read(tmp_path / "a.png")
    assert not format_named("figure").can_store(3)


def test_figures_are_drawn_in_the_form_that_is_asked_for(tmp_path: Path) -> None:
    format_named("figure").export(_figure(), tmp_path / "a.svg")
    assert "<svg" in (tmp_path / "a.svg").read_text()
    format_named("png").export(_figure(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (200, 100)
    with pytest.raises(NotStorableError, match='draws no "\\.xyz" files'):
        format_named("figure").export(_figure(), tmp_path / "a.xyz")
