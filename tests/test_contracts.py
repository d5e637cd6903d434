"""Every registered strategy keeps the contract of its kind, by being registered."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from examples import Suite

from omnisim import testing
from omnisim.scenario import registry
from omnisim.strategies.forecasters import Climatology, Persistence
from omnisim.testing.runs import DIMENSIONS, ROUNDS

CHECKS: dict[str, Callable[..., None]] = {
    "forecasters": testing.check_forecaster,
    "elimination": testing.check_elimination,
    "adversaries": testing.check_adversary,
}

GENERATORS = {
    "wind": {"capacity": 1.5, "failure_probability": 0.3, "repair_probability": 0.5},
    "coal": {"capacity": 0.6, "cost": 0.3},
    "gas": {"capacity": 0.6, "cost": 0.2, "fuel": "gas", "heat_rate": 1.5},
}

TABLE = np.random.default_rng(20240501).random((testing.ROUNDS, 2))

VARIANTS: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = {
    ("forecasters", "climatology"): [({}, {}), ({"window": 3}, {}), ({"window": 1}, {})],
    ("forecasters", "combination"): [
        ({"bases": [Persistence(7), Climatology()]}, {}),
        ({"bases": [Persistence(1)], "correction": False}, {"populations": True}),
    ],
    ("forecasters", "selection"): [
        ({"bases": [Persistence(7), Climatology()]}, {"populations": True}),
        ({"bases": [Climatology(), Persistence(1)]}, {}),
    ],
    ("forecasters", "decision_calibrated"): [
        ({}, {"populations": True}),
        ({"bases": [Persistence(7), Climatology()], "base_events": True}, {"populations": True, "dimension": 3}),
        ({"bases": [Persistence(7), Climatology()], "combine": False}, {"populations": True}),
        ({"objectives": "utilities", "weights": "hedge"}, {"populations": True, "dimension": 2}),
    ],
    ("forecasters", "omnipredictor"): [
        ({"warm_up": 4, "refit_every": 3, "m": 4}, {"dimension": 1}),
        (
            {"bases": [Climatology(), Persistence(7)], "method": "direct", "warm_up": 2, "refit_every": 1, "window": 5},
            {"dimension": 1},
        ),
        ({"m": 1, "warm_up": 2, "refit_every": 1, "window": 2, "seed": 0}, {"dimension": 1}),
    ],
    ("forecasters", "step_calibrated"): [
        ({}, {"dimension": 1}),
        ({"bases": [Persistence(7), Climatology()], "levels": 5, "thresholds": 3}, {"dimension": 1}),
        ({"bases": [Persistence(1)], "levels": 1, "thresholds": 1}, {"dimension": 1}),
    ],
    ("forecasters", "persistence"): [({}, {}), ({"lag": 7}, {})],
    ("forecasters", "published"): [
        ({"predictions": TABLE}, {"dimension": 2}),
        ({"model": "lasso"}, {"forecasts": ["lasso"]}),
    ],
    ("forecasters", "ridge_autoregression"): [
        ({}, {}),
        ({"lags": [1, 2], "features": ["load"], "refit_every": 5, "window": 14}, {"features": ["load"]}),
    ],
    ("elimination", "first_violation"): [({}, {}), ({"feedback": "played"}, {}), ({"on_empty": "error"}, {})],
    ("elimination", "cumulative_threshold"): [
        ({}, {}),
        ({"gamma": 0.5}, {}),
        ({"gamma": 0.5, "on_empty": "error"}, {}),
        ({"gamma": "anytime", "delta": 0.9}, {}),
    ],
    ("elimination", "subsequence_threshold"): [
        ({}, {}),
        ({"gamma": 0.5}, {}),
        ({"gamma": 0.5, "on_empty": "error"}, {}),
        ({"gamma": "anytime", "delta": 0.9}, {}),
    ],
    ("elimination", "subsequence_first_violation"): [
        ({}, {}),
        ({"feedback": "played"}, {}),
        ({"on_empty": "error"}, {}),
    ],
    ("adversaries", "demand_response"): [
        ({"generators": GENERATORS, "base_load": 2.0, "fuel_prices": {"gas": 0.2}}, {}),
        (
            {
                "generators": GENERATORS,
                "base_load": 2.0,
                "schedules": "expected",
                "fuel_steps": [{"fuel": "gas", "first": 9, "price": 0.8}],
                "outages": [{"generator": "wind", "first": 4, "last": 11}],
                "fuel_prices": {"gas": 0.2},
            },
            {},
        ),
        ({"generators": {"wind": {"capacity": 2.0}}, "base_load": 2.0, "patterns": 1, "customers": 0}, {}),
    ],
    ("adversaries", "independent"): [
        ({"support": TABLE[:3]}, {}),
        ({"support": [[0.0], [1.0]], "probabilities": [0.2, 0.8]}, {}),
    ],
    ("adversaries", "outcome_stream"): [
        ({"source": TABLE[:9], "dimension": 2}, {}),
        ({"source": TABLE.__iter__, "dimension": 2}, {}),
    ],
    ("adversaries", "switching"): [
        ({"laws": [TABLE[:3], TABLE[3:4]], "period": 2}, {}),
        ({"laws": [TABLE[:3], TABLE[3:4]], "period": 1}, {}),
        ({"laws": [[[0.0]], [[0.5]], [[1.0]]], "switches": [3, 9]}, {}),
    ],
    ("adversaries", "worst_case"): [({}, {}), ({"dimension": 3}, {}), ({"dimension": 1, "start": 1e-300}, {})],
    ("adversaries", "replay"): [({"outcomes": TABLE[:9]}, {}), ({"outcomes": TABLE[:1]}, {})],
    ("adversaries", "seasonal"): [
        ({}, {}),
        ({"dimension": 1, "noise": 0.5}, {}),
        ({"dimension": 1, "noise": 0.0, "shocks": 1}, {}),
    ],
}
"""What a strategy is made with, and what its check is told; (nothing, nothing) if it is not listed.

