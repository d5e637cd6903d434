"""A run on a file of prices that grows day by day, in a folder of its own."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from scenario_files import FIRST_DAY, omnisim_command, prices

import omnisim

ALL = 84
"""Days of the file in the end."""

TEXT = """\
name = "growing"

[market]
source = "file"
path = "prices.csv"
features = ["load"]
forecasts = ["model"]
first_day = 2021-01-08

[forecaster]
kind = "decision_calibrated"
bases = [{ kind = "persistence" }, { kind = "published", model = "model" }]

[elimination]
kind = "subsequence_threshold"

[populations.buyers]
kind = "energy_buyers"
agents = 3
stress_price = 60.0

[populations.plants]
kind = "manufacturers"
agents = 2
curtailment_price = 70.0
elimination = { kind = "subsequence_first_violation" }

[subsequences]
all = true
weekend = { feature = "weekday", operator = ">=", value = 5 }
dear = { feature = "yesterday_price", operator = ">=", quantile = 0.7, window = 5 }
expected_dear = { feature = "price_forecast", operator = ">=", quantile = 0.5 }
loaded = { feature = "load", operator = ">", value = 1050.0 }
"""
"""A scenario of which nearly everything comes from the file: features, forecasts, rules, and a scale from the past."""


def frame(seed: int = 7) -> pd.DataFrame:
    """The whole file."""
    values = prices(ALL, seed)
    # Some prices lie beyond any scale that the first days suggest.
    values[[24, 26, 40], 17] = 900.0
    values[[25, 50], 3] = -500.0
    hours = pd.date_range(FIRST_DAY, periods=values.size, freq="h")
    table = pd.DataFrame({"time": hours.strftime("%Y-%m-%d %H:%M"), "price": values.ravel()})
    rng = np.random.default_rng(11)
    table["load"] = (1000 + 100 * rng.random(values.size)).round(1)
    table["model"] = (0.7 * values.ravel() + 15 + rng.normal(0, 5, values.size)).round(2)
    return table


def write(folder: Path, days: int, table: pd.DataFrame | None = None, since: int = 0, ahead: int = 1) -> Path:
    """``prices.csv`` up to a day, with what is known of the next one."""
    whole = frame() if table is None else table
    known = whole.iloc[24 * since : 24 * (days + ahead)].copy()
    known.loc[known.index >= 24 * days, "price"] = np.nan
    path = folder / "prices.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    known.to_csv(path, index=False)
    return path


def begin(folder: Path, days: int, text: str = TEXT, horizon: int = ALL - 7) -> Path:
    """Run the first days; the folder of the run, which is a copy of one that was run once for all tests."""
    write(folder, days)
    (folder / "growing.toml").write_text(text, encoding="utf-8")
    shutil.copytree(Path(_begun(days, text, horizon).name) / "run", folder / "run")
    return folder / "run"


@cache
def _begun(days: int, text: str, horizon: int) -> "TemporaryDirectory[str]":
    made = TemporaryDirectory()
    folder = Path(made.name)
    write(folder, days)
    (folder / "growing.toml").write_text(text, encoding="utf-8")
    run(folder, "--horizon", horizon)
    return made


def run(folder: Path, *options: object, out: str = "run") -> Path:
    answer = omnisim_command("run", folder / "growing.toml", "--out", folder / out, *options)
    assert answer.code == 0, answer
    return folder / out


def tomorrow(folder: Path, *options: object) -> str:
    """What the command says on standard output; there is nothing else to say."""
    answer = omnisim_command("tomorrow", folder / "run", "--prices", folder / "prices.csv", *options)
    assert (answer.code, answer.err) == (0, ""), answer
    return answer.out


def record(run_dir: Path) -> omnisim.Trace:
    return omnisim.load_trace(run_dir / "trace.npz")


def arrays(run_dir: Path) -> dict[str, tuple[Any, ...]]:
    """The arrays of a record, without the words about it."""
    with np.load(run_dir / "trace.npz") as opened:
        found = {name: (opened[name].dtype, opened[name].shape, opened[name].tobytes()) for name in opened.files}
    return {name: value for name, value in found.items() if name not in ("header", "digests")}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and times of all files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
