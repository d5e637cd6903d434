"""Published forecasts: predictions that somebody made beforehand."""

from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.outcome_table import outcome_table
from omnisim.suggest import nearest
from omnisim.wording import count


class Published(Forecaster):
    """Broadcasts given predictions, one row a round.

    Give exactly one of the two.

    Parameters
    ----------
    predictions : (T, d) in [0, 1]
        An array.
    model
        Name of one of the forecasts that come with the market's data (``Context.forecasts``): columns of its file, or
        dated files of their own (``forecast_files``).

    Raises
    ------
    StrategyError
        If none or several are given, a number leaves [0, 1], or the run is longer than the predictions.

    Examples
    --------
    >>> from omnisim.problem.context import Service
    >>> forecaster = Published([[0.25], [0.75]])
    >>> forecaster.start(Service(dimension=1, rounds=2))
    >>> forecaster.predict(Context(round=1)).mean
    array([0.75])
    """

    def __init__(self, predictions: ArrayLike | None = None, model: str | None = None) -> None:
        given = [name for name, value in (("predictions", predictions), ("model", model)) if value is not None]
        if len(given) != 1:
            raise StrategyError(
                "Published needs exactly one of predictions and model, got " + (" and ".join(given) or "none")
            )
        self.model = model
        self._table: FloatArray | None = None
        if predictions is not None:
            self._table = outcome_table("predictions of Published", predictions)

    def _start(self) -> None:
        if self._table is None:
            known = self.service.models
            if known is not None and self.model not in known:
                raise StrategyError(
                    f"Published names the model {self.model!r}, of which there is no forecast"
                    f"{nearest(self.model or '', known)}"
                )
            return
        length, dimension = self._table.shape
        if self.service.rounds is not None and length < self.service.rounds:
            raise StrategyError(f"Published has predictions for {length} rounds: the run has {self.service.rounds}")
        if dimension != self.service.dimension:
            raise StrategyError(
                f"Published has predictions of {count(dimension, 'coordinate')}: outcomes have {self.service.dimension}"
            )

    def _predict(self, context: Context) -> Mixture:
        if self._table is not None:
            return Mixture.point(self._table[context.round])
        model = self.model or ""
        if model not in context.forecasts:
            raise StrategyError(
                f"Published names the model {model!r}, of which there is no forecast{nearest(model, context.forecasts)}"
            )
        return Mixture.point(context.forecasts[model], context.unclipped_forecasts.get(model))
