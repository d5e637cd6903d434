"""Panprediction as a scikit-learn estimator."""

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted

from omnisim.arrays import FloatArray, IntArray
from omnisim.batch.cross_fitted_models import cross_fitted_answers
from omnisim.batch.default_models import default_models
from omnisim.batch.given import check_options
from omnisim.batch.models import answers_of, checked_table
from omnisim.batch.panprediction import columns
from omnisim.batch.panprediction.combination import Combination, combine
from omnisim.batch.panprediction.derandomized import learn_derandomized
from omnisim.batch.panprediction.deterministic import learn_deterministic
from omnisim.batch.panprediction.gaps import RESAMPLES, gap_table
from omnisim.batch.panprediction.grouping import Grouping
from omnisim.batch.panprediction.measures import Law, as_table, worst_sets
from omnisim.batch.panprediction.postprocessor import checked_rules, correction_table, warn_about, with_leaves
from omnisim.batch.panprediction.randomized import learn_randomized
from omnisim.batch.panprediction.residual_tree import ResidualTree
from omnisim.batch.panprediction.sample import Sample, sample
from omnisim.batch.panprediction.stepwise import LearntFromSome, deal, learn_stepwise
from omnisim.batch.panprediction.worst_set import Sorted
from omnisim.batch.samples import labels_of, refuse_dates
from omnisim.batch.weighting import rows_of, rows_to_learn_from
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.losses import LossTable, ProperLoss
from omnisim.refusing import MOST_COUNTED, one_of, whole
from omnisim.wording import in_short

METHODS = ("deterministic", "randomized", "derandomized")
COMBINED, MOST_ACCURATE = "combined", "most accurate"
MOST_DRAWN = 2**20
"""Rows at most that are drawn for the paper's algorithms, unless there are more."""


