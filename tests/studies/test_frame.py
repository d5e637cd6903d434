"""The frame of all studies, on a study of numbers: what is run, told of progress, and judged."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from scenario_files import omnisim_command

from omnisim import studies
from omnisim.errors import ScenarioError
from omnisim.report.study.results import Finding, Study
from omnisim.studies import Options
from omnisim.studies.directory import write
from omnisim.studies.frame import QUICK, Frame, certificates, measured, paragraphs


def square(case: int) -> int:
    return case * case


def assemble(cases: list[int], results: list[int], plan: int, _options: Options) -> Study:
    findings = [Finding("a", "", str(results), True), Finding("b", "", str(cases), False, exact=True)]
    return Study("numbers", "Numbers", f"Up to {plan}.", [], findings, [], {})


NUMBERS = Frame(
    name="numbers",
    shows="Squares.",
    full=5,
    quick=2,
    cases=lambda plan, options: [options.seed + case for case in range(plan)],
    play=measured(square, lambda case: 1 + case),
    assemble=assemble,
)


def test_a_full_study_is_judged() -> None:
    told: list[tuple[int, int]] = []
    study = NUMBERS(Options(seed=1, jobs=1, progress=lambda done, total: told.append((done, total))))
    assert [(finding.measured, finding.holds) for finding in study.findings] == [
        ("[1, 4, 9, 16, 25]", True),
        ("[1, 2, 3, 4, 5]", False),
    ]
    assert study.summary == "Up to 5."
    assert [done for done, _ in told] == [6, 11, 15, 18, 20]  # the costliest start first
    assert {total for _, total in told} == {20}


def test_a_quick_one_judges_what_holds_on_any() -> None:
    study = NUMBERS(Options(quick=True, jobs=1))
    assert [finding.holds for finding in study.findings] == [None, False]
    assert study.notices[0] == QUICK


def test_files_say_what_gives_the_same_numbers_again(tmp_path: Path) -> None:
    study = replace(NUMBERS(Options(quick=True, jobs=1)), about={"data": "given"})
    page = write(study, tmp_path, "omnisim study numbers --seed 7", 7, 1.26, {"more.toml": b"a = 1"})
    about = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    keys = ("study", "seed", "wall_seconds", "command", "data")
    assert [about[key] for key in keys] == ["numbers", 7, 1.3, "omnisim study numbers --seed 7", "given"]
    assert (tmp_path / "more.toml").read_bytes() == b"a = 1"
    assert "omnisim study numbers --seed 7" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [[], ["--quick"]])
def test_the_command_tells_findings_and_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    judged = zip("abc", ("first", "second", "third"), (True, False, None), strict=True)
    findings = [Finding(subject, "", measured, holds, exact=True) for subject, measured, holds in judged]
    made = Study("numbers", "Numbers", "", [], findings, [], {}, warnings=["beware"])
    monkeypatch.setattr(studies, "find", lambda _: replace(NUMBERS, assemble=lambda *_: made))
    answer = omnisim_command("study", "numbers", *options, "--seed", 7, "--jobs", 1, "--out", tmp_path / "out")
    assert answer.out.splitlines()[:3] == ["agrees      first", "DISAGREES   second", "not judged  third"]
    assert answer.err == "omnisim: warning: beware\n"
    about = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert about["command"] == " ".join(["omnisim study numbers", *options, "--seed 7"])


def test_cases_may_follow_from_results() -> None:
    told: list[tuple[int, int]] = []
    longer = replace(NUMBERS, more=lambda _cases, results, _plan, _options: [max(results)])
    study = longer(Options(jobs=1, progress=lambda done, total: told.append((done, total))))
    assert study.findings[0].measured == "[0, 1, 4, 9, 16, 256]"
    assert study.findings[1].measured == "[0, 1, 2, 3, 4, 16]"
    assert told[-1] == (15 + 17, 15 + 17)


def test_data_are_refused_by_studies_that_read_none(tmp_path) -> None:
    with pytest.raises(ScenarioError, match="the study 'numbers' reads no data"):
        NUMBERS(Options(data=tmp_path))
    assert replace(NUMBERS, reads_data=True)(Options(jobs=1, data=tmp_path)).name == "numbers"


@pytest.mark.parametrize("violated", [0, 1])
def test_certificates(violated: int) -> None:
    found = certificates(pd.DataFrame({"certificates": [3, 4], "violated": [0, violated]}))
    assert (found.holds, found.exact) == (violated == 0, True)
    assert found.measured == f"{violated} of 7 certificates on 2 runs violated."


def test_paragraphs() -> None:
    assert paragraphs("one\ntwo\n\n three") == ["one two", "three"]


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_has_the_same_parts(name: str) -> None:
    page = importlib.import_module(studies.STUDIES[name])
    home = page.__name__.removesuffix(".page")
    cases, prose = (importlib.import_module(f"{home}.{part}") for part in ("cases", "prose"))
    assert (page.STUDY.name, page.STUDY.cases) == (name, cases.cases)
    assert (page.STUDY.full, page.STUDY.quick) == (cases.FULL, cases.QUICK)
    assert prose.TITLE
    family = home.rpartition(".")[0] if home.count(".") > 2 else home
    assert any(importlib.util.find_spec(f"{place}.findings") for place in (home, family))
