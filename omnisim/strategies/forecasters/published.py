"""Published forecasts: predictions that somebody made beforehand."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from omnisim.archives import form_of
from omnisim.arrays import FloatArray
from omnisim.errors import DataError, StrategyError
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.reading import reading
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.outcome_table import outcome_table
from omnisim.suggest import nearest


class Published(Forecaster):
    """Broadcasts given predictions, one row a round.

    Give exactly one of the three.

    Parameters
    ----------
    predictions : (T, d) in [0, 1]
        An array.
    model
        Name of one of the forecasts that come with the market's data (``Context.forecasts``).
    path
        A ``.npy`` file, or a ``.csv`` without header, of shape (T, d) in [0, 1].

    Raises
    ------
    StrategyError
        If none or several are given, a number leaves [0, 1], or the run is longer than the predictions.
    DataError
        If the file cannot be read.

    Examples
    --------
    >>> from omnisim.problem.context import Service
    >>> forecaster = Published([[0.25], [0.75]])
    >>> forecaster.start(Service(dimension=1, rounds=2))
    >>> forecaster.predict(Context(round=1)).mean
    array([0.75])
    """

    def __init__(
        self, predictions: ArrayLike | None = None, model: str | None = None, path: Path | None = None
    ) -> None:
        given = [
            name
            for name, value in (("predictions", predictions), ("model", model), ("path", path))
            if value is not None
        ]
        if len(given) != 1:
            raise StrategyError(
                "Published needs exactly one of predictions, model and path, got " + (" and ".join(given) or "none")
            )
        self.model = model
        self._table: FloatArray | None = None
        if path is not None:
            predictions = _read(Path(path))
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
                f"Published has predictions of {dimension} coordinates: outcomes have {self.service.dimension}"
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


def _read(path: Path) -> FloatArray:
    with reading(path, DataError, "cannot be read as an array of predictions (T, d)"), warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy warns of a file without numbers
        if path.suffix == ".npy":
            with path.open("rb") as file:
                form_of(file)  # how large it is is known before it is read
                file.seek(0)
                return np.asarray(np.load(file, allow_pickle=False), dtype=np.float64)
        return np.loadtxt(path, delimiter=",", ndmin=2)
