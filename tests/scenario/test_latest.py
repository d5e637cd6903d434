"""The days that a run has seen and those since, as one market: what is kept, what is added and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scenario_files import DAYS, TOY, prices, published, write_prices, write_scenario

import omnisim
from omnisim.errors import DataError, ScenarioError
from omnisim.market import Market
from omnisim.market.data import Signal
from omnisim.scenario.known_days import restored, stored
from omnisim.scenario.latest import _begun, _joined, _refuse_other_signals, scenario_with

RNG = np.random.default_rng(6)
DATES = np.datetime64("2024-01-01") + np.arange(10)
PRICES, LOAD, MODEL = RNG.uniform(-20, 90, (3, 10, 24))
PLAYED = slice(0, 6)


def market(days: Any, **changes: Any) -> Market:
    """Some of ten days."""
    whole = {
        "name": "newer", "prices": PRICES[days], "features": {"load": LOAD[days]}, "forecasts": {"model": MODEL[days]},
        "next_day": {"load": np.ones(24), "model": np.ones(24)}, "attribution": "theirs", "notes": ("both", "new"),
        "warnings": ("beware",),
    }  # fmt: skip
    return Market(**{"dates": DATES[days], **whole, **changes})


OF_THE_RUN = market(PLAYED, name="older", attribution="ours", notes=("old", "both"), warnings=("old",), next_day={})


@pytest.mark.parametrize(("begins", "ends"), [(0, 10), (0, 6), (3, 9), (5, 7), (6, 8)])
def test_days_that_have_come_are_added_and_those_that_were_played_stay(begins: int, ends: int) -> None:
    newer = market(slice(begins, ends))
    rounded = replace(newer, prices=newer.prices * (1 + 1e-12))
    found = _joined(OF_THE_RUN, rounded, gaps=False)
    np.testing.assert_array_equal(found.dates, DATES[:ends])
    np.testing.assert_array_equal(found.prices[:6], PRICES[:6])
    np.testing.assert_array_equal(found.prices[6:], rounded.prices[max(0, 6 - begins) :])
    np.testing.assert_array_equal(found.features["load"], LOAD[:ends])
    np.testing.assert_array_equal(found.forecasts["model"], MODEL[:ends])
    assert found.next_day.keys() == newer.next_day.keys()
    # A file of all days says all there is to be said of them.
    told = (found.name, found.attribution, found.notes, found.warnings)
    assert told == (
        ("older", "ours", ("old", "both", "new"), ("old", "beware"))
        if begins
        else ("newer", "theirs", ("both", "new"), ("beware",))
    )


def moved(values: np.ndarray, *cells: tuple[int, int]) -> np.ndarray:
    """The values of all ten days, of which some are others."""
    changed = values.copy()
    for day, hour in cells:
        changed[day, hour] += 0.5
    return changed


@pytest.mark.parametrize(
    ("newer", "said"),
    [
        (market(slice(0, 5)), "ends on 2024-01-05, before the last day that the run has played, 2024-01-06"),
        (market(slice(0, 8), currency="USD"), "is in USD, and the run in EUR"),
        (market(slice(8, 10)), "begins on 2024-01-09, and the run has played up to 2024-01-06: 2024-01-07 is missing"),
        (market([3, 5, 6]), "has no 2024-01-05, which the run has played"),
        (
            market(slice(0, 8), prices=moved(PRICES, (2, 17), (4, 1), (7, 0))[:8]),
            f"the price of 2024-01-03 17:00 is {PRICES[2, 17] + 0.5:g}, and the run has played it as {PRICES[2, 17]:g}",
        ),
        (
            market(slice(2, 8), features={"load": moved(LOAD, (5, 4))[2:8]}),
            f"the 'load' of 2024-01-06 04:00 is {LOAD[5, 4] + 0.5:g}, and the run has played it as {LOAD[5, 4]:g} (1 ",
        ),
        (
            market(slice(2, 8), forecasts={"model": moved(MODEL, (2, 0))[2:8]}),
            f"the 'model' of 2024-01-03 00:00 is {MODEL[2, 0] + 0.5:g}, and",
        ),
    ],
)
def test_what_a_newer_file_cannot_say(newer: Market, said: str) -> None:
    with pytest.raises(DataError) as caught:
        _joined(OF_THE_RUN, newer, gaps=False)
    assert str(caught.value).startswith(said)


def test_gaps_are_those_that_the_file_leaves_out() -> None:
    """Days may be missing by its policy, but for those that it does not reach back to."""
    gappy = market([0, 1, 2, 3, 4, 5, 8, 9])
    assert list(_joined(OF_THE_RUN, gappy, gaps=True).dates) == [*DATES[:6], *DATES[8:]]
    for newer, gaps, said in (
        (gappy, False, "begins on 2024-01-09, and the run has played up to 2024-01-06: 2024-01-07 is missing"),
        (market(slice(8, 10)), True, "begins on 2024-01-09, and the run has played up to 2024-01-06"),
    ):
        with pytest.raises(DataError, match=said):
            _joined(OF_THE_RUN, newer, gaps=gaps)
    with pytest.raises(DataError, match="has 2024-01-04, which was missing when the run played the days around it"):
        _joined(market([0, 1, 2, 4, 5]), market(slice(0, 8)), gaps=True)


def test_signals_are_those_of_the_days_played() -> None:
    run = replace(OF_THE_RUN, signals={"co2": Signal(LOAD[:6], "kg/MWh")})
    for cell, wrong in (((6, 3), False), ((5, 3), True), ((0, 0), True)):
        newer = replace(market(slice(0, 8)), signals={"co2": Signal(moved(LOAD, cell)[:8], "kg/MWh")})
        if not wrong:
            _refuse_other_signals(run, newer)
            continue
        with pytest.raises(DataError, match=f"signals.co2: its values of {DATES[cell[0]]} are not those"):
            _refuse_other_signals(run, newer)


def test_days_are_kept_with_all_that_is_said_of_them() -> None:
    signals = {"co2": Signal(LOAD[:6], "kg/MWh", MODEL[:6]), "at 80": Signal(PRICES[:6], "EUR/MWh", None, 80.0)}
    before = replace(OF_THE_RUN, currency="NOK", signals=signals)
    after = restored(*stored(before))
    for key in ("name", "currency", "attribution", "notes", "warnings"):
        assert getattr(after, key) == getattr(before, key)
    assert [(each.unit, each.cap) for each in after.signals.values()] == [("kg/MWh", None), ("EUR/MWh", 80.0)]
    for found, values in (
        (after.dates, DATES), (after.prices, PRICES), (after.features["load"], LOAD), (after.forecasts["model"], MODEL),
        (after.signals["co2"].series, LOAD), (after.signals["co2"].forecast, MODEL),
        (after.signals["at 80"].series, PRICES),
    ):  # fmt: skip
        np.testing.assert_array_equal(found, values[:6])
    assert after.signals["at 80"].forecast is None


def test_the_next_day_is_what_is_known_of_it() -> None:
    found = _begun(market(slice(0, 8)))
    assert found.dates[-1] == DATES[8]
    for column in (found.features["load"], found.forecasts["model"]):
        np.testing.assert_array_equal(column[8], np.ones(24))
    assert found.next_day == {}
    for name in ("load", "model"):
        known = {other: np.ones(24) for other in ("load", "model") if other != name}
        with pytest.raises(DataError, match=f"^has no {name} for 2024-01-09, the day after the last one with prices"):
            _begun(market(slice(0, 8), next_day=known))


HORIZON = DAYS + 2


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, omnisim.Scenario]:
    """A scenario of ten days, of which the first two are past."""
    folder = tmp_path_factory.mktemp("begun")
    text = TOY.replace("high = 100.0", "high = 100.0\nfirst_day = 2021-01-03\nlast_day = 2021-01-10")
    text += '\n[market.forecast_files.ours]\npath = "ours.csv"\ncolumn = "model"\n'
    write_prices(folder / "ours.csv", prices())
    return folder, omnisim.load_scenario(write_scenario(folder, text), {"horizon": HORIZON})


@pytest.mark.parametrize("came", [0, 1, HORIZON - DAYS + 2])
def test_a_run_goes_on_up_to_its_horizon(begun: tuple[Path, omnisim.Scenario], tmp_path: Path, came: int) -> None:
    _, first = begun
    assert first.market is not None
    longer = prices(DAYS + came + 1)
    newer = write_prices(tmp_path / "newer.csv", longer[: DAYS + came])
    vendor = write_prices(tmp_path / "vendor.csv", longer)  # with what is known of the day after
    scenario, over = scenario_with(first.market, first.source, first.told, newer, {"forecasts": {"ours": vendor}})
    ahead = came < HORIZON - DAYS + 2
    assert (over, scenario.played, scenario.horizon) == (DAYS - 2 + came, DAYS - 2 + came + ahead, HORIZON)
    assert str(scenario.dates[-1]) == str(np.datetime64("2021-01-10") + came + ahead)
    assert scenario.source["rounds"] == over
    told = scenario.about["market"]
    assert told["data"] == {
        "days": DAYS + came, "first_day": "2021-01-01", "last_day": str(np.datetime64("2021-01-10") + came),
    }  # fmt: skip
    assert told["values"] == over * 24
    assert scenario.market is not None
    assert scenario.market.days == DAYS + came
    np.testing.assert_allclose(scenario.adversary.outcomes[:over], longer[2 : DAYS + came] / 100)
    # Those that were played stay as they were, the others are from the newer file.
    said = np.concatenate([published(prices()), published(longer)[DAYS:]])[2 : DAYS + came + ahead]
    np.testing.assert_allclose(scenario.forecasts["ours"], said / 100)


def test_what_a_run_cannot_go_on_with(begun: tuple[Path, omnisim.Scenario], tmp_path: Path) -> None:
    _, first = begun
    assert first.market is not None
    source: dict[str, Any] = dict(first.source)
    beyond = write_prices(tmp_path / "beyond.csv", prices(HORIZON + 3))
    with pytest.raises(DataError, match=f"2021-01-15 would be day {HORIZON + 1} of a run whose horizon is {HORIZON} d"):
        scenario_with(first.market, source, "", beyond, {})
    for option, said in (
        ("forecasts", "--forecasts our: the run has no such file of forecasts: did you mean 'ours'?"),
        ("signals", "--signals our: the run has no such signal"),
    ):
        with pytest.raises(ScenarioError) as caught:
            scenario_with(first.market, source, "", beyond, {option: {"our": beyond}})
        assert said in str(caught.value)
    synthetic = {**source, "market": {"source": "synthetic"}}
    with pytest.raises(ScenarioError, match="the market of the run is 'synthetic', which is not read from a file"):
        scenario_with(first.market, synthetic, "", beyond, {})
