"""Recalibration within groups: its optimum by other routes, its mirror, and that a post-processor begins with it."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize, minimize_scalar

from omnisim.batch import Postprocessor
from omnisim.batch.panprediction.recalibration import recalibrate
from omnisim.errors import StrategyError

pytestmark = pytest.mark.filterwarnings("ignore::omnisim.errors.CorrectionWarning")


def sample(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    groups = np.column_stack([np.ones(n), rng.random(n) < 0.3, rng.random(n)])
    return p, groups, (rng.random(n) < np.clip(p + 0.2 * groups[:, 1], 0, 1)).astype(float), rng.uniform(0, 3, n)


@pytest.mark.parametrize("ridge", [0.1, 3.0, 300.0])
def test_it_is_the_least_of_the_penalized_loss(ridge: float) -> None:
    """Nelder and Mead's search, which knows no derivative, finds no lower value; the gradient by differences is 0."""
    p, groups, y, w = sample(0)

    def objective(at: np.ndarray) -> float:
        s = np.log(p / (1 - p))
        q = 1 / (1 + np.exp(-(s + groups @ at[:3] + (groups @ at[3:]) * s)))
        return -(w * (y * np.log(q) + (1 - y) * np.log(1 - q))).sum() + ridge / 2 * (at**2).sum()

    found = recalibrate(p, groups, y, w, ridge)
    at = np.concatenate([found.shifts, found.slopes])
    searched = minimize(objective, at, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert searched.fun >= objective(at) - 1e-9
    for k in range(6):
        step = 1e-5 * np.eye(6)[k]
        assert abs(objective(at + step) - objective(at - step)) / 2e-5 < 1e-5


def test_a_single_number_by_a_search_in_one_dimension() -> None:
    """All scores 1/2: the slope has no part, and 12 of 20 outcomes are 1."""
    y = (np.arange(20) < 12).astype(float)
    found = recalibrate(np.full(20, 0.5), np.ones((20, 1)), y, np.ones(20), 4.0)
    best = minimize_scalar(lambda a: 20 * np.log1p(np.exp(a)) - 12 * a + 2 * a * a)
    assert found.shifts[0] == pytest.approx(best.x, abs=1e-6)
    assert found.slopes[0] == 0


def test_swapping_the_classes_mirrors_it() -> None:
    p, groups, y, w = sample(1)
    there, back = (recalibrate(a, groups, b, w, 10.0)(a, groups) for a, b in ((p, y), (1 - p, 1 - y)))
    np.testing.assert_allclose(there, 1 - back, atol=1e-12)


def test_separated_classes_and_certain_scores_keep_it_finite() -> None:
    y = np.repeat([0.0, 1.0], 50)
    for p in (np.where(y > 0, 0.9, 0.1), y, 1 - y):
        q = recalibrate(p, np.ones((100, 1)), y, np.ones(100), 1e-3)(p, np.ones((100, 1)))
        assert np.isfinite(q).all()
        assert np.mean((q - y) ** 2) <= np.mean((p - y) ** 2) + 1e-9


def test_a_post_processor_begins_with_it_and_can_leave_it_out() -> None:
    """Of 20,000 rows one half is off by 0.05, and no set may be corrected."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"in": rng.random(20_000) < 0.5})
    y = rng.random(20_000) < np.where(frame["in"], 0.35, 0.3)
    p = np.full(20_000, 0.3)
    model = Postprocessor(max_corrections=0, random_state=0).fit(p, y, frame)
    low, high = model.predict([0.3, 0.3], pd.DataFrame({"in": [False, True]}))
    assert abs(low - 0.3) < 0.015
    assert 0.33 < high < 0.36
    assert model.recalibration_.shifts.shape == (3,)
    plain = Postprocessor(ridge=None, max_corrections=0, random_state=0).fit(p, y, frame)
    np.testing.assert_array_equal(plain.predict(p, frame), p)
    assert plain.recalibration_ is None


def test_the_pull_grows_with_the_ridge() -> None:
    p, groups, y, w = sample(3)
    sizes = [np.abs(recalibrate(p, groups, y, w, ridge).shifts).sum() for ridge in (1, 10, 100, 1000)]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("ridge", [1.0, 0.5, 1e-6])
def test_weak_pulls_are_ridges_too(ridge: float) -> None:
    """One group of everyone, scores of 1/2 and three quarters of the outcomes 1: ridge a = sum of y - p, by Newton."""
    y, shift = np.tile([1, 1, 1, 0], 25), 0.0
    for _ in range(50):
        chance = 1 / (1 + np.exp(-shift))
        shift -= (ridge * shift - (75 - 100 * chance)) / (ridge + 100 * chance * (1 - chance))
    model = Postprocessor(ridge=ridge, max_corrections=0, random_state=0).fit(np.full(100, 0.5), y)
    np.testing.assert_allclose(model.predict([0.5]), 1 / (1 + np.exp(-shift)), rtol=1e-6)


@pytest.mark.parametrize("ridge", [0.0, -1.0, np.nan, np.inf])
def test_bad_ridges(ridge: float) -> None:
    with pytest.raises(StrategyError, match="ridge of Postprocessor must be a finite number > 0 or None, got"):
        Postprocessor(ridge=ridge).fit([0.5, 0.5], [0, 1])
