"""Earnings of customers with each player, kept as far as the tables need them.

.. code-block:: text

    by_day     player x population x seed x round   sum over the customers, as often as each stands for one
    by_agent   player x seed x customer             sum over the rounds; customers of all populations one after another
    hindsight  population x seed x round            sum over the customers of what each earned with the forecast that
                                                    served it best on that day
    worst       player x population x seed x round  sum over the customers of terms whose mean over the rounds is what
                                                    each earned on its worst days, where somebody minds them
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.market.data import Market
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.statistics.paired import Difference, over_market
from omnisim.value.risk import Risk, terms_of_worst

KEPT = ("populations", "agents", "names", "weights", "days", "sums", "hindsight", "worst")
"""Arrays that hold all that is entered with a seed; see :mod:`omnisim.value.kept`."""


@dataclass
class Ledger:
    """Ledger of earnings, entered play by play in any order.

    Attributes
    ----------
    market
        Prices and forecasts of the T days that were played.
    forecasts
        Names of the forecasts.
    players
        Names of all who were played, the forecasts first.
    seeds
        S.
    risk
        Which days are the worst ones; None where nobody minds.
    agents
        By population, how many customers are played; in the order of the scenario.
    names
        Of the customers, by population.
    weights
        How many each customer stands for, (N,), by population: means count it so often.
    """

    market: Market
    forecasts: Sequence[str]
    players: Sequence[str]
    seeds: int
    risk: Risk | None = None
    agents: dict[str, int] = field(default_factory=dict)
    names: dict[str, Sequence[str]] = field(default_factory=dict)
    weights: dict[str, FloatArray] = field(default_factory=dict)
    _days: dict[tuple[str, int], FloatArray] = field(default_factory=dict)
    _sums: dict[tuple[str, int], FloatArray] = field(default_factory=dict)
    _best: dict[tuple[int, str], FloatArray] = field(default_factory=dict)
    _hindsight: dict[int, FloatArray] = field(default_factory=dict)
    _worst: dict[tuple[str, int], FloatArray] = field(default_factory=dict)

    @classmethod
    def empty(
        cls, market: Market, forecasts: Sequence[str], players: Sequence[str], seeds: int, risk: Risk | None = None
    ) -> "Ledger":
        """One without entries."""
        return cls(market, forecasts, players, seeds, risk)

    def enter(
        self,
        player: str,
        seed: int,
        money: Mapping[str, FloatArray],
        weights: Mapping[str, FloatArray],
        names: Mapping[str, Sequence[str]],
    ) -> None:
        """Enter what every customer of each population earned in every round.

        Parameters
        ----------
        player, seed
            Of the run.
        money
            (T, N) of each population.
        weights
            (N,): how many customers each stands for, the same in all runs.
        names
            N texts.
        """
        self.agents = {name: values.shape[1] for name, values in money.items()}
        self.names, self.weights = dict(names), dict(weights)
        self._days[player, seed] = self._weighed(money)
        self._sums[player, seed] = np.concatenate([values.sum(axis=0) for values in money.values()])
        if self.risk is not None:
            level = self.risk.level
            self._worst[player, seed] = self._weighed({k: terms_of_worst(v, level) for k, v in money.items()})
        if player in self.forecasts:
            for name, values in money.items():
                before = self._best.get((seed, name))
                self._best[seed, name] = values if before is None else np.maximum(before, values)
        if self.has(seed):
            # Customer by customer it is large, and needed no more.
            self._hindsight[seed] = self._weighed({name: self._best.pop((seed, name)) for name in self.agents})

    def has(self, seed: int) -> bool:
        """Whether every player is entered with that seed."""
        return all((player, seed) in self._days for player in self.players)

    def kept(self, seed: int) -> dict[str, np.ndarray]:
        """Entries with a seed that is complete, as arrays by the names of ``KEPT``."""
        found = {
            "populations": np.array([*self.agents]),
            "agents": np.array([*self.agents.values()]),
            "names": np.array([str(name) for names in self.names.values() for name in names]),
            "weights": np.concatenate([*self.weights.values()]),
            "days": np.stack([self._days[player, seed] for player in self.players]),
            "sums": np.stack([self._sums[player, seed] for player in self.players]),
            "hindsight": self._hindsight[seed],
            "worst": np.stack([self._worst[player, seed] for player in self.players]) if self.risk else np.empty(0),
        }
        return {name: found[name] for name in KEPT}

    def restore(self, seed: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Enter what was kept of a seed."""
        self.agents = dict(zip(arrays["populations"].tolist(), arrays["agents"].tolist(), strict=True))
        ends = np.cumsum([*self.agents.values()])[:-1]
        for kind, values in (("names", arrays["names"]), ("weights", arrays["weights"])):
            parts = np.split(values, ends)
            told = [part.tolist() if kind == "names" else part for part in parts]
            setattr(self, kind, dict(zip(self.agents, told, strict=True)))
        for k, player in enumerate(self.players):
            self._days[player, seed], self._sums[player, seed] = arrays["days"][k], arrays["sums"][k]
            if self.risk is not None:
                self._worst[player, seed] = arrays["worst"][k]
        self._hindsight[seed] = arrays["hindsight"]

    @property
    def dates(self) -> DateArray:
        """Days that were played, (T,)."""
        return self.market.dates

    @property
    def currency(self) -> str:
        """Currency of all money."""
        return self.market.currency

    @property
    def every(self) -> BoolArray:
        """All days, (T,)."""
        return np.ones(self.market.days, dtype=np.bool_)

    def daily(self, player: str, population: str | None = None) -> FloatArray:
        """Money per customer and year that each day stands for, (S, T): its sum over the days is that of a year.

        Parameters
        ----------
        player
            One of them.
        population
            Whose customers; None for all.
        """
        return self._per_customer([self._days[player, seed] for seed in range(self.seeds)], population)

    def worst_daily(self, player: str) -> FloatArray:
        """Terms (S, T) whose sum over the days is what a customer earned on one of its worst days, by the mean."""
        every = self._per_customer([self._worst[player, seed] for seed in range(self.seeds)], None)
        return every / (self._scale * self.market.days)

    def hindsight(self, population: str | None = None) -> FloatArray:
        """Money per customer and year, (S, T), on the forecast that served each customer best on each day."""
        return self._per_customer([self._hindsight[seed] for seed in range(self.seeds)], population)

    def by_customer(self, player: str) -> FloatArray:
        """Money of each customer in a year, (S, N)."""
        return np.stack([self._sums[player, seed] for seed in range(self.seeds)]) * self._scale

    def of_population(self, population: str) -> slice:
        """Positions of a population's customers among all."""
        names = [*self.agents]
        first = sum(self.agents[name] for name in names[: names.index(population)])
        return slice(first, first + self.agents[population])

    def standing(self, population: str | None = None) -> float:
        """Number of customers that those who are played stand for, of a population or (None) in all."""
        return sum(float(weights.sum()) for name, weights in self.weights.items() if population in (None, name))

    def differences(self, pairs: Sequence[tuple[FloatArray, FloatArray, BoolArray]]) -> list[Difference]:
        """Differences between the sums of what two earned by day (S, T) on some days (T,), for a family of pairs."""
        return over_market([first - second for first, second, _ in pairs], [days for _, _, days in pairs])

    @property
    def _scale(self) -> float:
        return DAYS_OF_A_YEAR / self.market.days

    def _weighed(self, money: Mapping[str, FloatArray]) -> FloatArray:
        """Sums over the customers of each population, (P, T)."""
        return np.stack([(values * self.weights[name]).sum(axis=1) for name, values in money.items()])

    def _per_customer(self, by_seed: Sequence[FloatArray], population: str | None) -> FloatArray:
        every = np.stack(by_seed)
        if population is None:
            return np.asarray(every.sum(axis=1) * self._scale / self.standing())
        return np.asarray(every[:, [*self.agents].index(population)] * self._scale / self.standing(population))
