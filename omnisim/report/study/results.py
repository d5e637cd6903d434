"""The results of a study as plain data: what it found, its tables and what its figures show.

A study fills these; :func:`omnisim.report.study.page.write_study` makes a page of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omnisim.report.drawings import Drawing, HeatMap, Strips

MOST_ROWS = 250
"""Rows of a table on the page; its file has all."""


@dataclass(frozen=True)
class Finding:
    """Prediction of the theory, beside the measurement.

    Attributes
    ----------
    subject
        What it is about; findings of one subject stand together.
    expected, measured
        In words and numbers; ``expected`` is "" where there is nothing to expect.
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
    """A result as a data frame: written beside the page, and its first ``most`` rows shown on it if ``shown``."""

    title: str
    frame: pd.DataFrame
    note: str = ""
    shown: bool = True
    most: int = MOST_ROWS


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
    headline
        The first sentence of the verdict; "" for one that counts the findings that agree with the yardstick.
    settled
        Whether it answers its question, such as which forecast is worth most.
    marks
        Words for findings that hold, do not, and are not judged.
    command
        That makes such pages.
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
    headline: str = ""
    settled: bool = True
    marks: tuple[str, str, str] = ("✓ agrees", "✗ disagrees", "· not judged")
    command: str = "omnisim study"
    notices: Sequence[str] = ()
    warnings: Sequence[str] = ()
