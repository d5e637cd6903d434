"""One run on the synthetic law: which, and how far the predictor that it learns is from what it should be."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from omnisim.batch.panprediction import (
    Law,
    gap_table,
    learn_derandomized,
    learn_deterministic,
    learn_randomized,
    product_calibration_error,
    step_calibration_error,
)
from omnisim.studies.panprediction.law import LOSSES, law

METHODS = ("randomized", "deterministic", "derandomized")


@dataclass(frozen=True)
class Growth:
    """A run; ``part`` says for which part of the study. ``seed`` is of the sample and of the learner."""

    part: str
    method: str
    points: int
    groups: int
    comparators: int
    replicate: int
    seed: int


def measure(case: Growth) -> list[dict[str, Any]]:
    """One row: the case, the gap (largest over losses and groups), and the errors, all exact for the law."""
    rng = np.random.default_rng([case.seed, case.points])  # all sizes of a replicate learn from the same points
    truth = law(case.groups, case.comparators)
    data, population = truth.draw(case.points, rng), truth.population
    g, h = truth.groups, truth.comparators
    if case.method == "randomized":
        model = learn_randomized(data, rng=rng)
        found = Law.on_levels(model.levels, model.laws(g, h))
    elif case.method == "derandomized":
        # The rate is proved where all rounds are kept.
        found = Law.points(learn_derandomized(data, rounds_kept=None, rng=rng).predict(g, h))
    else:
        found = Law.points(learn_deterministic(data).predict(g, h))
    names = [str(k) for k in range(case.groups)], [str(k) for k in range(case.comparators)]
    gaps = gap_table(found, population, LOSSES, *names, resamples=1, rng=rng)
    return [
        {
            **asdict(case),
            "log_size": float(np.log(2 * case.groups * (case.comparators + 1))),
            "gap": float(gaps["gap"].max()),
            "within_bound": bool((gaps["gap"] <= gaps["bound"] + _ROUNDING).all()),
            "step_error": step_calibration_error(found, population),
            "multicalibration_error": product_calibration_error(found, population),
        }
    ]


_ROUNDING = 1e-9
