"""Worth of a forecast: money earned on it beside what the same agents would have earned on simpler ones.

Both comparisons follow from the record of the run, for the same agents, rounds, prices and candidate sets:

- the *baseline*: in each round the agents respond to the outcome of the round before (persistence), as it would have
  been broadcast, with the delays of the run's network;
- *perfect foresight*: in each round they play the candidate that earns most at the outcome that comes. No forecast can
  earn more with these candidates.

Prices are taken as they came. Where they answer to what agents do (``DemandResponse``), other actions would have led to
other prices, which no record can tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.analysis.money import earned
from omnisim.analysis.some_agents import some_agents
from omnisim.analysis.sums import blocks, over_rounds, patterns_of
from omnisim.arrays import FloatArray, IntArray, freeze_fields, read_only
from omnisim.compiled import compiled
from omnisim.products import dot
from omnisim.threads import in_shares
from omnisim.trace import PopulationRecord, Trace
from omnisim.wording import count, in_short

KINDS = ("money", "baseline", "foresight")
"""Money earned in the run, with the baseline, and with perfect foresight."""

_GROUPS = 64
"""Groups of blocks of agents, of which each keeps the sums of every round."""


@dataclass(frozen=True, eq=False, repr=False)
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

    def __post_init__(self) -> None:
        freeze_fields(self)

    def __repr__(self) -> str:
        _, subsequences, agents = self.by_agent.shape
        return (
            f"<Worth of forecasts to {in_short(self.population)}: {count(agents, 'agent')} on "
            f"{count(subsequences, 'subsequence')}, in {in_short(self.currency)}>"
        )

    @property
    def gain(self) -> FloatArray:
        """Money of each agent more than with the baseline over the whole run, (N,)."""
        return np.asarray(self.whole_run[0] - self.whole_run[1])

    def table(self, subsequences: Sequence[str], agents: slice | IntArray = slice(None)) -> pd.DataFrame:
        """One row per agent and subsequence, of some agents; the columns are listed at ``Analysis.value``."""
        numbers, count = np.arange(self.by_agent.shape[2])[agents], len(subsequences)
        sums = {kind: money[:, agents].T.reshape(-1) for kind, money in zip(KINDS, self.by_agent, strict=True)}
        labels = {
            "population": self.population,
            "agent": np.repeat(numbers, count),
            "subsequence": np.tile(np.array(subsequences, dtype=object), len(numbers)),
        }
        gain = sums["money"] - sums["baseline"]
        return pd.DataFrame(labels | sums | {"gain": gain, "currency": self.currency})


def worth(trace: Trace, population: str) -> Worth:
    """Compute the worth of the forecasts of a run to the agents of a population.

    Agents are taken in blocks, of which the money of every round is in memory at a time. Sums over rounds are added in
    the order of the rounds; those over agents are sums of the blocks' sums, and round differently in other blocks.
    """
    record = trace.records[population]
    agents, given = record.population.agents, record.population.weights
    by_agent = np.empty((len(KINDS), len(trace.subsequences), agents))
    whole_run = np.empty((len(KINDS), agents))
    every = np.ones((trace.rounds, 1), dtype=np.bool_)
    parts = list(blocks(agents, len(KINDS) * trace.rounds + record.population.actions * trace.outcomes.shape[1]))
    # Sums over agents are those of groups of blocks, the same however many threads there are.
    groups = [parts[i::_GROUPS] for i in range(min(_GROUPS, len(parts)))]
    by_round = np.zeros((len(groups), len(KINDS), trace.rounds))

    def work(share: int, workers: int) -> None:
        for group in range(share, len(groups), workers):
            for block in groups[group]:
                for kind, chosen in enumerate(_chosen(trace, record, block)):
                    money = earned(record.population, chosen, trace.true_outcomes, block)
                    by_agent[kind, :, block] = over_rounds(money, trace.active)
                    whole_run[kind, block] = over_rounds(money, every)[0]
                    by_round[group, kind] += (money if given is None else money * given[block]).sum(axis=1)

    in_shares(work, record.actions.size)
    return Worth(
        population,
        record.population.money.currency,
        by_agent,
        whole_run,
        by_round.sum(axis=0),
        record.population.standing,
    )


def course(trace: Trace, population: str, agent: int) -> FloatArray:
    """Money of one agent in every round under the three forecasts of ``KINDS``, (3, T)."""
    record = some_agents(trace.records[population], np.array([agent]))
    chosen = _chosen(trace, record)
    return np.stack([earned(record.population, each, trace.true_outcomes)[:, 0] for each in chosen])


def choices(trace: Trace, population: str, agents: IntArray) -> IntArray:
    """Actions of some agents in every round under the three forecasts of ``KINDS``, (3, T, agents); -1 if absent."""
    return np.stack(_chosen(trace, some_agents(trace.records[population], agents)))


def persistence(trace: Trace) -> FloatArray:
    """The forecasts of persistence, (T, d) in [0, 1]; the first is the last outcome before the run, or 1/2."""
    dimension = trace.outcomes.shape[1]
    first = np.full(dimension, 0.5) if trace.before is None else np.clip(trace.before, 0.0, 1.0)
    return np.concatenate([first[None], trace.outcomes[:-1]])


def _chosen(trace: Trace, record: PopulationRecord, agents: slice = slice(None)) -> tuple[IntArray, IntArray, IntArray]:
    """Actions of some agents of a population in every round under the three forecasts, each (T, agents)."""
    rounds = np.arange(trace.rounds)
    heard = rounds if record.heard is None else np.asarray(record.heard.max(axis=1))
    answered = heard >= 0
    if record.defaulted is not None:
        answered &= ~record.defaulted
    told, truth = persistence(trace)[np.maximum(heard, 0)], trace.true_outcomes
    known = np.append(False, (told[1:] == truth[:-1]).all(axis=1))
    sets = record.eliminated_at.shape[2]
    patterns, of_round = patterns_of(trace.active if sets > 1 else np.ones((trace.rounds, 1), dtype=np.bool_))
    played = np.ascontiguousarray(record.actions[:, agents])
    baseline, foresight = played.copy(), played.copy()
    _respond(
        *(read_only(each[agents]) for each in (record.population.utility, record.population.offset)),
        *(read_only(each) for each in (played, record.fallback[:, agents], record.eliminated_at[agents])),
        *(read_only(each) for each in (patterns, of_round, told, truth, known, answered)),
        baseline,
        foresight,
    )
    return played, baseline, foresight


@compiled()
def _respond(
    utility, offset, played, fallback, eliminated_at, patterns, of_round, told, truth, known, answered,
    baseline, foresight,
):  # fmt: skip
    """Replace actions played (T, N) by the best candidates at what was told and at what came, each (T, d).

    The candidates of a round are the actions that leave (N, A, K) no earlier on one of the K sets of its pattern. Who
    had none, or fell back, or was not there, did not choose: what it played stays, and so does the baseline of a round
    that was not answered. ``known``: what is told in a round is what came in the one before it.
    """
    actions = utility.shape[1]
    scores = np.empty((2, actions))
    last_round = np.empty((patterns.shape[0], actions), dtype=np.int64)
    for n in range(played.shape[1]):
        for p in range(patterns.shape[0]):
            for a in range(actions):
                last_round[p, a] = -1
                for k in range(patterns.shape[1]):
                    if patterns[p, k]:
                        last_round[p, a] = max(last_round[p, a], eliminated_at[n, a, k])
        then, now, scored = 0, 1, False
        for t in range(played.shape[0]):
            if played[t, n] < 0 or fallback[t, n]:
                scored = False
                continue
            if not (scored and known[t]):
                for a in range(actions):
                    scores[then, a] = dot(utility[n, a], told[t]) + offset[n, a]
            for a in range(actions):
                scores[now, a] = dot(utility[n, a], truth[t]) + offset[n, a]
            before, best = -1, -1
            for a in range(actions):
                if last_round[of_round[t], a] >= t:
                    if before < 0 or scores[then, a] > scores[then, before]:
                        before = a
                    if best < 0 or scores[now, a] > scores[now, best]:
                        best = a
            if best >= 0:
                foresight[t, n] = best
                if answered[t]:
                    baseline[t, n] = before
            then, now, scored = now, then, True
