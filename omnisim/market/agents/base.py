"""From daily schedules to a population: money, its scaling into [0, 1], and the contract of a specification.

An action is a schedule: a load q (MWh in each hour, negative when discharging) and the value of the service
it gives. Its money on a day with prices p is value - q . p, which is affine in the outcome y, since p = low
+ (high - low) y.

In a market with one price a day that price holds in every hour: the schedules stay what they are, the bill is
the day's energy at the day's price, and a threshold on the price is exceeded in all hours or in none.
"""

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray, freeze
from omnisim.elementary import exp
from omnisim.errors import ProblemError
from omnisim.market.agents.limits import HeldAllDay
from omnisim.market.data import Resolution
from omnisim.market.scaling import Scaling
from omnisim.problem.constraints import Constraint
from omnisim.problem.population import Money, Population


@dataclass(frozen=True)
class Schedules:
    """What a specification draws: for N agents with A actions, the load, its value and its limits.

    ``load`` is (N, A, 24) in MWh per hour, ``value`` (N, A) in money per day, and ``constraints`` map
    outcomes (T, 24) to costs (T, N, A) in [-1, 1].
    """

    load: FloatArray
    value: FloatArray
    constraints: Sequence[Constraint]


@dataclass(frozen=True, kw_only=True)
class MarketAgents(abc.ABC):
    """A generator of heterogeneous agents; subclasses say which schedules they choose from.

    A subclass is a frozen, keyword-only dataclass that provides ``action_names`` (A different names), the
    hook ``_check()`` (refuse parameters that make no sense) and the hook ``_draw(scaling, rng)``, which
    returns :class:`Schedules` and takes every random number from ``rng``, in an order that its docstring
    states.

    Parameters
    ----------
    agents
        N, at least 1.
    seed
        Draw the same agents in every run; None follows the seed of the run.
    typical_price
        An ordinary price of this market in money per MWh, > 0. Values of service, wear and discomfort are
        stated as multiples of it, so that a specification fits another market after changing this number
        alone.
    """

    agents: int
    seed: int | None = None
    typical_price: float = 45.0

    action_names: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        self._require("agents", self.agents >= 1 and self.agents % 1 == 0, "a whole number >= 1")
        self._require("seed", self.seed is None or self.seed >= 0, "a whole number >= 0, or left out")
        self._positive("typical_price")
        self._check()

    def build(
        self, name: str, scaling: Scaling, rng: np.random.Generator, resolution: Resolution = "hour"
    ) -> Population:
        """Draw the population; the same agents with the same schedules whatever the resolution.

        Each agent's money is scaled affinely into [0, 1] over all its actions and all outcomes in [0, 1]^d:
        money = scale * utility + offset, with its own scale and offset (``population.money``).

        Parameters
        ----------
        name
            Of the population.
        scaling
            What outcomes 0 and 1 mean in money per MWh.
        rng
            The run's stream for this population; not touched if ``seed`` is set.
        resolution
            ``"hour"`` for 24 prices a day (d = 24), ``"day"`` for one that holds in every hour (d = 1); then
            ``population.load`` is the energy of the day.

        Raises
        ------
        ProblemError
            If a threshold of the specification lies outside the range of prices.
        """
        if self.seed is not None:
            rng = np.random.default_rng(self.seed)
        drawn = self._draw(scaling, rng)
        load, constraints = drawn.load, drawn.constraints
        if resolution == "day":
            load = load.sum(axis=2, keepdims=True)
            constraints = [HeldAllDay(constraint) for constraint in constraints]
        slope = -scaling.span * load
        constant = drawn.value - scaling.low * load.sum(axis=2)
        lowest = (constant + np.minimum(slope, 0).sum(axis=2)).min(axis=1)
        highest = (constant + np.maximum(slope, 0).sum(axis=2)).max(axis=1)
        scale = highest - lowest
        return Population(
            name,
            utility=slope / scale[:, None, None],
            offset=(constant - lowest[:, None]) / scale[:, None],
            constraints=constraints,
            action_names=self.action_names,
            money=Money(freeze(scale), freeze(lowest), scaling.currency),
            load=load,
        )

    @abc.abstractmethod
    def _check(self) -> None:
        """Refuse parameters of the subclass."""

    @abc.abstractmethod
    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        """Draw the schedules of all agents."""

    def _require(self, parameter: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise ProblemError(
                f"{parameter} of {type(self).__name__} is {getattr(self, parameter)!r}: it must be {wanted}"
            )

    def _positive(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, math.isfinite(value) and value > 0, "a finite number > 0")

    def _not_negative(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, math.isfinite(value) and value >= 0, "a finite number >= 0")

    def _share(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, 0 <= value <= 1, "between 0 and 1")

    def _inside_share(self, *parameters: str) -> None:
        for parameter in parameters:
            value = getattr(self, parameter)
            self._require(parameter, 0 < value < 1, "between 0 and 1, both excluded")

    def _threshold(self, parameter: str, scaling: Scaling) -> float:
        # In units of the outcome; at or above `high` no hour could ever exceed it.
        price = float(getattr(self, parameter))
        self._require(
            parameter,
            scaling.low <= price < scaling.high,
            f">= low {scaling.low:g} and < high {scaling.high:g} of the scaling (no outcome exceeds high)",
        )
        return (price - scaling.low) / scaling.span


def lognormal(rng: np.random.Generator, median: float, spread: float, agents: int) -> FloatArray:
    """Draw (N,) positive sizes around ``median``; ``spread`` is the standard deviation of their logarithm."""
    return median * exp(spread * rng.standard_normal(agents))


def share(rng: np.random.Generator, mean: float, concentration: float, agents: int) -> FloatArray:
    """Draw (N,) shares in (0, 1) from Beta(mean * concentration, (1 - mean) * concentration)."""
    return rng.beta(mean * concentration, (1 - mean) * concentration, size=agents)


def window(start: int, stop: int) -> FloatArray:
    """(24,) ones from hour ``start`` to before hour ``stop``, across midnight if ``stop`` is smaller.

    >>> window(22, 6).sum(), window(22, 6)[[21, 22, 5, 6]]
    (np.float64(8.0), array([0., 1., 1., 0.]))
    """
    hours = np.arange(24)
    inside = (hours >= start) & (hours < stop) if start < stop else (hours >= start) | (hours < stop)
    return inside.astype(np.float64)
