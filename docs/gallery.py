"""The gallery: a page for each shipped scenario and study, pictures of them, and an index.

Run it from the checkout, some ten minutes of processor time. Pictures need Chromium and playwright (the extra dev)::

    python docs/gallery.py [--only ercot_day_ahead ...]

All pages go into ``build/gallery`` (not committed: together they are large, and change whenever a number moves), beside
``index.html``; the weekly job of the continuous integration keeps them as an artifact. The two that the README and the
manual show are copied into ``reports/gallery`` with their pictures. A study is shown in full where that takes less than
ten minutes of processor time.
"""

import argparse
import html
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnisim.cli import app
from omnisim.scenario import shipped
from omnisim.studies import summaries

ROOT = Path(__file__).parents[1]

OUT = ROOT / "build" / "gallery"

COMMITTED = ROOT / "reports" / "gallery"
"""Where the pages stand that the README shows."""

NEED_DATA = ("victoria_hot_days", "m5")
"""What cannot be made from what the package ships."""

FULL = ("crowding", "price-spikes", "simulated")
"""Studies that take less than ten minutes of processor time in full; of the others the quick variant is shown."""

QUICK = "Quick variant: it shows what the page looks like, and is too small to judge what it asks. In full:"
"""Said of the others, before the command."""

WIDTH = 1120
"""Pixels of a picture: as wide as the links of a comparison."""


@dataclass(frozen=True)
class Piece:
    """A page of the gallery: its name, what it shows, and the command that makes it."""

    name: str
    shows: str
    command: tuple[str, ...]
    committed: bool = False

    @property
    def quick(self) -> bool:
        """Whether it is the small variant of a study."""
        return "--quick" in self.command


def pieces() -> Iterator[Piece]:
    """All pages, the two that are committed first."""
    scenarios = shipped.summaries()
    houston = "ercot_day_ahead"
    yield Piece(houston, scenarios.pop(houston), ("run", houston), committed=True)
    forecasters = "persistence,persistence(lag=7),climatology,ridge_autoregression"
    compared = ("compare", houston, "--forecasters", forecasters, "--seeds", "4")
    yield Piece("ercot_forecasters", "Four forecasters on the same customers and days.", compared, committed=True)
    for name, shows in scenarios.items():
        if name not in NEED_DATA:
            yield Piece(name, shows, ("run", name))
    for name, shows in summaries().items():
        if name not in NEED_DATA:
            yield Piece(f"study-{name}", shows, ("study", name, *(() if name in FULL else ("--quick",))))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the pages, their pictures and the index."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the pages")
    only = parser.parse_args(arguments).only
    chosen = [piece for piece in pieces() if only is None or piece.name in only]
    if not chosen:
        sys.exit(f"none of {', '.join(piece.name for piece in pieces())}")
    OUT.mkdir(parents=True, exist_ok=True)
    for piece in chosen:
        folder = OUT / piece.name
        app([*piece.command, "--out", str(folder), "--force"], standalone_mode=False, prog_name="omnisim")
        shutil.copy(folder / "report.html", OUT / f"{piece.name}.html")
    _pictures(chosen)
    (OUT / "index.html").write_text(
        index([piece for piece in pieces() if (OUT / f"{piece.name}.html").exists()]), "utf-8"
    )
    for piece in chosen:
        if piece.committed:
            for suffix in (".html", ".png"):
                shutil.copy(OUT / f"{piece.name}{suffix}", COMMITTED)
    print(OUT / "index.html")


def index(shown: Sequence[Piece]) -> str:
    """The page that shows all pictures, each a link to its page."""
    figures = "\n".join(
        f'<figure><a href="{piece.name}.html"><img src="{piece.name}.png" alt="" loading="lazy"></a>'
        f'<figcaption><a href="{piece.name}.html">{html.escape(piece.name)}</a>: {html.escape(piece.shows)}'
        f"<br>{_command(piece)}</figcaption></figure>"
        for piece in shown
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>omnisim: gallery</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 2rem; }}
figure {{ margin: 0; }} img {{ width: 100%; border: 1px solid #ccc; }}
code {{ overflow-wrap: anywhere; font-size: 0.85em; }}
</style>
<h1>What omnisim shows</h1>
<main>
{figures}
</main>
</html>
"""


def _command(piece: Piece) -> str:
    made = f"<code>omnisim {html.escape(' '.join(piece.command))}</code>"
    if not piece.quick:
        return made
    full = " ".join(each for each in piece.command if each != "--quick")
    return f"{made}<br><strong>{QUICK}</strong> <code>omnisim {html.escape(full)}</code>, which takes far longer."


def _pictures(chosen: Sequence[Piece]) -> None:
    """The first screen of each page, up to the end of an element, so that no line is cut."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        sys.exit("no Chromium is on the path: the pages are there, without pictures")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": 900})
        for piece in chosen:
            tab.goto((OUT / f"{piece.name}.html").as_uri())
            height = end_of_first_screen(tab)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
            tab.screenshot(path=OUT / f"{piece.name}.png", full_page=True, clip=clip)
        browser.close()


def end_of_first_screen(tab: Any) -> float:
    """Pixels from the top of a page to a line within its first 850 that crosses no text, table or caption."""
    return float(
        tab.evaluate(
            """() => {
                const boxes = [...document.querySelectorAll("p, table, figcaption, h1, h2, h3, li, dt, dd, nav")]
                    .map(each => each.getBoundingClientRect()).filter(box => box.height > 0)
                    .map(box => [box.top + scrollY, box.bottom + scrollY]);
                const lines = boxes.map(([, end]) => end + 6).filter(line => line <= 850).sort((a, b) => b - a);
                return lines.find(line => !boxes.some(([top, end]) => top < line && end > line)) ?? 850;
            }"""
        )
    )


if __name__ == "__main__":
    main()
