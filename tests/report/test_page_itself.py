"""What every page promises whoever reads it, whatever it is about: in a browser, page by page."""

import csv
import io
import re
from functools import partial
from pathlib import Path

import pytest
from examples import Suite
from report_pages import PAGES
from report_pages import page as page_of

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

expect = sync_api.expect

QUICK = ("run with a certified forecaster", "comparison")
"""Pages that are opened in every run of the tests; the others in the long suite."""

KINDS = [pytest.param(kind, marks=() if kind in QUICK else pytest.mark.long) for kind in PAGES]

OPENED_ANEW = [pytest.param(kind, marks=() if kind == "comparison" else pytest.mark.long) for kind in PAGES]
"""For tests that each open a page for themselves: in every run of the tests the one that is drawn soonest."""

pytestmark = [pytest.mark.browser, pytest.mark.sampled]

every_kind = pytest.mark.parametrize("kind", KINDS)

one_kind = pytest.mark.parametrize("kind", OPENED_ANEW)

SOME = ("money", "regrets", "plays", "growth", "certificate-ratios")
"""Figures of a run that are drawn in every run of the tests; the others in the long suite."""

SCREEN = {"viewport": {"width": 1440, "height": 844}}
"""Of those who only look, so that they share a tab."""

SENDS = re.compile("share|cloud|upload|send|studio|edit|plotly\\.com", re.IGNORECASE)


@pytest.fixture
def drawn(drawn, kind):
    """The same, of a run with some figures."""
    return partial(drawn, figures=SOME if kind.startswith("run") and not Suite.long else None)


