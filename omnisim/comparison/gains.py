"""Who gains and who loses: the differences of every agent to what it earns with the reference forecaster."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import LARGER_IS_BETTER
from omnisim.comparison.store import Store

QUANTILES = {"q00": 0.0, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q100": 1.0}
"""Columns and levels."""

ROUNDING = 1e-9
"""Differences up to this share of what is earned are ties."""


def gains(
    store: Store,
    labels: Sequence[tuple[str, ...]],
    names: Sequence[Sequence[str | None]],
    pairs: Sequence[tuple[int, int]],
    reference: str,
) -> pd.DataFrame:
    """One row per pair of variants, population, subsequence and measure.

    Parameters
    ----------
    store
        Of the runs.
    labels
        ``LABELS`` of each of V variants.
    names
        Of the runs of each variant, one for each seed; None for those that are not finished.
    pairs
        Variants and their references.
    reference
        Label of the reference.
    """
    rows = []
    earned: tuple[int, dict[int, _Earned]] | None = None
    for v, r in sorted(pairs, key=lambda pair: pair[1]):
        if earned is None or earned[0] != r:
            earned = r, dict(_read(store, names[r]))
        differences: dict[tuple[str, str, str], list[FloatArray]] = {}
        for seed, own in _read(store, names[v]):
            if seed not in earned[1]:
                continue
            for key, values in own.items():
                before = earned[1][seed][key]
                change = values - before
                change[np.abs(change) <= ROUNDING * np.maximum(1.0, np.abs(before))] = 0.0
                differences.setdefault(key, []).append(change)
        for (population, subsequence, measure), parts in differences.items():
            change = np.concatenate(parts)
            rows.append(
                {
                    **dict(zip(LABELS, labels[v], strict=True)),
                    "reference": reference,
                    "population": population,
                    "subsequence": subsequence,
                    "measure": measure,
                    "agents": len(change),
                    "wins": int((change > 0).sum()),
                    "losses": int((change < 0).sum()),
                    "ties": int((change == 0).sum()),
                    **dict(zip(QUANTILES, np.quantile(change, list(QUANTILES.values())).tolist(), strict=True)),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [*LABELS, "reference", "population", "subsequence", "measure", "agents", "wins", "losses", "ties", *QUANTILES]

_Earned = Mapping[tuple[str, str, str], FloatArray]
"""What each agent earned, by population, subsequence and measure."""


def _read(store: Store, names: Sequence[str | None]) -> Iterator[tuple[int, _Earned]]:
    seed_of = {name: seed for seed, name in enumerate(names) if name is not None}
    columns = ["population", "subsequence", *LARGER_IS_BETTER]
    for name, table in store.read_agents(list(seed_of), columns):
        earned = {measure: table[measure].to_numpy() for measure in LARGER_IS_BETTER}
        places = [table[key].combine_chunks() for key in columns[:2]]
        codes = [place.indices.to_numpy() for place in places]
        found = {}
        for p, population in enumerate(places[0].dictionary.to_pylist()):
            for s, subsequence in enumerate(places[1].dictionary.to_pylist()):
                rows = np.flatnonzero((codes[0] == p) & (codes[1] == s))
                for measure in LARGER_IS_BETTER:
                    found[population, subsequence, measure] = earned[measure][rows]
        yield seed_of[name], found
