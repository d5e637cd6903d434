"""The markets that a path gives."""

import numpy as np
import pandas as pd
import pytest
from made_up_markets import DAYS, FIRST_DAY, made_up_forecasts, made_up_prices

from omnisim.errors import DataError
from omnisim.studies.real_markets.sources import EMBEDDED, LOAD, Source, read, sources


def test_without_data_there_is_the_embedded_market() -> None:
    (source,) = sources(None)
    market = read(source)
    assert (market.name, market.currency, dict(market.forecasts)) == (EMBEDDED, "USD", {})
    assert (market.prices < 0).any()


def test_a_parquet_file(parquet) -> None:
    found = sources(parquet)
    assert [source.market for source in found] == ["AA", "PJM", EMBEDDED]
    first, second = (read(source) for source in found[:2])
    np.testing.assert_array_equal(first.prices, made_up_prices(seed=0))
    np.testing.assert_array_equal(second.forecasts["blunt"], made_up_forecasts(made_up_prices(seed=1))["blunt"])
    assert (first.currency, second.currency) == ("EUR", "USD")
    assert list(first.forecasts) == ["sharp", "blunt"]


def test_day_ahead_features_are_those_of_the_same_days(parquet) -> None:
    with_load, without = (read(source) for source in sources(parquet)[:2])
    assert list(with_load.features) == [LOAD]
    # The file of features begins ten days earlier and counts the hours.
    np.testing.assert_array_equal(with_load.features[LOAD].ravel(), 240 + np.arange(24.0 * DAYS))
    assert dict(without.features) == {}


def test_without_the_file_beside_it_there_are_no_features(parquet) -> None:
    (parquet.parent / "epf_markets.parquet").unlink()
    assert dict(read(sources(parquet)[0]).features) == {}


def test_a_folder_and_a_file_of_epftoolbox(toolbox) -> None:
    found = sources(toolbox)
    assert [source.market for source in found] == ["BE", EMBEDDED]
    assert found == sources(toolbox / "Forecasts_BE_DNN_LEAR_ensembles.csv")
    market = read(found[0])
    assert (market.name, str(market.dates[0]), market.days) == ("BE", FIRST_DAY, DAYS)
    assert list(market.forecasts) == ["dnn_1", "lear_ensemble"]
    np.testing.assert_array_equal(market.prices, made_up_prices())


class TestRefusals:
    def test_a_folder_without_forecasts(self, tmp_path) -> None:
        with pytest.raises(DataError, match="holds no forecasts of epftoolbox: no file is named Forecasts_"):
            sources(tmp_path)

    def test_another_file(self, toolbox) -> None:
        with pytest.raises(DataError, match=r"notes\.csv is no file of forecasts"):
            sources(toolbox / "notes.csv")

    def test_a_table_of_no_market(self, tmp_path) -> None:
        pd.DataFrame({"price": [1.0]}).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(DataError, match=r"a\.parquet has no column 'market'"):
            sources(tmp_path / "a.parquet")

    def test_a_market_without_forecasts(self, parquet) -> None:
        table = pd.read_parquet(parquet).drop(columns=["sharp", "blunt"])
        table.to_parquet(parquet, index=False)
        with pytest.raises(DataError, match="holds no forecast of AA: a column for each is needed"):
            read(Source("AA", parquet))

    def test_features_of_fewer_days(self, parquet) -> None:
        beside = parquet.parent / "epf_markets.parquet"
        table = pd.read_parquet(beside)
        table[table["ts_local"] < "2021-03-20"].to_parquet(beside, index=False)
        with pytest.raises(DataError, match=r"epf_markets\.parquet: of AA it has 19 of the 68 days with forecasts"):
            read(Source("AA", parquet))
