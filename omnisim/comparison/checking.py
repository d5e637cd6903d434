"""Checks of what is read from the folder of a comparison: its plan, and the two tables."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field, RootModel, model_validator

from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import AGENTS_COLUMNS, FINISHED, OF_FAILED, RUN, RUNS_COLUMNS, SEED, Column
from omnisim.reading import FORM, one_line, parse_json
from omnisim.statistics.blocks import block_starts

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
        alone = [label for label in labels if (self.reference, *label[1:]) not in labels]
        if alone:
            raise ValueError(f"variants: {alone[0][0]!r} has no reference {self.reference!r} in its place")
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
        for row in _thinned(finished):
            _check_sums(row)


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
    if column.filled and pa.types.is_string(cells.type) and pc.any(pc.equal(cells, "")).as_py():
        raise ValueError(f"{where} is empty")
    if column.one_of and not pc.all(pc.is_in(cells, pa.array(column.one_of)), min_count=0).as_py():
        raise ValueError(f"{where} is none of {', '.join(column.one_of)}")
    if pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type):
        _check_numbers(where, cells, column)


def _check_numbers(where: str, cells: pa.Array, column: Column) -> None:
    numbers = cells.to_numpy(zero_copy_only=False)
    if not column.missing and not np.isfinite(numbers).all():
        raise ValueError(f"{where} is {numbers[~np.isfinite(numbers)][0]}: a finite number is needed")
    for limit, wrong, sign in ((column.low, np.less, ">="), (column.high, np.greater, "<=")):
        if limit is not None and wrong(numbers, limit).any():  # NaN, which stands for what is missing, is neither
            raise ValueError(f"{where} is {numbers[wrong(numbers, limit)][0]}, must be {sign} {limit:g}")


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


_ASKED = {
    "populations": ("name", "agents"),
    "summary": ("population", "rounds", "agents", "defined"),
    "growth": ("rounds",),
    "blocks": ("rounds",),
    "certificates": ("population", "measured", "bound", "holds", "hypotheses_met"),
}
"""Fields of nested columns that are held against others: few of many."""

TOGETHER = ("rounds", "agents", "certificates_listed", "certificates_violated")
"""Columns by which others are checked, and that take next to no time to read."""


def _thinned(finished: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows with what :func:`_check_sums` asks for; in the place of the losses their number."""
    columns: dict[str, list[Any]] = {
        name: finished[name].to_pylist() for name in TOGETHER if name in finished.column_names
    }
    if "losses" in finished.column_names:
        columns["losses"] = pc.list_value_length(finished["losses"]).to_pylist()
    for name, fields in _ASKED.items():
        if name in finished.column_names:
            columns[name] = list(_nested(_whole(finished[name]), fields))
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _nested(cells: pa.Array, fields: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Cells of a column with nested rows, as lists of rows with these fields."""
    rows = cells.flatten()
    columns = [pc.struct_field(rows, name).to_pylist() for name in fields]
    found = [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=True)]
    first = 0
    for length in pc.list_value_length(cells).to_pylist():
        yield found[first : first + length]
        first += length


def _check_sums(row: dict[str, Any]) -> None:
    """Numbers of a finished run that say the same in two columns agree; a column that was not read is not asked."""
    populations, rounds = {each["name"]: each["agents"] for each in row["populations"]}, row.get("rounds")
    if row.get("agents") is not None and sum(populations.values()) != row["agents"]:
        raise ValueError(f"agents is {row['agents']}, its populations have {sum(populations.values())}")
    listed = row.get("certificates")
    if listed is not None:
        for key, found in (("listed", len(listed)), ("violated", sum(not each["holds"] for each in listed))):
            if row.get(f"certificates_{key}", found) != found:
                raise ValueError(f"certificates_{key} is {row[f'certificates_{key}']}, certificates has {found}")
        for each in listed:
            for key in ("measured", "bound"):
                if each["hypotheses_met"] and not float("-inf") < _number(each[key]):
                    raise ValueError(f"certificates.{key} is {each[key]}, though its hypotheses are met")
            if each["population"] and each["population"] not in populations:
                raise ValueError(f"certificates.population is {each['population']!r}, none of those of the run")
    if row.get("certificates_violated", 0) > row.get("certificates_listed", math.inf):
        raise ValueError(
            f"certificates_violated is {row['certificates_violated']}, but certificates_listed is "
            f"{row['certificates_listed']}"
        )
    for each in row.get("summary") or ():
        if each["agents"] != populations[each["population"]] or each["defined"] > each["agents"]:
            raise ValueError(
                f"summary.agents is {each['agents']} of {each['population']!r} ({each['defined']} defined)"
            )
        if rounds is not None and not 1 <= each["rounds"] <= rounds:
            raise ValueError(f"summary.rounds is {each['rounds']}: it must be in 1..{rounds}")
    for column in ("blocks", "growth"):
        for each in row.get(column) or ():
            if not each["rounds"]:
                raise ValueError(f"{column}.rounds is empty")
    if rounds is not None:
        _check_rounds(row, rounds)


def _number(cell: float | None) -> float:
    return math.nan if cell is None else cell


def _check_rounds(row: dict[str, Any], rounds: int) -> None:
    for each in row.get("blocks") or ():
        if len(each["rounds"]) != len(block_starts(rounds)) or sum(each["rounds"]) > rounds:
            raise ValueError(
                f"blocks.rounds is {one_line(each['rounds'])}, which are not the blocks of {rounds} rounds"
            )
    for each in row.get("growth") or ():
        if each["rounds"][-1] > rounds or sorted(each["rounds"]) != each["rounds"]:
            raise ValueError(f"growth.rounds is {one_line(each['rounds'])}: it must rise to {rounds} at most")
    if row.get("losses", 0) > rounds:
        raise ValueError(f"losses has {row['losses']} entries for {rounds} rounds")


def _places(cells: pa.Array) -> Iterator[list[tuple[str, str]]]:
    """Population and subsequence of every nested row, row by row."""
    for rows in _nested(cells, ("population", "subsequence")):
        yield [(each["population"], each["subsequence"]) for each in rows]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
