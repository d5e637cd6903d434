"""Published forecasts: predictions that somebody made beforehand."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray
from omnisim.errors import DataError, StrategyError
from omnisim.strategies.base import Context, Forecaster, outcome_table
from omnisim.suggest import nearest


class Published(Forecaster):
    """Broadcasts given predictions, one row a round.

    Give exactly one of the three.

    Parameters
    ----------
    predictions : (T, d) in [0, 1]
        An array.
    feature
        Name of a feature of the context with d numbers in [0, 1] a round; the published forecasts of a market
        are features of its scenario under their own names.
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
    >>> from omnisim.strategies.base import Service
    >>> forecaster = Published([[0.25], [0.75]])
    >>> forecaster.start(Service(dimension=1, rounds=2))
    >>> forecaster.predict(Context(round=1)).mean
    array([0.75])
    """

    def __init__(
        self, predictions: ArrayLike | None = None, feature: str | None = None, path: Path | None = None
    ) -> None:
        given = [
            name
            for name, value in (("predictions", predictions), ("feature", feature), ("path", path))
            if value is not None
        ]
        if len(given) != 1:
            raise StrategyError(
                "Published needs exactly one of predictions, feature and path, got "
                + (" and ".join(given) or "none")
            )
        self.feature = feature
        self._table: FloatArray | None = None
        if path is not None:
            predictions = _read(Path(path))
        if predictions is not None:
            self._table = outcome_table("predictions of Published", predictions)

    def _start(self) -> None:
        if self._table is None:
            return
        length, dimension = self._table.shape
        if self.service.rounds is not None and length < self.service.rounds:
            raise StrategyError(f"Published has predictions for {length} rounds: the run has {self.service.rounds}")
        if dimension != self.service.dimension:
            raise StrategyError(
                f"Published has predictions of {dimension} coordinates: outcomes have {self.service.dimension}"
            )

    def _predict(self, context: Context) -> FloatArray:
        if self._table is not None:
            return self._table[context.round]
        assert self.feature is not None  # noqa: S101 (the constructor made sure; this tells the type checker)
        if self.feature not in context.features:
            raise StrategyError(
                f"Published names the feature {self.feature!r}, which does not exist"
                f"{nearest(self.feature, context.features)}"
            )
        return context.features[self.feature]


def _read(path: Path) -> FloatArray:
    try:
        if path.suffix == ".npy":
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
        return np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, ValueError) as cause:
        raise DataError(f"{path}: cannot be read as an array of predictions (T, d): {cause}") from cause
