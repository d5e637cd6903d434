"""The contract suite notices each way of breaking the contract."""

from typing import Any, ClassVar

import numpy as np
import pytest

import omnisim
from omnisim import testing
from omnisim.errors import EmptyCandidatesError, StrategyError
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries import Adversary, Independent, Replay
from omnisim.strategies.elimination import BestResponse, FirstViolation, SubsequenceFirstViolation
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.forecasters import Climatology, Forecaster, Persistence


class Unseeded(Forecaster):
    def _predict(self, context: Context) -> Any:
        return np.random.default_rng().random(self.service.dimension)


class Remembering(Climatology):
    def _start(self) -> None:
        if not hasattr(self, "_sum"):
            super()._start()


class Shared(Persistence):
    seen: ClassVar[list[Any]] = []

    def _predict(self, context: Context) -> Any:
        return self.seen[-1] if self.seen and context.round else np.full(self.service.dimension, 0.5)

    def _update(self, outcome: Any) -> None:
        self.seen.append(outcome)


class Scribbling(Climatology):
    def _predict(self, context: Context) -> Any:
        for values in context.features.values():
            values[:] = 0.0
        return super()._predict(context)


class Flat(Forecaster):
    def _predict(self, context: Context) -> Any:
        return [0.5, 0.5, 0.5]


class Undefined(Forecaster):
    def _predict(self, context: Context) -> Any:
        return np.full(self.service.dimension, np.nan)


class Outside(Forecaster):
    def _predict(self, context: Context) -> Any:
        return np.full(self.service.dimension, 1.5)


class Dated(Forecaster):
    def _predict(self, context: Context) -> Any:
        assert context.date is not None
        return np.full(self.service.dimension, 0.5)


class Raw(Climatology):
    def predict(self, context: Context) -> Any:
        return self._predict(context)


class Negative(Forecaster):
    def _predict(self, context: Context) -> Any:
        mixture = Mixture(np.full((2, self.service.dimension), 0.5), [0.5, 0.5])
        mixture.weights = np.array([1.5, -0.5])
        return mixture


FORECASTERS = {
    Unseeded: "Unseeded is not deterministic: two copies differ, first in round 0",
    Remembering: "Remembering does not forget on start: a second run differs, first in round 0",
    Scribbling: r"Scribbling changed its input: context.features\['temperature'\], in predict of round 0",
    Shared: "Shared shares state with its deep copy: .* first in round 15",
    Flat: r"Flat failed in predict of round 0 .* predicted 3 coordinates in round 0: outcomes have 1",
    Undefined: r"Undefined failed in predict of round 0 .* every entry must be a finite number",
    Outside: r"Outside failed in predict of round 0 .* every entry must lie in \[0, 1\]",
    Dated: r"Dated failed in predict of round 0 .*bare context",
    Raw: "Raw breaks its contract in predict of round 0 .* got ndarray, not a Mixture",
    Negative: "Negative breaks its contract in predict of round 0 .* got weights that are not probabilities",
}


@pytest.mark.parametrize("broken", FORECASTERS)
def test_broken_forecaster(broken: type[Forecaster]) -> None:
    with pytest.raises(StrategyError, match=FORECASTERS[broken]):
        testing.check_forecaster(broken())


def test_a_copy_that_shares_state_with_its_original() -> None:
    class Box:
        def __init__(self) -> None:
            self.last: Any = None

        def __deepcopy__(self, memo: dict[int, Any]) -> "Box":
            return self

    class Entangled(Forecaster):
        def _start(self) -> None:
            self.box = Box()

        def _predict(self, context: Context) -> Any:
            return np.full(self.service.dimension, 0.5) if self.box.last is None else self.box.last

        def _update(self, outcome: Any) -> None:
            self.box.last = outcome

    with pytest.raises(StrategyError, match=r"Entangled shares state with its deep copy: .* first in round 15"):
        testing.check_forecaster(Entangled())


class Integers(BestResponse):
    def _candidates(self, active: Any) -> Any:
        return np.ones((self.agents, self.actions), dtype=int)


class Wide(BestResponse):
    def _candidates(self, active: Any) -> Any:
        return np.ones((self.agents, self.actions + 1), dtype=bool)


class Returning(FirstViolation):
    def _candidates(self, active: Any) -> Any:
        return super()._candidates(active) | (self.round == self.rounds - 1)


