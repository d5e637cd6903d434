"""Omnipredictions of one coordinate: an ensemble of base forecasts, learnt from samples, that serves every cost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.batch import Omnipredictor as Ensemble
from omnisim.batch import direct_ensemble, two_player
from omnisim.batch.base_predictors import BasePredictors, finite_minimizers
from omnisim.batch.cross_fitting import cross_fitted
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.problem.losses import Mean
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.bases import bases_of
from omnisim.strategies.forecasters.climatology import Climatology
from omnisim.strategies.forecasters.persistence import Persistence
from omnisim.strategies.parameters import Written

_TARGET = Mean()


class Omnipredictor(Forecaster):
    """Forecaster about as good as the best base for every cost of a false alarm against a miss (Gibbs and Tibshirani).

    Made for outcomes 0 and 1, a spike or none, whose probability it predicts; outcomes in between are predicted by
    their mean. Each round it notes what the bases predict. Every ``refit_every`` rounds it learns from its notes: for
    each threshold (i - 1/2) / m the base that was best at it, by cross-fitting, and an ensemble of these. What happened
    before round 0 is learnt from as well. Until it has ``warm_up`` rounds it predicts what the first base does.

    The guarantee is for rounds drawn independently from one law, unlike that of ``StepCalibrated``, which learns from
    every round and holds for any outcomes.

    Parameters
    ----------
    bases
        Forecasters to compete with; without any, the last outcome and the mean of all.
    method
        ``"two_player"``, whose predictions are mixtures, or ``"direct"``, which is deterministic.
    m
        Number of thresholds, >= 1.
    warm_up
        Rounds before the first fit, >= 2.
    refit_every
        Rounds from one fit to the next, >= 1.
    window
        Rounds in a fit, >= 2; None for all.
    seed
        Of folds, and of the order in which rounds are played, >= 0.

    Raises
    ------
    StrategyError
        For a bad parameter; on start, if outcomes have more than one coordinate.

    Examples
    --------
    Ten days without a spike and ten with one, in turns: it learns whom to follow.

    >>> from omnisim.problem.context import Service
    >>> forecaster = Omnipredictor(bases=[Climatology(), Persistence()], m=4, warm_up=50)
    >>> forecaster.start(Service(dimension=1))
    >>> for t in range(100):
    ...     _ = forecaster.predict(Context(round=t))
    ...     forecaster.update(np.array([float(t // 10 % 2)]))
    >>> forecaster.predict(Context(round=100)).mean.round(1)
    array([1.])
    """

    def __init__(
        self,
        bases: Annotated[Sequence[Forecaster], Written("forecasters")] = (),
        method: Literal["two_player", "direct"] = "two_player",
        m: int = 16,
        warm_up: int = 60,
        refit_every: int = 30,
        window: int | None = None,
        seed: int = 0,
    ) -> None:
        if method not in ("two_player", "direct"):
            raise StrategyError(f"method of Omnipredictor is {method!r}: it must be 'two_player' or 'direct'")
        limits = {"m": (m, 1), "warm_up": (warm_up, 2), "refit_every": (refit_every, 1), "seed": (seed, 0)}
        if window is not None:
            limits["window"] = (window, 2)
        for name, (value, least) in limits.items():
            if value < least:
                raise StrategyError(f"{name} of Omnipredictor must be >= {least}, got {value}")
        self.bases = bases_of("Omnipredictor", bases) or (Persistence(), Climatology())
        self.method, self.m, self.seed = method, m, seed
        self.warm_up, self.refit_every, self.window = warm_up, refit_every, window

    @property
    def fitted(self) -> bool:
        """Whether it has seen enough rounds to predict by its ensemble."""
        return self._ensemble is not None

    def base_predictions(self) -> FloatArray | None:
        """Predictions of the bases in the last round, (B, 1): the means of their mixtures."""
        return self._said[:, None]

    def _start(self) -> None:
        if self.service.dimension != 1:
            raise StrategyError(
                f"Omnipredictor predicts one coordinate, outcomes have {self.service.dimension}: a threshold on a "
                "prediction needs numbers (DecisionCalibrated takes any number of coordinates)"
            )
        for base in self.bases:
            # What happened before is shown to the bases round by round, so that what they said of it is known.
            base.start(replace(self.service, past=None))
        self._columns: list[FloatArray] = []
        self._outcomes: list[float] = []
        self._since_fit = 0
        self._ensemble: Ensemble | None = None
        self._base: BasePredictors | None = None

    def _predict(self, context: Context) -> Mixture:
        self._said = np.array([float(base.predict(context).mean[0]) for base in self.bases])
        if len(self._outcomes) >= self.warm_up and (not self.fitted or self._since_fit >= self.refit_every):
            self._fit()
        if self._ensemble is None or self._base is None:
            return Mixture.point(self._said[:1])
        law = self._ensemble.mixture(self._base.exceeds(self._said[None, :]))[0]
        used = law > 0
        return Mixture(self._ensemble.grid[used][:, None], law[used])

    def _update(self, outcome: FloatArray) -> None:
        self._columns.append(self._said)
        self._outcomes.append(float(outcome[0]))
        self._since_fit += 1
        if self.window is not None and len(self._outcomes) > self.window:
            del self._columns[0], self._outcomes[0]
        for base in self.bases:
            base.update(outcome)

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        self._said = np.array([float(base.predict(context).mean[0]) for base in self.bases])
        self._update(outcome)

    def _fit(self) -> None:
        columns, y = np.stack(self._columns), np.array(self._outcomes)
        rng = np.random.default_rng(self.seed)
        exceeds, self._base = cross_fitted(
            lambda x, outcomes: finite_minimizers(x, outcomes, self.m, _TARGET), columns, y, min(5, len(y)), rng
        )
        order = rng.permutation(len(y))
        if self.method == "two_player":
            self._ensemble = two_player(exceeds[order], y[order], target=_TARGET)
        else:
            self._ensemble = direct_ensemble(exceeds[order], y[order], target=_TARGET)
        self._since_fit = 0
