"""A scenario: everything a run needs except the seed."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze, within
from omnisim.errors import ProblemError, ScenarioError
from omnisim.market.data import Market
from omnisim.market.distributions import Distribution
from omnisim.problem.churn import Churn, with_rows
from omnisim.problem.context import FORECASTER, Past
from omnisim.problem.limits import BOX, Limits
from omnisim.problem.mixture import before_clipping
from omnisim.problem.network import Network
from omnisim.problem.population import Population
from omnisim.problem.subsequences import Subsequence, activity, adaptive
from omnisim.refusing import among
from omnisim.scenario.kinds import check_kinds
from omnisim.scenario.known_rounds import check_rounds, checked_dates, checked_feature, checked_limits
from omnisim.scenario.parties import check_names, parties
from omnisim.scenario.problem import Problem, padded
from omnisim.signatures import held_to_types
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.elimination import FirstViolation
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.policy import Policy
from omnisim.streams import check_seed, stream
from omnisim.suggest import nearest
from omnisim.wording import count, in_short


class PopulationSource(Protocol):
    """A population that is generated anew for each seed."""

    @property
    def name(self) -> str:
        """The name of the population."""
        ...

    def build(self, seed: int) -> Population:
        """The population of the run with this seed."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scenario:
    """Populations, an adversary, a forecaster, elimination rules and subsequences.

    Parameters
    ----------
    populations
        :class:`~omnisim.Population` objects, or sources that build one for each seed.
    adversary, forecaster
        Strategies, or the registered names of some that need no parameters; a run works on copies of them.
    elimination
        One rule for all populations, or a mapping from their names to rules, by name as well; a learner in action space
        may stand in its place. Default: Algorithm 1.
    subsequences
        From names to ``None`` (every round), a boolean array (T,), a rule, or a function of a round's context and of
        the history before it that says True or False. Default: ``{"all": None}``.
    rounds
        Rounds to run; default: as many as the adversary has.
    declared_horizon
        T, the number of rounds that thresholds, learning rates and guarantees are for, where more than ``rounds`` are
        to come later. A subsequence may then have up to T rounds, and thresholds are for that many. Default:
        ``rounds``.
    name
        What reports call it.
    seed
        Of a run that is given none, >= 0.
    features
        Numbers known before each round, from names to arrays (T,) or (T, k).
    forecasts
        Published predictions of the outcomes, from names of models to arrays (T, d) in [0, 1].
    unclipped_forecasts
        The same before they were clipped to [0, 1], for the models of which something was.
    distributions
        The distributions whose means some of them are, not clipped, for those who ask what may come
        (:class:`~omnisim.market.distributions.Distribution`). A run does not use them.
    dates
        The delivery day of each round, (T,).
    past
        What forecasters may learn from before round 0.
    limits
        The range within [0, 1] in which outcomes are expected, a pair (low, high); those of the theory by default.
        Calibrated forecasters promise more where it is narrower, up to what rounds beyond it turn out to cost.
    network
        Who hears whom, and how well; None: everything is heard at once.
    other_forecasters
        Further forecasters by name, beside ``forecaster``, whose name is ``"forecaster"``. The adversary reads the
        mixture and predictions of that one only.
    subscriptions
        From populations to the names of the forecasters whose predictions they average; ``["forecaster"]`` by default.
    default_actions
        From populations to the action, by index or name, that the market books for them when none of their own arrives
        before it closes; the first action by default.
    churn
        From populations to how their agents come and go; nobody does by default.
    source
        The resolved scenario file, where it came from one.
    market, told
        The days it came from, up to the last one played, where it came from days; and how its scale was chosen.
    about
        Facts for the report, as plain JSON values.

    Raises
    ------
    ScenarioError
        If names repeat or are unknown, something is of another type, dimensions disagree, or there are fewer rounds of
        data than asked for.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]])],
    ...     adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
    ...     forecaster=omnisim.forecasters.Climatology(),
    ...     rounds=10,
    ... )
    >>> omnisim.simulate(scenario, seed=1).outcomes.shape
    (10, 1)
    """

    populations: Sequence[Population | PopulationSource]
    adversary: Adversary
    forecaster: Forecaster
    elimination: Policy | Mapping[str, Policy] = field(default_factory=FirstViolation)
    subsequences: Mapping[str, Subsequence] = field(default_factory=lambda: {"all": None})
    rounds: int | None = None
    declared_horizon: int | None = None
    name: str = "scenario"
    seed: int = 0
    features: Mapping[str, Any] = field(default_factory=dict)
    forecasts: Mapping[str, Any] = field(default_factory=dict)
    unclipped_forecasts: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    dates: Any = None
    past: Past | None = None
    limits: Limits | tuple[float, float] = BOX
    network: Network | None = None
    other_forecasters: Mapping[str, Forecaster] = field(default_factory=dict)
    subscriptions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default_actions: Mapping[str, int | str] = field(default_factory=dict)
    churn: Mapping[str, Churn] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    market: Market | None = None
    told: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_kinds(self)
        for role, given in parties(self).items():
            object.__setattr__(self, role, given)
        check_names(self)
        _ = self._names  # listed now: a run leaves a scenario as it was
        # The dataclass is frozen; what it was given is replaced by checked copies once.
        checked = {
            "features": {name: checked_feature(name, values) for name, values in self.features.items()},
            "forecasts": {
                name: within(f"forecast {name!r}", values, ("T", "d"), 0, 1, ScenarioError)
                for name, values in self.forecasts.items()
            },
            "dates": None if self.dates is None else checked_dates(self.dates),
            "limits": checked_limits(self.limits),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "unclipped_forecasts", self._unclipped_forecasts())
        for name in self.distributions:
            if name not in self.forecasts:
                raise ScenarioError(f"distributions names the model {name!r}{nearest(name, self.forecasts)}")
        try:
            json.dumps(dict(self.about))
        except (TypeError, ValueError) as cause:
            raise ScenarioError(f"about of scenario {self.name!r} must be plain JSON values: {cause}") from cause
        check_rounds(self)

    def _unclipped_forecasts(self) -> dict[str, FloatArray]:
        for name in self.unclipped_forecasts:
            if name not in self.forecasts:
                raise ScenarioError(f"unclipped_forecasts names the model {name!r}{nearest(name, self.forecasts)}")
        return {
            name: before_clipping(f"forecast {name!r}", values, self.forecasts[name], ScenarioError)
            for name, values in self.unclipped_forecasts.items()
        }

    def __repr__(self) -> str:
        names = in_short(", ".join(self._names)).strip("'")
        rounds = str(self.rounds or self.adversary.horizon)
        rounds += "" if self.declared_horizon is None else f" of {self.declared_horizon}"
        return (
            f"<Scenario {in_short(self.name)}: {type(self.adversary).__name__} against "
            f"{type(self.forecaster).__name__}, {rounds} rounds, populations {names}>"
        )

    def _repr_html_(self) -> str:
        """Table of what it is made of, for notebooks."""
        import pandas as pd

        from omnisim.display import as_html

        rules = self.elimination if isinstance(self.elimination, Mapping) else {"": self.elimination}
        days = "" if self.dates is None or not len(self.dates) else f", {self.dates[0]} to {self.dates[-1]}"
        rows = [
            ("adversary", repr(self.adversary)),
            ("rounds", f"{self.played:,}{days}"),
            ("forecaster", repr(self.forecaster)),
            *(("other forecaster", f"{name}: {each!r}") for name, each in self.other_forecasters.items()),
            *((f"rule {name}".rstrip(), repr(rule)) for name, rule in rules.items()),
            ("populations", ", ".join(self._names)),
            ("subsequences", ", ".join(self.subsequences)),
            ("seed", str(self.seed)),
        ]
        return as_html(f"Scenario {self.name}. omnisim.simulate runs it.", pd.DataFrame(rows), header=False)

    @property
    def horizon(self) -> int:
        """T, the number of rounds that guarantees are for: as declared, or those to run."""
        return self.played if self.declared_horizon is None else self.declared_horizon

    @property
    def played(self) -> int:
        """The number of rounds to run."""
        rounds = self.adversary.horizon if self.rounds is None else self.rounds
        if rounds is None:
            raise ScenarioError(
                f"scenario {self.name!r} does not say how many rounds to run, and its adversary "
                f"{type(self.adversary).__name__} has no end: set rounds"
            )
        return rounds

    def replace(self, **changes: Any) -> "Scenario":
        """A copy with some fields changed: ``scenario.replace(forecaster=...)``.

        What it says about the file it came from is dropped, since it no longer describes the run.
        """
        about = {key: value for key, value in self.about.items() if key != "digest"}
        return dataclasses.replace(self, **{"source": {}, "about": about, **changes})

    def elimination_of(self, population: str) -> Policy:
        """The rule of the population of this name.

        Raises
        ------
        ScenarioError
            If there is none.
        """
        among("population of elimination_of", population, self._names, ScenarioError)
        return self.elimination[population] if isinstance(self.elimination, Mapping) else self.elimination

    @cached_property
    def _names(self) -> dict[str, None]:
        """Names of the populations: of thousands, each is looked up several times before a run."""
        return dict.fromkeys(each.name for each in self.populations)

    @property
    def forecasters(self) -> dict[str, Forecaster]:
        """All forecasters by name, the first one first."""
        return {FORECASTER: self.forecaster, **self.other_forecasters}

    @held_to_types(ScenarioError)
    def subscriptions_of(self, population: str) -> tuple[str, ...]:
        """Names of the forecasters that the population of this name hears.

        Raises
        ------
        ScenarioError
            If there is none.
        """
        among("population of subscriptions_of", population, self._names, ScenarioError)
        return tuple(self.subscriptions.get(population, (FORECASTER,)))

    def problem(self, seed: int) -> Problem:
        """Build the populations and find the active subsequences of every round.

        Raises
        ------
        OmnisimError
            If the seed is no whole number >= 0, a population has other coordinates than the adversary, or a subsequence
            is empty.
        """
        check_seed(seed)
        rounds, known = self.horizon, self.played
        populations = tuple(p if isinstance(p, Population) else p.build(seed) for p in self.populations)
        dimension = self.adversary.dimension_for(populations)
        for population in populations:
            if population.dimension != dimension:
                raise ScenarioError(
                    f"population {population.name!r} has utilities of {count(population.dimension, 'coordinate')}: "
                    f"the adversary {type(self.adversary).__name__} plays {dimension}"
                )
        widths = {f"forecast {name!r}": values.shape[1] for name, values in self.forecasts.items()}
        if self.past is not None:
            widths["past outcomes"] = self.past.outcomes.shape[1]
        for what, width in widths.items():
            if width != dimension:
                raise ScenarioError(
                    f"{what} of scenario {self.name!r}: {count(width, 'coordinate')}, outcomes have {dimension}"
                )
        rows, present = self._presence_intervals(populations, rounds, seed)
        later = adaptive(self.subsequences, self.adversary.published)
        return Problem(
            tuple(with_rows(p, rows[p.name]) if p.name in rows else p for p in populations),
            tuple(self.subsequences),
            padded(activity(self.subsequences, known, self.features, later), rounds),
            None if self.dates is None else freeze(self.dates[:known]),
            {name: freeze(values[:known]) for name, values in self.features.items()},
            {name: freeze(values[:known]) for name, values in self.forecasts.items()},
            {name: freeze(values[:known]) for name, values in self.unclipped_forecasts.items()},
            self.past,
            known,
            self.declared_horizon is not None,
            rows,
            present,
            {p.name: _action(p, self.default_actions[p.name]) for p in populations if p.name in self.default_actions},
            later,
        )

    def _presence_intervals(
        self, populations: Sequence[Population], rounds: int, seed: int
    ) -> tuple[dict[str, IntArray], dict[str, BoolArray]]:
        rows, present = {}, {}
        for population in populations:
            if population.name in self.churn:
                rng = stream(seed, f"population/{population.name}/churn")
                try:
                    intervals = self.churn[population.name].presence_intervals(population.agents, rounds, rng)
                except ProblemError as cause:
                    raise ProblemError(f"churn of population {population.name!r}: {cause}") from cause
                rows[population.name], present[population.name] = freeze(intervals[0]), freeze(intervals[1])
        return rows, present


def _action(population: Population, action: int | str) -> int:
    """The index of a default action."""
    known = population.action_names
    if isinstance(action, str):
        if action not in known:
            raise ScenarioError(
                f"default action of population {population.name!r} is {action!r}{nearest(action, known)}"
            )
        return known.index(action)
    if not 0 <= action < population.actions:
        raise ScenarioError(
            f"default action of population {population.name!r} is {action}: "
            f"it has actions 0 to {population.actions - 1}"
        )
    return int(action)
