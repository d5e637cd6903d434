"""Check that a figure is worth drawing: one that is empty, constant or holds two points says less than a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.arrays import FloatArray
from omnisim.report.text import number

_FEW = 2
"""Points that make no figure."""

_SAME = 1e-9
"""Relative difference below which values are the same."""


@dataclass(frozen=True)
class _Series:
    """The values of a trace that are there; ``line`` where they are joined."""

    line: bool
    values: FloatArray


def says_little(figure: go.Figure) -> str:
    """Reason that a figure is not worth drawing; an empty text where it is.

    The values of scatter traces are vertical, unless ``layout.meta["values"]`` says ``"x"``, ``"xy"``, or ``""`` for a
    drawing without values, which is never left out.
    """
    axes = (figure.layout.meta or {}).get("values", "y")
    if not axes:
        return ""
    series = list(_series(figure, axes))
    values = np.concatenate([*(each.values for each in series), np.empty(0)])
    if not len(values):
        return "there is nothing to draw"
    if figure.layout.barmode == "stack" and sum(bool(each.values.any()) for each in series) <= 1:
        return "all bars have one part only"
    marks = np.concatenate([*(each.values for each in series if not each.line), np.empty(0)])
    if not varies(marks) and not any(varies(each.values) for each in series if each.line):
        return "nothing in it changes" if varies(values) else f"every value is {constant(values)}"
    if len(values) <= _FEW * len(axes):
        return "it would have one or two points"
    if not len(marks) and max(len(each.values) for each in series) <= _FEW:
        return "it would have two points to a line"
    return ""


def varies(values: FloatArray) -> bool:
    """Whether the numbers that are defined differ."""
    known = np.isfinite(values)
    if not known.any():
        return False
    low = float(np.min(values, where=known, initial=np.inf))
    high = float(np.max(values, where=known, initial=-np.inf))
    return high - low > _SAME * max(1.0, abs(low), abs(high))


def constant(values: FloatArray) -> str:
    """Common value of numbers that do not differ, in a word.

    >>> constant(np.array([0.5, np.nan])), constant(np.array([np.nan]))
    ('0.5', 'undefined')
    """
    known = values[np.isfinite(values)]
    return number(float(known[0]), 4) if len(known) else "undefined"


def _series(figure: go.Figure, axes: str) -> Iterator[_Series]:
    for trace in figure.data:
        if trace.visible is False or trace.opacity == 0:
            continue
        if trace.type == "heatmap":
            found = [[cell for row in trace.z for cell in row]]
        elif trace.type == "bar":
            found = [trace.x if trace.orientation == "h" else trace.y]
        else:
            found = [getattr(trace, axis) for axis in axes]
        for values in found:
            numbers = _numbers(values)
            known = numbers[np.isfinite(numbers)]
            yield _Series(trace.type == "scatter" and "lines" in (trace.mode or "lines"), known)


def _numbers(values: Sequence[Any] | None) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values or ()], dtype=np.float64)
