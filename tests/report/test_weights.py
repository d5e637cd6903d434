"""The page of a run whose agents stand for several customers, and come and go: by loops over agents and rounds."""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.report import figures
from omnisim.report.run import violations
from omnisim.report.run.tables import distributions, violation_table
from omnisim.report.run.verdict import verdict
from omnisim.report.text import amount, number, percent, signed_amount
from omnisim.trace import PopulationRecord


@pytest.fixture(scope="module")
def standing(make: Callable[..., Analysis]) -> Analysis:
    """Two populations with weights, of which each agent is away in some rounds, on 60 days."""
    rng = np.random.default_rng(7)
    trace = make(
        populations={"few": 3, "many": 8}, dimension=2, clean=0.6, dates=True, currency="EUR", fallback=0.2, seed=3
    ).trace

    def changed(record: PopulationRecord) -> PopulationRecord:
        one = record.population
        there = rng.random(record.actions.shape) < rng.uniform(0.3, 0.9, one.agents)
        weights = rng.integers(1, 40, one.agents).astype(float)
        costs = record.costs * there[:, :, None]
        costs[:, 0], costs[:, 1] = -0.1, 0.04 * there[:, 1, None]
        costs[int(there[:, 0].argmax()), 0] = 0.06  # more than any other on a day, and nothing else
        return dataclasses.replace(
            record,
            population=omnisim.Population(one.name, one.utility, one.offset, money=one.money, weights=weights),
            actions=np.where(there, record.actions, -1),
            fallback=record.fallback & there,
            costs=costs * there[:, :, None],
            present=there,
        )

    records = {name: changed(record) for name, record in trace.records.items()}
    return omnisim.analyze(dataclasses.replace(trace, records=records))


def mean_of(analysis: Analysis, name: str, values: np.ndarray) -> float:
    """The mean of what each agent of a population has, as often as it stands for one."""
    weights = analysis.trace.records[name].population.weights
    assert weights is not None
    return sum(float(w) * float(v) for w, v in zip(weights, values, strict=True)) / float(sum(weights))


@pytest.mark.parametrize("name", ["few", "many"])
def test_money_of_a_mean_customer_is_drawn(standing: Analysis, name: str) -> None:
    own, baseline, foresight = standing.worth[name].whole_run
    gain, most = mean_of(standing, name, own - baseline), mean_of(standing, name, foresight - baseline)
    figure = figures.money_course(standing, name)
    assert [trace.y[-1] for trace in figure.data[:2]] == pytest.approx([gain, most], rel=1e-3)
    assert f"ends at {signed_amount(gain)} EUR per agent, and" in figure.layout.meta["alt"]
    (drawn,) = figures.months(standing).data
    of_months = [np.sign(z) * z**2 for z in drawn.z[["few", "many"].index(name)]]
    assert sum(of_months) == pytest.approx(gain, rel=1e-3)


def test_worth_counts_customers_and_losers_are_agents(standing: Analysis) -> None:
    year = 365 / 60
    found = verdict(standing)
    rows = {row[0].text: [cell.value for cell in row[1:]] for row in found.worth.rows}
    total = dict.fromkeys(range(3), 0.0)
    customers = losing = 0.0
    for name, record in standing.trace.records.items():
        money = standing.worth[name].whole_run
        means = [mean_of(standing, name, each) for each in money]
        loses = int((money[0] - money[1] < -0.005).sum())
        worth, captured, losers, worst, agents, *amounts = rows[name]
        assert amounts == pytest.approx([year * each for each in means], rel=1e-5)
        assert worth == pytest.approx(year * (means[0] - means[1]), rel=1e-5)
        assert captured == pytest.approx((means[0] - means[1]) / (means[2] - means[1]))
        assert worst == pytest.approx(year * (money[0] - money[1]).min(), rel=1e-5)
        assert (losers, agents) == (loses, record.population.agents)
        of = float(record.population.standing.sum())
        customers, losing = customers + of, losing + loses
        total = {kind: total[kind] + of * means[kind] for kind in total}
    means = [each / customers for each in total.values()]
    assert rows["all"][5:] == pytest.approx([year * each for each in means], rel=1e-5)
    word = "more" if means[0] > means[1] else "less"
    assert f"earned {amount(year * abs(means[0] - means[1]))} EUR {word} per" in found.headline
    assert f"{losing:.0f} of 11 " in " ".join(found.reservations)


