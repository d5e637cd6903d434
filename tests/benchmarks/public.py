"""Whether correcting within groups pays on public data, beside calibrated models and the field's packages.

Run it as a script from the checkout; about ten minutes, or seconds with ``--quick``::

    python tests/benchmarks/public.py [--quick] [--splits 10] [--most 6000] [--choose]

Each split trains on two thirds of the rows and measures on the others. Models: a logistic regression; gradient boosting
as it is, and calibrated by a sigmoid or by isotonic regression; the packages ``mcgrad`` and ``multicalibration`` where
they are installed; ``Postprocessor`` and ``Panpredictor`` with what they do by default. Post-processors are all given
the same: out-of-fold scores of the boosting that is calibrated by a sigmoid, and the same columns for groups. Both of
ours also correct no set, beside (``no sets``).

Two measures of rows held out: the Brier score, and the worst gap, the largest over losses and groups (values of the
columns and their intersections, 30 rows or more) of the loss of acting on p less that of the best of the first four
models for that loss and group. Losses are the costs of acting at thresholds .1, .25, .5, .75 and .9 and the Brier score
itself. Smaller is better. Differences are from the boosting that is calibrated by a sigmoid, split by split, with
Student's interval over the splits: they share rows, so that it is rather too narrow than too wide.

``--choose`` runs on two other data sets, which settings of the post-processor and the panpredictor's combination of
models were chosen on.
"""

import argparse
import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from measuring import note, show
from public_data import FOR_CHOICES, SHIPPED, WHEEL, Task, has_wheel
from public_peers import PEERS
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from omnisim.batch import Panpredictor, Postprocessor, regret_table
from omnisim.errors import CorrectionWarning
from omnisim.problem.losses import SquaredLoss
from omnisim.statistics.intervals import Interval, t_interval
from omnisim.threads import at_most_threads

CALIBRATED = "boosting, sigmoid"
BASES = ("logistic regression", "boosting", CALIBRATED, "boosting, isotonic")
THRESHOLDS = (0.1, 0.25, 0.5, 0.75, 0.9)
FOLDS, DEPTH, FEWEST = 5, 2, 30
MEASURES = ("worst gap", "Brier")
WITHOUT_SETS = ", no sets"
"""Behind the name of a learner that corrects no set, so that what these corrections add can be seen."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small data set, two splits")
    parser.add_argument("--splits", type=int, default=10, help="of every data set (default: 10)")
    parser.add_argument("--most", type=int, default=6_000, help="rows of a data set (default: 6000)")
    parser.add_argument("--choose", action="store_true", help="the data sets that settings were chosen on")
    chosen = parser.parse_args(arguments)
    tasks = FOR_CHOICES if chosen.choose else {**SHIPPED, **(WHEEL if has_wheel() else {})}
    if chosen.quick:
        tasks, chosen.splits = {"breast cancer": SHIPPED["breast cancer"]}, 2
    worse, better = {}, {}
    for name, load in tasks.items():
        task = load().rows(chosen.most, seed=0)
        # Threads that wait for each other cost these small fits more than they save.
        with at_most_threads(1):
            results = [measured(task, seed) for seed in range(chosen.splits)]
        worse[name], better[name] = _shown(name, task, results)
    for model in next(iter(worse.values())):
        note(
            f"{model}: Brier worse than of {CALIBRATED} beyond its interval on {sum(w[model] for w in worse.values())} "
            f"of {len(tasks)} data sets, worst gap smaller in the mean on {sum(b[model] for b in better.values())}."
        )


def measured(task: Task, seed: int) -> pd.DataFrame:
    """One split: a row per model, a column per measure."""
    train, test = train_test_split(
        np.arange(len(task.outcomes)), test_size=1 / 3, random_state=seed, stratify=task.outcomes
    )
    y, groups = task.outcomes[train], task.groups.iloc[train].reset_index(drop=True)
    X, new = task.features.iloc[train], task.features.iloc[test]
    new_groups = task.groups.iloc[test].reset_index(drop=True)
    p, scores = _bases(X, y, new, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorrectionWarning)
        given = (groups, scores, y, new_groups, p[CALIBRATED])
        for named, settings in {"": {}, WITHOUT_SETS: {"max_corrections": 0}}.items():
            p[f"Postprocessor{named}"] = _postprocessed(*given, seed, **settings)
            p[f"Panpredictor{named}"] = _panpredicted(task, train, test, seed, **settings)
        for name, corrected in PEERS.items():
            if importlib.util.find_spec(name) is not None:
                p[name] = corrected(*given, seed)
    return pd.DataFrame({
        name: {"worst gap": _worst(one, task, test, p), "Brier": ((one - task.outcomes[test]) ** 2).mean()}
        for name, one in p.items()
    }).T  # fmt: skip


def _bases(X: Any, y: np.ndarray, new: Any, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What the first four models say of new rows, and what the third says of rows that it was not fitted on.

    As ``CalibratedClassifierCV(cv=5, ensemble=False)``, both calibrations are fitted on out-of-fold answers of the
    boosting and applied to those of one that is fitted on all rows; here the folds are dealt once for all.
    """
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)
    boosting = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, min_samples_leaf=10, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    out = cross_val_predict(boosting, X, y, cv=folds, method="predict_proba")[:, 1]
    raw = boosting.fit(X, y).predict_proba(new)[:, 1]
    sigmoid = LogisticRegression(C=np.inf).fit(_log_odds(out), y)
    return {
        "logistic regression": linear.predict_proba(new)[:, 1],
        "boosting": raw,
        CALIBRATED: sigmoid.predict_proba(_log_odds(raw))[:, 1],
        "boosting, isotonic": IsotonicRegression(out_of_bounds="clip").fit(out, y).predict(raw),
    }, sigmoid.predict_proba(_log_odds(out))[:, 1]


