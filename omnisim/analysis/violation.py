"""Cumulative constraint violation (theory, section 1).

CCV(S) = max over constraints of the sum of costs over S; CCV+(S) the same with negative costs counted as 0, and those
that are no more than a rounding error, which violate nothing. Both are in units of cost, at the outcomes in [0, 1]^d;
``violations`` says what they were in physical units, at the true outcomes.

A limit on the sum over all rounds (``Limit.averaged``) is exceeded where the whole sum is. Its rounds are then those
after which the sum so far was above its share, its total what the sum ended at, and its largest excess the highest that
the sum so far came to.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omnisim.analysis.kernels import add_costs
from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.trace import Trace


def cumulative_violation(costs: FloatArray, active: BoolArray) -> tuple[FloatArray, FloatArray]:
    """CCV and CCV+ of every agent on every subsequence, each (L, N); 0 for an agent without constraints.

    Parameters
    ----------
    costs : (T, N, J)
        Of the actions played.
    active : (T, L)

    Examples
    --------
    >>> costs = np.array([[[0.5]], [[-0.75]]])
    >>> ccv, ccv_positive = cumulative_violation(costs, np.ones((2, 1), dtype=bool))
    >>> ccv, ccv_positive
    (array([[-0.25]]), array([[0.5]]))
    """
    rounds, agents, constraints = costs.shape
    if constraints == 0:
        return np.zeros((active.shape[1], agents)), np.zeros((active.shape[1], agents))
    total, positive = np.zeros((2, active.shape[1], agents * constraints))
    flat = np.ascontiguousarray(costs).reshape(rounds, -1)
    add_costs(flat, np.ascontiguousarray(active), ROUNDING, total, positive)
    shape = (active.shape[1], agents, constraints)
    return total.reshape(shape).max(axis=2), positive.reshape(shape).max(axis=2)


def violations(trace: Trace) -> pd.DataFrame:
    """One row per population, agent, subsequence and constraint; empty where there are no constraints.

    Columns: population, agent, subsequence, constraint (name), rounds (of the subsequence), violated (rounds in which
    the limit was exceeded), total (sum of the excess over them), largest (excess of a round), unit. At the true
    outcomes: a bill is what was paid, also where the price was clipped for the theory.
    """
    return _joined(trace, dict(zip(trace.subsequences, trace.active.T, strict=True)))


def whole_run_violations(trace: Trace) -> pd.DataFrame:
    """Violations over all rounds: one row per population, agent and constraint, without a subsequence."""
    return _joined(trace, {"": np.ones(trace.rounds, dtype=np.bool_)}).drop(columns="subsequence")


def violated_limits(trace: Trace) -> pd.DataFrame:
    """One row per population, subsequence and constraint, over all agents; empty where there are no constraints.

    Columns: population, subsequence, constraint (name), unit, agents, exceeding (agents that ever exceeded the limit),
    rounds (of all agents, counted where they were there), violated (of those, where the limit was exceeded), total (sum
    of the excess over them) and largest (of one agent in one round).
    """
    rows = []
    for name, record in trace.records.items():
        if not record.costs.shape[2]:
            continue
        there, agents = record.actions >= 0, record.costs.shape[1]
        units = [limit.unit for limit in record.limits] or ["cost"] * record.costs.shape[2]
        for subsequence, active in zip(trace.subsequences, trace.active.T, strict=True):
            over, total = excess(trace, name, active)
            rounds = int(there[active].sum())
            for j, (constraint, unit) in enumerate(zip(record.constraint_names, units, strict=True)):
                mine = over[:, :, j]
                counted = (agents, int((mine > 0).any(axis=0).sum()), rounds)
                sums = (int((mine > 0).sum()), float(total[:, j].sum()), float(mine.max(initial=0.0)))
                rows.append((name, subsequence, constraint, unit, *counted, *sums))
    return pd.DataFrame(rows, columns=list(LIMITS))


LIMITS = (
    *("population", "subsequence", "constraint", "unit", "agents", "exceeding"),
    *("rounds", "violated", "total", "largest"),
)
"""Columns of the table of limits."""


def _joined(trace: Trace, members: Mapping[str, BoolArray]) -> pd.DataFrame:
    frames = [_violations_of(trace, name, members) for name, r in trace.records.items() if r.costs.shape[2]]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


COLUMNS = ("population", "agent", "subsequence", "constraint", "rounds", "violated", "total", "largest", "unit")
"""Columns of the table of violations."""


def excess(trace: Trace, population: str, active: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Amount by which each agent exceeded each limit in the R rounds of a subsequence, active (T,).

    Returns
    -------
    By round, (R, N, J) >= 0, and in all, (N, J), in the unit of the limit; see the top of the file for limits on sums.
    """
    record = trace.records[population]
    costs = (record.costs if record.true_costs is None else record.true_costs)[active]
    over = np.where(costs > ROUNDING, costs, 0.0)
    total = over.sum(axis=0)
    for j, limit in enumerate(record.limits):
        if limit.averaged and len(costs):
            so_far = costs[:, :, j].cumsum(axis=0)
            is_over = so_far[-1] > ROUNDING * len(costs)
            over[:, :, j] = np.where(is_over, np.maximum(so_far, 0.0), 0.0)
            total[:, j] = np.where(is_over, so_far[-1], 0.0)
        over[:, :, j] *= limit.scale
        total[:, j] *= limit.scale
    return over, total


def _violations_of(trace: Trace, name: str, members: Mapping[str, BoolArray]) -> pd.DataFrame:
    record = trace.records[name]
    _, agents, constraints = record.costs.shape
    active = np.stack(list(members.values()))
    subsequences = len(active)
    each = [excess(trace, name, rounds) for rounds in active]
    found = {
        "violated": np.stack([(over > 0).sum(axis=0) for over, _ in each]),
        "total": np.stack([total for _, total in each]),
        "largest": np.stack([over.max(axis=0, initial=0.0) for over, _ in each]),
    }
    units = [limit.unit for limit in record.limits] or ["cost"] * constraints
    labels = {
        "population": name,
        "agent": np.repeat(np.arange(agents), subsequences * constraints),
        "subsequence": np.tile(np.repeat(np.array(list(members), dtype=object), constraints), agents),
        "constraint": np.tile(np.array(record.constraint_names, dtype=object), agents * subsequences),
        "rounds": np.tile(np.repeat(active.sum(axis=1), constraints), agents),
        "unit": np.tile(np.array(units, dtype=object), agents * subsequences),
    }
    shaped = {
        key: values.reshape(subsequences, agents, constraints).swapaxes(0, 1).reshape(-1)
        for key, values in found.items()
    }
    return pd.DataFrame(labels | shaped)[list(COLUMNS)]
