"""Regrets of all agents as objectives with a potential of their own: external, and swap regret for all A^A swaps."""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, read_only
from omnisim.game.objectives import Decisions
from omnisim.game.regret_bounds import SMALLEST_RANGE, regret_rates
from omnisim.game.regret_kernels import learn_regrets, weigh_regrets
from omnisim.problem.choices import weighted_regret
from omnisim.problem.context import Context
from omnisim.problem.limits import Limits
from omnisim.problem.mixture import Mixture
from omnisim.problem.ranges import utility_range
from omnisim.threads import in_ranges


class RegretPotential:
    """The potentials of external and swap regret of one population, see :mod:`omnisim.game.regret_bounds`.

    It stands beside the families of an engine: it has weights, and a rise of its potential in a round that is at most
    its weighted gain, so that one budget serves all.

    Parameters
    ----------
    decisions
        The population's decision events, prepared before this in each round; they know its actions.
    subsequences
        L.
    rounds
        T.
    limits
        Of outcomes, within which those that are learnt lie.
    unit
        What the potential of one pair of a subsequence and an agent counts at first, twice: once for each regret.
    """

    def __init__(self, decisions: Decisions, subsequences: int, rounds: int, unit: float, limits: Limits) -> None:
        self._decisions, self._population, self._unit = decisions, decisions.population, unit
        agents, actions = self._population.agents, self._population.actions
        rates = regret_rates(rounds)
        count = len(rates)
        self._rates = read_only(rates)
        largest = utility_range(self._population, limits)
        self._scale = np.divide(1.0, largest, out=np.zeros(agents), where=largest > SMALLEST_RANGE)
        self._external = np.ones((subsequences, count, agents * actions))
        self._powers = np.ones((subsequences, agents, actions, count, actions))
        self._products = np.ones((subsequences, agents, count))
        self._others = np.tile(np.arange(actions), (agents, 1))
        self._every = np.ones((agents, actions), dtype=np.bool_)

    @property
    def mass(self) -> float:
        """Initial value of the potential."""
        return float(2 * self._unit * len(self._products) * self._population.agents)

    @property
    def potentials(self) -> FloatArray:
        """Potential of external and of swap regret of every subsequence and agent, in units of one; (L, N, 2)."""
        subsequences, agents, count = self._products.shape
        external = self._external.reshape(subsequences, count, agents, -1).mean(axis=(1, 3))
        return np.stack([external, self._products.mean(axis=2)], axis=2)

    def prepare(self, context: Context) -> None:
        """Begin a round."""
        known = context.candidates.get(self._population.name)
        self._candidates: BoolArray = read_only(self._every if known is None else known)
        self._active: IntArray = context.active.nonzero()[0]

    def weighted_gain(self, prediction: FloatArray) -> tuple[float, FloatArray]:
        """(b, h): the weighted gain of a prediction is b + h . y."""
        population, own = self._population, self._decisions.actions(prediction)
        weights, scale = np.zeros((population.agents, population.actions)), self._scale * self._unit

        def work(first: int, last: int) -> None:
            weigh_regrets(
                first, last, self._active, own, self._candidates, scale, self._rates, self._external, self._powers,
                self._products, weights,
            )  # fmt: skip

        in_ranges(work, self._population.agents, self._entries)
        return weighted_regret(population.utility, population.offset, own, self._others, weights)

    def learn(self, mixture: Mixture, outcome: FloatArray) -> float:
        """Add the gains of a round; the rise of the potential."""
        own = np.stack([self._decisions.actions(prediction) for prediction in mixture.support])
        earned = np.ascontiguousarray(self._population.utilities(outcome))
        weights, rise = read_only(mixture.weights), np.zeros(self._population.agents)

        def work(first: int, last: int) -> None:
            learn_regrets(
                first, last, self._active, own, weights, self._candidates, earned, self._scale, self._rates,
                self._external, self._powers, self._products, rise,
            )  # fmt: skip

        in_ranges(work, self._population.agents, self._entries)
        return float(rise.sum()) * self._unit

    @property
    def _entries(self) -> int:
        return len(self._active) * self._every.size * len(self._rates)
