"""The page of a comparison in a browser: drawn, quiet, usable with mouse and phone, and safe."""

from pathlib import Path

import numpy as np
import pytest
from small_comparison import compared, small_scenario

import omnisim

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("comparison") / "report.html"
    omnisim.write_comparison(compared(seeds=4), path)
    return path


@pytest.fixture
def drawn(drawn, page_of_three):
    """The same, by default of the comparison of three."""
    return lambda path=page_of_three, **options: drawn(path, **options)


def column(page, table: str, title: str) -> list[str]:
    titles = [text.split("\n")[0] for text in page.locator(f"#{table} thead th").all_inner_texts()]
    return page.locator(f"#{table} tbody tr td:nth-child({titles.index(title) + 1})").all_inner_texts()


def head(page, table: str, title: str):
    titles = [text.split("\n")[0] for text in page.locator(f"#{table} thead th").all_inner_texts()]
    return page.locator(f"#{table} thead th").nth(titles.index(title))


def test_every_figure_is_drawn(drawn) -> None:
    page = drawn(looking=True)
    found = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('figure')].map(f => [f.dataset.figure,"
        " [f.querySelector('.plot').data.length, f.querySelectorAll('svg.main-svg').length]]))"
    )
    assert found.pop("bounds")[0] >= 2
    # Three forecasters, one of them the reference, two populations and two subsequences.
    assert {name: traces for name, (traces, _) in found.items()} == {
        "leaderboard": 2 * 2 + 1,
        "plane": 3 + 2 + 2 * 3,
        "winners": 2 * 2,
        "gains": 2 * (2 * 2 + 1),
        "map": 2,
        "growth": 2 * 3 * 3,
        "cost": 2 * (3 * 2 + 1),
    }
    assert all(drawings > 0 for _, drawings in found.values())
    assert page.locator(".undrawn").count() == 0
    # Something is in them: marks of the plane lie inside its panels.
    assert page.locator("#figure-plane .scatterlayer .point").count() >= 2 * 2 * 2
    assert page.locator("#figure-winners .barlayer .point").count() > 0


def test_choosing_a_measure_redraws_the_leaderboard(drawn) -> None:
    page = drawn(figures=["leaderboard"])
    figure = page.locator("#figure-leaderboard")
    before = figure.locator("figcaption").inner_text()
    figure.locator("select").select_option(label="swap regret")
    expect(figure.locator("figcaption")).to_contain_text("Less is")
    assert before.startswith("Difference in money")


def test_tables_sort_and_filter(drawn) -> None:
    page = drawn(figures=())
    button = head(page, "leaderboard-table", "utility").locator("button")
    for direction in ("descending", "ascending"):
        button.click()
        assert head(page, "leaderboard-table", "utility").get_attribute("aria-sort") == direction
        found = [float(text) for text in column(page, "leaderboard-table", "utility")]
        assert found == sorted(found, reverse=direction == "descending")
        assert len(found) == 3
    filters = page.locator(".filters[data-for=differences-table]")
    filters.locator("[data-filter=forecaster]").select_option("truth")
    filters.locator("[data-filter=population]").select_option("few")
    assert filters.locator("output").inner_text() == "2 of 8 rows"
    assert set(column(page, "differences-table", "forecaster")) == {"truth"}
    assert set(column(page, "differences-table", "population")) == {"few"}
    filters.locator("[data-filter=text]").fill("nothing like it")
    assert column(page, "differences-table", "forecaster") == []


def test_readable_on_a_phone(drawn) -> None:
    page = drawn(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('svg.main-svg')].map(s => s.clientWidth))")
    assert widest <= 390


def test_printed_figures_fit_the_paper_and_tables_are_whole(drawn) -> None:
    page = drawn(figures=["plane", "growth"], viewport={"width": 690, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#figure-plane svg.main-svg").first).to_have_attribute("width", "660")
    assert page.locator("nav").is_hidden()
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(s => s.scrollHeight <= s.clientHeight + 1)")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 690


def test_hostile_names_stay_text(drawn, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scenario = small_scenario().replace(
        name=HOSTILE,
        populations=[omnisim.Population(HOSTILE, rng.uniform(0, 0.5, (2, 2, 2)))],
        elimination=omnisim.elimination.BestResponse(),
        subsequences={HOSTILE: None, "<b>b</b>": np.arange(24) % 2 == 0},
    )
    names = {HOSTILE: "persistence", "<a href='javascript:alert(2)'>x</a>": "climatology", "%{x}": "conditional_mean"}
    path = tmp_path / "report.html"
    omnisim.write_comparison(omnisim.compare(scenario, names, seeds=2, jobs=1, command=HOSTILE), path)
    page = drawn(path)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title() == f"{HOSTILE}: omnisim comparison"
    assert HOSTILE in column(page, "leaderboard-table", "forecaster")
    assert page.locator(".plot svg a").count() == 0
    # Those of the page, and the bundle once it is inflated.
    assert page.locator("script").count() == path.read_text(encoding="utf-8").count("<script") + 1
