"""Tables of outcomes or predictions that a strategy is given."""

from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.errors import StrategyError


def outcome_table(name: str, table: ArrayLike) -> FloatArray:
    """Check a table of outcomes or predictions (T, d) in [0, 1].

    Raises
    ------
    StrategyError
        If it is empty, not two-dimensional, or leaves [0, 1].
    """
    checked = within(name, table, ("T", "d"), 0, 1, StrategyError)
    if 0 in checked.shape:
        raise StrategyError(f"{name} has shape {checked.shape}: it needs at least one round and one coordinate")
    return checked
