"""The results of a study as plain data: what it found, its tables and what its figures show.

A study fills these; :func:`omnisim.report.study.write_study` makes a page of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.statistics.intervals import t_interval


@dataclass(frozen=True)
class Finding:
    """What theory says, beside what was measured.

    Attributes
    ----------
    subject
        What it is about; findings of one subject stand together.
    expected, measured
        In words and numbers.
    holds
        Whether they agree; None where nothing can be judged.
    exact
        Whether runs of any length can be judged.
    """

    subject: str
    expected: str
    measured: str
    holds: bool | None
    exact: bool = False


@dataclass(frozen=True)
class Table:
    """A result as a data frame: written beside the page, and shown on it if ``shown``."""

    title: str
    frame: pd.DataFrame
    note: str = ""
    shown: bool = True


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


@dataclass(frozen=True)
class Chart:
    """A figure of the page in one or more variants, by the words a reader chooses between."""

    name: str
    title: str
    variants: Mapping[str, Drawing | Strips | HeatMap]
    choice: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page: text, then figures, then tables (names in ``Study.tables``)."""

    name: str
    title: str
    text: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[str] = ()


@dataclass(frozen=True)
class Study:
    """Everything a study found.

    Attributes
    ----------
    name, title, summary
        Of the study; the summary is one paragraph.
    facts
        What ran, as pairs of a word and its value.
    findings
        In the order in which they are told.
    sections
        Of the page.
    tables
        By the names of their files.
    about
        Facts for the manifest and for running it again (``command``, ``seed``, ``versions``, ``wall_seconds``, ...),
        as plain JSON values.
    yardstick
        What the findings are held against.
    notices, warnings
        What must be known before any number is read; warnings also on the command line.
    """

    name: str
    title: str
    summary: str
    facts: Sequence[tuple[str, str]]
    findings: Sequence[Finding]
    sections: Sequence[Section]
    tables: Mapping[str, Table]
    about: Mapping[str, Any] = field(default_factory=dict)
    yardstick: str = "theory"
    notices: Sequence[str] = ()
    warnings: Sequence[str] = ()
