"""Certificates of what the policy of a population declared: elimination rules, and learners that draw their actions.

What an agent that draws its actions really regrets differs from its expectation over the draws by a martingale: the law
of the outcome is fixed before the draw is known. With utilities in [0, 1], costs in [-1, 1], N agents, A actions and J
constraints, by Azuma-Hoeffding all agents stay, with probability 1 - delta each,

- within sqrt(T ln(N / delta) / 2) of the external regret in expectation: only the own utility is drawn, and it lies in
  an interval of width 1;
- within sqrt(2 T (A ln A + ln(N / delta))) of the swap regret: gains of each of the A^A swaps lie in an interval of
  width 2, and a union over the swaps;
- within sqrt(2 T ln(N J / delta)) of the costs under each constraint.
"""

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from omnisim.analysis.evidence import DELTA, WHOLE_RUN, Basis, Evidence
from omnisim.analysis.regret import Regret as RegretMeasures
from omnisim.analysis.regret import regret
from omnisim.analysis.stakes import NONE, removal_stakes, violation_stakes
from omnisim.analysis.sums import blocks, played_sums
from omnisim.analysis.violation import cumulative_violation
from omnisim.arrays import BoolArray, FloatArray
from omnisim.problem.guarantees import (
    Benchmark,
    BoundsCosts,
    BoundsRegret,
    BoundsViolation,
    Hypothesis,
    KeepsBenchmark,
    Regret,
    RegretFromBias,
    Scope,
)

Rows: TypeAlias = Iterator[dict[str, object]]

UNDECLARED = "the record is of a version that did not write down what strategies guarantee: run its scenario.toml again"


def policy_claims(evidence: Evidence) -> Rows:
    """Rows about the policy of the population, a few for each of its guarantees."""
    declared = evidence.declared.guarantees
    if declared is None:
        nobody = np.zeros(evidence.record.population.agents, dtype=np.bool_)
        none = np.full(len(nobody), np.nan)
        yield evidence.row(
            "none", "what the strategies guarantee", WHOLE_RUN, none, np.nan, nobody, UNDECLARED, stakes=NONE
        )
        return
    for guarantee in declared:
        match guarantee:
            case KeepsBenchmark():
                yield from _keeps(evidence, guarantee)
            case BoundsViolation():
                yield from _violation(evidence, guarantee)
            case RegretFromBias():
                yield from _regret_from_bias(evidence, guarantee)
            case BoundsRegret():
                yield _drawn_regret(evidence, guarantee)
            case BoundsCosts():
                yield _drawn_costs(evidence, guarantee)


def _keeps(evidence: Evidence, guarantee: KeepsBenchmark) -> Rows:
    letters = {Benchmark.REALIZED: "B", Benchmark.EXPECTED: "BE"}[guarantee.benchmark]
    for k, name, of in evidence.places(guarantee.scope):
        kept = evidence.benchmark(guarantee.benchmark, k)
        removed = (kept & ~evidence.left_in(k)).sum(axis=1).astype(np.float64)
        met, note = evidence.met(guarantee, k, kept)
        claim = f"actions of {letters}{of} removed = 0"
        probability, stakes = 1 - guarantee.delta, removal_stakes(evidence.record, kept)
        yield evidence.row(guarantee.theorem, claim, name, removed, 0.0, met, note, probability, stakes=stakes)


def _violation(evidence: Evidence, guarantee: BoundsViolation) -> Rows:
    record, late, actions = evidence.record, evidence.late, evidence.record.population.actions
    thresholds = guarantee.thresholds or None
    for k, name, of in evidence.places(guarantee.scope):
        clean = evidence.benchmark(Benchmark.REALIZED, k)
        member = evidence.member(k)
        if guarantee.scope == Scope.RUN and thresholds is None:
            count: FloatArray | float = (actions - clean.sum(axis=1)).astype(np.float64)
            words = "|A without B|"
        elif guarantee.scope == Scope.RUN:
            count, words = float(actions), "|A|"
        else:
            count, words = float(len(evidence.trace.subsequences) * actions), "L |A|"
        gamma = 0.0 if thresholds is None else thresholds[k or 0]
        bound = count * (1 + gamma + late.delay) + late.lost + float(late.defaulted[member[:, 0]].sum())
        spent = ["1", *([] if thresholds is None else [f"gamma{'_S' if of else ''}"])]
        claim = evidence.allowed(
            f"CCV{'+' if thresholds is None else ''}{of}", _times(words, spent), _times(words, [*spent, "D"]),
            "lost + defaults",
        )  # fmt: skip
        total = cumulative_violation(record.costs, member)[thresholds is None][0]
        met, note = evidence.met(guarantee, k, clean)
        stakes = violation_stakes(record, member, k)
        basis = Basis.RECORD if words == "|A without B|" else Basis.BEFORE
        yield evidence.row(guarantee.theorem, claim, name, total, bound, met, note, stakes=stakes, basis=basis)
        if basis == Basis.RECORD or not late.none:
            continue
        count, words = _dirty_places(evidence, guarantee.scope, k)
        bound, claim = count * (1 + gamma), f"CCV{'+' if thresholds is None else ''}{of} <= {_times(words, spent)}"
        if guarantee.envelope:
            bound, claim = (
                _from_squares(evidence, guarantee, member, count),
                f"CCV{of} <= P (1 + gamma(Q / P)), P = {words}",
            )
        yield evidence.row(guarantee.theorem, claim, name, total, bound, met, note, stakes=stakes, basis=Basis.RECORD)


