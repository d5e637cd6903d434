"""Everything measured on a run: the function ``omnisim.analyze``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from omnisim.analysis.accuracy import accuracy
from omnisim.analysis.benchmark import benchmark_of
from omnisim.analysis.certificates import certificates
from omnisim.analysis.clipping import Clipped, clipped
from omnisim.analysis.expected import ExpectedBias, expected_bias
from omnisim.analysis.forecast_certificates import calibration_of
from omnisim.analysis.growth import growth
from omnisim.analysis.information import ages, message_counts
from omnisim.analysis.kernels import measure
from omnisim.analysis.measures import Measures
from omnisim.analysis.money import lost_by_clipping
from omnisim.analysis.sums import Rounds, blocks, over_rounds
from omnisim.analysis.violation import cumulative_violation, violations, whole_run_violations
from omnisim.analysis.worth import Worth, worth
from omnisim.arrays import read_only
from omnisim.display import as_html
from omnisim.errors import TraceError
from omnisim.frames import copied, handed_out
from omnisim.problem.limits import BOX, Limits
from omnisim.signatures import held_to_types
from omnisim.threads import at_most_threads, in_shares
from omnisim.trace import Trace


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """Results of :func:`analyze`; tables are built when first asked for, and each reader gets a copy.

    Attributes
    ----------
    trace
        The record analyzed.
    measures
        Per population, the measures as arrays (L, N) or (L, N, A).
    """

    trace: Trace
    measures: Mapping[str, Measures]

    def __repr__(self) -> str:
        return f"<Analysis of {self.trace!r}>"

    def _repr_html_(self) -> str:
        """Table of the money that each population earned with the forecasts, for notebooks."""
        sums = [
            (name, len(each.weights), *np.average(each.whole_run, axis=1, weights=each.weights), each.currency)
            for name, each in self.worth.items()
        ]
        columns = ["population", "agents", "money", "with persistence", "with foresight", "currency"]
        name = self.trace.about.get("scenario", "a scenario")
        sentence = f"Analysis of {name}: money per agent over {self.trace.rounds:,} rounds."
        return as_html(sentence, pd.DataFrame(sums, columns=columns))

    @handed_out
    def agents(self) -> pd.DataFrame:
        """One row per (population, agent, subsequence).

        Columns: population, agent (index from 0), subsequence, rounds, utility (sum), external_regret and swap_regret
        (sums, NaN where the benchmark is empty), benchmark_size, benchmark (which one: ``"realized"``, ``"expected"``,
        or ``"realized (law unknown)"`` where the rule competes with the expected one), ccv, ccv_positive, bias (largest
        over the actions), eliminated (actions that left the candidate set), fallback_rounds, money (sum, in the
        population's currency, at the true outcomes) and money_clipped (the same at the outcomes in [0, 1] that the
        theory sees: the utility translated; equal where nothing was clipped). Where agents have names or weights, name
        and weight follow on rounds.
        """
        return pd.concat([m.table(self.trace.subsequences) for m in self.measures.values()], ignore_index=True)

    @handed_out
    def certificates(self) -> pd.DataFrame:
        """One row per theorem and scope: what was measured, the bound, and whether it holds."""
        return certificates(self.trace, self.measures)

    @handed_out
    def worth(self) -> dict[str, Worth]:
        """Per population, money beside that with persistence and perfect foresight; see :class:`Worth`."""
        with at_most_threads(1):
            return {name: worth(self.trace, name) for name in self.trace.records}

    @handed_out
    def value(self) -> pd.DataFrame:
        """Worth of the forecasts to each agent on each subsequence, in money at the true outcomes.

        Columns: population, agent, subsequence, money, baseline (with persistence as the forecast), foresight (with
        perfect foresight), gain (money less baseline), currency; see :mod:`omnisim.analysis.worth`.
        """
        return pd.concat([found.table(self.trace.subsequences) for found in self.worth.values()], ignore_index=True)

    @handed_out
    def accuracy(self) -> pd.DataFrame:
        """Accuracy of the forecasts at the true outcomes; see :func:`~omnisim.analysis.accuracy.accuracy`."""
        return accuracy(self.trace)

    @held_to_types(TraceError)
    def accuracy_of(self, signal: str) -> pd.DataFrame:
        """The same of a signal beside the prices; ``trace.blocks`` names them."""
        if signal not in self._signal_accuracy:
            self._signal_accuracy[signal] = accuracy(self.trace, signal)
        return copied(self._signal_accuracy[signal])

    @cached_property
    def _signal_accuracy(self) -> dict[str, pd.DataFrame]:
        return {}

    @handed_out
    def violations(self) -> pd.DataFrame:
        """Violations in physical units; see :func:`~omnisim.analysis.violation.violations`."""
        return violations(self.trace)

    @handed_out
    def whole_run_violations(self) -> pd.DataFrame:
        """Violations over all rounds: one row per population, agent and constraint, without a subsequence."""
        return whole_run_violations(self.trace)

    @cached_property
    def clipping(self) -> Clipped:
        """Parts of the outcomes and of the money that clipping to [0, 1] cut off."""
        return clipped(self.trace)

    @handed_out
    def information(self) -> pd.DataFrame:
        """Money and regret of agents on forecasts of each age; see :func:`~omnisim.analysis.information.ages`."""
        return ages(self.trace)

    @handed_out
    def messages(self) -> pd.DataFrame:
        """Numbers of messages of each kind that were sent, delivered, late, lost and in flight at the end."""
        return message_counts(self.trace)

    def expected_bias(self, population: str) -> ExpectedBias:
        """Bias in expectation over the forecaster's mixtures; see :func:`~omnisim.analysis.expected.expected_bias`.

        At the outcomes as they were learnt: where they have limits, within those.

        Raises
        ------
        TraceError
            If there is no such population, or the record does not hold the mixtures.
        """
        if self.trace.mixtures is None:
            raise TraceError("the record of the run does not hold the mixtures of the forecaster")
        calibration = calibration_of(self.trace)
        limits = BOX if calibration is None else Limits(*calibration.limits)
        learnt = limits.within(self.trace.outcomes)
        return expected_bias(self.trace, self.trace.mixtures, population, learnt)

    def growth(self, population: str, subsequence: str, points: int = 40) -> pd.DataFrame:
        """Regret and violation of every agent after growing numbers of rounds; see :func:`growth`.

        Raises
        ------
        TraceError
            If there is no such population or subsequence, or ``points`` is no whole number >= 1.
        """
        return growth(self.trace, population, subsequence, points)


def analyze(trace: Trace) -> Analysis:
    """Measure regret, violation and bias for every agent and subsequence of a run.

    Everything follows from the record. Benchmarks are the actions that never violated a constraint in a round of
    the subsequence; for rules that compete with the actions that never do in expectation it is those, where the
    adversary's law is known.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Replay([[1.0], [1.0], [0.0], [0.0]]),
    ...     forecaster=omnisim.forecasters.Persistence(lag=1),
    ... )
    >>> omnisim.analyze(omnisim.simulate(scenario)).agents[["utility", "external_regret", "swap_regret"]]
       utility  external_regret  swap_regret
    0      2.5             -0.5          0.0
    """
    if not isinstance(trace, Trace):
        raise TraceError(f"analyze needs a Trace, from simulate or load_trace, got {type(trace).__name__}")
    # On one thread: products of this size gain nothing from more, and rounding may depend on their number.
    with at_most_threads(1):
        return Analysis(trace, {name: _measure(trace, name) for name in trace.records})


def _measure(trace: Trace, name: str) -> Measures:
    """Measures of a population, in blocks of agents, so that sums of few of them are in memory at a time."""
    record = trace.records[name]
    population = record.population
    benchmark_name, violated_at = benchmark_of(trace, name)
    benchmark = np.moveaxis(violated_at == trace.rounds, 2, 0)
    subsequences, agents, actions = benchmark.shape
    count, largest = np.empty((2, *benchmark.shape))
    utility, external, swap, ccv, ccv_positive = np.empty((5, subsequences, agents))
    fallback = np.empty((subsequences, agents), dtype=np.int64)
    present = None if record.present is None else np.empty_like(fallback)
    lost = None if trace.unclipped_outcomes is None else np.empty_like(utility)
    predictions = trace.acted_on(name)
    # A default action answers no prediction: the bias is measured over the other rounds only.
    chosen = None if record.defaulted is None else ~record.defaulted & np.isfinite(predictions).all(axis=1)
    rounds = Rounds.of(trace.active, trace.outcomes, np.nan_to_num(predictions))
    parts = list(blocks(agents, trace.rounds + actions * (trace.outcomes.shape[1] + 5 * subsequences)))

    def work(share: int, workers: int) -> None:
        for block in parts[share::workers]:
            played = read_only(record.actions[:, block])
            here = None if record.present is None else read_only(record.present[:, block])
            given = population.utility[block], population.offset[block], read_only(benchmark[:, block])
            # Arrays of their own: loops are compiled anew for those that are parts of others.
            (counts, furthest), regrets = np.empty((2, *given[2].shape)), np.empty((3, *given[2].shape[:2]))
            measure(played, here, *rounds, *given, counts, furthest, *regrets)
            count[:, block] = counts
            utility[:, block], external[:, block], swap[:, block] = regrets
            if chosen is not None:
                answered = np.broadcast_to(chosen[:, None], played.shape) if here is None else here & chosen[:, None]
                measure(played, read_only(answered), *rounds, *given, counts, furthest, *regrets)
            largest[:, block] = furthest
            ccv[:, block], ccv_positive[:, block] = cumulative_violation(record.costs[:, block], trace.active)
            fallback[:, block] = over_rounds(record.fallback[:, block], trace.active)
            if present is not None and record.present is not None:
                present[:, block] = over_rounds(record.present[:, block], trace.active)
            if lost is not None:
                lost[:, block] = over_rounds(lost_by_clipping(trace, name, block), trace.active)

    in_shares(work, record.actions.size)
    return Measures(
        population=population,
        rounds=trace.active.sum(axis=0),
        count=count,
        benchmark=benchmark,
        benchmark_name=benchmark_name,
        utility=utility,
        external_regret=external,
        swap_regret=swap,
        ccv=ccv,
        ccv_positive=ccv_positive,
        bias=largest,
        eliminated=_eliminated(record.eliminated_at, trace.rounds, subsequences),
        fallback_rounds=fallback,
        present_rounds=present,
        lost_by_clipping=lost,
    )


def _eliminated(eliminated_at: np.ndarray, rounds: int, subsequences: int) -> np.ndarray:
    left = (eliminated_at < rounds).sum(axis=1).T
    return np.broadcast_to(left, (subsequences, left.shape[1]))


__all__: Sequence[str] = ["Analysis", "analyze"]
