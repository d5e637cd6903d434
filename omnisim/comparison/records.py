"""The two tables of the store, as schemas.

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
    runs.losses          the loss of the forecast in every round, with ``loss`` (what it is) and ``loss_unit``
"""

import pyarrow as pa

from omnisim.comparison.grid import LABELS

MEASURES = (
    *("utility", "money", "money_clipped", "external_regret", "swap_regret", "ccv", "ccv_positive"),
    *("bias", "fallback_rounds", "eliminated"),
)
"""What is compared, in the columns of ``Analysis.agents``."""

LARGER_IS_BETTER = ("utility", "money", "money_clipped")
"""Of all other measures less is better."""

MONEY = ("money", "money_clipped")
"""Measures that populations may count in different currencies."""

GROWING = ("utility", "money", "external_regret", "swap_regret", "ccv", "ccv_positive")
"""Measures that are sums over rounds."""

REGRETS = ("external_regret", "swap_regret")
"""Measures that agents with an empty benchmark do not have."""

RUN, SEED = "run", "seed"
FINISHED, FAILED = "finished", "failed"


def _fields(kind: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for name in names]


def _list_of(*fields: tuple[str, pa.DataType]) -> pa.DataType:
    return pa.list_(pa.struct(fields))


_TEXT, _WHOLE, _REAL = pa.string(), pa.int64(), pa.float64()
_REALS = pa.list_(_REAL)
_PLACE = _fields(_TEXT, "population", "subsequence")

HEAD = [*_fields(_TEXT, RUN, *LABELS), (SEED, _WHOLE)]
"""What the rows of both tables begin with."""

AGENTS = pa.schema(
    [
        *HEAD,
        ("population", _TEXT),
        ("agent", pa.int32()),
        ("subsequence", _TEXT),
        ("rounds", pa.int32()),
        *_fields(_REAL, "utility", *REGRETS),
        ("benchmark_size", pa.int32()),
        ("benchmark", _TEXT),
        *_fields(_REAL, "ccv", "ccv_positive", "bias"),
        *_fields(pa.int32(), "eliminated", "fallback_rounds"),
        *_fields(_REAL, "money", "money_clipped"),
    ]
)
"""Columns of the table ``agents``."""

RUNS = pa.schema(
    [
        *HEAD,
        *_fields(_TEXT, "status", "error"),
        *_fields(_WHOLE, "rounds", "agents"),
        ("outcomes", _TEXT),
        *_fields(_WHOLE, "certificates_listed", "certificates_violated"),
        *_fields(_REAL, "seconds", "simulate_seconds", "analyze_seconds", "peak_memory_mb"),
        *_fields(_TEXT, "omnisim", "versions", "machine", "command"),
        ("subsequences", pa.list_(_TEXT)),
        ("populations", _list_of(("name", _TEXT), ("agents", _WHOLE), ("currency", _TEXT))),
        ("summary", _list_of(*_PLACE, *_fields(_WHOLE, "rounds", "agents", "defined"), *_fields(_REAL, *MEASURES))),
        ("growth", _list_of(*_PLACE, ("rounds", pa.list_(pa.int32())), *_fields(_REALS, *GROWING))),
        ("blocks", _list_of(*_PLACE, ("rounds", pa.list_(pa.int32())), *_fields(_REALS, *LARGER_IS_BETTER))),
        *_fields(_TEXT, "loss", "loss_unit"),
        ("losses", _REALS),
        (
            "accuracy",
            _list_of(
                *_fields(_TEXT, "forecaster", "subsequence", "measure", "unit"),
                *_fields(_REAL, "value", "baseline"),
                ("rounds", _WHOLE),
            ),
        ),
        (
            "certificates",
            _list_of(
                *_fields(_TEXT, "theorem", "claim", "scope", "population", "subsequence"),
                *_fields(_REAL, "measured", "bound"),
                ("holds", pa.bool_()),
                *_fields(_REAL, "probability", "trivial", "hindsight"),
                ("informative", pa.bool_()),
                ("status", _TEXT),
                *_fields(_WHOLE, "agents", "hypotheses_met"),
            ),
        ),
    ]
)
"""Columns of the table ``runs``."""

NESTED = ("populations", "summary", "growth", "blocks", "certificates", "accuracy", "losses", "loss", "loss_unit")
"""Columns of the table ``runs`` that hold tables, or say what those are."""
