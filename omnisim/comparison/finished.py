"""The finished runs of a plan, read from their folder as rows and as arrays."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from omnisim.arrays import FloatArray, IntArray
from omnisim.comparison.differences import Statistics
from omnisim.comparison.grid import LABELS, run_name
from omnisim.comparison.records import GROWING, LARGER_IS_BETTER, NESTED, RUN, RUNS, SEED
from omnisim.comparison.store import Store
from omnisim.comparison.summaries import Curves, Index, Rows, Summaries, curves, summaries, table_of, with_pooled
from omnisim.errors import TraceError
from omnisim.statistics.intervals import CONFIDENCE
from omnisim.statistics.resampling import Resampler

PLAIN = [name for name in RUNS.names if name not in (*NESTED, "subsequences")]
"""Columns of ``runs`` that are one number or text."""

_SHORT = [name for name in RUNS.names if name not in ("growth", "blocks", "certificates", "losses", "observed")]
"""Columns that are read together and kept: opening the files of many runs takes longer than reading such columns."""


class Finished:
    """The runs of a plan, as far as there are any.

    Parameters
    ----------
    folder
        Of the comparison.
    plan
        As :meth:`~omnisim.comparison.store.Store.read_plan` gives it; that in the folder if omitted.

    Attributes
    ----------
    store, plan
        Its files, and what was asked for.
    labels
        ``LABELS`` of each of V variants.
    seeds
        All S of them.
    """

    def __init__(self, folder: Path, plan: dict[str, Any] | None = None) -> None:
        # The plan in the folder is that of the last command; who has asked is answered from what was asked.
        self.store = Store(folder)
        self.plan = self.store.read_plan() if plan is None else plan
        self.labels = [tuple(variant[name] for name in LABELS) for variant in self.plan["variants"]]
        self.seeds: list[int] = self.plan["seeds"]

    @cached_property
    def names(self) -> list[list[str]]:
        """The name of each run, by variant and seed."""
        return [[run_name(variant["digest"], seed) for seed in self.seeds] for variant in self.plan["variants"]]

    def with_failed(self, columns: Sequence[str]) -> Rows:
        """Columns of the runs that were asked for and have finished or failed."""
        wanted = list(dict.fromkeys([RUN, "status", *columns]))
        if not set(wanted) <= set(_SHORT):
            return Rows.of(self.store.read_runs(wanted), self.names)
        return Rows(self._short.table.select(wanted), self._short.index)

    @cached_property
    def _short(self) -> Rows:
        return Rows.of(self.store.read_runs(_SHORT), self.names)

    def rows(self, *columns: str) -> Rows:
        """Columns of the runs that have finished."""
        return self.with_failed(columns).finished()

    def nested(self, column: str) -> tuple[pd.DataFrame, IntArray, np.ndarray]:
        """A nested column as a frame; the variant of each row, and the name of its run."""
        rows = self.rows(column)
        of_row, frame = table_of(rows.table[column])
        return frame, rows.index.variant[of_row], rows.table[RUN].to_numpy()[of_row]

    @cached_property
    def first(self) -> Mapping[str, Any]:
        """Populations, subsequences and rounds of the first run.

        Raises
        ------
        TraceError
            If none is finished.
        """
        rows = self.rows("populations", "subsequences", "rounds").table
        if not len(rows):
            raise TraceError(f"{self.store.folder}: no run of the comparison is finished: nothing can be compared")
        first: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
        return first

    @cached_property
    def whole_run(self) -> str:
        """The first subsequence with every round, or else the first."""
        table = self.rows("summary").table
        rounds = {each["subsequence"]: each["rounds"] for each in table["summary"][0].as_py()}
        whole = [name for name, count in rounds.items() if count == self.first["rounds"]]
        return str((whole or self.first["subsequences"])[0])

    @cached_property
    def summaries(self) -> Summaries:
        """Means over agents."""
        rows = self.rows("summary")
        currencies = {each["currency"] for each in self.first["populations"]}
        return summaries(rows.index, rows.table["summary"], self.whole_run, money=len(currencies) == 1)

    @cached_property
    def grown(self) -> Curves:
        """Sums over growing numbers of rounds."""
        rows = self.rows("growth")
        return curves(rows.index, rows.table["growth"], GROWING)

    @cached_property
    def statistics(self) -> Statistics:
        """Means and paired differences, with intervals."""
        rows = self.rows("outcomes")
        markets: list[set[str]] = [set() for _ in self.labels]
        for variant, outcomes in zip(rows.index.variant, rows.table["outcomes"].to_pylist(), strict=True):
            markets[variant].add(outcomes)

        def read_blocks() -> Curves:
            blocks = self.rows("blocks")
            return with_pooled(curves(blocks.index, blocks.table["blocks"], LARGER_IS_BETTER), self.summaries)

        return Statistics(
            self.labels,
            self.plan["reference"],
            self.summaries,
            np.array([len(found) <= 1 for found in markets]),
            read_blocks,
            CONFIDENCE,
            Resampler(len(self.seeds)),
        )

    def observed(self, name: str) -> FloatArray:
        """Numbers kept of every run under a name, (V, S, K); NaN for runs that are missing.

        Raises
        ------
        TraceError
            If a run has none.
        """
        index, kept = self._observed
        values: list[list[float]] = []
        for run, found in kept:
            if name not in found or len(found[name]) != len((values or [found[name]])[0]):
                raise TraceError(
                    f"{self.store.folder}: of the run {run} {name!r} is not kept as of the others: another command "
                    "has made it; remove the folder, or choose another"
                )
            values.append(found[name])
        return index.place(values)

    @cached_property
    def _observed(self) -> tuple[Index, list[tuple[str, dict[str, list[float]]]]]:
        """Numbers kept of each run, under their names: whoever asks for one asks for others."""
        rows = self.rows("observed")
        kept = [{each["name"]: each["values"] for each in observed} for observed in rows.table["observed"].to_pylist()]
        return rows.index, list(zip(rows.table[RUN].to_pylist(), kept, strict=True))

    def agents(self) -> pd.DataFrame:
        """Every agent of every run on every subsequence."""
        rows = self.rows()
        columns = [name for name in self.store.agents_columns if name not in (RUN, *LABELS, SEED)]
        tables, heads = [], []
        where = zip(rows.index.variant, rows.index.seed, strict=True)
        read = self.store.read_agents(rows.table[RUN].to_pylist(), columns)
        for (variant, seed), (name, table) in zip(where, read, strict=True):
            tables.append(table)
            heads.append((name, variant, self.seeds[seed], len(table)))
        whole = pa.concat_tables(tables).unify_dictionaries() if tables else self.store.no_agents(columns)
        texts = [name for name in columns if pa.types.is_string(whole.schema.field(name).type)]
        for name in texts:
            whole = whole.set_column(columns.index(name), name, whole[name].dictionary_encode().unify_dictionaries())
        lengths = [length for *_, length in heads]
        front: dict[str, Any] = {RUN: pd.Categorical(np.repeat([name for name, *_ in heads], lengths))}
        for i, name in enumerate(LABELS):
            front[name] = pd.Categorical(np.repeat([self.labels[v][i] for _, v, *_ in heads], lengths))
        front[SEED] = np.repeat([seed for _, _, seed, _ in heads], lengths)
        every: pd.DataFrame = pd.concat([pd.DataFrame(front), whole.to_pandas()], axis=1)
        return every

    def finished_names(self) -> list[list[str | None]]:
        """Names of the runs, by variant and seed; None for those that are not finished."""
        finished = set(self.rows().table[RUN].to_pylist())
        return [[name if name in finished else None for name in row] for row in self.names]
