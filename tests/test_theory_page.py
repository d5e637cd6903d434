"""The page of theory leaves out no statement of the papers, and what it names is there.

The lists below are those of the papers, by hand; the slides on panprediction number nothing.
"""

import importlib
import re
from collections.abc import Iterator

import pytest
from documents import ROOT

from omnisim.report.theorems import THEOREMS

PAGE = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")

TIGHTNESS = (ROOT / "docs" / "tightness.md").read_text(encoding="utf-8")

SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))

STATEMENTS = {
    "Online omniprediction with long-term constraints": {
        "Theorem": range(1, 14),
        "Proposition": range(1, 5),
        "Corollary": range(1, 13),
        "Lemma": range(1, 10),
        "Algorithm": range(1, 6),
    },
    "Sample-efficient omniprediction for proper losses": {
        "Theorem": (1, 5, 9, 11, 17, 18),
        "Proposition": (2, 3, 4, 12, 13, 14),
        "Lemma": (6, 7, 8, 10, 15, 16),
        "Algorithm": range(1, 6),
    },
}

UNCERTIFIED_ON_PRICES = {"Proposition 2", "Proposition 4"}
"""About the law of outcomes, which is unknown on real prices."""


def rows(text: str) -> Iterator[list[str]]:
    """Cells of the rows of all tables whose last column is a test."""
    wanted = False
    for line in text.splitlines():
        if not line.startswith("|"):
            wanted = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells[-1] == "test":
            wanted = True
        elif wanted and not line.startswith("|---"):
            yield cells


def named(text: str) -> set[str]:
    """Statements that a text names: "Theorems 3, 7 and 9" are three, "Lemmas 1 to 8" eight."""
    found = set()
    pattern = r"(Theorem|Proposition|Corollar|Lemma|Algorithm)(?:y|ies|s)? (\d+(?:(?:, | and | to )\d+)*)"
    for kind, numbers in re.findall(pattern, text):
        each = [int(number) for number in re.findall(r"\d+", numbers)]
        if " to " in numbers:
            each = list(range(each[0], each[-1] + 1))
        found |= {f"{'Corollary' if kind == 'Corollar' else kind} {number}" for number in each}
    return found


@pytest.mark.parametrize("section", STATEMENTS)
def test_no_statement_of_a_paper_is_missing(section: str) -> None:
    told = set().union(*(named(" ".join(cells)) for cells in rows(SECTIONS[section])))
    if section.startswith("Online"):
        told |= named(SECTIONS[section].partition("Theorem and rule belong together")[2])
    papers = {f"{kind} {number}" for kind, numbers in STATEMENTS[section].items() for number in numbers}
    assert papers - told == set()
    assert {each for each in told - papers if not each.startswith("Algorithm")} == set()


def test_every_row_says_where_and_names_a_test() -> None:
    count = 0
    for statement, *cells in rows(PAGE):
        where, test = cells[-3], cells[-1]
        assert where, statement
        if not where.startswith("not computed: they say what no algorithm can do"):
            assert "`tests/" in test, statement
        count += 1
    assert count > 25


def test_the_modules_and_names_of_the_page_are_there() -> None:
    names = re.findall(r"\{py:(?:mod|class|func|meth)\}`~?([\w.]+)`", PAGE)
    assert len(names) > 20
    for name in names:
        assert found(name) is not None, name


def found(name: str) -> object:
    """The module or attribute of this dotted name."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    return None


def test_the_tests_of_the_page_are_there() -> None:
    paths = re.findall(r"`(tests/[\w/.]+)`", PAGE)
    assert len(paths) > 20
    for path in paths:
        assert (ROOT / path).exists(), path


def test_what_runs_certify_is_on_the_page_and_is_measured_on_a_real_year() -> None:
    certified = set().union(*map(named, THEOREMS))
    assert len(certified) > 20
    assert certified - named(PAGE) == set()
    assert certified - UNCERTIFIED_ON_PRICES - named(TIGHTNESS) == set()
