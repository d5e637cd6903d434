"""Decision-calibrated forecasts: unbiased conditional on every decision of every registered agent."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.errors import StrategyError
from omnisim.game.decision_blocks import DecisionObjectives
from omnisim.game.engine import Engine
from omnisim.game.minimax import CuttingPlanes, Minimax, SimulatedPlay, worst_case
from omnisim.game.objectives import DecisionEvents, UtilityDirections
from omnisim.game.parts import PartHere, Parts, PartsElsewhere
from omnisim.game.weights import Hedge, MsMwC, SecondOrderPotential, Weights
from omnisim.problem.context import Context
from omnisim.problem.elsewhere import blocks
from omnisim.problem.guarantees import CalibratesDecisions, Guarantee, Objective
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.bases import bases_of
from omnisim.strategies.forecasters.combination import Combination
from omnisim.strategies.forecasters.persistence import Persistence
from omnisim.strategies.parameters import Written

ObjectivesName: TypeAlias = Literal["coordinates", "utilities"]
WeightsName: TypeAlias = Literal["potential", "hedge", "msmwc"]
MinimaxName: TypeAlias = Literal["cutting_planes", "simulated_play"]


_REGRET_SHARE = 0.3
"""Initial potential of external regret, and that of swap regret, in units of all the others together.

