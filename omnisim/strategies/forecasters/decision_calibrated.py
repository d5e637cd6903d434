"""Decision-calibrated forecasts: unbiased conditional on every decision of every registered agent."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray, Written
from omnisim.errors import StrategyError
from omnisim.game.engine import Engine
from omnisim.game.minimax import CuttingPlanes, Minimax, SimulatedPlay, worst_case
from omnisim.game.objectives import DecisionEvents, Objectives, UtilityDirections
from omnisim.game.weights import Hedge, MsMwC, SecondOrderPotential, Weights
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.combination import Combination

ObjectivesName: TypeAlias = Literal["coordinates", "utilities"]
WeightsName: TypeAlias = Literal["potential", "hedge", "msmwc"]
MinimaxName: TypeAlias = Literal["cutting_planes", "simulated_play"]


class DecisionCalibrated(Forecaster):
    """Predictions with a small bias on every event "subsequence S, and agent n plays a" (Bechavod, Lu, Roth, sec. 4).

    The events are conditioned on the action each agent will really take from its registered candidates, so that one
    forecaster is all three instantiations of the paper, by the elimination rule of the agents: Decision-Calibration-
    Realization with Algorithm 1 (Theorem 4), -Expectation with Algorithm 2 (Theorem 10), -Subsequence with Algorithm 3
    (Theorem 8) or 4 (Theorem 12).

    Each round it tries the mixtures of its bases in order, and plays the first whose worst-case weighted gain is within
    the tolerance; else it solves the minimax step from there. So a base forecast is broadcast unchanged for as long as
    the guarantee allows it.

    Parameters
    ----------
    bases
        Forecasters to follow where possible; without any it starts from the middle of the box.
    combine
        Try first the online combination of the bases with its correction
        (:class:`~omnisim.strategies.forecasters.Combination`), then the bases themselves. It repairs weak bases and
        uses several at once, at the cost of a small regression per round.
    objectives
        ``"coordinates"`` of the bias (the papers'; K = 2 d N |A| L), or ``"utilities"``, its components along the
        utility differences (K = N |A|^2 L; bounds swap regret directly).
    base_events
        Also keep the bias small on the decisions that agents would have taken on each base forecast: then no agent
        regrets not having followed a base, up to that bias.
    weights
        ``"potential"`` (certified bound; see :class:`~omnisim.game.weights.SecondOrderPotential`), ``"hedge"`` or
        ``"msmwc"``.
    minimax
        ``"cutting_planes"`` (exact bisection for d = 1), or ``"simulated_play"``, the slow reference.
    tolerance
        Of the weighted gain in a round; None for the budget of the potential, or 1/1000 of the weight for the others.

    Raises
    ------
    StrategyError
        For a bad parameter; on start, if the number of rounds is not known or no population is registered.

    Examples
    --------
    >>> import omnisim
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Independent([[0.0], [1.0]], [0.3, 0.7]),
    ...     forecaster=DecisionCalibrated(),
    ...     rounds=100,
    ... )
    >>> analysis = omnisim.analyze(omnisim.simulate(scenario))
    >>> bool(analysis.certificates["holds"].all())
    True
    """

    def __init__(
        self,
        bases: Annotated[Sequence[Forecaster], Written("forecasters")] = (),
        objectives: ObjectivesName = "coordinates",
        base_events: bool = False,
        weights: WeightsName = "potential",
        minimax: MinimaxName = "cutting_planes",
        tolerance: float | None = None,
        combine: bool = False,
    ) -> None:
        for name, value, known in (
            ("objectives", objectives, _FAMILIES),
            ("weights", weights, _WEIGHTS),
            ("minimax", minimax, _MINIMAX),
        ):
            if value not in known:
                raise StrategyError(f"{name} of DecisionCalibrated is {value!r}: it must be one of {', '.join(known)}")
        if tolerance is not None and not tolerance > 0:
            raise StrategyError(
                f"tolerance of DecisionCalibrated must be > 0, got {tolerance}: the minimax step reaches 0 only in the "
                "limit"
            )
        for name, wanted in (("base_events", base_events), ("combine", combine)):
            if wanted and not bases:
                raise StrategyError(f"{name} of DecisionCalibrated needs at least one base")
        self.bases = tuple(bases)
        self.combine = combine
        self.objectives, self.weights, self.minimax = objectives, weights, minimax
        self.base_events, self.tolerance = base_events, tolerance

    def exposure(self) -> FloatArray | None:
        """The slope in the outcome of the weighted gain of the mixture just committed to, (d,)."""
        assert self._engine.step is not None  # noqa: S101 (asked for after predict; this tells the type checker)
        return worst_case(self._engine.gain, self._engine.step.mixture)[1]

    def diagnostics(self) -> dict[str, float]:
        """Of the last round: value of the mixture, tolerance, evaluations; and Phi / K, where there is a potential."""
        step = self._engine.step
        assert step is not None  # noqa: S101 (asked for after a round; this tells the type checker)
        found = {"value": step.value, "tolerance": self._engine.tolerance, "evaluations": float(step.evaluations)}
        if isinstance(self._rule, SecondOrderPotential):
            found["potential"] = self._rule.spent
        return found

    def facts(self) -> dict[str, object]:
        """What certificates need: the number of objectives K, and what they are."""
        return {
            "objectives": self.objectives,
            "weights": self.weights,
            "count": self._rule.count,
            "base_events": self.base_events,
        }

    def _start(self) -> None:
        service = self.service
        if service.rounds is None:
            raise StrategyError("DecisionCalibrated needs to know the number of rounds when it starts")
        if not service.populations:
            raise StrategyError("DecisionCalibrated has no registered population to calibrate for")
        # The combination drives the bases itself.
        self._combination = Combination(self.bases) if self.combine else None
        for forecaster in self.bases if self._combination is None else [self._combination]:
            forecaster.start(service)
        family = _FAMILIES[self.objectives]
        events: list[int | None] = [None, *(range(len(self.bases)) if self.base_events else ())]
        families: list[Objectives] = [
            family(population, len(service.subsequences), base) for base in events for population in service.populations
        ]
        self._rule: Weights = _WEIGHTS[self.weights]()
        self._engine = Engine(families, self._rule, _MINIMAX[self.minimax](), service.rounds, self.tolerance)

    def _predict(self, context: Context) -> Mixture:
        if self._combination is not None:
            combined = self._combination.predict(context)
            bases = list(self._combination.base_predictions)
            return self._engine.play(context, [combined, *map(Mixture.point, bases)], bases)
        mixtures = [base.predict(context) for base in self.bases]
        candidates = mixtures or [Mixture.point(np.full(self.service.dimension, 0.5))]
        return self._engine.play(context, candidates, [mixture.mean for mixture in mixtures])

    def _update(self, outcome: FloatArray) -> None:
        self._engine.learn(outcome)
        for forecaster in self.bases if self._combination is None else [self._combination]:
            forecaster.update(outcome)

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        """The past teaches the bases, which have seen it when they were started; there were no agents yet."""


_FAMILIES = {"coordinates": DecisionEvents, "utilities": UtilityDirections}
_WEIGHTS: dict[str, type[Weights]] = {"potential": SecondOrderPotential, "hedge": Hedge, "msmwc": MsMwC}
_MINIMAX: dict[str, type[Minimax]] = {"cutting_planes": CuttingPlanes, "simulated_play": SimulatedPlay}
