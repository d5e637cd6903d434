"""Agents that stand for several count as often in means: as if there were so many of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_comparison import replayed, small_scenario

import omnisim
from omnisim.report.comparison import worth
from omnisim.report.comparison.page import write_comparison
from omnisim.report.comparison.scope import Scope

WEIGHTS = {"many": [1, 3, 2, 1], "few": [2, 4]}
FORECASTERS = {"last": "persistence", "mean": "climatology"}
NUMBERS = ["mean", "low", "high"]


def weighted(population: omnisim.Population) -> omnisim.Population:
    return omnisim.Population(
        population.name, population.utility, population.offset, population.constraints,
        weights=WEIGHTS[population.name], money=population.money,
    )  # fmt: skip


def repeated(population: omnisim.Population) -> omnisim.Population:
    times = np.array(WEIGHTS[population.name])
    (limit,) = population.constraints
    assert isinstance(limit, omnisim.LinearConstraint)
    scale, offset = (np.repeat(each, times) for each in (population.money.scale, population.money.offset))
    return omnisim.Population(
        population.name,
        np.repeat(population.utility, times, axis=0),
        np.repeat(population.offset, times, axis=0),
        [omnisim.LinearConstraint(np.repeat(limit.slope, times, axis=0), np.repeat(limit.offset, times, axis=0))],
        money=omnisim.Money(scale, offset, population.money.currency),
    )


@pytest.fixture(scope="module")
def both() -> dict[str, omnisim.Comparison]:
    given = small_scenario(replayed())
    return {
        made.__name__: omnisim.compare(
            given.replace(populations=[made(each) for each in given.populations]), FORECASTERS, seeds=2, jobs=1
        )
        for made in (weighted, repeated)
    }


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["means", "differences", "overall", "growth"])
def test_means_are_those_of_as_many_agents(both: dict[str, omnisim.Comparison], name: str) -> None:
    ours, theirs = (getattr(each, name) for each in both.values())
    assert len(ours) == len(theirs) > 0
    words = [column for column in ours if not pd.api.types.is_float_dtype(ours[column])]
    pd.testing.assert_frame_equal(ours[words], theirs[words])
    numbers = [column for column in ours if column not in words]
    np.testing.assert_allclose(ours[numbers], theirs[numbers], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["differences", "overall"])
def test_comparisons_that_hold_together_are_those_with_an_interval(
    both: dict[str, omnisim.Comparison], name: str
) -> None:
    for comparison in both.values():
        table = getattr(comparison, name)
        known = (table["simultaneous_low"].notna()).groupby(table["measure"]).transform("sum")
        assert (table["comparisons"] == known).all()
        assert table["comparisons"].max() > 0
        assert (table["comparisons"] < table.groupby("measure")["measure"].transform("size")).any(), "some have none"


@pytest.mark.long
def test_the_leaderboard_is_that_of_as_many_agents(both: dict[str, omnisim.Comparison]) -> None:
    ours, theirs = (each.table for each in both.values())
    measures = ["utility", "money", "swap_regret_money", "ccv", "bias", "fallback_rounds"]
    columns = [measure + suffix for measure in measures for suffix in ("", "_low", "_high")]
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=1e-9, atol=1e-12)
    plain = omnisim.compare(small_scenario(replayed()), FORECASTERS, seeds=2, jobs=1)
    assert (np.abs(plain.table["money"] - ours["money"]) > 1e-3).all(), "here it matters"


def test_agents_are_counted_once(both: dict[str, omnisim.Comparison]) -> None:
    assert both["weighted"].about["populations"]["many"] == {"agents": 4, "standing": 7.0, "currency": "EUR"}
    (runs,) = set(both["weighted"].runs["agents"])
    assert runs == 6


def test_sums_over_populations_are_those_of_as_many_agents(both: dict[str, omnisim.Comparison]) -> None:
    for comparison in both.values():
        scope = Scope(comparison)
        (found,) = worth.worths(scope, scope.contexts[0])
        assert [gain.standing for gain in found.populations] == [sum(weights) for weights in WEIGHTS.values()]
        # The total is a mean over all of them.
        parts = sum(gain.mean * gain.standing for gain in found.populations)
        assert found.mean == pytest.approx(parts / sum(gain.standing for gain in found.populations), rel=1e-9)


@pytest.mark.long
def test_the_page_says_so(both: dict[str, omnisim.Comparison], tmp_path: Path) -> None:
    pages = {}
    for name, comparison in both.items():
        write_comparison(comparison, tmp_path / f"{name}.html")
        pages[name] = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    assert "many (4 for 7) and few (2 for 6). Means of measures count each agent as often" in pages["weighted"]
    assert "many (7) and few (6)" in pages["repeated"]
    assert "as often as its weight" not in pages["repeated"]


def test_limits_count_each_agent_once_as_the_page_says(both: dict[str, omnisim.Comparison]) -> None:
    """Of as many agents the share of their rounds is that of the rows, each as often as its weight says."""
    ours, theirs = (each.violations for each in both.values())
    (many,) = {tuple(frame["population"] == "many") for frame in (ours, theirs)}
    assert (ours.loc[list(many), "agents"] == 4).all()
    assert (theirs.loc[list(many), "agents"] == 7).all()
    assert (ours["violated"] != theirs["violated"]).any()
    np.testing.assert_allclose(ours["largest"], theirs["largest"], rtol=1e-9)


def test_regrets_to_nothing_are_left_out_of_the_means(tmp_path: Path) -> None:
    """An agent all of whose actions always break its limit competes with none: its weight does not count either."""
    rng = np.random.default_rng(2)
    cost = np.full((3, 3), -0.1)
    cost[1] = 0.1
    limit = omnisim.LinearConstraint(np.zeros((3, 3, 2)), cost)
    few = weighted(small_scenario().populations[1])
    money = omnisim.Money([1.0, 2.0, 3.0], np.zeros(3), few.money.currency)
    mixed = omnisim.Population(
        "mixed", rng.uniform(0, 0.3, (3, 3, 2)), constraints=[limit], weights=[1, 5, 2], money=money
    )
    given = small_scenario(replayed()).replace(populations=[mixed, few])
    comparison = omnisim.compare(given, FORECASTERS, seeds=2, jobs=1, out=tmp_path)
    weights, defined = np.array([1, 5, 2, *WEIGHTS["few"]]), [True, False, True, True, True]
    for (forecaster, subsequence), rows in comparison.agents.groupby(["forecaster", "subsequence"]):
        assert (rows["external_regret"].notna() == defined * 2).all()
        utility, regret = (rows[name].to_numpy().reshape(2, 5) for name in ("utility", "external_regret"))
        found = comparison.means.query("population == 'mixed'").set_index(["forecaster", "subsequence", "measure"])
        expected = (utility[:, :3] @ weights[:3] / 8).mean()
        assert found.loc[(forecaster, subsequence, "utility"), "mean"] == pytest.approx(expected, rel=1e-12)
        expected = (regret[:, [0, 2]] @ [1, 2] / 3).mean()
        assert found.loc[(forecaster, subsequence, "external_regret"), "mean"] == pytest.approx(expected, rel=1e-12)
        curve = comparison.growth.query(
            f"forecaster == {forecaster!r} and subsequence == {subsequence!r} and population == 'mixed' "
            "and measure == 'external_regret'"
        )
        assert curve.sort_values("rounds")["mean"].iloc[-1] == pytest.approx(expected, rel=1e-9)
        if subsequence == "all":
            row = comparison.table.set_index("forecaster").loc[forecaster]
            in_money = regret * [1, 2, 3, *few.money.scale]
            expected = (in_money[:, defined] @ weights[defined]).mean() / weights[defined].sum()
            assert row["external_regret_money"] == pytest.approx(expected, rel=1e-12)
            assert row["utility"] == pytest.approx((utility @ weights).mean() / weights.sum(), rel=1e-12)
    for path in (tmp_path / "runs").glob("*.parquet"):
        for summary in pd.read_parquet(path)["summary"]:
            kept = {(each["population"], each["agents"], each["defined"], each["standing_defined"]) for each in summary}
            assert kept == {("mixed", 3, 2, 3.0), ("few", 2, 2, 6.0)}
