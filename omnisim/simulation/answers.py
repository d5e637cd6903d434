"""Checks of strategies' answers during a run, before compiled loops count on them.

That every agent has an action to choose from is noticed by those loops themselves, where it costs nothing.
"""

from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, finite, real_numbers, within
from omnisim.errors import ProblemError, StrategyError, TraceError
from omnisim.trace.candidates import has_candidate, has_left
from omnisim.trace.checking import check_forms, check_values
from omnisim.trace.description import RECORD


class Offers:
    """Checks what a policy answers.

    Parameters
    ----------
    who
        The policy and its population, for messages.
    agents, actions
        N and A.
    """

    def __init__(self, who: str, agents: int, actions: int) -> None:
        self._who, self._shape = who, (agents, actions)

    def check(self, t: int, hook: str, offered: Any) -> BoolArray:
        """The offered actions (N, A), which must be boolean.

        Raises
        ------
        StrategyError
            Naming the policy, its hook and the round.
        """
        return self._flags(t, hook, offered, self._shape)

    def pair(self, t: int, offered: Any) -> tuple[Any, Any]:
        """The two answers of ``playable()``, not looked at yet.

        Raises
        ------
        StrategyError
            As :meth:`check`, if they are not two.
        """
        if isinstance(offered, tuple | list) and len(offered) == 2:
            return offered[0], offered[1]
        found = f"{len(offered)} of them" if isinstance(offered, tuple | list) else f"a {type(offered).__name__}"
        raise StrategyError(
            f"{self._who} in round {t}: playable() is {found}: two arrays are needed, of the actions offered and of "
            "who falls back"
        )

    def check_fallback(self, t: int, fallback: Any) -> BoolArray:
        """Check the flags (N,) of the agents that play a fallback.

        Raises
        ------
        StrategyError
            As :meth:`check`.
        """
        return self._flags(t, "the second of playable()", fallback, self._shape[:1])

    def without_action(self, t: int, cause: ProblemError) -> StrategyError:
        """Make the error for an agent without an action to choose from, as found by the loops."""
        return StrategyError(f"{self._who} in round {t}: {cause}")

    def check_eliminated_at(self, rounds: int, subsequences: int, eliminated_at: Any) -> IntArray:
        """The rounds after which actions left, (N, A, K) in 0..T.

        Raises
        ------
        StrategyError
            As :meth:`check`.
        """
        field = next(field for field in RECORD if field.name == "eliminated_at")
        array = np.asarray(eliminated_at)
        agents, actions = self._shape
        known = {"N": agents, "A": actions, "T": rounds, "L": subsequences}
        try:
            symbols = check_forms({field.name: array}, [("", (field,))], {"": known})
            check_values(field.name, array, field, symbols[""])
        except TraceError as cause:
            raise StrategyError(f"{self._who}: {cause}") from cause
        return array

    def check_chosen(
        self, t: int, chosen: IntArray, fallback: BoolArray, eliminated_at: IntArray, active: BoolArray
    ) -> None:
        """Hold what each agent (N,) plays against the rounds after which actions left (N, A, K).

        Raises
        ------
        StrategyError
            If an action had left before, or an agent fell back that had a candidate.
        """
        left = has_left(t, chosen, eliminated_at, active) & ~fallback
        if left.any():
            agent = int(left.argmax())
            raise StrategyError(
                f"{self._who} in round {t}: playable() offers action {chosen[agent]} to agent {agent}, which had left "
                "all its candidate sets before, as eliminated_at says"
            )
        needless = fallback.copy()
        needless[fallback] = has_candidate(t, eliminated_at[fallback], active)
        if needless.any():
            raise StrategyError(
                f"{self._who} in round {t}: playable() says that agent {needless.argmax()} falls back, which has a "
                "candidate left, as eliminated_at says"
            )

    def check_registered(self, t: int, registered: BoolArray, candidates: BoolArray, *, draws: bool) -> None:
        """Hold the actions that a policy chooses from (N, A) against those that it told the others of.

        Raises
        ------
        StrategyError
            If they differ, or one that it drew is not among them.
        """
        wrong = candidates & ~registered if draws else candidates != registered
        if wrong.any():
            agent, action = (int(index) for index in np.argwhere(wrong)[0])
            offers, told = ("offers", "did not tell of") if candidates[agent, action] else ("does not offer", "told of")
            raise StrategyError(
                f"{self._who} in round {t}: playable() {offers} action {action} to agent {agent}, which registered() "
                f"{told}: the forecast would be made for other choices"
            )

    def _flags(self, t: int, hook: str, array: Any, shape: tuple[int, ...]) -> BoolArray:
        if type(array) is np.ndarray and array.dtype == np.bool_ and array.shape == shape:
            return array
        found = f"an array of {array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else repr(array)
        raise StrategyError(f"{self._who} in round {t}: {hook} is {found}: a boolean array of shape {shape} is needed")


def check_bases(who: str, t: int, bases: Any, known: FloatArray | None, dimension: int) -> FloatArray:
    """Base predictions (B, d) in [0, 1], as many as in the rounds before (``known``).

    Raises
    ------
    StrategyError
        Naming the forecaster and the round.
    """
    shape = ("B", dimension) if known is None else known.shape
    return within(f"base_predictions() of {who} in round {t}", bases, shape, 0, 1, StrategyError)


def check_gain_gradient(who: str, t: int, gain_gradient: Any, dimension: int) -> FloatArray | None:
    """Check the gain gradient for a white-box adversary, (d,) finite, or None.

    Raises
    ------
    StrategyError
        Naming the forecaster and the round.
    """
    if gain_gradient is None:
        return None
    return finite(f"gain_gradient() of {who} in round {t}", gain_gradient, (dimension,), StrategyError)


def check_diagnostic(who: str, t: int, name: str, value: Any) -> float:
    """A number about a round, or NaN.

    Raises
    ------
    StrategyError
        Naming the forecaster and the round.
    """
    try:
        number = float(real_numbers("" if value is None else value))  # numpy takes None for NaN
    except (TypeError, ValueError, OverflowError) as cause:
        raise StrategyError(f"diagnostics() of {who} in round {t}: {name} is {value!r}: a number is needed") from cause
    if np.isinf(number):
        raise StrategyError(f"diagnostics() of {who} in round {t}: {name} is {number}: a finite number is needed")
    return number
