"""The conditional mean: what a forecaster would predict who knew the adversary's law."""

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.strategies.forecasters.base import Forecaster


class ConditionalMean(Forecaster):
    """Reads the adversary's law and predicts its mean: the unbeatable forecast, as a yardstick.

    Against a replayed record the law is the record itself, so this is perfect foresight.

    Raises
    ------
    StrategyError
        On start, if the adversary's law depends on what others do, so that it has none beforehand.

    Examples
    --------
    >>> import numpy as np
    >>> from omnisim.problem.mixture import Mixture
    >>> from omnisim.problem.context import Service
    >>> coin = Mixture([[0.0], [1.0]], [0.25, 0.75])
    >>> forecaster = ConditionalMean()
    >>> forecaster.start(Service(dimension=1, law=lambda context: coin))
    >>> forecaster.predict(Context(round=0)).mean
    array([0.75])
    """

    def _start(self) -> None:
        if self.service.law is None:
            raise StrategyError(
                "ConditionalMean needs an adversary whose law depends on the context alone: "
                "this one answers to what the others do"
            )

    def _predict(self, context: Context) -> FloatArray:
        law = self.service.law
        assert law is not None  # noqa: S101 (refused on start; this tells the type checker)
        return law(context).mean
