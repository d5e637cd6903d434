"""Play every forecast, and what it is held against, over the same rounds and seeds."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisim.analysis.money import earned, money_by_round
from omnisim.arrays import FloatArray
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.market.data import Market
from omnisim.problem.blocks import blocks_of
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.simulate import simulate
from omnisim.strategies.adversaries import Replay
from omnisim.strategies.forecasters import Climatology, Combination, Forecaster, Published
from omnisim.value.averse_plays import Averse, play_averse, refuse_what_is_not_played
from omnisim.value.kept import Kept, key_of
from omnisim.value.ledger import Ledger
from omnisim.value.mistakes import mistaken
from omnisim.value.risk import Risk
from omnisim.value.risk_tables import averse_name
from omnisim.value.scenarios import scenarios_of
from omnisim.value.sources import CLIMATOLOGY, COMBINATION, FORESIGHT
from omnisim.workers import each_result

SEEDS = 10
"""Default number of seeds; each draws the customers anew."""


@dataclass(frozen=True)
class Play:
    """Earnings of one run, by population.

    Attributes
    ----------
    money
        Of every agent in every round, (T, N), at the true prices.
    weights
        How many customers each agent stands for, (N,).
    names
        Of the agents.
    currencies
        Of all money.
    """

    money: Mapping[str, FloatArray]
    weights: Mapping[str, FloatArray]
    names: Mapping[str, Sequence[str]]
    currencies: frozenset[str]


def play(scenario: Scenario, seed: int, averse: Averse | None = None) -> Play:
    """Run a scenario, with customers who mind bad days or nothing, and keep its money."""
    if averse is None:
        trace = simulate(scenario, seed)
        populations = {name: record.population for name, record in trace.records.items()}
        money = {name: money_by_round(trace, name) for name in populations}
    else:
        chosen = play_averse(scenario, seed, averse)
        populations = {name: population for name, (population, _) in chosen.items()}
        true = _true_outcomes(scenario)
        money = {name: earned(population, actions, true) for name, (population, actions) in chosen.items()}
    return Play(
        money,
        {name: p.standing for name, p in populations.items()},
        {name: p.agent_names or [str(k) for k in range(p.agents)] for name, p in populations.items()},
        frozenset(p.money.currency for p in populations.values()),
    )


def players(names: Sequence[str]) -> dict[str, Forecaster]:
    """Players by name: the forecasts, the combination of all of them if there are several, and climatology."""
    found: dict[str, Forecaster] = {name: Published(model=name) for name in names}
    if len(names) > 1:
        found[COMBINATION] = Combination([Published(model=name) for name in names], correction=False)
    return found | {CLIMATOLOGY: Climatology()}


def played(
    scenario: Scenario,
    market: Market,
    names: Sequence[str],
    sizes: Sequence[float],
    *,
    seeds: int = SEEDS,
    jobs: int = -1,
    risk: Risk | None = None,
    folder: Path | None = None,
    on_run: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Play each forecast, and the players that it is compared with, and enter the earnings of customers.

    Parameters
    ----------
    scenario
        Whose forecasts have the names; its own forecaster is not played.
    market
        Prices and forecasts of the days that are played, in money per MWh.
    names
        Of the forecasts, at least one.
    sizes
        Mean absolute errors, in money per MWh, with which foresight is played too.
    seeds
        How many: 0, 1, 2, ...
    jobs
        Processes; -1 for one per core. The numbers do not depend on it.
    risk
        What customers mind who are played beside the risk-neutral ones, with each forecast that is a distribution.
    folder
        Where what was earned is kept seed by seed, and taken from if it is of the same plays; None keeps nothing.
    on_run
        Told the runs done and all runs.

    Raises
    ------
    OmnisimError
        If populations count different money, or a run fails.
    """
    if seeds < 1:
        raise ScenarioError(f"seeds must be >= 1, got {seeds}")
    if jobs == 0 or jobs < -1:
        raise ScenarioError(f"jobs must be a number of processes >= 1, or -1 for one per core, got {jobs}")
    averse = {} if risk is None else _averse(scenario, market, names, risk)
    everybody = [
        *players(names),
        FORESIGHT,
        *(wrong_by(size) for size in sizes),
        *(averse_name(name) for name in averse),
    ]
    ledger = Ledger.empty(market, names, everybody, seeds, risk)
    keeping = None if folder is None else Kept(folder, key_of(scenario, everybody, risk))
    tasks: list[tuple[Scenario, int, Averse | None]] = []
    labels: list[tuple[str, int]] = []
    done = 0
    for seed in range(seeds):
        arrays = None if keeping is None else keeping.load(seed)
        if arrays is not None:
            ledger.restore(seed, arrays)
            done += len(everybody)
            continue
        told = {FORESIGHT: market.prices} | {
            wrong_by(size): mistaken(market.prices, market.forecasts, size, seed) for size in sizes
        }
        known = {name: Published(_told(scenario, values)) for name, values in told.items()}
        for name, forecaster in {**players(names), **known}.items():
            labels.append((name, seed))
            tasks.append((scenario.replace(forecaster=forecaster), seed, None))
        for name, heard in averse.items():
            labels.append((averse_name(name), seed))
            tasks.append((scenario.replace(forecaster=Published(model=name)), seed, heard))
    told_of = on_run or _unheard
    total = seeds * len(everybody)
    told_of(done, total)
    with closing(each_result(play, tasks, jobs)) as results:
        for index, found in results:
            if len(found.currencies) > 1 or "" in found.currencies:
                said = ", ".join(sorted(found.currencies - {""})) or "none"
                raise OmnisimError(f"customers must all count the same money, and these count {said}")
            player, seed = labels[index]
            ledger.enter(player, seed, found.money, found.weights, found.names)
            if keeping is not None and ledger.has(seed):
                keeping.save(seed, ledger.kept(seed))
            done += 1
            told_of(done, total)
    return ledger


