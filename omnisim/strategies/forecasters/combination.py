"""Online combination of forecasts by Bernstein online aggregation, with a regression that corrects them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import exp, log
from omnisim.problem.context import Context
from omnisim.products import times, weighted_sums
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.bases import bases_of
from omnisim.strategies.forecasters.ridge_autoregression import RidgeAutoregression
from omnisim.strategies.parameters import Written

_CORRECTION_SHARE = 0.25
"""Initial weight of the correction, in weights of a base: it has to earn its place beside bases that may be good."""
_AGREEMENT = 1e-9
"""Linearized regrets, as a fraction of a unit of utility or of the range of outcomes, that are rounding."""
_CORRECTION = "mean of the bases"
"""Name of the feature under which the correction sees the bases."""


class Combination(Forecaster):
    """Predicts a convex combination of its bases, with weights learnt from what errors cost the registered agents.

    The weights are those of Bernstein online aggregation on a linearized loss (Wintenberger, Machine Learning 106,
    2017), which needs no tuning: a base that is better by a margin takes over, and where several err differently their
    mixture is better than each. The loss is convex in the prediction and bounds from above what the agents lose against
    foresight of this round (:meth:`~omnisim.problem.registered.RegisteredAgents.decision_slope`); without agents it is
    the mean absolute error. All coordinates share the weights, so that a round teaches them as a whole. With
    ``correction`` a further expert competes: the ridge autoregression of :class:`RidgeAutoregression`, refitted every 7
    rounds, with the mean of the bases among its regressors; it learns what lagged outcomes, calendar and features can
    add to the bases, begins with a quarter of a base's weight, and loses it where that is nothing.

    Parameters
    ----------
    bases
        At least one: forecasters, or registered names of some that need no parameters.
    correction
        Whether the regression competes too.

    Raises
    ------
    StrategyError
        If there is no base, or one is something else.

    Examples
    --------
    One base is right, the other never:

    >>> from omnisim.problem.context import Service
    >>> from omnisim.strategies.forecasters.published import Published
    >>> right, wrong = Published(np.full((50, 1), 0.8)), Published(np.full((50, 1), 0.1))
    >>> forecaster = Combination([right, wrong], correction=False)
    >>> forecaster.start(Service(dimension=1, rounds=50))
    >>> for t in range(50):
    ...     prediction = forecaster.predict(Context(round=t)).mean
    ...     forecaster.update(np.array([0.8]))
    >>> prediction.round(1)
    array([0.8])
    """

    def __init__(self, bases: Annotated[Sequence[Forecaster], Written("forecasters")], correction: bool = True) -> None:
        self.bases = bases_of("Combination", bases, least=1)
        self.correction = correction

    @property
    def weights(self) -> FloatArray:
        """The current weights, (experts,): the bases in their order, then the correction; they sum to 1."""
        return self._aggregation.weights

    def base_predictions(self) -> FloatArray:
        """Predictions of the bases in this round, (bases, d): the means of their mixtures."""
        return self._predictions[: len(self.bases)]

    def _start(self) -> None:
        for base in self.bases:
            base.start(self.service)
        self._regression = RidgeAutoregression(refit_every=7) if self.correction else None
        if self._regression is not None:
            # What the bases would have said of the past is not known, so the correction begins with round 0.
            self._regression.start(replace(self.service, past=None))
        prior = np.array([1.0] * len(self.bases) + ([] if self._regression is None else [_CORRECTION_SHARE]))
        self._aggregation = _BernsteinAggregation(prior / prior.sum())

    def _predict(self, context: Context) -> FloatArray:
        self._context = context
        predictions = [base.predict(context).mean for base in self.bases]
        if self._regression is not None:
            mean = np.mean(predictions, axis=0)
            seen = replace(context, features={**context.features, _CORRECTION: mean})
            corrected = self._regression.predict(seen).mean
            # Until it is fitted it has no opinion: that of the combination, which changes no weight.
            predictions.append(corrected if self._regression.fitted else self._aggregation.combine(predictions))
        self._predictions = np.stack(predictions)
        self._combined = np.clip(self._aggregation.combine(predictions), 0.0, 1.0)
        return self._combined

    def _update(self, outcome: FloatArray) -> None:
        for base in self.bases:
            base.update(outcome, self.unclipped)
        if self._regression is not None:
            self._regression.update(outcome)
        self._aggregation.learn(times(self._combined - self._predictions, self._slope(outcome)))

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        """The past teaches the bases, which have seen it when they were started."""

    def _slope(self, outcome: FloatArray) -> FloatArray:
        """A subgradient of the loss of this round at the combination, (d,)."""
        agents = self.service.agents
        if agents is None:
            return np.sign(self._combined - outcome) / len(outcome)
        return agents.decision_slope(self._context, self._combined, outcome)


class _BernsteinAggregation:
    """Second-order weights of M experts from their weights (M,) at the beginning.

    With r the linearized regret of a round to an expert, E the largest |r| and V the sum of r^2 so far, eta is the
    smaller of 1 / (2 E) and sqrt(ln(1 / prior) / V), and weights are proportional to prior eta exp(eta sum of (r - eta
    r^2)).
    """

    def __init__(self, prior: FloatArray) -> None:
        self._prior = self.weights = prior
        self._regret, self._squares, self._largest = (np.zeros(len(prior)) for _ in range(3))

    def combine(self, predictions: Sequence[FloatArray]) -> FloatArray:
        """The weighted mean (d,) of predictions (M, d), or of those of the first experts only."""
        weights = self.weights[: len(predictions)]
        return np.asarray(weighted_sums(weights, np.stack(predictions)) / weights.sum())

    def learn(self, regret: FloatArray) -> None:
        """Learn the linearized regrets (M,) of a round."""
        self._largest = np.maximum(self._largest, np.abs(regret))
        self._squares += regret**2
        with np.errstate(divide="ignore", invalid="ignore"):
            eta = np.minimum(0.5 / self._largest, np.sqrt(-log(self._prior) / self._squares))
        # An expert that is alone, or has always agreed with the combination, has no scale of its own.
        eta = np.where((self._largest > _AGREEMENT) & (eta > 0), eta, 1.0)
        self._regret += regret - eta * regret**2
        powers = eta * self._regret
        weights = self._prior * eta * exp(powers - powers.max())
        self.weights = weights / weights.sum()
