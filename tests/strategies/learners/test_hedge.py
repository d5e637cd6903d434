import numpy as np
import pytest
from examples import Suite
from strategies.learners.driving import drive, experts, opponents

import omnisim
from omnisim.learners import BlumMansour, Hedge

T, N = 1500 if Suite.long else 720, 2

pytestmark = pytest.mark.sampled


@pytest.mark.one_in(4)
@pytest.mark.parametrize("actions", [1, 2, 5])
@pytest.mark.parametrize("opponent", opponents(2, T))
def test_hedge_keeps_its_bounds(opponent: str, actions: int) -> None:
    population = experts(N, actions)
    log = np.log(actions)
    tuned = drive(Hedge(), population, opponents(actions, T)[opponent], T)
    assert (tuned.external_regret(T) <= np.sqrt(T * log / 2) + 1e-9).all()
    anytime = drive(Hedge("anytime"), population, opponents(actions, T)[opponent], T)
    for t in (1, 2, 10, 100, 700, T):
        assert (anytime.external_regret(t) <= np.sqrt(t * log) + 1e-9).all()
    fixed = drive(Hedge(0.1), population, opponents(actions, T)[opponent], T)
    assert (fixed.external_regret(T) <= log / 0.1 + 0.1 * T / 8 + 1e-9).all()


@pytest.mark.one_in(8)
@pytest.mark.parametrize("actions", [1, 2, 5])
@pytest.mark.parametrize("opponent", opponents(2, T))
def test_blum_mansour_keeps_its_bounds(opponent: str, actions: int) -> None:
    population = experts(N, actions)
    log = actions * np.log(actions)
    tuned = drive(BlumMansour(), population, opponents(actions, T)[opponent], T)
    assert (tuned.swap_regret(T) <= np.sqrt(T * log / 2) + 1e-9).all()
    anytime = drive(BlumMansour("anytime"), population, opponents(actions, T)[opponent], T)
    for t in (1, 2, 10, 100, 700, T):
        assert (anytime.swap_regret(t) <= np.sqrt(t * log) + 1e-9).all()
    fixed = drive(BlumMansour(0.1), population, opponents(actions, T)[opponent], T)
    assert (fixed.swap_regret(T) <= log / 0.1 + 0.1 * T / 8 + 1e-9).all()


def test_the_bounds_mean_something() -> None:
    """Some regret is unavoidable: on random sequences the bound of Hedge is within a factor of 4."""
    actions = 5
    regret = np.mean(
        [
            drive(Hedge(), experts(1, actions), opponents(actions, T)["random"], T).external_regret(T),
            drive(Hedge(), experts(1, actions), opponents(actions, T)["spiteful"], T).external_regret(T),
        ]
    )
    assert regret >= np.sqrt(T * np.log(actions) / 2) / 4


@pytest.mark.long
def test_hedge_has_swap_regret_where_blum_mansour_has_none() -> None:
    """Three phases in which leaving the leader is recognized too late to be undone by a fixed action.

    Action 1 pays first. Then 2 pays most, but while 1 is still the leader 0 would have been better than it, and in
    the end 0 alone pays: a different action would have been right for each action played.
    """
    rounds = 3000

    def phases(t: int, _weights: np.ndarray) -> np.ndarray:
        return [np.array([0.0, 1.0, 0.0]), np.array([0.6, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])][3 * t // rounds]

    hedge = drive(Hedge(), experts(1, 3), phases, rounds)
    blum_mansour = drive(BlumMansour(), experts(1, 3), phases, rounds)
    bound = np.sqrt(rounds * 3 * np.log(3) / 2)
    assert blum_mansour.swap_regret(rounds)[0] <= bound < hedge.swap_regret(rounds)[0]


@pytest.mark.parametrize("learner", [Hedge, BlumMansour])
@pytest.mark.parametrize("eta", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_rates_are_refused(learner: type, eta: float) -> None:
    with pytest.raises(omnisim.OmnisimError, match=f"eta of {learner.__name__} must be > 0 and finite, got {eta}"):
        learner(eta)


def test_an_unknown_way_to_choose_the_rate_is_refused() -> None:
    with pytest.raises(omnisim.OmnisimError, match="eta of Hedge is 'best': it must be a number > 0, 'tuned' or"):
        Hedge("best")