With more, minimax steps are solved where bases would have done; with less, the logarithms in the bounds grow by that of
(2 + 1 / share).
"""


class DecisionCalibrated(Forecaster):
    """Predictions with a small bias on every event "subsequence S, and agent n plays a" (Bechavod, Lu, Roth, sec. 4).

    The events are conditioned on the action each agent will really take from its registered candidates, so that one
    forecaster is all three instantiations of the paper, by the elimination rule of the agents: Decision-Calibration-
    Realization with Algorithm 1 (Theorem 4), -Expectation with Algorithm 2 (Theorem 10), -Subsequence with Algorithm 3
    (Theorem 8) or 4 (Theorem 12).

    Each round it tries the combination of its bases, then the mixture of each in order, and plays the first whose
    worst-case weighted gain is within the tolerance; else it solves the minimax step from there. So a good forecast is
    broadcast unchanged for as long as the guarantee allows it. Where that is another than the first but an earlier one
    could still be afforded (:class:`~omnisim.game.weights.SecondOrderPotential` allows a single round more than its
    even share), the one of the two is played on which the agents would have earned more in such rounds so far. Nothing
    that is selected can break the guarantee, and by ``base_regret`` no agent regrets not having followed a base, on any
    subsequence, up to a certified bound.

    Parameters
    ----------
    bases
        Forecasters to follow where possible. Without any it starts from :class:`Persistence`, combined and corrected as
        below, which needs nothing but the outcomes; agents are promised nothing about that one then.
    combine
        Whether to try first the online combination of the bases with its correction
        (:class:`~omnisim.strategies.forecasters.Combination`), which repairs weak bases and uses several at once.
    base_regret
        Also keep small every agent's regret to following each base, on every subsequence
        (:class:`~omnisim.game.objectives.BaseRegret`; N B L objectives, which cost little).
    objectives
        ``"coordinates"`` of the bias (the papers'; K = 2 d N |A| L), or ``"utilities"``, its components along the
        utility differences (K = N |A|^2 L; bounds swap regret directly).
    regret
        Also keep every agent's external and swap regret small on every subsequence, directly, with potentials of their
        own in the same budget (:class:`~omnisim.game.regret_potential.RegretPotential`), which say something within a
        year; None for True with ``weights="potential"``, and False with others, which have no budget.
    base_events
        Also keep the bias small on the decisions that agents would have taken on each base forecast, as Noarov et al.
        do: a second way to the same regret, through 2 d N |A| L objectives per base.
    weights
        ``"potential"`` (certified bound; see :class:`~omnisim.game.weights.SecondOrderPotential`), ``"hedge"`` or
        ``"msmwc"``.
    minimax
        ``"cutting_planes"`` (exact bisection for d = 1), or ``"simulated_play"``, the slow reference.
    tolerance
        How large the weighted gain of a round may be, > 0, in the scale of the weights
        (:class:`~omnisim.game.engine.Engine`); None for the budget of the potential, or 1/1000 of the weight for the
        others. With a number nothing keeps the potential within e K, so its bounds may come to say nothing.

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
        combine: bool = True,
        base_regret: bool = True,
        regret: bool | None = None,
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
        self.bases = bases_of("DecisionCalibrated", bases)
        if base_events and not self.bases:
            raise StrategyError("base_events of DecisionCalibrated needs at least one base")
        if regret and weights != "potential":
            raise StrategyError(
                f"regret of DecisionCalibrated needs weights = 'potential', got {weights!r}: others have no budget"
            )
        self.regret = weights == "potential" if regret is None else regret
        self.combine, self.base_regret = combine, base_regret
        self.objectives, self.weights, self.minimax = objectives, weights, minimax
        self.base_events, self.tolerance = base_events, tolerance

    @property
    def by_blocks(self) -> bool:
        """Whether objectives are kept where agents are: weights that sum to 1, and simulated play, need them here."""
        return (self.weights == "potential" and self.minimax == "cutting_planes") or super().by_blocks

    def gain_gradient(self) -> FloatArray | None:
        """The slope in the outcome of the weighted gain of the mixture just committed to, (d,)."""
        assert self._engine.step is not None  # noqa: S101 (asked for after predict; this tells the type checker)
        return worst_case(self._engine.gain, self._engine.step.mixture)[1]

    def diagnostics(self) -> dict[str, float]:
        """Diagnostics of the last round: value, tolerance, evaluations, and what was broadcast.

        That is whether it was the first choice (``followed``: the combination, or the first base without one), and
        whether it was a minimax step (``intervened``). And Phi / K, where there is a potential.
        """
        step = self._engine.step
        assert step is not None  # noqa: S101 (asked for after a round; this tells the type checker)
        found = {"value": step.value, "tolerance": self._engine.tolerance, "evaluations": float(step.evaluations)}
        found["followed"], found["intervened"] = float(self._engine.place == 0), float(self._engine.solved)
        if isinstance(self._rule, SecondOrderPotential):
            found["potential"] = self._rule.spent
        return found

    def base_predictions(self) -> FloatArray | None:
        """Predictions of the bases in the last round, (B, d): the means of their mixtures."""
        return self._followed if self.bases else None

    def guarantees(self) -> Sequence[Guarantee]:
        """The bound that the potential certifies, or the published one of Hedge or MsMwC."""
        said: dict[str, Any] = {
            "theorem": "Section 4.2",
            "objectives": Objective(self.objectives),
            "base_regret": self.base_regret and bool(self.bases),
            "limits": (self.service.limits.low, self.service.limits.high),
        }
        match self._rule:
            case SecondOrderPotential():
                budgeted = self.tolerance is None and self.minimax == "cutting_planes"
                count = math.ceil(self._rule.mass - ROUNDING)
                return (CalibratesDecisions(**said, count=count, regret_pairs=self._pairs, budgeted=budgeted),)
            case Hedge() | MsMwC():
                said |= {"hypotheses": (), "count": self._rule.count, "formula": self._rule.formula}
                largest = self._rule.bound(self._rule.tolerance() if self.tolerance is None else self.tolerance)
                return (CalibratesDecisions(**said, largest_gain=largest),)
            case _:
                return ()

    def _start(self) -> None:
        service = self.service
        if service.rounds is None:
            raise StrategyError("DecisionCalibrated needs to know the number of rounds when it starts")
        if service.agents is None:
            raise StrategyError("DecisionCalibrated has no registered population to calibrate for")
        self._agents = service.agents
        # The combination drives the bases itself.
        starts = self.bases or (Persistence(),)
        self._combination = Combination(starts) if self.combine else None
        self._driven: Sequence[Forecaster] = starts if self._combination is None else [self._combination]
        for forecaster in self._driven:
            forecaster.start(service)
        self._rule: Weights = _WEIGHTS[self.weights]()
        # What forecasts would have earned more than what was within the tolerance, where either could be played.
        self._lead = 0.0
        self._rivals: tuple[Context, Mixture, Mixture] | None = None
        self._pairs = 0.0
        objectives = self._objectives()
        if self.weights == "potential":
            families, beside = [], self._parts(objectives)
        else:  # their weights sum to 1 over all objectives
            kinds = objectives.families(service.populations)
            families, beside = [family for kind in kinds for family in kind], None
        minimax = _MINIMAX[self.minimax]()
        self._engine = Engine(families, self._rule, minimax, service.rounds, self.tolerance, beside)

    def _objectives(self) -> DecisionObjectives:
        """Facts from which the objectives are made."""
        service, bases = self.service, len(self.bases)
        assert service.rounds is not None  # noqa: S101 (refused before; this tells the type checker)
        objectives = DecisionObjectives(
            kind=_FAMILIES[self.objectives],
            blocks=blocks(service.populations),
            subsequences=len(service.subsequences),
            rounds=service.rounds,
            events=(None, *(range(bases) if self.base_events else ())),
            bases=bases if self.base_regret else 0,
            unit=None,
            limits=service.limits,
        )
        if not self.regret:
            return objectives
        agents, subsequences = sum(population.agents for population in service.populations), objectives.subsequences
        self._pairs = (2 + 1 / _REGRET_SHARE) * subsequences * agents
        mass = _REGRET_SHARE * float(objectives.count(service.populations))
        return replace(objectives, unit=mass / (agents * subsequences))

    def _parts(self, objectives: DecisionObjectives) -> Parts:
        """The objectives with their tables."""
        populations, elsewhere = self.service.populations, self.service.elsewhere
        mass = objectives.mass(populations)
        if elsewhere is None or self.minimax != "cutting_planes":
            return PartHere(mass, objectives(populations))
        return PartsElsewhere(mass, elsewhere.place(objectives))

    def _predict(self, context: Context) -> Mixture:
        candidates = [forecaster.predict(context) for forecaster in self._driven]
        if self._combination is None:
            self._followed = np.stack([mixture.mean for mixture in candidates])
        else:
            self._followed = self._combination.base_predictions()
            candidates += map(Mixture.point, self._followed)
        found = self._engine.play(context, candidates, list(self._followed) if self.bases else [])
        return self._arbitrate(context, found) if self.minimax == "cutting_planes" else found

    def _arbitrate(self, context: Context, solved: Mixture) -> Mixture:
        """Choose between what is within the tolerance and the forecast that can be afforded: which has earned more."""
        spared = self._engine.spared
        if spared is None:
            return solved
        self._rivals = context, spared.mixture, solved
        return self._engine.spare() if self._lead >= 0 else solved

    def _update(self, outcome: FloatArray) -> None:
        rises = self._engine.begin_learning(self.service.limits.within(outcome))
        if self._rivals is not None:
            context, *rivals = self._rivals
            spared, solved = (self._agents.earnings(context, rival, outcome) for rival in rivals)
            self._lead += spared - solved
            self._rivals = None
        for forecaster in self._driven:
            forecaster.update(outcome, self.unclipped)
        self._engine.finish_learning(rises)

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        """The past teaches the bases, which have seen it when they were started; there were no agents yet."""


_FAMILIES: dict[str, type[DecisionEvents] | type[UtilityDirections]] = {
    "coordinates": DecisionEvents,
    "utilities": UtilityDirections,
}
_WEIGHTS: dict[str, type[Weights]] = {"potential": SecondOrderPotential, "hedge": Hedge, "msmwc": MsMwC}
_MINIMAX: dict[str, type[Minimax]] = {"cutting_planes": CuttingPlanes, "simulated_play": SimulatedPlay}
