"""What plug-in strategies answer during a run is refused in one line when it is not what was asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import OmnisimError, StrategyError
from omnisim.strategies.learners.base import Learner
from omnisim.strategies.policy import Policy

T, N, A, D = 6, 3, 2, 2


class Plugin(Policy):
    """Answers what it is told to."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def playable(self, active: np.ndarray) -> Any:
        return self.answers.get("playable", (np.ones((N, A), bool), np.zeros(N, bool)))

    def registered(self, active: np.ndarray) -> Any:
        return self.answers.get("registered", np.ones((N, A), bool))

    def settle(self, actions: np.ndarray, outcome: np.ndarray, costs: np.ndarray, active: np.ndarray) -> None:
        self.answers.get("settle", lambda *_: None)(actions, costs)
        self.round += 1

    @property
    def eliminated_at(self) -> Any:
        return self.answers.get("eliminated_at", np.full((N, A, 1), T))


def run(policy: Any = None, forecaster: Any = None, adversary: Any = None) -> omnisim.Trace:
    rng = np.random.default_rng(0)
    limit = omnisim.LinearConstraint(rng.uniform(-0.2, 0.2, (N, A, D)))
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("firms", rng.uniform(0, 0.4, (N, A, D)), constraints=[limit])],
            adversary=adversary or omnisim.adversaries.Independent(rng.random((4, D))),
            forecaster=forecaster or omnisim.forecasters.Climatology(),
            elimination=policy or omnisim.elimination.FirstViolation(),
            rounds=T,
        )
    )


def refused(**parts: Any) -> str:
    with pytest.raises(StrategyError) as caught:
        run(**parts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_plug_in_itself_is_fine() -> None:
    assert run(Plugin()).rounds == T


FALLBACK = np.zeros(N, bool)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (
            {"playable": (np.ones((N, A)), FALLBACK)},
            r"playable\(\) is an array of float64 of shape \(3, 2\): a boolean",
        ),
        ({"playable": (np.ones((N, A), int), FALLBACK)}, r"playable\(\) is an array of int64"),
        ({"playable": (np.ones((N, A + 1), bool), FALLBACK)}, r"of shape \(3, 3\): a boolean array of shape \(3, 2\)"),
        ({"playable": (np.ones((A, N), bool), FALLBACK)}, r"playable\(\) is an array of bool of shape \(2, 3\)"),
        ({"playable": ([[True] * A] * N, FALLBACK)}, r"playable\(\) is \[\[True, True\]"),
        ({"playable": (None, FALLBACK)}, r"playable\(\) is None"),
        ({"playable": (np.ones((N, A), bool),)}, r"playable\(\) is 1 of them: two arrays are needed, of the actions"),
        ({"playable": np.ones((N, A), bool)}, r"playable\(\) is a ndarray: two arrays are needed"),
        ({"playable": (np.ones((N, A), bool), FALLBACK, FALLBACK)}, r"playable\(\) is 3 of them: two arrays"),
        ({"playable": (np.zeros((N, A), bool), FALLBACK)}, "in round 0: agent 0 has no candidate action"),
        (
            {"playable": (np.array([[True, False], [False, True], [False, False]]), FALLBACK)},
            "agent 2 has no",
        ),
        ({"playable": (np.ones((N, A), bool), np.zeros(N))}, r"the second of playable\(\) is an array of float64"),
        ({"playable": (np.ones((N, A), bool), True)}, r"the second of playable\(\) is True"),
        ({"registered": np.ones((N, A), np.uint8)}, r"registered\(\) is an array of uint8"),
        ({"registered": np.ones(N, bool)}, r"registered\(\) is an array of bool of shape \(3,\)"),
        ({"eliminated_at": np.full((N, A, 1), T + 1)}, r"eliminated_at\[0, 0, 0\] is 7: every entry must be in 0..6"),
        ({"eliminated_at": np.full((N, A, 1), -1)}, "eliminated_at.* is -1"),
        ({"eliminated_at": np.full((N, A, 1), 1.0)}, "eliminated_at: is an array of float64"),
        ({"eliminated_at": np.full((N, A, 3), T)}, r"eliminated_at: has shape \(3, 2, 3\)"),
        (
            {"eliminated_at": np.zeros((N, A, 1), int)},
            r"in round 1: playable\(\) offers action \d to agent 0, which had left all its candidate sets",
        ),
        (
            {"playable": (np.ones((N, A), bool), np.arange(N) == 1)},
            "in round 0: playable.* says that agent 1 falls back, which has a candidate left",
        ),
        ({"eliminated_at": None}, "eliminated_at: is an array of object"),
        (
            {"registered": np.array([[True, True], [True, False], [True, True]])},
            r"in round 0: playable\(\) offers action 1 to agent 1, which registered\(\) did not tell of",
        ),
        (
            {"playable": (np.array([[True, True], [True, True], [False, True]]), FALLBACK)},
            r"in round 0: playable\(\) does not offer action 0 to agent 2, which registered\(\) told of",
        ),
    ],
)
def test_what_a_policy_offers(answers: dict[str, Any], says: str) -> None:
    line = refused(policy=Plugin(**answers))
    assert line.startswith("Plugin of population 'firms'")
    with pytest.raises(StrategyError, match=says):
        run(Plugin(**answers))


class Emptied(Plugin):
    """Loses all its candidates after round 0."""

    def playable(self, active: np.ndarray) -> Any:
        return np.ones((N, A), bool), np.full(N, self.round > 0)

    @property
    def eliminated_at(self) -> Any:
        return np.full((N, A, 1), 0 if self.round else T)


