"""The tables of the page: agents, distributions per population and subsequence, certificates.

Cells carry the text to read and the number to sort by. The table of agents is data that the page's script
shows page by page; its first rows are written out for readers without scripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.analysis.violation import violated_limits
from omnisim.arrays import ROUNDING, IntArray
from omnisim.report.figures.style import SIGNIFICANT, numbers, quantiles
from omnisim.report.selection import broadest, ranked, shown_populations, shown_subsequences
from omnisim.report.tables import Cell, Column, Table, cell
from omnisim.report.text import MISSING, amount, count, number

MOST_ACCURACY = 400
"""Rows of the table of accuracy."""

PAGE_ROWS = 20
"""Rows of the table of agents shown at once."""

MONEY = ("gain", "money", "external_regret", "swap_regret")
"""Columns in the currency of the population."""

MOST_AGENTS_EACH = 50
"""Best and worst agents per population that are listed where all would be too many."""


@dataclass(frozen=True)
class AgentTable:
    """Rows of ``analysis.agents`` in the order in which they are first shown.

    Attributes
    ----------
    columns
        As of a :class:`Table`.
    first
        The first rows, written out.
    data
        All rows by column, for the script.
    note
        Which agents are listed.
    on_paper
        Where those rows are that are not printed.
    sorted
        Index of the column by which the rows are sorted, upwards.
    """

    columns: Sequence[Column]
    first: Sequence[Sequence[Cell]]
    data: dict[str, Any]
    note: str
    on_paper: str
    sorted: int


def distributions(analysis: Analysis, most_rows: int) -> Table:
    """A row per population and subsequence: quantiles over agents of regret and violation."""
    trace = analysis.trace
    names, subsequences, note = list(trace.records), list(range(len(trace.subsequences))), ""
    if len(names) * len(subsequences) > most_rows:
        names, subsequences = shown_populations(trace), shown_subsequences(trace)
        note = (
            f"The {len(names)} largest populations and {len(subsequences)} longest subsequences of "
            f"{len(trace.records)} and {len(trace.subsequences)}."
        )
    word = units(trace).round
    columns = [
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column(f"{word}s"),
        Column("agents"),
        Column("empty bench\u00admark", "agents"),
        Column("swap regret", "money, median"),
        Column("swap regret", "money, 95th pct."),
        Column("swap regret", "money, largest"),
        Column("swap regret", "% of utility, median"),
        Column("CCV+", "median"),
        Column("CCV+", "95th pct."),
        Column("CCV+", "largest"),
        Column("fall\u00adback", f"% of {word}s"),
        Column("money", f"a {word}, median"),
    ]
    rows = []
    for name in names:
        measures = analysis.measures[name]
        agents, money = measures.population.agents, measures.population.money
        for k in subsequences:
            subsequence = trace.subsequences[k]
            rounds = int(measures.rounds[k])
            regret, utility = measures.swap_regret[k], measures.utility[k]
            share = np.divide(regret, utility, out=np.full(agents, np.nan), where=utility > 0)
            own = np.maximum(measures.own_rounds[k], 1)  # rounds in which an agent was there
            earned = float(f"{np.median(measures.money[k] / own):.7g}")
            rows.append(
                [
                    Cell(name, name),
                    Cell(subsequence, subsequence),
                    cell(rounds),
                    cell(agents),
                    cell(int(np.isnan(regret).sum())),
                    *(_paid(value, money.currency) for value in quantiles(regret * money.scale, [0.5, 0.95, 1.0])),
                    cell(100 * quantiles(share, [0.5])[0], 2),
                    *(cell(value) for value in quantiles(measures.ccv_positive[k], [0.5, 0.95, 1.0])),
                    cell(100 * float(measures.fallback_rounds[k].sum()) / float(own.sum())),
                    _paid(earned, money.currency),
                ]
            )
    return Table(columns, rows, note=note)


def violation_table(analysis: Analysis, most_rows: int) -> Table:
    """A row per population, subsequence and constraint: how often and how far the limit was exceeded."""
    word = units(analysis.trace).round
    columns = [
        Column("population", numeric=False),
        Column("subsequence", numeric=False),
        Column("limit", numeric=False),
        Column("exceeded", f"agent {word}s"),
        Column("of", f"agent {word}s"),
        Column("by agents"),
        Column("excess", "sum"),
        Column("excess", f"largest of a {word}"),
        Column("unit", numeric=False),
    ]
    trace = analysis.trace
    keys = ["population", "subsequence", "constraint"]
    # Limits of the same name are one row.
    limits = (
        violated_limits(trace)
        .groupby(keys, sort=False, as_index=False)
        .agg({**dict.fromkeys(("violated", "rounds", "exceeding", "total"), "sum"), "largest": "max", "unit": "first"})
    )
    rows = [
        [
            *(Cell(str(limit[key]), str(limit[key])) for key in keys),
            *(cell(int(limit[key])) for key in ("violated", "rounds", "exceeding")),
            *(cell(float(limit[key]), 4) for key in ("total", "largest")),
            Cell(str(limit["unit"]), str(limit["unit"])),
        ]
        for limit in limits.head(most_rows).to_dict("records")
    ]
    left = len(limits) - len(rows)
    sums = any(limit.averaged for record in analysis.trace.records.values() for limit in record.limits)
    note = (
        f"Of limits on the sum over the run, {word}s are those on which the sum so far was above its share, where it "
        "was in the end; the excess is that of the end, and the largest is the highest it came to. "
        if sums
        else ""
    )
    more = f"{left:,} more rows are in analysis.violations." if left else ""
    return Table(columns, rows, note=f"{note}{more}".strip())


def _paid(value: float, currency: str) -> Cell:
    """Money with its currency, or the sign for what is undefined."""
    value = float(value)
    if not np.isfinite(value):
        return Cell(MISSING, None)
    return Cell(f"{amount(value)} {currency}", float(f"{value:.7g}"))


def accuracy_table(analysis: Analysis) -> Table:
    """A row per forecaster, subsequence and measure: how good the forecast was, beside persistence."""
    word = units(analysis.trace).round
    columns = [
        Column("forecaster", numeric=False),
        Column("subsequence", numeric=False),
        Column("measure", numeric=False),
        Column("value"),
        Column("persistence", f"the {word} before"),
        Column("unit", numeric=False),
        Column(f"{word}s"),
    ]
    frames, named = [analysis.accuracy], []
    if len(analysis.trace.blocks) > 1:
        columns.insert(0, Column("series", numeric=False))
        named = ["series"]
        first, *signals = analysis.trace.blocks
        frames = [analysis.accuracy.assign(series=first.name)]
        frames += [analysis.accuracy_of(block.name).assign(series=block.name) for block in signals]
    table = pd.concat(frames, ignore_index=True).head(MOST_ACCURACY)
    rows = [
        [
            *(Cell(str(row[key]), str(row[key])) for key in (*named, "forecaster", "subsequence", "measure")),
            *(cell(float(row[key]), 4) for key in ("value", "baseline")),
            Cell(str(row["unit"]) or "–", str(row["unit"])),
            cell(float(row["rounds"])),
        ]
        for row in table.to_dict("records")
    ]
    left = sum(map(len, frames)) - len(rows)
    return Table(columns, rows, note=f"{left:,} more rows are in analysis.accuracy." if left else "")


def agent_table(analysis: Analysis, most_rows: int, agents_file: str | None) -> AgentTable:
    """All rows of ``analysis.agents``, or those of the best and worst agents if there are over ``most_rows``."""
    trace = analysis.trace
    k, total = broadest(trace), len(trace.subsequences) * sum(m.population.agents for m in analysis.measures.values())
    where = f"the file {agents_file} beside this page" if agents_file else "analysis.agents"
    on_paper = f"Printed are the rows that were shown; all {count(total, 'row')} are in {where}."
    note = f"All {count(total, 'row')}: one per agent and subsequence, the largest loss of money first."
    chosen: dict[str, slice | IntArray] = dict.fromkeys(analysis.worth, slice(None))
    if total > most_rows:
        each = max(1, min(MOST_AGENTS_EACH, most_rows // (2 * len(trace.records) * len(trace.subsequences))))
        chosen = {name: np.sort(_extremes(ranked(worth, k), each)) for name, worth in analysis.worth.items()}
        note = (
            f"The {count(each, 'best and worst agent', 'best and the worst agents')} of each population by money "
            f"against persistence on {trace.subsequences[k]}, with all their subsequences; all "
            f"{total:,} rows are in {where}."
        )
    # The rows of both tables stand in the same order: by agent and subsequence.
    table = pd.concat(
        [
            measures.table(trace.subsequences, chosen[name]).assign(
                gain=analysis.worth[name].table(trace.subsequences, chosen[name])["gain"].to_numpy()
            )
            for name, measures in analysis.measures.items()
        ],
        ignore_index=True,
    )
    ordered = _in_their_units(analysis, table.sort_values("gain", kind="stable"))
    return _agent_rows(analysis, ordered, note, on_paper)


def _in_their_units(analysis: Analysis, table: pd.DataFrame) -> pd.DataFrame:
    """Regret in money, inside the range of the theory, and bias in units of the outcome."""
    scale = np.empty(len(table))
    for name, measures in analysis.measures.items():
        mine = (table["population"] == name).to_numpy()
        scale[mine] = measures.population.money.scale[table["agent"].to_numpy()[mine]]
    regrets = {column: table[column] * scale for column in ("external_regret", "swap_regret")}
    return table.assign(**regrets, bias=table["bias"] * _bias_unit(analysis)[1])


def _bias_unit(analysis: Analysis) -> tuple[str, float]:
    """Unit of the largest bias over coordinates, and its factor; of several series it is a share of their ranges."""
    if len(analysis.trace.blocks) > 1:
        return "share of the range", 1.0
    unit = units(analysis.trace)
    return unit.outcome, unit.span


def _agent_rows(analysis: Analysis, table: pd.DataFrame, note: str, on_paper: str) -> AgentTable:
    word = units(analysis.trace).round
    names, subsequences = list(analysis.measures), list(analysis.trace.subsequences)
    currencies = [measures.population.money.currency for measures in analysis.measures.values()]
    same = len(set(currencies)) == 1
    named = {name: m.population.agent_names for name, m in analysis.measures.items() if m.population.agent_names}
    columns = {
        "population": Column("population", numeric=False),
        "agent": Column("agent"),
        **({"name": Column("name", numeric=False)} if named else {}),
        "subsequence": Column("subsequence", numeric=False),
        "rounds": Column(f"{word}s"),
        "gain": Column("money", f"{currencies[0] if same else ''} more than with persistence".strip()),
        "money": Column("money", currencies[0] if same else ""),
        "utility": Column("utility", "sum"),
        "external_regret": Column("external regret", currencies[0] if same else ""),
        "swap_regret": Column("swap regret", currencies[0] if same else ""),
        "benchmark_size": Column("bench\u00admark", "actions"),
        "ccv": Column("CCV", "cost"),
        "ccv_positive": Column("CCV+", "cost"),
        "bias": Column("largest bias", f"{_bias_unit(analysis)[0]}, sum"),
        "eliminated": Column("elimi\u00adnated", "actions"),
        "fallback_rounds": Column("fall\u00adback", f"{word}s"),
    }
    labels = {"population": names, "subsequence": subsequences}
    if named:
        table = table.assign(name=_agent_names(table, named))
        labels["name"] = list(dict.fromkeys(table["name"]))
    data: dict[str, Any] = {}
    for key in columns:
        if key in labels:
            codes = {name: index for index, name in enumerate(labels[key])}
            data[key] = [codes[name] for name in table[key].astype(str)]
        else:
            values = table[key].to_numpy(dtype=np.float64)
            data[key] = numbers(np.where(np.abs(values) < ROUNDING, 0, values))
    suffixes = [""] * len(names) if same else [f" {currency}" for currency in currencies]
    first = []
    for row in range(min(PAGE_ROWS, len(table))):
        cells = []
        for key in columns:
            value = data[key][row]
            if key in labels:
                cells.append(Cell(labels[key][value], labels[key][value]))
            else:
                suffix = suffixes[data["population"][row]] if key in MONEY else ""
                cells.append(Cell(text_of(value) + suffix, value))
        first.append(cells)
    embedded = {
        "columns": list(columns),
        "labels": labels,
        "suffixes": dict.fromkeys(MONEY, suffixes),
        "rows": len(table),
        "page": PAGE_ROWS,
        "sorted": {"column": "gain", "direction": 1},
        "data": data,
    }
    return AgentTable(list(columns.values()), first, embedded, note, on_paper, list(columns).index("gain"))


def _agent_names(table: pd.DataFrame, named: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of the agents of all rows; the empty text where their population has none."""
    rows = zip(table["population"].astype(str), table["agent"], strict=True)
    return [named[name][int(agent)] if name in named else "" for name, agent in rows]


def text_of(value: float | None) -> str:
    """A number of the data of :func:`agent_table` as the page's script writes it."""
    if value is None:
        return MISSING
    return f"{value:,}".replace("-", "−") if isinstance(value, int) else number(value, SIGNIFICANT)


def _extremes(order: np.ndarray, each: int) -> np.ndarray:
    return order if len(order) <= 2 * each else np.concatenate([order[:each], order[-each:]])
