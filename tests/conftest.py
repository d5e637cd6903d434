"""A browser for the tests of pages, and what all property tests agree on."""

import contextlib
import gc
import importlib
import json
import shutil
import time
from collections.abc import Callable, Collection, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from commands import ENOUGH
from examples import Suite, are_beyond, turned
from hypothesis import settings

# Loops are compiled at their first use, which may be in any example: time says nothing about a property. Examples are
# the same in every run, so that a failure is of the change that it is seen at.
settings.register_profile("omnisim", deadline=None, derandomize=True)
settings.load_profile("omnisim")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--minutes",
        type=float,
        help="leave out tests that have not begun after so many minutes; files come in an order that mixes the areas",
    )
    parser.addoption(
        "--turn",
        default="",
        help="with --minutes: files come in another order for every such word, so that in time all are run",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BEGUN] = time.monotonic()
    expression = str(config.option.markexpr)
    Suite.long = "long" in expression and "not long" not in expression


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker("whole")
        if item.get_closest_marker("whole"):
            item.add_marker("long")
        # All examples of what the quick suite tries on a sample.
        if Suite.long and item.get_closest_marker("sampled"):
            item.add_marker("long")
    thinned = [item for item in items if item.get_closest_marker("one_in") and not item.get_closest_marker("long")]
    shares = [(item.nodeid.partition("[")[0], *item.get_closest_marker("one_in").args) for item in thinned]
    for item, beyond in zip(thinned, are_beyond(shares), strict=True):
        if beyond:
            item.add_marker("long")
    if config.getoption("--minutes") is not None:
        # The same order everywhere for one word, in which no area always comes last.
        items.sort(key=lambda item: turned(item.nodeid.partition("::")[0], config.getoption("--turn")))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay until the end: the collector of garbage need not go through them again and again.

    Since it does not count them, it would go through what remains after every few tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 25, 25)
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests of a file to one process, and those of some files together: what they share is computed once.

    Benchmarks share nothing.
    """
    from xdist.scheduler import LoadFileScheduling

    class Sharing(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            if file == "tests/benchmarks/test_quick.py":
                return nodeid
            return next((what for what, files in SHARED.items() if file in files), file)

    return Sharing(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--minutes")
    if minutes is not None and time.monotonic() - item.config.stash[BEGUN] > 60 * minutes:
        pytest.skip(f"more than {minutes:g} minutes have passed")


SHARED = {
    "pages in a browser": {
        f"tests/report/test_{name}.py" for name in ("agents_browser", "axe", "browser", "page_itself", "tables_browser")
    },
    "trees of the modules": {f"tests/test_{name}.py" for name in ("architecture", "docstrings", "portable")},
    "the small comparison": {f"tests/comparison/test_{name}.py" for name in ("comparison", "growth_of")},
    "a comparison under two rules": {
        f"tests/report/comparison/test_{name}.py"
        for name in ("comparison_tables", "drawn_numbers", "left_out", "other_lengths")
    },
    "what a few forecasts are worth": {
        f"tests/value/test_{name}.py"
        for name in ("command", "kept", "measures", "pairs", "probabilistic", "risk", "worth")
    },
}
"""Files whose tests look at the same thing, which one process makes."""

BEGUN = pytest.StashKey[float]()
"""When the session began, in seconds of a clock that never goes back."""


@pytest.fixture(scope="module")
def without_pages() -> Iterator[dict[ModuleType, Callable[..., bytes]]]:
    """Pages of runs and comparisons are hardly more than a title, where tests are not about them.

    Drawing one takes longer than all else that a command does on a few days. What draws them is not called: what is
    found out while a page is drawn is not found out: by the long suite it is, which draws them.
    """
    if Suite.long:
        yield {}
        return
    page = b"<!doctype html>\n<title>Not drawn</title>\n</html>\n"
    with contextlib.ExitStack() as patches:
        modules = [importlib.import_module(f"omnisim.report.{kind}.page") for kind in ("run", "comparison")]
        drawing = {module: module.render for module in modules}
        for module in modules:
            patches.enter_context(mock.patch.object(module, "render", lambda *_, **__: page))
        yield drawing


@pytest.fixture
def with_pages(without_pages: dict[ModuleType, Callable[..., bytes]]) -> Iterator[None]:
    """Pages are drawn in a test among others that draw none."""
    with contextlib.ExitStack() as patches:
        for module, drawing in without_pages.items():
            patches.enter_context(mock.patch.object(module, "render", drawing))
        yield


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
    sync_api.expect.set_options(timeout=1000 * ENOUGH)
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=LAUNCH)
        yield opened
        opened.close()


ONLY = """
new MutationObserver(() => document.querySelectorAll("figure[data-figure]").forEach((figure) => {
  if (!NAMES.includes(figure.dataset.figure)) figure.removeAttribute("data-figure");
})).observe(document, { childList: true, subtree: true });
"""
"""A script that has the page take all figures but those of some names for mere text. Drawing takes most of the time."""


class Tab:
    """A page of the browser, and what was logged, asked for or thrown since a document was opened in it."""

    def __init__(self, browser: Any, prepare: str | None = None, **options: Any) -> None:
        self.noise: list[str] = []
        self.page = browser.new_context(**options).new_page()
        self.page.set_default_timeout(1000 * ENOUGH)  # no machine is too slow
        self.scheme = options.get("color_scheme", "light")
        self.own: tuple[str, ...] = ()
        self.page.on("console", lambda message: self.noise.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("dialog", lambda dialog: self.noise.append(f"dialog: {dialog.message}"))
        # What the page made itself and holds in memory is no request to anybody.
        self.page.on("request", self._asked)
        if prepare:
            self.page.add_init_script(prepare)

    def _asked(self, request: Any) -> None:
        if request.url not in self.own and not request.url.startswith("blob:"):
            self.noise.append(request.url)

    def open(self, path: Path) -> Any:
        """Open a file anew; nothing is left of what was done to the tab before."""
        self.page.emulate_media(media="null", color_scheme=self.scheme)
        self.page.mouse.move(0, 0)
        self.noise.clear()
        self.own = (path.as_uri(), "data:,")
        self.page.goto(path.as_uri())
        return self.page

    def close(self) -> None:
        self.page.context.close()


MOST_TABS = 6
"""So many are kept open for those who only look."""


class Tabs:
    """Tabs of one browser. Starting one costs more than opening a document in one that is there, so they are kept."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.for_anything: dict[str, Tab] = {}
        self.for_looking: dict[tuple[Path, str], Tab] = {}

    def anew(self, path: Path, prepare: str | None, options: dict[str, Any]) -> Tab:
        """A tab in which the file has just been opened, to do anything with."""
        key = repr((prepare, sorted(options.items())))
        if key not in self.for_anything:
            self.for_anything[key] = Tab(self.browser, prepare, **options)
        tab = self.for_anything[key]
        tab.open(path)
        return tab

    def looked_at(self, path: Path, prepare: str | None, options: dict[str, Any]) -> Tab:
        """A tab that shows the file; nobody does more than look, scroll and save."""
        key = (path, repr((prepare, sorted(options.items()))))
        tab = self.for_looking.pop(key, None)
        if tab is None:
            tab = Tab(self.browser, prepare, **options)
            tab.open(path)
        self.for_looking[key] = tab
        if len(self.for_looking) > MOST_TABS:
            self.for_looking.pop(next(iter(self.for_looking))).close()
        return tab


