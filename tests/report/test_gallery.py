"""The committed gallery: few small pages that ask nothing of the network and say nothing of the machine."""

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest
from pages_unchanged import Page, differences
from scenario_files import omnisim_command

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


def commands() -> dict[str, tuple[str, ...]]:
    """The commands that make the committed pages, as docs/gallery.py says."""
    spec = importlib.util.spec_from_file_location("gallery", GALLERY.parents[1] / "docs" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return {piece.name: piece.command for piece in module.pieces() if piece.committed}


def test_every_page_has_a_command_and_a_picture() -> None:
    assert sorted(commands()) == [path.stem for path in PAGES]
    assert all(path.with_suffix(".png").is_file() for path in PAGES)


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_shows_what_its_command_makes(path: Path, tmp_path: Path) -> None:
    """Figures have the same data. Where a change moves them, docs/gallery.py makes the pages again."""
    answer = omnisim_command(*commands()[path.stem], "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    committed, made = (Page(each.read_text(encoding="utf-8")) for each in (path, tmp_path / "out" / "report.html"))
    assert committed.drawn
    assert list(itertools.islice(differences(committed.drawn, made.drawn), 5)) == []
