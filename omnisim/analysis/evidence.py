"""What a claim is checked against, and the row that states the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from omnisim.analysis.lateness import Lateness, lateness
from omnisim.analysis.measures import Measures
from omnisim.arrays import ROUNDING, BoolArray, FloatArray
from omnisim.trace import PopulationRecord, Trace

WHOLE_RUN = "every round"
"""The scope of what is claimed about all rounds together."""


@dataclass(frozen=True)
class Evidence:
    """What a claim is checked against."""

    trace: Trace
    record: PopulationRecord
    measures: Measures

    @property
    def facts(self) -> Mapping[str, object]:
        """What the policy of the population said of itself."""
        return self.trace.policy(self.record.population.name)

    @property
    def whole_run(self) -> BoolArray:
        """The benchmark over all rounds, (N, A): subsequences cover them, so it is what stays clean on each."""
        return np.asarray(self.measures.benchmark.all(axis=0))

    @cached_property
    def late(self) -> Lateness:
        """How late the population's news was."""
        return lateness(self.record)

    def allowed(self, words: str, part: str, late_part: str, missing: str) -> str:
        """A claim ``words <= part``, or as it reads where news came late and default actions were played."""
        return f"{words} <= {part}" if self.late.none else f"{words} <= {late_part} + {missing}"

    @property
    def played_on(self) -> BoolArray:
        """Agents (N,) that never had to fall back."""
        return np.asarray(~self.record.fallback.any(axis=0))

    def kept(self, k: int) -> BoolArray:
        """The actions (N, A) still in candidate set k at the end."""
        return np.asarray(self.record.eliminated_at[:, :, k] == self.trace.rounds)

    def retained(self, k: int) -> BoolArray:
        """Agents (N,) whose benchmark on subsequence k is not empty and stayed a candidate in all its rounds."""
        record, benchmark = self.record, self.measures.benchmark[k]
        last = np.flatnonzero(self.trace.active[:, k])[-1]
        left = record.eliminated_at[:, :, k if record.eliminated_at.shape[2] > 1 else 0]
        return np.asarray(benchmark.any(axis=1) & (~benchmark | (left >= last)).all(axis=1))

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
    ) -> dict[str, object]:
        """One row about N agents with measured values and bounds, (N,) each."""
        name = self.record.population.name
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
            row["holds"] = bool((measured <= bounds + slack)[met].all())
        return row


def share(measured: FloatArray, bound: FloatArray) -> FloatArray:
    """Measured / bound, the share of what is allowed; for a bound <= 0, infinite if it is exceeded and else 0."""
    exceeded = np.where(measured > bound, np.inf, 0.0)
    return np.divide(measured, bound, out=exceeded, where=bound > 0)
