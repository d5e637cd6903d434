"""Means and quantiles of public series: the omnipredictor beside the linear model and the boosting that it starts from.

Run it as a script from the checkout; some minutes, or seconds with ``--quick``::

    python tests/benchmarks/public_series.py [--quick] [--cpu] [--unseen]

Ten data sets: the diabetes study of scikit-learn (ten splits, two thirds to learn from), and nine series of ERCOT that
are embedded, the mean price of the next day from those of 1, 2, 3 and 7 days before and the day of the week (the first
70 % of two years to learn from, the rest to measure on). Measured on rows held out: the pinball loss at .1, .5 and .9,
and the squared error of the mean; the omnipredictor's as a ratio to that of either model, geometric means over data
sets with Student's interval. Below 1 it is better. Prices of one market move together: the interval is rather too
narrow.

``--unseen`` runs on ten series that statsmodels carries, if it is installed: nothing was chosen on them. The next value
from the last three, in time.
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
from measuring import note, options, show
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor, Ridge
from sklearn.metrics import mean_pinball_loss, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from omnisim.batch import DirectRegressor
from omnisim.market.ercot import load_ercot
from omnisim.statistics.intervals import t_interval
from omnisim.threads import at_most_threads

SERIES = ("hb_houston", "hb_north", "hb_pan", "hb_south", "hb_west", "lz_aen", "lz_cps", "lz_lcra", "lz_raybn")
LEVELS, SPLITS, LAGS, LEARNT = (0.1, 0.5, 0.9, None), 10, (1, 2, 3, 7), 0.7
UNSEEN = (
    "nile", "sunspots", "co2", "elnino", "realgdp", "realcons", "infl", "unemp", "tbilrate", "realint",
)  # fmt: skip
Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    unseen = "--unseen" in given
    chosen = options(__doc__.splitlines()[0], 1, [each for each in given if each != "--unseen"])
    names = ("diabetes", SERIES[0]) if chosen.quick else (UNSEEN if unseen else ("diabetes", *SERIES))
    rows, ratios = [], {level: [] for level in LEVELS}
    with at_most_threads(1):
        for name in names:
            for level in LEVELS[-1:] if chosen.quick else LEVELS:
                found = np.mean([losses(split, level) for split in splits(name, 1 if chosen.quick else SPLITS)], axis=0)
                ratios[level].append(found[2] / found[:2])
                rows.append([f"{name}, {_told(level)}", *(f"{one:.3f}" for one in found)])
    show("Loss on rows held out", ["", "linear", "boosting", "omnipredictor"], rows)
    for level, found in ratios.items():
        if len(found) > 1:
            against = [t_interval(np.log(column)) for column in np.transpose(found)]
            told = [f"{np.exp(one.mean):.3f} [{np.exp(one.low):.3f}, {np.exp(one.high):.3f}]" for one in against]
            note(f"{_told(level)}: {told[0]} of the linear model's, {told[1]} of the boosting's loss")


def splits(name: str, count: int) -> Iterator[Split]:
    """Features and outcomes to learn from, and to measure on."""
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
        for seed in range(count):
            learn, new, y_learn, y_new = train_test_split(X, y, test_size=1 / 3, random_state=seed)
            yield learn, y_learn, new, y_new
        return
    if name in UNSEEN:
        yield in_time(of_statsmodels(name), (1, 2, 3))
        return
    market = load_ercot(name)
    price, last = market.prices.mean(axis=1), max(LAGS)
    weekday = (market.dates.astype("datetime64[D]").astype(int) - 4) % 7
    columns = [*(price[last - lag : len(price) - lag] for lag in LAGS), *(weekday[last:] == day for day in range(6))]
    yield parted(np.column_stack(columns).astype(float), price[last:])


def in_time(series: np.ndarray, lags: Sequence[int]) -> Split:
    """The next value from earlier ones."""
    last = max(lags)
    return parted(np.column_stack([series[last - lag : len(series) - lag] for lag in lags]), series[last:])


def parted(X: np.ndarray, y: np.ndarray) -> Split:
    """The first part to learn from, the rest to measure on."""
    end = int(LEARNT * len(y))
    return X[:end], y[:end], X[end:], y[end:]


def of_statsmodels(name: str) -> np.ndarray:
    """A series by its data set, or its column of macroeconomic data, of which those that grow are taken as growth."""
    from statsmodels import datasets

    if name in ("nile", "sunspots"):
        return getattr(datasets, name).load_pandas().data.iloc[:, 1].to_numpy(float)
    if name == "co2":
        return datasets.co2.load_pandas().data["co2"].interpolate().diff().dropna().to_numpy(float)
    if name == "elnino":
        return datasets.elnino.load_pandas().data.iloc[:, 1:].to_numpy(float).reshape(-1)
    column = datasets.macrodata.load_pandas().data[name].to_numpy(float)
    return 100 * np.diff(np.log(column)) if name.startswith("real") and name != "realint" else column


def losses(split: Split, level: float | None) -> list[float]:
    """Losses of the three."""
    X, y, new, y_new = split
    linear = Ridge() if level is None else QuantileRegressor(quantile=level, alpha=0.0)
    asked = {} if level is None else {"loss": "quantile", "quantile": level}
    boosting = HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=8, min_samples_leaf=10, random_state=0, **asked
    )
    models = (make_pipeline(StandardScaler(), linear), boosting, DirectRegressor(quantile=level, random_state=0))
    predictions = [model.fit(X, y).predict(new) for model in models]
    if level is None:
        return [mean_squared_error(y_new, p) for p in predictions]
    return [mean_pinball_loss(y_new, p, alpha=level) for p in predictions]


def _told(level: float | None) -> str:
    return "mean" if level is None else f"quantile {level}"


if __name__ == "__main__":
    main()
