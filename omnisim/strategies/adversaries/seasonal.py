"""Seasonal outcomes: a day with a peak, a week and a year with a rhythm, and noise of finite support."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import cos
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import whole
from omnisim.signatures import held_to_types
from omnisim.strategies.adversaries.base import Adversary

_HOURS, _WEEK, _YEAR = 24, 7.0, 365.25

LARGEST = 1e6
"""Largest size of the numbers that the mean and the noise are made of, where outcomes are in [0, 1]."""

MOST_SHOCKS = 100_000


class Seasonal(Adversary):
    """A known law that moves with the season, as electricity prices do.

    The mean of coordinate i in round t is ``level`` + ``day`` * a cosine over the coordinates (lowest at three
    tenths of the day, highest at four fifths) + ``week`` * sin(2 pi t / 7) + ``year`` * sin(2 pi t / 365.25). The
    outcome is that mean plus one of ``shocks`` equally likely patterns, clipped to [0, 1]. The patterns are drawn once,
    when the run starts: each adds one Gaussian number to the whole day and another to each coordinate, both
    with standard deviation ``noise``.

    Parameters
    ----------
    dimension
        d >= 1; that of the populations without it, and 24 hours where there are none.
    level, day, week, year
        Mean and amplitudes, in units of the outcome. Of either sign; outcomes are in [0, 1].
    noise
        Standard deviation of the shocks, >= 0.
    shocks
        Number of patterns in the support, >= 1.

    Examples
    --------
    >>> market = Seasonal(dimension=2, noise=0.0, week=0.0, year=0.0)
    >>> market.start(np.random.default_rng(0))
    >>> market.law(Context(round=0), None, None).mean.round(2)
    array([0.45, 0.35])
    """

    def __init__(
        self,
        dimension: int | None = None,
        level: float = 0.4,
        day: float = 0.15,
        week: float = 0.05,
        year: float = 0.1,
        noise: float = 0.06,
        shocks: int = 32,
    ) -> None:
        if dimension is not None and dimension < 1:
            raise StrategyError(f"dimension of Seasonal must be >= 1, got {dimension}")
        if not 1 <= shocks <= MOST_SHOCKS:
            raise StrategyError(f"shocks of Seasonal must be >= 1 and <= {MOST_SHOCKS:,}, got {shocks}")
        if not noise >= 0:
            raise StrategyError(f"noise of Seasonal must be >= 0, got {noise}")
        for name, value in {"level": level, "day": day, "week": week, "year": year, "noise": noise}.items():
            if not abs(value) <= LARGEST:
                raise StrategyError(f"{name} of Seasonal must be at most {LARGEST:g} in size, got {value}")
        self._dimension = dimension
        self.level, self.day, self.week, self.year = level, day, week, year
        self.noise, self.shocks = noise, shocks

    @property
    def dimension(self) -> int:
        """D."""
        if self._dimension is not None:
            return self._dimension
        return self.populations[0].dimension if self.populations else _HOURS

    @held_to_types(StrategyError)
    def dimension_for(self, populations: Sequence[Population]) -> int:
        """Dimension as declared, or else that of the populations."""
        return populations[0].dimension if self._dimension is None and len(populations) else self.dimension

    def mean(self, t: int) -> FloatArray:
        """The mean (d,) before shocks and clipping.

        Raises
        ------
        StrategyError
            If ``t`` is no round.
        """
        t = whole("t, the round of Seasonal,", t, 0, None, StrategyError)
        hours = np.arange(self.dimension) / self.dimension
        curve = -cos(2 * np.pi * (hours - 0.3))
        rhythm = self.week * math.sin(2 * np.pi * t / _WEEK) + self.year * math.sin(2 * np.pi * t / _YEAR)
        return np.asarray(self.level + self.day * curve + rhythm)

    def _start(self, rng: np.random.Generator) -> None:
        whole_day = rng.normal(size=(self.shocks, 1))
        each_hour = rng.normal(size=(self.shocks, self.dimension))
        self._patterns = self.noise * (whole_day + each_hour)
        self._weights = np.full(self.shocks, 1 / self.shocks)

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        return Mixture(np.clip(self.mean(context.round) + self._patterns, 0.0, 1.0), self._weights)