def _dirty_places(evidence: Evidence, scope: Scope, k: int | None) -> tuple[FloatArray, str]:
    """Places at which costs on subsequence k can be > 0, of each agent (N,): those of actions outside the benchmark.

    *Proof* that the others add nothing > 0. What is played in a round of S is played from a set A_j that is active
    then, so that S_j meets S. An action of B(S_j) has costs <= 0 in every round of S_j, and with it the sum of what was
    attributed to it there. |_|
    """
    actions = evidence.record.population.actions
    if scope == Scope.RUN:
        clean = evidence.benchmark(Benchmark.REALIZED, k)
        return (actions - clean.sum(axis=1)).astype(np.float64), "|A without B|"
    active = evidence.trace.active
    meets = active[active[:, k or 0]].any(axis=0)
    dirty = [actions - evidence.benchmark(Benchmark.REALIZED, int(j)).sum(axis=1) for j in np.flatnonzero(meets)]
    return np.sum(dirty, axis=0).astype(np.float64), "sum over S_j meeting S of |A without B(S_j)|"


def _from_squares(evidence: Evidence, guarantee: BoundsViolation, member: BoolArray, places: FloatArray) -> FloatArray:
    """Bound (N,) on the sum of each agent's costs over a set of rounds, given the sums Q of their squares.

    *Proof.* Place p has costs of at most 1 + gamma(Q_p) under a constraint, and gamma, a least of lines, is concave:
    the sum over P places whose Q_p add up to at most Q is at most P (1 + gamma(Q / P)). |_|
    """
    costs, squares = evidence.record.costs, np.empty(len(places))
    for block in blocks(len(places), len(costs) * costs.shape[2]):
        squares[block] = cumulative_violation(costs[:, block] ** 2, member)[1][0]
    shares = np.divide(squares, places, out=np.zeros_like(squares), where=places > 0)
    gamma = np.min([start + slope * shares for start, slope in guarantee.envelope], axis=0)
    return np.where(places > 0, places * (1 + gamma), 0.0)


def _times(words: str, spent: list[str]) -> str:
    return words if spent == ["1"] else f"{words} ({' + '.join(spent)})"


def _regret_from_bias(evidence: Evidence, guarantee: RegretFromBias) -> Rows:
    measures, late = evidence.measures, evidence.late
    claim = evidence.allowed("swap regret(S)", "2 L sum of biases", "2 L sum of biases", "defaults")
    missing = late.defaults(evidence.trace.active)[:, None]
    bound = 2 * measures.population.lipschitz * measures.bias.sum(axis=2) + missing
    for k, name, _ in evidence.places(Scope.SUBSEQUENCES):
        met, note = evidence.met(guarantee, k, measures.benchmark[k], Hypothesis.BENCHMARK)
        stakes = evidence.regret_stakes(k)
        yield evidence.row(
            guarantee.theorem,
            claim,
            name,
            measures.swap_regret[k],
            bound[k],
            met,
            note,
            stakes=stakes,
            basis=Basis.RECORD,
        )


def _drawn_regret(evidence: Evidence, guarantee: BoundsRegret) -> dict[str, object]:
    record, population = evidence.record, evidence.record.population
    clean = evidence.benchmark(evidence.declared.benchmark, None)
    found = _regret_of_all_rounds(evidence, clean)
    rounds, actions = len(record.actions), population.actions
    log = math.log(population.agents / DELTA)
    if guarantee.regret == Regret.EXTERNAL:
        measured, deviation, words = found.external[0], math.sqrt(rounds * log / 2), "sqrt(T ln(N / delta) / 2)"
    else:
        measured, words = found.swap[0], "sqrt(2 T (|A| ln |A| + ln(N / delta)))"
        deviation = math.sqrt(2 * rounds * (actions * math.log(actions) + log))
    met, note = evidence.met(guarantee, None, clean, Hypothesis.BENCHMARK)
    claim = f"{guarantee.regret} regret <= {guarantee.bound:.4g} + {words}"
    bound, stakes = guarantee.bound + deviation, evidence.regret_stakes(None)
    return evidence.row(guarantee.theorem, claim, WHOLE_RUN, measured, bound, met, note, 1 - DELTA, stakes=stakes)


def _regret_of_all_rounds(evidence: Evidence, benchmark: BoolArray) -> RegretMeasures:
    record, outcomes = evidence.record, evidence.trace.outcomes
    every = np.ones((len(outcomes), 1), dtype=np.bool_)
    sums = played_sums(
        record.actions, record.population.actions, every, outcomes, np.zeros_like(outcomes), record.present
    )
    return regret(record.population, sums, benchmark[None])


def _drawn_costs(evidence: Evidence, guarantee: BoundsCosts) -> dict[str, object]:
    record = evidence.record
    rounds, agents, constraints = record.costs.shape
    total = cumulative_violation(record.costs, evidence.member(None))[0][0]
    deviation = math.sqrt(2 * rounds * math.log(max(1, agents * constraints) / DELTA))
    met, note = evidence.met(guarantee, None, evidence.benchmark(evidence.declared.benchmark, None))
    claim = f"CCV <= {guarantee.bound:.4g} + sqrt(2 T ln(N J / delta))"
    bound, stakes = guarantee.bound + deviation, violation_stakes(record, evidence.member(None), None)
    return evidence.row(guarantee.theorem, claim, WHOLE_RUN, total, bound, met, note, 1 - DELTA, stakes=stakes)
