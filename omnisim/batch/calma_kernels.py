"""The steps of CalMA, compiled: finding them on a sample, and taking them again at new points."""

import numpy as np

from omnisim.compiled import compiled

START = 0.5
"""The first value, everywhere."""


@compiled()
def alternate_steps(share, ones, correlates, thetas, alpha):
    """Multiaccuracy steps and recalibrations until both errors are <= alpha.

    Given the distinct rows' shares of the sample (u,), their shares of rows with y = 1 (u,), and g (u, m). Returns
    the steps (S,), their sizes (S,), the tables of the recalibrations (R, m + 1), and the two errors.
    """
    count, m = correlates.shape
    steps, sizes, taken = np.empty(16, dtype=np.int64), np.empty(16), 0
    offsets, tables = np.empty((4, m + 1)), 0
    values = np.full(count, START)
    residual, cells = np.empty(count), np.empty(count, dtype=np.int64)
    bias, mass = np.empty(m + 1), np.empty(m + 1)
    while True:
        bias[:] = 0.0
        for x in range(count):
            residual[x] = ones[x] - share[x] * values[x]
            cells[x] = np.searchsorted(thetas, values[x])
            bias[cells[x]] += residual[x]
        correlation = residual @ correlates
        worst = np.argmax(np.abs(correlation))
        multiaccuracy, calibration = abs(correlation[worst]), np.abs(bias).sum()
        if multiaccuracy <= alpha and calibration <= alpha:
            return steps[:taken].copy(), sizes[:taken].copy(), offsets[:tables].copy(), multiaccuracy, calibration
        if taken == len(steps):
            steps, sizes = np.append(steps, np.empty_like(steps)), np.append(sizes, np.empty_like(sizes))
        if multiaccuracy > alpha:
            steps[taken], sizes[taken] = worst, np.copysign(alpha, correlation[worst])
            for x in range(count):
                values[x] = min(1.0, max(0.0, values[x] + sizes[taken] * correlates[x, worst]))
        else:
            if tables == len(offsets):
                offsets = np.concatenate((offsets, np.empty_like(offsets)))
            mass[:] = 0.0
            for x in range(count):
                mass[cells[x]] += share[x]
            for k in range(m + 1):
                offsets[tables, k] = bias[k] / mass[k] if mass[k] > 0.0 else 0.0
            for x in range(count):
                values[x] = min(1.0, max(0.0, values[x] + offsets[tables, cells[x]]))
            steps[taken], sizes[taken] = -1, 0.0
            tables += 1
        taken += 1


@compiled()
def replay_steps(correlates, thetas, steps, sizes, offsets):
    """The values (u,) that the steps lead to at points with these g (u, m)."""
    values = np.full(len(correlates), START)
    for x in range(len(correlates)):
        value, table = START, 0
        for s in range(len(steps)):
            if steps[s] >= 0:
                value = min(1.0, max(0.0, value + sizes[s] * correlates[x, steps[s]]))
            else:
                value = min(1.0, max(0.0, value + offsets[table, np.searchsorted(thetas, value)]))
                table += 1
        values[x] = value
    return values
