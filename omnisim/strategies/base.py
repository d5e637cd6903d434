"""What a forecaster, an elimination rule and an adversary must provide, and what they may know.

Strategies know nothing of the simulation: each is started, then called once per round, and a test can drive
one by hand. Public methods live in the base classes, where what a subclass returns is checked once;
a subclass writes the hooks that begin with an underscore.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray, within
from omnisim.errors import EmptyCandidatesError, ProblemError, StrategyError
from omnisim.problem.context import Context as Context
from omnisim.problem.context import History as History
from omnisim.problem.context import Past as Past
from omnisim.problem.context import Service as Service
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population

OnEmpty: TypeAlias = Literal["fallback", "error"]


class Forecaster(ABC):
    """Predicts the outcome of each round.

    A subclass writes ``_predict(context)``, which returns a :class:`Mixture` or a single prediction (d,) in
    [0, 1]; and, if it learns, ``_start()`` to reset its state (``self.service`` is set by then; past outcomes
    have not been shown yet) and ``_update(outcome)``. Past outcomes are passed through ``_observe(context,
    outcome)``, which by default calls ``_update``.
    """

    _service: Service | None = None

    @property
    def service(self) -> Service:
        """What ``start`` was given.

        Raises
        ------
        StrategyError
            If the forecaster was not started.
        """
        if self._service is None:
            raise StrategyError(f"{type(self).__name__} was not started: call start(Service(dimension)) first")
        return self._service

    def start(self, service: Service) -> None:
        """Forget everything, and learn from what happened before round 0."""
        self._service = service
        self._start()
        past = service.past
        if past is not None:
            for h, outcome in enumerate(past.outcomes):
                self._observe(past.context(h), outcome)

    def predict(self, context: Context) -> Mixture:
        """The mixture committed to in this round.

        Raises
        ------
        StrategyError
            If the prediction is not a mixture on [0, 1]^d.
        """
        dimension = self.service.dimension
        predicted = self._predict(context)
        if not isinstance(predicted, Mixture):
            try:
                predicted = Mixture.point(predicted)
            except ProblemError as cause:
                raise StrategyError(
                    f"{type(self).__name__} predicted badly in round {context.round}: {cause}"
                ) from cause
        if predicted.dimension != dimension:
            raise StrategyError(
                f"{type(self).__name__} predicted {predicted.dimension} coordinates in round {context.round}: "
                f"outcomes have {dimension}"
            )
        return predicted

    def update(self, outcome: FloatArray) -> None:
        """Learn the outcome (d,) of the round last predicted."""
        self._update(outcome)

    def diagnostics(self) -> dict[str, float]:
        """Numbers about the round just learnt, for the record; the same names in every round."""
        return {}

    def facts(self) -> dict[str, Any]:
        """What the analysis needs to know of it, as plain JSON values."""
        return {}

    def _start(self) -> None:
        """Reset all state."""

    @abstractmethod
    def _predict(self, context: Context) -> Mixture | ArrayLike: ...

    def _update(self, outcome: FloatArray) -> None:
        """Learn an outcome."""

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        self._update(outcome)


class Policy(ABC):
    """How the agents of one population choose, all N at once: they best-respond within a set of playable actions.

    An :class:`Elimination` keeps sets of candidates; a learner in action space draws its action itself and offers
    nothing else. One object serves one population; the simulation makes a copy for each.

    A subclass writes ``_start()``, ``playable(active)``, ``settle(...)`` and ``eliminated_at``; and
    ``registered(active)`` if it draws.
    """

    benchmark: ClassVar[Literal["realized", "expected"]] = "realized"
    """What it competes with: B, the actions that never violate, or BE, those that never do in expectation."""

    def start(self, population: Population, active: BoolArray, rng: np.random.Generator | None = None) -> None:
        """Forget everything.

        Parameters
        ----------
        population
            Whose actions.
        active : (T, L) bool
            The subsequences of every round, for the number T of rounds and the lengths |S|.
        rng
            For policies that draw; the stream of the population.
        """
        self.population, self.rng = population, rng
        self.agents, self.actions = population.agents, population.actions
        self.rounds, self.subsequences = active.shape
        self.sizes = active.sum(axis=0)
        self.round = 0
        self._start()

    @abstractmethod
    def playable(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        """The actions (N, A) to choose from in a round of the active (L,) subsequences, at least one per agent.

        Second: for which agents (N,) this is a fallback, since they have no candidate left.
        """

    def registered(self, active: BoolArray) -> BoolArray:
        """The actions (N, A) it tells the others it will choose from, before the law of the outcome is fixed.

        Those of ``playable``, unless the policy draws its action: the others must not know what it drew.
        """
        return self.playable(active)[0]

    @abstractmethod
    def settle(self, actions: IntArray, outcome: FloatArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the actions played (N,), the outcome (d,), and the costs (N, A, J) of all actions in a round."""

    @property
    @abstractmethod
    def eliminated_at(self) -> IntArray:
        """The round after which each action left each candidate set, (N, A, K), or T; K = L or 1."""

    def facts(self) -> dict[str, Any]:
        """What the analysis needs to know of it, as plain JSON values."""
        return {"benchmark": self.benchmark}

    def _start(self) -> None:
        """Reset all state."""


