"""Packages of the field as post-processors of scores, each imported only where it is installed."""

from typing import Any

import numpy as np
import pandas as pd


def mcgrad(groups: pd.DataFrame, scores: Any, y: Any, new_groups: pd.DataFrame, new_scores: Any, seed: int) -> Any:
    """MCGrad as it is by default: rounds of gradient boosting on the columns and the score."""
    from mcgrad.methods import MCGrad

    categories = [name for name in groups if groups[name].dtype.kind not in "if"]
    columns = {
        "categorical_feature_column_names": categories,
        "numerical_feature_column_names": [name for name in groups if name not in categories],
    }
    text = dict.fromkeys(categories, str)
    model = MCGrad(random_state=seed)
    model.fit(groups.astype(text).assign(p=scores, y=y), prediction_column_name="p", label_column_name="y", **columns)
    new = new_groups.astype(text).assign(p=new_scores)
    return np.asarray(model.predict(new, prediction_column_name="p", **columns), dtype=np.float64)


def multicalibration(
    groups: pd.DataFrame, scores: Any, y: Any, new_groups: pd.DataFrame, new_scores: Any, seed: int
) -> Any:
    """The algorithm of Hebert-Johnson et al., with a tenth for the width of bins and for the tolerance."""
    from multicalibration import MulticalibrationPredictor

    np.random.seed(seed)  # noqa: NPY002 (the package draws from the global generator)
    described = [_indicators(groups, groups), _indicators(groups, new_groups)]
    learnt, asked = ([np.flatnonzero(column).tolist() for column in table] for table in described)
    model = MulticalibrationPredictor("HKRR")
    settings = {"alpha": 0.1, "lambda": 0.1, "max_iter": 30, "randomized": True, "use_oracle": False}
    model.fit(np.asarray(scores, dtype=np.float64), np.asarray(y), learnt, settings)
    members = [set(rows) for rows in asked]
    return np.asarray(model.predict(np.asarray(new_scores, dtype=np.float64), members))


def _indicators(known: pd.DataFrame, frame: pd.DataFrame) -> list[np.ndarray]:
    """Everyone, values of columns, or thirds of numbers, as the rows known have them."""
    found = [np.ones(len(frame), dtype=bool)]
    for name in known:
        if known[name].dtype.kind in "if" and known[name].nunique() > 10:
            low, high = known[name].quantile([1 / 3, 2 / 3])
            found += [(frame[name] <= low), (frame[name] > low) & (frame[name] <= high), (frame[name] > high)]
        else:
            found += [frame[name] == value for value in known[name].unique()]
    return [np.asarray(column) for column in found]


PEERS = {"mcgrad": mcgrad, "multicalibration": multicalibration}
