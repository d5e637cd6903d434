"""The most that a battery can earn on a day, by dynamic programming: nothing here is a linear program."""

from itertools import pairwise

from omnisim.arrays import FloatArray
from omnisim.market.agents.devices import Device


class Concave:
    """A concave function of the level, piecewise linear: its value at the left end, and pieces by falling slope."""

    def __init__(self, left: float, value: float, pieces: list[tuple[float, float]]) -> None:
        self.left, self.value, self.pieces = left, value, pieces

    def plus_best_move(self, moves: "Concave") -> "Concave":
        """max over moves of moves(m) + self(level + m), as a function of the level: a merge of slopes."""
        # The function of the level s is sup over t of self(t) + moves(t - s); mirrored moves have negated slopes.
        mirrored = [(length, -slope) for length, slope in reversed(moves.pieces)]
        right = moves.left + sum(length for length, _ in moves.pieces)
        at_right = moves.value + sum(length * slope for length, slope in moves.pieces)
        merged = sorted(self.pieces + mirrored, key=lambda piece: -piece[1])
        return Concave(self.left - right, self.value + at_right, merged)

    def between(self, low: float, high: float) -> "Concave":
        """The same on a smaller interval."""
        at, value, pieces = self.left, self.value, []
        for length, slope in self.pieces:
            begin, end = max(at, low), min(at + length, high)
            if at < low:
                value += slope * (min(at + length, low) - at)
            if end > begin:
                pieces.append((end - begin, slope))
            at += length
        return Concave(max(self.left, low), value, pieces)

    def at(self, level: float) -> float:
        """The value at a level."""
        at, value = self.left, self.value
        for length, slope in self.pieces:
            value += slope * min(max(level - at, 0.0), length)
            at += length
        return value


def exact(device: Device, prices: FloatArray) -> float:
    """Most money of a battery on hours with these prices, from its rest level and back to it: backward induction.

    The money of a move of the level within an hour is the concave hull of discharging fully, doing nothing and charging
    fully, in any parts of the hour. Nothing here is a linear program.
    """
    energy, power = float(device.highest[0]), float(device.charge[0])
    best = Concave(device.level, 0.0, [])
    for price in reversed(prices.tolist()):
        down, up = power / device.discharging, power * device.charging
        lose, win = -price * power, (price - device.wear) * power  # charging fully, discharging fully
        points = [(-down, win), (0.0, 0.0), (up, lose)]
        # Where the middle lies under the chord, parts of the hour at both ends are better.
        chord = win + (lose - win) * down / (down + up)
        if chord > 0:
            points = [points[0], points[2]]
        pieces = [(b[0] - a[0], (b[1] - a[1]) / (b[0] - a[0])) for a, b in pairwise(points)]
        best = best.plus_best_move(Concave(points[0][0], points[0][1], pieces)).between(0.0, energy)
    return best.at(device.level)


def lattice(prices: FloatArray, energy: int) -> float:
    """The same for a lossless battery of 1 MW without wear, whose levels are whole numbers: brute force."""
    value = {0: 0.0}
    for price in reversed(prices.tolist()):
        value = {
            level: max(value[level + m] - price * m for m in (-1, 0, 1) if level + m in value)
            for level in range(energy + 1)
            if any(level + m in value for m in (-1, 0, 1))
        }
    return value[0]
