"""Forecasts of vendors in files of their own: long and wide, one and many, with issue times and days without one."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scenario_files import refusal

import omnisim
from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.market.forecast_files import with_forecast
from omnisim.market.leaks import warn_of_misfit

DAYS = 12
FIRST = dt.date(2023, 10, 25)
OSLO = "Europe/Oslo"


def values(a_day: int = 24, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(20, 90, (DAYS, a_day)).round(2)


def market(a_day: int = 24) -> Market:
    return Market("m", np.arange(FIRST, FIRST + dt.timedelta(days=DAYS), dtype="datetime64[D]"), values(a_day, 9))


def long_file(path: Path, given: np.ndarray, *, first: dt.date = FIRST, **columns: Any) -> Path:
    minutes = 1440 // given.shape[1]
    stamps = pd.date_range(first, periods=given.size, freq=f"{minutes}min")
    frame = pd.DataFrame(
        {"time": stamps, **{name: each(stamps) for name, each in columns.items()}, "ours": given.ravel()}
    )
    frame.to_csv(path, index=False)
    return path


def issued_at(hour: int, days_before: int = 1) -> Any:
    return lambda stamps: stamps.normalize() - pd.Timedelta(days=days_before) + pd.Timedelta(hours=hour)


@pytest.mark.parametrize("a_day", [1, 24, 48, 96])
def test_a_long_file_at_the_resolution_of_the_market(tmp_path: Path, a_day: int) -> None:
    found = with_forecast(market(a_day), "ours", long_file(tmp_path / "f.csv", values(a_day)))
    np.testing.assert_array_equal(found.forecast("ours"), values(a_day))
    np.testing.assert_array_equal(found.prices, values(a_day, 9))


@pytest.mark.long
def test_a_wide_file_and_many_files(tmp_path: Path) -> None:
    given = values()
    frame = pd.DataFrame(given, columns=[f"H{k}" for k in range(1, 25)])
    frame.insert(0, "day", [FIRST + dt.timedelta(days=n) for n in range(DAYS)])
    for n in range(DAYS):
        frame.iloc[[n]].to_csv(tmp_path / f"vendor-{n:02d}.csv", index=False)
    frame.to_csv(tmp_path / "all.csv", index=False)
    for source in (tmp_path / "all.csv", tmp_path / "vendor-*.csv", sorted(tmp_path.glob("vendor-*.csv"))):
        found = with_forecast(market(), "ours", source, wide=True)
        np.testing.assert_array_equal(found.forecast("ours"), given)
    with pytest.raises(DataError, match="no such file"):
        with_forecast(market(), "ours", tmp_path / "absent-*.csv", wide=True)


def test_quarters_for_hours_only_when_asked(tmp_path: Path) -> None:
    path = long_file(tmp_path / "f.csv", values(96))
    with pytest.raises(DataError, match="resample = true"):
        with_forecast(market(), "ours", path)
    found = with_forecast(market(), "ours", path, resample=True)
    np.testing.assert_allclose(found.forecast("ours"), values(96).reshape(DAYS, 24, 4).mean(axis=2))


@pytest.mark.parametrize("hour", [0, 11, 12])
def test_forecasts_issued_until_gate_closure_are_known(tmp_path: Path, hour: int) -> None:
    path = long_file(tmp_path / "f.csv", values(), issued=issued_at(hour))
    found = with_forecast(market(), "ours", path, issued="issued", gate_closure="12:00")
    np.testing.assert_array_equal(found.forecast("ours"), values())


@pytest.mark.parametrize(("hour", "days_before"), [(13, 1), (0, 0), (6, 0)])
def test_forecasts_issued_later_are_a_leak(tmp_path: Path, hour: int, days_before: int) -> None:
    path = long_file(tmp_path / "f.csv", values(), issued=issued_at(hour, days_before))
    with pytest.raises(DataError, match=r"after gate closure \(2023-10-24 12:00\).*gate_closure"):
        with_forecast(market(), "ours", path, issued="issued", gate_closure="12:00")


def test_a_leak_in_another_zone_than_the_clock(tmp_path: Path) -> None:
    """Issued at 11:30 in UTC, which is 13:30 in Oslo's summer."""

    def in_utc(stamps: pd.DatetimeIndex) -> Any:
        return (stamps.normalize() - pd.Timedelta(hours=12.5)).strftime("%Y-%m-%dT%H:%MZ")

    path = long_file(tmp_path / "f.csv", values(), issued=in_utc)
    with pytest.raises(DataError, match="13:30, after gate closure"):
        with_forecast(market(), "ours", path, issued="issued", gate_closure="12:00", timezone=OSLO)
    found = with_forecast(market(), "ours", path, issued="issued", gate_closure="14:00", timezone=OSLO)
    np.testing.assert_array_equal(found.forecast("ours"), values())