Parameters at the ends of their ranges are among them: what the range includes has to work.
"""


def tried(kind: str, told: dict[str, Any], index: int) -> dict[str, Any]:
    """What a check is told; of the dimensions that a forecaster is tried in, the quick suite takes one, in turn."""
    if Suite.long or kind != "forecasters" or "dimension" in told:
        return told
    return {**told, "dimension": DIMENSIONS[(index + 1) % len(DIMENSIONS)]}


CASES = [
    pytest.param(
        *(kind, name, made_with, tried(kind, told, index)),
        id=f"{name}-{index}",
        marks=pytest.mark.long if index else (),  # the quick suite tries the first of each
    )
    for kind in CHECKS
    for name in registry.KINDS[kind]
    for index, (made_with, told) in enumerate(VARIANTS.get((kind, name), [({}, {})]))
]


@pytest.mark.sampled
@pytest.mark.parametrize(("kind", "name", "made_with", "told"), CASES)
def test_registered_strategy(kind: str, name: str, made_with: dict[str, Any], told: dict[str, Any]) -> None:
    make = registry.find(kind, name)
    try:
        strategy = make(**made_with)
    except TypeError as cause:
        pytest.fail(
            f"{name!r} of the {kind} cannot be made with {made_with or 'no arguments'} ({cause}): "
            "list what it needs in VARIANTS of tests/test_contracts.py"
        )
    if not Suite.long and kind != "elimination":  # half of the rounds will do
        told = {"rounds": min(ROUNDS // 2, getattr(strategy, "horizon", None) or ROUNDS), **told}
    CHECKS[kind](strategy, **told)


@pytest.mark.parametrize("kind", CHECKS)
def test_every_public_strategy_is_registered(kind: str) -> None:
    module = __import__(f"omnisim.strategies.{kind}", fromlist=["__all__"])
    registered = {registry.find(kind, name) for name in registry.KINDS[kind]}
    bases = {"Forecaster", "Elimination", "Adversary"}
    public = {getattr(module, name) for name in module.__all__ if name not in bases}
    assert {cls for cls in public - registered if isinstance(cls, type)} == set()


def test_the_lists_above_are_read() -> None:
    # A strategy that needs arguments and is not listed must fail, not be skipped.
    with pytest.raises(pytest.fail.Exception, match="list what it needs in VARIANTS"):
        test_registered_strategy("adversaries", "independent", {}, {})
