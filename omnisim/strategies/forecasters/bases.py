"""Forecasters that other forecasters are made of."""

import importlib
from collections.abc import Iterable
from typing import Any

from omnisim.errors import ScenarioError, StrategyError
from omnisim.refusing import one_of
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.wording import in_short

_NAMES = "omnisim.scenario.parties"
"""Home of the names of strategies; it imports the strategies, so that it is known to them by its name only."""


def bases_of(owner: str, given: Any, least: int = 0) -> tuple[Forecaster, ...]:
    """The bases of a forecaster, in the place of names those that they stand for.

    Parameters
    ----------
    owner
        Class of the forecaster.
    given
        A list of forecasters, or of registered names of some that need no parameters.
    least
        How many it needs.

    Raises
    ------
    StrategyError
        If it is no such list, or has too few.

    Examples
    --------
    >>> bases_of("Selection", ["persistence"])
    (Persistence(),)
    >>> bases_of("Selection", [3])
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: bases of Selection must be Forecasters or registered names of some, got 3
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise StrategyError(f"bases of {owner} must be a list of forecasters, got {in_short(given)}")
    found = tuple(_base(owner, each) for each in given)
    if len(found) < least:
        raise StrategyError(f"{owner} needs at least {'one base' if least == 1 else f'{least} bases'}")
    return found


def _base(owner: str, given: Any) -> Forecaster:
    if isinstance(given, str):
        try:
            given = importlib.import_module(_NAMES).named("bases", "forecasters", given)
        except ScenarioError as cause:
            raise StrategyError(f"bases of {owner}: {str(cause).removeprefix('bases: ')}") from cause
    wanted = "Forecasters or registered names of some"
    found: Forecaster = one_of(f"bases of {owner}", given, Forecaster, wanted, StrategyError)
    return found
