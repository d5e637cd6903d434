"""Base of forecasters, with public methods that check the results of a subclass's hooks."""

from abc import ABC, abstractmethod

from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, in_a_round
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.context import Context, Service
from omnisim.problem.guarantees import OF_FORECASTERS
from omnisim.problem.mixture import Mixture
from omnisim.refusing import one_of
from omnisim.strategies.declaring import Declaring
from omnisim.wording import count


class Forecaster(Declaring, ABC):
    """Predicts the outcome of each round.

    A subclass writes ``_predict(context)``, which returns a :class:`Mixture` or a single prediction (d,) in
    [0, 1]; and, if it learns, ``_start()`` to reset its state (``self.service`` is set by then; past outcomes
    have not been shown yet) and ``_update(outcome)``. Past outcomes are passed through ``_observe(context,
    outcome)``, which by default calls ``_update``.

    While ``_update`` runs, ``self.unclipped`` (d,) is the outcome before it was clipped to [0, 1]. A forecaster that
    can say what it would have predicted without the box returns it beside the prediction, as
    ``Mixture.point(prediction, unclipped)``: agents act on the prediction, its errors are measured by the other.

    A forecaster with a certified bound declares it in ``guarantees()``; one that is derived from it and overrides a
    hook has to declare again what it still keeps (:class:`~omnisim.strategies.declaring.Declaring`).
    """

    can_guarantee = OF_FORECASTERS

    @property
    def by_blocks(self) -> bool:
        """Whether it adds up agents by blocks where they are (:mod:`omnisim.problem.elsewhere`): none is divided."""
        return any(base.by_blocks for base in getattr(self, "bases", ()))

    _service: Service | None = None
    _set_on_start = "_service"
    unclipped: FloatArray

    @property
    def service(self) -> Service:
        """Service that ``start`` was given.

        Raises
        ------
        StrategyError
            If the forecaster was not started.
        """
        if self._service is None:
            raise StrategyError(f"{type(self).__name__} was not started: call start(Service(dimension)) first")
        return self._service

    def start(self, service: Service) -> None:
        """Forget everything, and learn from what happened before round 0."""
        self._service = one_of("service of start", service, Service, "a Service, such as Service(2)", StrategyError)
        self._start()
        past = service.past
        if past is not None:
            for h, outcome in enumerate(past.outcomes):
                self.unclipped = outcome if past.unclipped is None else past.unclipped[h]
                self._observe(past.context(h), outcome)

    def predict(self, context: Context) -> Mixture:
        """The mixture committed to in this round.

        Raises
        ------
        StrategyError
            If the prediction is not a mixture on [0, 1]^d, or the context is none.
        """
        dimension = self.service.dimension
        one_of("context of predict", context, Context, "a Context, such as Context(0)", StrategyError)
        predicted = self._predict(context)
        if not isinstance(predicted, Mixture):
            try:
                predicted = Mixture.point(predicted)
            except ProblemError as cause:
                raise StrategyError(
                    f"{type(self).__name__} predicted badly in round {context.round}: {cause}"
                ) from cause
        if predicted.dimension != dimension:
            raise StrategyError(
                f"{type(self).__name__} predicted {count(predicted.dimension, 'coordinate')} in round {context.round}: "
                f"outcomes have {dimension}"
            )
        return predicted

    def update(self, outcome: FloatArray, unclipped: FloatArray | None = None) -> None:
        """Learn the outcome (d,) of the round last predicted, and what it was before it was clipped to [0, 1]."""
        shape = (self.service.dimension,)
        outcome = in_a_round("outcome of update", outcome, shape, error=StrategyError)
        if unclipped is None:
            unclipped = outcome
        self.unclipped = in_a_round("unclipped of update", unclipped, shape, error=StrategyError)
        self._update(outcome)

    def gain_gradient(self) -> FloatArray | None:
        """Gradient of the weighted gain for a white-box adversary, after ``predict``; see ``Context.gain_gradient``."""
        return None

    def diagnostics(self) -> dict[str, float]:
        """Numbers about the round just learnt, for the record; the same names in every round."""
        return {}

    def base_predictions(self) -> FloatArray | None:
        """Other predictions (B, d) that this one is measured against, for the record; the same B in every round."""
        return None

    def _start(self) -> None:
        """Reset all state."""

    @abstractmethod
    def _predict(self, context: Context) -> Mixture | ArrayLike: ...

    def _update(self, outcome: FloatArray) -> None:
        """Learn an outcome."""

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        self._update(outcome)
