"""Losses of a finite set of actions, proper or not, and the best responses BR_l to a prediction.

A user with loss l(a, y) who trusts a prediction p of P(Y = 1) plays BR_l(p), an action of least expected loss. The loss
of the *prediction*, l(BR_l(p), y), is then proper whatever l is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, as_read, finite, numbers, within
from omnisim.errors import ProblemError
from omnisim.refusing import is_several
from omnisim.wording import in_short


class LossTable:
    """The loss of each action under each outcome.

    Parameters
    ----------
    table : (A, 2)
        l(a, 0) and l(a, 1), finite. Ties of a best response go to the lowest index.
    actions
        What the actions are, one entry per row; None for 0..A-1.

    Raises
    ------
    ProblemError
        If the table has another shape or an entry is not finite.

    Examples
    --------
    Carry an umbrella at the cost 1, or risk getting wet at the cost 4 (y = 1: rain).

    >>> umbrella = LossTable([[0, 4], [1, 1]], actions=["leave", "carry"])
    >>> umbrella.best_response([0.2, 0.3])
    array([0, 1])
    >>> umbrella.of_prediction([0.2, 0.3], [1, 1])
    array([4., 1.])
    """

    def __init__(self, table: ArrayLike, actions: Sequence[Any] | None = None) -> None:
        self.table = finite("loss table", table, ("A", 2))
        if not len(self.table):
            raise ProblemError("a loss table needs at least one action, got none")
        if actions is not None and not is_several(actions):
            raise ProblemError(f"actions of a loss table must be a list, got {in_short(actions)}")
        self.actions = list(range(len(self.table))) if actions is None else list(actions)
        if len(self.actions) != len(self.table):
            raise ProblemError(f"the loss table has {len(self.table)} rows but {len(self.actions)} actions are named")

    @classmethod
    def from_function(cls, loss: Callable[[Any, int], float], actions: Sequence[Any]) -> "LossTable":
        """Tabulate ``loss(action, y)`` for y in {0, 1} over a finite set of actions.

        >>> absolute = LossTable.from_function(lambda a, y: abs(a - y), actions=[0.0, 0.5, 1.0])
        >>> [absolute.actions[a] for a in absolute.best_response([0.3, 0.8])]
        [0.0, 1.0]
        """
        if not callable(loss):
            raise ProblemError(f"loss of from_function must be a function of an action and y, got {in_short(loss)}")
        if not is_several(actions):
            raise ProblemError(f"actions of from_function must be a list, got {in_short(actions)}")
        return cls([[loss(action, 0), loss(action, 1)] for action in actions], actions)

    @classmethod
    def from_utility(cls, utility: ArrayLike) -> "LossTable":
        """The loss -u(a, y) of a utility table (A, 2)."""
        return cls(-numbers("utility of a loss table", utility))

    def best_response(self, prediction: ArrayLike) -> IntArray:
        """BR_l: the action index of least expected loss under each prediction; any shape.

        Ties go to the lowest index. Predictions must lie in [0, 1].
        """
        given = numbers("predictions", prediction)
        p = within("predictions", given.reshape(-1), ("n",), 0, 1)
        expected = (1 - p)[:, None] * self.table[:, 0] + p[:, None] * self.table[:, 1]
        return np.asarray(expected.argmin(axis=1), dtype=np.int64).reshape(given.shape)

    def of_action(self, action: ArrayLike, outcome: ArrayLike) -> FloatArray:
        """l(a, y) of action indices, affine in y: y may be a probability of 1.

        Raises
        ------
        ProblemError
            If an action is none of them, an outcome is no finite number, or there are not as many of both.
        """
        y, played = numbers("outcomes", outcome), as_read("actions", action)
        if not np.isfinite(y).all():
            raise ProblemError(f"outcomes must be finite numbers, got {in_short(outcome)}")
        if played.dtype.kind not in "iu" and played.size:
            raise ProblemError(f"actions must be indices of rows of the loss table, got {in_short(action)}")
        outside = played[(played < 0) | (played >= len(self.table))] if played.size else played
        if outside.size:
            last = len(self.table) - 1
            raise ProblemError(f"actions must be indices of rows of the loss table, from 0 to {last}, got {outside[0]}")
        try:
            np.broadcast_shapes(played.shape, y.shape)
        except ValueError as cause:
            raise ProblemError(
                f"there must be as many actions as outcomes, got {played.shape} and {y.shape}"
            ) from cause
        rows = self.table[played.astype(np.int64, copy=False)]
        return np.asarray((1 - y) * rows[..., 0] + y * rows[..., 1])

    def of_prediction(self, prediction: ArrayLike, outcome: ArrayLike) -> FloatArray:
        """l(BR_l(p), y): a proper loss of the prediction."""
        return self.of_action(self.best_response(prediction), outcome)

    def bayes_risk(self, prediction: ArrayLike) -> FloatArray:
        """min_a E_{y ~ Ber(p)} l(a, y): concave and piecewise linear in p."""
        return self.of_prediction(prediction, prediction)
