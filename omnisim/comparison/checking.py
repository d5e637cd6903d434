"""Checking what is read from the folder of a comparison, before anything counts on it."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field, RootModel, model_validator

from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import AGENTS_COLUMNS, FINISHED, OF_FAILED, RUN, RUNS_COLUMNS, SEED, Column
from omnisim.reading import FORM, parse_json

_DIGEST = r"[0-9a-f]{10}"
_NAME = re.compile(rf"{_DIGEST}-(\d+)")
_OF_PLACES = ("summary", "growth", "blocks")
"""Nested columns with one row per population and subsequence."""


class VariantForm(BaseModel):
    """Labels of a variant, and its digest."""

    model_config = FORM

    forecaster: str
    elimination: str
    adversary: str
    setting: str
    digest: Annotated[str, Field(pattern=f"^{_DIGEST}$")]


class Plan(BaseModel):
    """The form of ``comparison.json``."""

    model_config = FORM

    name: str
    description: str
    market: dict[str, Any]
    reference: str
    variants: Annotated[list[VariantForm], Field(min_length=1)]
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    command: str
    omnisim: str

    @model_validator(mode="after")
    def _fit(self) -> "Plan":
        labels = [tuple(getattr(variant, name) for name in LABELS) for variant in self.variants]
        for what, several in (("variants", labels), ("seeds", self.seeds)):
            if len(set(several)) < len(several):
                raise ValueError(f"{what} repeat one of them")
        if self.reference not in {variant.forecaster for variant in self.variants}:
            raise ValueError(f"reference is {self.reference!r}, which is none of the forecasters")
        return self


class _Versions(RootModel[dict[str, str]]):
    """Versions of packages, by name."""


def check_runs(table: pa.Table, name: str | None = None) -> None:
    """Check columns of the table ``runs``, all of them or some.

    Parameters
    ----------
    table
        At least with the columns ``run`` and ``status``.
    name
        Of the only run that it may hold; None for several runs.

    Raises
    ------
    ValueError
        On the first cell that cannot be.
    """
    _check_columns(table, RUNS_COLUMNS, OF_FAILED)
    finished = table.filter(pc.equal(table["status"], FINISHED))
    _check_columns(finished, RUNS_COLUMNS)
    names = table[RUN].to_pylist()
    if len(set(names)) < len(names):
        raise ValueError("it has a run twice")
    if name is not None and names != [name]:
        raise ValueError(f"it is not the run {name}, but {', '.join(names[:3]) or 'none'}")
    if "versions" in table.column_names:
        for text in pc.unique(table["versions"]).to_pylist():
            parse_json(text, _Versions)
    seeds = table[SEED].to_pylist() if SEED in table.column_names else [None] * len(names)
    for run, seed in zip(names, seeds, strict=True):
        named = _NAME.fullmatch(run)
        if named is None or seed not in (None, int(named.group(1))):
            raise ValueError(f"run {run!r} has the seed {seed}")
    if {"populations", "subsequences"} <= set(table.column_names):
        _check_places(finished)


def check_agents(table: pa.Table, run: str, rows: int) -> None:
    """Check columns of the table ``agents`` of one run, which has ``rows`` rows.

    Raises
    ------
    ValueError
        On the first cell that cannot be.
    """
    _check_columns(table, AGENTS_COLUMNS)
    names = pc.unique(table[RUN]).to_pylist()
    if names != [run]:
        raise ValueError(f"it holds agents of the run {', '.join(map(str, names[:3])) or 'none'} in the place of {run}")
    if len(table) != rows:
        raise ValueError(f"run {run} has {len(table)} rows of agents, must have {rows}")


def _check_columns(table: pa.Table, columns: Sequence[Column], only: Sequence[str] | None = None) -> None:
    for column in columns:
        if column.name in table.column_names and (only is None or column.name in only):
            _check_cells(column.name, _whole(table[column.name]), column)


def _check_cells(where: str, cells: pa.Array, column: Column) -> None:
    if cells.null_count and not (column.missing and not column.listed):
        raise ValueError(f"{where} has an empty cell")
    if column.nested:
        fields = cells.flatten()
        lengths = {}
        for i, inner in enumerate(column.nested):
            field = pc.struct_field(fields, [i]) if fields.null_count == 0 else None
            if field is None:
                raise ValueError(f"{where} has an empty row")
            _check_cells(f"{where}.{inner.name}", field, inner)
            if inner.listed:
                lengths[inner.name] = pc.list_value_length(field)
        if any(not length.equals(next(iter(lengths.values()))) for length in lengths.values()):
            raise ValueError(f"{where} has lists of different lengths in one row")
        return
    if column.listed:
        cells = cells.flatten()
        if cells.null_count and not column.missing:
            raise ValueError(f"{where} has an empty entry")
    if column.one_of and not pc.all(pc.is_in(cells, pa.array(column.one_of)), min_count=0).as_py():
        raise ValueError(f"{where} is none of {', '.join(column.one_of)}")
    if pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type):
        _check_numbers(where, cells, column)


def _check_numbers(where: str, cells: pa.Array, column: Column) -> None:
    numbers = cells.to_numpy(zero_copy_only=False)
    if not column.missing and not np.isfinite(numbers).all():
        raise ValueError(f"{where} is {numbers[~np.isfinite(numbers)][0]}: a finite number is needed")
    if column.low is not None and len(numbers) and numbers.min() < column.low:
        raise ValueError(f"{where} is {numbers.min()}, must be >= {column.low:g}")


def _check_places(finished: pa.Table) -> None:
    """Every run has what is nested in it once for each of its populations and subsequences."""
    populations = [[each["name"] for each in row] for row in finished["populations"].to_pylist()]
    subsequences = finished["subsequences"].to_pylist()
    for names in (*populations, *subsequences):
        if not names or len(set(names)) < len(names):
            raise ValueError(f"populations or subsequences of a run are {names}: different names are needed")
    for column in _OF_PLACES:
        if column in finished.column_names:
            for found, own, also in zip(_places(_whole(finished[column])), populations, subsequences, strict=True):
                wanted = {(population, subsequence) for population in own for subsequence in also}
                if len(found) != len(wanted) or set(found) != wanted:
                    raise ValueError(f"{column} of a run has not one row for each of its populations and subsequences")


def _places(cells: pa.Array) -> Iterator[list[tuple[str, str]]]:
    """Population and subsequence of every nested row, row by row."""
    rows = cells.flatten()
    names = list(zip(*(pc.struct_field(rows, [i]).to_pylist() for i in (0, 1)), strict=True))
    first = 0
    for length in pc.list_value_length(cells).to_pylist():
        yield names[first : first + length]
        first += length


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
