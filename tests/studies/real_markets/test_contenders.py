"""The forecasters of the study."""

from dataclasses import replace

import pytest
from made_up_markets import made_up_market

from omnisim import forecasters
from omnisim.errors import DataError
from omnisim.studies.real_markets.contenders import (
    EVERY,
    FORESIGHT,
    SIMPLE,
    build,
    calibrated,
    contenders,
    is_calibrated,
    pool,
)


def test_every_forecast_is_played_raw_and_the_simple_ones_calibrated() -> None:
    names = contenders(pool(made_up_market()))
    raw = [name for name in names if not is_calibrated(name)]
    assert set(raw) == {*SIMPLE, "sharp", "blunt", FORESIGHT, "Selection", "Combination"}
    assert {name for name in names if is_calibrated(name)} == {calibrated(base) for base in (EVERY, *SIMPLE)}
    assert len(names) == len(set(names))


def test_what_the_names_stand_for() -> None:
    published = ("sharp", "blunt")
    assert build("sharp", published).model == "sharp"
    assert isinstance(build(FORESIGHT, published), forecasters.ConditionalMean)
    assert [build(name, published).lag for name in ("persistence(7)", "persistence(1)")] == [7, 1]
    everything = build(calibrated(EVERY), published)
    assert isinstance(everything, forecasters.DecisionCalibrated)
    assert [base.model for base in everything.bases] == ["sharp", "blunt"]
    assert [base.model for base in build("Selection", published).bases] == ["sharp", "blunt"]
    (only,) = build(calibrated("climatology"), published).bases
    assert isinstance(only, forecasters.Climatology)


def test_a_market_without_forecasts_chooses_among_simple_ones() -> None:
    market = replace(made_up_market(), forecasts={})
    assert pool(market) == tuple(SIMPLE)
    assert len(build(calibrated(EVERY), pool(market)).bases) == len(SIMPLE)
    assert len(contenders(pool(market))) == 1 + len(SIMPLE) + 2 + 1 + len(SIMPLE)


@pytest.mark.parametrize("name", ["ridge", EVERY, FORESIGHT, "Combination"])
def test_a_forecast_with_a_name_of_the_study_is_refused(name: str) -> None:
    market = made_up_market()
    taken = replace(market, forecasts={name: market.forecasts["sharp"]})
    with pytest.raises(DataError, match=f"AA: a forecast is named '{name}', as is another of the study: rename it"):
        pool(taken)
