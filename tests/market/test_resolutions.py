"""Markets of 48, 96 and 288 prices a day: files that hold them, and agents whose schedules are defined in time."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.arrays import FloatArray
from omnisim.errors import DataError, ProblemError
from omnisim.market import (
    BudgetedOperators,
    DeferrableLoads,
    EnergyBuyers,
    Manufacturers,
    Market,
    MarketAgents,
    Scaling,
    SpikeHedgers,
    read_prices,
)
from omnisim.market.agents import Schedules
from omnisim.problem.population import Population

MINUTES = {"hour": 60, "30min": 30, "15min": 15, "5min": 5}
BERLIN = ZoneInfo("Europe/Berlin")


def write(folder: Path, stamps: Any, values: Any, name: str = "p.csv") -> Path:
    path = folder / name
    rows = [f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)]
    path.write_text("\n".join(["time,price", *rows]))
    return path


def instants(first: str, last: str, minutes: int) -> pd.DatetimeIndex:
    """Starts of all periods of the local days from ``first`` to ``last``, both included, in UTC."""
    ends = [pd.Timestamp(day, tz=BERLIN) for day in (first, str(pd.Timestamp(last) + pd.Timedelta(days=1)))]
    return pd.date_range(ends[0].tz_convert("UTC"), ends[1].tz_convert("UTC"), freq=f"{minutes}min", inclusive="left")


def on_the_clock(index: pd.DatetimeIndex, values: FloatArray, minutes: int) -> dict[str, FloatArray]:
    """Day by day with the dictionary of its clock times: an independent way to the prices of a day."""
    days: dict[str, dict[int, list[float]]] = {}
    for instant, value in zip(index, values, strict=True):
        local = instant.to_pydatetime().astimezone(BERLIN)
        days.setdefault(f"{local:%Y-%m-%d}", {}).setdefault(60 * local.hour + local.minute, []).append(value)
    found = {}
    for day, by_minute in days.items():
        row = [float(np.mean(by_minute[m])) if m in by_minute else np.nan for m in range(0, 1440, minutes)]
        known = [i for i, value in enumerate(row) if not np.isnan(value)]
        found[day] = np.interp(np.arange(len(row)), known, [row[i] for i in known])
    return found


@pytest.mark.one_in(2)
@pytest.mark.parametrize("resolution", MINUTES)
@pytest.mark.parametrize(("first", "last"), [("2025-03-29", "2025-03-31"), ("2025-10-25", "2025-10-27")])
@pytest.mark.parametrize("clock", ["utc", "naive"])
def test_every_price_across_clock_changes(tmp_path: Path, resolution: Any, first: str, last: str, clock: str) -> None:
    minutes = MINUTES[resolution]
    index = instants(first, last, minutes)
    values = np.round(np.random.default_rng(minutes).normal(50, 30, len(index)), 2)
    stamps = index if clock == "utc" else [f"{t.tz_convert(BERLIN):%Y-%m-%d %H:%M}" for t in index]
    market = read_prices(write(tmp_path, stamps, values), timezone="Europe/Berlin", resolution=resolution)
    assert market.resolution == resolution
    expected = on_the_clock(index, values, minutes)
    assert [str(day) for day in market.dates] == list(expected)
    np.testing.assert_allclose(market.prices, np.stack(list(expected.values())), rtol=1e-12)
    assert len(market.notes) == 1


def test_notes_of_a_clock_change_in_quarters(tmp_path: Path) -> None:
    spring, autumn = (instants(day, day, 15) for day in ("2025-03-30", "2025-10-26"))
    (note,) = read_prices(
        write(tmp_path, spring, range(92)), timezone="Europe/Berlin", resolution="15min", clock_change="first"
    ).notes
    assert note == "2025-03-30: 02:00 to 03:00 does not exist (clock change), filled by interpolation"
    (note,) = read_prices(write(tmp_path, autumn, range(100)), timezone="Europe/Berlin", resolution="15min").notes
    assert note == "2025-10-26: 02:00 to 03:00 occurs twice (clock change), averaged"
    for index in (spring, autumn):
        with pytest.raises(DataError, match=r"set clock_change to 'average' or 'first'"):
            read_prices(
                write(tmp_path, index, range(len(index))),
                timezone="Europe/Berlin", resolution="15min", clock_change="error",
            )  # fmt: skip


# Hours that become quarters in the middle.


@pytest.fixture
def changing(tmp_path: Path) -> tuple[Path, FloatArray]:
    hours = pd.date_range("2025-09-29", "2025-10-01", freq="h", inclusive="left")
    quarters = pd.date_range("2025-10-01", "2025-10-03", freq="15min", inclusive="left")
    values = np.round(np.random.default_rng(1).normal(80, 20, len(hours) + len(quarters)), 2)
    return write(tmp_path, [*hours, *quarters], values), values


def test_hours_are_repeated_where_quarters_are_declared(changing: tuple[Path, FloatArray]) -> None:
    path, values = changing
    market = read_prices(path, resolution="15min")
    expected = [value for value in values[:48] for _ in range(4)] + list(values[48:])
    np.testing.assert_array_equal(market.prices.ravel(), expected)
    (note,) = market.notes
    assert note == (
        "its rows are an hour apart, and 15 minutes from 2025-10-01 on: to have 96 prices a day, those an hour long "
        "were repeated"
    )


def test_quarters_are_averaged_where_hours_are_declared(changing: tuple[Path, FloatArray]) -> None:
    path, values = changing
    market = read_prices(path)
    expected = list(values[:48]) + [sum(values[48 + 4 * i : 52 + 4 * i]) / 4 for i in range(48)]
    np.testing.assert_allclose(market.prices.ravel(), expected, rtol=1e-12)
    assert market.notes[0].endswith("to have 24 prices a day, those 15 minutes long were averaged")
    with pytest.raises(DataError, match=r"15 minutes or an hour apart, but resolution is 'hour': set resample = true"):
        read_prices(path, resample=False)


def test_half_hours_lie_between(changing: tuple[Path, FloatArray]) -> None:
    path, values = changing
    market = read_prices(path, resolution="30min")
    expected = [value for value in values[:48] for _ in range(2)]
    expected += [sum(values[48 + 2 * i : 50 + 2 * i]) / 2 for i in range(96)]
    np.testing.assert_allclose(market.prices.ravel(), expected, rtol=1e-12)
    assert "an hour long were repeated and those 15 minutes long were averaged" in market.notes[0]


def test_a_file_of_another_resolution_is_refused_unless_resampled(tmp_path: Path) -> None:
    quarters = pd.date_range("2025-10-01", periods=192, freq="15min")
    values = np.arange(192.0)
    path = write(tmp_path, quarters, values)
    with pytest.raises(DataError, match=r"its rows are 15 minutes apart, but resolution is 'hour': set resolution = '"):
        read_prices(path)
    np.testing.assert_array_equal(read_prices(path, resample=True).prices.ravel(), values.reshape(-1, 4).mean(axis=1))
    np.testing.assert_array_equal(
        read_prices(path, resolution="day", resample=True).prices, values.reshape(2, 96).mean(axis=1, keepdims=True)
    )
    hourly = write(tmp_path, pd.date_range("2025-10-01", periods=48, freq="h"), range(48), "h.csv")
    with pytest.raises(DataError, match=r"its rows are an hour apart.*or resample = true to repeat them"):
        read_prices(hourly, resolution="15min")
    np.testing.assert_array_equal(
        read_prices(hourly, resolution="5min", resample=True).prices.ravel(), np.repeat(np.arange(48.0), 12)
    )


def test_a_quarter_that_is_missing_is_a_gap_and_no_hour(tmp_path: Path) -> None:
    # On the second day most quarters are gone: its rows are an hour apart, but the file is one of quarters.
    quarters = pd.date_range("2025-10-01", periods=288, freq="15min")
    kept = [t for t in quarters if t.day != 2 or t.minute == 0]
    path = write(tmp_path, kept, range(len(kept)))
    with pytest.raises(DataError, match=r"15 minutes or an hour apart, but resolution is '15min'"):
        read_prices(path, resolution="15min")
    few = [t for t in quarters if t.day != 2 or t.hour % 4 == 0]
    with pytest.raises(DataError, match=r"15-minute period 2025-10-02 01:00 has no price \(72 such"):
        read_prices(write(tmp_path, few, range(len(few))), resolution="15min")


def test_interpolation_fills_three_hours_whatever_the_step(tmp_path: Path) -> None:
    quarters = pd.date_range("2025-10-01", periods=96, freq="15min")
    values: list[Any] = list(np.arange(96.0))
    gap = [*values[:40], *[""] * 12, *values[52:]]
    market = read_prices(write(tmp_path, quarters, gap), resolution="15min", missing="interpolate")
    np.testing.assert_allclose(market.prices.ravel(), values, rtol=1e-12)
    longer = [*values[:40], *[""] * 13, *values[53:]]
    with pytest.raises(DataError, match=r"13 15-minute periods without price from 2025-10-01 10:00.*at most 12"):
        read_prices(write(tmp_path, quarters, longer), resolution="15min", missing="interpolate")


def test_stamps_off_the_grid_are_named(tmp_path: Path) -> None:
    quarters = [*pd.date_range("2025-10-01", periods=96, freq="15min")]
    quarters[50] += pd.Timedelta(minutes=5)
    with pytest.raises(DataError, match=r"line 52: 2025-10-01 12:35:00 does not begin one of the 15 minutes"):
        read_prices(write(tmp_path, quarters, range(96)), resolution="15min")


def test_a_market_has_the_resolution_of_its_prices() -> None:
    dates = np.array(["2025-01-01"], dtype="datetime64[D]")
    for name, number in {"hour": 24, "30min": 48, "15min": 96, "5min": 288, "day": 1}.items():
        assert Market("m", dates, np.ones((1, number))).resolution == name
    with pytest.raises(DataError, match=r"prices of m"):
        Market("m", dates, np.ones((1, 25)))


# Agents.

KINDS: list[type[MarketAgents]] = [EnergyBuyers, Manufacturers, BudgetedOperators, DeferrableLoads, SpikeHedgers]
SCALING = Scaling(-50, 400, "EUR")


def built(spec: MarketAgents, seed: int, resolution: Any) -> Population:
    return spec.build("p", SCALING, np.random.default_rng(seed), resolution)


def money(population: Population, prices: FloatArray) -> FloatArray:
    utilities = population.utilities((prices - SCALING.low) / SCALING.span)
    return utilities * population.money.scale[:, None] + population.money.offset[:, None]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32 - 1), resolution=st.sampled_from(["30min", "15min", "5min"]))
@settings(max_examples=15, deadline=None)
def test_money_is_power_times_time_times_price(kind: type[MarketAgents], seed: int, resolution: Any) -> None:
    spec = kind(agents=4)
    hourly, fine = built(spec, seed, "hour"), built(spec, seed, resolution)
    length = MINUTES[resolution] / 60
    rng = np.random.default_rng(seed)
    prices = rng.uniform(-50, 400, round(24 / length))
    assert hourly.load is not None
    assert fine.load is not None
    # The power of the hour holds in each of its parts; the value of the service is what hourly prices of 0 leave.
    value = money(hourly, np.zeros(24))
    bill = np.zeros_like(value)
    for i, price in enumerate(prices):
        power = hourly.load[:, :, int(i * length)]
        bill += power * length * price
    scale = float(np.abs(bill).max() + np.abs(value).max())
    np.testing.assert_allclose(money(fine, prices), value - bill, atol=1e-9 * scale)
    np.testing.assert_allclose(fine.load.sum(axis=2), hourly.load.sum(axis=2), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32 - 1), resolution=st.sampled_from(["30min", "15min"]))
@settings(max_examples=15, deadline=None)
def test_limits_are_those_of_the_power_and_the_energy(kind: type[MarketAgents], seed: int, resolution: Any) -> None:
    spec = kind(agents=4)
    hourly, fine = built(spec, seed, "hour"), built(spec, seed, resolution)
    parts = 60 // MINUTES[resolution]
    rng = np.random.default_rng(seed)
    outcomes = rng.random((3, 24 * parts))
    flat = rng.random((3, 24))
    assert hourly.load is not None
    for ours, theirs in zip(fine.constraints, hourly.constraints, strict=True):
        assert (ours.name, ours.unit) == (theirs.name, theirs.unit)  # type: ignore[attr-defined]
        # Prices that do not move within an hour cost what hourly ones do.
        np.testing.assert_allclose(ours.costs(np.repeat(flat, parts, axis=1)), theirs.costs(flat), atol=1e-12)
        assert np.abs(ours.costs(outcomes)).max() <= 1 + 1e-9
        name = ours.name  # type: ignore[attr-defined]
        if name not in ("stressed load", "curtailment energy"):
            continue
        for y, costs in zip(outcomes, ours.costs(outcomes), strict=True):
            exceeded = costs * ours.scale[:, None]  # type: ignore[attr-defined]
            dear = y > theirs.threshold  # type: ignore[attr-defined]
            power = np.repeat(hourly.load, parts, axis=2)[:, :, dear]
            if name == "stressed load":
                used, most = power.max(axis=2, initial=0), theirs.limit  # type: ignore[attr-defined]
            else:
                used, most = power.sum(axis=2) / parts, theirs.cap  # type: ignore[attr-defined]
            np.testing.assert_allclose(exceeded, used - most[:, None], atol=1e-9 * (1 + np.abs(most).max()))


def test_schedules_may_be_stated_in_any_parts_of_a_day() -> None:
    class Shifts(EnergyBuyers):
        def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
            return Schedules(np.tile(np.arange(48.0), (self.agents, 8, 1)), np.zeros((self.agents, 8)), [])

    spec = Shifts(agents=1)
    power = np.arange(48.0)
    for resolution, expected in {
        "day": [power.sum() / 2], "hour": power.reshape(24, 2).mean(axis=1), "30min": power / 2,
        "15min": np.repeat(power, 2) / 4,
    }.items():  # fmt: skip
        population = built(spec, 0, resolution)
        assert population.load is not None
        np.testing.assert_allclose(population.load[0, 0], expected, rtol=1e-12)


def test_a_limit_that_cannot_be_split_is_named() -> None:
    class Odd:
        name = "odd"

        def costs(self, outcomes: FloatArray) -> FloatArray:
            return np.zeros((len(outcomes), 1, 8))

    class Own(EnergyBuyers):
        def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
            return Schedules(np.ones((1, 8, 24)), np.zeros((1, 8)), [Odd()])

    built(Own(agents=1), 0, "hour")
    with pytest.raises(ProblemError, match=r"constraint 'odd' cannot be stated for 4 prices .* method split"):
        built(Own(agents=1), 0, "15min")
