"""Who gains and who loses: the differences of every agent to what it earns with the reference forecaster."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from omnisim.arrays import FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import LARGER_IS_BETTER, MONEY
from omnisim.comparison.store import Store
from omnisim.statistics.gains import QUANTILES, Gains, change


def gains(
    store: Store,
    labels: Sequence[tuple[str, ...]],
    names: Sequence[Sequence[str | None]],
    pairs: Sequence[tuple[int, int]],
    reference: str,
    seeds: Sequence[int],
    paid: Collection[str],
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
    seeds
        One for each place in a row of ``names``.
    paid
        Populations whose money is in a currency, of which less than half a cent is nothing.
    """
    rows = []
    ordered = sorted(pairs, key=lambda pair: pair[1])
    # One reading of all, so that the files are looked up and opened as seldom as possible.
    wanted = [variant for r in dict.fromkeys(r for _, r in ordered) for variant in _with_pairs(r, ordered)]
    read = _read(store, [name for variant in wanted for name in names[variant] if name is not None])
    reference_runs: dict[int, _Earned] = {}
    references = {r for _, r in ordered}
    for v in wanted:
        own = {seed: next(read) for seed, name in enumerate(names[v]) if name is not None}
        if v in references:
            reference_runs = own
            continue
        shared = {seeds[seed]: (own[seed], reference_runs[seed]) for seed in own if seed in reference_runs}
        for (population, subsequence, measure), changes in _differences(shared):
            found = Gains.of(np.concatenate(list(changes.values())), paid=measure in MONEY and population in paid)
            worst = min(changes, key=lambda seed: float(changes[seed].min()))
            rows.append(
                {
                    **dict(zip(LABELS, labels[v], strict=True)),
                    "reference": reference,
                    "population": population,
                    "subsequence": subsequence,
                    "measure": measure,
                    "agents": found.wins + found.losses + found.ties,
                    "wins": found.wins,
                    "losses": found.losses,
                    "ties": found.ties,
                    **found.quantiles,
                    "worst_agent": int(changes[worst].argmin()),
                    "worst_seed": worst,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [
    *(*LABELS, "reference", "population", "subsequence", "measure", "agents", "wins", "losses", "ties"),
    *(*QUANTILES, "worst_agent", "worst_seed"),
]


@dataclass(frozen=True)
class _Earned:
    """What each agent earned in a run.

    Attributes
    ----------
    places
        Where the rows of each population and subsequence are.
    earned : (measures, N)
        Ordered by place, and the places by their names: the same for all runs with the same agents.
    """

    places: Mapping[tuple[str, str], slice]
    earned: FloatArray


def _with_pairs(reference: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [reference, *(v for v, r in pairs if r == reference)]


def _differences(
    shared: Mapping[int, tuple[_Earned, _Earned]],
) -> Iterator[tuple[tuple[str, str, str], dict[int, FloatArray]]]:
    """Of all agents of runs and the runs they are compared to, by population, subsequence and measure, then by seed."""
    changes = {seed: change(own.earned, before.earned) for seed, (own, before) in shared.items()}
    places = dict.fromkeys(place for own, _ in shared.values() for place in own.places)
    for place in places:
        there = {seed: (changes[seed], own.places[place]) for seed, (own, _) in shared.items() if place in own.places}
        for m, measure in enumerate(LARGER_IS_BETTER):
            yield (*place, measure), {seed: more[m, rows] for seed, (more, rows) in there.items()}


def _read(store: Store, names: Sequence[str]) -> Iterator[_Earned]:
    columns = ["population", "subsequence", *LARGER_IS_BETTER]
    known: tuple[list[pa.DictionaryArray], IntArray, Mapping[tuple[str, str], slice]] | None = None
    for _, table in store.read_agents(names, columns):
        keys = [table[key].combine_chunks() for key in columns[:2]]
        # Runs with the same agents have the same places, which are found once.
        if known is None or not all(key.equals(other) for key, other in zip(keys, known[0], strict=True)):
            known = keys, *_places(keys)
        _, order, places = known
        yield _Earned(places, np.stack([table[measure].to_numpy()[order] for measure in LARGER_IS_BETTER]))


def _places(keys: Sequence[pa.DictionaryArray]) -> tuple[IntArray, Mapping[tuple[str, str], slice]]:
    """The order of rows by place, and where each place is in it; places in order of appearance."""
    names = [key.dictionary.to_pylist() for key in keys]
    codes = [key.indices.to_numpy() for key in keys]
    ranks = [np.argsort(np.argsort(np.array(each, dtype=object), kind="stable"))[code]
             for each, code in zip(names, codes, strict=True)]  # fmt: skip
    order = np.lexsort(ranks[::-1])
    joint = (codes[0].astype(np.int64) * len(names[1]) + codes[1])[order]
    starts = np.flatnonzero(np.diff(joint, prepend=-1))
    ends = np.append(starts[1:], len(joint))
    found = {int(joint[start]): slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)}
    return order, {
        (names[0][code // len(names[1])], names[1][code % len(names[1])]): found[code] for code in sorted(found)
    }