def _told(scenario: Scenario, prices: FloatArray) -> FloatArray:
    """Outcomes (T, d) of who is told these prices (T, H), and knows the signals beside them as they came."""
    about = scenario.about["market"]
    if "blocks" not in about:
        low, high = float(about["low"]), float(about["high"])
        return np.clip((prices - low) / (high - low), 0.0, 1.0)
    adversary = scenario.adversary
    assert isinstance(adversary, Replay)  # noqa: S101 (market_of has refused others)
    own = [
        block.part(adversary.outcomes[: len(prices)])
        if k and block.cap is None
        else block.outcomes(prices if block.cap is None else np.minimum(prices, block.cap))
        for k, block in enumerate(blocks_of(about["blocks"]))
    ]
    return np.concatenate(own, axis=1)


def _averse(scenario: Scenario, market: Market, names: Sequence[str], risk: Risk) -> dict[str, Averse]:
    """Forecasts and scenarios for risk-averse customers, by the names of the forecasts that are distributions."""
    if not market.distributions:
        raise ScenarioError(
            "--risk: all forecasts are points, which leave nothing to mind: give quantiles or an ensemble"
        )
    refuse_what_is_not_played(scenario)
    return {
        name: Averse(
            risk,
            np.asarray(scenario.forecasts[name]),
            [_unclipped(scenario, day) for day in scenarios_of(market.distributions[name], market.prices)],
        )
        for name in names
        if name in market.distributions
    }


def _unclipped(scenario: Scenario, prices: FloatArray) -> FloatArray:
    """Outcomes (d, M) of M days of prices (H, M), not clipped; beside them they have no block but prices with a cap."""
    about = scenario.about["market"]
    if "blocks" not in about:
        low, high = float(about["low"]), float(about["high"])
        return (prices - low) / (high - low)
    blocks = blocks_of(about["blocks"])
    own = [prices if block.cap is None else np.minimum(prices, block.cap) for block in blocks]
    return np.concatenate([(each - block.low) / block.span for each, block in zip(own, blocks, strict=True)])


def _true_outcomes(scenario: Scenario) -> FloatArray:
    adversary = scenario.adversary
    assert isinstance(adversary, Replay)  # noqa: S101 (market_of has refused any other)
    outcomes = adversary.outcomes if adversary.unclipped is None else adversary.unclipped
    return outcomes[: scenario.played]


def wrong_by(size: float) -> str:
    """Name of the player who is told the prices with errors of that mean absolute size.

    >>> wrong_by(2.5)
    'perfect foresight, wrong by 2.5'
    """
    return f"{FORESIGHT}, wrong by {size:g}"


def _unheard(done: int, total: int) -> None:
    """Ignore progress."""


def market_of(scenario: Scenario, names: Sequence[str]) -> Market:
    """Prices and forecasts of the days that a scenario plays, in money per MWh, before anything was clipped.

    Raises
    ------
    ScenarioError
        If its prices are not those of a file, which nothing that customers do can change.
    """
    adversary, about = scenario.adversary, scenario.about["market"]
    if not isinstance(adversary, Replay) or scenario.dates is None:
        raise ScenarioError("adversary.kind: must be 'replay': forecasts are of prices that customers do not move")
    low, span = float(about["low"]), float(about["high"]) - float(about["low"])
    outcomes = adversary.outcomes if adversary.unclipped is None else adversary.unclipped
    prices = slice(outcomes.shape[1] // len(about.get("blocks", [None])))  # behind them come those of signals
    said = {name: scenario.unclipped_forecasts.get(name, scenario.forecasts[name]) for name in names}
    played = slice(scenario.horizon)
    return Market(
        str(about["name"]),
        scenario.dates[played],
        low + span * outcomes[played, prices],
        str(about["currency"]),
        forecasts={name: low + span * np.asarray(values)[played, prices] for name, values in said.items()},
        distributions={
            name: each.of_days(played).scaled(span, low)
            for name, each in scenario.distributions.items()
            if name in names
        },
    )
