"""Means, paired differences with intervals, and who gains and who loses, from the records of all runs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import LARGER_IS_BETTER, MEASURES, MONEY
from omnisim.comparison.store import Store
from omnisim.comparison.summaries import Curves, Summaries
from omnisim.statistics.gains import QUANTILES, Gains, change
from omnisim.statistics.intervals import intervals
from omnisim.statistics.resampling import NONE, SEEDS, Estimates, Resampler
from omnisim.statistics.verdicts import verdicts


@dataclass(frozen=True)
class Statistics:
    """Statistics of the variants of a comparison.

    Attributes
    ----------
    labels
        ``LABELS`` of each of V variants.
    reference
        Label of the forecaster that the others are compared to.
    found
        Means over agents.
    same_market : (V,) bool
        Whether all seeds met the same outcomes.
    read_blocks
        Reads what was earned in blocks of rounds, with the places of ``found``; called if a market is replayed.
    confidence
        Of the intervals.
    resampler
        Shared by all.
    """

    labels: Sequence[tuple[str, ...]]
    reference: str
    found: Summaries
    same_market: BoolArray
    read_blocks: Callable[[], Curves]
    confidence: float
    resampler: Resampler

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Each variant that is not a reference, and the reference of its context."""
        references = {labels[1:]: v for v, labels in enumerate(self.labels) if labels[0] == self.reference}
        return [(v, references[labels[1:]]) for v, labels in enumerate(self.labels) if labels[0] != self.reference]

    @cached_property
    def means(self) -> pd.DataFrame:
        """One row per variant, place and measure; the last place is the leaderboard's."""
        frames = []
        for measure in MEASURES:
            every = self._estimates(measure, [(v, None) for v in range(len(self.labels))])
            half = intervals(every, self.confidence).alone
            frame = self._places(range(len(self.labels)), measure)
            frame["mean"], frame["low"], frame["high"] = every.value, every.value - half, every.value + half
            values = self.found.measures[measure]
            frame["seeds"] = (~np.isnan(values)).sum(axis=1).reshape(-1)
            frame["method"] = every.method
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row per pair, place and measure, without the leaderboard's place."""
        return self._differences(slice(0, -1), MEASURES)

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Differences on the leaderboard's place, whose comparisons are a family of their own."""
        return self._differences(slice(-1, None), MEASURES)

    def growth(self, grown: Curves, wanted: BoolArray, measures: Sequence[str], with_intervals: bool) -> pd.DataFrame:
        """One row per variant, measure, place and number of rounds.

        Parameters
        ----------
        grown
            Of all variants.
        wanted : (V, P)
            Which places of which variants.
        measures
            Some of ``GROWING``.
        with_intervals
            Most of the work; without, ``low`` and ``high`` are NaN.
        """
        variants, places, rounds, numbers = [], [], [], []
        for v in np.flatnonzero(wanted.any(axis=1)):
            place, point = np.nonzero((grown.rounds[v] > 0) & wanted[v, :, None])
            values = np.concatenate([grown.measures[measure][v][:, place, point] for measure in measures], axis=1)
            variants.append(np.full(values.shape[1], v))
            places.append(np.tile(place, len(measures)))
            rounds.append(np.tile(grown.rounds[v, place, point], len(measures)))
            mean, half = self._grown(values, with_intervals)
            numbers.append([mean, mean - half, mean + half, (~np.isnan(values)).sum(axis=0)])
        of_measure = [np.repeat(np.arange(len(measures)), len(each) // max(1, len(measures))) for each in variants]
        mean, low, high, seeds = np.concatenate(numbers, axis=1) if numbers else np.empty((4, 0))
        variant, place, of_row = (_joined(each) for each in (variants, places, of_measure))
        populations, subsequences = ([each[i] for each in grown.places] for i in (0, 1))
        return pd.DataFrame(
            {
                **{name: _texts([labels[i] for labels in self.labels], variant) for i, name in enumerate(LABELS)},
                "population": _texts(populations, place),
                "subsequence": _texts(subsequences, place),
                "measure": _texts(measures, of_row),
                "rounds": _joined(rounds),
                "mean": mean,
                "low": low,
                "high": high,
                "seeds": seeds.astype(np.int64),
            }
        )

    def _grown(self, values: FloatArray, with_intervals: bool) -> tuple[FloatArray, FloatArray]:
        if with_intervals:
            estimates = self.resampler.over_seeds(values)
            return estimates.value, intervals(estimates, self.confidence).alone
        return self.resampler.mean(values), np.full(values.shape[1], np.nan)

    def _differences(self, places: slice, measures: Sequence[str]) -> pd.DataFrame:
        frames = [self._differences_of(measure, places) for measure in measures]
        return pd.concat(frames, ignore_index=True)

    def _differences_of(self, measure: str, places: slice) -> pd.DataFrame:
        frame = self._places([v for v, _ in self.pairs], measure, places)
        frame.insert(len(LABELS), "reference", self.reference)
        every = self._estimates(measure, self.pairs, places)
        half = intervals(every, self.confidence)
        value = every.value
        frame["difference"], frame["low"], frame["high"] = value, value - half.alone, value + half.alone
        frame["simultaneous_low"], frame["simultaneous_high"] = value - half.simultaneous, value + half.simultaneous
        frame["comparisons"] = sum(method != NONE for method in every.method)
        same_market = np.repeat([self.same_market[v] for v, _ in self.pairs], len(self.found.populations[places]))
        partial = [same and method == SEEDS for same, method in zip(same_market, every.method, strict=True)]
        # An interval that takes the days of the market for fixed does not judge a forecaster.
        judged = np.where(partial, np.nan, half.simultaneous)
        frame["verdict"] = verdicts(value, judged, larger_is_better=measure in LARGER_IS_BETTER)
        paired = [~np.isnan(self._values(measure, v, r)[:, places]) for v, r in self.pairs]
        frame["seeds"] = np.concatenate([each.sum(axis=0) for each in paired]) if paired else []
        frame["method"] = list(every.method)
        return frame

    def _estimates(
        self, measure: str, pairs: Sequence[tuple[int, int | None]], places: slice = slice(None)
    ) -> Estimates:
        """Estimates for each pair of a variant and a reference, or for a variant alone, at each place."""
        if not pairs:
            return _nothing()
        by_days = [measure in LARGER_IS_BETTER and self._replayed(v, r) for v, r in pairs]
        if any(by_days):
            parts = [
                self._over_days(measure, v, r).at(places) if days
                else self.resampler.over_seeds(self._values(measure, v, r)[:, places])
                for (v, r), days in zip(pairs, by_days, strict=True)
            ]  # fmt: skip
            return Estimates.together(parts)
        # One product for all is several times faster than one for each.
        return self.resampler.over_seeds(np.hstack([self._values(measure, v, r)[:, places] for v, r in pairs]))

    def _replayed(self, v: int, reference: int | None) -> bool:
        return bool(self.same_market[v] and (reference is None or self.same_market[reference]))

    def _over_days(self, measure: str, v: int, reference: int | None) -> Estimates:
        blocks = self._blocks
        sums = blocks.measures[measure][v] - (0 if reference is None else blocks.measures[measure][reference])
        estimates = self.resampler.over_days(sums.swapaxes(1, 2), blocks.rounds[v].T)
        if measure in MONEY and np.isnan(self.found.measures[measure][v, :, -1]).all():
            # Populations whose money is not the same have no mean of it.
            return estimates.unknown(np.arange(len(estimates.value)) == len(estimates.value) - 1, value=True)
        return estimates

    def _values(self, measure: str, v: int, reference: int | None = None) -> FloatArray:
        values = self.found.measures[measure]
        return np.asarray(values[v] if reference is None else values[v] - values[reference])

    @cached_property
    def _blocks(self) -> Curves:
        return self.read_blocks()

    def _places(self, variants: Sequence[int] | range, measure: str, places: slice = slice(None)) -> pd.DataFrame:
        populations, subsequences = self.found.populations[places], self.found.subsequences[places]
        labels = {
            name: np.repeat(np.array([self.labels[v][i] for v in variants], dtype=object), len(populations))
            for i, name in enumerate(LABELS)
        }
        return pd.DataFrame(
            {
                **labels,
                "population": np.tile(np.array(populations, dtype=object), len(variants)),
                "subsequence": np.tile(np.array(subsequences, dtype=object), len(variants)),
                "measure": measure,
            }
        )


def _texts(texts: Sequence[str], of_row: IntArray) -> np.ndarray:
    return np.array(texts, dtype=object)[of_row]


def _joined(parts: Sequence[np.ndarray]) -> IntArray:
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, dtype=np.int64)


def _nothing() -> Estimates:
    return Estimates(np.empty(0), np.empty((1, 0)), np.empty(0), ())


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
    """Earnings of each agent in a run.

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
    """Paired differences of all agents, by population, subsequence and measure, then by seed."""
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
