"""The page in a browser: drawn, quiet, usable with mouse, keyboard and phone."""

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def drawn(drawn, written):
    """The same, of the report of an analysis."""
    return lambda analysis, details=None, **options: drawn(written(analysis, **(details or {})), **options)


def rows(page, table, column):
    return page.locator(f"#{table} tbody tr td:nth-child({column + 1})").all_inner_texts()


def number(text):
    return float(text.replace(",", "").replace("−", "-").split()[0])


def header(page, table, title):
    titles = [text.split("\n")[0] for text in page.locator(f"#{table} thead th").all_inner_texts()]
    index = titles.index(title)
    return index, page.locator(f"#{table} thead th").nth(index)


def test_every_figure_is_drawn(drawn, market):
    page = drawn(market, looking=True)
    traces = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('figure')].map(f => [f.id.replace('figure-', ''),"
        " [f.querySelector('.plot').data.length, f.querySelectorAll('svg.main-svg').length]]))"
    )
    assert traces.pop("growth")[0] in (10, 11, 12)  # a guide where the final median is above zero
    assert {name: found[0] for name, found in traces.items()} == {
        "money": 3,
        "months": 1,
        "prices": 4,
        "forecast-errors": 2,
        "regrets": 24,
        "violations": 12,
        "eliminations": 9,
        "elimination-map": 3,
        "plays": 4,
        "agent-course": 7,
        "agent-schedules": 6,
        "certificate-ratios": 4,
    }
    assert all(found[1] > 0 for found in traces.values())


def test_choosing_a_variant_redraws_figure_and_texts(drawn, market):
    page = drawn(market, figures=["plays"])
    figure = page.locator("#figure-plays")
    before = figure.locator(".plot").get_attribute("aria-label")
    figure.locator("select").select_option(label="operators")
    expect(figure.locator("figcaption")).to_contain_text("operators:")
    assert figure.locator(".plot").get_attribute("aria-label") != before


def test_table_of_agents_sorts_and_filters(drawn, market):
    page = drawn(market, figures=())
    table = "agents-table"
    column, head = header(page, table, "money")
    assert head.get_attribute("aria-sort") == "ascending"
    found = [number(text) for text in rows(page, table, column)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(market.value["gain"].min(), rel=1e-4)

    column, head = header(page, table, "utility")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    found = [number(text) for text in rows(page, table, column)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(market.agents["utility"].min(), rel=1e-4)

    filters = page.locator(f".filters[data-for={table}]")
    filters.locator("[data-filter=population]").select_option("operators")
    filters.locator("[data-filter=subsequence]").select_option("hot")
    assert filters.locator("output").inner_text() == f"5 of {len(market.agents)} rows"
    assert set(rows(page, table, 0)) == {"operators"}
    assert set(rows(page, table, 2)) == {"hot"}
    filters.locator("[data-filter=text]").fill("nothing like it")
    assert rows(page, table, 0) == []


def test_table_of_agents_turns_pages(drawn, market):
    page = drawn(market, figures=())
    total = len(market.agents)
    pager = page.locator(".pager")
    assert pager.inner_text().split("\n")[0].startswith("Previous")
    pager.get_by_text("Next").click()
    assert f"21 to 40 of {total}" in pager.inner_text()
    pager.get_by_text("Previous").click()
    assert f"1 to 20 of {total}" in pager.inner_text()


def test_written_tables_sort_and_filter(drawn, market):
    page = drawn(market, figures=())
    column, head = header(page, "distributions", "agents")
    head.locator("button").click()
    found = [number(text) for text in rows(page, "distributions", column)]
    assert found == sorted(found, reverse=True)
    page.locator(".filters[data-for=certificates-table] [data-filter=population]").select_option("buyers")
    assert set(rows(page, "certificates-table", 0)) == {"buyers"}


def test_readable_on_a_phone(drawn, market):
    page = drawn(market, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('svg.main-svg')].map(s => s.clientWidth))")
    assert widest <= 390


MAP = """
(() => { const plot = document.querySelector('#figure-months .plot'); const [map] = plot.data;
  const {xaxis, yaxis} = plot.layout; const found = {};
  map.text.forEach((row, i) => row.forEach((text, j) => {
    found[[xaxis.ticktext[j], yaxis.ticktext[i]].sort()] = [text, map.z[i][j], map.customdata[i][j]] }));
  const sizes = [...plot.querySelectorAll('.heatmaplayer text')].map(t => parseFloat(getComputedStyle(t).fontSize));
  return [found, sizes, [yaxis.ticktext.length, xaxis.ticktext.length], plot.clientHeight] })()
"""
"""Cells of the map of months by what they are of, the sizes of their numbers, rows and columns, and the height."""


def test_a_map_of_months_is_turned_on_a_phone_where_it_could_not_be_read(drawn, make):
    analysis = make(populations={"buyers": 3, "operators": 2}, rounds=420, dates=True, currency="EUR")
    wide = drawn(analysis, figures=["months"], viewport={"width": 1440, "height": 844}).evaluate(MAP)
    phone = drawn(analysis, figures=["months"], viewport={"width": 390, "height": 844}).evaluate(MAP)
    assert wide[2][0] == 2
    assert phone[2] == wide[2][::-1]
    assert len(phone[0]) == wide[2][0] * wide[2][1]
    assert phone[0] == wide[0]
    for of, (text, _, told) in phone[0].items():
        month, name = of.split(",")
        assert told.startswith(f"{name}, {month}: ")
        assert text
    assert len(phone[1]) == len(phone[0])
    assert min(phone[1]) >= 9
    assert phone[3] > 20 * phone[2][0]


def test_a_map_of_few_months_stands_as_it_is_on_a_phone(drawn, make):
    analysis = make(populations={"buyers": 3, "operators": 2}, rounds=100, dates=True, currency="EUR")
    _, sizes, shape, _ = drawn(analysis, figures=["months"], viewport={"width": 390, "height": 844}).evaluate(MAP)
    assert shape[0] == 2
    assert min(sizes) >= 9


PARTS = """
[...document.querySelectorAll('main .scroll tbody td:first-child')].filter(td => td.offsetParent).flatMap(td => {
  const found = []; const texts = document.createTreeWalker(td, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    for (const part of texts.currentNode.data.matchAll(/[^ _(=]+[_(=]?/g)) {
      range.setStart(texts.currentNode, part.index); range.setEnd(texts.currentNode, part.index + part[0].length);
      found.push([td.closest('table').id, part[0], new Set([...range.getClientRects()].map(r => r.top)).size]) } }
  return found })
"""
"""Parts of names in first columns: the table, the part, and on how many lines it stands."""


def test_names_go_on_in_another_line_after_their_parts(drawn, make):
    populations = {"ridge_autoregression": 3, "persistence(lag=7)": 2, "HouseholdsWithHeatpump": 1}
    analysis = make(populations=populations, dates=True, currency="EUR")
    found = drawn(analysis, figures=(), viewport={"width": 390, "height": 844}).evaluate(PARTS)
    assert {"agents-table", "distributions", "worth-table"} <= {table for table, *_ in found}
    assert {part for _, part, _ in found} >= {"ridge_", "autoregression", "persistence", "Heatpump"}
    assert [each for each in found if each[2] > 1] == []


@pytest.mark.parametrize(("populations", "whole"), [(12, True), (40, False)])
def test_the_table_of_the_verdict_is_whole_unless_it_is_long(drawn, make, populations, whole):
    analysis = make(
        populations={f"p{k}": 1 for k in range(populations)}, dates=True, currency="EUR", subsequences=("all",)
    )
    page = drawn(analysis, figures=(), viewport={"width": 390, "height": 400})
    (below,) = page.evaluate(
        "[...document.querySelectorAll('.verdict .scroll')].map(s => s.scrollHeight - s.clientHeight)"
    )
    assert (below <= 1) == whole


def test_hostile_names_stay_text(drawn, make):
    analysis = make(
        populations={HOSTILE: 3, "<b>b</b>": 2},
        subsequences=("all", HOSTILE),
        action_names=[HOSTILE, "<a href='javascript:alert(2)'>x</a>", "c", "d"],
        load=True,
        about={"scenario": HOSTILE, "description": HOSTILE},
    )
    page = drawn(analysis, {"command": HOSTILE})
    assert page.locator("h1").inner_text() == HOSTILE
    assert HOSTILE in rows(page, "agents-table", 0)
    assert page.locator("#figure-plays svg a").count() == 0
    assert "<script>alert(1)</" in page.locator("#figure-plays svg .legend").first.inner_html().replace(
        "&lt;", "<"
    ).replace("&gt;", ">")


def test_names_of_any_length_keep_the_page_narrow(drawn, make):
    name = "w" * 300
    analysis = make(populations={name: 2}, subsequences=("all", name + "2"), about={"scenario": name})
    page = drawn(analysis, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_a_browser_that_cannot_inflate_says_so(quiet, written, market):
    page = quiet(written(market), prepare="delete window.DecompressionStream")
    page.wait_for_selector("#no-figures:visible")
    assert page.locator(".undrawn").count() == 13
    assert len(rows(page, "agents-table", 0)) == 20


@pytest.mark.parametrize(
    "least",
    [
        {"populations": {"a": 1}, "actions": 1, "dimension": 1, "constraints": 0, "rounds": 1},
        {"populations": {"a": 3, "b": 2}, "clean": 0.0, "load": True},
    ],
    ids=["one of each", "all empty"],
)
def test_the_least_of_runs_is_drawn_quietly(least, drawn, make):
    page = drawn(make(**least))
    assert page.locator("svg.main-svg").count() > 0


def test_ten_thousand_agents_are_drawn(drawn, make):
    page = drawn(make(populations={"a": 5000, "b": 5000}, actions=8, rounds=40, load=True))
    assert page.locator("svg.main-svg").count() > 0


def test_printed_figures_fit_the_paper(drawn, market):
    page = drawn(market, figures=["prices", "regrets"])
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#figure-prices svg.main-svg").first).to_have_attribute("width", "660")
    assert page.locator("nav").is_hidden()
