"""Base of elimination rules, and the play of agents without a candidate."""

from abc import abstractmethod
from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze, in_a_round
from omnisim.errors import EmptyCandidatesError, StrategyError
from omnisim.problem.population import Population
from omnisim.signatures import held_to_types
from omnisim.strategies.policy import Policy

_MOST_KNOWN, _MOST_KNOWN_BYTES = 64, 1 << 26
"""Candidate arrays whose empty rows are remembered, and their bytes: those from before an action left are of no use."""

OnEmpty: TypeAlias = Literal["fallback", "error"]


class Elimination(Policy):
    """Rule that keeps the actions which the agents of one population still consider, all N at once.

    A subclass writes ``_start()``, ``_candidates(active)`` and ``_update(actions, costs, active)``, and
    exposes ``eliminated_at``. A rule with a theorem declares it in ``guarantees()``; a rule that is derived from one
    and overrides any of these has to declare again what it still keeps
    (:class:`~omnisim.strategies.declaring.Declaring`).

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

    @held_to_types(StrategyError)
    def start(self, population: Population, active: BoolArray, rng: np.random.Generator | None = None) -> None:
        """Begin with every action a candidate; see :meth:`Policy.start`."""
        shape = (len(population.constraints), population.actions, population.agents)
        self.violation = np.zeros(shape).T
        """V_j(a) so far, (N, A, J): over all rounds, or those in which a was played, as ``feedback`` says."""
        self._asked: tuple[int, bytes] | None = None
        self._known_rows: dict[int, tuple[BoolArray, BoolArray]] = {}
        super().start(population, active, rng)

    def candidates(self, active: BoolArray) -> BoolArray:
        """The candidate actions (N, A) in a round of the active (L,) subsequences; a row may be empty."""
        return self._candidates(self._known(active))

    def playable(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        """The candidates (N, A) with an empty row replaced by its fallback action, and which rows were (N,).

        Raises
        ------
        EmptyCandidatesError
            If a row is empty and ``on_empty`` is ``"error"``.
        """
        active = self._known(active)
        asked = (self.round, active.tobytes())
        if asked != self._asked:
            self._asked, self._offer = asked, self._offered(active)
        return self._offer

    def _offered(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        candidates = self._candidates(active)
        empty = self._empty_rows(candidates)
        if empty.any():
            if self.on_empty == "error":
                agent = self.first + int(empty.argmax())
                raise EmptyCandidatesError(
                    f"agent {agent} has eliminated all its {self.actions} actions by round {self.round}: "
                    "its benchmark is empty (on_empty='fallback' lets it play on)"
                )
            candidates = candidates.copy(order="K")
            least = self.violation.max(axis=2, initial=-np.inf).argmin(axis=1)
            candidates[empty, least[empty]] = True
            freeze(candidates)
        return candidates, empty

    def _empty_rows(self, candidates: BoolArray) -> BoolArray:
        # Rules hand out the same read-only array until an action leaves; a reference keeps its identity taken.
        known = self._known_rows.get(id(candidates))
        if known is None or known[0] is not candidates:
            known = candidates, freeze(np.asarray(~candidates.any(axis=1)))
            if not candidates.flags.writeable:
                if len(self._known_rows) >= min(_MOST_KNOWN, _MOST_KNOWN_BYTES // max(1, candidates.nbytes)):
                    self._known_rows.clear()
                self._known_rows[id(candidates)] = known
        return known[1]

    def settle(self, actions: IntArray, outcome: FloatArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the round; elimination needs only the costs."""
        in_a_round("outcome", outcome, (self.population.dimension,), error=StrategyError)
        self.update(actions, costs, active)

    def update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the actions played (N,) and the costs (N, A, J) of all actions in a round."""
        (actions, costs), active = self._settled(actions, costs), self._known(active)
        if costs.shape != self.violation.shape:
            raise StrategyError(f"costs must have shape {self.violation.shape}, got {costs.shape}")
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
