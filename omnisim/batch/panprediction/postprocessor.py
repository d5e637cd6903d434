"""A post-processor: any model's probabilities, corrected within groups where they are off by more than noise."""

import warnings
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, check_random_state
from sklearn.utils.validation import check_is_fitted

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch.given import check_options
from omnisim.batch.panprediction.grouping import Grouping, as_frame
from omnisim.batch.panprediction.recalibration import recalibrate
from omnisim.batch.panprediction.residual_tree import ResidualTree
from omnisim.batch.panprediction.stepwise import Rules, learn_stepwise
from omnisim.batch.panprediction.worst_set import StepSet
from omnisim.batch.samples import scores
from omnisim.batch.weighting import rows_to_learn_from
from omnisim.errors import CorrectionWarning, ProblemError, StrategyError
from omnisim.refusing import MOST_COUNTED, whole
from omnisim.wording import in_short


class Postprocessor(BaseEstimator):  # type: ignore[misc]
    """Corrects the scores of any model of a binary outcome, within groups and on ranges of the score.

    To scikit-learn it is a classifier whose features are scores: ``predict_proba`` is what scorers such as
    ``neg_brier_score`` ask for, while ``predict`` gives the probability of the second label. These scorers hand on no
    groups: give them as other columns of p (``column``), or take a scorer of :mod:`omnisim.batch.scorers`.

    It takes scores, not features: those of a model fitted on other rows, or out of fold. First every group is given a
    small change of log-odds, pulled towards none (:mod:`omnisim.batch.panprediction.recalibration`), then sets that are
    off by more are corrected one by one. Each correction is made on the set of rows
    that is furthest beyond its own noise (a rare group is given a wider tolerance than everyone), less what is likely
    noise, and only as many are made as lower the squared error on rows held out; see
    :mod:`omnisim.batch.panprediction.stepwise`. Where the model is right it is left alone, or nearly so.

    Parameters
    ----------
    groups
        None: all columns of the frame given to ``fit`` make groups, by their values or thirds. Or a sequence, or a
        mapping from names: expressions such as ``"sex == 'f' and age > 60"``, names of columns, or functions of the
        frame (not pickled by name). Everyone is always among them.
    depth
        Groups are intersected up to so many at a time, >= 1.
    found
        How many groups to search for beside them, >= 0: leaves of a tree over the columns of the frame, grown where the
        scores are wrong.
    smallest
        Rows that a group needs which is not described by hand, >= 1.
    tolerance
        In standard deviations of each set's own noise, > 0; below 1 everything is "wrong", and you are warned.
    max_corrections
        The most that are made, >= 0.
    shrinkage
        In (0, 1]: the share of each correction that is made.
    folds
        Of the choice of their number, >= 2; None to go on until no set is beyond its tolerance.
    ridge
        Of the change of log-odds, > 0: intercept and slope of each group have a standard deviation of 1 / sqrt(ridge)
        beforehand. 300 was chosen on two public data sets. None for no such change.
    column
        Name of a column, if p is a data frame that holds the scores there and describes the rows by its others; so
        tools that know of one table only (``cross_val_score``) serve it. None if p holds scores.
    ranges
        Whether sets may be ranges of the original score within a range of the current one: finer, and slower.
    random_state
        Deals rows to folds.

    Attributes
    ----------
    classes_
        The two labels; scores are probabilities of the second.
    groups_
        Names of the groups.
    recalibration_
        The change of log-odds by group; None without.
    n_corrections_
        How many sets were corrected after it.
    corrections_
        A data frame of them: group, score (the range of the score corrected), shift.
    held_out_
        Mean squared error on rows held out after 0, 1, .. corrections. They have no part in the change of log-odds
        either, which is learnt for each fold anew.
    held_out_error_
        The largest bias |E u (y - p)| of any set, a group's own or one that is searched, where each row is corrected as
        often by what was learnt without it, the change of log-odds as well; whatever the tolerance. None without folds.
        The one of the rows learnt from is ``model_.in_sample_error``.
    worst_
        The largest bias of any set, in standard deviations of its noise, before and after corrections.

    Examples
    --------
    A model that knows nothing of a group, of which two in three are positive:

    >>> rng = np.random.default_rng(0)
    >>> people = pd.DataFrame({"rare": rng.random(2000) < 0.05})
    >>> y = rng.random(2000) < np.where(people["rare"], 0.67, 0.2)
    >>> model = Postprocessor(random_state=0).fit(np.full(2000, 0.22), y, groups=people)
    >>> model.predict([0.22, 0.22], pd.DataFrame({"rare": [True, False]})).round(1)
    array([0.7, 0.2])
    """

    def __init__(
        self,
        groups: Any = None,
        *,
        depth: int = 1,
        found: int = 0,
        smallest: int = 30,
        tolerance: float = 2.0,
        max_corrections: int = 100,
        shrinkage: float = 1.0,
        folds: int | None = 5,
        ridge: float | None = 300.0,
        ranges: bool = False,
        column: Any = None,
        random_state: Any = None,
    ) -> None:
        self.groups = groups
        self.depth = depth
        self.found = found
        self.smallest = smallest
        self.tolerance = tolerance
        self.max_corrections = max_corrections
        self.shrinkage = shrinkage
        self.folds = folds
        self.ridge = ridge
        self.ranges = ranges
        self.column = column
        self.random_state = random_state

    def fit(self, p: Any, y: Any, groups: Any = None, sample_weight: Any = None) -> "Postprocessor":
        """Learn corrections.

        Parameters
        ----------
        p : (n,) or (n, 2)
            Scores in [0, 1]: probabilities of the second label, or what ``predict_proba`` returns; or a data frame, see
            ``column``.
        y : (n,)
            Two labels.
        groups
            What describes the rows: a data frame, a mapping of columns, a series, or an array (n,) or (n, k).
        sample_weight : (n,)
            >= 0; None for one each. A row of weight w counts as w rows, in the noise of a set as well: see
            :mod:`omnisim.batch.weighting`. The order of the rows has no part.

        Raises
        ------
        StrategyError, ProblemError
            For a bad parameter, or data that are malformed.
        """
        check_options(self)
        rules = replace(checked_rules(self), doubt=_DOUBT)
        if self.ridge is not None and not 0 < self.ridge < np.inf:
            raise StrategyError(f"ridge of Postprocessor must be a finite number > 0 or None, got {self.ridge}")
        p, groups = self._apart(p, groups)
        base = scores(p)
        _check_rows(y, len(base))
        frame = as_frame(groups, len(base))
        described = pd.DataFrame({_SCORE: base}) if frame is None else frame.assign(**{_SCORE: base})
        rows, counts = rows_to_learn_from(described, y, sample_weight, type(self).__name__)
        base, outcomes = base[rows], self._outcomes(np.asarray(y)[rows])
        frame = None if frame is None else frame.iloc[rows]
        weights = np.ones(len(base)) if counts is None else counts
        self._grouping = Grouping(self.groups, self.depth, self.smallest).fit(frame, len(base), counts)
        table = self._grouping.table(frame, len(base))
        rng = np.random.default_rng(int(check_random_state(self.random_state).randint(2**31 - 1)))
        seed = int(rng.integers(2**31 - 1))
        original, self.recalibration_ = base, None
        if self.ridge is not None:
            self.recalibration_ = recalibrate(base, table, outcomes, weights, self.ridge)
            base = self.recalibration_(base, table)
        given = table
        self._tree: ResidualTree | None = None
        whole("found of Postprocessor", self.found, 0, MOST_COUNTED, StrategyError)
        if self.found:
            if frame is None:
                raise ProblemError("found groups are made of columns: give them as groups")
            self._tree = ResidualTree(self.found, self.smallest, seed)
            given = with_leaves(table, self._tree, frame, outcomes - base, original, weights, np.arange(len(base)))

        def without(some: IntArray) -> tuple[FloatArray, FloatArray]:
            start, own = original, table
            if self.ridge is not None:
                learnt_from = (original[some], table[some], outcomes[some], weights[some])
                start = recalibrate(*learnt_from, self.ridge, near=self.recalibration_)(original, table)
            if self._tree is not None and frame is not None:
                own = with_leaves(table, copy(self._tree), frame, outcomes - start, original, weights, some)
            return own, start

        apart = None if self.ridge is None and self._tree is None else without
        learnt = learn_stepwise(given, self._compared(original), outcomes, base, weights, rules, rng, apart)
        self.groups_ = self._grouping.names + ([] if self._tree is None else self._tree.names)
        self.model_, self.held_out_, self.worst_ = learnt.model, learnt.held_out, learnt.worst
        self.held_out_error_ = learnt.held_out_error
        self.n_corrections_ = len(learnt.model.corrections)
        self.corrections_ = correction_table(learnt.model.corrections, self.groups_, ["original score"])
        moved = bool((np.abs(base - original) > _MOVED).any())
        warn_about(type(self).__name__, self.n_corrections_ + moved, self.tolerance, learnt.worst[0])
        return self

    def predict(self, p: Any, groups: Any = None) -> FloatArray:
        """The corrected probabilities (n,) of the second label, from scores and the same columns as in ``fit``."""
        check_is_fitted(self)
        p, groups = self._apart(p, groups)
        base = scores(p)
        frame = as_frame(groups, len(base))
        if frame is None and len(self._grouping.names) > 1:
            raise ProblemError("this post-processor was fitted with groups: give their columns for the new rows")
        table = self._grouping.table(frame, len(base))
        start = base if self.recalibration_ is None else self.recalibration_(base, table)
        if self._tree is not None:
            table = np.hstack([table, self._tree.table(frame, base)])
        return self.model_.predict(table, self._compared(base), start)

    def predict_proba(self, p: Any, groups: Any = None) -> FloatArray:
        """The corrected probabilities of both labels, (n, 2), as scikit-learn's tools for classifiers ask for them."""
        corrected = self.predict(p, groups)
        return np.column_stack([1 - corrected, corrected])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags(multi_class=False)
        tags.target_tags.required = True
        tags.input_tags.one_d_array = True
        return tags

    def _apart(self, p: Any, groups: Any) -> tuple[Any, Any]:
        """Scores, and what describes the rows."""
        if self.column is None:
            return p, groups
        if not hasattr(p, "columns") or self.column not in p.columns:
            raise ProblemError(
                f"column of {type(self).__name__} is {in_short(self.column)}: give p as a data frame with it"
            )
        others = p.drop(columns=self.column)
        return p[self.column], others if groups is None and others.shape[1] else groups

    def _compared(self, base: FloatArray) -> FloatArray:
        return base[:, None] if self.ranges else np.zeros((len(base), 0))

    def _outcomes(self, y: Any) -> FloatArray:
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ProblemError(
                f"y must have two labels, got {len(self.classes_)}: of several classes, correct one against the rest"
            )
        return codes.reshape(-1).astype(np.float64)


