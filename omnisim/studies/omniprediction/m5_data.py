"""Sales of the M5 competition with probabilities of an outcome from many forecasters, as finite classes.

Three sources, each used where the folder given has its files:

- ``uncertainty/<team>.csv`` (or ``.csv.gz``): submissions to the uncertainty track as they were handed in, with columns
  ``id`` and ``F1`` to ``F28`` and ids such as ``FOODS_1_001_CA_1_0.005_evaluation``. For every product and store a
  submission has nine quantiles, which Appendix H interpolates to P(sales <= 0). Sales are read from
  ``m5_sales_d1914_d1969.parquet`` (columns ``item_id``, ``store_id``, ``d_1942`` to ``d_1969``).
- ``m5_standin_prob.npz``: home-made forecasters, 10,000 times their P(sales >= 1); used in place of submissions.
- ``m5_accuracy_top50_levels1to9.parquet``, ``m5_accuracy_actuals_levels1to9.parquet``: point forecasts of the best 50
  teams of the accuracy track for the 70 series of a store and a department (level 9, named ``CA_1/FOODS_1``), and what
  was sold.

Probabilities are of Y = 1: at least one sale of a product in a store on a day (Appendix B.2), or, for the accuracy
track, sales of a series above the median of its last 28 days.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.studies.omniprediction.finite_class import Pools

SALES = "m5_sales_d1914_d1969.parquet"
HOME_MADE = "m5_standin_prob.npz"
TEAMS, ACTUALS = "m5_accuracy_top50_levels1to9.parquet", "m5_accuracy_actuals_levels1to9.parquet"
SUBMISSIONS = "uncertainty"

TARGET_DAYS = (7, 14, 21)
"""Days of the competition that base predictors, methods and judgement have, in this order."""

FEWEST_FORECASTS = 10_000
"""Products and stores of the first target day that a submission must have to be used, as in the paper."""

MEDIAN_DAYS = 28
"""Days before an outcome whose median it is compared with."""

WARM_UP = 7
"""Days of the competition from which only errors are taken."""

_LEVEL, _FIRST_DAY, _DAYS = 9, 1942, 28
_QUANTILE = r"^(?P<series>.+_[A-Z]{2}_\d+)_(?P<level>0\.\d+)_evaluation$"


@dataclass(frozen=True, eq=False)
class Track:
    """A finite class on sales: its label for every figure, how many members, and where rows are drawn from."""

    label: str
    members: int
    pools: Pools


def products(folder: Path) -> Track:
    """Track of products: at least one sale in a store; submissions if there are any, else the home-made forecasters.

    Raises
    ------
    DataError
        If there is neither, or a file is not as described.
    """
    files = sorted((folder / SUBMISSIONS).glob("*.csv*")) if (folder / SUBMISSIONS).is_dir() else []
    if files:
        return _submissions(folder, files)
    path = _needed(folder, HOME_MADE)
    with np.load(path) as stored:
        missing = {"prob_sell", "sold"} - set(stored.files)
        if missing:
            raise DataError(f"{path} lacks {', '.join(sorted(missing))}: 10,000 P(sale) (F, n, 3) and sold (n, 3)")
        chance = stored["prob_sell"].astype(np.float64) / 10_000
        sold = stored["sold"].astype(np.float64)
    columns = chance.transpose(2, 1, 0).reshape(-1, len(chance))
    return Track("M5 sales, home-made forecasters", len(chance), _by_day(columns, sold.T.reshape(-1), len(sold)))


def departments(folder: Path) -> Track:
    """Sales of a department in a store above their recent median, from point forecasts of the accuracy track.

    A forecast becomes a probability through the team's own ratios of sales to forecast, on earlier days of the
    competition and in all stores, for the same department.

    Raises
    ------
    DataError
        If a file is missing or not as described.
    """
    days = [f"F{day}" for day in range(1, _DAYS + 1)]
    forecasts, actuals = (pd.read_parquet(_needed(folder, name)) for name in (TEAMS, ACTUALS))
    for name, frame, wanted in ((TEAMS, forecasts, ["rank"]), (ACTUALS, actuals, [])):
        missing = [column for column in ("level", "series", *wanted, *days) if column not in frame.columns]
        if missing:
            raise DataError(f"{folder / name} lacks the column {missing[0]!r}")
    actuals = actuals[actuals["level"] == _LEVEL].sort_values("series")
    names = actuals["series"].tolist()
    sold = actuals[days].to_numpy(dtype=np.float64)
    wide = forecasts[forecasts["level"] == _LEVEL].sort_values(["rank", "series"])
    teams = wide["rank"].nunique()
    if len(wide) != teams * len(names) or wide["series"].tolist() != names * teams:
        raise DataError(f"{folder / TEAMS} must have every series of {ACTUALS} once for each team")
    said = wide[days].to_numpy(dtype=np.float64).reshape(teams, len(names), _DAYS)
    median = _recent_median(folder, names, sold)
    department = pd.factorize(pd.Series(names).str.partition("/")[2])[0]
    columns, outcomes, day_of = [], [], []
    for t in range(WARM_UP, _DAYS):
        chance = np.empty((len(names), teams))
        for group in np.unique(department):
            mine = np.flatnonzero(department == group)
            ratios = sold[mine, :t] / np.maximum(said[:, mine, :t], _LEAST)
            ratios = np.sort(ratios.reshape(teams, -1), axis=1)
            needed = median[mine, t] / np.maximum(said[:, mine, t], _LEAST)
            below = np.stack([np.searchsorted(ratios[k], needed[k], side="right") for k in range(teams)])
            chance[mine] = 1 - below.T / ratios.shape[1]
        columns.append(chance)
        outcomes.append(sold[:, t] > median[:, t])
        day_of.append(np.full(len(names), t))
    day = np.concatenate(day_of)
    third = (_DAYS - WARM_UP) // 3
    edges = [WARM_UP, WARM_UP + third, WARM_UP + 2 * third, _DAYS]
    base, train, judged = (np.flatnonzero((day >= first) & (day < last)) for first, last in pairwise(edges))
    pools = Pools(np.concatenate(columns), np.concatenate(outcomes).astype(np.float64), base, train, judged)
    return Track(f"M5 sales, {teams} teams of the accuracy track", teams, pools)


def chance_of_none(levels: FloatArray, quantiles: FloatArray) -> FloatArray:
    """P(Y <= 0) from quantiles (..., k) at increasing levels (k,), by the linear interpolation of Appendix H.

    Quantiles that cross are sorted first.

    >>> chance_of_none(np.array([0.25, 0.5, 0.75]), np.array([[0, 0, 2.0], [1, 2, 3], [-2, -1, 0], [-1, 1, 4]]))
    array([0.5  , 0.   , 1.   , 0.375])
    """
    q = np.sort(quantiles, axis=-1)
    # The largest i with q_i <= 0; the next quantile, if there is one, is above 0.
    count = (q <= 0).sum(axis=-1)
    inside = (count > 0) & (count < len(levels))
    i = np.clip(count - 1, 0, len(levels) - 2)
    left, right = (np.take_along_axis(q, (i + step)[..., None], axis=-1)[..., 0] for step in (0, 1))
    slope = (levels[i + 1] - levels[i]) / np.where(inside, right - left, 1.0)
    return np.where(inside, levels[i] - slope * left, np.where(count == 0, 0.0, 1.0))


_LEAST = 1e-9
"""Least value of a forecast, where it is divided by."""


def _recent_median(folder: Path, names: list[str], sold: FloatArray) -> FloatArray:
    """The median of the ``MEDIAN_DAYS`` days before each day of the competition, (series, 28)."""
    frame = pd.read_parquet(_needed(folder, SALES))
    before = [f"d_{_FIRST_DAY - back}" for back in range(MEDIAN_DAYS, 0, -1)]
    missing = [column for column in ("store_id", "dept_id", *before) if column not in frame.columns]
    if missing:
        raise DataError(f"{folder / SALES} lacks the column {missing[0]!r}")
    series = frame["store_id"].astype(str) + "/" + frame["dept_id"].astype(str)
    totals = frame[before].astype(np.int64).groupby(series).sum()
    unknown = sorted(set(names) - set(totals.index))
    if unknown:
        raise DataError(f"{folder / SALES} has no sales of the series {unknown[0]!r} of {ACTUALS}")
    whole = np.concatenate([totals.loc[names].to_numpy(dtype=np.float64), sold], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(whole[:, :-1], MEDIAN_DAYS, axis=1)
    return np.asarray(np.median(windows, axis=2))


def _submissions(folder: Path, files: list[Path]) -> Track:
    days = [f"F{day}" for day in TARGET_DAYS]
    frame = pd.read_parquet(_needed(folder, SALES))
    names = (frame["item_id"].astype(str) + "_" + frame["store_id"].astype(str)).tolist()
    found: list[FloatArray] = []
    for path in files:
        try:
            told = pd.read_csv(path, usecols=["id", *days])
        except ValueError as cause:
            raise DataError(f"{path} is no submission: columns id, {', '.join(days)} are needed: {cause}") from cause
        parts = told["id"].astype(str).str.extract(_QUANTILE)
        told = told[days].assign(series=parts["series"], level=parts["level"].astype(np.float64))
        told = told[told["series"].isin(names)]
        if told.duplicated(["series", "level"]).any():
            raise DataError(f"{path} has two rows for one product, store and quantile")
        if told["series"].nunique() >= FEWEST_FORECASTS:
            found.append(1 - _chance_of_none_by_day(told, names, days))
    if not found:
        raise DataError(
            f"{folder / SUBMISSIONS} has no submission with {FEWEST_FORECASTS:,} products and stores: ids such as "
            "FOODS_1_001_CA_1_0.005_evaluation are needed"
        )
    chance = np.stack(found, axis=-1)
    known = np.isfinite(chance).all(axis=(1, 2))
    if known.sum() < FEWEST_FORECASTS:
        raise DataError(f"{folder / SUBMISSIONS}: only {known.sum():,} products and stores are in all submissions")
    sold = frame[[f"d_{_FIRST_DAY - 1 + day}" for day in TARGET_DAYS]].to_numpy()[known] >= 1
    columns = chance[known].transpose(1, 0, 2).reshape(-1, len(found))
    pools = _by_day(columns, sold.T.reshape(-1).astype(np.float64), int(known.sum()))
    return Track(f"M5 sales, {len(found)} submissions to the uncertainty track", len(found), pools)


def _chance_of_none_by_day(told: pd.DataFrame, names: list[str], days: list[str]) -> FloatArray:
    """(series, days), NaN for series without all quantiles."""
    tables = [told.pivot_table(index="series", columns="level", values=day).reindex(names) for day in days]
    levels = tables[0].columns.to_numpy(dtype=np.float64)
    values = np.stack([table.to_numpy(dtype=np.float64) for table in tables], axis=1)
    chance = chance_of_none(levels, np.nan_to_num(values))
    return np.where(np.isfinite(values).all(axis=2), chance, np.nan)


def _by_day(columns: FloatArray, y: FloatArray, rows: int) -> Pools:
    base, train, judged = (np.arange(k * rows, (k + 1) * rows) for k in range(len(TARGET_DAYS)))
    return Pools(columns, y, base, train, judged, test_points=2000)


def _needed(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise DataError(f"{folder} holds no {name}: give the folder of the M5 data as --data")
    return path
