"""The page of a study in a browser."""

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

pytestmark = pytest.mark.browser


def test_the_page_is_drawn_quietly_and_fits(fitting, written) -> None:
    page = fitting(written.folder / "report.html")
    # A chart that would show too little of the quick variant has a sentence in its place.
    assert page.locator("figure").count() + page.locator("p.instead", has_text="Not drawn, because").count() == 5

    figure = page.locator("#figure-violation")
    before = figure.locator("figcaption").inner_text()
    figure.locator("select").select_option(index=1)
    expect(figure.locator("figcaption")).not_to_have_text(before)

    head = page.locator("#table-regret_slopes thead th", has_text="swap regret on all")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
