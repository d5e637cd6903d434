"""Probabilities of price spikes from forecasts: by hand, and without a look ahead."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import load_ercot
from omnisim.studies.omniprediction import spikes
from omnisim.studies.omniprediction.spikes import WINDOW, YEAR, given
from omnisim.studies.real_markets.sources import Source

DAYS = YEAR + 20


def write(path: Path, change_from: int | None = None, days: int = DAYS) -> Path:
    """Prices and two forecasts of a made-up market; from one day on, other prices and forecasts."""
    rng = np.random.default_rng(9)
    price = rng.lognormal(3, 0.6, size=(days, 24))
    columns = {"price": price, "good": price * rng.lognormal(0, 0.2, price.shape), "poor": np.full(price.shape, 20.0)}
    if change_from is not None:
        for values in columns.values():
            values[change_from:] = rng.lognormal(4, 1, size=(days - change_from, 24))
    hours = pd.date_range("2020-01-01", periods=24 * days, freq="h")
    frame = pd.DataFrame({"market": "AA", "ts_local": hours, "dst_flag": 0})
    frame = frame.assign(**{name: values.ravel() for name, values in columns.items()})
    frame.to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("spikes") / "forecasts.parquet")


def test_probabilities_by_hand(made: Path) -> None:
    (source,) = given(made)
    found = spikes.spikes(source)
    frame = pd.read_parquet(made)
    price, good = (frame[name].to_numpy().reshape(-1, 24) for name in ("price", "good"))
    assert found.models == ("good", "poor")
    for t, hour in (*((day, day % 24) for day in range(WINDOW, DAYS, 2)), (YEAR - 1, 7), (YEAR, 7), (DAYS - 1, 23)):
        row = (t - WINDOW) * 24 + hour
        threshold = np.quantile(price[t - WINDOW : t], 0.9)
        chance = np.mean([good[t, hour] + price[s, hour] - good[s, hour] > threshold for s in range(t - WINDOW, t)])
        assert found.columns[row, 0] == pytest.approx(chance)
        assert found.y[row] == (price[t, hour] > threshold)
        assert found.first_year[row] == (t < YEAR)
        assert found.dates[row] == np.datetime64("2020-01-01") + t


@pytest.mark.long
def test_what_happens_on_a_day_changes_no_probability_of_that_day(made: Path, tmp_path: Path) -> None:
    """Only the forecasts of the day do, and they are kept here."""
    t = 300
    frame = pd.read_parquet(made)
    later = frame.index >= 24 * t
    changed = frame.assign(price=np.where(later, 1000.0, frame["price"]))
    changed.to_parquet(tmp_path / "changed.parquet", index=False)
    first, second = (spikes.spikes(given(path)[0]) for path in (made, tmp_path / "changed.parquet"))
    known = slice(0, (t + 1 - WINDOW) * 24)
    np.testing.assert_array_equal(first.columns[known], second.columns[known])
    assert (first.columns != second.columns).any()
    assert second.y[(t - WINDOW) * 24 : (t + 1 - WINDOW) * 24].all()


@pytest.mark.long
def test_own_forecasters_see_only_the_past() -> None:
    market = load_ercot("hb_west").between(None, "2021-05-31")
    shorter = market.between(None, "2021-05-01")
    (prices, whole), (_, part) = spikes._own(market), spikes._own(shorter)
    assert set(whole) == set(spikes.OWN)
    for name, said in part.items():
        np.testing.assert_array_equal(said, whole[name][: shorter.days], err_msg=name)
    np.testing.assert_array_equal(whole["persistence"][8], prices[7])
    np.testing.assert_array_equal(whole["weekly persistence"][8], prices[1])
    order = np.argsort(market.prices, axis=None)
    assert (np.diff(prices.ravel()[order]) >= 0).all()
    assert 0 < prices.min() < prices.max() < 1


def test_no_market_is_embedded_where_forecasts_are_given(made: Path) -> None:
    assert [source.market for source in given(made)] == ["AA"]
    assert [source.path for source in given(None)] == [None]


def test_too_few_days_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "short.parquet", days=YEAR)
    with pytest.raises(DataError, match=f"AA has {YEAR} days: more than {YEAR + 1} are needed"):
        spikes.spikes(Source("AA", path))
