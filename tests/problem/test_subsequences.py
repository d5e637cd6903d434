"""Which rounds belong to which subsequence."""

import operator
from typing import Any

import numpy as np
import pytest

from omnisim import Rule
from omnisim.errors import ProblemError
from omnisim.problem.subsequences import activity

VALUES = np.array([3.0, 1.0, 2.0, 2.0, 5.0, 0.0, 2.0])


@pytest.mark.parametrize(
    ("sign", "compare"),
    [
        ("<", operator.lt),
        ("<=", operator.le),
        (">", operator.gt),
        (">=", operator.ge),
        ("==", operator.eq),
        ("!=", operator.ne),
    ],
)
def test_a_fixed_value(sign: Any, compare: Any) -> None:
    found = Rule("load", sign, value=2.0).rounds({"load": VALUES})
    assert found.tolist() == [compare(v, 2.0) for v in VALUES]


def test_a_list_of_values() -> None:
    found = Rule("load", "in", value=[2.0, 5.0]).rounds({"load": VALUES})
    assert found.tolist() == [False, False, True, True, True, False, True]


@pytest.mark.parametrize("window", [1, 3, 60])
@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_a_rolling_quantile_against_a_loop(window: int, quantile: float) -> None:
    values = np.random.default_rng(5).normal(size=200)
    found = Rule("load", ">", quantile=quantile, window=window).rounds({"load": values})
    for t in range(len(values)):
        past = sorted(values[max(0, t - window) : t])
        if not past:
            assert not found[t]
            continue
        # Linear interpolation between order statistics, written out.
        position = quantile * (len(past) - 1)
        low = int(position)
        high = min(low + 1, len(past) - 1)
        threshold = past[low] + (position - low) * (past[high] - past[low])
        assert found[t] == (values[t] > threshold)


def test_a_rule_looks_only_back() -> None:
    values = np.random.default_rng(6).normal(size=50)
    rule = Rule("load", ">=", quantile=0.7, window=10)
    whole = rule.rounds({"load": values})
    for t in range(1, 50):
        assert (rule.rounds({"load": values[:t]}) == whole[:t]).all()


def test_a_feature_of_several_numbers_is_its_mean() -> None:
    hours = np.arange(12.0).reshape(3, 4)  # means 1.5, 5.5, 9.5
    assert Rule("load", ">", value=5.0).rounds({"load": hours}).tolist() == [False, True, True]


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("threshold", [{"value": 2.0}, {"quantile": 0.5}])
def test_a_feature_that_is_missing_is_in_no_rule(sign: Any, threshold: dict[str, float]) -> None:
    values = np.array([2.0, np.nan, 3.0])
    assert not Rule("load", sign, **threshold).rounds({"load": values})[1]  # type: ignore[arg-type]


def test_a_missing_feature_is_left_out_of_the_quantile() -> None:
    values = np.array([4.0, np.nan, 2.0, 3.5])
    # The last round compares with the median of 4 and 2.
    assert Rule("load", ">", quantile=0.5).rounds({"load": values}).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("load", "=>", 1.0), "operator of a rule on 'load' is '=>': it must be one of <, <=, >, >=, ==, !=, in"),
        (("load", "in", 1.0), "value of a rule on 'load' is 1.0: the operator 'in' needs a list of numbers"),
        (("load", ">", [1.0]), r"value of a rule on 'load' is \[1.0\]: .* the others one number"),
        (("load", ">"), "a rule on 'load' needs either a value or a quantile, and not both"),
        (("load", ">", 1.0, 0.5), "a rule on 'load' needs either a value or a quantile, and not both"),
        (("load", ">", None, 0.0), r"quantile of a rule on 'load' is 0.0: it must lie in \(0, 1\)"),
        (("load", ">", None, 1.0), r"quantile of a rule on 'load' is 1.0: it must lie in \(0, 1\)"),
        (("load", ">", None, float("nan")), r"quantile of a rule on 'load' is nan: it must lie in \(0, 1\)"),
        (("load", ">", None, 0.5, 0), "window of a rule on 'load' is 0: it must be at least 1 round"),
    ],
)
def test_bad_rules_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Rule(*arguments)


def test_an_unknown_feature_is_named_with_what_was_meant() -> None:
    with pytest.raises(ProblemError, match=r"'laod', which does not exist: did you mean 'load'\?"):
        Rule("laod", ">", 1.0).rounds({"load": VALUES})


def test_activity_in_the_order_of_the_mapping() -> None:
    found = activity(
        {"all": None, "mask": np.array([True, False, True, True]), "high": Rule("load", ">", 1.5)},
        3,
        {"load": VALUES},
    )
    assert found.tolist() == [[True, True, True], [True, False, False], [True, True, True]]
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("subsequences", "message"),
    [
        ({}, "there must be at least one subsequence"),
        ({"all": None, "never": np.zeros(4, dtype=bool)}, "subsequence 'never' is empty: .* none of the 4 rounds"),
        ({"all": None, "hot": Rule("load", ">", 9.0)}, "subsequence 'hot' is empty: .* none of the 4 rounds"),
        (
            {"even": np.array([True, False, True, False])},
            r"round 1 is in no subsequence \(2 such rounds\): together they must cover all rounds",
        ),
        ({"short": np.ones(3, dtype=bool)}, r"one entry for each of the 4 rounds, got shape \(3,\)"),
        ({"flat": np.ones((4, 1), dtype=bool)}, r"one entry for each of the 4 rounds, got shape \(4, 1\)"),
        ({"number": np.ones(4)}, r"subsequence 'number' must be a boolean array of shape \(4,\), got dtype float64"),
        (
            {"uneven": [[True], [True, False]]},
            r"'uneven' must be None, a Rule, a boolean array or .*, got \[\[True\], .*: its lists differ in",
        ),
        ({"rule": Rule("wind", ">", 1.0)}, "a rule names the feature 'wind', which does not exist"),
    ],
)
def test_bad_subsequences_are_refused(subsequences: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        activity(subsequences, 4, {"load": VALUES})


def test_a_subsequence_may_be_empty_only_beyond_the_run() -> None:
    late = np.array([False, False, True])
    assert activity({"all": None, "late": late}, 3, {}).shape == (3, 2)
    with pytest.raises(ProblemError, match="subsequence 'late' is empty"):
        activity({"all": None, "late": late}, 2, {})
