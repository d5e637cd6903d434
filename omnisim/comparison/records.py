"""The two tables of the store: what their columns are, what a cell may hold, and the checks of what is read.

``agents`` has one row per run, population, agent and subsequence, one row group per run: the columns of
``Analysis.agents`` with the run in front. ``runs`` has one row per run; what is finer than a run and coarser than an
agent is nested in it, so that a run is two files and comparisons of many runs need not read every agent.

.. code-block:: text

    runs.populations[]   name, agents, currency
    runs.summary[]       one per population and subsequence: rounds, agents, defined (agents whose benchmark is not
                         empty), and the mean over agents of every measure (of regrets: over those agents)
    runs.growth[]        one per population and subsequence: lists over growing numbers of rounds
    runs.blocks[]        one per population and subsequence: lists over blocks of consecutive rounds of the run: how
                         many rounds of the subsequence a block has, and utility and money earned in them, mean over
                         agents
    runs.certificates[]  the rows of Analysis.certificates
    runs.accuracy[]      the rows of Analysis.accuracy
    runs.violations[]    the rows of :func:`~omnisim.analysis.violation.violated_limits`
    runs.clipping[]      one: what clipping cut off the outcomes and the money, and what would cut less
    runs.losses          the loss of the forecast by round, or its means over groups of rounds of a long run, with
                         ``loss`` (what it is) and ``loss_unit``
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field, RootModel, model_validator

from omnisim.comparison.grid import LABELS
from omnisim.reading import FORM, one_line, parse_json
from omnisim.statistics.blocks import block_starts

REGRETS = ("external_regret", "swap_regret")
"""Measures that agents with an empty benchmark do not have."""

IN_MONEY = {f"{regret}_money": regret for regret in REGRETS}
"""Regrets in the money that the utility stands for: inside the range of the theory."""

MEASURES = (
    *("utility", "money", "money_clipped", *REGRETS, *IN_MONEY, "ccv", "ccv_positive"),
    *("bias", "fallback_rounds", "eliminated"),
)
"""What is compared: columns of ``Analysis.agents``, and regrets in money."""

LARGER_IS_BETTER = ("utility", "money", "money_clipped")
"""Of all other measures less is better."""

MONEY = ("money", "money_clipped", *IN_MONEY)
"""Measures that populations may count in different currencies."""

GROWING = ("utility", "money", *REGRETS, *IN_MONEY, "ccv", "ccv_positive")
"""Measures that are sums over rounds."""

MOST_LOSSES = 2_000
"""Losses that are kept of a run: of a longer one, means over groups of equally many rounds."""

RUN, SEED = "run", "seed"
FINISHED, FAILED = "finished", "failed"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        Of the column, or of the field of a nested one.
    kind
        What a cell holds; of a list, what its entries are.
    low, high
        The least and the largest number; None for any.
    filled
        Whether a text must not be empty.
    may_be_infinite
        Whether infinity is a number here.
    missing
        Whether a cell may be empty, or not a number.
    one_of
        Texts that a cell may be; any if empty.
    listed
        Whether a cell is a list; those of one row of a nested column are equally long.
    nested
        A cell is a table with these columns.
    """

    name: str
    kind: pa.DataType
    low: float | None = None
    high: float | None = None
    filled: bool = False
    may_be_infinite: bool = False
    missing: bool = False
    one_of: tuple[str, ...] = ()
    listed: bool = False
    nested: tuple["Column", ...] = ()

    @cached_property
    def type(self) -> pa.DataType:
        """Type of the column in the file."""
        if self.nested:
            return pa.list_(pa.struct([(column.name, column.type) for column in self.nested]))
        return pa.list_(self.kind) if self.listed else self.kind


_TEXT, _WHOLE, _SHORT, _REAL = pa.string(), pa.int64(), pa.int32(), pa.float64()


_LARGEST = 1e100
"""Of a number: what no run comes near, and sums of many and squares of which are finite."""

_ANY: dict[str, Any] = {"low": -_LARGEST, "high": _LARGEST}


def _columns(kind: Column, *names: str) -> tuple[Column, ...]:
    return tuple(replace(kind, name=name) for name in names)


def _table(name: str, *columns: Column) -> Column:
    return Column(name, _TEXT, nested=columns)


_text, _texts = Column("", _TEXT), Column("", _TEXT, missing=True)
_named = Column("", _TEXT, filled=True)
_count, _short = Column("", _WHOLE, low=0), Column("", _SHORT, low=0)
_some = Column("", _WHOLE, low=1)
_real, _maybe = Column("", _REAL, **_ANY), Column("", _REAL, missing=True, **_ANY)
_cost, _chance = Column("", _REAL, low=0, high=_LARGEST), Column("", _REAL, low=0, high=1, missing=True)
_counts = Column("", _SHORT, low=0, listed=True)
_reals = Column("", _REAL, missing=True, listed=True, **_ANY)
_PLACE = _columns(_text, "population", "subsequence")

_HEAD = (*_columns(_text, RUN, *LABELS), *_columns(_count, SEED))
"""What the rows of both tables begin with."""

AGENTS_COLUMNS = (
    *_HEAD,
    *_columns(_text, "population"),
    *_columns(_short, "agent"),
    *_columns(_text, "subsequence"),
    *_columns(_short, "rounds"),
    *_columns(_real, "utility"),
    *_columns(_maybe, *REGRETS),
    *_columns(_short, "benchmark_size"),
    *_columns(_text, "benchmark"),
    *_columns(_real, "ccv", "ccv_positive", "bias"),
    *_columns(_short, "eliminated", "fallback_rounds"),
    *_columns(_real, "money", "money_clipped"),
)
"""Columns of the table ``agents``."""