class Silent(FirstViolation):
    @property
    def eliminated_at(self) -> Any:
        return np.full((self.agents, self.actions, 1), self.rounds)


class Early(FirstViolation):
    @property
    def eliminated_at(self) -> Any:
        return np.maximum(super().eliminated_at - 1, 0)


class Floating(BestResponse):
    @property
    def eliminated_at(self) -> Any:
        return np.full((self.agents, self.actions, 1), np.inf)


class Late(BestResponse):
    @property
    def eliminated_at(self) -> Any:
        return np.full((self.agents, self.actions, 1), self.rounds + 1)


class Counting(BestResponse):
    def _start(self) -> None:
        self.calls = 0

    def _candidates(self, active: Any) -> Any:
        self.calls += 1
        candidates = np.ones((self.agents, self.actions), dtype=bool)
        candidates[:, 0] = self.calls % 2 == 1
        return candidates


class Clipping(FirstViolation):
    def _update(self, actions: Any, costs: Any, active: Any) -> None:
        np.maximum(costs, 0, out=costs)
        super()._update(actions, costs, active)


class Pretending(FirstViolation):
    """Says that it looks at played actions only, and looks at all."""

    def __init__(self) -> None:
        super().__init__("full")
        self.feedback = "played"

    def _violated(self, actions: Any, costs: Any) -> Any:
        return (costs > 0).any(axis=2)


class Misleading(FirstViolation):
    def registered(self, active: Any) -> Any:
        return np.ones((self.agents, self.actions), dtype=bool)


class Lenient(FirstViolation):
    def __init__(self) -> None:
        super().__init__(on_empty="error")

    def playable(self, active: Any) -> Any:
        candidates = self._candidates(active)
        empty = ~candidates.any(axis=1)
        return candidates | empty[:, None], empty


ELIMINATIONS = {
    Integers: r"Integers breaks its contract .* candidates must be a boolean array of shape \(N, A\) = \(3, 4\)",
    Wide: r"Wide breaks its contract .* candidates must be a boolean array of shape \(N, A\) = \(3, 4\)",
    Returning: "Returning took an action back: its candidates of round 29",
    Silent: "Silent says in eliminated_at something else than its candidates of round",
    Early: "Early breaks its contract in start .*eliminated_at must lie in 30..30",
    Floating: "Floating breaks its contract in start .* must be an array of integers",
    Late: r"Late breaks its contract in start .*eliminated_at must lie in 30\.\.30",
    Counting: "Counting breaks its contract in candidates of round 0 .* asking for the candidates changes them",
    Clipping: "Clipping changed its input: costs, in update of round 0",
    Pretending: "Pretending declares feedback='played', but costs of actions not played matter",
    Misleading: r"Misleading breaks its contract .* the candidates it registers are not those it chooses from",
    Lenient: "Lenient breaks its contract .* an agent without candidates plays on",
}


@pytest.mark.parametrize("broken", ELIMINATIONS)
def test_broken_elimination(broken: type[Elimination]) -> None:
    with pytest.raises(StrategyError, match=ELIMINATIONS[broken]):
        testing.check_elimination(broken())


def test_unknown_feedback() -> None:
    rule = BestResponse()
    rule.feedback = "some"
    with pytest.raises(StrategyError, match="BestResponse has the feedback 'some': it must be 'full' or 'played'"):
        testing.check_elimination(rule)


def test_giving_up_while_candidates_are_left() -> None:
    class Dramatic(FirstViolation):
        def playable(self, active: Any) -> Any:
            if self.round > 2:
                raise EmptyCandidatesError("enough")
            return super().playable(active)

    with pytest.raises(StrategyError, match=r"Dramatic failed in candidates of round .* EmptyCandidatesError: enough"):
        testing.check_elimination(Dramatic())


class Drifting(Independent):
    """Its law depends on how often it was asked."""

    def _start(self, rng: Any) -> None:
        self._count = 0

    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        self._count += 1
        return [(self._count % 7) / 7]


class Unaware(Independent):
    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        return [float(mixture is None)]


class Drawing(Independent):
    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        return np.random.default_rng().random(1)


class Ahead(Independent):
    oblivious = False

    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        return history.outcomes[context.round]


