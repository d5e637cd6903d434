"""How long the three panpredictors take to learn and to predict, and in how much memory.

Run it as a script from the checkout, on a quiet machine; about two minutes, or seconds with ``--quick``::

    python tests/benchmarks/panprediction.py [--quick] [--repeats 1] [--cpu]

The load: n points with 20 overlapping groups of about half of them each and 20 comparators with continuous values; the
goal is 20 s for n = 20,000 on two cores, within 2 GB. Memory is the peak of the process up to that row.
"""

from collections.abc import Callable, Sequence

import numpy as np
from measuring import note, options, peak_memory, show, timed

from omnisim.batch.panprediction import (
    Law,
    Sample,
    learn_derandomized,
    learn_deterministic,
    learn_randomized,
    sample,
    step_calibration_error,
)

POINTS, SIZES = 20_000, ((5, 5), (20, 20))
QUICK_POINTS, QUICK_SIZES = 300, ((2, 2), (3, 4))
FEATURES = 6

LEARN: dict[str, Callable[[Sample, np.random.Generator], object]] = {
    "randomized": lambda data, rng: learn_randomized(data, rng=rng),
    "deterministic": lambda data, _: learn_deterministic(data),
    "derandomized": lambda data, rng: learn_derandomized(data, rng=rng),
}


def load(points: int, groups: int, comparators: int, seed: int = 0) -> tuple[Sample, np.ndarray]:
    """The points, and P(Y = 1 | x) of each."""
    rng = np.random.default_rng(seed)
    x = rng.random((points, FEATURES))
    truth = 1 / (1 + np.exp(-(4 * x[:, 0] + 3 * x[:, 1] - 3.5 + 2 * (x[:, 2] > 0.5) * (2 * x[:, 3] - 1))))
    law = np.random.default_rng(1)
    starts, slopes = law.random(groups), 3 * law.normal(size=(FEATURES, comparators))
    g = np.column_stack([np.ones(points), *((x[:, k % FEATURES] - starts[k]) % 1 < 0.5 for k in range(1, groups))])
    return sample(g, 1 / (1 + np.exp(1 - x @ slopes)), rng.random(points) < truth), truth


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    chosen = options(__doc__.splitlines()[0], 1, arguments)
    points, sizes = (QUICK_POINTS, QUICK_SIZES) if chosen.quick else (POINTS, SIZES)
    before = peak_memory()
    warm, _ = load(100, 2, 2)
    for name in LEARN:
        _law(name, _learn(name, warm), warm)
    rows = [_row(name, points, groups, comparators, chosen.repeats) for groups, comparators in sizes for name in LEARN]
    columns = ["", "learn s", "predict s", "measure s", "step error", "peak MB"]
    show(f"{points:,} points learnt from and as many predicted", columns, rows)
    note(f"Memory before: {before:.0f} MB. The step calibration error is that of the new points, with their P(Y = 1).")


def _row(name: str, points: int, groups: int, comparators: int, repeats: int) -> list[str]:
    data, _ = load(points, groups, comparators)
    new, truth = load(points, groups, comparators, seed=2)
    passes = [timed(lambda: _learn(name, data)) for _ in range(repeats)]
    model = passes[0][1]
    predicting, law = timed(lambda: _law(name, model, new))
    measuring, error = timed(lambda: step_calibration_error(law, sample(new.groups, new.comparators, truth)))
    seconds = [min(spent for spent, _ in passes), predicting, measuring]
    title = f"{name}, |G| = {groups}, |H| = {comparators}"
    return [title, *(f"{spent:.2f}" for spent in seconds), f"{error:.4f}", f"{peak_memory():.0f}"]


def _learn(name: str, data: Sample) -> object:
    return LEARN[name](data, np.random.default_rng(0))


def _law(name: str, model, new: Sample) -> Law:
    if name == "randomized":
        return Law.on_levels(model.levels, model.laws(new.groups, new.comparators))
    return Law.points(model.predict(new.groups, new.comparators))


if __name__ == "__main__":
    main()
