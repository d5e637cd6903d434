"""The runs of the study, and what is observed on one.

Every market is a contest: it is played with every contender on the same days, and for each population seed with the
same agents, so that differences are paired. Replicate r of a study with seed s draws its agents with seed 1000 s + r.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.money import money_by_round
from omnisim.arrays import FloatArray
from omnisim.strategies.forecasters import Forecaster
from omnisim.studies import Options
from omnisim.studies.contests import Contest
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, build, contenders, pool
from omnisim.studies.real_markets.setting import Setting, setting
from omnisim.studies.real_markets.sources import read, sources
from omnisim.trace import Trace

EARNED = "earned"
ENGINE = ("evaluations", "potential", "followed", "intervened")
CUT = "cut"


@dataclass(frozen=True, eq=False, kw_only=True)
class Case(Contest):
    """A market, and the forecasters that it is played with."""

    setting: Setting


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
    return [case_of(setting(read(source), plan.rounds), plan, options.seed) for source in sources(options.data)]


def case_of(known: Setting, plan: Plan, seed: int) -> Case:
    """All contenders of a market but the one that follows."""
    forecasters = forecasters_of(known, contenders(pool(known.market)))
    return Case(
        name=known.market.name,
        scenario=known.scenario(plan.agents, next(iter(forecasters.values()))),
        forecasters=forecasters,
        seeds=[1000 * seed + replicate for replicate in range(plan.replicates)],
        observe=observe,
        reference=CLIMATOLOGY,
        setting=known,
    )


def forecasters_of(known: Setting, names: Iterable[str]) -> dict[str, Forecaster]:
    """Forecasters of a market by their names."""
    return {name: build(name, pool(known.market)) for name in names}


def observe(analysis: Analysis) -> dict[str, Sequence[float] | FloatArray]:
    """Numbers that are kept of a run beside those of a comparison.

    ``EARNED`` (D,) is what was earned on each day at the true prices, in units of the scale of each agent, mean over
    all agents; ``CUT`` is the share by which clipping would change the money. Those of ``ENGINE`` are of a calibrated
    forecaster, else NaN: evaluations (mean per round), potential (largest Phi / K), followed and
    intervened (shares of the rounds in which it broadcast what it tried first, and a minimax step).
    """
    diagnostics = analysis.trace.diagnostics
    engine = [np.nan] * len(ENGINE)
    if "potential" in diagnostics:
        mean = {name: values.mean() for name, values in diagnostics.items()} | {
            "potential": diagnostics["potential"].max()
        }
        engine = [mean[name] for name in ENGINE]
    return {
        EARNED: earned_by_day(analysis.trace).mean(axis=1),
        CUT: [analysis.clipping.money],
        **{name: [value] for name, value in zip(ENGINE, engine, strict=True)},
    }


def earned_by_day(trace: Trace) -> FloatArray:
    """Money of the agents of all populations at the true prices, (D, N), each in units of its own scale.

    At prices inside the range this is utility, which counts every agent alike, whatever it turns over.
    """
    scaled = []
    for name, record in trace.records.items():
        money = record.population.money
        scaled.append((money_by_round(trace, name) - money.offset) / money.scale)
    return np.concatenate(scaled, axis=1)
