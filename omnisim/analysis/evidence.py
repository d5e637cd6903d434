"""Evidence that a guarantee is checked against, and the row that states the result."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial

import numpy as np

from omnisim.analysis.lateness import Lateness, at_once, lateness
from omnisim.analysis.measures import Measures
from omnisim.analysis.stakes import Stakes, rounds_present, utility_spread
from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.problem.guarantees import Benchmark, Guarantee, Hypothesis, Scope
from omnisim.problem.ranges import utility_range
from omnisim.trace import PopulationRecord, Trace
from omnisim.trace.declarations import Declaration

WHOLE_RUN = "every round"
"""The scope of what is claimed about all rounds together."""

DELTA = 0.05
"""Probability with which certificates about what was sampled may fail, unless the guarantee states its own."""

_LEAST = 1e-300
"""Potentials are sums of exponentials: a record that says less is not believed."""

NOTES: dict[Hypothesis, str] = {
    Hypothesis.BENCHMARK: "the benchmark of the others is empty",
    Hypothesis.BENCHMARK_KEPT: "the others have an empty benchmark, or lost an action of it",
    Hypothesis.CANDIDATES: "the others had no candidate left in some round",
    Hypothesis.LAW: "the law of the outcomes is not known, so BE is not either",
    Hypothesis.ORDER: "news came out of order, so the known costs are no martingale",
    Hypothesis.AT_ONCE: "messages came late, forecasts from several, or agents came and went",
    Hypothesis.BUDGET: "the potential exceeded e K: the tolerance was larger than the budget",
}
"""Remarks about agents that do not meet a hypothesis."""


class Status(StrEnum):
    """Result of checking a certificate; nothing is promised by the last three."""

    VIOLATED = "violated"
    """A promise or an assumption does not hold."""

    INFORMATIVE = "informative"
    """It holds and could have failed: the bound is below what could be lost without any promise."""

    VACUOUS = "vacuous"
    """The bound is no lower than that."""

    UNMET = "hypotheses unmet"
    """No agent meets the hypotheses."""

    CHECK = "cannot fail"
    """An assumption that was checked, an identity, or a bound on what could not be lost anyway."""


class Basis(StrEnum):
    """Source of the numbers in a bound."""

    BEFORE = "before the run"
    """Numbers known before the run, for its number of rounds; where news came late, the delays as well."""

    RECORD = "from the record"
    """Numbers of the record as well: the bound is read beside ``hindsight``."""


@dataclass(frozen=True)
class Evidence:
    """Record and measures that the guarantees about one population are checked against."""

    trace: Trace
    record: PopulationRecord
    measures: Measures

    @cached_property
    def declared(self) -> Declaration:
        """Declaration of the population's policy: its guarantees and its benchmark."""
        return self.trace.policy(self.record.population.name)

    @cached_property
    def late(self) -> Lateness:
        """Lateness of the population's news."""
        return lateness(self.record)

    @cached_property
    def potential(self) -> float:
        """The largest Phi / K that the forecaster reported; infinite if it reported none."""
        reported = self.trace.diagnostics.get("potential")
        return math.inf if reported is None else float(reported.max())

    @cached_property
    def final_potential(self) -> float:
        """Phi / K after the last round; infinite if the forecaster reported none."""
        reported = self.trace.diagnostics.get("potential")
        return math.inf if reported is None else max(float(reported[-1]), _LEAST)

    def allowed(self, words: str, part: str, late_part: str, missing: str) -> str:
        """A claim ``words <= part``, or as it reads where news came late and default actions were played."""
        return f"{words} <= {part}" if self.late.none else f"{words} <= {late_part} + {missing}"

    def places(self, scope: Scope) -> Iterator[tuple[int | None, str, str]]:
        """Index (None for all rounds together), name and suffix in claims of each subsequence, or of all rounds."""
        if scope == Scope.RUN:
            yield None, WHOLE_RUN, ""
        else:
            yield from ((k, name, "(S)") for k, name in enumerate(self.trace.subsequences))

    def member(self, k: int | None) -> BoolArray:
        """The rounds of subsequence k, or all, (T, 1)."""
        return self.trace.active[:, [k]] if k is not None else np.ones((self.trace.rounds, 1), dtype=np.bool_)

    def benchmark(self, kind: Benchmark, k: int | None) -> BoolArray:
        """The benchmark on subsequence k, or on all rounds, (N, A); B in place of a BE that is not known.

        Subsequences cover all rounds, so the benchmark of all rounds is what stays clean on each.
        """
        expected = self.record.expected_violated_at
        left_at = self.record.violated_at if kind == Benchmark.REALIZED or expected is None else expected
        clean = left_at == self.trace.rounds
        return np.asarray(clean.all(axis=2) if k is None else clean[:, :, k])

    def left_in(self, k: int | None) -> BoolArray:
        """The actions (N, A) still in candidate set k at the end; in all of them for None."""
        there = self._left_at(k) == self.trace.rounds
        return np.asarray(there.all(axis=2))

    def met(
        self, guarantee: Guarantee, k: int | None, benchmark: BoolArray, *more: Hypothesis
    ) -> tuple[BoolArray, str]:
        """Agents (N,) that meet the hypotheses, and what the first of the others lack.

        Parameters
        ----------
        guarantee, more
            Whose hypotheses, and further ones.
        k
            Subsequence, or None for all rounds.
        benchmark : (N, A)
            On these rounds.
        """
        met = np.full(len(benchmark), not guarantee.unmet)
        note = guarantee.unmet
        for hypothesis in (*guarantee.hypotheses, *more):
            found = self._meets(hypothesis, k, benchmark)
            if not note and not np.all(found):
                note = NOTES[hypothesis]
            met &= found
        return met, note

    def _meets(self, hypothesis: Hypothesis, k: int | None, benchmark: BoolArray) -> BoolArray | bool:
        match hypothesis:
            case Hypothesis.BENCHMARK:
                return np.asarray(benchmark.any(axis=1))
            case Hypothesis.BENCHMARK_KEPT:
                last = np.flatnonzero(self.member(k)).max(initial=-1)
                stayed = (self._left_at(k) >= last).all(axis=2)
                return np.asarray(benchmark.any(axis=1) & (~benchmark | stayed).all(axis=1))
            case Hypothesis.CANDIDATES:
                return np.asarray(~self.record.fallback.any(axis=0))
            case Hypothesis.LAW:
                return self.record.expected_violated_at is not None
            case Hypothesis.ORDER:
                return self.late.in_order
            case Hypothesis.AT_ONCE:
                return at_once(self.record)
            case Hypothesis.BUDGET:
                return self.potential <= math.e

    def regret_stakes(self, k: int | None) -> Stakes:
        """Largest possible regret of each agent on subsequence k, or over all rounds."""
        here = rounds_present(self.record, self.member(k))
        return Stakes(
            here * self._utility_range,
            partial(utility_spread, self.record, self.trace.outcomes, self.member(k)[:, 0]),
            utility=True,
        )

    def _came(self, subsequence: str) -> bool:
        """Whether there is a round that a row is about."""
        names = self.trace.subsequences
        return subsequence not in names or bool(self.trace.active[:, names.index(subsequence)].any())

    @cached_property
    def _utility_range(self) -> FloatArray:
        return utility_range(self.record.population)

    def _left_at(self, k: int | None) -> FloatArray:
        """Rounds after which the actions left candidate set k, or each set, (N, A, 1 or K)."""
        left_at = self.record.eliminated_at
        return np.asarray(left_at if k is None or left_at.shape[2] == 1 else left_at[:, :, [k]])

    def row(
        self,
        theorem: str,
        claim: str,
        subsequence: str,
        measured: FloatArray,
        bound: FloatArray | float,
        met: BoolArray,
        unmet: str = "",
        probability: float = 1.0,
        *,
        stakes: Stakes,
        check: bool = False,
        basis: Basis = Basis.BEFORE,
    ) -> dict[str, object]:
        """One row about N agents with measured values and bounds, (N,) each.

        Parameters
        ----------
        theorem, claim, subsequence
            Columns of the row.
        measured, bound : (N,)
        met : (N,)
            Who meets the hypotheses.
        unmet
            What the others lack.
        probability
            With which the bound is promised.
        stakes
            What could be lost without any promise.
        check
            Whether it checks what is assumed, rather than what is promised.
        basis
            What the bound is computed from.
        """
        name = self.record.population.name
        if subsequence in self.trace.adaptive:
            basis = Basis.RECORD  # how many rounds it has was not known before
        row: dict[str, object] = {
            "theorem": theorem,
            "claim": claim,
            "scope": f"{name} / {subsequence}",
            "population": name,
            "subsequence": subsequence,
            "measured": np.nan,
            "bound": np.nan,
            "margin": np.nan,
            "holds": True,
            "probability": probability,
            "basis": str(basis),
            "trivial": np.nan,
            "hindsight": np.nan,
            "money": np.nan,
            "informative": False,
            "status": str(Status.UNMET),
            "agents": len(met),
            "hypotheses_met": int(met.sum()),
            "note": "" if met.all() else unmet,
        }
        if met.any():
            bounds = np.broadcast_to(np.asarray(bound, dtype=np.float64), measured.shape)
            closest = int(np.where(met, share(measured, bounds), -np.inf).argmax())
            row["measured"], row["bound"] = float(measured[closest]), float(bounds[closest])
            row["margin"] = float(bounds[closest] - measured[closest])
            slack = ROUNDING * np.maximum(1.0, np.abs(bounds))
            row["holds"] = holds = bool((measured <= bounds + slack)[met].all())
            row["trivial"], row["hindsight"] = trivial, _ = (
                stakes.of(closest) if self._came(subsequence) else (0.0, 0.0)
            )
            if stakes.utility:
                row["money"] = float(self.record.population.money.scale[closest])
            row["informative"] = informative = bool(bounds[closest] < trivial)
            row["status"] = str(_status(holds, informative, check or trivial == 0))
        return row


def _status(holds: bool, informative: bool, check: bool) -> Status:
    if not holds:
        return Status.VIOLATED
    if check:
        return Status.CHECK
    return Status.INFORMATIVE if informative else Status.VACUOUS


def share(measured: FloatArray, bound: FloatArray) -> FloatArray:
    """Measured / bound, the share of what is allowed; for a bound <= 0, infinite if it is exceeded and else 0."""
    exceeded = np.where(measured > bound, np.inf, 0.0)
    return np.divide(measured, bound, out=exceeded, where=bound > 0)
