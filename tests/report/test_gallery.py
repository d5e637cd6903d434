"""The committed gallery: few small pages that ask nothing of the network and say nothing of the machine."""

import copy
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pages_unchanged import Page, differences
from scenario_files import omnisim_command

from omnisim.studies import summaries

GALLERY = Path(__file__).parents[2] / "reports" / "gallery"
PAGES = sorted(GALLERY.glob("*.html"))

MOST_PAGES, MOST_BYTES = 3, 1_300_000


def test_the_gallery_is_small() -> None:
    assert 1 <= len(PAGES) <= MOST_PAGES
    assert all(path.stat().st_size < MOST_BYTES for path in PAGES)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_how_it_was_made_and_not_where(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "default-src" in text
    assert "omnisim run" in text or "omnisim compare" in text or "omnisim study" in text
    for place in ("--out /", "/home/", "file://"):
        assert place not in text


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_drawn_quietly(path: Path, drawn) -> None:
    assert drawn(path).locator("svg.main-svg").count() > 0


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_numbers_in_the_cells_of_maps_do_not_run_into_each_other(path: Path, fitting) -> None:
    overlaps, count = fitting(path).evaluate(
        """() => {
            const texts = [...document.querySelectorAll(".heatmap-label text")];
            const boxes = texts.map(each => each.getBoundingClientRect());
            const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
            return [boxes.filter((a, i) => boxes.slice(i + 1).some(b => meet(a, b))).length, boxes.length];
        }"""
    )
    assert count > 10
    assert overlaps == 0


def script() -> ModuleType:
    """The script docs/gallery.py."""
    spec = importlib.util.spec_from_file_location("gallery", GALLERY.parents[1] / "docs" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return module


def commands() -> dict[str, tuple[str, ...]]:
    """The commands that make the committed pages, as the script says."""
    return {piece.name: piece.command for piece in script().pieces() if piece.committed}


def test_every_page_has_a_command_and_a_picture() -> None:
    assert sorted(commands()) == [path.stem for path in PAGES]
    assert all(path.with_suffix(".png").is_file() for path in PAGES)


QUICK = "ercot_day_ahead"
"""The page that is made again whenever tests are run, and not only by the long suite."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[] if path.stem == QUICK else pytest.mark.long, id=path.stem) for path in PAGES],
)
@pytest.mark.whole
def test_a_page_shows_what_its_command_makes(path: Path, tmp_path: Path) -> None:
    """Figures have the same data. Where a change moves them, docs/gallery.py makes the pages again."""
    answer = omnisim_command(*commands()[path.stem], "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    committed, made = (Page(each.read_text(encoding="utf-8")) for each in (path, tmp_path / "out" / "report.html"))
    assert committed.drawn
    assert list(itertools.islice(differences(committed.drawn, made.drawn), 5)) == []


def numbers(drawn: Any, where: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Containers, keys and places of all numbers in some drawn data."""
    pairs = drawn.items() if isinstance(drawn, dict) else enumerate(drawn) if isinstance(drawn, list) else ()
    for key, each in pairs:
        if isinstance(each, float):
            yield drawn, key, f"{where}/{key}"
        else:
            yield from numbers(each, f"{where}/{key}")


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_one_number_that_changed_is_noticed(path: Path) -> None:
    committed = Page(path.read_text(encoding="utf-8")).drawn
    changed = copy.deepcopy(committed)
    assert list(differences(committed, changed)) == []
    places = list(numbers(changed))
    assert len(places) > 100
    holder, key, where = places[len(places) // 2]
    before = holder[key]
    holder[key] += 0.001
    assert list(differences(committed, changed)) == [f"{where}: {before!r} -> {holder[key]!r}"]


def test_full_studies_are_shown_where_they_are_fast() -> None:
    module = script()
    shown = {
        piece.name.removeprefix("study-"): piece.command for piece in module.pieces() if piece.name[:6] == "study-"
    }
    assert set(shown) == set(summaries()) - set(module.NEED_DATA)
    assert {name for name, command in shown.items() if "--quick" not in command} == set(module.FULL)


def test_the_index_shows_every_page_with_its_picture() -> None:
    module = script()
    pieces = list(module.pieces())
    text = module.index(pieces)
    for piece in pieces:
        assert f'<a href="{piece.name}.html"><img src="{piece.name}.png"' in text
    assert text.count("<figure>") == len(pieces)


def test_the_index_says_which_studies_are_quick_variants() -> None:
    module = script()
    figures = module.index(list(module.pieces())).split("<figure>")[1:]
    quick = {piece.name for piece in module.pieces() if "--quick" in piece.command}
    assert len(quick) >= 3
    told = {figure.split('href="')[1].split(".html")[0] for figure in figures if "Quick variant" in figure}
    assert told == quick
    for figure in figures:
        if "Quick variant" in figure:
            name = figure.split('href="study-')[1].split(".html")[0]
            assert f"<code>omnisim study {name}</code>" in figure
