"""Parameters beyond what numbers can hold are refused by name; the largest and smallest that are not can be played."""

from collections.abc import Callable
from typing import Any

import pytest

import omnisim
from omnisim.adversaries import Independent, WorstCase
from omnisim.errors import StrategyError
from omnisim.learners import DriftPlusPenalty, Hedge, SinhaVaze

MAKERS: dict[str, Callable[[float], Any]] = {
    "V of DriftPlusPenalty": lambda value: DriftPlusPenalty(V=value),
    "alpha of DriftPlusPenalty": lambda value: DriftPlusPenalty(alpha=value),
    "eta of Hedge": lambda value: Hedge(eta=value),
    "gradient of SinhaVaze": lambda value: SinhaVaze(gradient=value),
    "start of WorstCase": lambda value: WorstCase(start=value),
}


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("value", [1e13, 1.7976931348623157e308, float("inf"), float("nan"), 0.0, -1.0])
def test_beyond(what: str, value: float) -> None:
    with pytest.raises(StrategyError, match=f"{what} must be "):
        MAKERS[what](value)


@pytest.mark.parametrize("what", [what for what in MAKERS if "WorstCase" not in what])
@pytest.mark.parametrize("value", [1e-13, 5e-324])
def test_below(what: str, value: float) -> None:
    with pytest.raises(StrategyError, match=f"{what} must be >= 1e-12 and <= 1e"):
        MAKERS[what](value)


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("value", [1e-12, 1e12])
def test_the_largest_and_the_smallest_are_played(what: str, value: float) -> None:
    made = MAKERS[what](value)
    limit = omnisim.LinearConstraint([[[0.5], [0.0]]], [[-0.1, -0.1]])
    parts: dict[str, Any] = {"adversary": Independent([[0.0], [1.0]]), "elimination": Hedge()}
    parts["adversary" if isinstance(made, WorstCase) else "elimination"] = made
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", [[[1.0], [-1.0]]], [[0.0, 1.0]], [limit])],
        forecaster=omnisim.forecasters.Climatology(),
        rounds=20,
        **parts,
    )
    assert omnisim.simulate(scenario).rounds == 20
