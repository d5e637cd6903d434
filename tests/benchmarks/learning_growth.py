"""How the processor time of every estimator grows with the number of rows.

Run it as a script from the checkout; about ten minutes, or seconds with ``--quick``::

    python tests/benchmarks/learning_growth.py [--quick] [--repeats 1] [--most 128000]

Each estimator is fitted with what it does by default to samples that double from 2,000 rows on. Shown are the seconds
of the processor (all threads) of each size, the ratio of the last two, and the exponent of the growth from the fourth
size on: below it, what does not depend on n counts. It is to be compared with the exponent of n log n over the same
sizes. With repeats it has an interval. No figure is checked: they are for reading.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from measuring import note, show

from omnisim.batch import (
    CalibratedMultiaccuracy,
    DirectOmnipredictor,
    DirectRegressor,
    Panpredictor,
    Postprocessor,
    TwoPlayerOmnipredictor,
    TwoPlayerRegressor,
)
from omnisim.errors import CorrectionWarning
from omnisim.statistics.slopes import fit_slope

SMALLEST, QUICK_SIZES, QUIET = 2_000, (200, 400), 3

ESTIMATORS: dict[str, Callable[[], Any]] = {
    "DirectOmnipredictor": lambda: DirectOmnipredictor(random_state=0),
    "DirectOmnipredictor, one feature": lambda: DirectOmnipredictor("single_feature", random_state=0),
    "TwoPlayerOmnipredictor": lambda: TwoPlayerOmnipredictor(random_state=0),
    "TwoPlayerOmnipredictor, one feature": lambda: TwoPlayerOmnipredictor("single_feature", random_state=0),
    "CalibratedMultiaccuracy": lambda: CalibratedMultiaccuracy(random_state=0),
    "DirectRegressor, mean": lambda: DirectRegressor(random_state=0),
    "DirectRegressor, median": lambda: DirectRegressor(quantile=0.5, random_state=0),
    "TwoPlayerRegressor, mean": lambda: TwoPlayerRegressor(random_state=0),
    "Panpredictor": lambda: Panpredictor([None, 4], random_state=0),
    "Panpredictor, randomized": lambda: Panpredictor([None, 4], method="randomized", random_state=0),
    "Postprocessor": lambda: Postprocessor(depth=2, random_state=0),
    "Postprocessor, 10 corrections": lambda: Postprocessor(depth=2, max_corrections=10, random_state=0),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two small sizes")
    parser.add_argument("--repeats", type=int, default=1, help="fits of every size (default: 1)")
    parser.add_argument("--most", type=int, default=128_000, help="rows at most (default: 128000)")
    parser.add_argument("--only", help="estimators whose name contains this")
    chosen = parser.parse_args(arguments)
    sizes = QUICK_SIZES if chosen.quick else doubled(chosen.most)
    quiet = 0 if chosen.quick else min(QUIET, len(sizes) - 2)
    rows = []
    for name, make in ESTIMATORS.items():
        if chosen.only and chosen.only not in name:
            continue
        spent(make, SMALLEST if not chosen.quick else sizes[0], seed=99)  # compiles, and imports
        table = np.array([[spent(make, n, seed) for n in sizes] for seed in range(chosen.repeats)])
        slope = fit_slope(sizes[quiet:], table[:, quiet:], floor=1e-9)
        seconds = table.min(axis=0)
        rows.append([name, *(f"{one:.2f}" for one in seconds), f"{seconds[-1] / seconds[-2]:.2f}", str(slope)])
    columns = ["", *(f"{n:,}" for n in sizes), "ratio", "exponent"]
    show("Seconds of the processor to fit so many rows", columns, rows)
    logarithmic = fit_slope(sizes[quiet:], np.array([[n * np.log(n) for n in sizes[quiet:]]]), floor=1e-9)
    note(f"n log n: {logarithmic.mean:.2f} from {sizes[quiet]:,} rows on.")


def doubled(most: int) -> list[int]:
    """The sizes."""
    sizes = [SMALLEST, 2 * SMALLEST]
    while 2 * sizes[-1] <= most:
        sizes.append(2 * sizes[-1])
    return sizes


def spent(make: Callable[[], Any], n: int, seed: int) -> float:
    """Seconds of the processor of one fit."""
    X, y, scores, groups = sample(n, seed)
    model = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorrectionWarning)
        began = time.process_time()
        model.fit(*((scores, y, groups) if isinstance(model, Postprocessor) else (X, y)))
        return time.process_time() - began


def sample(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.DataFrame]:
    """Features (n, 5), outcomes (n,), scores (n,) that are not extreme enough, and what describes the rows."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 5))
    chance = 1 / (1 + np.exp(-(4 * X[:, 0] + 3 * X[:, 1] - 3.5 + 2 * (X[:, 2] > 0.5) * (2 * X[:, 3] - 1))))
    groups = pd.DataFrame({"size": X[:, 2], "upper": X[:, 3] > 0.5})
    return X, (rng.random(n) < chance).astype(int), 0.5 + 0.8 * (chance - 0.5), groups


if __name__ == "__main__":
    main()
