"""Families of objectives: what the engine keeps small.

The objectives of a family stand in a table of rows and columns. In a round, the gain of those in one row depends on
whether the row's event *fires*, so that only few rows change. Of every two-sided entry there are two objectives, with
gains +r and -r.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.game.kernels import sum_rows
from omnisim.problem.choices import regrets, weighted_regret
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.products import inner, times, weighted_sums


class Objectives(ABC):
    """A family of objectives laid out as ``rows`` x ``columns``.

    A subclass sets ``rows``, ``columns`` and ``two_sided``, and provides what is below. ``net`` is the table of
    weights: w for a one-sided entry, w(+r) - w(-r) for a two-sided one.
    """

    rows: int
    columns: int
    two_sided: bool

    @property
    def count(self) -> int:
        """K, the number of objectives in the family."""
        return self.rows * self.columns * (2 if self.two_sided else 1)

    @abstractmethod
    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """Begin a round: its context, and the predictions (d,) of the base forecasters."""

    @abstractmethod
    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """(b, h) with sum_e w_e r_e(prediction, y) = b + h . y for every outcome y; h is (d,)."""

    @abstractmethod
    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """Rows that fired (R,), each once, and E_{p ~ mixture} r(p, outcome) of their entries.

        The gains are (G, columns), to be repeated over the rows, R a multiple of G: row r has those of r modulo G.
        Last columns without any gain may be left out.
        """


class Decisions(Objectives):
    """Rows are events 1[t in S] 1[agent n plays a], numbered (S, n, a), on one population.

    The action is the one agent n will really take: :meth:`Population.best_response` among the candidates registered
    for the round. With ``base`` it is what the agent would have played on that forecaster's prediction instead.
    """

    def __init__(self, population: Population, subsequences: int, base: int | None = None) -> None:
        self.population, self._base = population, base
        self.rows = subsequences * population.agents * population.actions
        self._agents = np.arange(population.agents) * population.actions

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """See :meth:`Objectives.prepare`."""
        self._candidates: BoolArray | None = context.candidates.get(self.population.name)
        block = self.population.agents * self.population.actions
        self._starts = context.active.nonzero()[0][:, None] * block
        self._known: dict[bytes, tuple[IntArray, IntArray]] = {}
        self._fixed = None if self._base is None else self._respond(bases[self._base])

    def _fired(self, prediction: FloatArray) -> tuple[IntArray, IntArray]:
        """The action of each agent (N,), and the rows that fire (active S x N,)."""
        if self._fixed is not None:
            return self._fixed
        key = prediction.tobytes()
        if key not in self._known:
            self._known[key] = self._respond(prediction)
        return self._known[key]

    def _respond(self, prediction: FloatArray) -> tuple[IntArray, IntArray]:
        actions = self.population.best_response(prediction, self._candidates)
        return actions, (self._starts + (self._agents + actions)).reshape(-1)

    @abstractmethod
    def _entry_gains(self, prediction: FloatArray, actions: IntArray, outcome: FloatArray) -> FloatArray:
        """Gains of the rows of each agent's event, (N or 1, columns)."""

    def actions(self, prediction: FloatArray) -> IntArray:
        """Action (N,) that each agent would play in this round if this prediction were broadcast."""
        return self._fired(prediction)[0]

    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """See :meth:`Objectives.gains`."""
        if len(mixture.weights) == 1 or self._fixed is not None:
            prediction = mixture.mean
            actions, rows = self._fired(prediction)
            return rows, self._entry_gains(prediction, actions, outcome)
        # Sum over the points into one table of (n, a), then repeat what fired over the active subsequences.
        pairs = self.population.agents * self.population.actions
        total, fired = np.zeros((pairs, self.columns)), np.zeros(pairs, dtype=np.bool_)
        for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
            actions, _ = self._fired(prediction)
            total[self._agents + actions] += weight * self._entry_gains(prediction, actions, outcome)
            fired[self._agents + actions] = True
        positions = fired.nonzero()[0]
        return (self._starts + positions).reshape(-1), total[positions]


