"""Certificates of regrets that a forecaster keeps small directly (:mod:`omnisim.game.regret_bounds`).

Two for each regret and subsequence, of different kinds:

- before the run: regret in expectation over the mixtures, in a run of T rounds, whatever comes: Phi <= e K and gains
  within the agent's range;
- from the record: regret of the actions played, by the potential Phi / K at the end, the sums of squares V, the number
  P of actions that were or could have been played, and what the draws may add. It fails with probability at most delta:
  each pair of a subsequence and an agent has delta / E of it for external regret, and as much for swap regret.

Where outcomes have limits, ranges are those within them, and what rounds beyond them cost is added
(:mod:`omnisim.analysis.conditional`).

What draws add to external regret is E_psi u(a(p), y) - u(a, y), in units of the range at most 1 and of a variance that
the mixture tells. To swap regret they add, for each of A^A swaps f, E_psi r - r with r = u(f(a), y) - u(a, y) in
[-range, range]: at most 2 ranges, of a variance of at most E (r - r*)^2 <= 4 range^2 (1 - q), r* that of an action of
probability q.
"""

import math
from collections.abc import Iterator

import numpy as np

from omnisim.analysis.conditional import Conditional
from omnisim.analysis.evidence import DELTA, Basis, Evidence
from omnisim.analysis.expected_regret import expected_regrets
from omnisim.arrays import BoolArray, FloatArray
from omnisim.game.regret_bounds import (
    SMALLEST_RANGE,
    external_logarithm,
    regret_bound,
    regret_rates,
    sampling_bound,
    swap_logarithm,
    worst_regret_bound,
)
from omnisim.problem.guarantees import CalibratesDecisions, Hypothesis, RegretFromBias
from omnisim.trace import Mixtures

PROMISED = "{} regret(S) in expectation <= range (ln({} E e) - |S| ln(1 - eta^2) / 2) / artanh(eta), least over eta"
RECORDED = "{} regret(S) <= range (ln({} E Phi / K) + c eta^2 V) / eta, least over eta, + sampling"


def regret_claims(
    evidence: Evidence,
    mixtures: Mixtures,
    calibration: CalibratesDecisions,
    rule: RegretFromBias,
    within: Conditional,
    met: BoolArray,
    note: str,
) -> Iterator[dict[str, object]]:
    """Rows about the regrets of a population beside a forecaster with potentials of them.

    Parameters
    ----------
    evidence, mixtures
        Of the run.
    calibration, rule
        What forecaster and rule declare; ``calibration.regret_pairs`` > 0.
    within
        The outcomes that the promises are about.
    met : (N,)
        Agents that meet the hypotheses of the forecaster.
    note
        What the others lack.
    """
    trace, measures = evidence.trace, evidence.measures
    name = measures.population.name
    found = happened = expected_regrets(trace, mixtures, name, within.outcomes)
    if within.beyond.any():
        happened = expected_regrets(trace, mixtures, name, trace.outcomes)
    rounds, actions, pairs = trace.horizon, measures.population.actions, calibration.regret_pairs
    rates = regret_rates(rounds)
    unit = within.utility_range
    square = np.where(unit > SMALLEST_RANGE, unit, 1.0) ** 2
    log_delta = math.log(pairs / DELTA)
    expected = {"swap": happened.swap(measures.benchmark), "external": happened.external(measures.benchmark)}
    spent = evidence.final_potential
    for k, name in enumerate(trace.subsequences):
        into = measures.benchmark[k]
        kept, lacking = evidence.met(rule, k, into, Hypothesis.BENCHMARK)
        stakes, size, cost = within.regret_stakes(k), float(measures.rounds[k]), within.cost(k)
        squares = found.squares[k]
        of_external = np.where(into, squares.sum(axis=1), 0.0).max(axis=1) / square
        of_swap = np.where(into[:, None], squares, 0.0).max(axis=2).sum(axis=1) / square
        possible = found.possible[k].sum(axis=1)
        ways: dict[str, tuple[str, str, FloatArray, FloatArray, FloatArray]] = {
            "swap": (
                rule.swap,
                "m A^A|m A^P",
                worst_regret_bound(np.array(size), swap_logarithm(rates, actions, pairs, math.e, actions), rates),
                regret_bound(of_swap, swap_logarithm(rates, actions, pairs, spent, possible), rates)
                + 2 * sampling_bound(found.unsure[k], actions * math.log(actions) + log_delta, rounds),
                measures.swap_regret[k],
            ),
            "external": (
                rule.external,
                "m A|m A",
                worst_regret_bound(np.array(size), external_logarithm(rates, actions, pairs, math.e), rates),
                regret_bound(of_external, external_logarithm(rates, actions, pairs, spent), rates)
                + sampling_bound(found.variance[k] / square, log_delta, rounds),
                measures.external_regret[k],
            ),
        }
        for kind, (theorem, words, before, after, measured) in ways.items():
            promise, record = words.split("|")
            promised = met & kept & calibration.budgeted
            lacks = note or lacking or ("" if calibration.budgeted else UNBUDGETED)
            row = evidence.row(
                theorem, PROMISED.format(kind, promise), name, expected[kind][k], before * unit + cost, promised, lacks,
                stakes=stakes,
            )  # fmt: skip
            yield within.told(row, k)
            row = evidence.row(
                theorem, RECORDED.format(kind, record), name, measured, after * unit + cost, met & kept,
                note or lacking, 1 - DELTA, stakes=stakes, basis=Basis.RECORD,
            )  # fmt: skip
            yield within.told(row, k)


UNBUDGETED = "the tolerance is fixed: nothing keeps the potential within e K"
"""Reason that nothing is promised before the run, and that a potential above the budget breaks no promise."""