class TestNothingLeavesThePage:
    @every_kind
    def test_figures_have_these_buttons_and_no_others(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        bars = page.locator(".plot .modebar")
        assert bars.count() == page.locator(".plot:visible .svg-container").count()
        for index in range(bars.count()):
            buttons = bars.nth(index).locator(".modebar-btn")
            names = [buttons.nth(i).get_attribute("data-title") for i in range(buttons.count())]
            assert set(names) == {"Zoom", "Pan", "Reset axes", "Download plot as a PNG"}

    @every_kind
    def test_no_button_or_link_leads_anywhere_else(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        said = page.evaluate(
            "[...document.querySelectorAll('button, a, [role=button], input[type=submit], form')].map(e => [e.tagName,"
            " e.textContent, e.getAttribute('aria-label'), e.dataset.title, e.getAttribute('href')].join(' '))"
        )
        assert said
        assert not [text for text in said if SENDS.search(text)]
        links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
        assert all(link.startswith("#") for link in links)

    @one_kind
    def test_pressing_every_button_asks_for_nothing(self, kind, drawn) -> None:
        # The fixture listens for requests, dialogs and messages.
        page = drawn(page_of(kind))
        opened = []
        page.context.on("page", lambda other: opened.append(other.url))
        pressed = page.evaluate(
            "(() => { const all = [...document.querySelectorAll('button')]; all.forEach(b => b.click());"
            " return all.length })()"
        )
        page.wait_for_timeout(300)
        assert pressed > 4
        assert opened == []

    @every_kind
    def test_the_policy_lets_no_text_become_code_and_the_page_is_drawn_under_it(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
        assert "unsafe-eval" not in policy
        assert "default-src 'none'" in policy
        assert page.locator(".plot .main-svg").count() > 0

    @every_kind
    def test_a_figure_is_saved_as_a_picture(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        figure = page.locator(".plot:visible").first
        figure.scroll_into_view_if_needed()
        figure.hover()
        with page.expect_download() as waiting:
            figure.locator("[data-title^=Download]").click()
        content = Path(waiting.value.path()).read_bytes()
        assert waiting.value.suggested_filename.endswith(".png")
        assert content[:8] == b"\x89PNG\r\n\x1a\n"


class TestItFits:
    @every_kind
    def test_a_wide_screen_is_used(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        widths = page.evaluate("[...document.querySelectorAll('main .scroll')].map(s => s.clientWidth).filter(Boolean)")
        assert min(widths) >= 1300
        # Figures stand beside each other, or take all of the width.
        rows = page.evaluate(
            "[...document.querySelectorAll('.figures')].filter(f => f.children.length)"
            ".map(f => [f.getBoundingClientRect().width,"
            " Math.max(...[...f.children].map(c => c.getBoundingClientRect().right)) - f.getBoundingClientRect().left])"
        )
        assert all(used >= 0.95 * width >= 1200 for width, used in rows if used)

    @every_kind
    @pytest.mark.parametrize("width", [390, 1440])
    def test_titles_legends_and_labels_are_whole(self, kind, width, drawn) -> None:
        page = drawn(page_of(kind), looking=True, viewport={"width": width, "height": 844})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        cut = page.evaluate(CUT)
        assert cut == []

    @every_kind
    def test_every_choice_fits_a_phone(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, viewport={"width": 390, "height": 844})
        selects = page.locator("figure .choice select")
        for index in range(selects.count()):
            choices = selects.nth(index).locator("option").count()
            for option in range(1, min(choices, 5)):
                selects.nth(index).select_option(index=option)
        page.wait_for_timeout(500)
        cut = page.evaluate(CUT)
        for index in range(selects.count()):
            selects.nth(index).select_option(index=0)
        assert cut == []

    @every_kind
    def test_the_table_of_the_verdict_says_that_it_goes_on(self, kind, drawn) -> None:
        page = drawn(page_of(kind), viewport={"width": 390, "height": 844}, looking=True)
        found = page.evaluate(
            "[...document.querySelectorAll('main .verdict .scroll')].map(s => ["
            " getComputedStyle(s).backgroundAttachment, getComputedStyle(s).getPropertyValue('--ground').trim(),"
            " getComputedStyle(s.closest('.verdict')).backgroundColor])"
        )
        assert len(found) == (0 if kind == "study" else 1)
        for attached, ground, colour in found:
            assert attached == "local, scroll"
            red, green, blue = (int(ground[place : place + 2], 16) for place in (1, 3, 5))
            assert colour == f"rgb({red}, {green}, {blue})"

    @every_kind
    def test_the_first_column_stays_on_a_phone(self, kind, drawn) -> None:
        page = drawn(page_of(kind), viewport={"width": 390, "height": 844}, looking=True)
        folds = "document.querySelectorAll('details:not([open])')"
        page.evaluate(f"{folds}.forEach(d => {{ d.open = true; d.dataset.folded = '' }})")
        moved = page.evaluate(
            "[...document.querySelectorAll('main .scroll')].filter(s => s.scrollWidth > s.clientWidth + 5).map(s => {"
            " const cells = [s.querySelector('thead tr').cells[0], s.querySelector('tbody tr').cells[0]];"
            " const before = cells.map(c => c.getBoundingClientRect().left); s.scrollLeft = 5000;"
            " const other = s.querySelector('tbody tr').cells[2].getBoundingClientRect().left;"
            " return [s.scrollLeft, ...cells.map((c, i) => c.getBoundingClientRect().left - before[i])] })"
        )
        page.evaluate(
            "document.querySelectorAll('details[data-folded]')"
            ".forEach(d => { d.open = false; delete d.dataset.folded });"
            " document.querySelectorAll('main .scroll').forEach(s => { s.scrollLeft = 0 })"
        )
        assert moved
        for scrolled, *shifts in moved:
            assert scrolled > 0
            assert all(abs(shift) < 2 for shift in shifts)


CUT = """
[...document.querySelectorAll('.plot')].filter(plot => plot.offsetParent).flatMap(plot => {
  const frame = plot.getBoundingClientRect();
  const wrong = [...plot.querySelectorAll('svg.main-svg text')].filter(text => {
    if (!text.textContent.trim() || text.closest('.hoverlayer, .modebar')) return false;
    const box = text.getBoundingClientRect();
    return box.width && (box.left < frame.left - 1.5 || box.right > frame.right + 1.5
      || box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5);
  }).map(text => text.textContent);
  const bars = [...plot.querySelectorAll('.legend .scrollbar')]
    .filter(bar => Number(bar.getAttribute('height')) > 0).map(() => 'a legend that scrolls');
  return [...wrong, ...bars].map(text => `${plot.closest('figure').id}: ${text}`);
})
"""


class TestTables:
    @every_kind
    def test_nothing_is_called_all_twice(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        options = page.evaluate(
            "[...document.querySelectorAll('select')].map(s => [...s.options].map(o => o.textContent.trim()))"
        )
        for names in options:
            assert len(set(names)) == len(names)

    @every_kind
    def test_every_table_is_saved_as_it_is_shown(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        for index in range(page.locator("[data-save]").count()):
            button = page.locator("[data-save]").nth(index)
            table = button.locator("xpath=..").get_attribute("data-for")
            with page.expect_download() as waiting:
                button.click()
            assert waiting.value.suggested_filename.endswith(f"-{table}.csv")
            text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
            rows = list(csv.reader(io.StringIO(text)))
            said = page.locator(f".filters[data-for={table}] output").inner_text()
            assert len(rows) - 1 == int(said.split()[0].replace(",", ""))
            heads = page.evaluate(
                "id => [...document.getElementById(id).closest('div, table').querySelector('thead tr').cells]"
                ".map(c => c.textContent.replace(/\\u00ad/g, '').replace(/\\s+/g, ' ').trim())",
                table,
            )
            assert rows[0] == heads
            assert all(len(row) == len(heads) for row in rows)

    @one_kind
    def test_on_paper_every_row_is_there_or_the_page_says_where(self, kind, drawn) -> None:
        page = drawn(page_of(kind), viewport={"width": 690, "height": 1000})
        expected = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('.filters')].map(f => [f.dataset.for,"
            " parseInt(f.querySelector('output').textContent.replace(/,/g, ''))]))"
        )
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for table, rows in expected.items():
            shown = page.locator(f"#{table} tbody tr:visible").count()
            if shown < rows:
                note = page.locator(f".on-paper[data-for={table}]")
                assert note.is_visible()
                assert "agents.parquet" in note.inner_text()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 690


class TestEverybody:
    @one_kind
    def test_every_table_is_few_presses_of_tab_away_and_arrow_keys_reach_its_controls(self, kind, drawn) -> None:
        page = drawn(page_of(kind))
        tables = set(page.evaluate("[...document.querySelectorAll('.filters')].map(f => f.dataset.for)"))
        reached = {}
        for presses in range(1, 30):
            page.keyboard.press("Tab")
            at = page.evaluate(
                "document.activeElement.closest('[data-table]')?.id"
                " ?? document.activeElement.closest('table')?.id ?? null"
            )
            if at:
                reached.setdefault(at, presses)
        assert tables <= set(reached), reached
        filters = page.locator(".filters").first
        controls = filters.locator("select:visible, input:visible, button:visible")
        controls.first.focus()
        for index in range(1, controls.count()):
            page.keyboard.press("ArrowRight")
            assert controls.nth(index).evaluate("e => e === document.activeElement")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('th') !== null")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('th').cellIndex") == 1
        assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") != "none"

    @one_kind
    def test_a_dark_preference_is_honoured(self, kind, drawn) -> None:
        page = drawn(page_of(kind), color_scheme="dark")
        found = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,"
            " ...[...document.querySelectorAll('.plot .main-svg text')].slice(0, 400)"
            ".filter(t => t.closest('.xtick, .ytick, .g-xtitle, .legendtext, .annotation-text') || "
            " /tick|title|legendtext|annotation/.test(t.getAttribute('class') + t.parentNode.getAttribute('class')))"
            ".map(t => getComputedStyle(t).fill)]"
        )
        background, *inks = [luminance(colour) for colour in found]
        assert background < 0.02
        assert len(inks) > 5
        assert min((ink + 0.05) / (background + 0.05) for ink in inks) > 4.5
        # On paper it is light whatever the screen.
        page.emulate_media(media="print", color_scheme="light")
        assert luminance(page.evaluate("getComputedStyle(document.body).color")) < 0.05

    @one_kind
    def test_a_change_of_mind_redraws_the_figures(self, kind, drawn) -> None:
        page = drawn(page_of(kind))
        plot = page.locator(".plot:visible").first
        assert plot.evaluate("p => p.layout.paper_bgcolor") == "#ffffff"
        page.emulate_media(color_scheme="dark")
        expect(plot.locator(".main-svg").first).to_have_css("background-color", "rgb(19, 24, 29)")

    @every_kind
    def test_every_section_has_a_link_to_copy(self, kind, drawn) -> None:
        page = drawn(page_of(kind), looking=True, **SCREEN)
        sections = page.evaluate("[...document.querySelectorAll('main section')].map(s => s.id)")
        links = page.evaluate("[...document.querySelectorAll('h2 a.anchor')].map(a => a.getAttribute('href'))")
        assert links == [f"#{name}" for name in sections]
        last = page.locator("h2 a.anchor").last
        last.click()
        expect(page).to_have_url(re.compile(f"{links[-1]}$"))
        assert page.locator(f"{links[-1]} h2").evaluate("e => e.getBoundingClientRect().top < innerHeight")


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