def _check_rows(y: Any, rows: int) -> None:
    count = np.size(y)
    if count != rows:
        raise ProblemError(f"y has {count} rows and there are {rows} scores: one of each is needed per row")


def with_leaves(
    table: FloatArray,
    tree: ResidualTree,
    frame: pd.DataFrame,
    residuals: FloatArray,
    base: FloatArray,
    weights: FloatArray,
    rows: IntArray,
) -> FloatArray:
    """Join to given groups (n, .) the leaves of a tree, once it is grown on some of the rows."""
    return np.hstack([table, tree.fit(frame, residuals, base, weights, rows).table(frame, base)])


_DOUBT = 1.5
"""Standard deviations by which corrections must lower the error: the best number of many looks good by chance."""

_MOVED = 1e-3
"""A change of probability that is worth the name."""

_SCORE = "the score"
"""Column of a table of all that there is to know of a row."""


def checked_rules(parameters: Any) -> Rules:
    """The rules that an estimator's parameters stand for.

    Raises
    ------
    StrategyError
        If one is out of its range.
    """
    name = type(parameters).__name__
    rules = Rules(
        2.0 if parameters.tolerance is None else float(parameters.tolerance),
        parameters.max_corrections,
        parameters.shrinkage,
        parameters.folds,
    )
    if not rules.tolerance > 0:
        raise StrategyError(f"tolerance of {name} must be > 0, got {rules.tolerance}: corrections would never end")
    if rules.most < 0:
        raise StrategyError(f"max_corrections of {name} must be >= 0, got {rules.most}")
    if not 0 < rules.shrinkage <= 1:
        raise StrategyError(f"shrinkage of {name} must lie in (0, 1], got {rules.shrinkage}")
    if rules.folds is not None and rules.folds < 2:
        raise StrategyError(f"folds of {name} must be >= 2, got {rules.folds}")
    return rules


