"""The two tables of the store: what their columns are, and what a cell may hold.

The checks of what is read are in :mod:`omnisim.comparison.checking`.

``agents`` has one row per run, population, agent and subsequence, one row group per run: the columns of
``Analysis.agents`` with the run in front. ``runs`` has one row per run; what is finer than a run and coarser than an
agent is nested in it, so that a run is two files and comparisons of many runs need not read every agent.

.. code-block:: text

    runs.populations[]   name, agents, standing (for how many they stand, the sum of their weights), currency
    runs.summary[]       one per population and subsequence: rounds, agents, defined (agents whose benchmark is not
                         empty), standing and standing_defined (the sums of their weights), and the mean over agents of
                         every measure, each as often as its weight says (of regrets: over those with a benchmark)
    runs.growth[]        one per population and subsequence: lists over growing numbers of rounds
    runs.blocks[]        one per population and subsequence: lists over blocks of consecutive rounds of the run: how
                         many rounds of the subsequence a block has, and utility and money earned in them, weighted
                         mean over agents
    runs.certificates[]  the rows of Analysis.certificates
    runs.accuracy[]      the rows of Analysis.accuracy
    runs.violations[]    the rows of :func:`~omnisim.analysis.violation.violated_limits`
    runs.clipping[]      one: what clipping cut off the outcomes and the money, and what would cut less
    runs.losses          the loss of the forecast by round, or its means over groups of rounds of a long run, with
                         ``loss`` (what it is) and ``loss_unit``
    runs.observed[]      what was asked for beside, of every run: its name, and numbers
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from omnisim.comparison.grid import LABELS

REGRETS = ("external_regret", "swap_regret")
"""Measures that agents with an empty benchmark do not have."""

IN_MONEY = {f"{regret}_money": regret for regret in REGRETS}
"""Regrets in the money that the utility stands for: inside the range of the theory."""

MEASURES = (
    *("utility", "money", "money_clipped", *REGRETS, *IN_MONEY, "ccv", "ccv_positive"),
    *("bias", "fallback_rounds", "eliminated"),
)
"""Measures that are compared: columns of ``Analysis.agents``, and regrets in money."""

LARGER_IS_BETTER = ("utility", "money", "money_clipped")
"""Measures of which more is better; less is better for all others."""

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
"""Largest number accepted: no run comes near it, and sums of many and squares of such numbers are finite."""

_ANY: dict[str, Any] = {"low": -_LARGEST, "high": _LARGEST}


def _columns(kind: Column, *names: str) -> tuple[Column, ...]:
    return tuple(replace(kind, name=name) for name in names)


def _table(name: str, *columns: Column) -> Column:
    return Column(name, _TEXT, nested=columns)


_text = Column("", _TEXT)
_named = Column("", _TEXT, filled=True)
_count, _short = Column("", _WHOLE, low=0), Column("", _SHORT, low=0)
_some = Column("", _WHOLE, low=1)
_real, _maybe = Column("", _REAL, **_ANY), Column("", _REAL, missing=True, **_ANY)
_cost, _chance = Column("", _REAL, low=0, high=_LARGEST), Column("", _REAL, low=0, high=1, missing=True)
_counts = Column("", _SHORT, low=0, listed=True)
_reals = Column("", _REAL, missing=True, listed=True, **_ANY)
_PLACE = _columns(_text, "population", "subsequence")

_HEAD = (*_columns(_text, RUN, *LABELS), *_columns(_count, SEED))
"""First columns of the rows of both tables."""

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
    _table(
        "populations",
        *_columns(_text, "name"),
        *_columns(_count, "agents"),
        *_columns(_cost, "standing"),
        *_columns(_text, "currency"),
    ),
    _table(
        "summary",
        *_PLACE,
        *_columns(_count, "rounds", "agents", "defined"),
        *_columns(_cost, "standing", "standing_defined"),
        *_columns(_maybe, *MEASURES),
    ),
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
        *_columns(replace(_cost, missing=True), "prices", "money"),
        *_columns(_real, "lowest", "highest"),
        *_columns(_maybe, "suggested_low", "suggested_high"),
    ),
    _table(
        "certificates",
        *_columns(_text, "theorem", "claim", "scope", "population", "subsequence", "basis"),
        *_columns(_maybe, "measured"),
        *_columns(Column("", _REAL, low=0, missing=True), "bound"),
        Column("holds", pa.bool_()),
        *_columns(_chance, "probability"),
        *_columns(_maybe, "trivial", "hindsight"),
        Column("informative", pa.bool_()),
        *_columns(_text, "status"),
        *_columns(_count, "agents", "hypotheses_met"),
    ),
    _table("observed", *_columns(_named, "name"), *_columns(_reals, "values")),
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
    *("losses", "loss", "loss_unit", "observed"),
)
"""Columns of the table ``runs`` that hold tables, or say what those are."""
