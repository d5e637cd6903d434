"""Checks of a strategy's declarations on the runs by hand: a promise that fails on random rounds is none."""

from collections.abc import Iterator

import numpy as np

from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray
from omnisim.errors import StrategyError
from omnisim.problem.guarantees import Benchmark, BoundsViolation, Hypothesis, KeepsBenchmark, Scope
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.forecasters.base import Forecaster

_ROUNDING = 1e-9


def check_declared(
    rule: Elimination,
    where: str,
    actions: IntArray,
    costs: FloatArray,
    candidates: BoolArray,
    active: BoolArray,
) -> None:
    """Check what an elimination rule declared, as far as a run decides it: its benchmark kept, its violation bounded.

    Promises that are made with a probability, or about expected costs, are not decided by one run; that regret follows
    from bias needs a forecast.

    Parameters
    ----------
    rule
        After the run.
    where
        The situation, for messages.
    actions : (T, N)
    costs : (T, N, A, J)
        Of all actions.
    candidates : (T, N, A)
        Before the fallback.
    active : (T, L)

    Raises
    ------
    StrategyError
        Naming the guarantee that does not hold.
    """
    for each in rule.declared():
        if each.unmet:
            continue
        if isinstance(each, KeepsBenchmark) and each.benchmark == Benchmark.REALIZED and each.delta == 0:
            for k, member in _scopes(each.scope, active):
                left_at = rule.eliminated_at
                kept = left_at if k is None or left_at.shape[2] == 1 else left_at[:, :, [k]]
                clean = ~(costs[member] > 0).any(axis=(0, 3))
                lost = clean & (kept < len(active)).any(axis=2)
                if lost.any():
                    agent, action = np.argwhere(lost)[0].tolist()
                    raise StrategyError(
                        f"{type(rule).__name__} declares {each.theorem}, but removed action {action} of agent {agent}, "
                        f"which never violated {_words(k)} ({where})"
                    )
        elif isinstance(each, BoundsViolation):
            for k, member in _scopes(each.scope, active):
                _check_violation(rule, each, k, where, actions[member], costs[member], candidates)


def check_forecast_declared(forecaster: Forecaster, where: str) -> None:
    """Check that what a forecaster declared can be decided from a record.

    Raises
    ------
    StrategyError
        If the potential that it needs is not among its diagnostics.
    """
    for each in forecaster.declared():
        if Hypothesis.BUDGET in each.hypotheses and "potential" not in forecaster.diagnostics():
            raise StrategyError(
                f"{type(forecaster).__name__} declares {each.theorem} for as long as its potential stays within e K, "
                f"but its diagnostics have no 'potential' (Phi / K) ({where})"
            )


def _check_violation(
    rule: Elimination,
    guarantee: BoundsViolation,
    k: int | None,
    where: str,
    actions: IntArray,
    costs: FloatArray,
    candidates: BoolArray,
) -> None:
    agents, count, constraints = costs.shape[1:]
    if constraints == 0:
        return
    played = np.take_along_axis(costs, actions[:, :, None, None], axis=2)[:, :, 0]
    clean = ~np.any(costs > ROUNDING, axis=(0, 3))
    met = np.ones(agents, dtype=np.bool_)
    if Hypothesis.BENCHMARK in guarantee.hypotheses:
        met &= clean.any(axis=1)
    if Hypothesis.CANDIDATES in guarantee.hypotheses:
        met &= np.any(candidates, axis=2).all(axis=0)
    if guarantee.thresholds:
        places = count * (1 if k is None else rule.subsequences)
        measured = played.sum(axis=0).max(axis=1)
        bound = np.full(agents, places * (1 + guarantee.thresholds[k or 0]))
    else:
        measured = np.where(played > ROUNDING, played, 0.0).sum(axis=0).max(axis=1)
        others = np.asarray(count - clean.sum(axis=1), dtype=np.float64)
        bound = others if k is None else np.full(agents, float(count * rule.subsequences))
    broken = met & (measured > bound + _ROUNDING)
    if broken.any():
        agent = int(broken.argmax())
        raise StrategyError(
            f"{type(rule).__name__} declares {guarantee.theorem}, but the violations of agent {agent} {_words(k)} add "
            f"up to {measured[agent]:.6g}, more than {bound[agent]:.6g} ({where})"
        )


def _scopes(scope: Scope, active: BoolArray) -> Iterator[tuple[int | None, BoolArray]]:
    if scope == Scope.RUN:
        yield None, np.ones(len(active), dtype=np.bool_)
    else:
        yield from enumerate(active.T)


def _words(k: int | None) -> str:
    return "in the run" if k is None else f"on subsequence {k}"
