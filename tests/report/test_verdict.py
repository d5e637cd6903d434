"""The verdict says what the numbers say."""

import numpy as np
import pytest

from omnisim.report.verdict import verdict


def said(analysis, heading):
    return " ".join(next((sentences for found, sentences in verdict(analysis).points if found == heading), []))


def test_certificates_that_hold(make):
    found = verdict(make(populations={"a": 4}, clean=1.0))
    assert found.holds
    assert found.alarms == []
    assert "hold" in found.headline


def test_certificates_that_do_not(violated):
    table = violated.certificates
    found = verdict(violated)
    assert not found.holds
    assert found.headline == f"1 of {len(table)} certificates violated"
    [alarm] = found.alarms
    assert alarm.startswith(str(table["theorem"].iloc[-1]))
    assert alarm.endswith("measured 5, bound 3, exceeded by 2; the theorem promises it with certainty.")


def test_forecast_error_is_in_the_unit_of_the_market(market):
    error = 300 * np.abs(market.trace.predictions - market.trace.outcomes).mean()
    assert f"missed the price by {error:.3g} USD/MWh on average" in said(market, "Forecast")


def test_regret_of_the_median_agent_is_in_money(make):
    analysis = make(populations={"a": 21}, clean=1.0, currency="EUR")
    measures = analysis.measures["a"]
    median = np.median(measures.swap_regret[0] * measures.population.money.scale / measures.rounds[0])
    assert median > 0
    assert f"the median agent on “all” would have gained {median:.2g} EUR a round" in said(analysis, "Regret")


def test_the_worst_off_are_named(market):
    table = market.agents.assign(lost=market.agents["swap_regret"] / market.agents["rounds"])
    medians = table.groupby(["population", "subsequence"], observed=True)["lost"].median()
    population, subsequence = medians.idxmax()
    assert f"Worst off were {population} on “{subsequence}”" in said(market, "Regret")


def test_agents_without_a_benchmark_and_their_fallbacks_are_counted(make):
    analysis = make(populations={"a": 50}, actions=2)
    measures, record = analysis.measures["a"], analysis.trace.records["a"]
    clean = measures.benchmark.all(axis=0).any(axis=1)
    share = 100 * record.fallback[:, ~clean].mean()
    text = said(analysis, "Constraints")
    assert f"{clean.sum()} of 50 agents had at least one action that never violated" in text
    assert f"{(~clean).sum()} had none and had to fall back on {share:.2g} % of their rounds" in text


def test_no_constraints_is_said(make):
    text = said(make(populations={"a": 2}, constraints=0, clean=1.0), "Constraints")
    assert text.startswith("No population has constraints")


def test_half_of_the_eliminations(market):
    left = np.concatenate([record.eliminated_at.ravel() for record in market.trace.records.values()])
    left = left[left < market.trace.rounds]
    day = int(np.quantile(left, 0.5, method="inverted_cdf"))
    assert f"by {market.trace.dates[day]}, day {day + 1}" in said(market, "Elimination")


@pytest.mark.parametrize(("clipped", "words"), [(12, "12 of 1,440"), (0, "No value had to be clipped")])
def test_clipping_is_reported(make, clipped, words):
    market = {"currency": "EUR", "low": 0, "high": 100, "clipped": clipped, "values": 1440}
    assert words in said(make(populations={"a": 1}, about={"market": market}), "Data")


def test_nothing_is_said_of_data_without_a_market(make):
    assert said(make(populations={"a": 1}), "Data") == ""
