"""Means and quantiles of public series: the omnipredictor beside the linear model and the boosting that it starts from.

Run it as a script from the checkout; some minutes, or seconds with ``--quick``::

    python tests/benchmarks/public_series.py [--quick] [--cpu]

Ten data sets: the diabetes study of scikit-learn (ten splits, two thirds to learn from), and nine series of ERCOT that
are embedded, the mean price of the next day from those of 1, 2, 3 and 7 days before and the day of the week (the first
70 % of two years to learn from, the rest to measure on). Measured on rows held out: the pinball loss at .1, .5 and .9,
and the squared error of the mean; the omnipredictor's as a ratio to that of either model, geometric means over data
sets with Student's interval. Below 1 it is better. Prices of one market move together: the interval is rather too
narrow.
"""

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
Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    chosen = options(__doc__.splitlines()[0], 1, arguments)
    names = ("diabetes", SERIES[0]) if chosen.quick else ("diabetes", *SERIES)
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
    market = load_ercot(name)
    price, last = market.prices.mean(axis=1), max(LAGS)
    weekday = (market.dates.astype("datetime64[D]").astype(int) - 4) % 7
    columns = [*(price[last - lag : len(price) - lag] for lag in LAGS), *(weekday[last:] == day for day in range(6))]
    X, y = np.column_stack(columns).astype(float), price[last:]
    end = int(LEARNT * len(y))
    yield X[:end], y[:end], X[end:], y[end:]


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
