"""What a kind draws has the law that its docstring states: medians, spreads, shares and ratios of every column."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from omnisim.arrays import FloatArray
from omnisim.market import (
    BudgetedOperators,
    DeferrableLoads,
    ElectricVehicles,
    EnergyBuyers,
    HeatPumps,
    IndustrialLoads,
    Manufacturers,
    MarketAgents,
    Producers,
    Retailers,
    Scaling,
    SolarStorage,
    SpikeHedgers,
    Storage,
)
from omnisim.market.agents.assets import Asset
from omnisim.market.agents.base import Schedules

AGENTS, PRICE = 2000, 40.0
UNLIKELY = 1e-7
"""Probability with which a law is rejected that is right; fewer than 60 are tried."""

Drawn = dict[str, FloatArray]


def drawn_by(kind: type[MarketAgents], **given: Any) -> Drawn:
    """What each column would have if no table gave it."""
    found: Drawn = {}

    class Noted(kind):  # type: ignore[valid-type,misc]
        def _own(self, column: str, drawn: FloatArray) -> FloatArray:
            found[column] = drawn
            return drawn

    agents, rng = Noted(agents=AGENTS, typical_price=PRICE, **given), np.random.default_rng(8)
    made = agents._devices(rng) if issubclass(kind, Asset) else agents._draw(Scaling(-50, 250), rng)
    assert isinstance(made, tuple | Schedules)
    return found


def lognormal(median: float, spread: float) -> Any:
    return stats.lognorm(spread, scale=median)


def beta(mean: float, concentration: float) -> Any:
    return stats.beta(mean * concentration, (1 - mean) * concentration)


def ratio(column: str, of: str) -> Callable[[Drawn], FloatArray]:
    return lambda drawn: drawn[column] / drawn[of]


LAWS: list[tuple[type[MarketAgents], dict[str, Any], dict[Any, Any]]] = [
    (EnergyBuyers, {}, {
        "daily_energy_mwh": lognormal(0.05, 1.0), "household_share": stats.beta(2, 2), "flexible_share": beta(0.45, 8),
        "service_worth_per_mwh": lognormal(4 * PRICE, 0.5), "night_discomfort_per_mwh": lognormal(0.6 * PRICE, 0.7),
        "midday_discomfort_per_mwh": lognormal(0.6 * PRICE, 0.7), "battery": {0.0: 0.5, 1.0: 0.5},
        ratio("battery_capacity_mwh", "daily_energy_mwh"): lognormal(0.4, 0.4),
        ratio("battery_capacity_mwh", "battery_power_mw"): stats.uniform(2, 6),
    }),
    (Manufacturers, {}, {
        "power_mw": lognormal(2.0, 0.8), "standby_share": beta(0.1, 30), "margin_per_mwh": lognormal(2.2 * PRICE, 0.5),
        "saturation": stats.uniform(0.2, 0.2), "quota_hours": stats.beta(4, 6, scale=16),
    }),
    (BudgetedOperators, {}, {
        "power_mw": lognormal(0.15, 0.7), "standby_share": beta(0.05, 40),
        "service_worth_per_mwh": lognormal(3 * PRICE, 0.5),
    }),
    (DeferrableLoads, {}, {
        "daily_energy_mwh": lognormal(20, 0.8), "usual_price_per_mwh": lognormal(PRICE, 0.15),
        "strain_per_mwh": lognormal(0.6 * PRICE, 0.6), ratio("cap_mwh", "daily_energy_mwh"): beta(0.6, 8),
    }),
    (SpikeHedgers, {}, {"exposure_mwh": lognormal(10, 0.8), "premium_share": beta(0.3, 3)}),
    (IndustrialLoads, {"size_spread": 0.5}, {"size": lognormal(1.0, 0.5)}),
    (Retailers, {}, {
        "daily_energy_mwh": lognormal(500, 0.8), "household_share": stats.uniform(0, 1), "open_share": 0.1,
        "retail_price_per_mwh": 1.3 * PRICE,
    }),
    (Storage, {}, {
        "power_mw": lognormal(1, 0.8), ratio("energy_mwh", "power_mw"): dict.fromkeys((1.0, 2.0, 4.0), 1 / 3),
        "efficiency": 0.88, "degradation_per_mwh": 0.15 * PRICE,
    }),
    (SolarStorage, {}, {
        "solar_mw": lognormal(0.01, 0.8), ratio("sun_mwh", "solar_mw"): 3.5, ratio("load_mwh", "sun_mwh"): 0.4,
        ratio("power_mw", "solar_mw"): 0.5, ratio("energy_mwh", "solar_mw"): 1.5, "efficiency": 0.9,
        "degradation_per_mwh": 0.2 * PRICE,
    }),
    (Producers, {"premium": -0.3, "solar_share": 0.3}, {
        "power_mw": lognormal(5, 1), "solar": {0.0: 0.7, 1.0: 0.3}, "premium_per_mwh": -0.3 * PRICE,
        "capacity_factor": {0.13: 0.3, 0.3: 0.7},
    }),
    (ElectricVehicles, {"feeding_share": 0.2, "departure_hours": (6, 6)}, {
        "trip_mwh": dict.fromkeys((0.004, 0.008, 0.012), 1 / 3), "arrival_hour": dict.fromkeys((16, 17, 18, 19), 0.25),
        "departure_hour": 6.0, "feeds_in": {0.0: 0.8, 1.0: 0.2}, "energy_mwh": 0.06, "power_mw": 0.011,
        "degradation_per_mwh": 0.5 * PRICE,
    }),
    (HeatPumps, {}, {
        "heat_mwh": lognormal(0.06, 0.5), "cop": 3.2, "loss_per_hour": 0.02,
        ratio("store_mwh", "heat_mwh"): {4 * size / 24: 1 / 3 for size in (0.5, 1.0, 1.5)},
        ratio("power_mw", "heat_mwh"): 2.5 / 24 / 3.2,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "laws"), LAWS, ids=[kind.__name__ for kind, *_ in LAWS])
def test_what_is_drawn_has_the_law_that_is_stated(
    kind: type[MarketAgents], given: dict[str, Any], laws: dict[Any, Any]
) -> None:
    drawn = drawn_by(kind, **given)
    for what, law in laws.items():
        values = drawn[what] if isinstance(what, str) else what(drawn)
        if isinstance(law, float):
            np.testing.assert_allclose(values, law, rtol=1e-12)
        elif isinstance(law, dict):
            shares = {value: np.isclose(values, value, rtol=1e-12, atol=1e-12) for value in law}
            assert sum(map(np.sum, shares.values())) == AGENTS
            for value, is_there in shares.items():
                assert stats.binomtest(int(is_there.sum()), AGENTS, law[value]).pvalue > UNLIKELY, (what, value)
        else:
            assert stats.kstest(values, law.cdf).pvalue > UNLIKELY, what
