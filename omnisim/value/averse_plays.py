"""Play risk-averse customers: under the same constraints and rules as in a run, but by what may come of a day."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.errors import ScenarioError
from omnisim.problem.blocks import blocks_of
from omnisim.problem.population import Population
from omnisim.scenario.scenario import Scenario
from omnisim.strategies.adversaries import Replay
from omnisim.strategies.policy import Policy
from omnisim.streams import stream
from omnisim.value.risk import Risk, mean_of_worst

_AT_ONCE = 4_000_000
"""Amounts of money that are computed at once."""

_TIED = 1e-12


@dataclass(frozen=True)
class Averse:
    """Forecast and scenarios that risk-averse customers decide on.

    Attributes
    ----------
    risk
        What they mind.
    forecast
        (T, d) in [0, 1]: the mean, of which those who do not mind anything hear.
    scenarios
        T arrays (d, M), on the same scale and not clipped: days that may come, equally likely.
    """

    risk: Risk
    forecast: FloatArray
    scenarios: Sequence[FloatArray]


def refuse_what_is_not_played(scenario: Scenario) -> None:
    """Refuse scenarios in which customers do more than hear, choose and eliminate.

    Raises
    ------
    ScenarioError
        Naming the key.
    """
    for key in ("network", "churn", "other_forecasters"):
        if getattr(scenario, key):
            raise ScenarioError(
                f"{key}: is declared, and --risk plays customers who hear one forecast at once: leave it"
            )
    signals = [block.name for block in blocks_of(scenario.about["market"].get("blocks", ()))[1:] if block.cap is None]
    if signals:
        raise ScenarioError(
            f"--risk: outcomes have signals beside the prices ({', '.join(signals)}), whose distribution nobody tells: "
            "play customers without them"
        )
    for population in scenario.populations:
        if scenario.elimination_of(population.name).draws:
            raise ScenarioError(
                f"elimination of {population.name!r}: is a learner that draws its actions, and --risk is for customers "
                "who choose by what they hear: give it an elimination rule"
            )


def play_averse(scenario: Scenario, seed: int, averse: Averse) -> dict[str, tuple[Population, IntArray]]:
    """Agents and their actions in each round, (T, N), by population."""
    problem = scenario.problem(seed)
    adversary = scenario.adversary
    assert isinstance(adversary, Replay)  # noqa: S101 (market_of has refused any other)
    outcomes = adversary.outcomes[: problem.known]
    found = {}
    for population in problem.populations:
        rule: Policy = copy.deepcopy(scenario.elimination_of(population.name))
        rule.start(population, problem.declared_activity, stream(seed, f"population/{population.name}"))
        actions = np.empty((len(outcomes), population.agents), dtype=np.int64)
        for t, outcome in enumerate(outcomes):
            active = problem.active[t]
            playable, _ = rule.playable(active)
            values = preferences(population, averse.risk, averse.forecast[t], averse.scenarios[t])
            actions[t] = _best(np.where(playable, values, -np.inf))
            rule.settle(actions[t], outcome, population.costs(outcome), active)
        found[population.name] = population, actions
    return found


def preferences(population: Population, risk: Risk, forecast: FloatArray, scenarios: FloatArray) -> FloatArray:
    """(1 - w) x mean + w x CVaR of the utility of each action, (N, A).

    Parameters
    ----------
    forecast : (d,)
        The mean of what may come, as it is told to those who mind nothing.
    scenarios : (d, M)
        What may come.
    """
    worst = np.empty((population.agents, population.actions))
    step = max(1, _AT_ONCE // (population.actions * scenarios.shape[1]))
    for start in range(0, population.agents, step):
        rows = slice(start, start + step)
        money = population.utility[rows] @ scenarios + population.offset[rows, :, None]
        worst[rows] = mean_of_worst(money, risk.level)
    if risk.weight == 1:
        return worst
    return (1 - risk.weight) * population.utilities(forecast) + risk.weight * worst


def _best(values: FloatArray) -> IntArray:
    """The first of the actions that are best but for rounding, (N,)."""
    best = values.max(axis=1, keepdims=True)
    return np.asarray((values >= best - _TIED * (1 + np.abs(best))).argmax(axis=1))
