"""What a comparison says of money is recomputed from the table of all agents."""

from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.report.comparison_scope import Scope
from omnisim.report.comparison_verdict import summary, verdict
from omnisim.report.text import signed_amount

OVERRIDES = {
    "rounds": 73,
    "populations.buyers.agents": 6,
    "populations.factories.agents": 4,
    "populations.operators.agents": 5,
}


@pytest.fixture(scope="module")
def comparison() -> omnisim.Comparison:
    scenario = omnisim.load_scenario("ercot_day_ahead", OVERRIDES)
    return omnisim.compare(scenario, ["persistence", "climatology", "ridge_autoregression"], seeds=3, jobs=1)


def yearly(comparison: omnisim.Comparison, forecaster: str) -> Any:
    """Differences of money of each agent and seed to persistence, per year, on all days."""
    agents = comparison.agents[comparison.agents["subsequence"] == "all"]
    keys = ["seed", "population", "agent"]
    own = agents[agents["forecaster"] == forecaster].set_index(keys)["money"]
    other = agents[agents["forecaster"] == "persistence"].set_index(keys)["money"]
    return (own - other) * 365 / 73


def test_the_headline_is_by_population_and_in_total(comparison: omnisim.Comparison) -> None:
    found = verdict(Scope(comparison))
    totals = {name: yearly(comparison, name).mean() for name in ("climatology", "ridge_autoregression")}
    best = max(totals, key=lambda name: totals[name])
    assert found.headline.startswith(f"{best} against persistence, money per agent and year: ")
    lines = [found.headline, *dict(found.points)["Worth"]]
    for name, total in totals.items():
        [line] = [line for line in lines if line.startswith(f"{name} against persistence")]
        for population, value in yearly(comparison, name).groupby("population", observed=True).mean().items():
            assert f"{population} {signed_amount(value)} USD (" in line
        assert f"in total {signed_amount(total)} USD (" in line


def test_words_in_parentheses_are_those_of_the_simultaneous_interval(comparison: omnisim.Comparison) -> None:
    lines = [verdict(Scope(comparison)).headline, *dict(verdict(Scope(comparison)).points)["Worth"]]
    rows = comparison.differences.query("measure == 'money' and subsequence == 'all'")
    for row in rows.to_dict("records"):
        low, high = row["simultaneous_low"], row["simultaneous_high"]
        word = "better" if low > 0 else "worse" if high < 0 else "not separated from 0"
        [line] = [line for line in lines if line.startswith(f"{row['forecaster']} against")]
        told = line.partition(f"{row['population']} ")[2].partition(")")[0]
        assert told.endswith(f"USD ({word}")


def test_who_loses_and_the_worst(comparison: omnisim.Comparison) -> None:
    lines = dict(verdict(Scope(comparison)).points)["Worth"]
    for name in ("climatology", "ridge_autoregression"):
        gains = yearly(comparison, name)
        scale = np.abs(comparison.agents["money"]).max()
        losses = int((gains < -1e-9 * scale).sum())
        [line] = [line for line in lines if line.startswith(f"{name}: ")]
        assert f"{name}: {losses} of 45 agents earn less money than with persistence" in line
        population = gains.idxmin()[1]
        assert f"the worst, of {population}, {signed_amount(gains.min())} USD a year." in line


def test_tone_and_notices(comparison: omnisim.Comparison) -> None:
    found = verdict(Scope(comparison))
    cut = comparison.about["market"]["cut"]
    assert (cut >= 0.01) == bool(found.notices)
    money = comparison.differences.query("measure == 'money' and subsequence == 'all'")
    judged = {*money["verdict"], *comparison.overall.query("measure == 'money'")["verdict"]}
    best = found.headline.split(" against ")[0]
    losing = int((yearly(comparison, best) < -0.005).sum())
    assert (f"{losing} of 45 agents earn less money with {best}" in found.reservations) == (losing > 0)
    told = "no forecaster is separated from persistence for the better in money"
    assert (told in found.reservations) == ("better" not in judged)
    assert found.tone == ("fair" if found.reservations else "good")
    assert summary(Scope(comparison))[0] == found.headline


def test_without_money_nothing_is_said_of_it() -> None:
    rng = np.random.default_rng(0)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", utility=rng.random((4, 3, 2)) / 2)],
        adversary=omnisim.adversaries.Independent(rng.random((5, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        rounds=30,
    )
    found = verdict(Scope(omnisim.compare(scenario, ["persistence", "climatology"], seeds=3, jobs=1)))
    assert "Worth" not in dict(found.points)
    assert "money" not in found.headline
