"""The runs of a comparison as arrays: V variants, S seeds, P places (a population on a subsequence)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.comparison.records import FINISHED, IN_MONEY, MEASURES, MONEY, REGRETS, RUN

ALL = "all populations"
"""The population of the leaderboard: every agent of every population."""


@dataclass(frozen=True)
class Index:
    """Positions of a table's rows among variants and seeds.

    Attributes
    ----------
    variant, seed : (R,)
        Of each row, as positions; rows of runs that were not asked for are left out of the table.
    variants, seeds
        V and S.
    """

    variant: IntArray
    seed: IntArray
    variants: int
    seeds: int

    def place(self, of_row: Any, fill: float = np.nan) -> FloatArray:
        """Numbers (R, ...) of the rows as (V, S, ...)."""
        values = np.asarray(of_row, dtype=np.float64)
        placed = np.full((self.variants, self.seeds, *values.shape[1:]), fill)
        placed[self.variant, self.seed] = values
        return placed


@dataclass(frozen=True)
class Summaries:
    """Means over agents, each as often as its weight says.

    Attributes
    ----------
    populations, subsequences : (P,)
        Of each place.
    standing : (V, S, P)
        How many the agents stand for: the sum of their weights.
    measures
        Per measure, (V, S, P); NaN for runs that are missing or failed.
    """

    populations: tuple[str, ...]
    subsequences: tuple[str, ...]
    standing: FloatArray
    measures: dict[str, FloatArray]


def summaries(index: Index, column: pa.ChunkedArray, whole_run: str, money: bool) -> Summaries:
    """Read the nested column ``summary``, and add the place of the leaderboard at the end.

    Parameters
    ----------
    index
        Of the rows of ``column``.
    whole_run
        Subsequence of the leaderboard.
    money
        Whether all populations count the same money, so that it can be averaged.
    """
    rows, fields = _flat(column)
    places, of_row = _places(fields)
    sums = ("standing", "standing_defined")
    found = {name: _spread(index, rows, of_row, len(places), fields[name]) for name in (*MEASURES, *sums)}
    members = [k for k, (_, subsequence) in enumerate(places) if subsequence == whole_run]
    standing = found["standing"]
    for measure in MEASURES:
        weights = found["standing_defined"] if measure in (*REGRETS, *IN_MONEY) else standing
        pooled = _average(found[measure][:, :, members], weights[:, :, members])
        if measure in MONEY and not money:
            pooled[:] = np.nan
        found[measure] = np.concatenate([found[measure], pooled[:, :, None]], axis=2)
    standing = np.concatenate([standing, standing[:, :, members].sum(axis=2, keepdims=True)], axis=2)
    populations = (*(population for population, _ in places), ALL)
    return Summaries(
        populations, (*(name for _, name in places), whole_run), standing, {name: found[name] for name in MEASURES}
    )


@dataclass(frozen=True)
class Curves:
    """Ragged columns made regular: lists over ``rounds`` for each variant, seed and place.

    Attributes
    ----------
    places
        (population, subsequence) of each of P.
    rounds : (V, P, M)
        0 where a list is shorter.
    measures
        Per measure, (V, S, P, M); NaN for runs that are missing, 0 where a list is shorter.
    """

    places: tuple[tuple[str, str], ...]
    rounds: FloatArray
    measures: dict[str, FloatArray]


def curves(index: Index, column: pa.ChunkedArray, measures: Sequence[str]) -> Curves:
    """Read the nested column ``growth`` or ``blocks``; ``rounds`` are the same under every seed."""
    rows, fields = _flat(column)
    places, of_row = _places(fields)
    lists = {name: _lists(fields[name]) for name in ("rounds", *measures)}
    longest = max(int(np.diff(offsets).max(initial=0)) for offsets, _ in lists.values())
    shape = (index.variants, index.seeds, len(places), longest)
    found = {}
    for name, (offsets, numbers) in lists.items():
        placed = np.full(shape, np.nan)
        placed[index.variant, index.seed] = 0.0
        lengths = np.diff(offsets)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        position = np.arange(len(numbers)) - np.repeat(offsets[:-1] - offsets[0], lengths)
        placed[index.variant[rows[owner]], index.seed[rows[owner]], of_row[owner], position] = numbers
        found[name] = placed
    rounds = np.nan_to_num(found["rounds"]).max(axis=1)
    return Curves(tuple(places), rounds, {name: found[name] for name in measures})


def with_pooled(blocks: Curves, found: Summaries) -> Curves:
    """Blocks with the place of the leaderboard at the end, so that places are those of ``found``."""
    whole_run = found.subsequences[-1]
    members = [k for k, (_, subsequence) in enumerate(blocks.places) if subsequence == whole_run]
    standing = found.standing[:, :, members]
    shares = standing / standing.sum(axis=2, keepdims=True)
    values = {}
    for name, value in blocks.measures.items():
        pooled = np.einsum("vspm,vsp->vsm", value[:, :, members], shares)
        values[name] = np.concatenate([value, pooled[:, :, None]], axis=2)
    rounds = np.concatenate([blocks.rounds, blocks.rounds[:, members[:1]]], axis=1)
    return Curves((*blocks.places, (ALL, whole_run)), rounds, values)


def table_of(column: pa.ChunkedArray) -> tuple[IntArray, pd.DataFrame]:
    """A nested column as a frame, and the row that each of its rows is in."""
    rows, fields = _flat(column)
    texts = {name: array.dictionary_encode() for name, array in fields.items() if pa.types.is_string(array.type)}
    return rows, pd.DataFrame({name: array.to_pandas() for name, array in (fields | texts).items()})


def _flat(column: pa.ChunkedArray) -> tuple[IntArray, dict[str, pa.Array]]:
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    lengths = np.diff(whole.offsets.to_numpy())
    structs = whole.flatten()
    fields = dict(zip((field.name for field in structs.type), structs.flatten(), strict=True))
    return np.repeat(np.arange(len(whole)), lengths), fields


def _places(fields: dict[str, pa.Array]) -> tuple[list[tuple[str, str]], IntArray]:
    """The distinct (population, subsequence) in order of appearance, and which one each row has."""
    names, codes = [], []
    for key in ("population", "subsequence"):
        encoded = fields[key].dictionary_encode()
        names.append(encoded.dictionary.to_pylist())
        codes.append(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64))
    joint = codes[0] * max(1, len(names[1])) + codes[1]
    distinct, first, inverse = np.unique(joint, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    places = [(names[0][code // len(names[1])], names[1][code % len(names[1])]) for code in distinct[order].tolist()]
    return places, rank[inverse.reshape(-1)]


def _spread(index: Index, rows: IntArray, place: IntArray, places: int, numbers: pa.Array) -> FloatArray:
    found = np.full((index.variants, index.seeds, places), np.nan)
    found[index.variant[rows], index.seed[rows], place] = numbers.to_numpy(zero_copy_only=False)
    return found


def _lists(column: pa.Array) -> tuple[IntArray, FloatArray]:
    return column.offsets.to_numpy().astype(np.int64), column.flatten().to_numpy(zero_copy_only=False)


def _average(values: FloatArray, weights: FloatArray) -> FloatArray:
    there: BoolArray = ~np.isnan(values) & (weights > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(there, values * weights, 0.0).sum(axis=2) / np.where(there, weights, 0.0).sum(axis=2)
    return np.asarray(total)


@dataclass(frozen=True)
class Rows:
    """Rows in the order of variants and seeds, and which run each is."""

    table: pa.Table
    index: Index

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[Sequence[str]]) -> "Rows":
        """Take the rows of runs with these names, by variant and seed; those of others are left out."""
        of_name = {name: (v, s) for v, row in enumerate(names) for s, name in enumerate(row)}
        asked = [i for i, name in enumerate(table[RUN].to_pylist()) if name in of_name]
        table = table.take(pa.array(asked, pa.int64()))
        where = np.array([of_name[name] for name in table[RUN].to_pylist()], dtype=np.int64).reshape(-1, 2)
        # Which files hold which runs depends on what was interrupted when; nothing said of them may.
        order = np.lexsort((where[:, 1], where[:, 0]))
        where = where[order]
        return cls(table.take(pa.array(order)), Index(where[:, 0], where[:, 1], len(names), len(names[0])))

    def finished(self) -> "Rows":
        """Keep the rows of runs that did not fail; needs the column ``status``."""
        keep = np.array([status == FINISHED for status in self.table["status"].to_pylist()], dtype=np.bool_)
        index = self.index
        kept = Index(index.variant[keep], index.seed[keep], index.variants, index.seeds)
        return Rows(self.table.filter(pa.array(keep)), kept)