class Rewriting(Independent):
    oblivious = False

    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        history.predictions[:] = 0.0
        return [0.0]


ADVERSARIES = {
    Drifting: "Drifting declares itself oblivious, but its law depends on more than the context",
    Unaware: "Unaware declares itself oblivious, but its law depends on more than the context",
    Drawing: "Drawing is not deterministic: two copies differ",
    Ahead: "Ahead failed in law of round 0 .* IndexError",
    Rewriting: r"Rewriting changed its input: history.predictions, in law of round 1",
}


@pytest.mark.parametrize("broken", ADVERSARIES)
def test_broken_adversary(broken: type[Independent]) -> None:
    with pytest.raises(StrategyError, match=ADVERSARIES[broken]):
        testing.check_adversary(broken([[0.0], [1.0]]))


def test_an_adversary_must_refuse_rounds_beyond_its_horizon() -> None:
    class Looping(Replay):
        def _law(self, context: Any, mixture: Any, history: Any) -> Any:
            return self.outcomes[context.round % len(self.outcomes)]

    class Unchecked(Replay):
        def _law(self, context: Any, mixture: Any, history: Any) -> Any:
            return self.outcomes[context.round]

    with pytest.raises(StrategyError, match=r"Looping has 2 rounds: it must refuse round 2 .* but plays on"):
        testing.check_adversary(Looping([[0.0], [1.0]]))
    with pytest.raises(StrategyError, match=r"Unchecked has 2 rounds: .* but raises IndexError"):
        testing.check_adversary(Unchecked([[0.0], [1.0]]))


def test_an_adversary_has_a_dimension_and_some_rounds() -> None:
    class Nowhere(Independent):
        @property
        def dimension(self) -> int:
            return 0

    class Brief(Independent):
        horizon = 0

    with pytest.raises(StrategyError, match="Brief has the horizon 0: it must be >= 1"):
        testing.check_adversary(Brief([[0.0]]))
    with pytest.raises(StrategyError, match="Nowhere has the dimension 0: it must be >= 1"):
        testing.check_adversary(Nowhere([[0.0]]))


def test_white_box_adversaries_are_shown_mixture_and_history() -> None:
    class Answering(Adversary):
        oblivious = False
        dimension = 1

        def _law(self, context: Any, mixture: Any, history: Any) -> Any:
            assert history.outcomes.shape == history.predictions.shape == (context.round, 1)
            assert all(len(actions) == context.round for actions in history.actions.values())
            assert set(history.actions) == set(context.candidates) == {p.name for p in self.populations}
            return [float(mixture.mean[0] < 0.5)]

    testing.check_adversary(Answering())


def test_the_strategy_checked_is_left_as_it_was() -> None:
    forecaster, rule, adversary = Climatology(), SubsequenceFirstViolation(), Independent([[0.0], [1.0]])
    before = [dict(vars(strategy)) for strategy in (forecaster, rule, adversary)]
    testing.check_forecaster(forecaster, dimension=2, rounds=3)
    testing.check_elimination(rule, rounds=3)
    testing.check_adversary(adversary, rounds=3)
    assert [vars(strategy) for strategy in (forecaster, rule, adversary)] == before


@pytest.mark.parametrize(
    ("check", "strategy"),
    [
        (testing.check_forecaster, Climatology()),
        (testing.check_elimination, BestResponse()),
        (testing.check_adversary, Independent([[0.0]])),
    ],
)
def test_one_round_is_enough_and_none_is_too_few(check: Any, strategy: Any) -> None:
    check(strategy, rounds=1)
    with pytest.raises(StrategyError, match="rounds of a check must be a whole number >= 1, got 0"):
        check(strategy, rounds=0)


@pytest.mark.long
def test_an_adversary_may_take_its_dimension_from_the_populations() -> None:
    played = set()

    class Following(Adversary):
        oblivious = False

        @property
        def dimension(self) -> int:
            return self.populations[0].dimension

        def dimension_for(self, populations: Any) -> int:
            return int(populations[0].dimension)

        def _law(self, context: Any, mixture: Any, history: Any) -> Any:
            played.add(self.dimension)
            return np.zeros(self.dimension)

    testing.check_adversary(Following())
    assert played == set(testing.DIMENSIONS)


