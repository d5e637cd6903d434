"""A report that somebody wrote: ``OMNISIM_REPORT=path pytest tests/report/test_given_report.py``."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def given():
    path = os.environ.get("OMNISIM_REPORT")
    if not path:
        pytest.skip("OMNISIM_REPORT names no report to open")
    return Path(path).resolve()


def test_it_is_drawn_without_noise_or_requests(browser, given):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    noise = []
    page.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda r: None if r.url in (given.as_uri(), "data:,") else noise.append(r.url))
    page.goto(given.as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn === 'true'", timeout=20_000)
    assert page.locator(".plot svg.main-svg").count() >= 5
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.locator("table tbody tr").count() > 10
    page.close()
    assert noise == []
