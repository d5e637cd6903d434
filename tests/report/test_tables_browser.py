"""The tables of a page: filters that mean their column, kept in the address, and saved so that nothing is run."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

TABLE = "agents-table"


@pytest.fixture
def drawn(drawn, written):
    """The same, of the report of an analysis, without most of its figures: tables know nothing of them."""
    return lambda analysis, **options: drawn(written(analysis), figures=(), **options)


@pytest.fixture
def fields(market, drawn):
    """The report of the market with the field below the head of any column, which is empty again afterwards."""
    used = []

    def field(title: str):
        page = drawn(market, looking=True)
        used.append(condition(page, title))
        assert used[-1].input_value() == ""
        return page, used[-1]

    yield field
    for each in used:
        each.fill("")


def condition(page, title: str):
    """The field below the head of a column."""
    page.locator(f".filters[data-for={TABLE}] [data-conditions]").evaluate(
        "b => b.getAttribute('aria-expanded') === 'true' || b.click()"
    )
    return page.locator(f"#{TABLE} .conditions input[aria-label='Filter {title}']")


def said(page) -> str:
    return page.locator(f".filters[data-for={TABLE}] output").inner_text()


def found_rows(page) -> int:
    return int(said(page).split()[0].replace(",", ""))


def saved(page, table: str = TABLE) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.locator(f".filters[data-for={table}] [data-save]").click()
    text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    assert "\r\n" in text
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("> 0.5", lambda v: v > 0.5),
        (">0.5", lambda v: v > 0.5),
        ("<= 0.5", lambda v: v <= 0.5),
        ("≤0.5", lambda v: v <= 0.5),
        ("0.25..0.75", lambda v: (v >= 0.25) & (v <= 0.75)),
        ("0.75 .. 0.25", lambda v: (v >= 0.25) & (v <= 0.75)),
        ("> 0.2 < 0.9", lambda v: (v > 0.2) & (v < 0.9)),
        ("-3..1", lambda v: (v >= -3) & (v <= 1)),
        ("<= -5", lambda v: v <= -5),
        ("> −5", lambda v: v > -5),
        ("1", lambda v: np.abs(v - 1) <= 0.5),
        ("= 0.3", lambda v: np.abs(v - 0.3) <= 0.05),
        ("> 1,000", lambda v: v > 1000),
        ("–", np.isnan),
    ],
)
def test_a_filter_means_the_numbers_of_its_column(text, wanted, fields, market) -> None:
    page, field = fields("CCV+ cost")
    values = np.array([float(f"{value:.5g}") for value in market.agents["ccv_positive"]])
    field.fill(text)
    with np.errstate(invalid="ignore"):
        assert found_rows(page) == int(np.sum(wanted(values)))


def test_whole_numbers_and_texts_of_a_column(drawn, market) -> None:
    page = drawn(market)
    condition(page, "agent").fill("12")
    assert found_rows(page) == int((market.agents["agent"] == 12).sum())
    condition(page, "agent").fill("2..4")
    condition(page, "subsequence").fill("HOT")
    expected = market.agents.query("agent >= 2 and agent <= 4 and subsequence == 'hot'")
    assert found_rows(page) == len(expected)
    assert {row[1] for row in saved(page)[1:]} == {"2", "3", "4"}


@pytest.mark.parametrize("text", ["abc", "> ", "1..", "1 to 2", "=> 3", "0,5"])
def test_what_is_not_understood_filters_nothing_and_says_so(text, fields, market) -> None:
    page, field = fields("CCV+ cost")
    field.fill(text)
    assert field.get_attribute("aria-invalid") == "true"
    assert f"“{text.strip()}” is not understood" in said(page)
    assert found_rows(page) == len(market.agents)
    field.fill("> 0")
    assert field.get_attribute("aria-invalid") is None


def test_filters_and_order_are_in_the_address(drawn, market) -> None:
    page = drawn(market)
    filters = page.locator(f".filters[data-for={TABLE}]")
    filters.locator("[data-filter=population]").select_option("makers")
    filters.locator("[data-filter=text]").fill("weekdays")
    condition(page, "agent").fill("<= 6")
    page.locator(f"#{TABLE} th", has_text="utility").first.locator("button").click()
    page.locator(".filters[data-for=certificates-table] [data-filter=population]").select_option("buyers")
    expect(page).to_have_url(re.compile(r"certificates-table\.population=buyers"))
    rows, text, address = page.locator(f"#{TABLE} tbody").inner_text(), said(page), page.url
    assert text == f"7 of {len(market.agents)} rows"

    # A link to a section keeps what is chosen.
    page.locator("nav a[href='#growth']").click()
    expect(page).to_have_url(re.compile(r"#growth\?.*agents-table\.population=makers"))
    assert said(page) == text

    # The address alone brings it back.
    page.goto("about:blank")
    page.goto(address)
    page.locator("html[data-drawn=true]").wait_for(state="attached")
    assert page.locator(f"#{TABLE} tbody").inner_text() == rows
    assert page.locator(f"#{TABLE} th", has_text="utility").first.get_attribute("aria-sort") == "descending"
    assert set(page.locator("#certificates-table tbody tr:visible td:first-child").all_inner_texts()) == {"buyers"}

    # Taken back, it is gone from the address too.
    filters.locator("[data-filter=population]").select_option("")
    filters.locator("[data-filter=text]").fill("")
    filters.locator("[data-conditions]").click()
    page.locator(".filters[data-for=certificates-table] [data-filter=population]").select_option("")
    expect(page).not_to_have_url(re.compile(r"population|text|where"))
    assert found_rows(page) == len(market.agents)


def test_an_address_with_names_that_are_not_there_is_no_trouble(quiet, written, market) -> None:
    path = written(market)
    page = quiet(path, figures=())
    page.goto(f"{path.as_uri()}#agents?agents-table.population=nobody&agents-table.sort=-nothing&agent=x/1&%F0=%")
    page.locator("html[data-drawn=true]").wait_for(state="attached")
    assert found_rows(page) == len(market.agents)


def test_what_is_saved_is_what_was_filtered_and_its_numbers_are_those_of_the_analysis(drawn, market) -> None:
    page = drawn(market)
    page.locator(f".filters[data-for={TABLE}] [data-filter=subsequence]").select_option("hot")
    heads, *rows = saved(page)
    expected = market.agents[market.agents["subsequence"] == "hot"].set_index(["population", "agent"])
    assert len(rows) == len(expected)
    place = heads.index("utility sum")
    for row in rows:
        wanted = expected.loc[(row[0], int(row[1])), "utility"]
        assert float(row[place]) == pytest.approx(wanted, rel=1e-4)


NAMES = ["=1+1", "+2", "-3", "@cmd", "\t=tab", "  =late", "\uff1dwide", 'a "quoted", name', "plain", "a\nb"]


def test_texts_that_a_spreadsheet_would_run_are_saved_as_texts(drawn, make) -> None:
    analysis = make(populations=dict.fromkeys(NAMES, 2), subsequences=("all", "=cmd|' /C calc'!A0"))
    page = drawn(analysis)
    for table in (TABLE, "distributions", "certificates-table"):
        rows = saved(page, table)
        texts = {cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.]+(e-?\d+)?|", cell)}
        assert not [text for text in texts if re.match(r"\s*[=+\-@\uff1d]|[\t\r\n]", text)], table
        # They are all there, whole.
        for name in NAMES if table == TABLE else ():
            guarded = name if name[0] in "ap" else f"'{name}"
            assert any(cell in (guarded, guarded.strip()) for cell in texts), name
    # Numbers below zero are numbers.
    heads, *rows = saved(page)
    values = [float(row[heads.index("CCV cost")]) for row in rows]
    assert min(values) < 0


def test_certificates_are_grouped_by_theorem_and_those_that_hold_are_folded(drawn, market, violated) -> None:
    page = drawn(market)
    theorems = list(dict.fromkeys(market.certificates["theorem"]))
    summaries = page.locator("#certificates-table summary").all_inner_texts()
    assert len(summaries) == len(theorems)
    for theorem in theorems:
        (told,) = [text for text in summaries if text.startswith(f"{theorem}:")]
        assert len(told) > len(theorem) + 20  # in words
    assert page.locator("#certificates-table details[open]").count() == 0
    # The formula is one click away.
    page.locator("#certificates-table summary").last.click()
    link = page.locator("#certificates-table details[open] a", has_text="Formula")
    link.click()
    formula = page.locator(link.get_attribute("href"))
    assert formula.locator(".formula").inner_text()
    assert formula.evaluate("e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.top < innerHeight }")
    # What a filter finds is unfolded.
    page.locator(".filters[data-for=certificates-table] [data-filter=text]").fill("makers")
    assert page.locator("#certificates-table details[open]").count() == len(theorems)
    page.locator(".filters[data-for=certificates-table] [data-filter=text]").fill("")
    assert page.locator("#certificates-table details[open]").count() == 1
    # What is violated is open and first.
    page = drawn(violated)
    first = page.locator("#certificates-table details").first
    assert first.get_attribute("open") is not None
    assert "1 violated" in first.locator("summary").inner_text()
