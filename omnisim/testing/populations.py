"""The contracts of kinds of agents, and of populations whose constraints are objects of your own."""

import copy

import numpy as np

from omnisim.errors import OmnisimError, StrategyError
from omnisim.market.agents.base import MarketAgents
from omnisim.market.scaling import Scaling
from omnisim.market.signals import Known
from omnisim.problem.population import Population

_SCALINGS = (Scaling(-50.0, 250.0, "EUR"), Scaling(0.0, 1000.0, "USD"))
_OUTCOMES = 50
"""Random outcomes tried beside the corners that are lowest and highest in every coordinate."""

_PAST = 20
"""Days of random prices that kinds which learn from the past are given."""

_ROUNDING = 1e-9


def check_population(agents: MarketAgents | Population) -> None:
    """Check that a kind of agents keeps its contract, or that the constraints of a population do.

    Of a kind: the same generator draws the same agents, twice and from a copy, whatever else draws in the process;
    every utility lies in [0, 1] and every cost in [-1, 1] over all outcomes in the box; money is what the schedules
    earn: between two outcomes it changes by the load times the change of the price; and there are as many agents and
    names of actions as declared.

    Of a population, and of what a kind draws: ``costs(outcomes)`` of a constraint are (T, N, A), the same each time,
    those of an outcome whatever the others are, and leave ``outcomes`` alone; and ``of_agents(rows)``, where there is
    one, has the costs of these agents.

    Parameters
    ----------
    agents
        A specification with all its parameters; thresholds of prices must fit a market from 0 to 250 per MWh. Or a
        population.

    Raises
    ------
    StrategyError
        Naming the rule that is broken.

    Examples
    --------
    >>> import omnisim
    >>> omnisim.testing.check_population(omnisim.market.EnergyBuyers(agents=5))
    """
    if isinstance(agents, Population):
        _check_ranges(f"population {agents.name!r}", agents)
        _check_constraints(agents)
        return
    name = type(agents).__name__
    if not isinstance(agents, MarketAgents):
        raise StrategyError(
            f"check_population needs a population, or a kind of agents derived from MarketAgents, got {name}"
        )
    for scaling in _SCALINGS:
        where = f"prices from {scaling.low:g} to {scaling.high:g}"
        first, again, copied = (_built(each, scaling, where) for each in (agents, agents, copy.deepcopy(agents)))
        for other in (again, copied):
            if not _same(first, other):
                raise StrategyError(f"{name} draws other agents from the same generator ({where})")
        declared = len(agents.action_names) or len(first.action_names)  # or a menu, which may be smaller
        if (first.agents, len(first.action_names)) != (agents.agents, declared):
            raise StrategyError(
                f"{name} declares {agents.agents} agents and {declared} actions, but draws "
                f"{first.agents} and {len(first.action_names)} ({where})"
            )
        _check_ranges(name, first, f" ({where})")
        _check_constraints(first)
        _check_money(name, first, scaling, where)


def _built(agents: MarketAgents, scaling: Scaling, where: str) -> Population:
    np.random.default_rng().random()  # what others draw makes no difference
    try:
        past = scaling.prices(np.random.default_rng(2).random((_PAST, 24)))
        unit = f"{scaling.currency}/MWh"
        signals = {name: Known(unit, scaling, past) for name in agents.signals_named}
        return agents.build("agents", scaling, np.random.default_rng(7), past=past, signals=signals)
    except OmnisimError as cause:
        raise StrategyError(f"{type(agents).__name__} cannot be drawn ({where}): {cause}") from cause


def _same(first: Population, second: Population) -> bool:
    outcomes = _outcomes(first.dimension)
    pairs = [
        (first.utility, second.utility),
        (first.offset, second.offset),
        (first.money.scale, second.money.scale),
        (first.money.offset, second.money.offset),
        *zip(_costs(first, outcomes), _costs(second, outcomes), strict=True),
    ]
    return len(first.constraints) == len(second.constraints) and all(np.array_equal(a, b) for a, b in pairs)


def _costs(population: Population, outcomes: np.ndarray) -> list[np.ndarray]:
    return [np.asarray(constraint.costs(outcomes)) for constraint in population.constraints]


def _outcomes(dimension: int) -> np.ndarray:
    inside = np.random.default_rng(0).random((_OUTCOMES, dimension))
    return np.concatenate([np.zeros((1, dimension)), np.ones((1, dimension)), inside, np.round(inside)])


def _check_ranges(name: str, population: Population, where: str = "") -> None:
    outcomes = _outcomes(population.dimension)
    utilities = np.stack([population.utilities(outcome) for outcome in outcomes])
    if not (utilities.min() >= -_ROUNDING and utilities.max() <= 1 + _ROUNDING):
        raise StrategyError(f"{name} has utilities outside [0, 1]{where}")
    for j, costs in enumerate(_costs(population, outcomes)):
        if costs.shape != (len(outcomes), population.agents, population.actions):
            raise StrategyError(f"{name}: costs of constraint {j} have the shape {costs.shape}{where}")
        if not (costs.min() >= -1 - _ROUNDING and costs.max() <= 1 + _ROUNDING):
            raise StrategyError(f"{name}: costs of constraint {j} lie outside [-1, 1]{where}")


def _check_constraints(population: Population) -> None:
    outcomes = _outcomes(population.dimension)
    rows = np.arange(population.agents)[::2]
    for j, constraint in enumerate(population.constraints):
        who = f"constraint {j} of population {population.name!r}"
        given = outcomes.copy()
        costs = np.array(constraint.costs(given))
        if not np.array_equal(given, outcomes):
            raise StrategyError(f"{who} changes the outcomes that it is given")
        if not np.array_equal(costs, constraint.costs(outcomes)):
            raise StrategyError(f"{who} has other costs when it is asked again")
        alone = np.concatenate([constraint.costs(outcome[None]) for outcome in outcomes])
        if not np.allclose(costs, alone, rtol=0, atol=_ROUNDING):
            raise StrategyError(f"{who} has other costs for an outcome if it is asked for others at the same time")
        of_agents = getattr(constraint, "of_agents", None)
        if of_agents is not None and not np.allclose(of_agents(rows).costs(outcomes), costs[:, rows], atol=_ROUNDING):
            raise StrategyError(f"{who}: of_agents(rows) has other costs than these agents")


def _check_money(name: str, population: Population, scaling: Scaling, where: str) -> None:
    if population.load is None:
        return
    scale = population.money.scale[:, None]
    periods = population.load.shape[2]
    for low, high in np.random.default_rng(1).random((5, 2, population.dimension)):
        high[periods:] = low[periods:]  # behind the prices come signals, at which something else is paid
        earned = scale * (population.utilities(high) - population.utilities(low))
        paid = -(population.load * (scaling.span * (high - low)[:periods])).sum(axis=2)
        if not np.allclose(earned, paid, rtol=1e-7, atol=1e-7 * float(np.abs(scale).max())):
            raise StrategyError(f"{name}: money does not change as the load at the change of the price ({where})")
