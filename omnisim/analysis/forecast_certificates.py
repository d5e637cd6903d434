"""Certificates of a decision-calibrated forecaster: its bias and the regret that follows (theory, sections 3 and 4.2).

With K objectives, m rates and Lambda = 1 + ln(K m), as long as Phi <= e K:

- in expectation over the mixtures, |bias of (n, a, S, i)| <= 2.1214 sqrt(Lambda V) + 4 Lambda, with V the sum of the
  squared expected gains: no probability is involved;
- for the sampled predictions add sqrt(2 |S| ln(2 K / delta)), with probability 1 - delta;
- swap regret(S), and so external regret(S), <= 2 L times the sum over actions of the sampled bounds.
- regret(S) to following any base forecaster <= 2.1214 sqrt(Lambda V) + 4 Lambda in expectation, and with the actions
  really played that plus sqrt(|S| ln(2 K / delta) / 2); see :mod:`omnisim.analysis.base_regret`.

All of a run's bounds on what was sampled fail together with probability at most delta: each belongs to one of the K
objectives, and takes at most delta / K of it.

For objectives along utility differences the bias concerns (U_b - U_a) . (y - p) / 2 instead of a coordinate, with
sqrt(2 |S| ln(K / delta)) for sampling; regret(S) <= 2 times the sum over actions of the largest sampled bound.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omnisim.analysis.base_regret import base_regrets
from omnisim.analysis.evidence import DELTA, WHOLE_RUN, Evidence, share
from omnisim.analysis.expected import expected_bias, expected_directions
from omnisim.analysis.lateness import at_once
from omnisim.analysis.stakes import NONE, Stakes, bias_stakes, direction_stakes
from omnisim.arrays import BoolArray, FloatArray
from omnisim.game.weights import gain_bound
from omnisim.problem.guarantees import CalibratesDecisions, Hypothesis, Objective, RegretFromBias
from omnisim.trace import Mixtures, Trace

FIXED = "the tolerance is fixed: nothing keeps the potential within e K"
"""Why the potential may exceed the budget and no promise is broken."""


def calibration_of(trace: Trace) -> CalibratesDecisions | None:
    """What the forecaster of a run guarantees about decisions, if it does."""
    declared = trace.forecaster().guarantees or ()
    return next((each for each in declared if isinstance(each, CalibratesDecisions)), None)


def allowed_bias(trace: Trace, calibration: CalibratesDecisions, squares: FloatArray) -> FloatArray:
    """The certified bound on the bias of events with these sums of squares, while Phi <= e K."""
    return gain_bound(squares, calibration.count, trace.rounds)


def forecast_claims(evidence: Evidence) -> Iterator[dict[str, object]]:
    """Rows about the forecaster, where it guarantees something about decisions and the rule about its own."""
    trace, calibration = evidence.trace, calibration_of(evidence.trace)
    rule = next((each for each in evidence.declared.guarantees or () if isinstance(each, RegretFromBias)), None)
    if calibration is None or rule is None or trace.mixtures is None or not at_once(evidence.record):
        return
    every = np.ones(evidence.record.population.agents, dtype=np.bool_)
    spent = np.full(len(every), evidence.potential)
    kept = every & calibration.budgeted
    words = "Phi / K <= e"
    yield evidence.row(calibration.theorem, words, WHOLE_RUN, spent, math.e, kept, FIXED, stakes=NONE, check=True)
    met, note = evidence.met(calibration, None, every[:, None])
    case = _Case(evidence, trace.mixtures, calibration, rule, met, note)
    if calibration.base_regret and trace.bases is not None:
        yield from _bases(case, trace.bases)
    yield from (_coordinates if calibration.objectives == Objective.COORDINATES else _directions)(case)


@dataclass(frozen=True)
class _Case:
    """A population beside a calibrated forecaster: who meets its hypotheses (N,), and what is said of the others."""

    evidence: Evidence
    mixtures: Mixtures
    calibration: CalibratesDecisions
    rule: RegretFromBias
    met: BoolArray
    note: str

    def bias_stakes(self, k: int) -> Stakes:
        """How far predictions could be off on subsequence k, in what the objectives measure."""
        outcomes = self.evidence.trace.outcomes[self.evidence.trace.active[:, k]]
        if self.calibration.objectives == Objective.COORDINATES:
            return bias_stakes(outcomes)
        return direction_stakes(self.evidence.record.population, outcomes)

    def allowed(self, squares: FloatArray) -> FloatArray:
        """The certified bound on the gains of objectives with these sums of squares."""
        return allowed_bias(self.evidence.trace, self.calibration, squares)


def _bases(case: _Case, bases: FloatArray) -> Iterator[dict[str, object]]:
    """Of each agent, the base that it regrets most, relative to what is allowed."""
    evidence, measures = case.evidence, case.evidence.measures
    found = base_regrets(evidence.trace, case.mixtures, bases, measures.population.name)
    bound = case.allowed(found.squares)
    sampling = np.sqrt(measures.rounds * math.log(2 * case.calibration.count / DELTA) / 2)
    for k, name in enumerate(evidence.trace.subsequences):
        claim = "regret(S) to following any base in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda"
        measured, allowed = _tightest(found.expected[k], bound[k])
        stakes = evidence.regret_stakes(k)
        yield evidence.row("Section 4.1", claim, name, measured, allowed, case.met, case.note, stakes=stakes)
        claim = "regret(S) to following any base <= that + sqrt(|S| ln(2 K / delta) / 2)"
        measured, allowed = _tightest(found.realized[k], bound[k] + sampling[k])
        yield evidence.row("Section 4.1", claim, name, measured, allowed, case.met, case.note, 1 - DELTA, stakes=stakes)


def _coordinates(case: _Case) -> Iterator[dict[str, object]]:
    evidence, measures = case.evidence, case.evidence.measures
    expected = expected_bias(evidence.trace, case.mixtures, measures.population.name)
    bound = case.allowed(expected.squares)
    sampling = np.sqrt(2 * measures.rounds * math.log(2 * case.calibration.count / DELTA))
    for k, name in enumerate(evidence.trace.subsequences):
        measured, allowed = _tightest(np.abs(expected.total[k]), bound[k])
        claim, stakes = "bias in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda", case.bias_stakes(k)
        yield evidence.row(case.rule.bias, claim, name, measured, allowed, case.met, case.note, stakes=stakes)
        sampled = bound[k].max(axis=2) + sampling[k]
        measured, allowed = _tightest(measures.bias[k][:, :, None], sampled[:, :, None])
        claim = "bias of the sampled predictions <= that + sqrt(2 |S| ln(2 K / delta))"
        yield evidence.row(
            case.rule.bias, claim, name, measured, allowed, case.met, case.note, 1 - DELTA, stakes=stakes
        )
        allowed = 2 * measures.population.lipschitz * sampled.sum(axis=1)
        yield from _regrets(case, k, "2 L sum of the sampled bounds", allowed)


def _directions(case: _Case) -> Iterator[dict[str, object]]:
    evidence, measures = case.evidence, case.evidence.measures
    expected = expected_directions(evidence.trace, case.mixtures, measures.population.name)
    bound = case.allowed(expected.squares)
    sampling = np.sqrt(2 * measures.rounds * math.log(case.calibration.count / DELTA))
    for k, name in enumerate(evidence.trace.subsequences):
        measured, allowed = _tightest(expected.total[k], bound[k])
        claim, stakes = "bias along utilities in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda", case.bias_stakes(k)
        yield evidence.row(case.rule.bias, claim, name, measured, allowed, case.met, case.note, stakes=stakes)
        allowed = 2 * (bound[k].max(axis=2) + sampling[k]).sum(axis=1)
        yield from _regrets(case, k, "2 sum of the sampled bounds", allowed)


def _regrets(case: _Case, k: int, words: str, allowed: FloatArray) -> Iterator[dict[str, object]]:
    """Swap and external regret on subsequence k under the same bound (N,)."""
    evidence, measures = case.evidence, case.evidence.measures
    kept, note = evidence.met(case.rule, k, measures.benchmark[k], Hypothesis.BENCHMARK)
    stakes = evidence.regret_stakes(k)
    for theorem, kind, regret in (
        (case.rule.swap, "swap", measures.swap_regret[k]),
        (case.rule.external, "external", measures.external_regret[k]),
    ):
        claim, name = f"{kind} regret(S) <= {words}", evidence.trace.subsequences[k]
        yield evidence.row(
            theorem, claim, name, regret, allowed, case.met & kept, case.note or note, 1 - DELTA, stakes=stakes
        )


def _tightest(measured: FloatArray, bound: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each agent's events (N, A, i), the one closest to its bound, as (N,) and (N,)."""
    flat, allowed = measured.reshape(len(measured), -1), bound.reshape(len(bound), -1)
    closest = share(flat, allowed).argmax(axis=1)
    agents = np.arange(len(flat))
    return flat[agents, closest], allowed[agents, closest]
