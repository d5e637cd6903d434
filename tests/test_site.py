"""The site builds without a warning, asks the network for nothing, and what it links to is there."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from documents import ROOT

import omnisim
from omnisim.analysis.certificates import COLUMNS

pytestmark = pytest.mark.whole

pytest.importorskip("sphinx", reason="the extra docs is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "html"
    # In a process of its own: Sphinx changes the interpreter it runs in.
    done = subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", out.parent / "doctrees", ROOT / "docs", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out


class Page(HTMLParser):
    """What a page is made of, what it links to, its anchors, and references of ours that lead nowhere."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.needs: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.unresolved: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(str(found["id"]))
        if tag in ("script", "img", "iframe") and found.get("src"):
            self.needs.append(str(found["src"]))
        if tag == "link" and found.get("rel") in ("stylesheet", "icon") and found.get("href"):
            self.needs.append(str(found["href"]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "code" and "xref" in str(found.get("class")) and not any(name == "a" for name, _ in self.open):
            self.unresolved.append(str(found.get("class")))
        if tag not in ("img", "link", "meta", "br", "hr", "input", "wbr", "source", "path", "col"):
            self.open.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    # Reports of the gallery are files to open, and are tested where they are made.
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if "_downloads" not in path.parts}


def local(pages: dict[Path, Page]) -> Iterator[tuple[Path, str]]:
    for path, page in pages.items():
        for target in [*page.needs, *page.links]:
            if not urlsplit(target).scheme:
                yield path, target


def test_nothing_comes_from_the_network(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for needed in page.needs:
            assert not urlsplit(needed).netloc, f"{path}: {needed}"


def test_every_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    count = 0
    for path, target in local(pages):
        parts = urlsplit(target)
        to = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
        assert to.exists(), f"{path.name}: {target}"
        known = {each.resolve(): page for each, page in pages.items()}.get(to) if parts.fragment else None
        if known is not None and not target.startswith("#") and "searchindex" not in target:
            assert unquote(parts.fragment) in known.anchors, f"{path.name}: {target}"
            count += 1
    assert count > 100


def test_references_of_our_pages_are_found(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        if "python" not in path.relative_to(site).parts:
            assert page.unresolved == [], path.name


def is_class(module: object, name: str) -> bool:
    return inspect.isclass(getattr(module, name))


def test_every_public_name_is_in_the_reference(site: Path, pages: dict[Path, Page]) -> None:
    documented = set().union(*(page.anchors for page in pages.values()))
    names = {name for name in omnisim.__all__ if not name.startswith("_")}
    for family in (name for name in omnisim.__all__ if inspect.ismodule(getattr(omnisim, name))):
        names -= {family}
        module = getattr(omnisim, family)
        shown = [name for name in module.__all__ if inspect.isroutine(getattr(module, name)) or is_class(module, name)]
        names |= {f"{family}.{name}" for name in shown}
    assert {f"omnisim.{name}" for name in names} - documented == set()


def test_every_column_is_in_the_glossary() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    columns = set(COLUMNS) | set(small_analysis().columns)
    for column in columns - {"claim", "scope"}:
        assert re.search(rf"\b{column.replace('_', '[_ ]')}s?\b", text), column


def small_analysis() -> pd.DataFrame:
    scenario = omnisim.load_scenario("synthetic_seasonal", {"rounds": 3})
    return omnisim.analyze(omnisim.simulate(scenario)).agents


def test_every_page_of_the_manual_links_words_of_the_glossary(site: Path, pages: dict[Path, Page]) -> None:
    """Words are linked where they occur first, by docs/conf.py, and lead to entries that are there (tested above)."""
    without = {"glossary", "genindex", "search", "try", "how-to/cluster", "reference/python", "release", "samples"}
    for path, page in pages.items():
        name = path.relative_to(site).with_suffix("").as_posix()
        linked = [target for target in page.links if "glossary.html#term-" in target]
        if name not in without and not name.startswith("reference/python/"):
            assert linked, f"{name} links no word of the glossary"
        if name != "genindex":
            targets = [target for target in linked if "glossary.html#term-" in target]
            assert len(set(targets)) >= len(targets) / 2, f"{name} links the same words over and over"


def test_the_glossary_is_in_alphabetical_order_and_says_each_word_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{glossary\}\n(.*?)```", text, flags=re.DOTALL)
    words = [[line for line in block.splitlines() if line and not line.startswith(" ")] for block in blocks]
    assert [len(each) > 90 for each in words] == [True, True]
    for each in words:
        assert each == sorted(each, key=str.lower)
    every = [word.lower() for each in words for word in each]
    assert len(set(every)) == len(every)


def test_the_readme_links_to_every_page_that_is_not_below_another() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT / "docs").with_suffix("").as_posix()
        if name not in ("index", "tightness") and not name.startswith("reference/python/"):
            assert f"docs/{name}.md" in readme, f"README.md does not link to {name}"
            assert f"\n{name}\n" in index, f"index.md does not have {name}"


def test_the_tests_and_scripts_that_pages_name_are_there() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"\b(?:tests|docs)/[\w/-]+(?:\.\w+)?", path.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_the_table_of_bounds_is_what_its_command_makes() -> None:
    done = subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, ROOT / "docs" / "tightness.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout == (ROOT / "docs" / "tightness.md").read_text(encoding="utf-8")
