"""Choice of subsequences, populations and agents where there are too many for a page."""

import numpy as np

from omnisim.analysis.worth import Worth
from omnisim.arrays import IntArray
from omnisim.trace import Trace

MOST_SUBSEQUENCES = 12
MOST_POPULATIONS = 8
"""Largest number of populations in a figure; the tables have all of them."""


def broadest(trace: Trace) -> int:
    """Index of the subsequence with the most rounds, the first of them."""
    return int(trace.active.sum(axis=0).argmax())


def shown_subsequences(trace: Trace, most: int = MOST_SUBSEQUENCES) -> list[int]:
    """Indices of the subsequences that figures draw: those with the most rounds, in their own order; none without."""
    rounds = trace.active.sum(axis=0)
    return sorted(k for k in np.argsort(-rounds, kind="stable")[:most].tolist() if rounds[k])


def shown_populations(trace: Trace, most: int = MOST_POPULATIONS) -> list[str]:
    """Names of the populations that figures draw: those with the most agents, in their own order."""
    names = list(trace.records)
    largest = sorted(names, key=lambda name: -trace.records[name].population.agents)[:most]
    return [name for name in names if name in largest]


def omitted(trace: Trace, most_subsequences: int = MOST_SUBSEQUENCES) -> str:
    """A sentence on the subsequences and populations that figures leave out; empty if there are none."""
    parts = []
    for noun, all_of_them, most in (
        ("subsequences", len(trace.subsequences), most_subsequences),
        ("populations", len(trace.records), MOST_POPULATIONS),
    ):
        if all_of_them > most:
            parts.append(f"the {most} largest of {all_of_them} {noun}")
    return f" Drawn are {' and '.join(parts)}; the tables have all." if parts else ""


def left_out(trace: Trace) -> str:
    """A sentence on the populations that cannot be chosen in figures of one each; empty if all can."""
    every = len(trace.records)
    left = every - len(shown_populations(trace))
    if not left:
        return ""
    return f"Left out {'is the' if left == 1 else f'are the {left:,}'} smallest of {every:,} populations."


def ranked(worth: Worth, k: int) -> IntArray:
    """Agents from best to worst: by money more than with persistence on subsequence k, then by money."""
    money, baseline, _ = worth.by_agent[:, k]
    return np.lexsort((-money, baseline - money))
