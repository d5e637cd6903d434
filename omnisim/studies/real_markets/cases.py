"""The runs of the study, and what is measured on one.

Every market is played with every contender on the same days, and for each population seed with the same agents, so that
differences are paired. Replicate r of a study with seed s draws its agents with seed 1000 s + r.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.analysis import Analysis, analyze
from omnisim.analysis.money import money_by_round
from omnisim.arrays import FloatArray
from omnisim.simulation.simulate import simulate
from omnisim.studies import Options
from omnisim.studies.real_markets.contenders import build, contenders, pool
from omnisim.studies.real_markets.setting import ALL, Setting, setting
from omnisim.studies.real_markets.sources import read, sources
from omnisim.trace import Trace

DAYS_PER_YEAR = 365


@dataclass(frozen=True, eq=False)
class Case:
    """A market, a forecaster by its name, and the numbers (buyers, factories, operators) and the seed of the agents."""

    setting: Setting
    forecaster: str
    replicate: int
    seed: int
    agents: tuple[int, int, int]


@dataclass(frozen=True)
class Plan:
    """Numbers of population seeds, agents (buyers, factories, operators) and days; None for all days."""

    replicates: int
    agents: tuple[int, int, int]
    rounds: int | None


FULL = Plan(replicates=5, agents=(140, 60, 100), rounds=None)
QUICK = Plan(replicates=2, agents=(14, 6, 10), rounds=90)


def cases(plan: Plan, options: Options) -> list[Case]:
    """Every contender of every market; the best of a published pool follows when it is known."""
    settings = [setting(read(source), plan.rounds) for source in sources(options.data)]
    return with_forecasters(plan, options, {known: contenders(pool(known.market)) for known in settings})


def with_forecasters(plan: Plan, options: Options, forecasters: Mapping[Setting, Sequence[str]]) -> list[Case]:
    """The runs on some markets with some forecasters each."""
    return [
        Case(known, name, replicate, 1000 * options.seed + replicate, plan.agents)
        for known, names in forecasters.items()
        for replicate in range(plan.replicates)
        for name in names
    ]


@dataclass(frozen=True, eq=False)
class Measured:
    """Measurements of one run.

    Attributes
    ----------
    rows
        One per subsequence; see :func:`measure`.
    run
        About the whole run: certificates, violated, and of a calibrated forecaster, else NaN, evaluations (mean per
        round), potential (largest Phi / K) and followed (share of the rounds in which what it tried first was within
        the tolerance); cut, the share by which clipping would change the money.
    seconds
        That the simulation took.
    daily : (D,)
        What was earned on each day at the true prices, in units of the scale of each agent, mean over all agents.
    money
        Per population, what each agent earned in a year at the true prices, (N,).
    """

    rows: list[dict[str, Any]]
    run: dict[str, Any]
    seconds: float
    daily: FloatArray
    money: dict[str, FloatArray]


def measure(case: Case) -> Measured:
    """Play a case.

    Columns of the rows: market, forecaster, replicate, seed, subsequence, days; earned (money at the true prices over
    the scale of the agent's money, summed over its days, mean over agents: utility, at prices beyond the range as
    well); utility (the same at prices clipped to the range); swap_regret (inside the range, mean over agents of what is
    positive of it: an agent that earned more than its benchmark could is no credit to another), swap_regret_largest
    (over agents), undefined (agents whose benchmark is empty); money (at the true prices, per agent and day, mean over
    agents), and the same per population.
    """
    forecaster = build(case.forecaster, pool(case.setting.market))
    scenario = case.setting.scenario(case.agents, forecaster)
    started = time.perf_counter()
    trace = simulate(scenario, seed=case.seed)
    seconds = time.perf_counter() - started
    analysis = analyze(trace)
    identity = {
        "market": case.setting.market.name,
        "forecaster": case.forecaster,
        "replicate": case.replicate,
        "seed": case.seed,
    }
    certificates = analysis.certificates
    diagnostics = trace.diagnostics
    calibrated = "potential" in diagnostics
    run = {
        **identity,
        "certificates": len(certificates),
        "violated": int((~certificates["holds"].astype(bool)).sum()),
        "evaluations": float(diagnostics["evaluations"].mean()) if calibrated else np.nan,
        "potential": float(diagnostics["potential"].max()) if calibrated else np.nan,
        "followed": float((diagnostics["evaluations"] == 1).mean()) if calibrated else np.nan,
        "cut": analysis.clipping.money,
    }
    whole = trace.subsequences.index(ALL)
    year = DAYS_PER_YEAR / trace.rounds
    money = {name: np.asarray(m.money[whole]) * year for name, m in analysis.measures.items()}
    earned = earned_by_day(trace)
    return Measured([identity | row for row in _rows(analysis, earned)], run, seconds, earned.mean(axis=1), money)


def earned_by_day(trace: Trace) -> FloatArray:
    """Money of the agents of all populations at the true prices, (D, N), each in units of its own scale.

    At prices inside the range this is utility, which counts every agent alike, whatever it turns over.
    """
    scaled = []
    for name, record in trace.records.items():
        money = record.population.money
        scaled.append((money_by_round(trace, name) - money.offset) / money.scale)
    return np.concatenate(scaled, axis=1)


def _rows(analysis: Analysis, earned: FloatArray) -> list[dict[str, Any]]:
    measures = analysis.measures
    rows = []
    for k, name in enumerate(analysis.trace.subsequences):
        days = int(analysis.trace.active[:, k].sum())
        regret = np.concatenate([m.swap_regret[k] for m in measures.values()])
        defined = np.maximum(regret[np.isfinite(regret)], 0.0)
        money = {population: m.money[k] / days for population, m in measures.items()}
        rows.append(
            {
                "subsequence": name,
                "days": days,
                "earned": float(earned[analysis.trace.active[:, k]].sum(axis=0).mean()),
                "utility": float(np.concatenate([m.utility[k] for m in measures.values()]).mean()),
                "swap_regret": float(defined.mean()) if len(defined) else np.nan,
                "swap_regret_largest": float(defined.max()) if len(defined) else np.nan,
                "undefined": len(regret) - len(defined),
                "money": float(np.concatenate(list(money.values())).mean()),
                **{f"money_{population}": float(values.mean()) for population, values in money.items()},
            }
        )
    return rows