def correction_table(corrections: Any, groups: list[str], comparators: list[str]) -> pd.DataFrame:
    """Corrections in words: group, where (the ranges of the prediction and of a comparator), shift."""
    rows = [(groups[one.step_set.group], _where(one.step_set, comparators), one.shift) for one in corrections]
    return pd.DataFrame(rows, columns=["group", "where", "shift"])


def _where(found: StepSet, comparators: list[str]) -> str:
    told = []
    if found.v < 1 or found.p_above:
        told.append(f"prediction {'>' if found.p_above else '<='} {found.v:.4g}")
    if found.comparator >= 0:
        told.append(f"{comparators[found.comparator]} {'>' if found.h_above else '<='} {found.w:.4g}")
    return " and ".join(told) or "everywhere"


def warn_about(name: str, corrections: int, tolerance: float | None, worst: float, noise: float | None = 1.0) -> None:
    """Say so where nothing was corrected, or where the tolerance is below the noise, both in the same unit.

    ``worst`` is the largest bias in standard deviations, where that is the unit.
    """
    if tolerance is not None and noise is not None and tolerance < noise:
        warnings.warn(
            f"tolerance of {name} is {tolerance:g}, below the noise of {noise:.2g}: most corrections follow noise",
            CorrectionWarning,
            stacklevel=4,
        )
    if not corrections:
        why = (
            f"no correction was sure to lower the error on rows held out (the worst set is {worst:.1f} standard "
            "deviations off)"
            if noise == 1.0 or tolerance is None
            else f"no set has a bias above the tolerance, {tolerance:g}"
        )
        warnings.warn(
            f"{name} corrected nothing: {why}; its predictions are those that it started from",
            CorrectionWarning,
            stacklevel=4,
        )
