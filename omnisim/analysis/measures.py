"""The measures of one population as arrays, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze_fields
from omnisim.problem.population import Population
from omnisim.wording import count, in_short


@dataclass(frozen=True, eq=False, repr=False)
class Measures:
    """Measures of the N agents of a population on L subsequences; utilities and costs are sums over rounds.

    Attributes
    ----------
    population
        The agents.
    rounds : (L,)
        |S|.
    count : (L, N, A)
        Rounds of S in which the agent played the action.
    benchmark : (L, N, A) bool
        The actions measured against, B(S) or BE(S).
    benchmark_name
        Which of the two; see :mod:`omnisim.analysis.benchmark`.
    utility, external_regret, swap_regret, ccv, ccv_positive : (L, N)
    bias : (L, N, A)
    eliminated, fallback_rounds : (L, N)
    present_rounds : (L, N)
        Rounds of S in which the agent was there; None where agents neither come nor go.
    lost_by_clipping : (L, N)
        Money at the clipped less that at the true outcomes; None where nothing was clipped.
    """

    population: Population
    rounds: IntArray
    count: FloatArray
    benchmark: BoolArray
    benchmark_name: str
    utility: FloatArray
    external_regret: FloatArray
    swap_regret: FloatArray
    ccv: FloatArray
    ccv_positive: FloatArray
    bias: FloatArray
    eliminated: IntArray
    fallback_rounds: IntArray
    present_rounds: IntArray | None = None
    lost_by_clipping: FloatArray | None = None

    def __post_init__(self) -> None:
        freeze_fields(self)

    def __repr__(self) -> str:
        subsequences, agents = self.utility.shape
        return (
            f"<Measures of {in_short(self.population.name)}: {count(agents, 'agent')} on "
            f"{count(subsequences, 'subsequence')}, benchmark {self.benchmark_name}>"
        )

    @property
    def own_rounds(self) -> IntArray:
        """Rounds of S in which each agent was there, (L, N)."""
        if self.present_rounds is not None:
            return self.present_rounds
        return np.broadcast_to(self.rounds[:, None], self.utility.shape)

    @property
    def money(self) -> FloatArray:
        """Money earned at the true outcomes, (L, N), summed over rounds."""
        clipped = self.money_clipped
        return clipped if self.lost_by_clipping is None else np.asarray(clipped - self.lost_by_clipping)

    @property
    def money_clipped(self) -> FloatArray:
        """Money at the outcomes that the theory sees, (L, N): the utility translated."""
        money = self.population.money
        return self.utility * money.scale + self.own_rounds * money.offset

    def table(self, subsequences: Sequence[str], agents: slice | IntArray = slice(None)) -> pd.DataFrame:
        """One row per agent and subsequence, of some agents; the columns are listed at ``Analysis.agents``."""
        numbers, count = np.arange(self.population.agents)[agents], len(subsequences)
        flat = {
            "utility": self.utility[:, agents],
            "external_regret": self.external_regret[:, agents],
            "swap_regret": self.swap_regret[:, agents],
            "benchmark_size": self.benchmark[:, agents].sum(axis=2),
            "benchmark": np.full((count, len(numbers)), self.benchmark_name, dtype=object),
            "ccv": self.ccv[:, agents],
            "ccv_positive": self.ccv_positive[:, agents],
            "bias": self.bias[:, agents].max(axis=2),
            "eliminated": self.eliminated[:, agents],
            "fallback_rounds": self.fallback_rounds[:, agents],
            "money": self.money[:, agents],
            "money_clipped": self.money_clipped[:, agents],
        }
        labels: dict[str, Any] = {
            "population": np.full(len(numbers) * count, self.population.name, dtype=object),
            "agent": np.repeat(numbers, count),
            "subsequence": np.tile(np.array(subsequences, dtype=object), len(numbers)),
            "rounds": self.own_rounds[:, agents].T.reshape(-1),
        }
        if self.population.agent_names is not None:
            labels["name"] = np.repeat(np.array(self.population.agent_names, dtype=object)[agents], count)
        if self.population.weights is not None:
            labels["weight"] = np.repeat(self.population.weights[agents], count)
        return pd.DataFrame(labels | {name: values.T.reshape(-1) for name, values in flat.items()})
