"""The contract of a learner in action space."""

from collections.abc import Sequence

import numpy as np

from omnisim.errors import StrategyError
from omnisim.refusing import one_of
from omnisim.signatures import held_to_types
from omnisim.strategies.learners.base import Learner
from omnisim.streams import stream
from omnisim.testing.runs import ROUNDS, ContractError, Output, Play, check_runs
from omnisim.testing.world import random_activity, random_population

_SIZES = ((3, 4, 2), (1, 1, 1), (2, 3, 0))
"""N, A, J of the situations tried."""

_DIMENSION = 2

_SUM_TOLERANCE = 1e-6


@held_to_types(StrategyError)
def check_learner(learner: Learner, *, rounds: int = ROUNDS) -> None:
    """Check that a learner in action space keeps its contract.

    Beside what all strategies promise: ``weights`` is a distribution over the actions for every agent, (N, A), which
    stays as it is until ``settle``; exactly one action of positive weight is playable for every agent, the same when
    asked again, and no fallback; and what it registers with others does not tell what it drew.

    Parameters
    ----------
    learner
        An instance; it is left as it was.
    rounds
        T >= 1.

    Raises
    ------
    StrategyError
        Naming the rule that is broken, or the argument that is of another type or below 1.

    Examples
    --------
    >>> import numpy as np
    >>> import omnisim
    >>> omnisim.testing.check_learner(omnisim.learners.Hedge())

    One whose weights do not sum to 1:

    >>> class Greedy(omnisim.learners.Hedge):
    ...     def _learn(self, utilities, costs):
    ...         return 2 * super()._learn(utilities, costs)
    >>> omnisim.testing.check_learner(Greedy())
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: Greedy failed in settle of round 0 on inputs (N = 3, A = 4, J = 2): StrategyError:
    Greedy in round 0: the weights of an agent are no probabilities: they must be >= 0 and sum to 1
    """
    one_of("learner of check_learner", learner, Learner, "a Learner", StrategyError)
    for agents, actions, constraints in _SIZES:
        where = f"N = {agents}, A = {actions}, J = {constraints}"
        check_runs(learner, _LearnerPlay(where, (agents, actions, constraints), rounds))


class _LearnerPlay(Play[Learner]):
    def __init__(self, where: str, sizes: Sequence[int], rounds: int) -> None:
        super().__init__(where, rounds)
        rng = stream(0, "learner")
        self.agents, self.actions, constraints = sizes
        self.population = random_population(rng, "agents", self.agents, self.actions, _DIMENSION, constraints)
        self.active = random_activity(rng, rounds, 1)
        self.outcomes = rng.random((rounds, _DIMENSION))
        self.costs = rng.uniform(-1, 1, (rounds, self.agents, self.actions, constraints))

    def start(self, strategy: Learner) -> None:
        with self.giving(strategy, "start", population=self.population, active=self.active) as given:
            strategy.start(given["population"], given["active"], stream(0, "draws of a learner"))
            self._distribution(strategy)

    def step(self, strategy: Learner, t: int) -> Output:
        with self.giving(strategy, f"playable of round {t}", active=self.active[t]) as given:
            before = self._distribution(strategy)
            drawn = self._drawn(strategy, given["active"], before)
            if not np.asarray(strategy.registered(given["active"])).all():
                raise ContractError("registered must be every action: nobody may know which one it drew")
            if not np.array_equal(self._distribution(strategy), before):
                raise ContractError("weights change before settle")
        outcome = 1 - self.outcomes[t] if self.other else self.outcomes[t]
        costs = -self.costs[t] if self.other else self.costs[t]
        with self.giving(
            strategy, f"settle of round {t}", actions=drawn, outcome=outcome, costs=costs, active=self.active[t]
        ) as given:
            strategy.settle(**given)
            after = self._distribution(strategy)
        return before, drawn, after

    def _drawn(self, strategy: Learner, active: np.ndarray, weights: np.ndarray) -> np.ndarray:
        offered, fallback = (np.array(each) for each in strategy.playable(active))
        again, _ = strategy.playable(active)
        if offered.shape != weights.shape or not (offered.sum(axis=1) == 1).all():
            raise ContractError("playable must offer exactly one action to every agent")
        if np.any(fallback):
            raise ContractError("playable says that it fell back: a learner has no candidates to lose")
        if not np.array_equal(again, offered):
            raise ContractError("playable answers differently when asked again in the same round")
        drawn = np.asarray(offered.argmax(axis=1))
        if not (weights[np.arange(self.agents), drawn] > 0).all():
            raise ContractError("playable offers an action of weight 0")
        return drawn

    def _distribution(self, strategy: Learner) -> np.ndarray:
        weights = np.array(strategy.weights, dtype=np.float64)
        shape = (self.agents, self.actions)
        if weights.shape != shape:
            raise ContractError(f"weights have shape {weights.shape}, not {shape}")
        if not (weights.min() >= 0 and np.abs(weights.sum(axis=1) - 1).max() <= _SUM_TOLERANCE):
            raise ContractError("the weights of an agent are no probabilities: they must be >= 0 and sum to 1")
        return weights