class Elimination(Policy):
    """Which actions the agents of one population still consider, all N at once.

    A subclass writes ``_start()``, ``_candidates(active)`` and ``_update(actions, costs, active)``, and
    exposes ``eliminated_at``.

    Parameters
    ----------
    on_empty
        What an agent does that has no candidate left (which is outside every guarantee, since its benchmark
        is then empty too): ``"fallback"`` plays the action whose worst cumulative violation so far is
        smallest, ``"error"`` raises.
    """

    feedback: str = "full"
    """``"full"``: the costs of every action count; ``"played"``: only those of the action played."""

    def __init__(self, on_empty: OnEmpty = "fallback") -> None:
        if on_empty not in ("fallback", "error"):
            raise StrategyError(f"on_empty is {on_empty!r}: it must be 'fallback' or 'error'")
        self.on_empty = on_empty

    def start(self, population: Population, active: BoolArray, rng: np.random.Generator | None = None) -> None:
        """Begin with every action a candidate; see :meth:`Policy.start`."""
        shape = (len(population.constraints), population.actions, population.agents)
        self.violation = np.zeros(shape).T
        """V_j(a) so far, (N, A, J): over all rounds, or those in which a was played, as ``feedback`` says."""
        super().start(population, active, rng)

    def candidates(self, active: BoolArray) -> BoolArray:
        """The candidate actions (N, A) in a round of the active (L,) subsequences; a row may be empty."""
        return self._candidates(active)

    def playable(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        """The candidates (N, A) with an empty row replaced by its fallback action, and which rows were (N,).

        Raises
        ------
        EmptyCandidatesError
            If a row is empty and ``on_empty`` is ``"error"``.
        """
        candidates = self._candidates(active)
        empty = np.asarray(~candidates.any(axis=1))
        if empty.any():
            if self.on_empty == "error":
                raise EmptyCandidatesError(
                    f"agent {empty.argmax()} has eliminated all its {self.actions} actions by round {self.round}: "
                    "its benchmark is empty (on_empty='fallback' lets it play on)"
                )
            candidates = candidates.copy(order="K")
            least = self.violation.max(axis=2, initial=-np.inf).argmin(axis=1)
            candidates[empty, least[empty]] = True
        return candidates, empty

    def settle(self, actions: IntArray, outcome: FloatArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the round; elimination needs only the costs."""
        self.update(actions, costs, active)

    def update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the actions played (N,) and the costs (N, A, J) of all actions in a round."""
        if self.feedback == "full":
            self.violation += costs
        else:
            agents = np.arange(self.agents)
            self.violation[agents, actions] += costs[agents, actions]
        self._update(actions, costs, active)
        self.round += 1

    @abstractmethod
    def _candidates(self, active: BoolArray) -> BoolArray: ...

    @abstractmethod
    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None: ...


class Adversary(ABC):
    """Chooses the law of each round's outcome.

    A subclass writes ``_law(context, mixture, history)``, which returns a :class:`Mixture` or a single
    outcome (d,); and ``_start(rng)`` if it has state to reset or draws of its own to make. It sees the
    forecaster's mixture, never the sampled prediction.
    """

    oblivious: ClassVar[bool] = True
    """Whether the law depends on the context alone, so that it can be asked for before anyone has acted."""

    law_known: ClassVar[bool] = True
    """Whether ``law`` is the true law of the outcome (a replayed record only shows what was drawn)."""

    horizon: int | None = None
    """The number of rounds it can play, or None for any."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d, the number of coordinates of an outcome."""

    def dimension_for(self, populations: Sequence[Population]) -> int:
        """The d of a run with these populations, asked before the start: what it declares, by default."""
        return self.dimension

    def start(self, rng: np.random.Generator, populations: Sequence[Population] = ()) -> None:
        """Forget everything.

        Parameters
        ----------
        rng
            For draws of its own.
        populations
            The agents it plays against; ``self.populations`` in a subclass.
        """
        self.populations = tuple(populations)
        self._start(rng)

    def law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        """The law of the outcome in this round.

        Raises
        ------
        StrategyError
            If it is not a law on [0, 1]^d.
        """
        law = self._law(context, mixture, history)
        if not isinstance(law, Mixture):
            try:
                law = Mixture.point(law)
            except ProblemError as cause:
                raise StrategyError(f"{type(self).__name__} chose badly in round {context.round}: {cause}") from cause
        if law.dimension != self.dimension:
            raise StrategyError(
                f"{type(self).__name__} chose an outcome of {law.dimension} coordinates in round "
                f"{context.round}: it declares {self.dimension}"
            )
        return law

    def _start(self, rng: np.random.Generator) -> None:
        """Reset all state."""

    @abstractmethod
    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture | ArrayLike: ...


def outcome_table(name: str, table: ArrayLike) -> FloatArray:
    """Check a table of outcomes or predictions (T, d) in [0, 1].

    Raises
    ------
    StrategyError
        If it is empty, not two-dimensional, or leaves [0, 1].
    """
    checked = within(name, table, ("T", "d"), 0, 1, StrategyError)
    if 0 in checked.shape:
        raise StrategyError(f"{name} has shape {checked.shape}: it needs at least one round and one coordinate")
    return checked