def test_a_policy_falls_back_once_all_has_left(tmp_path: Path) -> None:
    trace = run(Emptied())
    assert trace.fallback["firms"].sum() == (T - 1) * N
    trace.save(tmp_path / "trace.npz")
    omnisim.load_trace(tmp_path / "trace.npz")


def change_actions(actions: np.ndarray, costs: np.ndarray) -> None:
    actions[:] = 10**9


def change_costs(actions: np.ndarray, costs: np.ndarray) -> None:
    costs[:] = 7.0


@pytest.mark.parametrize("change", [change_actions, change_costs])
def test_a_policy_cannot_change_the_record(change: Any) -> None:
    with pytest.raises(ValueError, match="read-only"):
        run(Plugin(settle=change))


class Careless(Learner):
    """Ends up with weights that are no distribution."""

    def __init__(self, weights: Any) -> None:
        self.given = weights

    def _reset(self) -> np.ndarray:
        return self._uniform()

    def _learn(self, utilities: np.ndarray, costs: np.ndarray) -> Any:
        return self.given


@pytest.mark.parametrize(
    "weights",
    [
        np.full((N, A), np.nan), np.full((N, A), 1.0), np.array([[2.0, -1.0]] * N), np.full((N, A), np.inf),
        np.full((A, N), 1 / N), np.full((N, A + 1), 1 / (A + 1)), np.zeros((N, A)),
    ],
)  # fmt: skip
def test_the_weights_of_a_learner(weights: np.ndarray) -> None:
    line = refused(policy=Careless(weights))
    assert line.startswith("Careless in round 0: ")


class Talkative(omnisim.forecasters.Climatology):
    """Says more than it should."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.answers, self.asked = answers, 0

    def base_predictions(self) -> Any:
        self.asked += 1
        return self.answers.get("bases", lambda t: None)(self.asked)

    def diagnostics(self) -> Any:
        return self.answers.get("diagnostics", {})

    def gain_gradient(self) -> Any:
        return self.answers.get("gain_gradient")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"bases": lambda t: np.full((t, D), 0.5)}, r"base_predictions\(\) of Talkative in round 1 must have shape"),
        ({"bases": lambda t: np.full((2, D + 1), 0.5)}, r"in round 0 must have shape \(B, 2\)"),
        ({"bases": lambda t: np.full((2, D), 1.5)}, r"in round 0\[0, 0\] is 1.5: every entry must lie in \[0, 1\]"),
        ({"bases": lambda t: [["x"] * D]}, "must be an array of numbers"),
        ({"diagnostics": {"p": "high"}}, r"diagnostics\(\) of Talkative in round 0: p is 'high': a number is needed"),
        ({"diagnostics": {"p": np.inf}}, "p is inf: a finite number is needed"),
        ({"gain_gradient": np.zeros(D + 1)}, r"gain_gradient\(\) of Talkative in round 0 must have shape \(2,\)"),
        ({"gain_gradient": [np.nan] * D}, r"gain_gradient\(\) of Talkative in round 0\[0\] is nan"),
    ],
)  # fmt: skip
def test_what_a_forecaster_says(answers: dict[str, Any], says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        run(
            forecaster=Talkative(**answers),
            adversary=omnisim.adversaries.WorstCase(D) if "gain_gradient" in answers else None,
        )


def test_rules_without_a_candidate_are_told_apart_from_shapes() -> None:
    """The message of the compiled loops carries the agent, and it is an error of omnisim."""
    with pytest.raises(OmnisimError, match="agent 1 has no candidate action: at least one is needed"):
        omnisim.Population("p", np.zeros((2, 2, 1))).best_response(
            np.zeros(1), np.array([[True, True], [False, False]])
        )


class Dice(Policy):
    """Draws an action in every round, and says no more of it than the base does."""

    draws = True

    def _start(self) -> None:
        self.drawn: list[np.ndarray] = []

    def playable(self, active: np.ndarray) -> Any:
        if len(self.drawn) == self.round:
            self.drawn.append(self.rng.integers(A, size=N))
        return self.drawn[-1][:, None] == np.arange(A), np.zeros(N, bool)

    def settle(self, actions: np.ndarray, outcome: np.ndarray, costs: np.ndarray, active: np.ndarray) -> None:
        self.round += 1

    @property
    def eliminated_at(self) -> Any:
        return np.full((N, A, 1), T)


def test_nobody_is_told_what_a_policy_draws() -> None:
    told: list[np.ndarray] = []

    class Watching(omnisim.adversaries.Adversary):
        dimension, oblivious = D, False

        def _law(self, context: Any, mixture: Any, history: Any) -> Any:
            told.extend(np.array(candidates) for candidates in context.candidates.values())
            return np.full(D, 0.5)

    played = run(Dice(), adversary=Watching()).actions["firms"]
    assert len({tuple(row) for row in played.tolist()}) > 1
    assert len(told) == T
    assert all(each.all() and each.shape == (N, A) for each in told)


def test_what_a_policy_draws_is_not_told_by_default() -> None:
    policy = Dice()
    rng = np.random.default_rng(4)
    policy.start(omnisim.Population("firms", rng.uniform(0, 0.4, (N, A, D))), np.ones((T, 1), bool), rng)
    for _ in range(T):
        before = policy.rng.bit_generator.state
        assert policy.registered(np.ones(1, bool)).all()
        assert policy.rng.bit_generator.state == before  # nor has it drawn by then
        assert policy.playable(np.ones(1, bool))[0].sum() == N
        policy.settle(np.zeros(N, int), np.zeros(D), np.zeros((N, A, 0)), np.ones(1, bool))
