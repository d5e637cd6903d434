"""A population: N agents of one kind, each with A actions, a utility and constraints.

Shapes used throughout the package: N agents, A actions, d coordinates of the outcome, J constraints,
T rounds, L subsequences.
"""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray, finite, freeze, in_a_round, numbers, real_numbers
from omnisim.errors import ProblemError
from omnisim.problem.affine import ranges, steepness
from omnisim.problem.choices import best_responses
from omnisim.problem.constraints import Constraint, Limit, LinearConstraint, limit_of
from omnisim.problem.mixture import Mixture
from omnisim.problem.money import UTILITY, Money, scaled
from omnisim.products import affine, weighted_sums
from omnisim.refusing import is_several, is_whole, one_of, whole
from omnisim.wording import count, in_short


class Population:
    """N agents with A actions each and a utility affine in the outcome: u(a, y) = utility[n, a] . y + offset[n, a].

    Parameters
    ----------
    name
        Unique within a scenario; also the name of its stream of randomness.
    utility : (N, A, d)
        Slopes of the utility.
    offset : (N, A), default 0
        Utility at y = 0. Utilities must lie in [0, 1] for every y in [0, 1]^d.
    constraints
        Objects with ``costs(outcomes (T, d)) -> (T, N, A)`` in [-1, 1]; none for unconstrained agents.
    action_names
        A names for reports; ``"action 0"``, ``"action 1"``, ... by default.
    money
        The money a utility stands for; without it, money equals utility, in units of utility.
    load : (N, A, H), optional
        MWh drawn in each period under each action (negative when discharging), for drawing schedules. H is d where
        each coordinate is a price; where outcomes have several blocks of coordinates, those of the first one.
    paid : (N, A, H), optional
        Money paid in each period under each action, whatever comes (fees, fixed prices), for tables of schedules; it is
        in the utility already.
    agent_names
        N different names for reports, which give numbers from 0 where there are none.
    weights : (N,), optional
        > 0: how many customers each agent stands for. Means and sums of money in reports count it so often; regret,
        violations and their guarantees are those of each agent, whatever it stands for.
    notes
        Sentences for reports on how the agents were made.

    Raises
    ------
    ProblemError
        If shapes disagree, a number is not finite, or a utility leaves [0, 1] (regret bounds count a
        round's regret as at most 1).

    Examples
    --------
    One agent who earns what a coordinate pays:

    >>> bettor = Population("bettor", utility=[[[1.0, 0.0], [0.0, 1.0]]])
    >>> bettor.best_response(np.array([0.2, 0.7]))
    array([1])
    """

    def __init__(
        self,
        name: str,
        utility: ArrayLike,
        offset: ArrayLike | None = None,
        constraints: Sequence[Constraint] = (),
        *,
        action_names: Sequence[str] | None = None,
        money: Money | None = None,
        load: ArrayLike | None = None,
        agent_names: Sequence[str] | None = None,
        weights: ArrayLike | None = None,
        notes: Sequence[str] = (),
        paid: ArrayLike | None = None,
    ) -> None:
        one_of("name of a population", name, str, "a text", ProblemError)
        if not name:
            raise ProblemError("a population needs a name that is not empty")
        self.name = name
        self.utility = finite(f"utility of population {name!r}", utility, ("N", "A", "d"))
        self.agents, self.actions, self.dimension = self.utility.shape
        if 0 in self.utility.shape:
            raise ProblemError(
                f"utility of population {name!r} has shape {self.utility.shape}: "
                "it needs at least one agent, one action and one coordinate"
            )
        shape = (self.agents, self.actions)
        self.offset = finite(f"offset of population {name!r}", np.zeros(shape) if offset is None else offset, shape)
        self._check_range()
        self.constraints = self._listed("constraints", constraints)
        for constraint in self.constraints:
            self._check_constraint(constraint)
        names = None if action_names is None else self._listed("action_names", action_names)
        self.action_names = self._check_action_names(names)
        self.money = self._check_money(money)
        self.load = None if load is None else self._check_load(load)
        own = None if self.load is None else self.load.shape
        self.paid = None if paid is None else finite(f"paid of population {name!r}", paid, own or shape)
        self.notes = tuple(map(str, self._listed("notes", notes)))
        called = None if agent_names is None else self._listed("agent_names", agent_names)
        self.agent_names = self._check_agent_names(called)
        self.weights = None if weights is None else self._check_weights(weights)
        self._other = [j for j, each in enumerate(self.constraints) if not isinstance(each, LinearConstraint)]

    @classmethod
    def from_schedules(
        cls,
        schedules: ArrayLike,
        value: ArrayLike,
        market: Any,
        constraints: Sequence[Constraint] = (),
        *,
        name: str = "schedules",
        action_names: Sequence[str] | None = None,
        agent_names: Sequence[str] | None = None,
        weights: ArrayLike | None = None,
    ) -> "Population":
        """Agents that choose a schedule for each day: money = value - energy . price, scaled into [0, 1].

        Parameters
        ----------
        schedules : (N, A, d) or (A, d)
            MWh drawn in each period of the day under each action; negative when feeding in.
        value : (N, A) or (A,)
            What a day under each action is worth but for the energy, in money.
        market
            A market, or a scale of prices with ``low``, ``high`` and ``currency``; that of a market is its ``scaling``,
            by which its prices become outcomes: ``market.scaling.outcomes(market.prices)``.
        constraints, name, action_names, agent_names, weights
            As for any population.

        Raises
        ------
        ProblemError
            If shapes disagree, a number is not finite, or the market has another number of prices a day.

        Examples
        --------
        A load of 2 MWh in one of two periods, which is worth 300 at any time:

        >>> from omnisim.market import Scaling
        >>> load = Population.from_schedules([[2.0, 0.0], [0.0, 2.0]], [300.0, 300.0], Scaling(0.0, 200.0))
        >>> load.utilities(np.array([0.5, 0.1])) * load.money.scale + load.money.offset  # at prices of 100 and 20
        array([[100., 260.]])
        """
        given = numbers("schedules", schedules)
        several = given.ndim == 3
        energy = np.array(finite("schedules", given, ("N", "A", "d") if several else ("A", "d")), ndmin=3)
        worth = np.array(finite("value", value, ("N", "A") if several else ("A",)), ndmin=2)
        if worth.shape != energy.shape[:2]:
            raise ProblemError(f"value must have shape {energy.shape[:2]}, as the schedules have, got {worth.shape}")
        scaling, prices = getattr(market, "scaling", market), getattr(market, "prices", None)
        if not all(hasattr(scaling, key) for key in ("low", "high", "currency")):
            raise ProblemError(f"market must be a Market or a Scaling, got {type(market).__name__}")
        if isinstance(prices, np.ndarray) and prices.shape[1] != energy.shape[2]:
            raise ProblemError(f"schedules have {energy.shape[2]} periods a day, the market {prices.shape[1]}")
        utility, offset, money = scaled(energy, worth, scaling.low, scaling.high, scaling.currency)
        return cls(
            name, utility, offset, constraints, action_names=action_names, money=money, load=energy,
            agent_names=agent_names, weights=weights,
        )  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"<Population {in_short(self.name)}: {count(self.agents, 'agent')}, {count(self.actions, 'action')}, "
            f"{count(self.dimension, 'coordinate')}, {count(len(self.constraints), 'constraint')}>"
        )

    @property
    def standing(self) -> FloatArray:
        """Numbers of agents that each one stands for, (N,): its weight, or 1 where there are none."""
        return np.ones(self.agents) if self.weights is None else self.weights

    @property
    def constraint_names(self) -> tuple[str, ...]:
        """The ``name`` of each constraint that has one, ``"constraint j"`` otherwise."""
        return tuple(str(getattr(c, "name", f"constraint {j}")) for j, c in enumerate(self.constraints))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Unit and scale of the costs of each constraint."""
        return tuple(limit_of(constraint, self.agents) for constraint in self.constraints)

    def without_constraints(self) -> "Population":
        """Copy of the agents and actions without constraints: the part that a trace records."""
        bare = copy.copy(self)
        bare.constraints = ()
        bare._other = []  # noqa: SLF001 (of its own class)
        return bare

    def between(self, first: int, last: int) -> "Population":
        """Agents ``first`` to ``last`` - 1 without constraints, in the same memory; all of them are the population.

        Raises
        ------
        ProblemError
            If there are no such agents, or none at all.
        """
        whole(f"first of between, of population {self.name!r},", first, 0, self.agents - 1, ProblemError)
        whole(f"last of between, of population {self.name!r},", last, first + 1, self.agents, ProblemError)
        if (first, last) == (0, self.agents):
            return self
        some, rows = self.without_constraints(), slice(first, last)
        some.agents = len(self.utility[rows])
        some.utility, some.offset = self.utility[rows], self.offset[rows]
        some.money = Money(self.money.scale[rows], self.money.offset[rows], self.money.currency)
        some.load = None if self.load is None else self.load[rows]
        some.paid = None if self.paid is None else self.paid[rows]
        some.agent_names = None if self.agent_names is None else self.agent_names[rows]
        some.weights = None if self.weights is None else self.weights[rows]
        return some

    @property
    def lipschitz(self) -> FloatArray:
        """L of each agent, (N,): the Lipschitz constant of its utility in the sup norm of y."""
        return steepness(self.utility)

    def utilities(self, outcome: FloatArray) -> FloatArray:
        """Utility of every action (N, A) at one outcome or prediction (d,)."""
        return affine(self.utility, self.offset, self._point("outcome", outcome))

    def best_response(self, prediction: FloatArray, candidates: BoolArray | None = None) -> IntArray:
        """The candidate of highest utility under the prediction, ties to the lowest action index.

        This is the one place where an agent's choice is computed: forecasters that calibrate for an agent's
        decisions call it too, so they condition on exactly the action it will take.

        Parameters
        ----------
        prediction : (d,)
        candidates : (N, A) bool, optional
            At least one True per agent; all actions if omitted.

        Returns
        -------
        (N,) action indices.

        Raises
        ------
        ProblemError
            If the prediction is no d numbers, or the candidates are no booleans (N, A) or an agent has none.
        """
        point = self._point("prediction", prediction)
        return best_responses(self.utility, self.offset, self._allowed(candidates), point[None])

    def costs(self, outcome: FloatArray) -> FloatArray:
        """Cost of every action under every constraint, (N, A, J), at one outcome (d,).

        Raises
        ------
        ProblemError
            If a constraint returns costs of another shape or outside [-1, 1].
        """
        outcome = self._point("outcome", outcome)
        costs = np.empty((len(self.constraints), self.actions, self.agents))
        for j, constraint in enumerate(self.constraints):
            if isinstance(constraint, LinearConstraint):
                affine(constraint.slope, constraint.offset, outcome, costs[j])
        for j in self._other:
            costs[j] = self._checked_costs(j, outcome).T
        return costs.T

    def expected_costs(self, law: Mixture) -> FloatArray:
        """Expected cost of every action under every constraint, (N, A, J), when the outcome has this law.

        Exact up to rounding: linear constraints at the mean, the others at every point of the support.
        """
        one_of("law of expected_costs", law, Mixture, "a Mixture", ProblemError)
        costs = self.costs(law.mean).copy()
        for j in self._other:
            costs[:, :, j] = weighted_sums(law.weights, self.costs_under(j, law.support))
        return costs

    def costs_under(self, j: int, outcomes: FloatArray) -> FloatArray:
        """Cost of every action under constraint j at outcomes (T, d): (T, N, A), as the constraint says them.

        Raises
        ------
        ProblemError
            If there is no such constraint, or outcomes or costs are no numbers, or of another shape.
        """
        known = len(self.constraints)
        if not is_whole(j) or not 0 <= j < known:
            raise ProblemError(
                f"population {self.name!r} has {count(known, 'constraint')}, numbered from 0: there is no {in_short(j)}"
            )
        if not isinstance(outcomes, np.ndarray) or outcomes.shape[1:] != (self.dimension,):
            outcomes = finite(f"outcomes of population {self.name!r}", outcomes, ("T", self.dimension))
        given = self.constraints[j].costs(outcomes)
        try:
            costs = real_numbers(given)
        except (TypeError, ValueError) as cause:
            raise ProblemError(
                f"constraint {j} of population {self.name!r}: costs must be an array of numbers: {cause}"
            ) from cause
        shape = (len(outcomes), self.agents, self.actions)
        if costs.shape != shape:
            times = "one outcome" if len(outcomes) == 1 else f"{len(outcomes)} outcomes"
            raise ProblemError(
                f"constraint {j} of population {self.name!r}: costs of {times} must have shape {shape}, "
                f"got {costs.shape}"
            )
        return costs

    def _point(self, what: str, value: ArrayLike) -> FloatArray:
        """One outcome or prediction (d,)."""
        return in_a_round(f"{what} of population {self.name!r}", value, (self.dimension,))

    def _allowed(self, candidates: BoolArray | None) -> BoolArray | None:
        """The candidates (N, A)."""
        if candidates is None:
            return None
        shape = (self.agents, self.actions)
        return in_a_round(f"candidates of population {self.name!r}", candidates, shape, np.bool_)

    def _checked_costs(self, j: int, outcome: FloatArray) -> FloatArray:
        costs = self.costs_under(j, outcome[None, :])
        largest = np.abs(costs).max()
        if not largest <= 1 + ROUNDING:
            n, a = np.argwhere(~(np.abs(costs[0]) <= 1 + ROUNDING))[0]
            raise ProblemError(
                f"constraint {j} of population {self.name!r}: the cost of action {a} of agent {n} is "
                f"{costs[0, n, a]:.6g}: costs must lie in [-1, 1]"
            )
        return np.asarray(costs[0])

    def _check_range(self) -> None:
        lowest, highest = ranges(self.utility, self.offset)
        bad = (lowest < -ROUNDING) | (highest > 1 + ROUNDING)
        if bad.any():
            n, a = np.argwhere(bad)[0]
            raise ProblemError(
                f"population {self.name!r}: the utility of action {a} of agent {n} ranges over "
                f"[{lowest[n, a]:.6g}, {highest[n, a]:.6g}] for outcomes in [0, 1]^{self.dimension}: "
                "it must stay in [0, 1] (rescale utility and offset)"
            )

    def _check_constraint(self, constraint: Constraint) -> None:
        if not isinstance(constraint, Constraint):
            raise ProblemError(
                f"constraint {in_short(constraint)} of population {self.name!r} has no method costs(outcomes)"
            )
        if isinstance(constraint, LinearConstraint) and constraint.slope.shape != self.utility.shape:
            raise ProblemError(
                f"constraint {constraint.name!r} of population {self.name!r}: slope must have the shape of the "
                f"utility, {self.utility.shape}, got {constraint.slope.shape}"
            )

    def _listed(self, what: str, given: Any) -> tuple[Any, ...]:
        if not is_several(given):
            raise ProblemError(f"{what} of population {self.name!r} must be a list, got {in_short(given)}")
        return tuple(given)

    def _check_money(self, money: Money | None) -> Money:
        if money is None:
            return Money(freeze(np.ones(self.agents)), freeze(np.zeros(self.agents)), UTILITY)
        one_of(f"money of population {self.name!r}", money, Money, "a Money", ProblemError)
        scale = finite(f"money scale of population {self.name!r}", money.scale, (self.agents,))
        offset = finite(f"money offset of population {self.name!r}", money.offset, (self.agents,))
        if scale.min() <= 0:
            raise ProblemError(f"money scale of population {self.name!r} must be > 0, got {scale.min():.6g}")
        return Money(scale, offset, money.currency)

    def agent_name(self, agent: int) -> str:
        """Name of an agent in reports: its own, or its number.

        Raises
        ------
        ProblemError
            If there is no such agent.
        """
        whole(f"agent of population {self.name!r}", agent, 0, self.agents - 1, ProblemError)
        return str(agent) if self.agent_names is None else self.agent_names[agent]

    def _check_agent_names(self, names: Sequence[str] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        texts = [str(one_of(f"a name in agent_names of population {self.name!r}", name, str, "a text", ProblemError))
                 for name in names]  # fmt: skip
        if len(texts) != self.agents or not all(texts):
            raise ProblemError(f"agent_names of population {self.name!r} must be {self.agents} names, none empty")
        return tuple(texts)

    def _check_load(self, load: ArrayLike) -> FloatArray:
        name, shape = f"load of population {self.name!r}", (self.agents, self.actions, self.dimension)
        found = numbers(name, load, ProblemError, shape)
        periods = found.shape[2] if found.ndim == 3 and 1 <= found.shape[2] <= self.dimension else self.dimension
        return finite(name, found, (*shape[:2], periods))

    def _check_weights(self, weights: ArrayLike) -> FloatArray:
        checked = finite(f"weights of population {self.name!r}", weights, (self.agents,))
        if checked.min() <= 0:
            raise ProblemError(f"weights of population {self.name!r} must be > 0, got {checked.min():.6g}")
        return checked

    def _check_action_names(self, names: Sequence[str] | None) -> tuple[str, ...]:
        if names is None:
            return tuple(f"action {a}" for a in range(self.actions))
        for name in names:
            one_of(f"a name in action_names of population {self.name!r}", name, str, "a text", ProblemError)
        if len(names) != self.actions or len(set(names)) != self.actions:
            raise ProblemError(
                f"action_names of population {self.name!r} must be {self.actions} different names, got {list(names)}"
            )
        return tuple(names)
