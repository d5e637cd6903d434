"""Demand response: a market in which prices follow from what the agents do."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np

from omnisim.arrays import FloatArray, IntArray, finite, within
from omnisim.elementary import cos
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.loads import total_load
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.signatures import held_to_types
from omnisim.strategies.adversaries.base import Adversary, check_known
from omnisim.strategies.parameters import Written
from omnisim.strategies.supply.generators import from_tables, read_generators
from omnisim.strategies.supply.merit_order import clearing_prices
from omnisim.strategies.supply.shocks import Breakdowns, FuelStep, Outage, fuel_prices, in_service
from omnisim.wording import count

Schedules: TypeAlias = Literal["yesterday", "expected"]
Published: TypeAlias = Literal["load_before", "available_capacity"]
_Tables: TypeAlias = Annotated[
    Mapping[str, Mapping[str, Any]] | None, Written(dict[str, dict[str, float | str | list[float]]] | None)
]

_WEEK, _YEAR = 7.0, 365.25


class DemandResponse(Adversary):
    """Clears a market: generators in merit order against a base load and the schedules of the populations.

    In each coordinate (hour) the demand is the base load plus ``customers`` times the loads that the agents' actions
    stand for (``Population.load``, in MWh); the price is the marginal cost of meeting it, ``price_cap`` where the
    generators do not suffice; the outcome is the price on the scale of the market, clipped to [0, 1] (money is settled
    at the price itself). The law has one
    point for each of ``patterns`` equally likely deviations of the base load, drawn once, when the run starts.

    The law is fixed before anyone knows the sampled prediction, so the schedules in the demand cannot be those that
    answer to it. They are, with ``schedules``

    - ``"yesterday"``: those of the round before (in round 0, the mean over each agent's actions);
    - ``"expected"``: those expected from the mixture psi that the forecaster has committed to, if every agent plays
      its best response among its registered candidates: E_{p ~ psi} load(best response to p). For a point mass that
      is exactly what the agents are about to do: a forecast which moves them moves the price on the same day.
      Populations that do not answer to it (learners draw their actions; others follow another forecaster, or forecasts
      that travel) enter with yesterday's schedules.

    Agents that were not there in the round before (action -1) draw nothing.

    With ``publishes`` everyone knows more in the morning, and :class:`rules <omnisim.Rule>` of subsequences can name
    it: a context that depends on what everybody did.

    The theory allows both (a law may depend on everything before it and on the mixture), so every guarantee holds.

    Parameters
    ----------
    generators
        From names to tables with ``capacity`` (MWh in a coordinate, > 0), ``cost`` (money per MWh, without fuel, of
        either sign), ``fuel`` and ``heat_rate`` (fuel per MWh, > 0), ``availability`` (share of the capacity, in
        [0, 1]: a number, or d of them), ``failure_probability`` and ``repair_probability`` (from one round to the next,
        in [0, 1]). Only ``capacity`` is needed.
    generator_file
        Instead, a CSV file with a row for each: ``name``, ``capacity``, and other columns as above.
    base_load
        MWh, >= 0: the mean over the coordinates (a day's curve is put on it), d numbers, or the name of a feature of d
        numbers (a load forecast, say) of which it is ``base_share``.
    day, week, year
        Amplitudes of the base load, as shares of it, >= 0: over the coordinates (lowest at one sixth of the day,
        highest at two thirds) where it is one number; with a period of 7 and of 365.25 rounds in any case.
    base_share
        What the base load is multiplied with, > 0.
    noise
        Standard deviation of its deviations, as a share of it, >= 0: half of the variance in the whole day, half in
        each coordinate.
    patterns
        Number of deviations, >= 1.
    customers
        How many customers each agent stands for, >= 0; 0 makes them price takers.
    schedules
        ``"yesterday"`` or ``"expected"``.
    fuel_prices
        From the names of fuels to their prices. In money per unit of fuel, of either sign.
    outages
        Tables with ``generator``, ``first``, and optionally ``last`` (included; for ever without) and ``share`` (of
        the capacity, 1 by default). ``first`` and ``last`` are rounds or, where rounds have dates, days.
    fuel_steps
        Tables with ``fuel``, ``first`` and ``price``, which holds from then on.
    price_cap
        Price where the generators do not suffice, in money per MWh, of either sign; the upper end of ``price_range`` by
        default.
    price_range
        The prices that become outcomes 0 and 1; a scenario file states them in its market.
    publishes
        Features, each of d numbers in MWh: ``"load_before"``, the schedules of all customers in the round before (in
        round 0, the mean over their actions; with churn each stay counts there, whether it has begun or not), and
        ``"available_capacity"``, of the generators in service.

    Raises
    ------
    StrategyError
        If a parameter is out of its range, a shock names what does not exist, a population has no loads, or
        (in the run) a feature is missing or a date is asked for where there are none.

    Notes
    -----
    Drawn from the stream of the adversary's start: the patterns, from a child stream of their own; breakdowns, from
    another, one number for each generator and round.

    Examples
    --------
    One customer buys 5 MWh or nothing. Wind alone serves the base load; with yesterday's purchase gas is needed.

    >>> buyer = Population("buyer", utility=[[[-0.5], [0.0]]], offset=[[0.8, 0.5]], load=[[[5.0], [0.0]]])
    >>> market = DemandResponse({"wind": {"capacity": 10}, "gas": {"capacity": 9, "cost": 0.7}}, base_load=8.0, noise=0)
    >>> market.start(np.random.default_rng(0), [buyer])
    >>> none = np.empty((1, 1))
    >>> [float(market.law(Context(1), None, History(none, none, {"buyer": np.array([[a]])})).mean[0]) for a in (0, 1)]
    [0.7, 0.0]
    """

    oblivious: ClassVar[bool] = False

    def __init__(
        self,
        generators: _Tables = None,
        generator_file: Path | None = None,
        base_load: Annotated[float | str | Sequence[float], Written(float | str | list[float])] = 0.0,
        day: float = 0.25,
        week: float = 0.0,
        year: float = 0.0,
        base_share: float = 1.0,
        noise: float = 0.03,
        patterns: int = 16,
        customers: float = 1.0,
        schedules: Schedules = "yesterday",
        fuel_prices: Mapping[str, float] | None = None,
        outages: Annotated[Sequence[Mapping[str, Any]], Written(list[dict[str, Any]])] = (),
        fuel_steps: Annotated[Sequence[Mapping[str, Any]], Written(list[dict[str, Any]])] = (),
        price_cap: float | None = None,
        price_range: tuple[float, float] = (0.0, 1.0),
        publishes: Sequence[Published] = (),
    ) -> None:
        if generators is not None and generator_file is not None:
            raise StrategyError("DemandResponse takes generators or a generator_file, not both")
        self._generators = (
            from_tables(generators or {}) if generator_file is None else read_generators(Path(generator_file))
        )
        self._names = [generator.name for generator in self._generators]
        self._fuel_prices = {name: _number(f"price of {name!r}", it) for name, it in (fuel_prices or {}).items()}
        for generator in self._generators:
            if generator.fuel is not None and generator.fuel not in self._fuel_prices:
                raise StrategyError(
                    f"generator {generator.name!r} burns {generator.fuel!r}, which has no price in fuel_prices"
                )
        self._outages = [Outage.of(table, self._names) for table in outages]
        self._fuel_steps = [FuelStep.of(table, list(self._fuel_prices)) for table in fuel_steps]
        self.base_load = base_load if isinstance(base_load, str) else _base_load(base_load)
        shares = {"day": day, "week": week, "year": year, "noise": noise, "customers": customers}
        for name, value in shares.items():
            if _number(name, value) < 0:
                raise StrategyError(f"{name} of DemandResponse must be >= 0, got {value}")
        if not _number("base_share", base_share) > 0:
            raise StrategyError(f"base_share of DemandResponse must be > 0, got {base_share}")
        if patterns < 1:
            raise StrategyError(f"patterns of DemandResponse must be >= 1, got {patterns}")
        if schedules not in ("yesterday", "expected"):
            raise StrategyError(f"schedules of DemandResponse is {schedules!r}: it must be 'yesterday' or 'expected'")
        self.day, self.week, self.year = day, week, year
        self.base_share, self.noise, self.patterns = base_share, noise, patterns
        self.customers, self.schedules = customers, schedules
        self.low, self.high = _number("price_range", price_range[0]), _number("price_range", price_range[1])
        if not self.low < self.high:
            raise StrategyError(f"price_range of DemandResponse must be increasing, got {tuple(price_range)}")
        self.price_cap = self.high if price_cap is None else _number("price_cap", price_cap)
        for feature in publishes:
            if feature not in get_args(Published) or isinstance(publishes, str):
                known = " and ".join(map(repr, get_args(Published)))
                raise StrategyError(f"publishes of DemandResponse has {feature!r}: it can have {known}, in a list")
        self.published = tuple(dict.fromkeys(publishes))
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """D: that of the populations it was started with."""
        if self._dimension is None:
            raise StrategyError("DemandResponse has the dimension of its populations: start it with some")
        return self._dimension

    @held_to_types(StrategyError)
    def dimension_for(self, populations: Sequence[Population]) -> int:
        """The dimension of the populations, all of which must have loads."""
        if not len(populations):
            return self.dimension
        dimension = int(populations[0].dimension)
        for population in populations:
            if population.load is None:
                raise StrategyError(
                    f"population {population.name!r} has no load: DemandResponse adds the agents' schedules to the "
                    "demand, so it needs the MWh of each action, (N, A, d)"
                )
        if isinstance(self.base_load, np.ndarray) and len(self.base_load) not in (1, dimension):
            raise StrategyError(
                f"base_load of DemandResponse has {len(self.base_load)} numbers: outcomes have "
                f"{count(dimension, 'coordinate')}"
            )
        for generator in self._generators:
            generator.delivers(dimension)
        return dimension

    def demand(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        """Demand under each deviation of the base load, (K, d) in MWh."""
        check_known("demand", context, mixture, history)
        base = self._base(context)
        served = sum(
            (self._schedules(population, context, mixture, history) for population in self.populations),
            start=np.zeros(self.dimension),
        )
        return np.asarray(base * (1 + self._deviations) + self.customers * served)

    def _start(self, rng: np.random.Generator) -> None:
        self._dimension = self.dimension_for(self.populations)
        of_load, of_breakdowns = rng.spawn(2)
        whole_day = of_load.normal(size=(self.patterns, 1))
        each = of_load.normal(size=(self.patterns, self._dimension))
        self._deviations = self.noise * (whole_day + each) / math.sqrt(2)
        self._weights = np.full(self.patterns, 1 / self.patterns)
        self._capacity = np.stack([generator.delivers(self._dimension) for generator in self._generators])
        self._breakdowns = Breakdowns(self._generators, of_breakdowns)

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        fuel = fuel_prices(self._fuel_prices, self._fuel_steps, context)
        cost = np.array([generator.marginal_cost(fuel) for generator in self._generators])
        demand = self.demand(context, mixture, history)
        prices = clearing_prices(demand, self._in_service(context), cost, self.price_cap)
        outcomes = (prices - self.low) / (self.high - self.low)
        return Mixture(np.clip(outcomes, 0.0, 1.0), self._weights, outcomes)

    def _publish(self, context: Context, history: History | None) -> Mapping[str, FloatArray]:
        found = {}
        if "available_capacity" in self.published:
            found["available_capacity"] = self._in_service(context).sum(axis=0)
        if "load_before" in self.published:
            before = (self._yesterday(population, history) for population in self.populations)
            found["load_before"] = self.customers * sum(before, start=np.zeros(self.dimension))
        return found

    def _in_service(self, context: Context) -> FloatArray:
        """Capacity of each generator in a round, (G, d) in MWh."""
        share = in_service(self._outages, self._names, context) * ~self._breakdowns.broken(context.round)
        return np.asarray(self._capacity * share[:, None])

    def _base(self, context: Context) -> FloatArray:
        if isinstance(self.base_load, str):
            values = context.features.get(self.base_load)
            if values is None or values.shape != (self.dimension,):
                found = "there is no such feature" if values is None else f"it has {len(values)} numbers"
                raise StrategyError(
                    f"base_load of DemandResponse is the feature {self.base_load!r}, which must have "
                    f"{self.dimension} numbers a round: {found}"
                )
            base = values
        elif len(self.base_load) > 1:
            base = self.base_load
        else:
            curve = -cos(2 * np.pi * (np.arange(self.dimension) / self.dimension - 1 / 6))
            base = self.base_load * (1 + self.day * (curve - curve.mean()))
        rhythm = self.week * math.sin(2 * math.pi * context.round / _WEEK)
        rhythm += self.year * math.sin(2 * math.pi * context.round / _YEAR)
        return np.asarray(self.base_share * base * (1 + rhythm))

    def _schedules(
        self, population: Population, context: Context, mixture: Mixture | None, history: History | None
    ) -> FloatArray:
        answers = context.answering is None or population.name in context.answering
        if self.schedules == "yesterday" or not answers:
            return self._yesterday(population, history)
        load, yesterday = population.load, _last_actions(population, history)
        assert load is not None  # noqa: S101 (refused on start; this tells the type checker)
        if mixture is None:
            raise StrategyError(
                "DemandResponse with schedules='expected' answers to the forecaster's mixture: it has no law without"
            )
        expected = np.zeros(self.dimension)
        for point, probability in zip(mixture.support, mixture.weights, strict=True):
            played = population.best_response(point, context.candidates.get(population.name))
            there = played if yesterday is None else np.where(yesterday < 0, -1, played)
            expected += probability * total_load(load, there)
        return expected

    def _yesterday(self, population: Population, history: History | None) -> FloatArray:
        """Schedules of the round before, (d,)."""
        load = population.load
        assert load is not None  # noqa: S101 (refused on start; this tells the type checker)
        if history is not None and len(history.outcomes) and history.loads is not None:
            return history.loads[population.name]
        yesterday = _last_actions(population, history)
        return np.asarray(load.mean(axis=1).sum(axis=0)) if yesterday is None else total_load(load, yesterday)


def _last_actions(population: Population, history: History | None) -> IntArray | None:
    """Actions in the round before, (N,); None in round 0."""
    if history is None or len(history.outcomes) == 0:
        return None
    actions: IntArray = history.actions[population.name][-1]
    return actions


def _base_load(value: float | Sequence[float]) -> FloatArray:
    given = finite("base_load of DemandResponse", np.atleast_1d(np.asarray(value, dtype=object)), ("d",), StrategyError)
    return within("base_load of DemandResponse", given, ("d",), 0, math.inf, StrategyError)


def _number(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
        raise StrategyError(f"{name} of DemandResponse must be a finite number, got {value!r}")
    return float(value)
