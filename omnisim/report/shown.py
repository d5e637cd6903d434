"""A figure of a page in the variants that a reader can choose from, or the sentence that stands in its place."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from omnisim.report.figures.emptiness import says_little
from omnisim.report.text import few, listing

_NAMED = 4
"""Variants that are named where they are left out."""


@dataclass(frozen=True)
class Shown:
    """A figure of the page, in one or more variants.

    Attributes
    ----------
    name
        Identifier in the page.
    heading
        Above the figure.
    choice
        What the reader chooses between, if there is more than one variant.
    labels, variants
        What each variant is called, and its figure; empty where a sentence stands in its place.
    instead
        What is said of variants that are left out, because they would show nothing or there are too many; empty where
        none is.
    """

    name: str
    heading: str
    choice: str
    labels: list[str]
    variants: list[go.Figure]
    instead: str = ""

    @property
    def caption(self) -> str:
        """Caption of the first variant; ``alt`` and ``height`` are its own as well."""
        return str(self.variants[0].layout.meta["caption"])

    @property
    def alt(self) -> str:
        """The alternative text."""
        return str(self.variants[0].layout.meta["alt"])

    @property
    def height(self) -> int:
        """Height in pixels, kept free until the figure is drawn."""
        return int(self.variants[0].layout.height)


def left_out(here: int, every: int) -> str:
    """A sentence on variants that are not made, for want of room; empty if there is none.

    >>> left_out(16, 18), left_out(16, 17), left_out(16, 16)
    ('The last 2 of 18 are left out.', 'The last of 17 is left out.', '')
    """
    last = "The last" if every - here == 1 else f"The last {every - here:,}"
    return f"{last} of {every:,} {'is' if every - here == 1 else 'are'} left out." if here < every else ""


def shown(name: str, choice: str, variants: Sequence[tuple[str, go.Figure]], heading: str = "", cut: str = "") -> Shown:
    """A figure from its variants (one or more), without those that would be empty, constant or two points.

    ``cut`` is what is said of variants that have not been made.

    >>> flat = go.Figure(go.Scatter(x=[1, 2, 3], y=[0, 0, 0]), {"meta": {"caption": "", "alt": "A line."}})
    >>> shown("flat", "", [("", flat)], "A flat line").instead
    'Not drawn, because every value is 0. A line.'
    """
    heading = heading or str(variants[0][1].layout.title.text)
    why = [says_little(figure) for _, figure in variants]
    kept = [variant for variant, reason in zip(variants, why, strict=True) if not reason]
    left = [(words, reason) for (words, _), reason in zip(variants, why, strict=True) if reason]
    labels, drawn = [words for words, _ in kept], [figure for _, figure in kept]
    if not kept:
        instead = f"Not drawn, because {why[0]}. {variants[0][1].layout.meta['alt']}"
    elif left:
        named = few([words for words, _ in left], _NAMED)
        reasons = listing(list(dict.fromkeys(reason for _, reason in left)))
        instead = f"Not to choose from, because {reasons}: {listing(named)}."
    else:
        instead = ""
    if kept:
        instead = f"{instead} {cut}".strip()
    return Shown(name, heading, choice if len(kept) > 1 else "", labels, drawn, instead)
