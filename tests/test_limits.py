"""Price limits: promises that are conditional on them, and days beyond, whose measured cost is added.

Rows of the certificates are computed again here by loops, from the record alone.
"""

import math
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import omnisim
from omnisim.errors import OmnisimError
from omnisim.forecasters import Climatology, DecisionCalibrated, Persistence
from omnisim.problem.limits import Limits
from omnisim.problem.ranges import utility_range

N, A, D, T = 3, 3, 2, 60
LOW, HIGH = 0.3, 0.6


def population(seed: int) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-1, 1, (N, A, D)) / (2 * D)
    return omnisim.Population("agents", utility, rng.uniform(0.45, 0.55, (N, A)))


def played(seed: int, beyond: int, forecaster: Any, limits: Any = (LOW, HIGH)) -> omnisim.Analysis:
    rng = np.random.default_rng(seed)
    outcomes = rng.uniform(LOW, HIGH, (T, D))
    outcomes[rng.permutation(T)[:beyond]] = rng.integers(0, 2, (beyond, D))
    scenario = omnisim.Scenario(
        populations=[population(seed)],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=forecaster,
        elimination=omnisim.elimination.BestResponse(),
        subsequences={"all": None, "even": np.arange(T) % 2 == 0},
        **({} if limits is None else {"limits": limits}),
    )
    return omnisim.analyze(omnisim.simulate(scenario, seed=seed))


def corollaries(analysis: omnisim.Analysis) -> Any:
    table = analysis.certificates
    return table[table["claim"].str.contains("regret") & table["theorem"].str.startswith(("Cor", "Section"))]


@given(st.integers(0, 2**32 - 1))
@examples(30)
def test_the_range_within_limits_is_reached_at_a_corner(seed: int) -> None:
    agents = population(seed)
    corners = [agents.utilities(np.array(corner)) for corner in product([LOW, HIGH], repeat=D)]
    expected = np.array([[np.ptp(each[n]) for n in range(N)] for each in corners]).max(axis=0)
    np.testing.assert_allclose(utility_range(agents, Limits(LOW, HIGH)), expected, atol=1e-12)


@pytest.mark.parametrize("beyond", [0, 1, 7])
def test_bounds_before_the_run_and_what_days_beyond_add(beyond: int) -> None:
    """Row by row from the formulas: ranges within the limits, plus the cost of every day beyond."""
    analysis = played(5, beyond, DecisionCalibrated([Climatology()]))
    trace, agents = analysis.trace, population(5)
    span = [
        max(
            max(u) - min(u)
            for corner in product([LOW, HIGH], repeat=D)
            for u in [[agents.utility[n, a] @ corner + agents.offset[n, a] for a in range(A)]]
        )
        for n in range(N)
    ]
    pairs = (2 + 1 / 0.3) * 2 * N
    rates = [0.8]
    rates[1:] = [eta for j in range(40, -1, -1) if (eta := math.sqrt(45 / T) * 2**j) < 0.8 / math.sqrt(2)]
    curvatures = [(-eta - math.log(1 - eta)) / eta**2 for eta in rates]
    rows = corollaries(analysis)
    rows = rows[rows["theorem"].str.startswith("Cor")]
    assert rows["basis"].tolist() == 4 * ["before the run", "from the record"]
    assert trace.mixtures is not None
    assert len(trace.mixtures.weights) == T  # nothing was drawn
    for row in rows.to_dict("records"):
        of = range(0, T, 2) if row["subsequence"] == "even" else range(T)
        costs, days = np.zeros(N), 0
        squares = np.zeros((N, A, A))
        for t in of:
            near = [min(max(each, LOW), HIGH) for each in trace.outcomes[t]]
            moved = [agents.utility[n] @ (trace.outcomes[t] - near) for n in range(N)]
            costs += [max(each) - min(each) for each in moved]
            days += bool((trace.outcomes[t] != near).any())
            for n, b in product(range(N), range(A)):
                a = trace.records["agents"].actions[t, n]
                more = agents.utility[n, b] - agents.utility[n, a]
                squares[n, a, b] += ((more @ near + agents.offset[n, b] - agents.offset[n, a]) / span[n]) ** 2
        swap, before = row["claim"].startswith("swap"), row["basis"] == "before the run"
        spent = math.e if before else trace.diagnostics["potential"][-1]
        bounds = np.zeros(N)
        for n in range(N):
            ever = len(set(trace.records["agents"].actions[list(of), n]))
            log = math.log(len(rates) * pairs * spent) + math.log(A) * ((A if before else ever) if swap else 1)
            v = squares[n].max(axis=1).sum() if swap else squares[n].sum(axis=0).max()
            unit = min((log + c * eta**2 * v) / eta for eta, c in zip(rates, curvatures, strict=True))
            if before:
                unit = min((log - len(of) * math.log(1 - eta**2) / 2) / math.atanh(eta) for eta in rates)
            bounds[n] = unit * span[n] + costs[n]
        n = int(np.abs(bounds - row["bound"]).argmin())
        assert row["bound"] == pytest.approx(bounds[n], rel=1e-9)
        assert row["trivial"] == pytest.approx(len(of) * span[n] + costs[n], rel=1e-9)
        assert row["claim"].endswith(", + cost of outcomes beyond their limits")
        said = "1 round was" if days == 1 else f"{days} rounds were"
        assert row["note"] == f"{said} beyond the limits of outcomes"


