"""The instances are what their documentation says, or the study shows nothing."""

import numpy as np
import pytest

from omnisim.errors import OmnisimError
from omnisim.problem.context import Context
from omnisim.studies.scaling.instances import ADVERSARIES, adversary, population, subsequences


@pytest.mark.parametrize("dimension", [1, 4])
def test_an_action_is_best_where_its_plan_is_closest(dimension: int) -> None:
    """Against distances to the plans, drawn again from the seed."""
    agents, actions = 3, 5
    plans = np.random.default_rng(7).random((agents, actions, dimension))
    made = population(7, agents, actions, dimension)
    for y in np.random.default_rng(8).random((50, dimension)):
        closest = ((plans - y) ** 2).sum(axis=2).argmin(axis=1)
        np.testing.assert_array_equal(made.best_response(y), closest)
    assert (made.lipschitz <= 0.8 + 1e-12).all()


@pytest.mark.parametrize("dimension", [1, 4])
def test_the_tempting_action_is_always_best_and_always_violates(dimension: int) -> None:
    made = population(3, 6, 8, dimension, lift=0.5)
    for y in np.random.default_rng(1).random((50, dimension)):
        assert (made.best_response(y) >= 6).all()
        costs = made.costs(y)
        assert (costs[:, 6:, 0] >= 0.8).all()
        assert (costs[:, :6, 0] == 0).all()
        assert (costs[:, [0, 1, 2, 3, 6, 7], 1] == 0).all()


def test_the_laws_that_take_turns_have_the_documented_means() -> None:
    made = adversary("Switching", 2)
    means = [made.law(Context(round=t), None, None).mean for t in (0, 11, 12, 23, 24)]
    np.testing.assert_allclose(np.array(means)[:, 0], np.array([1, 1, 2, 2, 1]) / 3)
    np.testing.assert_array_equal(np.array(means)[:, 0], np.array(means)[:, 1])


def test_an_unknown_adversary_is_refused() -> None:
    with pytest.raises(OmnisimError, match="must be one of Independent, Switching, WorstCase"):
        adversary("Friendly", 1)
    assert [type(adversary(name, 1)).__name__ for name in ADVERSARIES] == list(ADVERSARIES)


def test_the_subsequences_overlap_and_cover() -> None:
    made = subsequences(100, 6)
    assert list(made) == ["all", "season", "late", "every 3", "every 4", "every 5"]
    season, late = made["season"], made["late"]
    assert season is not None
    assert late is not None
    assert (season & late).any()
    assert late.sum() == 50
