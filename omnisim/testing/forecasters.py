"""The contract of a forecaster."""

import copy
from collections.abc import Sequence

from omnisim.errors import StrategyError
from omnisim.problem.context import Service
from omnisim.refusing import one_of
from omnisim.signatures import held_to_types
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.testing.guarantees import check_forecast_declared
from omnisim.testing.runs import DIMENSIONS, ROUNDS, Output, Play, check_runs, law_of
from omnisim.testing.world import SITUATIONS, SUBSEQUENCES, TestWorld


@held_to_types(StrategyError)
def check_forecaster(
    forecaster: Forecaster,
    *,
    dimension: int | None = None,
    rounds: int = ROUNDS,
    features: Sequence[str] = (),
    forecasts: Sequence[str] = (),
    populations: bool = False,
) -> None:
    """Check that a forecaster keeps its contract.

    Beside what all strategies promise: it predicts a mixture on [0, 1]^d in every round, with and without
    dates, features, published forecasts, past outcomes and registered populations. The law of the outcomes is
    told in every case, for forecasters that read it. What it declares in ``guarantees()`` can be decided from a record.

    Parameters
    ----------
    forecaster
        An instance; it is left as it was.
    dimension
        d, for a forecaster made for one; 1, 3 and 24 are tried if omitted.
    rounds
        T >= 1; given predictions must last for so many.
    features, forecasts
        Names of what the context must have for this forecaster to work at all.
    populations
        Whether it works only where populations are registered.

    Raises
    ------
    StrategyError
        Naming the rule that is broken, or the argument that is of another type or below 1.

    Examples
    --------
    A forecaster of your own:

    >>> import numpy as np
    >>> import omnisim
    >>> class Smoothing(omnisim.forecasters.Forecaster):
    ...     def _start(self):
    ...         self.level = np.full(self.service.dimension, 0.5)
    ...     def _predict(self, context):
    ...         return self.level
    ...     def _update(self, outcome):
    ...         self.level = 0.8 * self.level + 0.2 * outcome
    >>> omnisim.testing.check_forecaster(Smoothing())

    The same, spoiling the outcome that others will read too:

    >>> class Careless(Smoothing):
    ...     def _update(self, outcome):
    ...         outcome *= 0.2
    ...         self.level = 0.8 * self.level + outcome
    >>> omnisim.testing.check_forecaster(Careless())
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: Careless changed its input: outcome, in update of round 0 (d = 1, bare context)
    """
    one_of("forecaster of check_forecaster", forecaster, Forecaster, "a Forecaster", StrategyError)
    for d in DIMENSIONS if dimension is None else (dimension,):
        for situation, extras in SITUATIONS.items():
            if populations and "populations" not in extras:
                continue
            play = _ForecasterPlay(f"d = {d}, {situation}", d, rounds, features, forecasts, extras)
            check_runs(forecaster, play)
            used = copy.deepcopy(forecaster)
            play.run(used)
            check_forecast_declared(used, play.where)


class _ForecasterPlay(Play[Forecaster]):
    def __init__(
        self,
        where: str,
        dimension: int,
        rounds: int,
        features: Sequence[str],
        forecasts: Sequence[str],
        extras: frozenset[str],
    ) -> None:
        super().__init__(where, rounds)
        around = TestWorld(dimension, rounds, features, forecasts, extras)
        self.contexts, self.outcomes = around.contexts, around.outcomes
        self.service = Service(
            dimension,
            rounds,
            around.populations,
            [f"subsequence {k}" for k in range(SUBSEQUENCES)],
            around.past,
            lambda context: around.market.law(context, None, None),
        )

    def start(self, strategy: Forecaster) -> None:
        with self.giving(strategy, "start", service=self.service) as given:
            strategy.start(given["service"])

    def step(self, strategy: Forecaster, t: int) -> Output:
        with self.giving(strategy, f"predict of round {t}", context=self.contexts[t]) as given:
            mixture = strategy.predict(given["context"])
            predicted = law_of(mixture, self.service.dimension)
        outcome = 1 - self.outcomes[t] if self.other else self.outcomes[t]
        with self.giving(strategy, f"update of round {t}", outcome=outcome) as given:
            strategy.update(given["outcome"])
        return predicted
