"""Step-calibrated forecasts of one coordinate: good for every loss and every subsequence, whoever the agents are."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.game.engine import Engine
from omnisim.game.grid import Grid
from omnisim.game.minimax import worst_case
from omnisim.game.step_events import StepEvents
from omnisim.game.weights import SecondOrderPotential
from omnisim.problem.context import Context
from omnisim.problem.guarantees import CalibratesSteps, Guarantee
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.bases import bases_of
from omnisim.strategies.parameters import Written


class StepCalibrated(Forecaster):
    """Predictions with a small bias on every set {p <= v} and {h <= w} within every subsequence (Balakrishnan et al.).

    Panprediction, played online: the groups are the subsequences, the comparators h are the bases. For one coordinate,
    an agent with affine utilities plays each action on an interval of predictions, that is, on a difference of two sets
    {p <= v}. So on every subsequence every agent does about as well as by following any of the bases or by playing any
    one action, up to that bias, although no agent was registered; what an agent earns is what decides how much a bias
    costs, not what is predicted.

    Each round it tries the bases in order, at the level nearest to their mean, and plays the first whose worst-case
    weighted gain is within the budget of the potential; else it mixes two neighbouring levels (theory, section 4.3).

    Parameters
    ----------
    bases
        Forecasters to compete with, and to follow where possible; without any it starts from 1/2.
    levels
        m >= 1: it predicts 0, 1/m, ..., 1.
    thresholds
        W >= 1: bases are compared with w = 1/W, ..., (W - 1)/W, and with no threshold.

    Raises
    ------
    StrategyError
        For a bad parameter; on start, if outcomes have more than one coordinate or the number of rounds is not known.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("hedgers", utility=[[[-1.0], [0.0]]], offset=[[1.0, 0.7]])],
    ...     adversary=omnisim.adversaries.Independent([[0.0], [1.0]], [0.8, 0.2]),
    ...     forecaster=StepCalibrated(bases=[omnisim.forecasters.Climatology()]),
    ...     rounds=200,
    ... )
    >>> agents = omnisim.analyze(omnisim.simulate(scenario)).agents
    >>> print(agents["external_regret"].max() < 0.1 * 200)
    True
    """

    def __init__(
        self,
        bases: Annotated[Sequence[Forecaster], Written("forecasters")] = (),
        levels: int = 32,
        thresholds: int = 16,
    ) -> None:
        for name, value in (("levels", levels), ("thresholds", thresholds)):
            if value < 1:
                raise StrategyError(f"{name} of StepCalibrated must be >= 1, got {value}")
        self.bases = bases_of("StepCalibrated", bases)
        self.levels, self.thresholds = levels, thresholds

    def gain_gradient(self) -> FloatArray | None:
        """The slope in the outcome of the weighted gain of the mixture just committed to, (1,)."""
        assert self._engine.step is not None  # noqa: S101 (asked for after predict; this tells the type checker)
        return worst_case(self._engine.gain, self._engine.step.mixture)[1]

    def diagnostics(self) -> dict[str, float]:
        """Diagnostics of the last round: value, tolerance, evaluations; Phi / K; largest |sum of gains| of an event."""
        step = self._engine.step
        assert step is not None  # noqa: S101 (asked for after a round; this tells the type checker)
        return {
            "value": step.value,
            "tolerance": self._engine.tolerance,
            "evaluations": float(step.evaluations),
            "potential": self._rule.spent,
            "largest_bias": self._rule.largest_gain,
        }

    def base_predictions(self) -> FloatArray | None:
        """Predictions of the bases in the last round, (B, 1): the means of their mixtures."""
        return np.array(self._followed) if self.bases else None

    def guarantees(self) -> Sequence[Guarantee]:
        """The bound that the potential certifies, with the levels v and thresholds w."""
        return (
            CalibratesSteps(
                theorem="Section 7",
                count=self._rule.count,
                levels=tuple(self._grid.tolist()),
                thresholds=tuple(self._cuts.tolist()),
            ),
        )

    def _start(self) -> None:
        service = self.service
        if service.dimension != 1:
            raise StrategyError(
                f"StepCalibrated predicts one coordinate, outcomes have {service.dimension}: sets {{p <= v}} order "
                "predictions on a line (DecisionCalibrated takes any number)"
            )
        if service.rounds is None:
            raise StrategyError("StepCalibrated needs to know the number of rounds when it starts")
        for base in self.bases:
            base.start(service)
        self._grid = np.linspace(0.0, 1.0, self.levels + 1)
        self._cuts = np.arange(1, self.thresholds) / self.thresholds
        events = StepEvents(len(service.subsequences), [self._cuts] * len(self.bases), self._grid)
        self._rule = SecondOrderPotential()
        self._engine = Engine([events], self._rule, Grid(self._grid), service.rounds)

    def _predict(self, context: Context) -> Mixture:
        self._followed = [base.predict(context).mean for base in self.bases]
        candidates = [self._nearest(base) for base in self._followed or [np.array([0.5])]]
        return self._engine.play(context, candidates, self._followed)

    def _update(self, outcome: FloatArray) -> None:
        self._engine.learn(outcome)
        for base in self.bases:
            base.update(outcome, self.unclipped)

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        """The past teaches the bases, which have seen it when they were started; there were no subsequences yet."""

    def _nearest(self, prediction: FloatArray) -> Mixture:
        return Mixture.point([self._grid[np.abs(self._grid - prediction[0]).argmin()]])
