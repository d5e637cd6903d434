"""Which measure of accuracy would have chosen the forecast that earns most for batteries.

    python tests/benchmarks/storage_income.py DATA [--markets DE FR BE NP PJM]

``DATA`` is a folder with ``electricity/epf_expert_forecasts.parquet``: two years of prices of the five markets of
epftoolbox and ten published forecasts of each. Per market: what the forecast that a measure chooses earns less than the
best one, in money per battery and year, and the rank correlation of the measure with the money, over the ten forecasts.
``--quick`` makes up forecasts of a few weeks of the embedded prices, to see that everything runs.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from measuring import show

from omnisim.__main__ import main as omnisim_main
from omnisim.market import load_ercot

MARKETS = ("DE", "FR", "BE", "NP", "PJM")
BATTERIES = """name,power_mw,energy_mwh,efficiency,degradation_per_mwh
one hour,1,1,0.9,2
two hours,1,2,0.9,2
four hours,1,4,0.9,2
two hours worn,1,2,0.85,10
"""


def published(data: Path, market: str) -> pd.DataFrame:
    """Prices and forecasts of a market, a row an hour."""
    table = pd.read_parquet(data / "electricity" / "epf_expert_forecasts.parquet")
    table = table[table["market"] == market].drop(columns=["market", "ts_utc", "dst_flag"])
    unit = "USD/MWh" if market == "PJM" else "EUR/MWh"
    return table.rename(columns={"ts_local": "time", "price": f"price {unit}"})


def made_up() -> pd.DataFrame:
    """Eight weeks of Houston, with forecasts that are wrong by noise, by their level, or on single hours."""
    prices = load_ercot().prices[-56:]
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (3, *prices.shape))
    said = {
        "noisy": prices + 15 * noise[0],
        "too_high": prices + 12 + 3 * noise[1],
        "rarely_wrong": prices + np.where(rng.random(prices.shape) < 0.01, 150, 2) * noise[2],
    }
    time = pd.date_range("2022-11-06", periods=prices.size, freq="h")
    return pd.DataFrame(
        {"time": time, "price USD/MWh": prices.ravel(), **{name: values.ravel() for name, values in said.items()}}
    )


def judged(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The table ``choices`` of ``omnisim value`` for the batteries."""
    table.to_csv(folder / "prices.csv", index=False)
    (folder / "batteries.csv").write_text(BATTERIES, encoding="utf-8")
    names, out = [str(name) for name in table.columns[2:]], folder / "out"
    files = ["--prices", folder / "prices.csv", "--customers", f"storage={folder / 'batteries.csv'}", "--out", out]
    sys.argv = ["omnisim", "value", *names, *map(str, files), "--seeds", "1", "--jobs", "1"]
    try:
        omnisim_main()
    except SystemExit as ended:
        if ended.code:
            raise
    return pd.read_parquet(out / "choices.parquet").set_index("measure")


def main(arguments: list[str] | None = None) -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--markets", nargs="+", choices=MARKETS, default=MARKETS)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    if given.data is None and not given.quick:
        parser.error("the folder with the data is needed")
    tables = {"made up": made_up()} if given.quick else {name: published(given.data, name) for name in given.markets}
    found = {}
    for name, table in tables.items():
        with TemporaryDirectory() as folder:
            found[name] = judged(table, Path(folder))
    for column, title in (
        ("chooses", "Chosen forecast"),
        ("below_the_best", "Money per battery and year less than with the best forecast"),
        ("agreement_of_ranks", "Agreement of ranks with money"),
    ):
        whole = pd.DataFrame({name: choices[column] for name, choices in found.items()})
        cells = whole if column == "chooses" else whole.round(2)
        show(
            title, ["measure", *whole.columns], [[str(measure), *map(str, row)] for measure, *row in cells.itertuples()]
        )


if __name__ == "__main__":
    main()
