"""Step-calibrated forecasts: what they promise, recomputed by loops, to agents that nobody registered."""

import itertools
import math

import numpy as np
import pytest

import omnisim
from omnisim import adversaries, forecasters
from omnisim.analysis.step_certificates import expected_gains
from omnisim.batch.panprediction import Law, gap_table, sample
from omnisim.errors import StrategyError
from omnisim.game.weights import gain_bound
from omnisim.problem.context import Context, Service
from omnisim.problem.losses import LossTable

ROUNDS = 400
LATE = np.arange(ROUNDS) >= 250


def run(adversary, bases, rounds=ROUNDS, **parameters):
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("hedgers", [[[-1.0], [0.0]]], [[1.0, 0.6]])],
        adversary=adversary,
        forecaster=forecasters.StepCalibrated(bases, **parameters),
        elimination=omnisim.elimination.BestResponse(),
        subsequences={"all": None, "late": LATE[:rounds]},
        rounds=rounds,
    )
    return omnisim.simulate(scenario, seed=3)


class Recording(forecasters.StepCalibrated):
    """Keeps the mixtures that it commits to."""

    def _predict(self, context):
        mixture = super()._predict(context)
        self.kept.append(mixture)
        return mixture

    def _start(self):
        super()._start()
        self.kept = []


def play(outcomes, active, bases=(), **parameters):
    """Drive one by hand; an outcome may be a function of the slope of the weighted gain (a white-box adversary)."""
    forecaster = Recording(bases, **parameters)
    forecaster.start(Service(dimension=1, rounds=len(active), subsequences=("all", "late")))
    happened, followed = [], []
    for t, row in enumerate(active):
        forecaster.predict(Context(t, row))
        y = outcomes[t] if not callable(outcomes) else outcomes(forecaster.gain_gradient()[0])
        followed.append([] if forecaster.base_predictions() is None else forecaster.base_predictions()[:, 0])
        forecaster.update(np.array([y]))
        happened.append(y)
    most = max(len(mixture.weights) for mixture in forecaster.kept)
    support, weights = np.zeros((len(active), most)), np.zeros((len(active), most))
    for t, mixture in enumerate(forecaster.kept):
        support[t, : len(mixture.weights)] = mixture.support[:, 0]
        weights[t, : len(mixture.weights)] = mixture.weights
    return forecaster, Law(support, weights), np.array(happened), np.array(followed).reshape(len(active), -1)


