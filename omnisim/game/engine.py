"""The engine: families of objectives, weights and a minimax step, round after round."""

from collections.abc import Sequence

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.game.minimax import Minimax, Step, worst_case
from omnisim.game.objectives import Objectives
from omnisim.game.parts import Parts, Rises
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
    beside
        Objectives with potentials of their own, in the same budget.
    tolerance
        How large the weighted gain of a round may be, in the scale of the weights: those of Hedge and MsMwC sum to 1,
        so that it is a mean gain there; the potential, which starts at K, rises by at most this much in a round. None
        for the weights' own (the budget of the potential).

    Attributes
    ----------
    step
        What is played in this round.
    place
        Where it stands among the candidates, or how many they are if it is a minimax step.
    solved
        Whether it is one.
    spared
        Where the first candidate is not within the tolerance: the first that the weights' larger ``allowance`` for a
        single round admits, if it is not what is played anyway. ``spare()`` plays it instead; the guarantee is the
        same.
    """

    def __init__(
        self,
        families: Sequence[Objectives],
        weights: Weights,
        minimax: Minimax,
        rounds: int,
        tolerance: float | None = None,
        beside: Parts | None = None,
    ) -> None:
        self._families, self._weights, self._minimax = list(families), weights, minimax
        self._fixed, self._beside = tolerance, beside
        weights.start(self._families, rounds)
        weights.join(0.0 if beside is None else beside.mass)
        self.step: Step | None = None
        self._spared: tuple[int, Step] | None = None
        self.place, self.solved = 0, False
        self._warm: list[FloatArray] = []

    def play(self, context: Context, candidates: Sequence[Mixture], bases: Sequence[FloatArray] = ()) -> Mixture:
        """The mixture of this round: the first candidate within the tolerance, or one that the minimax step finds."""
        for family in self._families:
            family.prepare(context, bases)
        if self._beside is not None:
            self._beside.prepare(context, bases, list(candidates[0].support))
        self.tolerance = self._weights.tolerance() if self._fixed is None else self._fixed
        self.step = self._minimax.solve(self.gain, candidates, self.tolerance, self._warm)
        found = self.step.mixture
        self._warm = list(found.support) if len(found.weights) > 1 else []
        self.place = next((i for i, candidate in enumerate(candidates) if candidate is found), len(candidates))
        self.solved = self.place == len(candidates)
        self._spared = self._affordable(candidates[: self.place]) if self._fixed is None else None
        return found

    @property
    def spared(self) -> Step | None:
        """See above."""
        return None if self._spared is None else self._spared[1]

    def spare(self) -> Mixture:
        """Play the candidate that this round may afford, in place of the minimax step."""
        if self._spared is None:
            raise StrategyError("no candidate can be spared: the first is within the tolerance, or none is affordable")
        (self.place, self.step), self.solved = self._spared, False
        self.tolerance = self._weights.allowance()
        return self.step.mixture

    def _affordable(self, candidates: Sequence[Mixture]) -> tuple[int, Step] | None:
        allowance = self._weights.allowance()
        for place, candidate in enumerate(candidates):
            value, _ = worst_case(self.gain, candidate)
            if value <= allowance:
                return place, Step(candidate, value, self.step.evaluations if self.step else 0)
        return None

    def gain(self, prediction: FloatArray) -> tuple[float, FloatArray]:
        """(b, h): the weighted gain of a prediction is b + h . y."""
        terms = [
            family.weighted_gain(net, prediction) for family, net in zip(self._families, self._weights.net, strict=True)
        ]
        if self._beside is not None:
            terms += zip(*self._beside.terms(prediction), strict=True)
        intercept, slope = terms[0]
        for b, h in terms[1:]:
            intercept += b
            slope = slope + h
        return float(intercept), slope

    def learn(self, outcome: FloatArray) -> None:
        """Update the weights with the gains of the mixture played."""
        self.finish_learning(self.begin_learning(outcome))

    def begin_learning(self, outcome: FloatArray) -> Rises | None:
        """The first half of :meth:`learn`: what is elsewhere learns meanwhile, until the second half waits for it."""
        assert self.step is not None  # noqa: S101 (play comes first; this tells the type checker)
        self._weights.update([family.gains(self.step.mixture, outcome) for family in self._families])
        return None if self._beside is None else self._beside.learn(self.step.mixture, outcome)

    def finish_learning(self, rises: Rises | None) -> None:
        """The second half of :meth:`learn`, given what the first one returned."""
        for rise in () if rises is None else rises():
            self._weights.rise(rise)
