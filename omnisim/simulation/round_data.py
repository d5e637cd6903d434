"""Calendar and data of the rounds, which no state of a run holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.problem.context import Context


@dataclass(frozen=True)
class RoundData:
    """Data of every round that the world has beforehand.

    Attributes
    ----------
    active : (T, L) bool
    dates : (K,) datetime64[D] or None
    features, forecasts, unclipped_forecasts
        Each (K, k), of the K <= T rounds there are data for.
    """

    active: BoolArray
    dates: DateArray | None
    features: Mapping[str, FloatArray]
    forecasts: Mapping[str, FloatArray]
    unclipped_forecasts: Mapping[str, FloatArray]

    def context(self, t: int) -> Context:
        """The context of round t, without candidates."""
        return Context(
            t,
            self.active[t],
            None if self.dates is None else self.dates[t],
            {name: values[t] for name, values in self.features.items()},
            {name: values[t] for name, values in self.forecasts.items()},
            unclipped_forecasts={name: values[t] for name, values in self.unclipped_forecasts.items()},
        )
