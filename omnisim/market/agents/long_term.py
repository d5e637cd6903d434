"""Limits on sums over a long time: the budget of a year, full cycles of a year, output and running hours of a week.

Theory knows a cost c(a, y) of each round, and their sum over the rounds (the cumulative violation). A limit B on the
sum over D days is the cost (use of the day - B / D) / scale: it is positive on days above their share, negative on
days below, and its sum over the run is at most 0 exactly where the use is at most B for each D days of the run. The
share B / D is the same on every day, so a run of half a year has half the budget.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.market.agents.customers import Column
from omnisim.problem.affine import ranges
from omnisim.problem.constraints import Constraint, LinearConstraint

DAYS_OF_A_WEEK = 7

YEARLY_BUDGET = Column(
    "yearly_budget",
    "limit over the year: what the bills of 365 days may come to, in money of the market; none if empty",
)
COLUMNS = (YEARLY_BUDGET,)
"""Columns of limits that every kind has."""


def limit(
    name: str,
    unit: str,
    slope: FloatArray,
    over: FloatArray,
    *,
    averaged: bool = False,
) -> LinearConstraint:
    """A limit whose excess is affine in the outcome, as a cost with the smallest scale that keeps it in [-1, 1].

    Parameters
    ----------
    slope : (N, A, d)
        Of the excess, in ``unit``.
    over : (N, A)
        The excess at y = 0; NaN for agents that have no such limit, whose cost is -1.
    averaged
        Whether only the sum over the rounds is limited.
    """
    limited = np.asarray(np.isfinite(over).all(axis=1))
    lowest, highest = (np.where(limited[:, None], end, 0.0) for end in ranges(slope, over))
    largest = np.maximum(np.abs(lowest), np.abs(highest)).max(axis=1)
    scale = np.where(limited & (largest > 0), largest, 1.0)
    slope = slope / scale[:, None, None]
    slope[~limited] = 0.0
    return LinearConstraint(
        slope,
        np.where(limited[:, None], over / scale[:, None], -1.0),
        name=name,
        unit=unit,
        scale=scale,
        averaged=averaged,
    )


def fixed_limit(name: str, unit: str, over: FloatArray, net: FloatArray, *, averaged: bool = False) -> LinearConstraint:
    """A limit that no outcome changes: ``over`` (N, A) is by how much it is exceeded, NaN where there is none."""
    return limit(name, unit, np.zeros_like(net), over, averaged=averaged)


def out_of_reach(constraints: Sequence[Constraint]) -> Iterator[tuple[int, bool, str]]:
    """Limits that no action keeps at any outcome in the box: an agent, whether no price matters to it, and words.

    The least excess of an action is that at the better end of each coordinate, so what is found is out of reach indeed.
    """
    for each in constraints:
        if isinstance(each, LinearConstraint):
            scale = np.ones(len(each.slope)) if each.scale is None else np.asarray(each.scale)
            excess = ranges(each.slope, each.offset)[0].min(axis=1)
            if (excess > ROUNDING).any():
                agent = int((excess > ROUNDING).argmax())
                beyond = f"{excess[agent] * scale[agent]:.6g} {each.unit} beyond it{' each day' * each.averaged}"
                fixed = not each.slope[agent].any()
                at = "" if fixed else " at any price"
                yield agent, fixed, f"no action keeps the limit {each.name!r}{at}: the best one is {beyond}"


def told(names: list[str]) -> str:
    """Sentence about limits over a long time."""
    return (
        f"Limits on sums over the run ({', '.join(names)}) are costs above a day's share: a rule that drops an action "
        "at its first violation keeps the share on every day, one with a threshold adds up what each action cost, a "
        "learner with a virtual queue (drift_plus_penalty) makes up on one day for another"
    )
