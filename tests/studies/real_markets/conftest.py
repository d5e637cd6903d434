"""Files of made-up published forecasts, in the forms that users have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_markets import DAYS, hours, made_up_forecasts, made_up_prices


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """A file of forecasts for AA and PJM, and beside it load of AA, wind of neither, from ten days before."""
    frames = []
    for seed, market in enumerate(("AA", "PJM")):
        prices = made_up_prices(seed=seed)
        columns = {"price": prices, **made_up_forecasts(prices)}
        frames.append(
            pd.DataFrame(
                {"market": market, "ts_local": hours(DAYS), "dst_flag": 0}
                | {name: values.ravel() for name, values in columns.items()}
            )
        )
    path = tmp_path / "forecasts.parquet"
    pd.concat(frames).to_parquet(path, index=False)
    more = DAYS + 10
    load = pd.DataFrame(
        {
            "market": "AA",
            "ts_local": hours(more, "2021-02-19"),
            "price": 1.0,
            "load_forecast_mw": np.arange(24.0 * more),
            "wind_forecast_mw": np.nan,
        }
    )
    load.to_parquet(tmp_path / "epf_markets.parquet", index=False)
    return path


@pytest.fixture
def toolbox(tmp_path: Path) -> Path:
    """A folder with a file of epftoolbox, and one that is none of its own."""
    folder = tmp_path / "toolbox"
    folder.mkdir()
    prices = made_up_prices()
    forecasts = made_up_forecasts(prices)
    frame = pd.DataFrame(
        {"": hours(DAYS), "Real price": prices.ravel(), "DNN 1": forecasts["sharp"].ravel()}
        | {"LEAR Ensemble": forecasts["blunt"].ravel()}
    )
    frame.to_csv(folder / "Forecasts_BE_DNN_LEAR_ensembles.csv", index=False)
    (folder / "notes.csv").write_text("nothing\n", encoding="utf-8")
    return folder
