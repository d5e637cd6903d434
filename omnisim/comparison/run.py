"""One run of a comparison: simulated, analyzed, and put into the rows that the store keeps.

This is what the workers do. A run returns the bytes of its two Parquet files, so that the process which writes them
has next to nothing to do.
"""

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from omnisim import memory
from omnisim._version import __version__
from omnisim.analysis import Analysis, analyze
from omnisim.analysis.accuracy import losses
from omnisim.analysis.growth import grown
from omnisim.analysis.money import lost_by_clipping, money_by_round
from omnisim.analysis.units import units
from omnisim.analysis.violation import violated_limits
from omnisim.arrays import FloatArray
from omnisim.comparison.grid import LABELS, Variant
from omnisim.comparison.records import AGENTS, FAILED, FINISHED, GROWING, IN_MONEY, MEASURES, MOST_LOSSES, REGRETS, RUNS
from omnisim.errors import StrategyFailedError
from omnisim.plug_ins import strategies_named
from omnisim.reproducibility import machine, versions
from omnisim.simulation.simulate import simulate
from omnisim.statistics.blocks import block_starts
from omnisim.trace import Trace

Observe: TypeAlias = Callable[[Analysis], Mapping[str, Sequence[float] | FloatArray]]
"""Numbers (K,) of a run that are kept beside the measures, by name; a function of a module, called by workers."""


@dataclass(frozen=True)
class Stored:
    """A run as the store keeps it.

    Attributes
    ----------
    run
        Its name.
    runs, agents
        Bytes of Parquet files; ``agents`` is None for a run that failed.
    error
        What went wrong, or "".
    """

    run: str
    runs: bytes
    agents: bytes | None
    error: str


def execute(variant: Variant, seed: int, command: str, observe: Observe | None = None) -> Stored:
    """Run a variant with a seed; whatever goes wrong becomes the result."""
    head = {"run": variant.run(seed), **dict(zip(LABELS, variant.labels, strict=True)), "seed": seed}
    facts: dict[str, Any] = {"omnisim": __version__, "command": command}
    facts |= {"versions": json.dumps(versions()), "machine": json.dumps(machine())}
    started = time.perf_counter()
    memory.forget_peak()
    agents, error = None, ""
    try:
        with strategies_named():
            trace = simulate(variant.scenario, seed)
            simulated = time.perf_counter()
            analysis = analyze(trace)
            row, agents = measured(analysis)
            seen = {} if observe is None else observe(analysis)
        facts |= row | {"status": FINISHED, "error": error}
        facts["observed"] = [{"name": name, "values": np.asarray(each).tolist()} for name, each in seen.items()]
        facts["simulate_seconds"] = simulated - started
        facts["analyze_seconds"] = time.perf_counter() - simulated
    except Exception as cause:  # noqa: BLE001 (a strategy may raise anything; it is recorded, and the rest goes on)
        kind = "" if isinstance(cause, StrategyFailedError) else f"{type(cause).__name__}: "  # which names its own
        error = f"{kind}{' '.join(str(cause).split())}"
        facts |= {"status": FAILED, "error": error}
    facts |= {"seconds": time.perf_counter() - started, "peak_memory_mb": memory.peak() / 1e6}
    table = pa.Table.from_pylist([head | facts], schema=RUNS)
    return Stored(variant.run(seed), to_parquet(table), None if agents is None else _agents(head, agents), error)


