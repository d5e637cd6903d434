"""How long the report of a run takes to write and to draw, and how large it is.

Run it as a script from the checkout, on a quiet machine; about a minute, or seconds with ``--quick``::

    python tests/benchmarks/report.py [--quick] [--repeats 3] [--cpu]

The goal is one file under 1.5 MB, drawn within 5 s. Drawing is timed by the wall clock in a headless Chromium, from
opening the page to its last figure; "-" where there is no browser. Memory is the peak of the process up to that row.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measuring import options, peak_memory, show, timed
from standard_load import standard_load

import omnisim

SIZES, ROUNDS = (100, 1000, 10_000), 365
QUICK_SIZES, QUICK_ROUNDS = (9,), 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    chosen = options(__doc__.splitlines()[0], 3, arguments)
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if chosen.quick else (SIZES, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(agents, rounds, chosen.repeats, Path(folder) / f"{agents}.html") for agents in sizes]
    show(f"The report of {rounds} rounds", ["", "write s", "draw s", "MB", "peak MB"], rows)


def _row(agents: int, rounds: int, repeats: int, path: Path) -> list[str]:
    analysis = omnisim.analyze(omnisim.simulate(standard_load(agents, rounds)))
    _ = analysis.agents, analysis.certificates
    write = min(timed(lambda: omnisim.write_report(analysis, path))[0] for _ in range(repeats))
    size, memory = path.stat().st_size / 1e6, peak_memory()
    return [f"N = {agents:,}", f"{write:.2f}", _drawn(path, repeats), f"{size:.2f}", f"{memory:.0f}"]


def _drawn(path: Path, repeats: int) -> str:
    found = next((browser for browser in map(shutil.which, BROWSERS) if browser), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        return "-"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        seconds = []
        for _ in range(repeats):
            page = browser.new_page()
            begin = time.perf_counter()
            page.goto(path.as_uri())
            page.locator("html[data-drawn=true]").wait_for(state="attached", timeout=120_000)
            seconds.append(time.perf_counter() - begin)
            page.close()
        browser.close()
    return f"{min(seconds):.2f}"


if __name__ == "__main__":
    main()
