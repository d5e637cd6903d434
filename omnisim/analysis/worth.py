"""Worth of a forecast: money earned on it beside what the same agents would have earned on simpler ones.

Both comparisons follow from the record of the run, for the same agents, rounds, prices and candidate sets:

- the *baseline*: in each round the agents respond to the outcome of the round before (persistence), as it would have
  been broadcast, with the delays of the run's network;
- *perfect foresight*: in each round they play the candidate that earns most at the outcome that comes. No forecast can
  earn more with these candidates.

Prices are taken as they came. Where they answer to what agents do (``DemandResponse``), other actions would have led to
other prices, which no record can tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.analysis.expected import candidates_of
from omnisim.analysis.money import earned
from omnisim.analysis.some_agents import some_agents
from omnisim.arrays import FloatArray, IntArray
from omnisim.trace import PopulationRecord, Trace

KINDS = ("money", "baseline", "foresight")
"""Money earned in the run, with the baseline, and with perfect foresight."""


@dataclass(frozen=True, eq=False)
class Worth:
    """Money of one population under the three forecasts of ``KINDS``, in its currency.

    Attributes
    ----------
    population
        Name.
    currency
        Of the money; ``"utility"`` where the population says nothing about money.
    by_agent : (3, L, N)
        Sum over the rounds of each subsequence.
    whole_run : (3, N)
        Sum over all rounds.
    by_round : (3, T)
        Sum over the agents, each as often as its weight says.
    weights : (N,)
        How many customers each agent stands for; 1 where its population says nothing.
    """

    population: str
    currency: str
    by_agent: FloatArray
    whole_run: FloatArray
    by_round: FloatArray
    weights: FloatArray

    @property
    def gain(self) -> FloatArray:
        """Money of each agent more than with the baseline over the whole run, (N,)."""
        return np.asarray(self.whole_run[0] - self.whole_run[1])

    def table(self, subsequences: Sequence[str]) -> pd.DataFrame:
        """One row per agent and subsequence; the columns are listed at ``Analysis.value``."""
        _, count, agents = self.by_agent.shape
        sums = {kind: money.T.reshape(-1) for kind, money in zip(KINDS, self.by_agent, strict=True)}
        labels = {
            "population": self.population,
            "agent": np.repeat(np.arange(agents), count),
            "subsequence": np.tile(np.array(subsequences, dtype=object), agents),
        }
        gain = sums["money"] - sums["baseline"]
        return pd.DataFrame(labels | sums | {"gain": gain, "currency": self.currency})


def worth(trace: Trace, population: str) -> Worth:
    """Compute the worth of the forecasts of a run to the agents of a population."""
    record = trace.records[population]
    by_agent = np.zeros((len(KINDS), len(trace.subsequences), record.population.agents))
    whole_run = np.zeros((len(KINDS), record.population.agents))
    given = record.population.weights
    weights = np.ones(record.population.agents) if given is None else given
    by_round = np.zeros((len(KINDS), trace.rounds))
    for t, money in _rounds(trace, record):
        by_agent[:, trace.active[t]] += money[:, None]
        whole_run += money
        by_round[:, t] = (money if given is None else money * weights).sum(axis=1)
    return Worth(population, record.population.money.currency, by_agent, whole_run, by_round, weights)


def course(trace: Trace, population: str, agent: int) -> FloatArray:
    """Money of one agent in every round under the three forecasts of ``KINDS``, (3, T)."""
    rounds = _rounds(trace, some_agents(trace.records[population], np.array([agent])))
    return np.concatenate([money for _, money in rounds], axis=1)


def choices(trace: Trace, population: str, agents: IntArray) -> IntArray:
    """Actions of some agents in every round under the three forecasts of ``KINDS``, (3, T, agents); -1 if absent."""
    record = some_agents(trace.records[population], agents)
    return np.stack([chosen for _, chosen in _chosen(trace, record)], axis=1)


def persistence(trace: Trace) -> FloatArray:
    """The forecasts of persistence, (T, d) in [0, 1]; the first is the last outcome before the run, or 1/2."""
    dimension = trace.outcomes.shape[1]
    first = np.full(dimension, 0.5) if trace.before is None else np.clip(trace.before, 0.0, 1.0)
    return np.concatenate([first[None], trace.outcomes[:-1]])


def _rounds(trace: Trace, record: PopulationRecord) -> Iterator[tuple[int, FloatArray]]:
    """Each round, and the money of the agents in it under the three forecasts, (3, N)."""
    for t, chosen in _chosen(trace, record):
        outcome = np.broadcast_to(trace.true_outcomes[t], (len(KINDS), trace.outcomes.shape[1]))
        yield t, earned(record.population, chosen, outcome)


def _chosen(trace: Trace, record: PopulationRecord) -> Iterator[tuple[int, IntArray]]:
    """Each round, and the actions of the agents in it under the three forecasts, (3, N)."""
    population, told = record.population, persistence(trace)
    for t in range(trace.rounds):
        played, candidates = record.actions[t], candidates_of(record, trace.active[t], t)
        heard = t if record.heard is None else int(record.heard[t].max())
        answered = heard >= 0 and (record.defaulted is None or not record.defaulted[t])
        baseline = population.best_response(told[heard], candidates) if answered else played
        foresight = population.best_response(trace.true_outcomes[t], candidates)
        yield t, np.stack([played, *(np.where(played < 0, played, other) for other in (baseline, foresight))])
