"""Long-term constraints: what an action costs once the outcome is known.

A constraint is any object with ``costs(outcomes)`` that maps outcomes (T, d) to costs (T, N, A) in [-1, 1];
positive means violated. With attributes ``unit`` and ``scale`` (N,) it says what a cost stands for: ``scale`` times it
is how far the limit was exceeded, in ``unit``; with ``averaged``, that only the sum over the rounds is limited. With a
method ``of_agents(rows)``, which returns the constraint of the agents with these indices, nothing is computed for the
others where only some are there. It need not be linear, nor convex, in the outcome: the guarantees of the elimination
rules never use its form (Bechavod, Lu, Roth, section 2).
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import ROUNDING, FloatArray, finite, freeze
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.affine import ranges
from omnisim.products import products
from omnisim.refusing import one_of
from omnisim.wording import count, in_short


@dataclass(frozen=True, eq=False, repr=False)
class Limit(ByValue):
    """Physical meaning of a cost: ``scale`` (N,) > 0 times it, in ``unit``, is how far the limit was exceeded.

    ``averaged`` says that the limit is one on the sum over all rounds: a cost is then how far a round is above its
    share, and what rounds stay below makes up for it.
    """

    unit: str
    scale: FloatArray
    averaged: bool = False


COST = "cost"
"""Unit of constraints that say nothing about one: the cost itself."""


def limit_of(constraint: "Constraint", agents: int) -> Limit:
    """Unit and scale of the costs of a constraint: its ``unit`` and ``scale``, if it has both.

    Raises
    ------
    ProblemError
        If the scale is not a finite number > 0 for each of the agents.
    """
    unit, scale = getattr(constraint, "unit", COST), getattr(constraint, "scale", None)
    if scale is None or unit == COST:
        return Limit(COST, freeze(np.ones(agents)))
    name = getattr(constraint, "name", type(constraint).__name__)
    checked = finite(f"scale of constraint {name!r}", scale, (agents,))
    if checked.min(initial=1.0) <= 0:
        raise ProblemError(f"scale of constraint {name!r} must be > 0, got {checked.min():.6g}")
    return Limit(str(unit), checked, bool(getattr(constraint, "averaged", False)))


@runtime_checkable
class Constraint(Protocol):
    """Costs of every action of every agent."""

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) in [0, 1] to costs (T, N, A) in [-1, 1]; positive is a violation."""
        ...


class LinearConstraint:
    """A constraint that is affine in the outcome: c(a, y) = slope[n, a] . y + offset[n, a].

    Parameters
    ----------
    slope : (N, A, d)
    offset : (N, A), default 0
    name
        What it limits, for reports.
    unit, scale : str and (N,) > 0, optional
        What a cost stands for: ``scale`` times it, in ``unit``, is how far the limit is exceeded.
    averaged
        Whether the limit is one on the sum over all rounds, such as a budget of a year, of which a round has a share.

    Raises
    ------
    ProblemError
        If the cost of some action leaves [-1, 1] for some outcome in [0, 1]^d: CCV bounds count each
        violation as at most 1.

    Examples
    --------
    One agent, two actions, one price: the second action costs money in proportion to the price and may
    cost 0.4 a round on average.

    >>> budget = LinearConstraint(slope=[[[0.0], [1.0]]], offset=[[0.0, -0.4]])
    >>> budget.costs(np.array([[0.1], [0.9]]))
    array([[[ 0. , -0.3]],
           [[ 0. ,  0.5]]])
    """

    def __init__(
        self,
        slope: ArrayLike,
        offset: ArrayLike | None = None,
        name: str = "linear",
        *,
        unit: str = COST,
        scale: ArrayLike | None = None,
        averaged: bool = False,
    ) -> None:
        self.name = one_of("name of a constraint", name, str, "a text", ProblemError)
        self.unit = one_of(f"unit of constraint {name!r}", unit, str, "a text", ProblemError)
        self.averaged = one_of(f"averaged of constraint {name!r}", averaged, bool, "True or False", ProblemError)
        self.slope = finite(f"slope of constraint {name!r}", slope, ("N", "A", "d"))
        shape = self.slope.shape[:2]
        self.scale = None if scale is None else finite(f"scale of constraint {name!r}", scale, shape[:1])
        self.offset = finite(f"offset of constraint {name!r}", np.zeros(shape) if offset is None else offset, shape)
        lowest, highest = ranges(self.slope, self.offset)
        bad = (lowest < -1 - ROUNDING) | (highest > 1 + ROUNDING)
        if bad.any():
            n, a = np.argwhere(bad)[0]
            raise ProblemError(
                f"constraint {name!r}: the cost of action {a} of agent {n} ranges over "
                f"[{lowest[n, a]:.6g}, {highest[n, a]:.6g}] for outcomes in [0, 1]^{self.slope.shape[2]}: "
                "it must stay in [-1, 1] (rescale slope and offset)"
            )

    def __repr__(self) -> str:
        agents, actions, dimension = self.slope.shape
        return (
            f"<LinearConstraint {in_short(self.name)}: {count(agents, 'agent')}, {count(actions, 'action')}, "
            f"{count(dimension, 'coordinate')}, in {in_short(self.unit)}>"
        )

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A)."""
        agents, actions, dimension = self.slope.shape
        if not isinstance(outcomes, np.ndarray) or outcomes.ndim != 2:
            outcomes = finite(f"outcomes of constraint {self.name!r}", outcomes, ("T", dimension))
        linear = products(outcomes, self.slope.reshape(-1, dimension))
        return linear.reshape(-1, agents, actions) + self.offset
