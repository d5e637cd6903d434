"""What the command prints of a page: headline, findings, and what must be known before a number is read."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from omnisim.commands.value import value
from omnisim.report.study.results import Finding, Study
from omnisim.scenario import own_file
from omnisim.studies import directory
from omnisim.value import page, plays, sources


@pytest.mark.parametrize("notices", [["what foresight is"], ["what foresight is", "what risk changes", "what is cut"]])
def test_findings_and_notices(
    notices: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first notice explains a word of the page, and stays there."""
    findings = [Finding("a", "", "a: +12.00 EUR", True), Finding("b", "", "b: −3.00 EUR", False)]
    study = Study(
        "value", "", "", [], findings, [], {}, headline="a was worth 12.", notices=notices, warnings=["much is cut"]
    )
    scenario = SimpleNamespace(name="x", source={}, about={"digest": "5e4b", "market": {}})
    known: dict[Any, tuple[str, Any]] = {
        own_file: ("scenario_of_prices", (scenario, ["a choice"])),
        sources: ("overrides_of", ({}, ["a", "b"])),
        page: ("page", study),
        directory: ("write", tmp_path / "report.html"),
    }
    for module, (name, result) in known.items():
        monkeypatch.setattr(module, name, lambda *_, result=result, **__: result)
    monkeypatch.setattr(plays, "market_of", lambda *_: SimpleNamespace(forecasts={"a": 1.0}, prices=0.0))
    monkeypatch.setattr(plays, "played", lambda *_, **__: None)
    value(["a", "b"], tmp_path / "prices.csv", out=tmp_path / "out")
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "a was worth 12.",
        "  a: +12.00 EUR",
        "  b: −3.00 EUR",
        *notices[1:],
        str(tmp_path / "report.html"),
    ]
    assert printed.err.splitlines() == ["omnisim: warning: a choice", "omnisim: warning: much is cut"]
