"""The real data: whose outcome is predicted, from what, for which users; and which rows are held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.losses import LossTable


@dataclass(frozen=True, eq=False)
class Problem:
    """A table to learn from.

    Attributes
    ----------
    title, about
        For the page.
    X, y
        Features (n, k) and outcomes (n,) in {0, 1}.
    groups
        By name, as :class:`~omnisim.batch.panprediction.Panpredictor` takes them.
    losses
        By the name of the user.
    held_out
        Masks (n,): in turn, the rows of one are predicted by what is learnt from all others.
    clusters : (n,)
        Rows resampled together.
    """

    title: str
    about: str
    X: pd.DataFrame
    y: FloatArray
    groups: Mapping[str, Any]
    losses: Mapping[str, LossTable]
    held_out: Sequence[BoolArray]
    clusters: IntArray


def patients() -> Problem:
    """Prediction of malignant tumours: scikit-learn's breast cancer data (Wisconsin, 569 tumours).

    Only what a first examination may say is used: the means of radius, texture, smoothness and symmetry.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedKFold

    data = load_breast_cancer(as_frame=True)
    X = data.data[["mean radius", "mean texture", "mean smoothness", "mean symmetry"]]
    y = 1.0 - data.target.to_numpy(dtype=np.float64)
    levels = np.linspace(0, 1, 21)
    held_out = []
    for _, rows in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        chosen = np.zeros(len(y), dtype=np.bool_)
        chosen[rows] = True
        held_out.append(chosen)
    return Problem(
        title="Patients",
        about=(
            "569 tumours (Wisconsin breast cancer data, shipped with scikit-learn), of which 212 are malignant; four "
            "features. Every tumour is predicted by models learnt on the other four fifths."
        ),
        X=X,
        y=y,
        groups={
            "everyone": None,
            "small": lambda X: X["mean radius"] < 13,
            "coarse": lambda X: X["mean texture"] > 20,
            "uneven": lambda X: X["mean smoothness"] > 0.1,
        },
        losses={
            # A missed tumour costs nine times a needless biopsy.
            "physician": LossTable([[0.0, 0.9], [0.1, 0.0]], ["wait", "biopsy"]),
            "coordinator": LossTable([[0.0, 1.0], [0.15, 0.4], [0.4, 0.0]], ["discharge", "recall", "keep"]),
            # Reserves a share of the cost of a treatment; squared error.
            "actuary": LossTable(np.column_stack([levels**2, (1 - levels) ** 2]), levels.tolist()),
        },
        held_out=held_out,
        clusters=np.arange(len(y)),
    )