def test_each_day_beyond_adds_to_the_bounds_on_biases_how_far_it_is() -> None:
    """Two days 0.3 and 0.1 beyond in their worst hour, the first of them even: 0.4 in all, 0.3 on even days.

    An agent with one action plays it whatever was forecast, so both bounds are those of one event an hour.
    """
    outcomes = np.random.default_rng(3).uniform(LOW, HIGH, (T, D))
    outcomes[10], outcomes[21] = (0.9, 0.2), (0.4, 0.7)
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("agents", np.full((1, 1, D), 0.25))],
            adversary=omnisim.adversaries.Replay(outcomes),
            forecaster=DecisionCalibrated(regret=False),
            elimination=omnisim.elimination.BestResponse(),
            subsequences={"all": None, "even": np.arange(T) % 2 == 0},
            limits=(LOW, HIGH),
        ),
        seed=3,
    )
    assert trace.mixtures is not None
    assert len(trace.mixtures.weights) == T  # nothing was drawn, so that nothing is added for it
    rates = math.ceil(math.log2(T) / 2) + 1
    scale = math.log(2 * D * 2 * rates * trace.diagnostics["potential"][-1])
    expected = []
    for of, more in ((range(T), 0.4), (range(0, T, 2), 0.3)):
        measured, allowed = np.zeros(D), np.zeros(D)
        for i in range(D):
            gains = [trace.predictions[t, i] - min(max(outcomes[t, i], LOW), HIGH) for t in of]
            squares = sum(gain**2 for gain in gains)
            allowed[i] = min(scale * 2**j + squares / 2**j for j in range(1, rates + 1))
            measured[i] = abs(sum(trace.predictions[t, i] - outcomes[t, i] for t in of))
        closest = (measured / (allowed + more)).argmax()
        expected.append((measured[closest], allowed[closest] + more))
        expected.append((measured.max(), allowed.max() + more))
    table = omnisim.analyze(trace).certificates
    rows = table[table["theorem"] == "Theorem 4"]
    assert rows["subsequence"].tolist() == ["all", "all", "even", "even"]
    np.testing.assert_allclose(rows[["measured", "bound"]].to_numpy(float), expected, rtol=1e-9)


