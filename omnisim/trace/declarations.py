"""Declarations of the strategies of a run, written to and read from ``trace.about``.

.. code-block:: text

    about["policies"][population]   {"benchmark": "realized" or "expected", "guarantees": [statement, ...]}
    about["forecast"]               {"guarantees": [statement, ...]}

Statements are those of :mod:`omnisim.problem.guarantees`, as plain JSON. Records of older versions have none: what a
strategy guaranteed then is not known, and nothing is claimed for it (``guarantees`` is None, not empty).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnisim.errors import ProblemError, TraceError
from omnisim.problem.guarantees import (
    OF_FORECASTERS,
    OF_POLICIES,
    Benchmark,
    BoundsViolation,
    Guarantee,
    as_json,
    from_json,
)


@dataclass(frozen=True)
class Declaration:
    """Declaration of the policy of a population, or of a forecaster.

    Attributes
    ----------
    guarantees
        What it guarantees; None where the record does not say.
    benchmark
        What a policy competes with.
    """

    guarantees: tuple[Guarantee, ...] | None = None
    benchmark: Benchmark = Benchmark.REALIZED


def written(guarantees: Sequence[Guarantee], benchmark: Benchmark | None = None) -> dict[str, Any]:
    """Form of a declaration in ``about``; ``benchmark`` of a policy."""
    named = {} if benchmark is None else {"benchmark": str(benchmark)}
    return named | {"guarantees": [as_json(guarantee) for guarantee in guarantees]}


def of_policy(about: Mapping[str, Any], population: str, subsequences: int) -> Declaration:
    """The declaration of the policy of a population, in a run with L subsequences.

    Raises
    ------
    TraceError
        If it is none.
    """
    where = f"about.policies.{population}"
    entry = _entry(_entry(about, "policies", "about"), population, "about.policies")
    benchmark = entry.get("benchmark", Benchmark.REALIZED)
    if benchmark not in list(Benchmark):
        raise TraceError(f"{where}.benchmark is {benchmark!r}: it must be one of {', '.join(Benchmark)}")
    found = _guarantees(entry, where)
    for i, each in enumerate(found or ()):
        _expect(isinstance(each, OF_POLICIES), each, f"{where}.guarantees[{i}]", "about a forecaster")
        if isinstance(each, BoundsViolation):
            words = f"with {len(each.thresholds)} thresholds in a run with {subsequences} subsequences"
            _expect(each.fits(subsequences), each, f"{where}.guarantees[{i}]", words)
    return Declaration(found, Benchmark(benchmark))


def of_forecaster(about: Mapping[str, Any]) -> Declaration:
    """The declaration of the first forecaster.

    Raises
    ------
    TraceError
        If it is none.
    """
    found = _guarantees(_entry(about, "forecast", "about"), "about.forecast")
    for i, each in enumerate(found or ()):
        _expect(isinstance(each, OF_FORECASTERS), each, f"about.forecast.guarantees[{i}]", "about the policy of agents")
    return Declaration(found)


def check(about: Mapping[str, Any], populations: Iterable[str], subsequences: int) -> None:
    """Raise a ``TraceError`` if a declaration of a run with these populations and L subsequences cannot be read."""
    of_forecaster(about)
    for name in populations:
        of_policy(about, name, subsequences)


def _entry(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise TraceError(f"{where}.{key} is {value!r}: it must be a table")
    return value


def _guarantees(entry: Mapping[str, Any], where: str) -> tuple[Guarantee, ...] | None:
    listed = entry.get("guarantees")
    if listed is None:
        return None
    if not isinstance(listed, list | tuple):
        raise TraceError(f"{where}.guarantees is {listed!r}: it must be a list")
    found = []
    for i, value in enumerate(listed):
        try:
            found.append(from_json(value))
        except ProblemError as cause:
            raise TraceError(f"{where}.guarantees[{i}] is no guarantee: {cause}") from cause
    return tuple(found)


def _expect(fits: bool, guarantee: Guarantee, where: str, words: str) -> None:
    if not fits:
        raise TraceError(f"{where} is {type(guarantee).__name__} ({guarantee.theorem}), a guarantee {words}")