def _log_odds(p: np.ndarray) -> np.ndarray:
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))[:, None]


def _postprocessed(
    groups: Any, scores: Any, y: Any, new_groups: Any, new_scores: Any, seed: int, **settings: Any
) -> np.ndarray:
    model = Postprocessor(depth=DEPTH, random_state=seed, **settings).fit(scores, y, groups)
    return model.predict(new_scores, new_groups)


def _panpredicted(task: Task, train: np.ndarray, test: np.ndarray, seed: int, **settings: Any) -> np.ndarray:
    """Groups of one column each, which it has as indicators beside the features."""
    indicators = pd.get_dummies(_described(task.groups), prefix_sep=" is ").astype(float).reset_index(drop=True)
    X = pd.concat([task.features.reset_index(drop=True), indicators], axis=1)
    X.columns = X.columns.astype(str)
    present = [name for name in indicators if indicators[name].iloc[train].any()]
    model = Panpredictor([None, *present], random_state=seed, **settings).fit(X.iloc[train], task.outcomes[train])
    return model.predict_proba(X.iloc[test])[:, 1]


def _described(groups: pd.DataFrame) -> pd.DataFrame:
    """Numbers cut into thirds, everything as text."""
    told = groups.copy()
    for name in told:
        if told[name].dtype.kind in "if" and told[name].nunique() > 10:
            told[name] = pd.qcut(told[name], 3, labels=["low", "middle", "high"], duplicates="drop")
    return told.astype(str)


def _worst(p: np.ndarray, task: Task, test: np.ndarray, everyone: dict[str, np.ndarray]) -> float:
    losses: dict[str, Any] = {f"at {at}": [[0.0, 1 - at], [at, 0.0]] for at in THRESHOLDS}
    groups = _described(task.groups).iloc[test].reset_index(drop=True)
    models = {name: everyone[name] for name in BASES}
    given = (p, task.outcomes[test], {**losses, "Brier": SquaredLoss()}, models)
    return float(regret_table(*given, _of_size(groups), depth=1).to_numpy().max())


def _of_size(groups: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns 0 and 1 for each value, and each pair of values of two columns, that has enough rows on both sides."""
    told: dict[str, np.ndarray] = {}
    for name in groups:
        told |= {f"{name} {value}": (groups[name] == value).to_numpy() for value in groups[name].unique()}
    pairs = {
        f"{one}, {other}": told[one] & told[other]
        for one in told for other in told if one < other
    }  # fmt: skip
    return {
        name: inside for name, inside in {**told, **pairs}.items() if FEWEST <= inside.sum() <= len(inside) - FEWEST
    }


def _shown(name: str, task: Task, results: list[pd.DataFrame]) -> tuple[dict[str, bool], dict[str, bool]]:
    rows, worse, better = [], {}, {}
    for model in results[0].index:
        cells = [model]
        for measure in MEASURES:
            values = np.array([result.loc[model, measure] for result in results])
            cells.append(f"{values.mean():.4f}")
            if model == CALIBRATED:
                cells.append("")
                continue
            difference = t_interval(values - np.array([result.loc[CALIBRATED, measure] for result in results]))
            cells.append(_written(difference))
            if measure == "Brier":
                worse[model] = difference.low > 0
            else:
                better[model] = difference.mean < 0
        rows.append(cells)
    title = f"{name}: {len(task.outcomes):,} rows, {task.features.shape[1]} features, {len(results)} splits"
    show(title, ["", *(cell for measure in MEASURES for cell in (measure, "difference"))], rows)
    return worse, better


def _written(difference: Interval) -> str:
    return f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"


if __name__ == "__main__":
    main()