class DecisionEvents(Decisions):
    """Bias of every coordinate on every decision event: r = +-E (p_i - y_i) (Noarov et al.; Bechavod, Lu, Roth).

    K = 2 d N |A| L objectives. Keeping them small is decision calibration.

    Parameters
    ----------
    population
        Whose decisions.
    subsequences
        L.
    base
        For base-policy events: the index of the base forecaster whose prediction decides the action.
    """

    two_sided = True

    def __init__(self, population: Population, subsequences: int, base: int | None = None) -> None:
        super().__init__(population, subsequences, base)
        self.columns = population.dimension

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`."""
        _, rows = self._fired(prediction)
        slope = sum_rows(net, rows)
        return inner(slope, prediction), -slope

    def _entry_gains(self, prediction: FloatArray, actions: IntArray, outcome: FloatArray) -> FloatArray:
        return (prediction - outcome)[None, :]


class UtilityDirections(Decisions):
    """Regret of every swap on every decision event, as far as the bias causes it: r = E (U_b - U_a).(y - p) / 2.

    K = N |A|^2 L objectives, one-sided. On the rounds of the event, b looked no better than a by the prediction, so
    what it would have earned more is at most this sum, doubled: swap regret is bounded directly, without the factor
    2 L of the coordinates.

    Parameters
    ----------
    population, subsequences, base
        As for :class:`DecisionEvents`.
    """

    two_sided = False

    def __init__(self, population: Population, subsequences: int, base: int | None = None) -> None:
        super().__init__(population, subsequences, base)
        self.columns = population.actions
        self._slopes = population.utility.reshape(-1, population.dimension)
        self._each = np.arange(population.agents)

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`."""
        actions, rows = self._fired(prediction)
        weights = net[rows].reshape(-1, self.population.agents, self.columns).sum(axis=0)
        weights[self._each, actions] -= weights.sum(axis=1)
        slope = weighted_sums(weights.reshape(-1), self._slopes) / 2
        return -inner(slope, prediction), slope

    def _entry_gains(self, prediction: FloatArray, actions: IntArray, outcome: FloatArray) -> FloatArray:
        improvement = times(self._slopes, outcome - prediction).reshape(-1, self.columns)
        return (improvement - improvement[self._each, actions][:, None]) / 2


class BaseRegret(Objectives):
    """Regret of each agent to the policy of following a base forecaster: r = u(base's action, y) - u(own action, y).

    K = N B L objectives, one-sided, in rows (S, n) and a column per base. The base's action is the agent's best
    response to the base's prediction, among the same candidates. Copying the outcome never loses, since the best
    response to y earns at least as much as any other candidate when y happens; so the engine keeps the sums small
    directly, with no detour through the bias. Where own action and base's agree the gain is 0: the bound of an
    objective grows only with the rounds on which they differ.

    Parameters
    ----------
    decisions
        The population's decision events, prepared before this in each round; they know its actions.
    subsequences
        L.
    bases
        B, how many predictions ``prepare`` is given.
    """

    two_sided = False

    def __init__(self, decisions: Decisions, subsequences: int, bases: int) -> None:
        self._decisions, self._population = decisions, decisions.population
        self.rows, self.columns = subsequences * self._population.agents, bases
        self._each = np.arange(self._population.agents)

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """See :meth:`Objectives.prepare`."""
        self._starts = context.active.nonzero()[0][:, None] * self._population.agents
        self._bases = np.stack([self._decisions.actions(base) for base in bases], axis=1)
        self._weights: FloatArray | None = None

    def weighted_gain(self, net: FloatArray, prediction: FloatArray) -> tuple[float, FloatArray]:
        """See :meth:`Objectives.weighted_gain`."""
        if self._weights is None:  # of each agent and base, over the active subsequences
            self._weights = net[self._starts + self._each].sum(axis=0)
        population = self._population
        own = self._decisions.actions(prediction)
        return weighted_regret(population.utility, population.offset, own, self._bases, self._weights)

    def gains(self, mixture: Mixture, outcome: FloatArray) -> tuple[IntArray, FloatArray]:
        """See :meth:`Objectives.gains`."""
        gains = np.zeros(self._bases.shape)
        for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
            own = self._decisions.actions(prediction)
            gains += weight * regrets(self._population.utility, self._population.offset, own, self._bases, outcome)
        # Most often own action and base's agree, and nobody else has anything to regret.
        fired = np.flatnonzero(gains.any(axis=1))
        return (self._starts + fired).reshape(-1), gains[fired]
