"""A browser for the tests of pages, and what all property tests agree on."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from examples import Suite
from hypothesis import settings

# Loops are compiled at their first use, which may be in any example: time says nothing about a property.
settings.register_profile("omnisim", deadline=None)
settings.load_profile("omnisim")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--minutes",
        type=float,
        help="leave out tests that have not begun after so many minutes; files come in an order that mixes the areas",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BEGUN] = time.monotonic()
    expression = str(config.option.markexpr)
    Suite.long = "long" in expression and "not long" not in expression


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        # All examples of what the quick suite tries on a sample.
        if Suite.long and item.get_closest_marker("sampled"):
            item.add_marker("long")
    if config.getoption("--minutes") is not None:
        # The same order everywhere, in which no area always comes last.
        items.sort(key=lambda item: hashlib.sha256(item.nodeid.partition("::")[0].encode()).digest())


def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--minutes")
    if minutes is not None and time.monotonic() - item.config.stash[BEGUN] > 60 * minutes:
        pytest.skip(f"more than {minutes:g} minutes have passed")


BEGUN = pytest.StashKey[float]()
"""When the session began, in seconds of a clock that never goes back."""

LAUNCH = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(names)} is on the path")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=LAUNCH)
        yield opened
        opened.close()


@pytest.fixture
def quiet(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page in a browser; afterwards nothing must have been logged, asked for or thrown."""
    contexts: list[Any] = []
    noise: list[str] = []

    def visit(path: Path, prepare: str | None = None, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("dialog", lambda dialog: noise.append(f"dialog: {dialog.message}"))
        # What the page made itself and holds in memory is no request to anybody.
        own = (path.as_uri(), "data:,")
        page.on("request", lambda r: None if r.url in own or r.url.startswith("blob:") else noise.append(r.url))
        if prepare:
            page.add_init_script(prepare)
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert noise == []


@pytest.fixture
def drawn(quiet: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page with figures in a browser, and wait until all of them are drawn."""

    def visit(path: Path, *arguments: Any, **options: Any) -> Any:
        page = quiet(path, *arguments, **options)
        # The page's policy forbids what waiting for a JavaScript condition would need.
        page.locator("html[data-drawn=true]").wait_for(state="attached", timeout=60_000)
        assert page.locator(".undrawn").count() == 0
        return page

    return visit


@pytest.fixture(params=[1200, 390], ids=["screen", "phone"])
def fitting(drawn: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """Open a page with figures on a screen and on a telephone: it must be no wider than either."""

    def visit(path: Path) -> Any:
        page = drawn(path, viewport={"width": request.param, "height": 844})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= request.param
        return page

    return visit