ACTIVE = np.column_stack([np.ones(ROUNDS, dtype=bool), LATE])
CASES = {
    "coins": (np.random.default_rng(0).random(ROUNDS) < 0.3).astype(float),
    "two laws": (np.random.default_rng(1).random(ROUNDS) < np.where(LATE, 0.8, 0.2)).astype(float),
    "numbers between": np.random.default_rng(2).beta(2, 5, ROUNDS),
    "the worst reply": lambda slope: float(slope > 0),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("outcomes", CASES.values(), ids=CASES)
@pytest.mark.parametrize("bases", [(), (forecasters.Climatology(), forecasters.Persistence())], ids=["no bases", "two"])
def test_every_step_event_stays_within_the_certified_bound(outcomes, bases):
    """No probability: the bias of every {p <= v}, {h <= w}, subsequence, in expectation over the mixtures, by loops."""
    forecaster, law, y, h = play(outcomes, ACTIVE, bases, levels=8, thresholds=4)
    assert forecaster.diagnostics()["potential"] <= math.e
    sets = [np.ones(ROUNDS, dtype=bool), *(h[:, b] <= w + 1e-9 for b in range(h.shape[1]) for w in (0.25, 0.5, 0.75))]
    largest = 0.0
    (guarantee,) = omnisim.forecasters.StepCalibrated.guarantees(forecaster)
    count = guarantee.count
    assert count == 2 * 2 * len(sets) * 9
    for member, k, v in itertools.product(sets, range(2), np.arange(9) / 8):
        gains = (member & ACTIVE[:, k]) * (
            law.probabilities * (law.support <= v + 1e-9) * (y[:, None] - law.support)
        ).sum(axis=1)
        assert abs(gains.sum()) <= gain_bound((gains**2).sum(), count, ROUNDS)
        largest = max(largest, abs(gains.sum()))
    assert forecaster.diagnostics()["largest_bias"] == pytest.approx(largest)


@pytest.mark.parametrize("outcomes", CASES.values(), ids=CASES)
def test_no_agent_regrets_more_than_the_step_sets_allow(outcomes):
    """Pairs of a loss and a subsequence as agents: the gap to following a base is bounded by the measured bias, and it
    is small where climatology cannot know the second law (30 random losses of three actions)."""
    bases = (forecasters.Climatology(), forecasters.Persistence())
    _, law, y, h = play(outcomes, ACTIVE, bases, levels=16, thresholds=4)
    rng = np.random.default_rng(7)
    losses = {str(k): LossTable(rng.random((3, 2))) for k in range(30)}
    data = sample(ACTIVE.astype(float), h, y)
    table = gap_table(law, data, losses, ["all", "late"], ["climatology", "persistence"], resamples=2, rng=rng)
    assert (table["gap"] <= table["bound"] + 1e-9).all()
    assert table["gap"].max() <= 0.12


def test_a_good_base_is_broadcast_as_it_is_and_its_level_is_the_nearest():
    truth = np.random.default_rng(4).integers(0, 9, ROUNDS) / 8
    _, law, _, h = play(truth, ACTIVE, (forecasters.Published(truth[:, None]),), levels=8)
    np.testing.assert_array_equal(law.support[:, 0], truth)
    np.testing.assert_array_equal(h[:, 0], truth)


def test_in_the_simulator_the_bases_are_on_record():
    trace = run(adversaries.Switching([[[0.0]], [[1.0]]], period=50), [forecasters.Climatology()], 300)
    assert trace.bases.shape == (300, 1, 1)
    assert trace.diagnostics["potential"].max() <= math.e
    regret = omnisim.analyze(trace).agents.set_index("subsequence")["external_regret"]
    # The certified bound is of the order of 100 rounds here; climatology alone loses a tenth of the rounds.
    assert regret["all"] <= 0.1 * 300


def test_what_it_cannot_do_is_refused():
    forecaster = forecasters.StepCalibrated()
    with pytest.raises(StrategyError, match="predicts one coordinate, outcomes have 2"):
        forecaster.start(Service(dimension=2, rounds=5))
    with pytest.raises(StrategyError, match="needs to know the number of rounds"):
        forecaster.start(Service(dimension=1))
    for name in ("levels", "thresholds"):
        with pytest.raises(StrategyError, match=f"{name} of StepCalibrated must be >= 1, got 0"):
            forecasters.StepCalibrated(**{name: 0})


@pytest.mark.long
def test_the_record_certifies_every_step_set():
    """One row per subsequence, equal to what the forecaster itself reports as its largest sum; all hold."""
    trace = run(adversaries.Independent([[0.0], [1.0]], [0.7, 0.3]), [forecasters.Persistence()], levels=8)
    certificates = omnisim.analyze(trace).certificates
    rows = certificates[certificates["theorem"] == "Section 7"]
    assert rows["subsequence"].tolist() == ["all", "late"]
    assert certificates["holds"].all()
    gains = expected_gains(trace, trace.mixtures, np.arange(9) / 8)
    sets = [np.ones(ROUNDS, dtype=bool), *(trace.bases[:, 0, 0] <= w + 1e-9 for w in np.arange(1, 16) / 16)]
    largest = max(
        np.abs((gains * (member & active)[:, None]).sum(axis=0)).max() for member in sets for active in ACTIVE.T
    )
    assert trace.diagnostics["largest_bias"][-1] == pytest.approx(largest)
