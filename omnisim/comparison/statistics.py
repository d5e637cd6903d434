"""Means and paired differences with intervals, from the summaries of all runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.comparison.grid import LABELS
from omnisim.comparison.intervals import NONE, SEEDS, Estimates, Resampler, intervals, separated
from omnisim.comparison.records import GROWING, LARGER_IS_BETTER, MEASURES
from omnisim.comparison.summaries import Curves, Summaries

BETTER, WORSE, NOT_SEPARATED, NO_VERDICT = "better", "worse", "not separated", ""
"""What a simultaneous interval says of a difference to the reference."""


@dataclass(frozen=True)
class Statistics:
    """What can be said about the variants of a comparison.

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
            every = Estimates.together([self._estimates(measure, v) for v in range(len(self.labels))])
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
        """The same on the leaderboard's place, whose comparisons are a family of their own."""
        return self._differences(slice(-1, None), MEASURES)

    def growth(self, grown: Curves) -> pd.DataFrame:
        """One row per variant, place, measure and number of rounds."""
        populations, subsequences = zip(*grown.places, strict=True)
        frames = []
        for v, labels in enumerate(self.labels):
            shape = grown.rounds[v].shape
            there = (grown.rounds[v] > 0).reshape(-1)
            for measure in GROWING:
                values = grown.measures[measure][v].reshape(-1, shape[0] * shape[1])[:, there]
                estimates = self.resampler.over_seeds(values)
                half = intervals(estimates, self.confidence).alone
                head = dict(zip(LABELS, labels, strict=True))
                body = {
                    "population": np.repeat(np.array(populations, dtype=object), shape[1])[there],
                    "subsequence": np.repeat(np.array(subsequences, dtype=object), shape[1])[there],
                    "measure": measure,
                    "rounds": grown.rounds[v].reshape(-1)[there].astype(np.int64),
                    "mean": estimates.value,
                    "low": estimates.value - half,
                    "high": estimates.value + half,
                    "seeds": (~np.isnan(values)).sum(axis=0),
                }
                frames.append(pd.DataFrame(body).assign(**head)[[*LABELS, *body]])
        return pd.concat(frames, ignore_index=True)

    def _differences(self, places: slice, measures: Sequence[str]) -> pd.DataFrame:
        frames = [self._differences_of(measure, places) for measure in measures]
        return pd.concat(frames, ignore_index=True)

    def _differences_of(self, measure: str, places: slice) -> pd.DataFrame:
        frame = self._places([v for v, _ in self.pairs], measure, places)
        frame.insert(len(LABELS), "reference", self.reference)
        estimates = [_at(self._estimates(measure, v, r), places) for v, r in self.pairs]
        every = Estimates.together(estimates) if estimates else _nothing()
        half = intervals(every, self.confidence)
        value = every.value
        frame["difference"], frame["low"], frame["high"] = value, value - half.alone, value + half.alone
        frame["simultaneous_low"], frame["simultaneous_high"] = value - half.simultaneous, value + half.simultaneous
        frame["comparisons"] = sum(method != NONE for method in every.method)
        partial = [self.same_market[v] and method == SEEDS
                   for (v, _), part in zip(self.pairs, estimates, strict=True) for method in part.method]  # fmt: skip
        # An interval that takes the days of the market for fixed does not judge a forecaster.
        judged = np.where(partial, np.nan, half.simultaneous)
        frame["verdict"] = _verdicts(value, judged, measure in LARGER_IS_BETTER)
        paired = [~np.isnan(self._values(measure, v, r)[:, places]) for v, r in self.pairs]
        frame["seeds"] = np.concatenate([each.sum(axis=0) for each in paired]) if paired else []
        frame["method"] = list(every.method)
        return frame

    def _estimates(self, measure: str, v: int, reference: int | None = None) -> Estimates:
        others = [v] if reference is None else [v, reference]
        if measure in LARGER_IS_BETTER and all(self.same_market[other] for other in others):
            blocks = self._blocks
            sums = blocks.measures[measure][v] - (0 if reference is None else blocks.measures[measure][reference])
            estimates = self.resampler.over_days(sums.swapaxes(1, 2), blocks.rounds[v].T)
            if measure == "money" and np.isnan(self.found.measures[measure][v, :, -1]).all():
                return _without_last(estimates)
            return estimates
        return self.resampler.over_seeds(self._values(measure, v, reference))

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


def _verdicts(value: FloatArray, half: FloatArray, larger_is_better: bool) -> list[str]:
    above, below = separated(value, half)
    better, worse = (above, below) if larger_is_better else (below, above)
    return list(np.select([np.isnan(half), better, worse], [NO_VERDICT, BETTER, WORSE], NOT_SEPARATED))


def _at(estimates: Estimates, places: slice) -> Estimates:
    return Estimates(
        estimates.value[places], estimates.deviations[:, places], estimates.freedom[places], estimates.method[places]
    )


def _without_last(estimates: Estimates) -> Estimates:
    """Populations whose money is not the same have no mean of it."""
    value, deviations, freedom = estimates.value.copy(), estimates.deviations.copy(), estimates.freedom.copy()
    value[-1], deviations[:, -1], freedom[-1] = np.nan, np.nan, np.nan
    return Estimates(value, deviations, freedom, (*estimates.method[:-1], NONE))


def _nothing() -> Estimates:
    return Estimates(np.empty(0), np.empty((1, 0)), np.empty(0), ())
