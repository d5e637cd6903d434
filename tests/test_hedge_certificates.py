"""Certificates of a forecaster with weights of Hedge or MsMwC: the published bounds, against sums over objectives."""

import copy
import dataclasses
import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import omnisim
from omnisim.forecasters import Climatology, DecisionCalibrated
from omnisim.game.weights import Hedge

N, A, D, T = 2, 2, 2, 80


class Rows:
    """The layout of K objectives."""

    columns, two_sided = 1, False

    def __init__(self, rows: int) -> None:
        self.rows = rows


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 7]), st.sampled_from([None, 0.05, 1.0]), st.floats(0, 0.5))
@examples(60)
def test_no_gain_is_above_the_bound(seed: int, count: int, eta: float | None, tolerance: float) -> None:
    """On gains whose weighted sum is the tolerance exactly, and that favour one objective as far as that allows."""
    rng, rounds = np.random.default_rng(seed), 40
    hedge, total = Hedge(eta), np.zeros(count)
    hedge.start([Rows(count)], rounds)
    for _ in range(rounds):
        weights = hedge.net[0][:, 0]
        gains = rng.uniform(-1, 1, count)
        gains[0] = 1.0
        gains -= max(0.0, weights @ gains - tolerance) / weights.sum()
        gains = np.clip(gains, -1, 1)
        if weights @ gains > tolerance:
            gains = np.minimum(gains, tolerance)
        hedge.update([(np.arange(count), gains[:, None])])
        total += gains
    rate = min(1.0, math.sqrt(math.log(count) / rounds)) if eta is None else eta
    expected = rounds * tolerance
    if rate > 0:
        expected = (math.log(count) + rounds * math.log(math.cosh(rate) + tolerance * math.sinh(rate))) / rate
    assert hedge.bound(tolerance) == pytest.approx(expected)
    assert total.max() <= expected + 1e-9


def analysis(rounds: int = T, weights: Any = "hedge", **options: Any) -> omnisim.Analysis:
    rng = np.random.default_rng(4)
    utility = rng.uniform(-1, 1, (N, A, D)) / (2 * D)
    population = omnisim.Population("agents", utility, np.full((N, A), 0.5))
    scenario = omnisim.Scenario(
        populations=[population],
        adversary=omnisim.adversaries.Replay(rng.random((rounds, D))),
        forecaster=DecisionCalibrated([Climatology()], weights=weights, **options),
        elimination=omnisim.elimination.BestResponse(),
        subsequences={"all": None, "even": np.arange(rounds) % 2 == 0},
    )
    return omnisim.analyze(omnisim.simulate(scenario))


@pytest.mark.parametrize("tolerance", [None, 0.02])
def test_rows_by_hand(tolerance: float | None) -> None:
    found = analysis(tolerance=tolerance)
    count = 2 * D * N * A * 2 + N * 1 * 2
    eta, tol = math.sqrt(math.log(count) / T), 1e-3 if tolerance is None else tolerance
    bound = (math.log(count) + T * math.log(math.cosh(eta) + tol * math.sinh(eta))) / eta
    table = found.certificates
    rows = table[table["claim"].str.contains("in expectation <=")]
    assert len(rows) == 4
    assert rows["bound"].tolist() == pytest.approx([bound] * 4)
    assert set(rows["basis"]) == {"before the run"}
    assert rows["claim"].str.endswith("<= (ln K + T ln(cosh eta + tol sinh eta)) / eta").all()
    assert table["holds"].all()
    assert (rows["hypotheses_met"] == N).all()
    bias = rows[rows["claim"].str.startswith("bias")].set_index("subsequence")["measured"]
    trace = found.trace
    for k, name in enumerate(trace.subsequences):
        largest = 0.0
        for n, a, i in product(range(N), range(A), range(D)):
            total = 0.0
            for t in np.flatnonzero(trace.active[:, k]):
                points, weights = trace.mixtures.points(t)
                for p, w in zip(points, weights, strict=True):
                    utilities = trace.records["agents"].population.utilities(p)[n]
                    total += w * (p[i] - trace.outcomes[t, i]) * (int(utilities.argmax()) == a)
            largest = max(largest, abs(total))
        assert bias[name] == pytest.approx(largest, abs=1e-9)


def test_msmwc_declares_its_own_bound() -> None:
    found = analysis(rounds=10, weights="msmwc")
    count = 2 * D * N * A * 2 + N * 1 * 2
    floor = 1 / (count * 10)
    own = 1 - (count - 1) * floor
    first = own * math.log(own * count) - own + floor * (count - 1) * (math.log(floor * count) - 1) + 1
    bound = (64 * first + 10 / 2 + 10 * 1e-3 + (count - 1) / count) / own
    rows = found.certificates[found.certificates["claim"].str.contains("in expectation <=")]
    assert len(rows) == 4
    assert rows["bound"].tolist() == pytest.approx([bound] * 4)
    assert rows["claim"].str.endswith("<= MsMwC: (64 f(o, 1/K) + ... + T / 2 + T tol) / o").all()
    assert set(rows["basis"]) == {"before the run"}
    assert (rows["hypotheses_met"] == N).all()
    assert not rows["informative"].any()


@pytest.mark.parametrize("declared", [0.25, 1.0, 40.0])
def test_the_bound_is_the_declared_one_and_told_as_that_of_hedge(declared: float) -> None:
    trace = analysis(12).trace
    about = copy.deepcopy(trace.about)
    [calibration] = [each for each in about["forecast"]["guarantees"] if "largest_gain" in each]
    assert calibration["largest_gain"] > 1
    calibration["largest_gain"] = declared
    table = omnisim.analyze(dataclasses.replace(trace, about=about)).certificates
    rows = table[table["claim"].str.contains("in expectation <=")]
    assert rows["bound"].tolist() == [declared] * 4
    assert rows["claim"].str.endswith("<= (ln K + T ln(cosh eta + tol sinh eta)) / eta").all()
    assert set(rows["basis"]) == {"before the run"}


def test_a_round_beyond_its_tolerance_leaves_nothing_promised() -> None:
    found = analysis(8, minimax="simulated_play", tolerance=1e-9)
    assert (found.trace.diagnostics["value"] > found.trace.diagnostics["tolerance"] + 1e-9).any()
    rows = found.certificates[found.certificates["claim"].str.contains("expectation")]
    assert (rows["hypotheses_met"] == 0).all()
    assert set(rows["note"]) == {"in some round the minimax step did not reach its tolerance"}
