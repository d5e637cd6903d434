"""The page of a study in a browser."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_is_drawn_quietly_and_fits(browser, written, width: int) -> None:
    noise = []
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    address = (written.folder / "report.html").as_uri()
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda r: None if r.url in (address, "data:,") else noise.append(r.url))
    page.goto(address)
    page.wait_for_function("document.documentElement.dataset.drawn === 'true'", timeout=20_000)
    assert page.locator(".undrawn").count() == 0
    assert page.locator("figure").count() == 5
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width

    figure = page.locator("#figure-violation")
    before = figure.locator("figcaption").inner_text()
    figure.locator("select").select_option(index=1)
    page.wait_for_function("before => document.querySelector('#figure-violation figcaption').textContent !== before",
                           arg=before)  # fmt: skip

    head = page.locator("#table-regret_slopes thead th", has_text="swap regret on all")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    context.close()
    assert noise == []
