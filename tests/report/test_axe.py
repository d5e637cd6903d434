"""What axe-core knows about accessibility, on every page, by day and by night, on a screen and on a telephone."""

from itertools import product

import pytest
from examples import Suite
from report_pages import PAGES, page

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

pytestmark = pytest.mark.browser

QUICK = {("run with a certified forecaster", "light", 1280), ("comparison", "dark", 390)}
"""Tried in every run of the tests: both schemes and widths once, with few figures; all of them in the long suite."""

FEW = ("prices", "certificate-ratios", "leaderboard", "plane")

CASES = [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.long)
    for case in product(PAGES, ("light", "dark"), (1280, 390))
]


@pytest.mark.sampled
@pytest.mark.parametrize(("kind", "scheme", "width"), CASES)
def test_axe_finds_nothing(kind, scheme, width, drawn) -> None:
    opened = drawn(
        page(kind), figures=None if Suite.long else FEW, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe_playwright.Axe().run(opened).response["violations"]
    told = [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]
    assert told == []