def test_limits_are_told_of_rounds_in_which_an_agent_was_there(standing: Analysis) -> None:
    said = " ".join(violations.sentences(standing))
    rows = {(row[0].text, row[1].text): [cell.value for cell in row[3:6]] for row in violation_table(standing, 99).rows}
    for name, record in standing.trace.records.items():
        there = record.actions >= 0
        over = (record.costs[:, :, 0] > 0) & there
        assert 0 < there.sum() < there.size
        assert re.search(
            rf"{name}: “limit 0” was exceeded on {over.sum()} of {there.sum()} \w+ days "
            rf"\({re.escape(percent(over.sum() / there.sum()))}\)", said,
        )  # fmt: skip
        for k, subsequence in enumerate(standing.trace.subsequences):
            member = standing.trace.active[:, k]
            counted = [over[member].sum(), there[member].sum(), (over[member].sum(axis=0) > 0).sum()]
            assert rows[name, subsequence] == counted
    records = standing.trace.records.values()
    share = sum(r.fallback.sum() for r in records) / sum((r.actions >= 0).sum() for r in records)
    assert violations.fallback_share(standing) == pytest.approx(share)
    assert f"No action was left to choose from on {percent(share)} of " in violations.in_short(standing)


def test_the_agent_with_most_in_all_is_told_beside_the_largest_of_a_day(standing: Analysis) -> None:
    said = " ".join(violations.sentences(standing))
    for record in standing.trace.records.values():
        over = np.maximum(record.costs[:, :, 0], 0.0)
        most, largest = int(over.sum(axis=0).argmax()), int(over.max(axis=0).argmax())
        assert most != largest
        told = f"by {number(over.max())} cost at most; agent {most} by {number(over.sum(axis=0).max())} cost in all"
        assert told in said


def test_agents_without_an_action_within_all_limits_are_counted_on_all_subsequences(standing: Analysis) -> None:
    without, fallbacks = 0, []
    for record in standing.trace.records.values():
        for n in range(record.population.agents):
            kept = [a for a, at in enumerate(record.violated_at[n]) if (at == standing.trace.rounds).all()]
            if not kept:
                without += 1
                fallbacks.append(record.fallback[:, n].mean())
    assert 0 < without < 11
    assert re.search(
        rf"{without} of 11 \w+ ha(s|ve) no action within all limits", "; ".join(verdict(standing).reservations)
    )
    said = " ".join(violations.sentences(standing))
    assert re.search(rf"{without} of 11 \w+ ha(s|ve) no action that never violated", said)
    assert f"on {percent(sum(fallbacks) / len(fallbacks))} of their days" in said


def test_regret_and_fallbacks_are_per_day_in_which_an_agent_was_there(standing: Analysis) -> None:
    said = " ".join(dict(verdict(standing).points)["Hindsight"])
    for name, record in standing.trace.records.items():
        regret, scale = standing.measures[name].swap_regret[0], record.population.money.scale
        daily = regret * scale / (record.actions >= 0).sum(axis=0)
        worst = int(np.nanargmax(daily))
        assert f"{amount(float(daily[worst]))} EUR a day for agent {worst}, the most of all." in said
        if np.nanmedian(daily) >= 0.005:
            assert f"{name}: {amount(float(np.nanmedian(daily)))} EUR a day for the median" in said
    for row in distributions(standing, 99).rows:
        record, k = standing.trace.records[row[0].text], standing.trace.subsequences.index(row[1].text)
        member, measures = standing.trace.active[:, k], standing.measures[row[0].text]
        there = (record.actions >= 0)[member]
        cells = [cell.value for cell in row[2:]]
        regret = measures.swap_regret[k]
        known = (regret * record.population.money.scale)[~np.isnan(regret)]
        ccv = measures.ccv_positive[k]
        levels = [0.5, 0.95, 1.0]
        assert cells[:3] == [member.sum(), record.population.agents, np.isnan(regret).sum()]
        assert cells[3:6] == pytest.approx(np.quantile(known, levels), rel=1e-4)
        assert cells[7:10] == pytest.approx(np.quantile(ccv, levels), rel=1e-4, abs=1e-9)
        assert cells[10] == pytest.approx(100 * record.fallback[member].sum() / there.sum(), rel=1e-4)
        earned = measures.money[k] / np.maximum(there.sum(axis=0), 1)
        assert cells[11] == pytest.approx(np.median(earned), rel=1e-5)


def test_actions_and_fallbacks_are_shares_of_the_plays(standing: Analysis) -> None:
    for name, record in standing.trace.records.items():
        figure = figures.plays(standing, name)
        plays = (record.actions >= 0).sum()
        told = f"Fallbacks, made with no candidate left: {percent(record.fallback.sum() / plays)} of the plays on all."
        assert told in figure.layout.meta["caption"]
        for bar in figure.data:
            a = record.population.action_names.index(bar.name)
            assert bar.x[0] == pytest.approx(100 * (record.actions == a).sum() / plays, rel=1e-4)
