"""Contests of studies: run as comparisons are, kept in the folder of the study, and gone on with from there."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_comparison import ROUNDS, small_scenario

import omnisim
from omnisim.analysis import Analysis
from omnisim.comparison import comparing
from omnisim.errors import OmnisimError, TraceError
from omnisim.forecasters import Climatology, ConditionalMean, Persistence
from omnisim.report.study.results import Study
from omnisim.studies import Options
from omnisim.studies.contests import COMPARISONS, Contest, compared, kept
from omnisim.studies.frame import Frame

FORECASTERS = {"last": Persistence(), "mean": Climatology()}


def observe(analysis: Analysis) -> dict[str, np.ndarray]:
    return {"first": analysis.trace.true_outcomes[:, 0], "rounds": [analysis.trace.rounds]}


def contest(name: str = "small", **changes: object) -> Contest:
    given = {"scenario": small_scenario(), "forecasters": FORECASTERS, "seeds": [4, 9], "observe": observe}
    return Contest(name=name, **{**given, **changes})


def quietly(contests: list[Contest], folder: Path | None = None) -> list[omnisim.Comparison]:
    return compared(contests, Options(jobs=1, folder=folder), lambda *_: None)


def frame(contests: list[Contest], more: object = None) -> Frame:
    def assemble(done: list[Contest], comparisons: list[omnisim.Comparison], _plan: None, _options: Options) -> Study:
        found = [list(each.runs(one)["forecaster"]) for each, one in zip(done, comparisons, strict=True)]
        return Study("numbers", "Numbers", str(found), [], [], [], {})

    return Frame(
        name="small", shows="", full=None, quick=None, cases=lambda *_: contests, play=compared, assemble=assemble,
        more=more,
    )  # fmt: skip


@pytest.mark.long
def test_what_is_observed_is_that_of_each_run() -> None:
    (found,) = quietly([contest()])
    assert found.observed("first").shape == (2, 2, ROUNDS)
    for v, forecaster in enumerate(FORECASTERS.values()):
        for s, seed in enumerate((4, 9)):
            trace = omnisim.simulate(small_scenario().replace(forecaster=forecaster), seed=seed)
            np.testing.assert_array_equal(found.observed("first")[v, s], trace.true_outcomes[:, 0])


@pytest.mark.long
def test_runs_are_those_of_the_comparison_with_what_is_observed() -> None:
    tried = contest()
    (found,) = quietly([tried])
    runs = tried.runs(found, "rounds")
    assert list(zip(runs["forecaster"], runs["replicate"], runs["seed"], strict=True)) == [
        (name, r, seed) for name in FORECASTERS for r, seed in enumerate((4, 9))
    ]
    assert list(runs["rounds"]) == [ROUNDS] * 4
    for row in runs.to_dict("records"):
        scenario = small_scenario().replace(forecaster=FORECASTERS[row["forecaster"]])
        analysis = omnisim.analyze(omnisim.simulate(scenario, seed=row["seed"]))
        assert row["certificates"] == len(analysis.certificates)
        assert row["violated"] == (~analysis.certificates["holds"].astype(bool)).sum()
        assert row["utility"] == pytest.approx(analysis.agents.query("subsequence == 'all'")["utility"].mean())


def test_runs_of_new_forecasters_are_numbered_by_their_seeds() -> None:
    tried = contest().with_more({"new": ConditionalMean()})
    rows = pd.DataFrame({"forecaster": np.repeat([*FORECASTERS, "new"], 2), "seed": [4, 9] * 3})
    rows = rows.assign(certificates_listed=range(10, 16), certificates_violated=range(6))
    given = SimpleNamespace(runs=rows, observed=lambda name: {"first": np.arange(12.0).reshape(3, 2, 2)}[name])
    columns = ["forecaster", "seed", "replicate", "certificates", "violated", "first"]
    assert tried.runs(given, "first")[columns].to_numpy().tolist() == [
        ["new", 4, 0, 14, 4, 8.0], ["new", 9, 1, 15, 5, 10.0],
    ]  # fmt: skip
    assert (tried.new, tried.rounds) == (["new"], 2 * ROUNDS)
    assert contest().rounds == 2 * 2 * ROUNDS


@pytest.mark.long
def test_a_study_goes_on_from_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contests = [contest(), contest("other", scenario=small_scenario(rounds=12))]
    undisturbed = quietly(contests)
    played: list[int] = []
    execute = comparing.execute

    def ends_early(*task: object) -> object:
        if len(played) == 5:
            raise KeyboardInterrupt
        played.append(1)
        return execute(*task)

    monkeypatch.setattr(comparing, "execute", ends_early)
    with pytest.raises(KeyboardInterrupt):
        quietly(contests, tmp_path)
    assert kept(tmp_path) == 5
    del played[:]
    told: list[tuple[int, int]] = []
    found = compared(contests, Options(jobs=1, folder=tmp_path), lambda *done: told.append(done))
    assert len(played) == 3
    assert told[0] == (4 * ROUNDS, 4 * ROUNDS + 4 * 12)
    assert told[-1] == (4 * ROUNDS + 4 * 12,) * 2
    for one, other in zip(found, undisturbed, strict=True):
        pd.testing.assert_frame_equal(one.agents, other.agents)
        np.testing.assert_array_equal(one.observed("first"), other.observed("first"))


@pytest.mark.long
def test_anybody_can_read_the_comparison_of_a_study(tmp_path: Path) -> None:
    (found,) = quietly([contest("a market / of two"), contest("..")][:1], tmp_path)
    read = omnisim.load_comparison(tmp_path / COMPARISONS / "a-market-of-two")
    pd.testing.assert_frame_equal(read.table, found.table)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["..", "../out", "/", ""])
def test_a_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    quietly([contest(name, seeds=[1])], tmp_path / "study")
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    assert kept(tmp_path / "study") == 2


@pytest.mark.long
def test_two_of_one_folder_do_not_get_mixed_up(tmp_path: Path) -> None:
    contests = [contest("a b"), contest("a-b", scenario=small_scenario(rounds=12))]
    for one, other in zip(quietly(contests, tmp_path), quietly(contests), strict=True):
        pd.testing.assert_frame_equal(one.agents, other.agents)


@pytest.mark.long
def test_more_forecasters_play_on_what_was_played() -> None:
    first = contest()
    again = frame([first], more=lambda done, *_: [done[0].with_more({"truth": ConditionalMean()})])
    told: list[tuple[int, int]] = []
    study = again(Options(jobs=1, progress=lambda *done: told.append(done)))
    assert study.summary == str([["last", "last", "mean", "mean"], ["truth", "truth"]])
    assert told[-1] == (6 * ROUNDS, 6 * ROUNDS)
    assert all(done <= total for done, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.long
def test_runs_of_another_command_are_told_from_those_of_the_study(tmp_path: Path) -> None:
    tried = contest()
    folder = tmp_path / COMPARISONS / "small"
    omnisim.compare(tried.scenario, FORECASTERS, seeds=[4], jobs=1, out=folder)
    (found,) = quietly([tried], tmp_path)
    with pytest.raises(TraceError, match=r"'first' is not kept as of the others: another command has made it"):
        found.observed("first")


class Failing(Persistence):
    """Fails in every run."""

    def predict(self, _context: object) -> None:
        raise ValueError("no idea")


def test_a_run_that_fails_ends_the_study_with_its_line() -> None:
    with pytest.raises(OmnisimError, match=r"bad, .*seed 4: .*no idea"):
        quietly([replace(contest(), forecasters={"bad": Failing()})])
