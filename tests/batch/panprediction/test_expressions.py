"""Expressions over columns: against masks written by hand, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest

from omnisim.batch.panprediction.expressions import Expression
from omnisim.errors import ProblemError

PEOPLE = pd.DataFrame(
    {
        "sex": pd.Categorical(["f", "m", None, "f"]),
        "age": [71.0, np.nan, 20.0, 40.0],
        "at risk": [1, 0, 1, 0],
        "smokes": [True, False, False, True],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sex == 'f' and age > 60", [1, 0, 0, 0]),
        ("18 <= age < 60", [0, 0, 1, 1]),
        ("sex == 'f' or smokes == false and age < 30", [1, 0, 1, 1]),
        ("(sex == 'f' or smokes == false) and age < 30", [0, 0, 1, 0]),
        ("not smokes and not `at risk`", [0, 1, 0, 0]),
        ("sex in ('m', \"d\")", [0, 1, 0, 0]),
        ("sex not in ('m')", [1, 0, 1, 1]),
        ("sex != 'f'", [0, 1, 0, 0]),  # missing values compare as false
        ("age > -1e1", [1, 0, 1, 1]),
        ("`at risk`", [1, 0, 1, 0]),
        ("true", [1, 1, 1, 1]),
    ],
)
def test_rows_of_a_group(text, expected):
    group = Expression(text)
    assert group(PEOPLE).tolist() == [bool(one) for one in expected]
    again = pickle.loads(pickle.dumps(group))  # noqa: S301 (its own)
    assert again == group
    assert again(PEOPLE).tolist() == group(PEOPLE).tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os')", r"has '\(' where an end, 'and' or 'or' is expected"),
        ("age.values", "has '.' where no expression has it"),
        ("age = 3", "has '=' where no expression has it"),
        ("age >", "has its end where a column, a number or a 'text' is expected"),
        ("(age > 3", r"has its end where '\)' is expected"),
        ("age > 3 sex == 'f'", "has 'sex' where an end, 'and' or 'or' is expected"),
        ("", "has its end where a column"),
        ("age > - sex", "has 'sex' where a number after '-' is expected"),
        ("(" * 60 + "smokes" + ")" * 60, "is nested more than 50 deep"),
    ],
)
def test_what_is_no_expression_is_refused_when_written(text, message):
    with pytest.raises(ProblemError, match=message):
        Expression(text)


def test_only_what_is_nested_counts_as_deep():
    assert Expression(" or ".join(["smokes"] * 200))(PEOPLE).tolist() == PEOPLE["smokes"].tolist()
    assert Expression(" and ".join(["not (not smokes)"] * 200))(PEOPLE).tolist() == PEOPLE["smokes"].tolist()
    assert Expression("(" * 49 + "smokes" + ")" * 49)(PEOPLE).tolist() == PEOPLE["smokes"].tolist()
    with pytest.raises(ProblemError, match="is nested more than 50 deep"):
        Expression("smokes or " * 50 + "(" * 50 + "smokes" + ")" * 50)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("height > 3", "names the column 'height', which is not there"),
        ("age", "is no yes or no: compare its columns with something"),
        ("age > 'x'", "compares what cannot be compared"),
    ],
)
def test_what_the_table_cannot_answer_is_refused_when_asked(text, message):
    with pytest.raises(ProblemError, match=message):
        Expression(text)(PEOPLE)


def test_arrays_have_no_names():
    with pytest.raises(ProblemError, match="give them as a data frame"):
        Expression("age > 3")(np.ones((2, 2)))
