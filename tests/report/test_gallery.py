"""The committed gallery: few small pages that ask nothing of the network and say nothing of the machine."""

from pathlib import Path

import pytest

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