@pytest.fixture(scope="session")
def tabs(browser: Any) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def quiet(tabs: Tabs) -> Iterator[Callable[..., Any]]:
    """Open a page in a browser; afterwards nothing must have been logged, asked for or thrown.

    With ``looking`` it may be open already: such a test leaves the page as it was, but for where it is scrolled to.
    Where ``figures`` are named, no others are drawn. ``prepare`` is a script that runs before those of the page.
    """
    used: list[Tab] = []

    def visit(
        path: Path,
        *,
        prepare: str | None = None,
        looking: bool = False,
        figures: Collection[str] | None = None,
        **options: Any,
    ) -> Any:
        if figures is not None:
            prepare = (prepare or "") + ONLY.replace("NAMES", json.dumps(sorted(figures)))
        used.append((tabs.looked_at if looking else tabs.anew)(path, prepare, options))
        return used[-1].page

    yield visit
    assert [noise for tab in used for noise in tab.noise] == []


@pytest.fixture
def drawn(quiet: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page with figures in a browser, and wait until all of them are drawn, or those that are named."""

    def visit(path: Path, *, figures: Collection[str] | None = None, **options: Any) -> Any:
        page = quiet(path, figures=figures, **options)
        # The page's policy forbids what waiting for a JavaScript condition would need.
        page.locator("html[data-drawn=true]").wait_for(state="attached")
        assert page.locator("figure[data-figure] .undrawn").count() == 0
        assert figures is not None or page.locator(".undrawn").count() == 0
        return page

    return visit


@pytest.fixture(params=[pytest.param(1200, marks=pytest.mark.long, id="screen"), pytest.param(390, id="phone")])
def fitting(drawn: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """Open a page with figures on a telephone and, in the long suite, on a screen: it must be no wider than either."""

    def visit(path: Path) -> Any:
        page = drawn(path, viewport={"width": request.param, "height": 844})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= request.param
        return page

    return visit
