"""Data of every round known beforehand, as checked copies of those that a scenario is given."""

from typing import Any

import numpy as np

from omnisim.arrays import DateArray, FloatArray, finite, freeze
from omnisim.errors import ProblemError, ScenarioError
from omnisim.problem.limits import Limits
from omnisim.refusing import is_whole
from omnisim.wording import in_short


def checked_feature(name: str, values: Any) -> FloatArray:
    """A feature as (T, k); (T,) is one number a round.

    Raises
    ------
    ScenarioError
        If it is no such array of finite numbers.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise ScenarioError(f"feature {name!r} must be numbers of shape (T,) or (T, k): {cause}") from cause
    return finite(f"feature {name!r}", array[:, None] if array.ndim == 1 else array, ("T", "k"), ScenarioError)


def checked_dates(dates: Any) -> DateArray:
    """Dates as days, (T,).

    Raises
    ------
    ScenarioError
        If they are none.
    """
    try:
        days = np.array(dates, dtype="datetime64[D]")
    except (TypeError, ValueError, OverflowError) as cause:
        raise ScenarioError(f"dates must be days such as 2021-12-31, one for each round: {cause}") from cause
    if days.ndim != 1 or np.isnat(days).any():
        raise ScenarioError(f"dates must be days such as 2021-12-31, one for each round, got shape {days.shape}")
    return freeze(days)


def checked_limits(limits: Any) -> Limits:
    """Limits of outcomes, given as such or as a pair (low, high).

    Raises
    ------
    ScenarioError
        If they are none.
    """
    if isinstance(limits, Limits):
        return limits
    try:
        low, high = limits
        return Limits(low, high)
    except (TypeError, ValueError) as cause:
        words = cause if isinstance(cause, ProblemError) else f"they must be a pair (low, high), got {limits!r:.100}"
        raise ScenarioError(f"limits: {words}") from cause


def check_rounds(scenario: Any) -> None:
    """Refuse a number of rounds that is none, or for which there are not enough data.

    Raises
    ------
    ScenarioError
        Naming what is too short.
    """
    rounds, declared = scenario.played, scenario.declared_horizon
    if not is_whole(rounds) or rounds < 1:
        raise ScenarioError(f"rounds of scenario {scenario.name!r} must be a whole number >= 1, got {in_short(rounds)}")
    if declared is not None:
        if not is_whole(declared) or declared < rounds:
            raise ScenarioError(
                f"horizon of scenario {scenario.name!r} is {in_short(declared)}: "
                f"it must be a whole number >= rounds, {rounds}"
            )
        if scenario.network is not None:
            raise ScenarioError(
                "horizon is declared beside a network: messages in flight do not outlast a run; leave one out"
            )
    lengths = {f"feature {name!r}": len(values) for name, values in scenario.features.items()}
    lengths |= {f"forecast {name!r}": len(values) for name, values in scenario.forecasts.items()}
    if scenario.dates is not None:
        lengths["dates"] = len(scenario.dates)
    if scenario.adversary.horizon is not None:
        lengths[f"the adversary {type(scenario.adversary).__name__}"] = scenario.adversary.horizon
    for what, length in lengths.items():
        if length < rounds:
            raise ScenarioError(
                f"scenario {scenario.name!r} asks for {rounds} rounds: {what} has only {length} of them"
            )
