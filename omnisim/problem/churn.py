"""Agents that join and leave: who is present in which round.

An agent that leaves and comes back is a new one with fresh candidate sets. So every *presence interval* is a row
of its own, and the rows of a population are its agents in the record of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.constraints import COST, Constraint, LinearConstraint
from omnisim.problem.money import Money
from omnisim.problem.population import Population
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.signatures import check_fields, held_to_types


@dataclass(frozen=True)
class PresenceInterval:
    """One agent's presence from round ``first`` to round ``last`` (None: to the end), both included."""

    agent: int
    first: int = 0
    last: int | None = None

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        if self.agent < 0 or self.first < 0 or (self.last is not None and self.last < self.first):
            raise ProblemError(
                f"a presence interval needs an agent >= 0 and rounds 0 <= first <= last, got agent {self.agent}, "
                f"first {self.first}, last {self.last}"
            )


@dataclass(frozen=True, eq=False, repr=False)
class Churn(ByValue):
    """Arrivals and departures of the agents of a population.

    Parameters
    ----------
    join, leave
        Probability in [0, 1] that an absent agent is back in the next round, or a present one gone.
    initial
        Probability in [0, 1] of being present in round 0.
    schedule
        Presence intervals; an agent that has any is present in those rounds and no others.

    Raises
    ------
    ProblemError
        If a probability is out of range, or presence intervals of an agent overlap.
    """

    join: float = 0.0
    leave: float = 0.0
    initial: float = 1.0
    schedule: Sequence[PresenceInterval] = ()

    def __post_init__(self) -> None:
        check_fields(self, ProblemError)
        for name in ("join", "leave", "initial"):
            if not 0 <= getattr(self, name) <= 1:
                raise ProblemError(f"{name} of a churn must be a probability in [0, 1], got {getattr(self, name)}")
        for agent in {interval.agent for interval in self.schedule}:
            own = sorted((s for s in self.schedule if s.agent == agent), key=lambda s: s.first)
            for before, after in pairwise(own):
                if before.last is None or before.last >= after.first:
                    raise ProblemError(
                        f"the presence intervals of agent {agent} overlap in round {after.first}: they must not"
                    )

    @held_to_types(ProblemError)
    def presence_intervals(self, agents: int, rounds: int, rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
        """Agent (R,) of every row, as an index, and the rounds in which the row is present, (T, R).

        Raises
        ------
        ProblemError
            If there is no agent or no round, the schedule names one that does not exist, or nobody is ever present.

        Examples
        --------
        >>> churn = Churn(schedule=[PresenceInterval(0, 0, 1), PresenceInterval(0, 3)])
        >>> rows, present = churn.presence_intervals(2, 4, np.random.default_rng(0))
        >>> rows
        array([0, 0, 1])
        >>> present.astype(int)
        array([[1, 0, 1],
               [1, 0, 1],
               [0, 0, 1],
               [0, 1, 1]])
        """
        for name, number in (("agents", agents), ("rounds", rounds)):
            whole(f"{name} of presence_intervals", number, 1, MOST_COUNTED, ProblemError)
        here = self._presence(agents, rounds, rng)
        before = np.vstack([np.zeros((1, agents), dtype=np.bool_), here[:-1]])
        rows, columns = [], []
        for agent in range(agents):
            begins = np.flatnonzero(here[:, agent] & ~before[:, agent])
            for begin, end in zip(begins, [*begins[1:], rounds][: len(begins)], strict=True):
                column = np.zeros(rounds, dtype=np.bool_)
                column[begin:end] = here[begin:end, agent]
                rows.append(agent)
                columns.append(column)
        # Presence intervals that follow each other without a gap are two agents all the same.
        for interval in self.schedule:
            column = np.zeros(rounds, dtype=np.bool_)
            column[interval.first : rounds if interval.last is None else interval.last + 1] = True
            rows.append(interval.agent)
            columns.append(column)
        if not rows:
            raise ProblemError(f"churn of {agents} agents: nobody is ever present in {rounds} rounds")
        order = np.lexsort((np.argmax(columns, axis=1), rows))
        return np.array(rows, dtype=np.int64)[order], np.stack(columns, axis=1)[:, order]

    def _presence(self, agents: int, rounds: int, rng: np.random.Generator) -> BoolArray:
        """Presence (T, N) of the agents that follow no schedule; the others are absent here."""
        for interval in self.schedule:
            if interval.agent >= agents or interval.first >= rounds:
                raise ProblemError(
                    f"a presence interval names agent {interval.agent} from round {interval.first}: there are "
                    f"{agents} agents (from 0) and {rounds} rounds"
                )
        here = np.zeros((rounds, agents), dtype=np.bool_)
        draws = rng.random((rounds, agents))
        here[0] = draws[0] < self.initial
        for t in range(1, rounds):
            here[t] = np.where(here[t - 1], draws[t] >= self.leave, draws[t] < self.join)
        here[:, sorted({interval.agent for interval in self.schedule})] = False
        return here


def with_rows(population: Population, rows: IntArray) -> Population:
    """The population whose agents are the given rows of another; an agent may come several times."""
    if np.array_equal(rows, np.arange(population.agents)):
        return population
    money = population.money
    return Population(
        population.name,
        population.utility[rows],
        population.offset[rows],
        [rows_of(constraint, rows) for constraint in population.constraints],
        action_names=population.action_names,
        money=Money(money.scale[rows], money.offset[rows], money.currency),
        load=None if population.load is None else population.load[rows],
        paid=None if population.paid is None else population.paid[rows],
        agent_names=None if population.agent_names is None else [population.agent_names[row] for row in rows],
        weights=None if population.weights is None else population.weights[rows],
        notes=population.notes,
    )


def rows_of(constraint: Constraint, rows: IntArray) -> Constraint:
    """The constraint of the agents with these indices; an agent may come several times."""
    if isinstance(constraint, LinearConstraint):
        scale = None if constraint.scale is None else constraint.scale[rows]
        return LinearConstraint(
            constraint.slope[rows], constraint.offset[rows], constraint.name, unit=constraint.unit, scale=scale,
            averaged=constraint.averaged,
        )  # fmt: skip
    own = getattr(constraint, "of_agents", None)
    return _Rows(constraint, rows) if own is None else own(rows)


class _Rows:
    """Some agents' rows of a constraint of any form."""

    def __init__(self, constraint: Constraint, rows: IntArray) -> None:
        self._constraint, self._rows = constraint, rows
        if hasattr(constraint, "name"):
            self.name = str(constraint.name)
        self.unit, self.scale = getattr(constraint, "unit", COST), getattr(constraint, "scale", None)
        self.averaged = bool(getattr(constraint, "averaged", False))
        if self.scale is not None:
            self.scale = np.asarray(self.scale)[rows]

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """See :class:`~omnisim.problem.constraints.Constraint`."""
        return np.asarray(self._constraint.costs(outcomes))[:, self._rows]