def test_each_day_beyond_adds_half_its_cost_to_the_bounds_along_utilities() -> None:
    """By loops: what the error says for each other action, halved, and half of what an agent lost on days beyond."""
    analysis = played(7, 5, DecisionCalibrated(objectives="utilities", regret=False))
    trace, agents = analysis.trace, population(7)
    assert trace.mixtures is not None
    assert len(trace.mixtures.weights) == T  # nothing was drawn
    rates = math.ceil(math.log2(T) / 2) + 1
    scale = math.log(N * A * A * 2 * rates * trace.diagnostics["potential"][-1])
    table = analysis.certificates
    rows = table[table["claim"].str.startswith("bias along utilities")]
    assert rows["subsequence"].tolist() == ["all", "even"]
    for row, of in zip(rows.to_dict("records"), (range(T), range(0, T, 2)), strict=True):
        shares = {}
        for n, a, b in product(range(N), range(A), range(A)):
            measured = squares = cost = 0.0
            for t in of:
                near = np.clip(trace.outcomes[t], LOW, HIGH)
                cost += np.ptp(agents.utility[n] @ (trace.outcomes[t] - near))
                if trace.records["agents"].actions[t, n] == a:
                    more = (agents.utility[n, b] - agents.utility[n, a]) / 2
                    measured += more @ (trace.outcomes[t] - trace.predictions[t])
                    squares += (more @ (near - trace.predictions[t])) ** 2
            bound = min(scale * 2**j + squares / 2**j for j in range(1, rates + 1)) + cost / 2
            shares[measured / bound] = measured, bound
        assert (row["measured"], row["bound"]) == pytest.approx(shares[max(shares)], rel=1e-9)


@pytest.mark.one_in(30)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("beyond", [0, 4, T])
@pytest.mark.parametrize(
    "forecaster",
    [
        DecisionCalibrated([Persistence()]),
        DecisionCalibrated([Persistence()], combine=False, base_events=True),
        DecisionCalibrated(objectives="utilities"),
        DecisionCalibrated(objectives="utilities", regret=False),
        DecisionCalibrated([Climatology()], regret=False),
    ],
)
def test_what_is_promised_holds_with_any_number_of_days_beyond(seed: int, beyond: int, forecaster: Any) -> None:
    analysis = played(seed, beyond, forecaster)
    table = analysis.certificates
    assert table["holds"].all()
    assert float(analysis.trace.diagnostics["potential"].max()) <= math.e
    assert (table[table["claim"].str.contains("regret")]["hypotheses_met"] == N).all()


@pytest.mark.long
def test_narrower_limits_promise_more_and_none_is_the_box() -> None:
    def bounds(limits: Any) -> np.ndarray:
        rows = corollaries(played(2, 0, DecisionCalibrated([Climatology()]), limits))
        return rows[rows["basis"] == "before the run"]["bound"].to_numpy()

    narrow, wide, box, none = (bounds(each) for each in ((LOW, HIGH), (0.2, 0.8), Limits(), None))
    assert (narrow < wide).all()
    assert (wide < box).all()
    np.testing.assert_array_equal(box, none)


def test_days_beyond_are_learnt_at_the_limit() -> None:
    """Runs that differ beyond the limits only have the same regret potentials, so the same Phi."""
    outcomes = np.random.default_rng(1).uniform(LOW, HIGH, (T, D))
    beyond = outcomes.copy()
    outcomes[[7, 30], 0], beyond[[7, 30], 0] = HIGH, [0.9, 1.0]
    spent = []
    for each in (outcomes, beyond):
        scenario = omnisim.Scenario(
            populations=[population(1)],
            adversary=omnisim.adversaries.Replay(each),
            forecaster=DecisionCalibrated([Fixed()], combine=False),
            limits=(LOW, HIGH),
        )
        spent.append(omnisim.simulate(scenario).diagnostics["potential"])
    np.testing.assert_array_equal(*spent)


class Fixed(omnisim.forecasters.Forecaster):
    """The middle of the limits, always."""

    def _start(self) -> None:
        pass

    def _predict(self, context: Any) -> omnisim.Mixture:
        return omnisim.Mixture.point(np.full(D, (LOW + HIGH) / 2))

    def _update(self, outcome: np.ndarray) -> None:
        pass


