"""Measures of plain probabilities, against loops and closed forms."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from omnisim import batch
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable, SquaredLoss


def instance(seed=0, n=300):
    rng = np.random.default_rng(seed)
    p = rng.integers(1, 10, n) / 10
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], n), "old": rng.random(n) < 0.3})
    return p, (rng.random(n) < np.where(frame["old"], 1 - p, p)).astype(float), frame, rng


def test_weights_are_rows_repeated():
    p, y, frame, rng = instance()
    times = rng.integers(0, 4, len(p))
    rows, models = np.repeat(np.arange(len(p)), times), {"a": 1 - p, "b": np.full(len(p), 0.4)}
    some = {name: one[rows] for name, one in models.items()}
    losses = {"misses": [[0.0, 0.9], [0.1, 0.0]], "squares": SquaredLoss()}
    pairs = [
        (
            batch.brier_decomposition(p, y, times).miscalibration,
            batch.brier_decomposition(p[rows], y[rows]).miscalibration,
        ),
        (
            batch.step_calibration(p, y, frame, times, replicates=0).error,
            batch.step_calibration(p[rows], y[rows], frame.iloc[rows], replicates=0).error,
        ),
        (
            batch.omniprediction_gaps(p, y, models, times)["excess"],
            batch.omniprediction_gaps(p[rows], y[rows], some)["excess"],
        ),
        (
            batch.regret_table(p, y, losses, models, frame, times),
            batch.regret_table(p[rows], y[rows], losses, some, frame.iloc[rows]),
        ),
    ]
    for weighted, repeated in pairs:
        np.testing.assert_allclose(weighted, repeated, atol=1e-12)


def test_calibration_error_by_hand():
    p, y, _, _ = instance()
    # Nine values of p, in nine bins or more: each is a bin of its own.
    expected = sum(abs(((y - p) * (p == value)).mean()) for value in np.unique(p))
    assert batch.expected_calibration_error(p, y, bins=100) == pytest.approx(expected)
    table = batch.reliability_table(p, y, bins=100)
    assert table["mean prediction"].tolist() == pytest.approx(np.unique(p))
    assert table["rate"].tolist() == pytest.approx([y[p == value].mean() for value in np.unique(p)])
    assert len(batch.reliability_table(p, y, bins=3)) == 3


def test_a_rate_deviates_as_a_weighted_mean_of_independent_outcomes_does():
    p, y, _, rng = instance()
    mass = rng.integers(0, 4, len(p)) + rng.random(len(p))
    table = batch.reliability_table(p, y, mass, bins=100)
    for row, value in zip(table.to_dict("records"), np.unique(p), strict=True):
        inside = p == value
        share = mass[inside] / mass[inside].sum()
        assert row["weight"] == pytest.approx(mass[inside].sum() / mass.sum())
        assert row["rate"] == pytest.approx(share @ y[inside])
        assert row["deviation"] ** 2 == pytest.approx(sum(w**2 * row["rate"] * (1 - row["rate"]) for w in share))
    np.testing.assert_allclose(batch.reliability_table(p, y, 7 * mass, bins=100), table, rtol=1e-12)


def test_the_parts_of_the_brier_score():
    p, y, _, _ = instance()
    parts = batch.brier_decomposition(p, y)
    assert parts.score == pytest.approx(((y - p) ** 2).mean())
    assert min(parts.miscalibration, parts.discrimination) >= 0
    assert batch.brier_decomposition(y, y).miscalibration == pytest.approx(0)
    assert batch.brier_decomposition(np.full(len(y), y.mean()), y).discrimination == pytest.approx(0)


class TestStepCalibration:
    def test_error_is_the_worst_corner(self):
        p, y, frame, rng = instance(1, 60)
        h = rng.integers(0, 5, 60) / 5
        groups = [np.ones(60), frame["old"], ~frame["old"], frame["sex"] == "f", frame["sex"] == "m"]
        expected = max(
            abs(((y - p) * np.asarray(g, dtype=float) * (p <= v) * (h <= w)).mean())
            for g in groups
            for v in np.unique(p)
            for w in np.unique(h)
        )
        found = batch.step_calibration(p, y, frame, comparators={"h": h}, replicates=0)
        assert found.error == pytest.approx(expected)
        assert found.p_value == 1
        assert found.sets["bias"].abs().max() == pytest.approx(expected)

    def test_p_values_are_uniform_under_the_truth_and_small_where_it_is_missed(self):
        """100 samples drawn from p, 19 draws each: p <= 0.1 has chance 0.1; 30 or more of 100 has chance below 1e-8."""
        rng, small = np.random.default_rng(0), 0
        for seed in range(100):
            p = rng.random(80)
            y = rng.random(80) < p
            small += batch.step_calibration(p, y, replicates=19, random_state=seed).p_value <= 0.1
        assert small < 30
        p, y, frame, _ = instance(2, 1000)
        assert batch.step_calibration(p, y, frame, replicates=99).p_value == 0.01


def test_groups_in_a_table_the_worst_first():
    p, y, frame, _ = instance(3, 2000)
    table = batch.group_calibration(p, y, frame).set_index("group")
    for name, inside in {"old": frame["old"], "sex == 'f'": frame["sex"] == "f"}.items():
        row = table.loc[name]
        assert row["rows"] == inside.sum()
        assert row["bias"] == pytest.approx((y - p)[inside].mean())
        assert row["deviation"] == pytest.approx(np.sqrt((p * (1 - p))[inside].sum()) / inside.sum())
        assert row["calibration error"] == pytest.approx(batch.expected_calibration_error(p[inside], y[inside]))
    ratio = (table["bias"].abs() / table["deviation"]).to_numpy()
    assert (np.diff(ratio) <= 1e-12).all()


def test_gaps_to_models_and_regret_by_hand():
    p, y, frame, _ = instance(4)
    models = {"turned": 1 - p, "flat": np.full(len(p), 0.45)}
    found = batch.omniprediction_gaps(p, y, models, m=8).set_index("model")
    thetas = (np.arange(8) + 0.5) / 8

    def loss(q, theta):
        return np.where(q > theta, theta * (1 - y), (1 - theta) * y).mean()

    for name, other in models.items():
        excess = [loss(p, theta) - loss(other, theta) for theta in thetas]
        assert found.loc[name, "excess"] == pytest.approx(max(excess))
        assert found.loc[name, "threshold"] == thetas[int(np.argmax(excess))]
    misses = LossTable([[0.0, 0.9], [0.1, 0.0]])
    table = batch.regret_table(p, y, {"misses": misses, "squares": SquaredLoss()}, models, frame)
    inside = frame["old"].to_numpy()
    best = min(misses.of_prediction(q[inside], y[inside]).mean() for q in models.values())
    assert table.loc["old", "misses"] == pytest.approx(misses.of_prediction(p[inside], y[inside]).mean() - best)
    best = min(((q - y)[inside] ** 2).mean() for q in models.values())
    assert table.loc["old", "squares"] == pytest.approx(((p - y)[inside] ** 2).mean() - best)


def test_the_band_of_a_murphy_difference():
    """Of two equal predictions it is 0 without width; of a good and a bad one it is below 0 where it matters."""
    p, _, _, rng = instance(5, 2000)
    y = (rng.random(2000) < p).astype(float)
    same = batch.murphy_difference(p, p, y, replicates=20)
    assert (same[["difference", "low", "high"]] == 0).all(axis=None)
    found = batch.murphy_difference(p, np.full(2000, 0.5), y, replicates=200)
    thetas = found["theta"].to_numpy()
    own = [np.where(p > t, t * (1 - y), (1 - t) * y).mean() for t in thetas]
    flat = [np.where(t < 0.5, t * (1 - y), (1 - t) * y).mean() for t in thetas]
    np.testing.assert_allclose(found["difference"], np.array(own) - flat, atol=1e-12)
    assert (found["high"] < 0).any()
    assert (found["low"] <= found["difference"]).all()


def test_scorers_work_in_cross_validation():
    rng = np.random.default_rng(0)
    X = rng.random((200, 2))
    y = np.where(rng.random(200) < X[:, 0], "yes", "no")
    for scorer in (batch.calibration_scorer(bins=5), batch.step_calibration_scorer()):
        scores = cross_val_score(LogisticRegression(), X, y, scoring=scorer, cv=3)
        assert ((scores <= 0) & (scores > -1)).all()
    model = LogisticRegression().fit(X, y)
    expected = -batch.expected_calibration_error(model.predict_proba(X)[:, 1], y == "yes", bins=5)
    assert batch.calibration_scorer(bins=5)(model, X, y) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batch.expected_calibration_error([], []), "p is empty"),
        (lambda: batch.expected_calibration_error([0.5], [1], bins=0), "bins must be >= 1, got 0"),
        (lambda: batch.expected_calibration_error([1.5], [1]), "p"),
        (lambda: batch.reliability_table([0.5], [1], [-1.0]), "sample_weight must be >= 0"),
        (lambda: batch.omniprediction_gaps([0.5], [1], {}), "models must name one model or more"),
        (lambda: batch.regret_table([0.5], [1], {}, {"a": [0.5]}), "at least one loss and one model"),
        (lambda: batch.murphy_difference([0.5], [0.5], [1], level=1.0), r"level must lie in \(0, 1\)"),
        (
            lambda: batch.group_calibration([0.5], [1], pd.DataFrame({"a": [1, 2]})),
            "groups have 2 rows and there are 1",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ProblemError, match=message):
        call()
