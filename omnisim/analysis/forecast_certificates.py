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
from typing import Any

import numpy as np

from omnisim.analysis.base_regret import base_regrets
from omnisim.analysis.evidence import WHOLE_RUN, Evidence, share
from omnisim.analysis.expected import allowed_bias, expected_bias, expected_directions
from omnisim.arrays import BoolArray, FloatArray
from omnisim.trace import FORECASTER, Mixtures, PopulationRecord

DELTA = 0.05
"""Probability with which the certificates about sampled predictions may fail, over all of a run together."""

_THEOREMS = {
    "BestResponse": ("Theorem 4", "Corollary 2", "Corollary 3"),
    "FirstViolation": ("Theorem 4", "Corollary 2", "Corollary 3"),
    "SubsequenceFirstViolation": ("Theorem 8", "Corollary 5", "Corollary 6"),
    "CumulativeThreshold": ("Theorem 10", "Corollary 7", "Corollary 8"),
    "SubsequenceThreshold": ("Theorem 12", "Corollary 9", "Corollary 10"),
}
"""Bias, swap regret and external regret, by the elimination rule beside the forecaster."""

_UNMET = "the potential exceeded e K: the tolerance was larger than the budget"
_OTHERS = "the others have an empty benchmark, or lost an action of it"


def forecast_claims(evidence: Evidence) -> Iterator[dict[str, object]]:
    """Rows about the forecaster, where it is one with a certified bound."""
    trace, name = evidence.trace, evidence.record.population.name
    forecast: dict[str, Any] = trace.about.get("forecast", {})
    policy = trace.about["elimination"][name]
    if forecast.get("weights") != "potential" or policy not in _THEOREMS or trace.mixtures is None:
        return
    if not at_once(evidence.record):
        return
    within = bool(trace.diagnostics["potential"].max() <= math.e)
    every = np.full(evidence.record.population.agents, within)
    yield evidence.row(
        "Section 4.2", "Phi / K <= e", WHOLE_RUN, np.full(len(every), trace.diagnostics["potential"].max()), math.e,
        np.ones_like(every),
    )  # fmt: skip
    count = int(forecast["count"])
    if forecast.get("base_regret") and trace.bases is not None:
        yield from _bases(evidence, trace.mixtures, trace.bases, count, every)
    yield from (_coordinates if forecast["objectives"] == "coordinates" else _directions)(evidence, count, every)


def at_once(record: PopulationRecord) -> bool:
    """Whether the agents always acted on this round's prediction of the first forecaster, and on nothing else.

    The bounds speak about events of the mixtures committed to, with the candidates that the forecaster knew of and an
    update after every round. With late messages, several forecasters, or agents that come and go, nothing is claimed.
    """
    alone = record.subscriptions == (FORECASTER,)
    return alone and record.heard is None and record.present is None


def _bases(
    evidence: Evidence, mixtures: Mixtures, bases: FloatArray, count: int, met: BoolArray
) -> Iterator[dict[str, object]]:
    """Of each agent, the base that it regrets most, relative to what is allowed."""
    trace, measures = evidence.trace, evidence.measures
    found = base_regrets(trace, mixtures, bases, measures.population.name)
    bound = allowed_bias(trace, found.squares)
    sampling = np.sqrt(measures.rounds * math.log(2 * count / DELTA) / 2)
    for k, name in enumerate(trace.subsequences):
        claim = "regret(S) to following any base in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda"
        measured, allowed = _tightest(found.expected[k], bound[k])
        yield evidence.row("Section 4.1", claim, name, measured, allowed, met, _UNMET)
        claim = "regret(S) to following any base <= that + sqrt(|S| ln(2 K / delta) / 2)"
        measured, allowed = _tightest(found.realized[k], bound[k] + sampling[k])
        yield evidence.row("Section 4.1", claim, name, measured, allowed, met, _UNMET, 1 - DELTA)


def _coordinates(evidence: Evidence, count: int, met: BoolArray) -> Iterator[dict[str, object]]:
    trace, measures = evidence.trace, evidence.measures
    assert trace.mixtures is not None  # noqa: S101 (the caller has asked; this tells the type checker)
    theorem, *corollaries = _THEOREMS[trace.about["elimination"][measures.population.name]]
    expected = expected_bias(trace, trace.mixtures, measures.population.name)
    bound = allowed_bias(trace, expected.squares)
    sampling = np.sqrt(2 * measures.rounds * math.log(2 * count / DELTA))
    for k, name in enumerate(trace.subsequences):
        measured, allowed = _tightest(np.abs(expected.total[k]), bound[k])
        yield evidence.row(
            theorem, "bias in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda", name, measured, allowed, met, _UNMET
        )
        sampled = bound[k].max(axis=2) + sampling[k]
        measured, allowed = _tightest(measures.bias[k][:, :, None], sampled[:, :, None])
        yield evidence.row(
            theorem,
            "bias of the sampled predictions <= that + sqrt(2 |S| ln(2 K / delta))",
            name,
            measured,
            allowed,
            met,
            _UNMET,
            1 - DELTA,
        )
        allowed = 2 * measures.population.lipschitz * sampled.sum(axis=1)
        yield from _regrets(evidence, k, corollaries, "2 L sum of the sampled bounds", allowed, met)


def _directions(evidence: Evidence, count: int, met: BoolArray) -> Iterator[dict[str, object]]:
    trace, measures = evidence.trace, evidence.measures
    assert trace.mixtures is not None  # noqa: S101 (the caller has asked; this tells the type checker)
    theorem, *corollaries = _THEOREMS[trace.about["elimination"][measures.population.name]]
    expected = expected_directions(trace, trace.mixtures, measures.population.name)
    bound = allowed_bias(trace, expected.squares)
    sampling = np.sqrt(2 * measures.rounds * math.log(count / DELTA))
    for k, name in enumerate(trace.subsequences):
        measured, allowed = _tightest(expected.total[k], bound[k])
        claim = "bias along utilities in expectation <= 2.1214 sqrt(Lambda V) + 4 Lambda"
        yield evidence.row(theorem, claim, name, measured, allowed, met, _UNMET)
        allowed = 2 * (bound[k].max(axis=2) + sampling[k]).sum(axis=1)
        yield from _regrets(evidence, k, corollaries, "2 sum of the sampled bounds", allowed, met)


def _regrets(
    evidence: Evidence, k: int, corollaries: list[str], words: str, allowed: FloatArray, met: BoolArray
) -> Iterator[dict[str, object]]:
    """Swap and external regret on subsequence k under the same bound (N,)."""
    measures = evidence.measures
    retained = met & evidence.retained(k)
    for corollary, kind, regret in zip(
        corollaries, ("swap", "external"), (measures.swap_regret[k], measures.external_regret[k]), strict=True
    ):
        yield evidence.row(
            corollary,
            f"{kind} regret(S) <= {words}",
            evidence.trace.subsequences[k],
            regret,
            allowed,
            retained,
            _OTHERS,
            1 - DELTA,
        )


def _tightest(measured: FloatArray, bound: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each agent's events (N, A, i), the one closest to its bound, as (N,) and (N,)."""
    flat, allowed = measured.reshape(len(measured), -1), bound.reshape(len(bound), -1)
    closest = share(flat, allowed).argmax(axis=1)
    agents = np.arange(len(flat))
    return flat[agents, closest], allowed[agents, closest]
