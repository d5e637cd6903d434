"""Every heading of a table has an entry in the glossary; those of studies and values are tested where they are made."""

import re

import pytest
from documents import ROOT
from headings import unexplained, unexplained_on, written_headings

from omnisim.analysis import accuracy

MEASURES = [value for name, value in vars(accuracy).items() if name.isupper() and isinstance(value, str)]


def test_headings_that_the_code_writes_are_explained() -> None:
    written = list(written_headings())
    assert len(written) > 150
    assert {each: missing for each in written if (missing := unexplained(each))} == {}


def test_measures_are_explained() -> None:
    assert len(MEASURES) > 10
    assert {each: missing for each in MEASURES if (missing := unexplained(each))} == {}


@pytest.mark.parametrize("name", ["ercot_day_ahead", "ercot_forecasters"])
def test_headings_of_the_gallery_are_explained(name: str) -> None:
    assert unexplained_on(ROOT / "reports" / "gallery" / f"{name}.html") == {}


def test_a_heading_that_is_not_explained_is_found() -> None:
    assert unexplained("CCV+, 95th pct.") == []
    assert unexplained("customer days") == []
    assert unexplained("empty bench\u00admark agents") == []
    assert unexplained("swap regret, wombats") == ["wombats"]


def test_an_entry_says_more_than_its_own_name() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Headings of tables")[2]
    entries = re.findall(r"^(\S.*)\n((?:  .+\n)+)", text.partition("```{glossary}\n")[2], flags=re.MULTILINE)
    assert len(entries) > 100
    for entry, said in entries:
        assert len(said.split()) > 2, entry
