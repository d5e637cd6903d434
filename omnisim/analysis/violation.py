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
from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray, read_only
from omnisim.trace import Trace

_BLOCK = 1 << 20
"""Costs in one block of agents, of which tables of violations are made."""


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
    add_costs(read_only(flat), read_only(active), ROUNDING, total, positive)
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
        agents = record.costs.shape[1]
        units = [limit.unit for limit in record.limits] or ["cost"] * record.costs.shape[2]
        for subsequence, active in zip(trace.subsequences, trace.active.T, strict=True):
            violated, total, largest = _by_agent(trace, name, active)
            rounds = int((record.actions[active] >= 0).sum())
            for j, (constraint, unit) in enumerate(zip(record.constraint_names, units, strict=True)):
                counted = (agents, int((violated[:, j] > 0).sum()), rounds)
                sums = (int(violated[:, j].sum()), float(total[:, j].sum()), float(largest[:, j].max(initial=0.0)))
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


def excess(
    trace: Trace, population: str, active: BoolArray, agents: slice = slice(None)
) -> tuple[FloatArray, FloatArray]:
    """Amount by which each agent exceeded each limit in the R rounds of a subsequence, active (T,).

    Returns
    -------
    By round, (R, N, J) >= 0, and in all, (N, J), in the unit of the limit; see the top of the file for limits on sums.
    """
    record = trace.records[population]
    costs = (record.costs if record.true_costs is None else record.true_costs)[:, agents][active]
    over = np.where(costs > ROUNDING, costs, 0.0)
    total = over.sum(axis=0)
    for j, limit in enumerate(record.limits):
        if limit.averaged and len(costs):
            so_far = costs[:, :, j].cumsum(axis=0)
            is_over = so_far[-1] > ROUNDING * len(costs)
            over[:, :, j] = np.where(is_over, np.maximum(so_far, 0.0), 0.0)
            total[:, j] = np.where(is_over, so_far[-1], 0.0)
        over[:, :, j] *= limit.scale[agents]
        total[:, j] *= limit.scale[agents]
    return over, total


def _by_agent(trace: Trace, population: str, active: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rounds of a subsequence, active (T,), that exceeded each limit, the sum and the largest excess, each (N, J)."""
    _, agents, constraints = trace.records[population].costs.shape
    violated = np.empty((agents, constraints), dtype=np.int64)
    total, largest = np.empty((2, agents, constraints))
    # Not one by one: numpy adds up the numbers of a single column in another order.
    parts = max(1, min(agents // 2, agents * constraints * len(active) // _BLOCK))
    for part in range(parts):
        block = slice(agents * part // parts, agents * (part + 1) // parts)
        over, total[block] = excess(trace, population, active, block)
        violated[block] = (over > 0).sum(axis=0)
        largest[block] = over.max(axis=0, initial=0.0)
    return violated, total, largest


def _violations_of(trace: Trace, name: str, members: Mapping[str, BoolArray]) -> pd.DataFrame:
    record = trace.records[name]
    _, agents, constraints = record.costs.shape
    active = np.stack(list(members.values()))
    subsequences = len(active)
    each = [_by_agent(trace, name, rounds) for rounds in active]
    found = dict(zip(("violated", "total", "largest"), map(np.stack, zip(*each, strict=True)), strict=True))
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
