"""The best single base model: the yardstick that any ensemble should beat."""

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.batch.predictor import point_laws
from omnisim.batch.samples import check_sample
from omnisim.batch.weighting import counted
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import grid_level, thresholds
from omnisim.signatures import held_to_types

_PROBABILITY = Probability()


class BestSingle:
    """One member of a finite class, for all thresholds.

    Attributes
    ----------
    index
        Which.
    errors : (F,)
        max_j E_n l_{theta_j}(f) - l_{theta_j}(f_j) of every member; the chosen one has the smallest.
    m
        How many thresholds.
    """

    def __init__(self, index: int, errors: FloatArray, m: int) -> None:
        self.index, self.errors, self.m = index, errors, m

    def mixture(self, columns: ArrayLike) -> FloatArray:
        """Predictions as laws (n, m + 1) on {0, 1/m, ..., 1}, given those of all members (n, F).

        Each is moved to the grid point that exceeds the same thresholds, which changes no threshold loss.
        """
        predictions = within("columns", columns, ("n", len(self.errors)), 0, 1)
        return point_laws(grid_level(predictions[:, self.index], self.m), self.m)


@held_to_types(ProblemError)
def best_single(
    columns: ArrayLike,
    exceeds: ArrayLike,
    y: ArrayLike,
    target: Target = _PROBABILITY,
    *,
    sample_weight: ArrayLike | None = None,
) -> BestSingle:
    """The member of a finite class with the least empirical omniprediction error. It has no guarantee.

    Parameters
    ----------
    columns : (n, F)
        Predictions in [0, 1] of the members.
    exceeds : (n, m) bool
        Answers of the base predictors it is held against, one per threshold.
    y : (n,)
        Outcomes.
    target
        What is predicted.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. Whole numbers repeat rows, scaling changes nothing.

    Raises
    ------
    ProblemError
        If an argument is malformed.

    Examples
    --------
    >>> best_single([[0.1, 0.9], [0.9, 0.8]], [[False, False], [True, True]], [0, 1]).index
    0
    """
    answers, outcomes = check_sample(exceeds, y, target)
    predictions = within("columns", columns, (len(outcomes), "F"), 0, 1)
    if not predictions.shape[1]:
        raise ProblemError("columns must hold at least one member, got none")
    thetas = thresholds(answers.shape[1])
    weights, total, (answers, predictions, outcomes) = counted(
        sample_weight, len(outcomes), answers, predictions, outcomes
    )
    identification = target.identification(thetas, outcomes)
    if weights is not None:
        identification = identification * weights[:, None]
    base = (identification * answers).sum(axis=0)
    own = np.stack([identification[:, i] @ (predictions > theta) for i, theta in enumerate(thetas)])
    errors = (own - base[:, None]).max(axis=0) / total
    return BestSingle(int(errors.argmin()), errors, answers.shape[1])
