"""The engine: families of objectives, weights and a minimax step, round after round."""

from collections.abc import Sequence

from omnisim.arrays import FloatArray
from omnisim.game.minimax import Minimax, Step
from omnisim.game.objectives import Objectives
from omnisim.game.weights import Weights
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture


class Engine:
    """Plays mixtures whose weighted worst-case gain stays within the tolerance of the weights.

    Parameters
    ----------
    families
        Of objectives.
    weights, minimax
        The other two ingredients.
    rounds
        T.
    tolerance
        Of each round, as a fraction of the total variation that the weights allow; None for the weights' own (the
        budget of the potential).
    """

    def __init__(
        self,
        families: Sequence[Objectives],
        weights: Weights,
        minimax: Minimax,
        rounds: int,
        tolerance: float | None = None,
    ) -> None:
        self._families, self._weights, self._minimax = list(families), weights, minimax
        self._fixed = tolerance
        weights.start(self._families, rounds)
        self.step: Step | None = None

    def play(self, context: Context, candidates: Sequence[Mixture], bases: Sequence[FloatArray] = ()) -> Mixture:
        """The mixture of this round: the first candidate within the tolerance, or one that the minimax step finds."""
        for family in self._families:
            family.prepare(context, bases)
        self.tolerance = self._weights.tolerance() if self._fixed is None else self._fixed
        last = None if self.step is None else self.step.mixture
        warm = list(last.support) if last is not None and len(last.weights) > 1 else []
        self.step = self._minimax.solve(self.gain, candidates, self.tolerance, warm)
        return self.step.mixture

    def gain(self, prediction: FloatArray) -> tuple[float, FloatArray]:
        """(b, h): the weighted gain of a prediction is b + h . y."""
        intercept, slope = self._families[0].weighted_gain(self._weights.net[0], prediction)
        for family, net in zip(self._families[1:], self._weights.net[1:], strict=True):
            b, h = family.weighted_gain(net, prediction)
            intercept += b
            slope = slope + h
        return intercept, slope

    def learn(self, outcome: FloatArray) -> None:
        """Update the weights with the gains of the mixture played."""
        assert self.step is not None  # noqa: S101 (play comes first; this tells the type checker)
        self._weights.update([family.gains(self.step.mixture, outcome) for family in self._families])
