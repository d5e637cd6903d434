"""Contents of figures, as plain data: curves, strips and heat maps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.statistics.intervals import t_interval


@dataclass(frozen=True)
class Curve:
    """A line through points, with a band where ``low`` and ``high`` are given.

    Attributes
    ----------
    label
        In the legend; curves of the same label in several panels are one entry.
    x, y, low, high
        Of the same length; NaN for what is not there.
    colour
        Index into the palette; -1 for a muted guide without markers.
    dash
        ``"solid"``, ``"dash"``, ``"dot"``.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    colour: int = 0
    dash: str = "solid"

    @classmethod
    def of_means(
        cls, rows: pd.DataFrame, measure: str, by: str, label: str, colour: int = 0, *, scale: float = 0.0
    ) -> "Curve":
        """Mean of a measure at each size, with its t-interval; both divided by size^scale, and NaN left out."""
        groups = rows[rows[measure].notna()].groupby(by)[measure]
        sizes = np.array([float(str(size)) for size in groups.groups])
        found = [t_interval(sample.to_numpy(dtype=np.float64)) for _, sample in groups]
        factor = sizes**-scale
        mean, low, high = (factor * [getattr(each, end) for each in found] for end in ("mean", "low", "high"))
        return cls(label, sizes, mean, low, high, colour)


@dataclass(frozen=True)
class Panel:
    """Curves on common axes, under a heading."""

    heading: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    log_x: bool = True
    log_y: bool = True


@dataclass(frozen=True)
class Drawing:
    """Panels from top to bottom, with a visible caption and a text that says with numbers what they show."""

    panels: Sequence[Panel]
    caption: str
    alt: str


@dataclass(frozen=True)
class Strip:
    """A row with a point, a thick line (``inner``) and a thin one (``outer``): ends that are NaN are not drawn."""

    label: str
    point: float
    inner: tuple[float, float] = (math.nan, math.nan)
    outer: tuple[float, float] = (math.nan, math.nan)
    colour: int = 0


@dataclass(frozen=True)
class StripPanel:
    """Strips from top to bottom on a common axis, under a heading."""

    heading: str
    x_label: str
    strips: Sequence[Strip]


@dataclass(frozen=True)
class Strips:
    """Panels of strips, with a visible caption and a text that says with numbers what they show."""

    panels: Sequence[StripPanel]
    caption: str
    alt: str


@dataclass(frozen=True)
class HeatMap:
    """Numbers >= 0 by row and column, the larger the darker; NaN for what is not there.

    ``digits`` is after the point, in the cells.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    values: ArrayLike
    unit: str
    caption: str
    alt: str
    digits: int = 2
