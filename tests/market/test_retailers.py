"""Retailers: money at prices and imbalance prices against loops, at every resolution, and limits on a day's loss."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis.money import money_by_round
from omnisim.arrays import FloatArray
from omnisim.errors import OmnisimError, ProblemError
from omnisim.market import Retailers, Scaling
from omnisim.market.data import PRICES_A_DAY
from omnisim.market.signals import Known

PRICES, SHORTAGE, SURPLUS = Scaling(-100, 300, "EUR"), Scaling(-200, 600, "EUR"), Scaling(-300, 200, "EUR")
SIGNALS = {"short": Known("EUR/MWh", SHORTAGE), "long": Known("EUR/MWh", SURPLUS)}
ROWS = pd.DataFrame(
    {
        "daily_energy_mwh": [100.0, 40.0],
        "household_share": [1.0, 0.0],
        "open_share": [0.2, 0.5],
        "retail_price_per_mwh": [70.0, 55.0],
        "daily_loss": [500.0, np.nan],
        "fee_08_20_per_mwh": [0.0, 3.0],
    }
)
HOURS = {"night": [22, 23, *range(8)], "day": list(range(8, 16)), "evening": list(range(16, 22))}


def bought(action: str, expected: FloatArray, share: float) -> FloatArray:
    """MW bought in each hour, read off the name of the action."""
    found = expected.copy()
    for clause in action.split(", "):
        way, _, parts = clause.partition(" by ")
        if clause.endswith(" all day"):
            way, parts = clause.removesuffix(" all day"), "night and day and evening"
        for part in parts.split(" and ") if parts else []:
            for hour in HOURS[part]:
                found[hour] += {"short": -1, "long": 1}[way] * share * expected[hour]
    return found


@pytest.mark.parametrize("resolution", ["hour", "15min", "day"])
def test_money_at_both_imbalance_prices_at_every_resolution(resolution: Any) -> None:
    agents = Retailers(table=ROWS, shortage="short", surplus="long")
    population = agents.build("r", PRICES, np.random.default_rng(0), resolution, signals=SIGNALS)
    assert len(set(population.action_names)) == population.actions == 27
    assert population.load is not None
    periods = PRICES_A_DAY[resolution]
    assert population.dimension == 3 * periods
    outcome = np.random.default_rng(1).random(3 * periods)
    price, short, long = (
        scaling.prices(part) for scaling, part in zip((PRICES, SHORTAGE, SURPLUS), outcome.reshape(3, -1), strict=True)
    )
    earned = population.utilities(outcome) * population.money.scale[:, None] + population.money.offset[:, None]
    even = Retailers(table=ROWS, shortage="short", surplus="long").build(
        "r", PRICES, np.random.default_rng(0), signals=SIGNALS
    )
    assert even.load is not None
    j = population.constraint_names.index("daily loss")
    over = population.constraints[j].costs(outcome[None])[0, 0] * population.limits[j].scale[0]
    for n, (energy, share, retail, fee) in enumerate([(100.0, 0.2, 70.0, 0.0), (40.0, 0.5, 55.0, 3.0)]):
        expected = even.load[n, 0]
        assert expected.sum() == pytest.approx(energy)
        for a, action in enumerate(population.action_names):
            total = retail * energy
            for hour, mw in enumerate(bought(action, expected, share)):
                for quarter in range(4):
                    t = int((hour + quarter / 4) * periods / 24)
                    total -= mw / 4 * price[t] + max(mw, 0.0) / 4 * fee * (8 <= hour < 20)
                    missing = (expected[hour] - mw) / 4
                    total -= missing * (short[t] if missing > 0 else long[t])
            assert earned[n, a] == pytest.approx(total, abs=1e-7)
            if n == 0:
                assert over[a] == pytest.approx(-total - 500.0, abs=1e-6)


def test_a_run_with_an_imbalance_price_from_a_file(tmp_path: Path) -> None:
    """What was earned beyond an even purchase is the open position times the difference of the two prices."""
    rng = np.random.default_rng(7)
    times = pd.date_range("2024-01-01", periods=24 * 40, freq="h").strftime("%Y-%m-%d %H:%M")
    price = rng.uniform(20, 120, (40, 24)).round(2)
    scarce = np.repeat(np.sign(rng.normal(size=(40, 3))), 8, axis=1)
    imbalance = (price + 30 * scarce + rng.normal(0, 10, (40, 24))).round(2)
    pd.DataFrame({"time": times, "price": price.ravel()}).to_csv(tmp_path / "prices.csv", index=False)
    pd.DataFrame({"time": times, "reBAP": imbalance.ravel()}).to_csv(tmp_path / "imbalance.csv", index=False)
    (tmp_path / "s.toml").write_text(
        "[market]\nsource = 'file'\npath = 'prices.csv'\ncurrency = 'EUR'\nfirst_day = 2024-01-11\n"
        "[market.signals.imbalance]\npath = 'imbalance.csv'\ncolumn = 'reBAP'\nunit = 'EUR/MWh'\n"
        "[populations.r]\nkind = 'retailers'\nagents = 3\n[forecaster]\nkind = 'persistence'\n"
    )
    trace = omnisim.simulate(omnisim.load_scenario(tmp_path / "s.toml"))
    record = trace.records["r"]
    population, earned = record.population, money_by_round(trace, "r")
    assert population.load is not None
    assert len(np.unique(record.actions)) > 3
    for t in range(30):
        for n in range(3):
            even, drawn = population.load[n, 0], population.load[n, record.actions[t, n]]
            margin = 1.3 * 45 * even.sum() - even @ price[10 + t]
            gain = (drawn - even) @ (imbalance[10 + t] - price[10 + t])
            assert earned[t, n] == pytest.approx(margin + gain, abs=1e-6)
    for keys, says in (
        (
            {"populations.r.shortage": "rebap"},
            r"populations\.r: shortage needs the signal 'rebap': the market has imbal",
        ),
        (
            {"market.signals.imbalance.unit": "kg/MWh"},
            "shortage is the signal 'imbalance', which is in kg/MWh: it must",
        ),
        ({"populations.r.open_position": 0.0}, "open_position of Retailers is 0.0: it must be above 0 and at most 1"),
    ):
        with pytest.raises(OmnisimError, match=says):
            omnisim.load_scenario(tmp_path / "s.toml", keys)


def test_the_contract_of_the_kind() -> None:
    omnisim.testing.check_population(Retailers(agents=3))
    omnisim.testing.check_population(Retailers(agents=3, surplus="long"))
    with pytest.raises(
        ProblemError, match=r"shortage needs the signal 'imbalance': the market has none \(\[market\.si"
    ):
        Retailers(agents=1).build("r", PRICES, np.random.default_rng(0))