RUNS_COLUMNS = (
    *_HEAD,
    Column("status", _TEXT, one_of=(FINISHED, FAILED)),
    *_columns(_text, "error"),
    *_columns(_some, "rounds", "agents"),
    *_columns(_named, "outcomes"),
    *_columns(_count, "certificates_listed", "certificates_violated"),
    *_columns(_cost, "seconds", "simulate_seconds", "analyze_seconds", "peak_memory_mb"),
    *_columns(_text, "omnisim", "versions", "machine", "command"),
    Column("subsequences", _TEXT, listed=True),
    _table("populations", *_columns(_text, "name"), *_columns(_count, "agents"), *_columns(_text, "currency")),
    _table("summary", *_PLACE, *_columns(_count, "rounds", "agents", "defined"), *_columns(_maybe, *MEASURES)),
    _table("growth", *_PLACE, *_columns(_counts, "rounds"), *_columns(_reals, *GROWING)),
    _table("blocks", *_PLACE, *_columns(_counts, "rounds"), *_columns(_reals, *LARGER_IS_BETTER)),
    *_columns(_text, "loss", "loss_unit"),
    *_columns(_reals, "losses"),
    _table(
        "accuracy",
        *_columns(_text, "forecaster", "subsequence", "measure", "unit"),
        *_columns(_maybe, "value", "baseline"),
        *_columns(_count, "rounds"),
    ),
    _table(
        "violations",
        *_columns(_text, "population", "subsequence", "constraint", "unit"),
        *_columns(_count, "agents", "exceeding", "rounds", "violated"),
        *_columns(_cost, "total", "largest"),
    ),
    _table(
        "clipping",
        *_columns(_text, "quantity", "unit"),
        *_columns(_real, "low", "high"),
        *_columns(_count, "values", "clipped"),
        *_columns(_cost, "prices", "money"),
        *_columns(_real, "lowest", "highest"),
        *_columns(_maybe, "suggested_low", "suggested_high"),
    ),
    _table(
        "certificates",
        *_columns(_text, "theorem", "claim", "scope", "population", "subsequence"),
        *_columns(_real, "measured"),
        *_columns(Column("", _REAL, low=0, may_be_infinite=True), "bound"),
        Column("holds", pa.bool_()),
        *_columns(_chance, "probability"),
        *_columns(_maybe, "trivial", "hindsight"),
        Column("informative", pa.bool_()),
        *_columns(_text, "status"),
        *_columns(_count, "agents", "hypotheses_met"),
    ),
)
"""Columns of the table ``runs``; of a failed run only the first are there."""

OF_FAILED = (RUN, *LABELS, SEED, "status", "error", "omnisim", "versions", "command")
"""Columns that failed runs have."""

AGENTS, RUNS = (
    pa.schema([(column.name, column.type) for column in columns]) for columns in (AGENTS_COLUMNS, RUNS_COLUMNS)
)
"""The two tables as schemas."""

NESTED = (
    *("populations", "summary", "growth", "blocks", "certificates", "accuracy", "violations", "clipping"),
    *("losses", "loss", "loss_unit"),
)
"""Columns of the table ``runs`` that hold tables, or say what those are."""


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
        for row in finished.to_pylist():
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
    known = ~np.isnan(numbers) if column.may_be_infinite else np.isfinite(numbers)
    if not column.missing and not known.all():
        raise ValueError(f"{where} is {numbers[~known][0]}: a finite number is needed")
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
            if each["population"] and each["population"] not in populations:
                raise ValueError(f"certificates.population is {each['population']!r}, none of those of the run")
    if row.get("certificates_violated", 0) > row.get("certificates_listed", math.inf):
        raise ValueError(
            f"certificates_violated is {row['certificates_violated']}, but certificates_listed is "
            f"{row['certificates_listed']}"
        )
    for each in row.get("summary") or ():
        if each["agents"] != populations[each["population"]] or each["defined"] > each["agents"]:
            raise ValueError(f"summary.agents is {each['agents']} of {each['population']!r} ({each['defined']} defined)")
        if rounds is not None and not 1 <= each["rounds"] <= rounds:
            raise ValueError(f"summary.rounds is {each['rounds']}: it must be in 1..{rounds}")
    for column in ("blocks", "growth"):
        for each in row.get(column) or ():
            if not each["rounds"]:
                raise ValueError(f"{column}.rounds is empty")
    if rounds is not None:
        _check_rounds(row, rounds)


def _check_rounds(row: dict[str, Any], rounds: int) -> None:
    for each in row.get("blocks") or ():
        if len(each["rounds"]) != len(block_starts(rounds)) or sum(each["rounds"]) > rounds:
            raise ValueError(f"blocks.rounds is {one_line(each['rounds'])}, which are not the blocks of {rounds} rounds")
    for each in row.get("growth") or ():
        if each["rounds"][-1] > rounds or sorted(each["rounds"]) != each["rounds"]:
            raise ValueError(f"growth.rounds is {one_line(each['rounds'])}: it must rise to {rounds} at most")
    if "losses" in row and len(row["losses"]) > rounds:
        raise ValueError(f"losses has {len(row['losses'])} entries for {rounds} rounds")


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
