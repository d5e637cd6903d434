"""Variation of means over seeds and over the days of a market.

What is resampled is what the numbers can vary with:

- *seeds*: each seed draws agents and randomness anew; the values of a seed stay together (Efron's bootstrap);
- *days*: where every seed meets the same outcomes, or there is one seed, the market is a single draw. Its rounds are
  resampled in blocks of consecutive ones, which keeps their dependence (Carlstein, The Annals of Statistics 14, 1986),
  and a subsequence keeps its number of rounds on average (a ratio estimator);
- both: the deviations of the two are added, as if independent. What seeds and days do jointly counts twice, so the
  interval errs on the wide side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.by_value import ByValue

RESAMPLES = 2000

SEEDS, DAYS, BOTH, NONE = "seeds", "days", "seeds and days", ""
"""Sources of variation that an interval allows for."""


@dataclass(frozen=True, eq=False, repr=False)
class Estimates(ByValue):
    """K estimates and how they deviate in B resamples.

    Attributes
    ----------
    value : (K,)
        NaN where there is nothing to estimate from.
    deviations : (B, K)
        NaN where there is no resampling.
    degrees_of_freedom : (K,)
        Of Student's distribution.
    method
        K of ``SEEDS``, ``DAYS``, ``BOTH`` and ``NONE``.
    """

    value: FloatArray
    deviations: FloatArray
    degrees_of_freedom: FloatArray
    method: tuple[str, ...]

    @classmethod
    def together(cls, parts: Sequence["Estimates"]) -> "Estimates":
        """All estimates of several parts, in their order."""
        return cls(
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.deviations for part in parts], axis=1),
            np.concatenate([part.degrees_of_freedom for part in parts]),
            tuple(method for part in parts for method in part.method),
        )

    def at(self, places: slice) -> "Estimates":
        """Some of the estimates."""
        return Estimates(
            self.value[places], self.deviations[:, places], self.degrees_of_freedom[places], self.method[places]
        )

    def unknown(self, where: BoolArray, *, value: bool) -> "Estimates":
        """The estimates without intervals in some places (K,), and there without the ``value`` too."""
        return Estimates(
            np.where(where, np.nan, self.value) if value else self.value,
            np.where(where, np.nan, self.deviations),
            np.where(where, np.nan, self.degrees_of_freedom),
            tuple(NONE if drop else method for drop, method in zip(where, self.method, strict=True)),
        )


class Resampler:
    """Draws the weights of seeds and of blocks once, so that everything compared shares its resamples.

    Parameters
    ----------
    seeds
        How many there are.
    resamples
        B.
    random_state
        Seed of the resampling.
    """

    def __init__(self, seeds: int, resamples: int = RESAMPLES, random_state: int = 0) -> None:
        self._seeds = seeds
        self._resamples = resamples
        self._random_state = random_state
        self._weights: dict[tuple[str, int], FloatArray] = {}

    def over_seeds(self, values: FloatArray) -> Estimates:
        """Means over the seeds of values (S, K); NaN where a seed has none."""
        mean, deviations, units = self._of_seeds(values)
        moved = (np.fmax.reduce(deviations, axis=0) > 0) | (np.fmin.reduce(deviations, axis=0) < 0)
        varies: BoolArray = np.asarray((units > 1) & moved)
        deviations[:, ~varies] = np.nan
        return Estimates(
            mean,
            deviations,
            np.where(varies, units - 1, np.nan),
            tuple(SEEDS if each else NONE for each in varies),
        )

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean that ``over_seeds`` estimates, without resampling."""
        return _mean(values, ~np.isnan(values))

    def over_days(self, sums: FloatArray, rounds: FloatArray) -> Estimates:
        """Sums over the rounds of one market, mean over the seeds that met it.

        Parameters
        ----------
        sums : (S, M, K)
            Per seed, over the rounds of each block that belong to the subsequence; NaN for seeds that are missing.
        rounds : (M, K)
            How many such rounds a block has.
        """
        there: BoolArray = np.asarray(~np.isnan(sums).any(axis=(1, 2)))
        if not there.any():
            return self.over_seeds(sums.sum(axis=1))
        mean, by_seed, seeds = self._of_seeds(np.where(there[:, None], sums.sum(axis=1), np.nan))
        blocks = (rounds > 0).sum(axis=0)
        weights = self._drawn("days", rounds.shape[0])
        total = rounds.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_day = (weights @ sums[there].mean(axis=0)) / (weights @ rounds) * total - mean
        # Rounding of days that are all the same must not look like variation.
        size = np.abs(sums[there]).sum(axis=1).mean(axis=0)
        by_day[:, np.fmax.reduce(np.abs(by_day), axis=0) <= _ROUNDING * size] = 0.0
        by_day *= _few(blocks)
        variances = [np.nan_to_num(variance(each)) for each in (by_seed, by_day)]
        of_seeds, of_days = variances
        with np.errstate(invalid="ignore", divide="ignore"):
            degrees_of_freedom = (of_seeds + of_days) ** 2 / (of_seeds**2 / (seeds - 1) + of_days**2 / (blocks - 1))
            degrees_of_freedom = np.where(of_seeds == 0, blocks - 1, degrees_of_freedom)
        known = of_days > 0  # where there is one block, it is unknown how they vary
        both = np.where(of_seeds > 0, np.nan_to_num(by_seed), 0.0) + by_day
        return Estimates(
            mean,
            np.where(known, both, np.nan),
            np.where(known, degrees_of_freedom, np.nan),
            tuple((BOTH if s > 0 else DAYS) if k else NONE for s, k in zip(of_seeds, known, strict=True)),
        )

    def _of_seeds(self, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        there = ~np.isnan(values)
        units = there.sum(axis=0).astype(np.float64)
        weights = self._drawn("seeds", self._seeds)
        mean = _mean(values, there)
        with np.errstate(invalid="ignore", divide="ignore"):
            # Rounding of equal values must not look like variation.
            spread = np.where(there, values, -np.inf).max(axis=0) - np.where(there, values, np.inf).min(axis=0)
            resampled = weights @ np.where(there, values - mean, 0.0)
            # Every resample has as many units as there are seeds; only where some are missing must they be counted.
            some = units < self._seeds
            if some.any():
                resampled /= np.where(some, 1.0, self._seeds)
                resampled[:, some] /= weights @ there[:, some]
            else:
                resampled /= self._seeds
            resampled[:, spread <= _ROUNDING * np.abs(mean)] = 0.0
        resampled *= _few(units)
        return mean, resampled, units

    def _drawn(self, what: str, units: int) -> FloatArray:
        # (B, units): how often each unit is in a resample.
        if (what, units) not in self._weights:
            rng = np.random.default_rng([self._random_state, what == "days", units])
            drawn = rng.multinomial(units, np.full(units, 1 / units), size=self._resamples)
            self._weights[what, units] = drawn.astype(np.float64)
        return self._weights[what, units]


_ROUNDING = 1e-12


def _mean(values: FloatArray, there: BoolArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0))


def variance(deviations: FloatArray) -> FloatArray:
    """Mean squared deviation (K,) of resamples (B, K)."""
    # About the estimate, in which a resample without rounds of the subsequence has no part.
    squares: FloatArray = np.asarray(np.einsum("bk,bk->k", deviations, deviations))
    found = squares / len(deviations)
    some = np.isnan(squares)
    if some.any():
        there = ~np.isnan(deviations[:, some])
        with np.errstate(invalid="ignore"):
            found[some] = (np.where(there, deviations[:, some], 0.0) ** 2).sum(axis=0) / there.sum(axis=0)
    return found


def _few(units: FloatArray) -> FloatArray:
    # A resample of n units varies by (n - 1) / n as much as n new ones would.
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.where(units > 1, units / (units - 1), np.nan))
