"""Defaults of strategies stand here a second time: one that moves changes what people get, and none moves by a slip."""

from typing import Any

import pytest

import omnisim
from omnisim.scenario import registry

THRESHOLDS = {"gamma": None, "delta": 0.05, "on_empty": "fallback", "delta_over": "population"}
FEEDBACK = {"feedback": "full", "on_empty": "fallback"}

DEFAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "adversaries": {
        "demand_response": {
            "generator_file": None,
            "base_load": 0.0,
            "day": 0.25,
            "week": 0.0,
            "year": 0.0,
            "base_share": 1.0,
            "noise": 0.03,
            "patterns": 16,
            "customers": 1.0,
            "schedules": "yesterday",
            "fuel_prices": None,
            "outages": (),
            "fuel_steps": (),
            "price_cap": None,
            "price_range": (0.0, 1.0),
            "publishes": (),
        },
        "independent": {"probabilities": None},
        "mannor": {"rounds": 1000, "continuation": "relief"},
        "masking": {"period": 2},
        "outcome_stream": {},
        "replay": {"unclipped": None},
        "seasonal": {
            "dimension": None,
            "level": 0.4,
            "day": 0.15,
            "week": 0.05,
            "year": 0.1,
            "noise": 0.06,
            "shocks": 32,
        },
        "switching": {"switches": None, "probabilities": None},
        "worst_case": {"dimension": None, "start": 1.0, "reads": "regret"},
    },
    "forecasters": {
        "climatology": {"window": None},
        "combination": {"correction": True},
        "conditional_mean": {},
        "decision_calibrated": {
            "bases": (),
            "objectives": "coordinates",
            "base_events": False,
            "weights": "potential",
            "minimax": "cutting_planes",
            "tolerance": None,
            "combine": True,
            "base_regret": True,
            "regret": None,
        },
        "omnipredictor": {
            "bases": (),
            "method": "two_player",
            "m": 16,
            "warm_up": 60,
            "refit_every": 30,
            "window": None,
            "seed": 0,
        },
        "persistence": {"lag": 1},
        "published": {"predictions": None},
        # The lags are those of the LEAR model.
        "ridge_autoregression": {
            "window": 365,
            "penalty": 30.0,
            "lags": (1, 2, 3, 7),
            "features": None,
            "refit_every": 1,
            "transform": "asinh",
        },
        "selection": {},
        "step_calibrated": {"bases": (), "levels": 32, "thresholds": 16},
    },
    "elimination": {
        "best_response": {},
        "cumulative_threshold": THRESHOLDS,
        "first_violation": FEEDBACK,
        "per_subsequence_threshold": THRESHOLDS,
        "subsequence_first_violation": FEEDBACK,
        "subsequence_threshold": THRESHOLDS,
    },
    "learners": {
        "blum_mansour": {"eta": "tuned"},
        "drift_plus_penalty": {"V": None, "alpha": None},
        "hedge": {"eta": "tuned"},
        "sinha_vaze": {"gradient": None},
    },
}
"""Of every registered strategy, what it is made with beside what it must be given."""

NEEDED: dict[str, dict[str, Any]] = {
    "demand_response": {"generators": {"wind": {"capacity": 1.0}}},
    "independent": {"support": [[0.5]]},
    "outcome_stream": {"source": [[0.5]], "dimension": 1},
    "replay": {"outcomes": [[0.5]]},
    "switching": {"laws": [[[0.5]]], "period": 1},
    "combination": {"bases": [omnisim.forecasters.Persistence()]},
    "published": {"model": "lasso"},
    "selection": {"bases": [omnisim.forecasters.Persistence()]},
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in DEFAULTS for name in registry.KINDS[kind]])
def test_defaults(kind: str, name: str) -> None:
    given = NEEDED.get(name, {})
    made = registry.find(kind, name)(**given)
    assert {key: value for key, value in made.parameters().items() if key not in given} == DEFAULTS[kind][name]


@pytest.mark.parametrize("instance", [omnisim.adversaries.Mannor(), omnisim.adversaries.Masking()])
def test_an_instance_has_one_agent_unless_told_otherwise(instance: Any) -> None:
    assert (instance.population().name, instance.population().agents) == ("agents", 1)
    assert instance.population("others", agents=3).agents == 3
