"""How fast learning from samples is, and the O(m) step beside the linear program it stands for.

Run it as a script from the checkout, on a quiet machine; about a minute, or seconds with ``--quick``::

    python tests/benchmarks/batch.py [--quick] [--repeats 5] [--cpu]

Base predictors contradict each other at random, so that no two rows have the same answers: the worst case for
predictions, which are computed once per distinct row. Figures are the best of several passes (the median stands beside
it), each pass running everything once, so that whatever else the machine does meets all of it. The linear program is
given to HiGHS twice: through scipy, and through highspy with the model built beforehand and only its coefficients
changed and the last basis kept.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import highspy
import numba
import numpy as np
from measuring import note, options, peak_memory, show, timed
from scipy import optimize

import omnisim
from omnisim.game.threshold_kernels import threshold_step
from omnisim.problem.losses import thresholds

ROWS, LEVELS, NEW = 10_000, 128, 2_000
QUICK_ROWS, QUICK_LEVELS, QUICK_NEW = 200, 8, 50
STEPS, QUICK_STEPS = 200, 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    chosen = options(__doc__.splitlines()[0], 5, arguments)
    if chosen.quick:
        fit_and_predict(QUICK_ROWS, QUICK_LEVELS, QUICK_NEW, repeats=1)
        step_and_program(QUICK_LEVELS, QUICK_STEPS, repeats=1)
    else:
        fit_and_predict(ROWS, LEVELS, NEW, chosen.repeats)
        step_and_program(LEVELS, STEPS, chosen.repeats)


def fit_and_predict(n: int, m: int, new: int, repeats: int) -> None:
    """Every algorithm on one sample."""
    rng = np.random.default_rng(0)
    high, y = _sample(rng, n, m)
    fresh, _ = _sample(rng, new, m)
    x = rng.random(n)
    algorithms: dict[str, Callable[[Any, Any], Any]] = {
        "two-player game": omnisim.batch.two_player,
        "direct ensembling": omnisim.batch.direct_ensemble,
        "CalMA": omnisim.batch.calibrated_multiaccuracy,
        "two-player calibrated multiaccuracy": omnisim.batch.two_player_calibrated_multiaccuracy,
    }
    seconds = defaultdict(list)
    for function in algorithms.values():  # the first run compiles, and is not timed
        function(high[:10], y[:10]).mixture(fresh[:10])
    for _ in range(repeats):
        for name, function in algorithms.items():
            spent, fitted = timed(lambda function=function: function(high, y))
            seconds[name, "fit"].append(spent)
            seconds[name, "predict"].append(timed(lambda fitted=fitted: fitted.mixture(fresh))[0])
        name = "base predictors, one feature"
        seconds[name, "fit"].append(timed(lambda: omnisim.batch.empirical_minimizers(x, y, m))[0])
    rows = []
    for name in [*algorithms, "base predictors, one feature"]:
        fits, predictions = seconds[name, "fit"], seconds[name, "predict"]
        both = [fit + prediction for fit, prediction in zip(fits, predictions or [0.0] * len(fits), strict=True)]
        shown = f"{min(predictions):.3f}" if predictions else ""
        rows.append([name, f"{min(fits):.3f}", shown, f"{min(both):.3f}", f"{median(both):.3f}"])
    show(f"n = {n}, m = {m}, {new} new points", ["", "fit s", "predict s", "both s", "median"], rows)
    note(f"Peak memory {peak_memory():.0f} MB.")


def step_and_program(m: int, steps: int, repeats: int) -> None:
    """One round of the game: Lemma 8, and the program (9) by HiGHS."""
    rng = np.random.default_rng(1)
    rounds = [(rng.dirichlet(np.ones(m)), rng.random(m) < 0.5) for _ in range(steps)]
    tables = [_program(weights, high) for weights, high in rounds]
    model = _model(m)
    weights, high = (np.array(column) for column in zip(*rounds, strict=True))
    contenders: dict[str, Callable[[], Any]] = {
        "O(m) step, compiled loop": lambda: _all_steps(weights, high),
        "O(m) step, from Python": lambda: [threshold_step(*given) for given in rounds],
        "HiGHS, highspy, warm": lambda: [_warm(model, table) for table in tables],
        "HiGHS, scipy": lambda: [_cold(table) for table in tables],
    }
    # Also the first run of everything, which is not timed.
    steps_taken, called, *values = (contender() for contender in contenders.values())
    found = [
        [_value(table, int(k), float(rho)) for table, (k, rho) in zip(tables, pairs, strict=True)]
        for pairs in (steps_taken, called)
    ]
    seconds = defaultdict(list)
    for _ in range(repeats):
        for name, contender in contenders.items():
            seconds[name].append(timed(contender)[0] / steps)
    fastest = min(seconds["O(m) step, compiled loop"])
    rows = [
        [name, f"{min(spent) * 1e6:.2f}", f"{median(spent) * 1e6:.2f}", f"{min(spent) / fastest:.0f}"]
        for name, spent in seconds.items()
    ]
    show(f"One round, m = {m}", ["", "us", "median", "x step"], rows)
    worst = max(abs(a - b) for other in [*found, *values] for a, b in zip(found[0], other, strict=True))
    note(f"Values differ by {worst:.1e} at most.")


@numba.njit
def _all_steps(weights: Any, high: Any) -> Any:
    result = np.empty((len(weights), 2))
    for t in range(len(weights)):
        result[t, 0], result[t, 1] = threshold_step(weights[t], high[t])
    return result


def _sample(rng: np.random.Generator, n: int, m: int) -> tuple[Any, Any]:
    chance = rng.random(n)
    high = chance[:, None] + rng.normal(scale=0.2, size=(n, m)) > thresholds(m)
    return high, (rng.random(n) < chance).astype(int)


def _program(weights: Any, high: Any) -> Any:
    """Weighted excess losses of every grid point under y = 0 and y = 1, (2, m + 1)."""
    m = len(weights)
    exceeds = np.arange(m + 1)[:, None] > np.arange(m)
    return np.stack([(exceeds - 1.0 * high) @ (weights * (thresholds(m) - y)) for y in (0, 1)])


def _value(table: Any, k: int, rho: float) -> float:
    law = np.zeros(table.shape[1])
    law[k] += 1 - rho
    if rho > 0:
        law[k + 1] += rho
    return float((table @ law).max())


def _cold(table: Any) -> float:
    size = table.shape[1]
    found = optimize.linprog(
        np.append(np.zeros(size), 1.0),
        A_ub=np.hstack([table, -np.ones((2, 1))]),
        b_ub=np.zeros(2),
        A_eq=np.append(np.ones(size), 0.0)[None, :],
        b_eq=np.ones(1),
        bounds=[*[(0, None)] * size, (None, None)],
        method="highs",
    )
    return float(found.fun)


def _model(m: int) -> Any:
    """min z over laws with z >= the excess under y = 0 and y = 1; the excesses are filled in later."""
    model: Any = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    infinity = highspy.kHighsInf
    model.addVars(m + 2, np.append(np.zeros(m + 1), -infinity), np.full(m + 2, infinity))
    model.changeColCost(m + 1, 1.0)
    columns = np.arange(m + 2, dtype=np.int32)
    for _ in range(2):
        model.addRow(-infinity, 0.0, m + 2, columns, np.append(np.ones(m + 1), -1.0))
    model.addRow(1.0, 1.0, m + 1, columns[:-1], np.ones(m + 1))
    return model


def _warm(model: Any, table: Any) -> float:
    for row in range(2):
        for column in range(table.shape[1]):
            model.changeCoeff(row, column, table[row, column])
    model.run()
    return float(model.getObjectiveValue())


if __name__ == "__main__":
    main()