class Panpredictor(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities of a binary outcome that serve every loss and every group (Balakrishnan et al., AISTATS 2026).

    It is step calibrated for the groups and comparators given: whoever acts on its prediction by best response, with
    any loss, does about as well within every group as with the comparator that is best for that loss and group.

    Parameters
    ----------
    groups
        By name, or in a sequence: columns of X (index, or name in a data frame), expressions over the columns of a data
        frame (``"age > 60 and sex == 'f'"``), functions of X (which a pickle keeps only by their names), or None for
        everyone. Memberships in [0, 1]; groups may overlap. A column of text makes a group of each of its values.
        Everyone is always among the groups, as in :class:`Postprocessor`: what serves groups should serve all.
        None is the one group of everyone: omniprediction.
    comparators
        Likewise, or classifiers to be fitted (regressors are clipped to [0, 1]). Classifiers are cross-fitted: learning
        sees what they say of rows that they were not fitted on. None is a logistic regression and gradient boosting,
        calibrated by cross-fitting; they take data frames with categories, text and missing values.
    method
        ``"deterministic"``: as many corrections as rows held out bear, each on the set that is furthest beyond its own
        noise (:mod:`~omnisim.batch.panprediction.stepwise`), or, with a ``tolerance``, those of the paper's algorithm.
        ``"randomized"``: the paper's other algorithm, whose predictions are mixtures of neighbouring levels.
        ``"derandomized"``: a level for every x at the rate of the randomized method, n^(-1/2), where all rounds are
        kept (:mod:`~omnisim.batch.panprediction.derandomized`); levels of alike rows may differ by chance.
    base
        Where to start from: ``"combined"``, what comparators say together
        (:mod:`~omnisim.batch.panprediction.combination`), or the only one; ``"most accurate"``, the comparator of least
        squared error; the name of a comparator; a classifier to be fitted; or None for the mean outcome. What is
        already good for all is kept: the deterministic method corrects a base only where a step set exceeds the
        tolerance, the randomized one follows it as long as the potential stays within its budget.
    tolerance
        eps > 0: the deterministic method then corrects until no set has a bias of more than eps, whatever the size of
        the set and whatever held-out rows say, which below the noise of about sqrt(v / n) is harmful, and you are
        warned. None for a tolerance of two standard deviations of each set's own noise.
    depth, found, smallest
        Intersections of groups, groups that are found over all columns of X, and the rows that either needs; see
        :class:`Postprocessor`.
    max_corrections, shrinkage
        Of the deterministic method without a tolerance; see :class:`Postprocessor`.
    levels, thresholds, rounds_kept
        Of the randomized and derandomized methods; see :func:`learn_randomized` and :func:`learn_derandomized`, which
        takes None for all rounds.
    folds
        Of cross-fitting, >= 2.
    random_state
        Seed of folds, order and rounds kept.

    Attributes
    ----------
    classes_
        The two labels; the probability is that of the second.
    groups_
        Names of the groups, everyone first.
    comparators_
        Sources by name, classifiers fitted.
    base_
        What it started from: a :class:`~omnisim.batch.panprediction.combination.Combination`, the name of a comparator,
        a classifier fitted, or None.
    model_
        What was learnt: a :class:`Deterministic`, a :class:`Randomized` or a :class:`Derandomized`.
    n_corrections_
        How many corrections were made (0 by the other methods).
    corrections_
        A data frame of them: group, where, shift.
    held_out_
        Mean squared error on rows held out after 0, 1, .. corrections, where their number was chosen by it.
    held_out_error_
        The largest bias |E u (y - p)| of any step set, where each row is corrected by what was learnt without it: as
        often as all are, or, with a ``tolerance``, until no set of the other folds exceeds it, which takes ``folds``
        times as long again. None by the two randomized methods. The one of the rows learnt from,
        ``model_.in_sample_error`` of the deterministic method, says nothing of new rows: with a tolerance below the
        noise it is at most that, and on rows held out it may be many times as large.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((400, 2))
    >>> y = rng.random(400) < np.where(X[:, 1] > 0.9, 0.9, X[:, 0])
    >>> boundary = {"everyone": None, "right": lambda X: X[:, 1] > 0.9}
    >>> model = Panpredictor(boundary, {"left": 0}, random_state=0).fit(X, y)
    >>> model.n_corrections_ > 0
    True
    >>> report = model.gap_report(X, y, losses={"costly misses": [[0.0, 0.8], [0.2, 0.0]]})
    >>> report[["loss", "group"]].values.tolist()
    [['costly misses', 'everyone'], ['costly misses', 'right']]
    """

    def __init__(
        self,
        groups: Any = None,
        comparators: Any = None,
        *,
        method: str = "deterministic",
        base: Any = COMBINED,
        tolerance: float | None = None,
        depth: int = 1,
        found: int = 0,
        smallest: int = 30,
        max_corrections: int = 100,
        shrinkage: float = 1.0,
        levels: int | None = None,
        thresholds: int = 16,
        rounds_kept: int | None = 64,
        folds: int = 5,
        random_state: Any = None,
    ) -> None:
        self.groups = groups
        self.comparators = comparators
        self.method = method
        self.base = base
        self.tolerance = tolerance
        self.depth = depth
        self.found = found
        self.smallest = smallest
        self.max_corrections = max_corrections
        self.shrinkage = shrinkage
        self.levels = levels
        self.thresholds = thresholds
        self.rounds_kept = rounds_kept
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Panpredictor":
        """Learn from features (n, k), binary outcomes (n,) and weights of rows (n,), None for equal ones.

        A row of weight w counts as w rows: see :mod:`omnisim.batch.weighting`. The order of rows has no part. The
        paper's algorithms count rows alike: with weights that are no whole numbers they learn from as many rows as
        these sum to, drawn in proportion to them.

        Raises
        ------
        StrategyError
            For a bad parameter.
        ProblemError
            If a group is empty, or a source cannot be read, or weights are malformed.
        ValueError
            If X or y are not what a classifier of two classes can learn from.
        """
        check_options(self)
        if self.method not in METHODS:
            raise StrategyError(f"method of Panpredictor is {self.method!r}: it must be one of {', '.join(METHODS)}")
        if self.rounds_kept is None and self.method == "randomized":
            raise StrategyError(
                "rounds_kept of Panpredictor is None: the randomized method keeps some rounds, the derandomized all"
            )
        if self.folds < 2:
            raise StrategyError(f"folds of Panpredictor must be >= 2, got {self.folds}")
        X, y = checked_table(self, X, y)
        self._check_outcomes(y)
        rows, weights = rows_to_learn_from(X, y, sample_weight, "Panpredictor")
        X, outcomes = rows_of(X, rows), self._encode(np.asarray(y)[rows])
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        whole("found of Panpredictor", self.found, 0, MOST_COUNTED, StrategyError)
        self._grouping = self._grouped(self.groups, X, weights)
        self.comparators_, h = self._fit_comparators(X, outcomes, seed, weights)
        table = self._grouping.table(X, len(outcomes))
        data = sample(table, h, outcomes)
        base = self._fit_base(X, data, seed, weights)
        mass = np.ones(len(data)) if weights is None else weights
        self._start = float(np.average(outcomes, weights=mass))
        start = np.full(len(data), self._start) if base is None else base
        tree = self._tree = ResidualTree(self.found, self.smallest, seed) if self.found else None
        if tree is not None:
            frame = as_table_of_columns(X)
            # Of leaves that were not grown there are no rows.
            groups = with_leaves(table, tree, frame, outcomes - start, start, mass, np.arange(len(data)))
            data = Sample(groups, data.comparators, data.outcomes)

        def without(some: IntArray) -> tuple[FloatArray, FloatArray]:
            own, begun = table, start
            if isinstance(self.base_, Combination):
                begun = combine(Sample(table[some], h[some], outcomes[some]), mass[some])(h)
            if tree is not None:
                own = with_leaves(table, copy(tree), frame, outcomes - begun, begun, mass, some)
            return own, begun

        self.groups_ = self._grouping.names + ([] if tree is None else tree.names)
        apart = without if tree is not None or isinstance(self.base_, Combination) else None
        self._fit_model(data, base, weights, np.random.default_rng(seed), apart)
        return self

    def _grouped(self, groups: Any, X: Any, weights: FloatArray | None) -> Grouping:
        """Groups of the rows of X.

        Raises
        ------
        ProblemError
            If one that was given has no row, or none is given.
        """
        if groups is None:
            return Grouping().fit(None, len(X))
        sources = columns.named(groups, "group")
        if not sources:
            raise ProblemError(
                f"groups of Panpredictor are {in_short(groups)}: give one or more, or None for the one group of "
                "everyone"
            )
        made = Grouping(sources, self.depth, self.smallest).fit(X, len(X), weights)
        for name in made.empty:
            raise ProblemError(f"group {name!r} has no row: nothing can be promised for an empty group")
        return made

    def _groups_of(self, X: Any, base: FloatArray | None) -> FloatArray:
        """Memberships (n, G) of new rows, given base predictions (n,)."""
        table = self._grouping.table(X, len(X))
        if self._tree is None:
            return table
        start = np.full(len(X), self._start) if base is None else base
        return np.hstack([table, self._tree.table(as_table_of_columns(X), start)])

    def _fit_model(
        self,
        data: Sample,
        base: FloatArray | None,
        weights: FloatArray | None,
        rng: np.random.Generator,
        without: LearntFromSome | None,
    ) -> None:
        self.held_out_, self.held_out_error_ = np.zeros(0), None
        worst = 0.0
        if self.method == "deterministic" and self.tolerance is None:
            mass = np.ones(len(data)) if weights is None else weights
            start = np.full(len(data), np.average(data.outcomes, weights=mass)) if base is None else base
            learnt = learn_stepwise(
                data.groups, data.comparators, data.outcomes, start, mass, checked_rules(self), rng, without
            )
            self.model_: Any = learnt.model
            self.held_out_, self.held_out_error_ = learnt.held_out, learnt.held_out_error
            worst = learnt.worst[0]
        else:
            every, start_of_all = data, base
            if weights is not None:
                drawn = _drawn(np.arange(len(data)), weights, rng)
                data = sample(data.groups[drawn], data.comparators[drawn], data.outcomes[drawn])
                base = None if base is None else base[drawn]
            if self.method == "deterministic":
                self.model_ = learn_deterministic(data, base=base, tolerance=self.tolerance)
                self.held_out_error_ = self._error_held_out(every, start_of_all, weights, rng, without)
            else:
                learn: Any = learn_randomized if self.method == "randomized" else learn_derandomized
                self.model_ = learn(
                    data,
                    base=base,
                    levels=self.levels,
                    thresholds=self.thresholds,
                    rounds_kept=self.rounds_kept,
                    rng=rng,
                )
        corrections = self.model_.corrections if self.method == "deterministic" else []
        self.n_corrections_ = len(corrections)
        self.corrections_ = correction_table(corrections, self.groups_, list(self.comparators_))
        if self.method == "deterministic":
            noise = None
            if self.tolerance is not None:
                start = np.full(len(data), data.outcomes.mean()) if base is None else base
                noise = float(np.sqrt(np.mean((data.outcomes - start) ** 2) / len(data)))
            warn_about("Panpredictor", self.n_corrections_, self.tolerance, worst, noise)

    def _error_held_out(
        self,
        data: Sample,
        base: FloatArray | None,
        weights: FloatArray | None,
        rng: np.random.Generator,
        without: LearntFromSome | None,
    ) -> float:
        """The largest bias of any set where rows are predicted by what the paper's algorithm learns of other folds."""
        fold = deal(data.outcomes, min(self.folds, len(data)), rng)
        predictions = np.empty(len(data))
        for k in range(int(fold.max()) + 1):
            rest, own = np.flatnonzero(fold != k), fold == k
            groups, begun = (data.groups, base) if without is None else without(rest)
            some, h = rest if weights is None else _drawn(rest, weights, rng), data.comparators
            start, of_own = (None, None) if base is None or begun is None else (begun[some], begun[own])
            part = Sample(groups[some], h[some], data.outcomes[some])
            model = learn_deterministic(part, base=start, tolerance=self.tolerance)
            predictions[own] = model.predict(groups[own], h[own], of_own)
        residuals = data.outcomes - predictions
        if weights is not None:
            residuals *= weights / weights.mean()
        return abs(Sorted(data.groups, data.comparators)(predictions, residuals).bias)

    def law(self, X: Any) -> Law:
        """Law of the prediction for each row: possible probabilities of the second class, and how likely each is."""
        X = self._checked(X)
        h = columns.table(self.comparators_, X, "comparator")
        base = self._base_of(X, h)
        g = self._groups_of(X, base)
        if self.method != "randomized":
            return Law.points(self.model_.predict(g, h, base))
        return Law.on_levels(self.model_.levels, self.model_.laws(g, h, base))

    def _base_of(self, X: Any, h: FloatArray) -> FloatArray | None:
        if isinstance(self.base_, str):
            return h[:, list(self.comparators_).index(self.base_)]
        if isinstance(self.base_, Combination):
            return self.base_(h)
        return None if self.base_ is None else answers_of(self.base_, X)

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities of the two classes, (n, 2): the mean of the law.

        With ``method="randomized"`` the guarantee is for the law: for acting on predictions drawn from it, as
        :meth:`decide` does. Of its mean nothing is promised, for worse or better: on the synthetic law of the study of
        panprediction (n = 1,024, four groups, no base, 20 draws) the largest gap of the law is 0.020 in the mean, and
        that of its mean, which averages out what the play hedges, 0.008.
        """
        mean = np.clip(self.law(X).mean, 0.0, 1.0)
        return np.column_stack([1 - mean, mean])

    def predict(self, X: Any) -> Any:
        """The more likely class of each row, (n,)."""
        likely = self.predict_proba(X)[:, 1] > _HALF
        return self.classes_[likely.astype(np.int64)]

    def decide(self, X: Any, loss: LossTable | Any) -> IntArray:
        """The best response to the prediction under a loss: an action index per row, (n,).

        Randomized predictions are drawn first; ``random_state`` decides.
        """
        law = self.law(X)
        rng = np.random.default_rng(int(check_random_state(self.random_state).randint(2**31 - 1)))
        cumulative = law.probabilities.cumsum(axis=1)
        drawn = (cumulative <= rng.random(len(law))[:, None] * cumulative[:, -1:]).sum(axis=1)
        return _table(loss).best_response(law.support[np.arange(len(law)), drawn])

    def gap_report(
        self,
        X: Any,
        y: Any,
        losses: Mapping[str, Any],
        groups: Any = None,
        *,
        resamples: int = RESAMPLES,
    ) -> pd.DataFrame:
        """Per loss and group: the loss of acting on the prediction, of the best comparator, the gap and its interval.

        Parameters
        ----------
        X, y
            Best held out.
        losses
            By name, each a :class:`~omnisim.problem.losses.LossTable`, a
            :class:`~omnisim.problem.losses.ProperLoss`, or the losses (A, 2) of A actions under the two outcomes.
        groups
            As for the constructor; None for those it was fitted with, as far as rows belong to them.
        resamples
            Of the bootstrap.

        Returns
        -------
        See :func:`~omnisim.batch.panprediction.gap_table`.
        """
        data, group_names = self._sample(X, y, groups)
        one_of("losses of gap_report", losses, Mapping, "a mapping from names", ProblemError)
        return gap_table(
            self.law(X),
            data,
            {str(name): loss if isinstance(loss, ProperLoss) else _table(loss) for name, loss in losses.items()},
            group_names,
            list(self.comparators_),
            resamples=resamples,
            rng=np.random.default_rng(int(check_random_state(self.random_state).randint(2**31 - 1))),
        )

    def calibration_report(self, X: Any, y: Any, groups: Any = None) -> pd.DataFrame:
        """Per group and comparator, the step set of largest bias: group, comparator, v, w, bias."""
        data, group_names = self._sample(X, y, groups)
        return as_table(worst_sets(self.law(X), data), group_names, list(self.comparators_))

    def _sample(self, X: Any, y: Any, groups: Any) -> tuple[Sample, list[str]]:
        X = self._checked(X)
        ones = labels_of(y, self.classes_, len(X))
        h = columns.table(self.comparators_, X, "comparator")
        if groups is None:
            table, names = self._groups_of(X, self._base_of(X, h)), np.array(self.groups_)
        else:
            made = self._grouped(groups, X, None)
            table, names = made.table(X, len(X)), np.array(made.names)
        some = table.any(axis=0)
        return sample(table[:, some], h, ones), names[some].tolist()

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self)
        if self.comparators is None:
            refuse_dates(X)
        return checked_table(self, X)

    def _check_outcomes(self, y: Any) -> None:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}. Of several classes, fit "
                "one Panpredictor against the rest for each: sklearn.multiclass.OneVsRestClassifier does."
            )

    def _encode(self, y: Any) -> FloatArray:
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_.tolist()[0]!r}: Panpredictor needs both outcomes")
        return codes.astype(np.float64)

    def _fit_comparators(
        self, X: Any, y: FloatArray, seed: int, weights: FloatArray | None
    ) -> tuple[dict[str, Any], FloatArray]:
        given = default_models(X, seed) if self.comparators is None else columns.named(self.comparators, "comparator")
        fitted: dict[str, Any] = {}
        h = np.empty((len(y), len(given)))
        for k, (name, source) in enumerate(given.items()):
            if columns.is_estimator(source):
                fitted[name], h[:, k] = cross_fitted_answers(source, X, y, self.folds, seed, weights)
            else:
                fitted[name], h[:, k] = source, columns.values(source, X, f"comparator {name!r}")
        return fitted, h

    def _fit_base(self, X: Any, data: Sample, seed: int, weights: FloatArray | None) -> FloatArray | None:
        names = list(self.comparators_)
        self.base_ = self.base
        if isinstance(self.base, str):
            if self.base in (COMBINED, MOST_ACCURATE) and self.base not in names:
                if self.base == COMBINED and len(names) > 1:
                    combined = self.base_ = combine(data, np.ones(len(data)) if weights is None else weights)
                    return combined(data.comparators)
                self.base_ = names[data.most_accurate(weights)] if names else None
            elif self.base not in names:
                raise StrategyError(
                    f"base of Panpredictor is {self.base!r}: it must be {COMBINED!r}, {MOST_ACCURATE!r}, the name of a "
                    f"comparator ({', '.join(names)}), a classifier or None"
                )
        if self.base_ is None:
            return None
        if isinstance(self.base_, str):
            return data.comparators[:, names.index(self.base_)]
        if not columns.is_estimator(self.base):
            raise StrategyError(
                f"base of Panpredictor must be {COMBINED!r}, {MOST_ACCURATE!r}, the name of a comparator, a classifier "
                f"or None, got {in_short(self.base)}"
            )
        self.base_, predictions = cross_fitted_answers(self.base, X, data.outcomes, self.folds, seed, weights)
        return predictions

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags


_HALF = 0.5


def _drawn(rows: IntArray, weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Rows drawn in proportion to weights of all rows, as many as theirs sum to, within bounds."""
    own = weights[rows]
    size = min(round(float(own.sum())), max(MOST_DRAWN, len(rows)))
    return rng.choice(rows, size=size, p=own / own.sum())


def as_table_of_columns(X: Any) -> pd.DataFrame:
    """Features as a data frame, of columns by their number if they have no names."""
    return X if hasattr(X, "iloc") else pd.DataFrame(np.asarray(X))


def _table(loss: Any) -> LossTable:
    return loss if isinstance(loss, LossTable) else LossTable(loss)