TABLES = {
    "-50, 250": None,
    "0, 100": None,
    "100, 0": "is [100.0, 0.0]: it must be two prices with low = -50 <= lowest < highest <= high = 250",
    "0, 300": "is [0.0, 300.0]: it must be two prices",
    "0": "is [0.0]: it must be two prices",
    "50, 50": "is [50.0, 50.0]: it must be two prices",
}


@pytest.mark.one_in(5)
@pytest.mark.parametrize("written", TABLES)
def test_limits_of_prices_in_a_scenario_file(written: str) -> None:
    changes = {"market.price_limits": [float(each) for each in written.split(",")], "rounds": 3}
    if TABLES[written] is None:
        limits = omnisim.load_scenario("calibrated", changes).limits
        low, high = changes["market.price_limits"]
        assert limits == Limits((low + 50) / 300, (high + 50) / 300)
        return
    with pytest.raises(OmnisimError) as caught:
        omnisim.load_scenario("calibrated", changes)
    assert f"market.price_limits: {TABLES[written]}" in str(caught.value)


@pytest.mark.parametrize(
    "limits", [(0.5, 0.5), (-0.1, 0.5), (0.0, 1.1), (0.6, 0.2), (math.nan, 1.0), (0.1,), "wide", 3]
)
def test_limits_that_are_none_are_refused_in_python(limits: Any) -> None:
    with pytest.raises(OmnisimError, match="limits"):
        played(0, 0, Climatology(), limits)


def test_limits_are_ordered() -> None:
    for low, high in pairwise([0.0, 0.25, 0.5, 1.0]):
        assert bool(Limits(low, high))
    assert not Limits()


@pytest.mark.long
@pytest.mark.parametrize("limits", [(0.3, 0.6), (0.0, 0.5)])
@pytest.mark.parametrize("weights", ["potential", "hedge"])
def test_a_white_box_adversary_beyond_the_limits_breaks_no_promise(limits: Any, weights: Any) -> None:
    """It plays corners of the box, which are the worst for the forecaster and often beyond."""
    scenario = omnisim.Scenario(
        populations=[population(9)],
        adversary=omnisim.adversaries.WorstCase(),
        forecaster=DecisionCalibrated([Climatology()], weights=weights),
        elimination=omnisim.elimination.BestResponse(),
        rounds=200,
        limits=limits,
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario))
    assert analysis.certificates["holds"].all()
    rows = analysis.certificates[analysis.certificates["claim"].str.contains("regret")]
    assert (rows["hypotheses_met"] == N).all()
    assert Limits(*limits).beyond(analysis.trace.outcomes).any() or limits[0] == 0


def test_regret_in_expectation_is_that_at_the_outcomes_that_came() -> None:
    """Half of the days are beyond the limits: what is promised is held against what was lost on them as well."""
    outcomes = np.r_[np.linspace(0.45, 0.55, 20), np.ones(20)][:, None]
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("a", [[[1.0], [0.0]]], [[0.0, 0.5]])],
            adversary=omnisim.adversaries.Replay(outcomes),
            limits=(0.3, 0.6),
            forecaster=DecisionCalibrated([Climatology()]),
            elimination=omnisim.elimination.BestResponse(),
        )
    )
    assert trace.mixtures is not None
    gains = np.zeros((2, 2))  # by action played and other action
    for t, outcome in enumerate(outcomes[:, 0]):
        for weight, (prediction,) in zip(*reversed(trace.mixtures.points(t)), strict=True):
            own = 0 if prediction >= 0.5 else 1
            gains[own] += weight * (np.array([outcome, 0.5]) - (outcome, 0.5)[own])
    external, swap = gains.sum(axis=0).max(), gains.max(axis=1).sum()
    table = omnisim.analyze(trace).certificates
    for theorem, regret in (("Corollary 2", swap), ("Corollary 3", external)):
        row = table[(table["theorem"] == theorem) & (table["basis"] == "before the run")].iloc[0]
        assert row["measured"] == pytest.approx(regret, abs=1e-12)