def to_parquet(table: pa.Table) -> bytes:
    """The bytes of a Parquet file with one row group, every page of which carries a checksum."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=max(1, len(table)), write_page_checksum=True, compression="zstd")
    return buffer.getvalue()


def _agents(head: dict[str, Any], agents: pd.DataFrame) -> bytes:
    columns = {name: agents[name] if name in agents else pa.repeat(head[name], len(agents)) for name in AGENTS.names}
    arrays = [pa.array(columns[field.name], field.type, from_pandas=False) if field.name in agents else
              columns[field.name].cast(field.type) for field in AGENTS]  # fmt: skip
    return to_parquet(pa.table(arrays, schema=AGENTS))


GROWTH_POINTS = 12
"""Numbers of rounds at which the growth of regret and violation is kept."""


def measured(analysis: Analysis) -> tuple[dict[str, Any], pd.DataFrame]:
    """The row of a run, in the columns of ``RUNS`` that its analysis decides, and its table of agents."""
    trace = analysis.trace
    whole = _with_regrets_in_money(analysis)
    # Rounds that depend on what happened are others in every run: sums over them are not comparable.
    fixed = whole["subsequence"].isin(compared(trace))
    agents = Analysis.agents.kept(analysis)[fixed]
    certificates = analysis.certificates
    populations = [record.population for record in trace.records.values()]
    kept = RUNS.field("certificates").type.value_type
    names = [kept.field(i).name for i in range(kept.num_fields)]
    by_round, loss, unit = losses(trace)
    return {
        "loss": loss,
        "loss_unit": unit,
        "losses": group_means(by_round).tolist(),
        "accuracy": analysis.accuracy.to_dict("records"),
        "rounds": trace.rounds,
        "agents": sum(population.agents for population in populations),
        "outcomes": hashlib.sha256(np.ascontiguousarray(trace.true_outcomes).tobytes()).hexdigest()[:16],
        "certificates_listed": len(certificates),
        "certificates_violated": int((~certificates["holds"].astype(bool)).sum()),
        "subsequences": compared(trace),
        "populations": [
            {"name": p.name, "agents": p.agents, "standing": float(p.standing.sum()), "currency": p.money.currency}
            for p in populations
        ],
        "summary": list(_summary(whole[fixed], {p.name: p.standing for p in populations})),
        "growth": list(_growth(analysis)),
        "blocks": list(_blocks(trace)),
        "violations": violated_limits(trace).to_dict("records"),
        "clipping": [_clipping(analysis)],
        "certificates": certificates[names].to_dict("records"),
    }, agents


def compared(trace: Trace) -> list[str]:
    """Names of the subsequences that have the same rounds in every run."""
    return [name for name in trace.subsequences if name not in trace.adaptive]


def group_size(rounds: int) -> int:
    """Rounds whose losses are kept as one mean, so that there are at most ``MOST_LOSSES``.

    >>> group_size(365), group_size(2_000), group_size(2_001)
    (1, 1, 2)
    """
    return -(-rounds // MOST_LOSSES)


def group_means(losses: FloatArray) -> FloatArray:
    """Means (K,) of the losses (T,) over groups of :func:`group_size` rounds; the last group may be smaller."""
    starts = np.arange(0, len(losses), group_size(len(losses)))
    return np.asarray(np.add.reduceat(losses, starts) / np.diff(starts, append=len(losses)))


def _with_regrets_in_money(analysis: Analysis) -> pd.DataFrame:
    agents = Analysis.agents.kept(analysis)
    subsequences = len(analysis.trace.subsequences)
    # Agents stand one after another, each with all its subsequences.
    scale = np.concatenate([np.repeat(m.population.money.scale, subsequences) for m in analysis.measures.values()])
    return agents.assign(**{name: agents[regret] * scale for name, regret in IN_MONEY.items()})


def _clipping(analysis: Analysis) -> dict[str, Any]:
    found, unit = analysis.clipping, units(analysis.trace)
    prices = found.prices
    low, high = prices.suggested or (float("nan"), float("nan"))
    return {
        "quantity": unit.quantity,
        "unit": unit.outcome,
        "low": unit.low,
        "high": unit.low + unit.span,
        "values": prices.count,
        "clipped": prices.clipped,
        "prices": prices.share,
        "money": found.money,
        "lowest": prices.lowest,
        "highest": prices.highest,
        "suggested_low": low,
        "suggested_high": high,
    }


def _summary(agents: pd.DataFrame, weights: Mapping[str, FloatArray]) -> Iterator[dict[str, Any]]:
    columns = {measure: agents[measure].to_numpy(np.float64) for measure in MEASURES}
    rounds = agents["rounds"].to_numpy()
    groups: Mapping[Any, Any] = agents.groupby(["population", "subsequence"], sort=False).indices
    for (population, subsequence), rows in groups.items():
        standing, defined = weights[population], ~np.isnan(columns[REGRETS[0]][rows])
        yield {
            "population": population,
            "subsequence": subsequence,
            "rounds": int(rounds[rows[0]]),
            "agents": len(rows),
            "defined": int(defined.sum()),
            "standing": float(standing.sum()),
            "standing_defined": float(standing[defined].sum()),
            **{measure: _mean(values[rows], standing) for measure, values in columns.items()},
        }


def _growth(analysis: Analysis) -> Iterator[dict[str, Any]]:
    trace = analysis.trace
    for population, record in trace.records.items():
        standing = record.population.standing
        for subsequence in compared(trace):
            found = grown(trace, population, subsequence, GROWTH_POINTS)
            measures = _and_money(found.measures, trace, population)
            yield {
                "population": population,
                "subsequence": subsequence,
                "rounds": found.rounds.tolist(),
                **{measure: [_mean(values, standing) for values in measures[measure]] for measure in GROWING},
            }


def _and_money(measures: dict[str, FloatArray], trace: Trace, population: str) -> dict[str, FloatArray]:
    scale = trace.records[population].population.money.scale
    return measures | {name: measures[regret] * scale for name, regret in IN_MONEY.items()}


def _mean(values: FloatArray, weights: FloatArray) -> float:
    """The weighted mean of the numbers that are defined; NaN if none is."""
    defined = ~np.isnan(values)
    if not defined.all():
        values, weights = values[defined], weights[defined]
    return float((values * weights).sum() / weights.sum()) if len(values) else float("nan")


def _blocks(trace: Trace) -> Iterator[dict[str, Any]]:
    starts = block_starts(trace.rounds)
    rounds = np.add.reduceat(trace.active.astype(np.int64), starts, axis=0)
    for name in trace.records:
        earned = _mean_earned(trace, name)
        sums = {key: np.add.reduceat(value[:, None] * trace.active, starts, axis=0) for key, value in earned.items()}
        for subsequence in compared(trace):
            k = trace.subsequences.index(subsequence)
            yield {
                "population": name,
                "subsequence": subsequence,
                "rounds": rounds[:, k].tolist(),
                **{key: value[:, k].tolist() for key, value in sums.items()},
            }


def _mean_earned(trace: Trace, name: str) -> dict[str, FloatArray]:
    """Each measure of ``LARGER_IS_BETTER`` in every round, weighted mean over the agents, (T,)."""
    population = trace.records[name].population
    money, weights = population.money, population.standing
    at_true = money_by_round(trace, name)
    clipped = at_true + lost_by_clipping(trace, name)
    # An agent that is not there earns no money, which is no utility of 0.
    here = trace.records[name].actions >= 0
    utility = np.where(here, (clipped - money.offset) / money.scale, 0.0)
    earned = {"utility": utility, "money": at_true, "money_clipped": clipped}
    return {measure: np.average(values, axis=1, weights=weights) for measure, values in earned.items()}
