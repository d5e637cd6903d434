"""Certificates of a decision-calibrated forecaster: its bias and the regret that follows (theory, sections 3 and 4.2).

With K objectives, m rates eta and Lambda = ln(K m Phi / K), Phi / K <= e the potential after the last round:

- in expectation over the mixtures, |bias of (n, a, S, i)| <= least over eta of Lambda / eta + eta V, with V the sum of
  the squared expected gains: no probability is involved;
- for the sampled predictions add what draws may add: given the outcome, an event's gain lies in an interval of width 1,
  with a variance of at most 1/4 where the mixture had several points, and 0 where it was one
  (:func:`~omnisim.game.regret_bounds.sampling_bound`), with probability 1 - delta;
- regret(S) to following any base forecaster likewise, see :mod:`omnisim.analysis.base_regret`.

Regrets of agents have potentials of their own (:mod:`omnisim.analysis.regret_certificates`). Where the forecaster keeps
none, swap regret(S), and so external regret(S), is at most 2 L times the sum of the sampled bounds over the actions
that were played (others have no bias).

All of a run's bounds on what was sampled fail together with probability at most delta: each belongs to one of the K
objectives, and takes at most delta / K of it.

For objectives along utility differences the bias concerns (U_b - U_a) . (y - p) / 2 instead of a coordinate, in an
interval of width 2, and regret(S) is at most 2 times the sum over actions played of the largest sampled bound.

Where outcomes have limits, all of this is about the outcomes within them; what rounds beyond them cost is added
(:mod:`omnisim.analysis.conditional`).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omnisim.analysis.base_regret import base_regrets
from omnisim.analysis.conditional import Conditional
from omnisim.analysis.evidence import DELTA, WHOLE_RUN, Basis, Evidence, share
from omnisim.analysis.expected import expected_bias, expected_directions
from omnisim.analysis.expected_regret import mixed_rounds
from omnisim.analysis.lateness import at_once
from omnisim.analysis.regret_certificates import UNBUDGETED, regret_claims
from omnisim.analysis.stakes import NONE, Stakes, bias_stakes, direction_stakes
from omnisim.analysis.sums import blocks
from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.game.regret_bounds import sampling_bound
from omnisim.game.weights import gain_bound
from omnisim.problem.guarantees import CalibratesDecisions, Hypothesis, Objective, RegretFromBias
from omnisim.problem.limits import Limits
from omnisim.trace import Mixtures, Trace


def calibration_of(trace: Trace) -> CalibratesDecisions | None:
    """The guarantee about decisions that the forecaster of a run declares, or None."""
    declared = trace.forecaster().guarantees or ()
    return next((each for each in declared if isinstance(each, CalibratesDecisions)), None)


def allowed_bias(trace: Trace, calibration: CalibratesDecisions, squares: FloatArray) -> FloatArray:
    """The certified bound on the bias of events with these sums of squares, while Phi <= e K or as Hedge bounds it."""
    if calibration.largest_gain > 0:
        return np.full(np.shape(squares), calibration.largest_gain)
    return gain_bound(squares, calibration.count, trace.horizon)


def forecast_claims(evidence: Evidence) -> Iterator[dict[str, object]]:
    """Rows about the forecaster, where it guarantees something about decisions and the rule about its own."""
    trace, calibration = evidence.trace, calibration_of(evidence.trace)
    rule = next((each for each in evidence.declared.guarantees or () if isinstance(each, RegretFromBias)), None)
    if calibration is None or rule is None or trace.mixtures is None or not at_once(evidence.record):
        return
    every = np.ones(evidence.record.population.agents, dtype=np.bool_)
    met, note = evidence.met(calibration, None, every[:, None])
    if calibration.largest_gain > 0:
        if not _within_tolerance(trace):
            met, note = np.zeros_like(every), note or _OVER
    else:
        spent, words = np.full(len(every), evidence.potential), "Phi / K <= e"
        kept = every & calibration.budgeted
        yield evidence.row(
            calibration.theorem, words, WHOLE_RUN, spent, math.e, kept, UNBUDGETED, stakes=NONE, check=True
        )
    within = Conditional(evidence, Limits(*calibration.limits))
    case = _Case(evidence, trace.mixtures, calibration, rule, within, met, note)
    if calibration.base_regret and trace.bases is not None:
        yield from _bases(case, trace.bases)
    if calibration.regret_pairs:
        yield from regret_claims(evidence, trace.mixtures, calibration, rule, within, met, note)
    yield from (_coordinates if calibration.objectives == Objective.COORDINATES else _directions)(case)


def _within_tolerance(trace: Trace) -> bool:
    """Whether the worst-case gain of each round, as reported, was within the tolerance."""
    value, tolerance = (trace.diagnostics.get(name) for name in ("value", "tolerance"))
    return value is not None and tolerance is not None and bool((value <= tolerance + ROUNDING).all())


@dataclass(frozen=True)
class _Case:
    """A population beside a calibrated forecaster: who meets its hypotheses (N,), and what is said of the others."""

    evidence: Evidence
    mixtures: Mixtures
    calibration: CalibratesDecisions
    rule: RegretFromBias
    within: Conditional
    met: BoolArray
    note: str

    def bias_stakes(self, k: int) -> Stakes:
        """Largest possible error of predictions on subsequence k, in the unit of the objectives."""
        outcomes = self.evidence.trace.outcomes[self.evidence.trace.active[:, k]]
        if self.calibration.objectives == Objective.COORDINATES:
            return bias_stakes(outcomes)
        return direction_stakes(self.evidence.record.population, outcomes)

    def allowed(self, squares: FloatArray) -> FloatArray:
        """The certified bound on the gains of objectives with these sums of squares."""
        if self.calibration.largest_gain > 0:
            return allowed_bias(self.evidence.trace, self.calibration, squares)
        return gain_bound(squares, self.calibration.count, self.evidence.trace.horizon, self.evidence.final_potential)

    def sizes(self, totals: FloatArray) -> FloatArray:
        """The sizes of sums of gains in the directions that are bounded: both of a coordinate, one of a difference."""
        return np.abs(totals) if self.calibration.objectives == Objective.COORDINATES else totals

    @property
    def log_delta(self) -> float:
        """ln(K / delta): what one objective has of the probability of failure."""
        return math.log(self.calibration.count / DELTA)

    def row(
        self,
        theorem: str,
        claim: str,
        k: int,
        measured: FloatArray,
        allowed: FloatArray,
        probability: float,
        stakes: Stakes,
    ) -> dict[str, object]:
        """A row about those who meet the hypotheses of the forecaster, on subsequence k."""
        name = self.evidence.trace.subsequences[k]
        before = self.calibration.largest_gain > 0 and probability == 1
        if self.calibration.largest_gain > 0:
            claim = claim.replace(_IN_EXPECTATION, self.calibration.formula)
        row = self.evidence.row(
            theorem, claim, name, measured, allowed, self.met, self.note, probability, stakes=stakes,
            basis=Basis.BEFORE if before else Basis.RECORD,
        )  # fmt: skip
        return self.within.told(row, k)


_IN_EXPECTATION = "least over eta of Lambda / eta + eta V"
_OVER = "in some round the minimax step did not reach its tolerance"
_LIKELY = 1 - DELTA


def _bases(case: _Case, bases: FloatArray) -> Iterator[dict[str, object]]:
    """Certificates about the base that each agent regrets most, relative to its bound: two rows a subsequence."""
    evidence, measures = case.evidence, case.evidence.measures
    trace, name = evidence.trace, measures.population.name
    found = happened = base_regrets(trace, case.mixtures, bases, name, case.within.outcomes)
    if case.within.beyond.any():
        happened = base_regrets(trace, case.mixtures, bases, name, trace.outcomes)
    bound = case.allowed(found.squares)
    unit = case.within.utility_range
    variance = found.variance / np.where(unit > 0, unit, 1.0) ** 2
    sampling = unit * sampling_bound(variance, case.log_delta, trace.horizon)
    for k in range(len(trace.subsequences)):
        cost, stakes = case.within.cost(k)[:, None], case.within.regret_stakes(k)
        claim = f"regret(S) to following any base in expectation <= {_IN_EXPECTATION}"
        measured, allowed = _tightest(happened.expected[k], bound[k] + cost)
        yield case.row("Section 4.1", claim, k, measured, allowed, 1.0, stakes)
        claim = "regret(S) to following any base <= that + sampling"
        measured, allowed = _tightest(happened.realized[k], bound[k] + sampling[k][:, None] + cost)
        yield case.row("Section 4.1", claim, k, measured, allowed, _LIKELY, stakes)


def _coordinates(case: _Case) -> Iterator[dict[str, object]]:
    trace, measures, within = case.evidence.trace, case.evidence.measures, case.within
    name = measures.population.name
    expected = happened = expected_bias(trace, case.mixtures, name, within.outcomes)
    if within.beyond.any():
        happened = expected_bias(trace, case.mixtures, name, trace.outcomes)
    sampling = sampling_bound(mixed_rounds(trace, case.mixtures) / 4, case.log_delta, trace.horizon)
    for k in range(len(trace.subsequences)):
        measured, allowed, largest = _against_bounds(case, happened.total[k], expected.squares[k], within.error(k))
        claim = f"bias in expectation <= {_IN_EXPECTATION}"
        yield case.row(case.rule.bias, claim, k, measured, allowed, 1.0, case.bias_stakes(k))
        sampled = largest + sampling[k]
        measured, allowed = _tightest(measures.bias[k][:, :, None], sampled[:, :, None] + within.error(k))
        claim = "bias of the sampled predictions <= that + sampling"
        yield case.row(case.rule.bias, claim, k, measured, allowed, _LIKELY, case.bias_stakes(k))
        allowed = 2 * measures.population.lipschitz * np.where(measures.count[k] > 0, sampled, 0.0).sum(axis=1)
        yield from _regrets(case, k, "2 L sum of the sampled bounds", allowed)


def _directions(case: _Case) -> Iterator[dict[str, object]]:
    trace, measures, within = case.evidence.trace, case.evidence.measures, case.within
    name = measures.population.name
    expected = happened = expected_directions(trace, case.mixtures, name, within.outcomes)
    if within.beyond.any():
        happened = expected_directions(trace, case.mixtures, name, trace.outcomes)
    # In units of the width 2, with a variance of at most 1 / 4 of its square.
    sampling = 2 * sampling_bound(mixed_rounds(trace, case.mixtures) / 4, case.log_delta, trace.horizon)
    for k in range(len(trace.subsequences)):
        measured, allowed, largest = _against_bounds(case, happened.total[k], expected.squares[k], within.cost(k) / 2)
        claim = f"bias along utilities in expectation <= {_IN_EXPECTATION}"
        yield case.row(case.rule.bias, claim, k, measured, allowed, 1.0, case.bias_stakes(k))
        sampled = largest + sampling[k]
        allowed = 2 * np.where(measures.count[k] > 0, sampled, 0.0).sum(axis=1)
        yield from _regrets(case, k, "2 sum of the sampled bounds", allowed)


def _regrets(case: _Case, k: int, words: str, allowed: FloatArray) -> Iterator[dict[str, object]]:
    """Swap and external regret on subsequence k under the same bound (N,), where they have none of their own."""
    if case.calibration.regret_pairs:
        return
    evidence, measures, within = case.evidence, case.evidence.measures, case.within
    kept, note = evidence.met(case.rule, k, measures.benchmark[k], Hypothesis.BENCHMARK)
    for theorem, kind, regret in (
        (case.rule.swap, "swap", measures.swap_regret[k]),
        (case.rule.external, "external", measures.external_regret[k]),
    ):
        claim, name = f"{kind} regret(S) <= {words}", evidence.trace.subsequences[k]
        row = evidence.row(
            theorem, claim, name, regret, allowed + within.cost(k), case.met & kept, case.note or note, _LIKELY,
            stakes=within.regret_stakes(k), basis=Basis.RECORD,
        )  # fmt: skip
        yield within.told(row, k)


def _against_bounds(
    case: _Case, total: FloatArray, squares: FloatArray, added: FloatArray | float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Measure and bound, each (N,), of the event (N, A, i) closest to its bound, and the largest bound (N, A).

    Added to a bound is what outcomes beyond their limits cost, (N,) or the same for all. Agents are taken in blocks, so
    that nothing as large as the events is made.
    """
    agents, actions, others = total.shape
    added = np.broadcast_to(added, agents)[:, None, None]
    measured, allowed, largest = np.empty(agents), np.empty(agents), np.empty((agents, actions))
    for part in blocks(agents, actions * others):
        bound = case.allowed(squares[part])
        measured[part], allowed[part] = _tightest(case.sizes(total[part]), bound + added[part])
        largest[part] = bound.max(axis=2)
    return measured, allowed, largest


def _tightest(measured: FloatArray, bound: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Measure and bound, each (N,), of the event closest to its bound among those of each agent (N, A, i)."""
    flat, allowed = measured.reshape(len(measured), -1), bound.reshape(len(bound), -1)
    closest = share(flat, allowed).argmax(axis=1)
    agents = np.arange(len(flat))
    return flat[agents, closest], allowed[agents, closest]