def test_of_several_the_last_before_gate_closure_counts(tmp_path: Path) -> None:
    """Runs at 06:00, 11:00 and 18:00 of the day before, across the autumn change of the clock."""
    frames = []
    stamps = pd.date_range(FIRST, periods=DAYS * 24, freq="h")
    for k, hour in enumerate((18, 6, 11)):
        path = long_file(tmp_path / f"{k}.csv", values(seed=k + 1), issued=issued_at(hour))
        frames.append(pd.read_csv(path))
    pd.concat(frames).to_csv(tmp_path / "all.csv", index=False)
    found = with_forecast(market(), "ours", tmp_path / "all.csv", issued="issued", gate_closure="12:00")
    np.testing.assert_array_equal(found.forecast("ours"), values(seed=3))
    assert any(f"{len(stamps)} rows issued after gate closure" in note for note in found.notes)


def test_issue_times_and_gate_closure_belong_together(tmp_path: Path) -> None:
    path = long_file(tmp_path / "f.csv", values(), issued=issued_at(6))
    for keys in ({"issued": "issued"}, {"gate_closure": "12:00"}):
        with pytest.raises(DataError, match="together"):
            with_forecast(market(), "ours", path, **keys)
    with pytest.raises(DataError, match="'noon'"):
        with_forecast(market(), "ours", path, issued="issued", gate_closure="noon")


