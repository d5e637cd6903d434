"""Objectives that have potentials of their own and share a budget: in parts, each of some agents.

Parts are summed up here in an order that does not depend on how many there are, nor where: family by family, block by
block.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.context import Context
from omnisim.problem.elsewhere import Everywhere
from omnisim.problem.mixture import Mixture

Terms: TypeAlias = tuple[FloatArray, FloatArray]
"""Summands b (F, B) and h (F, B, d) of a weighted gain b + h . y, of F families and B blocks; or of all, (F B), ..."""

Rises: TypeAlias = Callable[[], Sequence[float]]
"""Function that waits for the rises of the potentials in a round, in their order."""


class Part(Protocol):
    """The objectives of some blocks of agents, with their weights."""

    def prepare(self, context: Context, bases: Sequence[FloatArray]) -> None:
        """Begin a round."""
        ...

    def gains(self, predictions: Sequence[FloatArray]) -> list[Terms]:
        """The weighted gain of each prediction, by family and block."""
        ...

    def learn(self, mixture: Mixture, outcome: FloatArray) -> FloatArray:
        """Learn the gains of a round; the rises of the potentials by family and block, (F, B)."""
        ...


class Parts(ABC):
    """All such objectives, as an engine sees them.

    Parameters
    ----------
    mass
        Of their potentials together, at first.
    """

    def __init__(self, mass: float) -> None:
        self.mass = mass

    @abstractmethod
    def prepare(self, context: Context, bases: Sequence[FloatArray], ahead: Sequence[FloatArray]) -> None:
        """Begin a round, in which the predictions ``ahead`` will be asked for first."""

    @abstractmethod
    def terms(self, prediction: FloatArray) -> Terms:
        """Summands b (F B,) and h (F B, d) of the weighted gain, in their order."""

    @abstractmethod
    def learn(self, mixture: Mixture, outcome: FloatArray) -> Rises:
        """Learn the gains of a round; what is returned waits for the rises of the potentials."""


class PartHere(Parts):
    """A single part, in this process."""

    def __init__(self, mass: float, part: Part) -> None:
        super().__init__(mass)
        self.part = part

    def prepare(self, context: Context, bases: Sequence[FloatArray], ahead: Sequence[FloatArray]) -> None:
        """See :meth:`Parts.prepare`."""
        self.part.prepare(context, bases)

    def terms(self, prediction: FloatArray) -> Terms:
        """See :meth:`Parts.terms`."""
        return _in_order(self.part.gains([prediction]))

    def learn(self, mixture: Mixture, outcome: FloatArray) -> Rises:
        """See :meth:`Parts.learn`."""
        rises: list[float] = self.part.learn(mixture, outcome).reshape(-1).tolist()
        return lambda: rises


class PartsElsewhere(Parts):
    """Parts beside their agents, in other processes.

    What is asked for is remembered until the weights change: a question takes as long to answer as many additions.

    Parameters
    ----------
    mass
        See :class:`Parts`.
    parts
        Where they are, in the order of their agents.
    """

    def __init__(self, mass: float, parts: Everywhere) -> None:
        super().__init__(mass)
        self._parts = parts
        self._known: dict[bytes, Terms] = {}

    def prepare(self, context: Context, bases: Sequence[FloatArray], ahead: Sequence[FloatArray]) -> None:
        """See :meth:`Parts.prepare`."""
        self._known.clear()
        self._parts.tell("prepare", context, list(bases))
        self._ask(ahead)

    def terms(self, prediction: FloatArray) -> Terms:
        """See :meth:`Parts.terms`."""
        if prediction.tobytes() not in self._known:
            self._ask([prediction])
        return self._known[prediction.tobytes()]

    def learn(self, mixture: Mixture, outcome: FloatArray) -> Rises:
        """See :meth:`Parts.learn`."""
        self._known.clear()
        later = self._parts.tell("learn", mixture, outcome)
        return lambda: np.concatenate(later(), axis=1).reshape(-1).tolist()

    def _ask(self, predictions: Sequence[FloatArray]) -> None:
        found: list[list[Terms]] = self._parts.ask("gains", list(predictions))
        for prediction, terms in zip(predictions, zip(*found, strict=True), strict=True):
            self._known[prediction.tobytes()] = _in_order(terms)


def _in_order(parts: Sequence[Terms]) -> Terms:
    """Summands of consecutive parts (F, B), ... as those of all, (F B), ..."""
    intercepts, slopes = zip(*parts, strict=True)
    slope = np.concatenate(slopes, axis=1)
    return np.concatenate(intercepts, axis=1).reshape(-1), slope.reshape(-1, slope.shape[2])
