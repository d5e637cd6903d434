"""Certificate of a step-calibrated forecaster: its bias on every step set, recomputed from the record (theory, 7).

With K objectives and Lambda = ln(m Phi), as long as Phi <= e K: for every subsequence S, level v, base h (or
none) and threshold w,

    |sum over S of E_{p ~ psi_t} 1[p <= v] 1[h_t <= w] (y_t - p)| <= least over eta of Lambda / eta + eta V,

V the sum of the squared summands. No probability is involved, and no agent: it bounds what any agent loses to following
a base, whatever its utility.
"""

import math
from collections.abc import Iterator

import numpy as np

from omnisim.analysis.evidence import WHOLE_RUN, Basis, Evidence, share
from omnisim.analysis.stakes import NONE, bias_stakes
from omnisim.arrays import BoolArray, FloatArray
from omnisim.game.weights import gain_bound
from omnisim.problem.guarantees import CalibratesSteps
from omnisim.trace import Mixtures, Trace

_SAME = 1e-9


def step_claims(evidence: Evidence) -> Iterator[dict[str, object]]:
    """Rows about a forecaster that guarantees something about step sets; the same for every population."""
    trace = evidence.trace
    declared = trace.forecaster().guarantees or ()
    steps = next((each for each in declared if isinstance(each, CalibratesSteps)), None)
    if steps is None or trace.mixtures is None:
        return
    every = np.ones(evidence.record.population.agents, dtype=np.bool_)
    each = every.astype(np.float64)
    spent = evidence.potential * each
    yield evidence.row("Section 4.2", "Phi / K <= e", WHOLE_RUN, spent, math.e, every, stakes=NONE, check=True)
    met, note = evidence.met(steps, None, every[:, None])
    gains = expected_gains(trace, trace.mixtures, np.asarray(steps.levels))
    sets = _sets(trace, np.asarray(steps.thresholds))
    for k, name in enumerate(trace.subsequences):
        inside = (sets & trace.active[:, k]).astype(np.float64)
        total, squares = np.abs(inside @ gains).ravel(), (inside @ gains**2).ravel()
        bound = gain_bound(squares, steps.count, trace.horizon, evidence.final_potential)
        closest = int(share(total, bound).argmax())
        claim = "bias of every step set in expectation <= least over eta of Lambda / eta + eta V"
        measured, allowed = total[closest] * each, bound[closest] * each
        stakes = bias_stakes(trace.outcomes[trace.active[:, k]])
        yield evidence.row(steps.theorem, claim, name, measured, allowed, met, note, stakes=stakes, basis=Basis.RECORD)


def expected_gains(trace: Trace, mixtures: Mixtures, levels: FloatArray) -> FloatArray:
    """E_{p ~ psi_t} 1[p <= v] (y_t - p) of every round and level, (T, m + 1)."""
    rounds = np.repeat(np.arange(trace.rounds), np.diff(mixtures.starts))
    points = mixtures.support[:, 0]
    found = np.zeros((trace.rounds, len(levels)))
    place = np.searchsorted(levels, points - _SAME)
    np.add.at(found, (rounds, place), mixtures.weights * (trace.outcomes[rounds, 0] - points))
    return found.cumsum(axis=1)


def _sets(trace: Trace, thresholds: FloatArray) -> BoolArray:
    """Whether each round is in each set {h <= w}, (sets, T): all rounds first, then base by base."""
    found = [np.ones((1, trace.rounds), dtype=np.bool_)]
    if trace.bases is not None:
        found += [trace.bases[:, b, 0] <= thresholds[:, None] + _SAME for b in range(trace.bases.shape[1])]
    return np.concatenate(found)