class Cap:
    """A constraint of one's own: the cost is how far the outcome is from a level of the action."""

    def __init__(self, agents: Any) -> None:
        self.agents = np.asarray(agents)

    def costs(self, outcomes: Any) -> Any:
        levels = (self.agents[:, None] + np.arange(2)) / 10
        return outcomes.max(axis=1)[:, None, None] - levels

    def of_agents(self, rows: Any) -> Any:
        return type(self)(self.agents[rows])


class TestConstraints:
    @staticmethod
    def population(constraint: Any) -> omnisim.Population:
        rng = np.random.default_rng(0)
        return omnisim.Population("mine", rng.uniform(0, 0.3, (4, 2, 3)), constraints=[constraint])

    def test_a_constraint_of_ones_own(self) -> None:
        testing.check_population(self.population(Cap(np.arange(4))))

    def test_a_population_without_constraints(self) -> None:
        testing.check_population(omnisim.Population("mine", np.full((4, 2, 3), 0.3)))

    def test_faults_are_noticed(self) -> None:
        class Restless(Cap):
            calls = 0

            def costs(self, outcomes: Any) -> Any:
                self.calls += 1
                return super().costs(outcomes) - 0.01 * (self.calls % 2)

        class Relative(Cap):
            def costs(self, outcomes: Any) -> Any:
                return super().costs(outcomes) - outcomes.mean()

        class Scribbling(Cap):
            def costs(self, outcomes: Any) -> Any:
                found = super().costs(outcomes)
                outcomes *= 0.5
                return found

        class Confused(Cap):
            def of_agents(self, rows: Any) -> Any:
                return Cap(self.agents[: len(rows)])

        class Flat(Cap):
            def costs(self, outcomes: Any) -> Any:
                return super().costs(outcomes)[:, 0]

        for fault, said in (
            (Restless, "has other costs when it is asked again"),
            (Relative, "has other costs for an outcome if it is asked for others"),
            (Scribbling, "changes the outcomes that it is given"),
            (Confused, r"of_agents\(rows\) has other costs than these agents"),
            (Flat, "costs of constraint 0 have the shape"),
        ):
            with pytest.raises(StrategyError, match=said):
                testing.check_population(self.population(fault(np.arange(4))))


ALWAYS = Independent([[0.0], [1.0]])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: testing.check_forecaster(3), "forecaster of check_forecaster must be a Forecaster, got 3"),
        (
            lambda: testing.check_forecaster(Climatology),
            "forecaster of check_forecaster must be a Forecaster, got the class Climatology, not an object",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), rounds=2.5),
            "rounds of check_forecaster must be a whole number, got 2.5",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), dimension="x"),
            "dimension of check_forecaster must be a whole number or None, got 'x'",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), dimension=-1),
            "dimension of a check must be a whole number >= 1, got -1",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), features="load"),
            "features of check_forecaster must be a list in which each is a text, got 'load'",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), forecasts=[3]),
            "forecasts[0] of check_forecaster must be a text, got 3",
        ),
        (
            lambda: testing.check_forecaster(Climatology(), populations="p"),
            "populations of check_forecaster must be True or False, got 'p'",
        ),
        (lambda: testing.check_adversary("x"), "adversary of check_adversary must be an Adversary, got 'x'"),
        (
            lambda: testing.check_adversary(ALWAYS, rounds="x"),
            "rounds of check_adversary must be a whole number or None, got 'x'",
        ),
        (lambda: testing.check_adversary(ALWAYS, rounds=0), "rounds of a check must be a whole number >= 1, got 0"),
        (
            lambda: testing.check_adversary(ALWAYS, features=3),
            "features of check_adversary must be a list in which each is a text, got 3",
        ),
        (lambda: testing.check_elimination(3), "rule of check_elimination must be an Elimination, got 3"),
        (
            lambda: testing.check_elimination(FirstViolation(), rounds=None),
            "rounds of check_elimination must be a whole number, got None",
        ),
        (lambda: testing.check_learner(3), "learner of check_learner must be a Learner, got 3"),
        (
            lambda: testing.check_learner(omnisim.learners.Hedge(), rounds="x"),
            "rounds of check_learner must be a whole number, got 'x'",
        ),
    ],
)
def test_what_a_check_cannot_be_given(call: Any, said: str) -> None:
    with pytest.raises(StrategyError) as refused:
        call()
    assert str(refused.value) == said
