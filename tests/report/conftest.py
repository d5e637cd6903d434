"""Analyses to report on: synthetic traces of any size, and a small real run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.problem.guarantees import Benchmark, RegretFromBias
from omnisim.problem.money import Money
from omnisim.problem.population import Population
from omnisim.trace import PopulationRecord, Trace, declarations

THEOREM_3 = RegretFromBias(theorem="Theorem 3", bias="Theorem 4", swap="Corollary 2", external="Corollary 3")
"""What the rule of the synthetic traces guarantees."""


def synthetic(
    *,
    populations: dict[str, int],
    rounds: int = 60,
    actions: int = 4,
    dimension: int = 24,
    constraints: int = 1,
    subsequences: tuple[str, ...] = ("all", "hot"),
    action_names: list[str] | None = None,
    clean: float = 0.5,
    load: bool = False,
    dates: bool = False,
    currency: str | None = None,
    about: dict[str, Any] | None = None,
    seed: int = 0,
    beyond: int = 0,
    fallback: float = 0.01,
) -> Analysis:
    """An analysis of a trace made of random arrays.

    ``clean`` is the share of actions that never violate, ``beyond`` the number of outcomes that were 2 before they were
    clipped to 1, ``fallback`` the share of rounds without a candidate.
    """
    rng = np.random.default_rng(seed)
    active = rng.random((rounds, len(subsequences))) < 0.5
    active[:, 0] = True
    active[0] = True
    records = {}
    for name, agents in populations.items():
        utility = rng.random((agents, actions, dimension)) / dimension
        money = currency and Money(rng.random(agents) + 1, rng.random(agents), currency)
        population = Population(
            name,
            utility,
            action_names=action_names,
            money=money or None,
            load=rng.normal(size=utility.shape) if load else None,
        )
        violates = rng.random((agents, actions, 1)) >= clean
        when = [rng.choice(np.flatnonzero(member), (agents, actions)) for member in active.T]
        violated_at = np.where(violates, np.stack(when, axis=2), rounds)
        records[name] = PopulationRecord(
            population,
            tuple(f"limit {j}" for j in range(constraints)),
            actions=rng.integers(0, actions, (rounds, agents)),
            fallback=rng.random((rounds, agents)) < fallback,
            costs=rng.random((rounds, agents, constraints)) - 0.95,
            violated_at=violated_at,
            eliminated_at=violated_at.copy(),
        )
    outcomes = rng.random((rounds, dimension))
    unclipped = outcomes.copy()
    unclipped.flat[rng.choice(outcomes.size, beyond, replace=False)] = 2.0
    outcomes = np.minimum(unclipped, 1.0)
    facts: dict[str, Any] = {
        "seed": seed,
        "rounds": rounds,
        "omnisim": omnisim.__version__,
        "forecaster": "Published",
        "adversary": "Replay",
        "elimination": dict.fromkeys(records, "BestResponse"),
        "policies": {name: declarations.written([THEOREM_3], Benchmark.REALIZED) for name in records},
    }
    trace = Trace(
        outcomes=outcomes,
        unclipped_outcomes=unclipped if beyond else None,
        predictions=np.clip(outcomes + rng.normal(scale=0.1, size=outcomes.shape), 0, 1),
        active=active,
        subsequences=subsequences,
        dates=np.datetime64("2021-01-01") + np.arange(rounds).astype("timedelta64[D]") if dates else None,
        records=records,
        about=facts | (about or {}),
    )
    return omnisim.analyze(trace)


@pytest.fixture(scope="session")
def make() -> Callable[..., Analysis]:
    return synthetic


@pytest.fixture(scope="session")
def market() -> Analysis:
    """Three populations with money, load and dates on a market in USD."""
    return synthetic(
        populations={"buyers": 30, "makers": 12, "operators": 5},
        subsequences=("all", "weekdays", "hot"),
        load=True,
        dates=True,
        currency="USD",
        beyond=12,
        about={
            "scenario": "A market",
            "description": "Synthetic prices.",
            "market": {
                "name": "Nowhere",
                "currency": "USD",
                "low": -50,
                "high": 250,
                "attribution": "Nobody, CC0",
                "notes": ["Two hours were interpolated."],
            },
        },
    )


@pytest.fixture(scope="session")
def turned(market: Analysis) -> Analysis:
    """The market with its subsequences the other way round: the broadest is the last."""
    trace = market.trace

    def around(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values[..., ::-1])

    records = {
        name: replace(record, violated_at=around(record.violated_at), eliminated_at=around(record.eliminated_at))
        for name, record in trace.records.items()
    }
    names = trace.subsequences[::-1]
    assert (names[0], names[-1]) == ("hot", "all")
    return omnisim.analyze(replace(trace, active=around(trace.active), subsequences=names, records=records))


@pytest.fixture(scope="session")
def violated() -> Analysis:
    """A run one of whose certificates is violated (which takes a forged table: theorems are true)."""
    analysis = synthetic(populations={"a": 4}, clean=1.0)
    table = analysis.certificates.copy()
    row = table.index[-1]
    table["holds"] = table["holds"].astype(bool)
    for column, value in {"measured": 5.0, "bound": 3.0, "margin": -2.0, "holds": False}.items():
        table.loc[row, column] = value
    analysis.__dict__["certificates"] = table
    return analysis


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write the report of an analysis, once, and return its path."""
    folder = tmp_path_factory.mktemp("reports")
    known: list[Analysis] = []

    def write(analysis: Analysis, **details: Any) -> Path:
        index = next((i for i, seen in enumerate(known) if seen is analysis), None)
        if index is None:
            known.append(analysis)
            index = len(known) - 1
            omnisim.write_report(analysis, folder / f"report{index}.html", details=details)
        return folder / f"report{index}.html"

    return write
