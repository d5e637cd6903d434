"""Processor time, memory and bytes of both ensembles on a million rows.

Run it as a script from the checkout; some minutes, or seconds with ``--quick``::

    python tests/benchmarks/large.py [--quick]

The goal for n = 1,000,000 and m = 512 is 60 s within 4 GB, the table of answers (one byte each, 512 MB) among them,
and less than 5 MB for the two-player game's pickle. Base predictors contradict each other at random: no two rows have
the same answers, which is the worst case. Memory is the peak of the process up to that row; time is of the processor,
all threads.
"""

import pickle
import time
from collections.abc import Sequence

import numpy as np
from measuring import Clock, note, options, peak_memory, show, timed

from omnisim.batch import direct_ensemble, two_player
from omnisim.problem.losses import thresholds

ROWS, LEVELS, QUICK_ROWS, QUICK_LEVELS, NEW = 1_000_000, 512, 2_000, 16, 100
AT_ONCE = 10_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    chosen = options(__doc__.splitlines()[0], 1, arguments)
    Clock.now = staticmethod(time.process_time)
    n, m = (QUICK_ROWS, QUICK_LEVELS) if chosen.quick else (ROWS, LEVELS)
    exceeds, y = sample(n, m)
    before, rows = peak_memory(), []
    for name, fit in {"two-player game": two_player, "direct ensembling": direct_ensemble}.items():
        fit(exceeds[:50], y[:50])  # compiles
        spent, fitted = timed(lambda fit=fit: fit(exceeds, y))
        predicting, _ = timed(lambda fitted=fitted: fitted.mean(exceeds[:NEW]))
        size = len(pickle.dumps(fitted)) / 1e6
        rows.append([name, f"{spent:.1f}", f"{predicting:.2f}", f"{size:.2f}", f"{peak_memory() / 1e3:.2f}"])
    show(f"n = {n:,}, m = {m}", ["", "fit s", f"{NEW} rows s", "pickle MB", "peak GB"], rows)
    note(f"Memory before: {before / 1e3:.2f} GB.")


def sample(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers (n, m) that scatter around the chance of a row, and outcomes (n,)."""
    rng = np.random.default_rng(0)
    chance, exceeds = rng.random(n), np.empty((n, m), dtype=bool)
    for begin in range(0, n, AT_ONCE):
        some = chance[begin : begin + AT_ONCE, None]
        exceeds[begin : begin + AT_ONCE] = some + rng.normal(scale=0.2, size=(len(some), m)) > thresholds(m)
    return exceeds, (rng.random(n) < chance).astype(int)


if __name__ == "__main__":
    main()