def test_days_without_a_forecast(tmp_path: Path) -> None:
    given = values()
    path = long_file(tmp_path / "f.csv", given)
    rows = pd.read_csv(path)
    absent = [3, 4, 8]
    rows[~(rows.index // 24).isin(absent)].to_csv(path, index=False)
    with pytest.raises(
        DataError, match=r"3 days have no forecast \(2023-10-28, 2023-10-29, 2023-11-02\).*missing_forecast"
    ):
        with_forecast(market(), "ours", path)
    found = with_forecast(market(), "ours", path, missing_forecast="previous")
    expected = given.copy()
    for day, before in ((3, 2), (4, 2), (8, 7)):
        expected[day] = given[before]
    np.testing.assert_array_equal(found.forecast("ours"), expected)
    assert found.days == DAYS
    other = with_forecast(market(), "theirs", long_file(tmp_path / "g.csv", values(seed=4)))
    found = with_forecast(other, "ours", path, missing_forecast="theirs")
    expected[absent] = values(seed=4)[absent]
    np.testing.assert_array_equal(found.forecast("ours"), expected)
    with pytest.raises(DataError, match="did you mean 'theirs'"):
        with_forecast(other, "ours", path, missing_forecast="their")


def test_days_before_the_run_need_no_forecast(tmp_path: Path) -> None:
    path = long_file(tmp_path / "f.csv", values()[5:], first=FIRST + dt.timedelta(days=5))
    with pytest.raises(DataError, match="5 days have no forecast"):
        with_forecast(market(), "ours", path)
    with pytest.raises(DataError, match="none is before it: set first_day to 2023-10-30"):
        with_forecast(market(), "ours", path, missing_forecast="previous")
    found = with_forecast(market(), "ours", path, first_day=FIRST + dt.timedelta(days=5))
    np.testing.assert_array_equal(found.forecast("ours")[5:], values()[5:])
    np.testing.assert_array_equal(found.forecast("ours")[1:5], values(seed=9)[:4])


def test_the_price_is_no_forecast(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is the price itself"):
        with_forecast(market(), "ours", long_file(tmp_path / "f.csv", values(seed=9)))


SCENARIO = """
[market]
source = "file"
path = "prices.csv"
low = 0
high = 200

[market.forecast_files.ours]
path = "vendor/*.csv"
column = "ours"
issued = "issued"
gate_closure = "12:00"

[forecaster]
kind = "published"
model = "ours"

[populations.buyers]
kind = "energy_buyers"
agents = 2
"""


@pytest.mark.long
def test_a_scenario_plays_them(tmp_path: Path) -> None:
    stamps = pd.date_range(FIRST, periods=DAYS * 24, freq="h")
    pd.DataFrame({"time": stamps, "price": values(seed=9).ravel()}).to_csv(tmp_path / "prices.csv", index=False)
    (tmp_path / "vendor").mkdir()
    for n in range(DAYS):
        day = FIRST + dt.timedelta(days=n)
        long_file(tmp_path / "vendor" / f"{day}.csv", values()[[n]], first=day, issued=issued_at(10))
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO)
    scenario = omnisim.load_scenario(path)
    trace = omnisim.simulate(scenario)
    np.testing.assert_allclose(trace.predictions, values() / 200)
    # The resolved scenario and another content of the files.
    again = tmp_path / "elsewhere.toml"
    from omnisim.scenario.toml import to_toml

    again.write_text(to_toml(scenario.source))
    np.testing.assert_array_equal(omnisim.simulate(omnisim.load_scenario(again)).predictions, trace.predictions)
    long_file(tmp_path / "vendor" / f"{FIRST}.csv", values(seed=5)[[0]], issued=issued_at(10))
    assert omnisim.load_scenario(path).about["digest"] != scenario.about["digest"]
    assert "market.forecast_files.ours.gate_closre: unknown key" in refusal(
        "validate", path, "--set", "market.forecast_files.ours.gate_closre=12:00"
    )
    message = refusal("validate", path, "--set", "market.forecast_files.ours.gate_closure=09:00")
    assert "after gate closure" in message
    assert "forecast 'ours'" in message


def local_market(days: int = 40) -> Market:
    """Prices of Oslo from 1 October on, across the autumn clock change, with a shape of the day and luck."""
    rng = np.random.default_rng(5)
    shape = 50 + 20 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    first = dt.date(2023, 10, 1)
    dates = np.arange(first, first + dt.timedelta(days=days), dtype="datetime64[D]")
    return Market("m", dates, (shape + rng.normal(0, 15, (days, 24))).round(2))


def vendor_file(path: Path, of: Market, *, shift: int = 0, factor: float = 1.0, tail: str = "") -> Path:
    """A forecast with errors, beside the stamps of hours that begin so many hours later than they should."""
    rng = np.random.default_rng(6)
    given = of.prices.ravel() + rng.normal(0, 8, of.prices.size)
    stamps = pd.date_range(str(of.dates[0]), periods=given.size, freq="h") + pd.Timedelta(hours=shift)
    frame = pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M"), "ours": (factor * given).round(4)})
    path.write_text(frame.to_csv(index=False) + tail)
    return path


class TestSuspicions:
    def test_a_file_that_fits_has_none(self, tmp_path: Path) -> None:
        found = with_forecast(local_market(), "ours", vendor_file(tmp_path / "f.csv", local_market()))
        assert found.warnings == ()

    @pytest.mark.parametrize(("shift", "side"), [(-2, "2 hours later"), (-1, "1 hour later"), (1, "1 hour earlier")])
    def test_stamps_that_are_hours_off(self, tmp_path: Path, shift: int, side: str) -> None:
        of = local_market()
        path = vendor_file(tmp_path / "f.csv", of, shift=shift)
        played = {"first_day": of.dates[1].item(), "last_day": of.dates[-2].item()}
        warnings = with_forecast(of, "ours", path, missing_forecast="previous", **played).warnings
        (warning,) = [each for each in warnings if "fits" in each]
        assert f"fits the price {side} better" in warning
        assert "file_timezone" in warning
        assert "stamp" in warning

    @pytest.mark.parametrize("factor", [0.001, 0.1, 1000])
    def test_another_unit(self, tmp_path: Path, factor: float) -> None:
        (warning,) = with_forecast(
            local_market(), "ours", vendor_file(tmp_path / "f.csv", local_market(), factor=factor)
        ).warnings
        assert "set unit" in warning

    def test_naive_utc(self, tmp_path: Path) -> None:
        """It has an hour that the zone skips in spring, or only one of those it has twice in autumn."""
        of = local_market()
        path = vendor_file(tmp_path / "f.csv", of)
        warnings = with_forecast(of, "ours", path, timezone=OSLO).warnings
        assert any("do not show the clock changes of Europe/Oslo" in warning for warning in warnings)
        assert not any(
            "do not show" in each
            for each in with_forecast(of, "ours", path, timezone=OSLO, file_timezone=OSLO).warnings
        )

    def test_numbers_that_stand_for_nothing(self, tmp_path: Path) -> None:
        of = local_market()
        path = vendor_file(tmp_path / "f.csv", of)
        lines = path.read_text().splitlines()
        lines[150] = lines[150].partition(",")[0] + ",-9999"
        path.write_text("\n".join(lines))
        with pytest.raises(DataError, match=r"line 151: ours is -9999 .*missing_values = \['-9999'\]"):
            with_forecast(of, "ours", path)
        with pytest.raises(DataError, match="1 days have no forecast"):
            with_forecast(of, "ours", path, missing_values=["-9999"])
        assert with_forecast(of, "ours", path, missing_values=[]).forecast("ours").min() == -9999


class TestClockOfIssueTimes:
    """11:30 in UTC is 12:30 in Oslo's winter, after a gate that closes at 12:00."""

    def written(self, folder: Path, of: Market, issued: str, offset: str = "") -> Path:
        rows = ["time,issued,ours"]
        for moment in pd.date_range("2023-11-05", periods=72, freq="h", tz=OSLO).tz_convert("UTC"):
            day = moment.tz_convert(OSLO).normalize().tz_localize(None) - pd.Timedelta(days=1)
            rows.append(f"{moment:%Y-%m-%d %H:%M}{offset},{day:%Y-%m-%d} {issued},{moment.hour + 0.5}")
        path = folder / "f.csv"
        path.write_text("\n".join(rows))
        return path

    def read(self, of: Market, path: Path, **keys: Any) -> Market:
        played = {"first_day": dt.date(2023, 11, 5), "last_day": dt.date(2023, 11, 7)}
        return with_forecast(of, "ours", path, timezone=OSLO, issued="issued", gate_closure="12:00", **played, **keys)

    def test_it_is_that_of_the_stamps(self, tmp_path: Path) -> None:
        of = local_market()
        late, early = self.written(tmp_path, of, "11:30"), "10:30"
        with pytest.raises(DataError, match=r"issued at 2023-11-04 12:30, after gate closure"):
            self.read(of, late, file_timezone="UTC")
        assert self.read(of, late, file_timezone="UTC", issued_timezone=OSLO).days == of.days
        assert self.read(of, self.written(tmp_path, of, early), file_timezone="UTC").days == of.days

    def test_it_must_be_said_where_only_the_stamps_carry_offsets(self, tmp_path: Path) -> None:
        of = local_market()
        path = self.written(tmp_path, of, "11:30", "Z")
        with pytest.raises(DataError, match=r"its issue times \(issued\) do not: set issued_timezone"):
            self.read(of, path)
        with pytest.raises(DataError, match="issued at 2023-11-04 12:30"):
            self.read(of, path, issued_timezone="UTC")
        assert self.read(of, path, issued_timezone=OSLO).days == of.days
        with pytest.raises(DataError, match="issued_timezone 'Oslo'"):
            self.read(of, path, issued_timezone="Oslo")

    def test_of_an_hour_that_occurs_twice_the_later_is_meant(self, tmp_path: Path) -> None:
        # 01:30 of New York is 06:30 in Oslo before its clock goes back, and 07:30 after.
        path, zones = self.written(tmp_path, local_market(), "01:30", "Z"), {"timezone": OSLO}
        zones["issued_timezone"] = "America/New_York"
        day = {"first_day": dt.date(2023, 11, 6), "last_day": dt.date(2023, 11, 6)}
        with pytest.raises(DataError, match="issued at 2023-11-05 07:30, after gate closure"):
            with_forecast(local_market(), "ours", path, issued="issued", gate_closure="07:29", **zones, **day)
        found = with_forecast(local_market(), "ours", path, issued="issued", gate_closure="07:30", **zones, **day)
        assert "ours" in found.forecasts


class TestUntilGateClosure:
    """Several runs for each period of one file, by loops over its rows."""

    def runs(self, seed: int = 0, stop: int = 11 * 60) -> pd.DataFrame:
        """Three for each hour, issued in any minute of the day before and in any order of the rows."""
        rng, rows = np.random.default_rng(seed), []
        for stamp in pd.date_range(FIRST, periods=DAYS * 24, freq="h"):
            day = stamp.normalize() - pd.Timedelta(days=1)
            first, *others = rng.permutation(24 * 60)[:3]
            minutes = (min(first, stop), *others)
            rows += [(stamp, day + pd.Timedelta(minutes=int(m)), round(float(rng.uniform(20, 90)), 2)) for m in minutes]
        return pd.DataFrame(rows, columns=["time", "issued", "ours"]).sample(frac=1, random_state=seed)

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("gate", ["11:00", "23:59"])
    def test_the_last_one_that_was_known_counts(self, tmp_path: Path, gate: str) -> None:
        frame = self.runs()
        path = tmp_path / "f.csv"
        frame.to_csv(path, index=False)
        found = with_forecast(market(), "ours", path, issued="issued", gate_closure=gate)
        hour, minute = map(int, gate.split(":"))
        late = 0
        known: dict[pd.Timestamp, tuple[pd.Timestamp, float]] = {}
        for row in frame.itertuples():
            closes = row.time.normalize() - pd.Timedelta(days=1) + pd.Timedelta(hours=hour, minutes=minute)
            late += row.issued > closes
            if row.issued <= closes and (row.time not in known or row.issued > known[row.time][0]):
                known[row.time] = (row.issued, row.ours)
        expected = [known[stamp][1] for stamp in sorted(known)]
        np.testing.assert_array_equal(found.forecast("ours").ravel(), expected)
        told = [note for note in found.notes if "issued after gate closure were passed over" in note]
        assert told == ([f"forecast 'ours': {late} rows issued after gate closure were passed over"] if late else [])

    def test_periods_of_which_all_runs_came_too_late_are_counted_once(self, tmp_path: Path) -> None:
        frame = self.runs(stop=11 * 60).sort_values(["time", "issued"])
        when = pd.Timestamp("2023-10-27 05:00")
        late = frame["time"].isin([when, when + pd.Timedelta(hours=1)])
        frame.loc[late, "issued"] = when.normalize() - pd.Timedelta(hours=11, minutes=30)
        frame.to_csv(tmp_path / "f.csv", index=False)
        line = 2 + 3 * (2 * 24 + 5)
        with pytest.raises(DataError) as refused:
            with_forecast(market(), "ours", tmp_path / "f.csv", issued="issued", gate_closure="12:00")
        assert (
            f"f.csv: line {line}: the forecast for 2023-10-27 05:00 was issued at 2023-10-26 12:30, after gate closure "
            "(2023-10-26 12:00), and no earlier one is there (2 such periods)"
        ) in str(refused.value)

    def test_both_passes_of_what_autumn_repeats_are_known(self) -> None:
        """Each by its own last run, however late the other one's was: their mean is the forecast of the hour."""
        of = local_market()
        stamps = pd.date_range("2023-10-29", "2023-10-30", freq="h", tz=OSLO, inclusive="left").tz_convert("UTC")
        frame = pd.DataFrame({"time": stamps.tz_localize(None), "issued": "2023-10-28 08:00", "ours": np.arange(25.0)})
        frame.loc[3, "issued"] = "2023-10-28 09:00"
        keys: dict[str, Any] = {"timezone": OSLO, "file_timezone": "UTC", "issued": "issued", "gate_closure": "12:00"}
        played = {"first_day": dt.date(2023, 10, 29), "last_day": dt.date(2023, 10, 29)}
        found = with_forecast(of, "ours", frame, **keys, **played)
        assert found.forecast("ours")[28].tolist() == [0, 1, 2.5, *range(4, 25)]

    def test_an_issue_time_that_does_not_exist_is_the_end_of_what_spring_skips(self) -> None:
        """02:30 of New York on March 12 is taken as 03:00 there, which is 08:00 in Oslo."""
        dates = np.arange("2023-03-13", "2023-03-14", dtype="datetime64[D]")
        stamps = pd.date_range("2023-03-13", periods=24, freq="h", tz=OSLO)
        frame = pd.DataFrame({"time": stamps, "issued": "2023-03-12 02:30", "ours": np.arange(24.0)})
        keys: dict[str, Any] = {"timezone": OSLO, "issued": "issued", "issued_timezone": "America/New_York"}
        of = Market("m", dates, np.ones((1, 24)))
        with pytest.raises(DataError, match="issued at 2023-03-12 08:00, after gate closure"):
            with_forecast(of, "ours", frame, **keys, gate_closure="07:59")
        assert with_forecast(of, "ours", frame, **keys, gate_closure="08:00").days == 1

    @pytest.mark.parametrize("gate", ["24:00", "12:60", "noon", "12", "-1:00"])
    def test_what_is_no_time_of_the_day_is_refused(self, tmp_path: Path, gate: str) -> None:
        path = tmp_path / "f.csv"
        path.write_text("time,issued,ours\n2023-10-25 00:00,2023-10-24 00:00,5\n")
        with pytest.raises(DataError, match=f"gate_closure is '{gate}': it must be a time of the day"):
            with_forecast(market(), "ours", tmp_path / "f.csv", issued="issued", gate_closure=gate)

    @pytest.mark.parametrize(("issued", "gate", "known"), [("11:00Z", "12:00", True), ("11:01Z", "12:00", False),
                                                           ("23:30Z", "00:30", False)])  # fmt: skip
    def test_offsets_of_stamps_and_issue_times_are_converted_to_the_market(
        self, tmp_path: Path, issued: str, gate: str, known: bool
    ) -> None:
        """In November 11:00 in UTC is noon in Oslo; 23:30 is half past midnight of the day of delivery."""
        of = local_market()
        stamps = pd.date_range("2023-11-05", periods=72, freq="h", tz=OSLO)
        rows = [(t.tz_convert("UTC").isoformat(), f"{t - pd.DateOffset(days=1):%Y-%m-%d} {issued}", 1.0 + t.hour)
                for t in stamps]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["time", "issued", "ours"])
        keys: dict[str, Any] = {"timezone": OSLO, "issued": "issued", "gate_closure": gate,
                                "first_day": dt.date(2023, 11, 5), "last_day": dt.date(2023, 11, 7)}  # fmt: skip
        if known:
            assert with_forecast(of, "ours", frame, **keys).forecast("ours")[35:38, 7].tolist() == [8.0] * 3
        else:
            with pytest.raises(DataError, match="after gate closure"):
                with_forecast(of, "ours", frame, **keys)


def test_days_outside_the_run_take_the_prices_of_the_day_before(tmp_path: Path) -> None:
    """The first and the last day played need a forecast of their own; what stands for others is told."""
    path = long_file(tmp_path / "f.csv", values()[4:8], first=FIRST + dt.timedelta(days=4))
    played = {"first_day": FIRST + dt.timedelta(days=4), "last_day": FIRST + dt.timedelta(days=7)}
    found = with_forecast(market(), "ours", path, **played)
    paid = values(seed=9)
    np.testing.assert_array_equal(found.forecast("ours"), [paid[0], *paid[:3], *values()[4:8], *paid[7:11]])
    assert "forecast 'ours': 8 days outside the run have none, and take the prices of the day before" in found.notes
    for end, day in (("first_day", 3), ("last_day", 8)):
        with pytest.raises(DataError, match=rf"1 days have no forecast \({FIRST + dt.timedelta(days=day)}\): .* to the "
                                            r"days there are \(2023-10-29 to 2023-11-01\)"):  # fmt: skip
            with_forecast(market(), "ours", path, **played | {end: FIRST + dt.timedelta(days=day)})
    with pytest.raises(DataError, match=r"1 days have no forecast.* another .'theirs'., or first_day"):
        theirs = with_forecast(market(), "theirs", long_file(tmp_path / "g.csv", values(seed=4)))
        with_forecast(theirs, "ours", path, **played | {"last_day": FIRST + dt.timedelta(days=8)})


def test_what_a_forecast_is_called_in_its_file(tmp_path: Path) -> None:
    """Its own name first, then ``forecast``, then ``price``; and others of the market stay as they are."""
    stamps = pd.date_range(FIRST, periods=DAYS * 24, freq="h")
    columns = {"time": stamps, "price": values(seed=4).ravel(), "forecast": values(seed=5).ravel()}
    frame = pd.DataFrame(columns | {"ours": values(seed=6).ravel()})
    made = market()
    for drop, seed in (([], 6), (["ours"], 5), (["ours", "forecast"], 4)):
        name = f"model {seed}" if drop else "ours"
        made = with_forecast(made, name, frame.drop(columns=drop))
        np.testing.assert_array_equal(made.forecast(name), values(seed=seed))
    assert [*made.forecasts] == ["ours", "model 5", "model 4"]
    np.testing.assert_array_equal(made.forecast("ours"), values(seed=6))


@pytest.mark.parametrize(("factor", "told"), [(4.9, False), (5.2, True), (1 / 4.9, False), (1 / 5.2, True)])
def test_a_forecast_five_times_as_large_or_as_small_is_told_with_both_sizes(factor: float, told: bool) -> None:
    of = local_market()
    given = of.prices + np.random.default_rng(3).normal(0, 6, of.prices.shape)
    given *= factor * np.median(np.abs(of.prices)) / np.median(np.abs(given))
    warnings = warn_of_misfit(replace(of, forecasts={"ours": given}), "ours", "f.csv")
    ranked = [sorted(np.abs(each).ravel().tolist()) for each in (given, of.prices)]
    ours, price = ((each[479] + each[480]) / 2 for each in ranked)
    assert len(warnings) == told
    assert not told or f"is usually {ours:.3g} where the price is {price:.3g}: set unit" in warnings[0]


@pytest.mark.parametrize(("days", "hours", "told"), [(14, 3, True), (13, 3, False), (30, -3, True), (30, 4, False)])
def test_a_forecast_of_two_weeks_that_stands_up_to_three_hours_off_is_told(days: int, hours: int, told: bool) -> None:
    """With the share of the variance of the price that a line through it explains: at its own hours, and there."""
    rng = np.random.default_rng(7)
    long = rng.normal(50, 20, (days + 2) * 24)
    paid = long[24 : 24 + days * 24].round(2)
    given = (long[24 + hours : 24 + hours + days * 24] + rng.normal(0, 5, days * 24)).round(2)
    dates = np.arange(FIRST, FIRST + dt.timedelta(days=days), dtype="datetime64[D]")
    of = Market("m", dates, paid.reshape(days, 24), forecasts={"ours": given.reshape(days, 24)})
    found = [each for each in warn_of_misfit(of, "ours", "f.csv") if "fits" in each]
    assert len(found) == told
    if told:
        start, stop = max(0, -hours), min(paid.size, paid.size - hours)
        best = np.corrcoef(given[start:stop], paid[start + hours : stop + hours])[0, 1] ** 2
        own = np.corrcoef(given, paid)[0, 1] ** 2
        side = "later" if hours > 0 else "earlier"
        assert (
            f"fits the price {abs(hours)} hours {side} better ({best:.0%} of its variance, {own:.0%} at its" in found[0]
        )
