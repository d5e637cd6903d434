"""Tables of second-order potentials: what each objective of some families gained so far, and its weight.

They need nothing but the gains of their own families, so they can be wherever those are; the budget that all share is
:class:`~omnisim.game.weights.SecondOrderPotential`.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from omnisim.arrays import FloatArray, IntArray
from omnisim.game.kernels import PotentialUpdate, update_potentials


class Table(Protocol):
    """The layout of a family of objectives."""

    rows: int
    columns: int
    two_sided: bool


class PotentialTables:
    """Sums of gains, of their squares, potentials and weights of some families, 32 bytes an entry.

    Parameters
    ----------
    families
        Of the objectives.
    rounds
        T.

    Attributes
    ----------
    rates
        m, the number of rates of the grid.
    net
        By family, the table of weights that :class:`~omnisim.game.objectives.Objectives` reads.
    """

    def __init__(self, families: Sequence[Table], rounds: int) -> None:
        self.rates = math.ceil(math.log2(rounds) / 2) + 1
        self._two_sided = [family.two_sided for family in families]
        shapes = [(family.rows, family.columns) for family in families]
        self.total = [np.zeros(shape) for shape in shapes]
        self.squares = [np.zeros(shape) for shape in shapes]
        self._potential = [
            np.full(shape, 2.0 if two_sided else 1.0) for shape, two_sided in zip(shapes, self._two_sided, strict=True)
        ]
        one_sided = (1 - 2.0**-self.rates) / self.rates
        self.net = [
            np.full(shape, 0.0 if two_sided else one_sided)
            for shape, two_sided in zip(shapes, self._two_sided, strict=True)
        ]

    def update(self, gains: Sequence[tuple[IntArray, FloatArray]]) -> list[float]:
        """Add the gains of a round, per family as ``Objectives.gains`` says; the rise in potential of each family."""
        tables = zip(self.total, self.squares, self._potential, self.net, strict=True)
        updates = [
            PotentialUpdate(*table, rows, np.ascontiguousarray(entries), self.rates, two_sided)
            for table, (rows, entries), two_sided in zip(tables, gains, self._two_sided, strict=True)
        ]
        return update_potentials(updates)

    @property
    def largest_gain(self) -> float:
        """The largest |R_e|, over the two sides where there are two."""
        sides = zip(self.total, self._two_sided, strict=True)
        return max(float((np.abs(total) if two_sided else total).max()) for total, two_sided in sides)

    @property
    def largest_squares(self) -> float:
        """The largest V_e."""
        return max(float(squares.max()) for squares in self.squares)
