"""Groups out of columns: their members as written down, and which of them there are as counted one by one."""

import itertools

import numpy as np
import pandas as pd
import pytest

from omnisim.batch import Postprocessor
from omnisim.batch.panprediction.grouping import Grouping
from omnisim.errors import ProblemError

KEPT_AS = {
    "boolean": lambda values: pd.array([None if v is None else bool(v) for v in values], dtype="boolean"),
    "objects": lambda values: pd.Series([None if v is None else bool(v) for v in values], dtype=object),
    "numbers as objects": lambda values: pd.Series(values, dtype=object),
    "numbers": lambda values: np.array(values, dtype=float),
    "whole numbers": lambda values: pd.array(values, dtype="Int64"),
    "a category": pd.Categorical,
    "a category of truths": lambda values: pd.Categorical([None if v is None else bool(v) for v in values]),
}


def groups(frame: pd.DataFrame, **given) -> dict[str, list[float]]:
    found = Grouping(**given).fit(frame, len(frame))
    return dict(zip(found.names, found.table(frame, len(frame)).T.tolist(), strict=True))


@pytest.mark.parametrize("kept", KEPT_AS)
def test_a_yes_or_no_has_two_sides_and_who_is_not_known_is_on_neither(kept):
    found = groups(pd.DataFrame({"old": KEPT_AS[kept]([1, 0, None, 1])}), smallest=1)
    assert found == {"everyone": [1, 1, 1, 1], "old": [1, 0, 0, 1], "old == 0": [0, 1, 0, 0]}
    known = groups(pd.DataFrame({"old": KEPT_AS[kept]([1, 0, 0, 1])}), smallest=1)
    assert known == {"everyone": [1, 1, 1, 1], "old": [1, 0, 0, 1], "old == 0": [0, 1, 1, 0]}


@pytest.mark.parametrize("kept", ["numbers as objects", "numbers", "whole numbers", "a category"])
def test_a_number_of_few_values_has_a_group_for_each_however_it_is_kept(kept):
    found = groups(pd.DataFrame({"rooms": KEPT_AS[kept]([2, 3, None, 5, 3])}), smallest=1)
    assert list(found) == ["everyone", "rooms == 2.0", "rooms == 3.0", "rooms == 5.0"]
    assert list(found.values())[1:] == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 1], [0, 0, 0, 1, 0]]


def test_a_number_of_more_than_ten_values_has_three_thirds():
    age = np.random.default_rng(0).permutation(90)
    for column in (age, pd.Categorical(age)):
        found = groups(pd.DataFrame({"age": column}), smallest=1)
        assert list(found.values())[1:] == [((age // 30) == k).astype(float).tolist() for k in range(3)]
    assert len(groups(pd.DataFrame({"age": age % 10}), smallest=1)) == 11
    assert len(groups(pd.DataFrame({"age": age % 11}), smallest=1)) == 4


def test_thirds_and_sizes_are_those_of_weighted_rows():
    """The first third ends with the least value at or below which a third of the weight is, row by row."""
    rng = np.random.default_rng(2)
    age = rng.permutation(40)
    counts = np.where(age < 10, 3.0, rng.integers(1, 5, 40) / 4)
    frame = pd.DataFrame({"age": age, "rare": age < 5, "light": age > 20})
    made = Grouping(smallest=14).fit(frame, 40, counts)
    ends = [
        next(v for v in range(40) if sum(counts[age <= v]) >= share * counts.sum() - 1e-9) for share in (1 / 3, 2 / 3)
    ]
    thirds = [age <= ends[0], (age > ends[0]) & (age <= ends[1]), age > ends[1]]
    found = dict(zip(made.names, made.table(frame, 40).T, strict=True))
    assert list(found)[1:4] == [
        f"age <= {float(ends[0])!r}", f"{float(ends[0])!r} < age <= {float(ends[1])!r}", f"age > {float(ends[1])!r}"
    ]  # fmt: skip
    for members, third in zip(list(found.values())[1:4], thirds, strict=True):
        assert members.tolist() == third.astype(float).tolist()
    # Five rows that stand for 15 are enough, and 19 that stand for less than 14 are not.
    assert counts[age > 20].sum() < 14
    sides = {"rare": age < 5, "rare == 0": age >= 5, "light": age > 20, "light == 0": age <= 20}
    assert list(found)[4:] == [name for name, side in sides.items() if counts[side].sum() >= 14]


def test_values_that_have_quotes_and_names_that_are_no_words():
    frame = pd.DataFrame({"how far": ["it's", 'a "b"', "it's"], "not": ["x", "x", "y"]})
    found = groups(frame, smallest=1)
    members = {'`how far` == "it\'s"': [1, 0, 1], "`how far` == 'a \"b\"'": [0, 1, 0]}
    assert found == {"everyone": [1, 1, 1]} | members | {"`not` == 'x'": [1, 1, 0], "`not` == 'y'": [0, 0, 1]}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_intersections_are_of_different_columns_and_large_enough(depth):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"sex": rng.choice(["f", "m"], 60), "rich": rng.random(60) < 0.3, "region": rng.choice(list("abc"), 60)}
    )
    sides = {
        "sex": {f"sex == '{value}'": frame["sex"] == value for value in "fm"},
        "rich": {"rich": frame["rich"], "rich == 0": ~frame["rich"]},
        "region": {f"region == '{value}'": frame["region"] == value for value in "abc"},
    }
    expected = {"everyone": [1.0] * 60}
    for size in range(1, depth + 1):
        for columns in itertools.combinations(sides, size):
            for names in itertools.product(*(sides[column] for column in columns)):
                members = np.all([sides[column][name] for column, name in zip(columns, names, strict=True)], axis=0)
                if members.sum() >= 12:
                    expected[" and ".join(names)] = members.astype(float).tolist()
    assert groups(frame, depth=depth, smallest=12) == expected


def test_groups_given_by_hand_are_kept_however_small_and_their_intersections_are_not():
    frame = pd.DataFrame({"age": np.arange(40), "rich": np.arange(40) % 2 == 0})
    given = {"the oldest": "age > 36", "rich": "rich", "all": "age >= 0", "nobody": "age > 99", "everyone": None}
    found = groups(frame, groups=given, depth=2, smallest=20)
    assert {name: sum(members) for name, members in found.items()} == {
        "everyone": 40, "the oldest": 3, "rich": 20, "all": 40, "rich and all": 20
    }  # fmt: skip


def test_a_yes_or_no_may_be_unknown_of_new_rows_only():
    old = np.tile([True, False], 500)
    model = Postprocessor(random_state=0).fit(np.full(1000, 0.5), old | (np.arange(1000) % 4 == 1), {"old": old})
    yes, no, unknown = model.predict([0.5] * 3, pd.DataFrame({"old": [1.0, 0.0, np.nan]}))
    assert yes > unknown > no


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a`b": [1, 2]}), "cannot make groups: its name has a backtick"),
        (pd.DataFrame({"a": ["'\"", "x"]}), "cannot make a group: it has both kinds of quotation marks"),
    ],
)
def test_what_no_expression_can_say_is_refused(frame, message):
    with pytest.raises(ProblemError, match=message):
        groups(frame)


@pytest.mark.parametrize("given", [{"depth": 0}, {"smallest": 0}])
def test_bad_numbers_are_refused(given):
    with pytest.raises(ProblemError, match="depth and smallest of groups must be >= 1"):
        Grouping(**given)


@pytest.mark.parametrize(
    "when",
    [
        pd.date_range("2024-01-01", periods=60),
        pd.date_range("2024-01-01", periods=60, tz="Europe/Berlin"),
        pd.Series(pd.date_range("2024-01-01", periods=60)).astype(object),
        pd.Series(pd.date_range("2024-01-01", periods=60)).astype("category"),
        pd.timedelta_range("1h", periods=60),
    ],
)
def test_dates_are_no_groups_in_silence(when):
    frame = pd.DataFrame({"sex": ["f", "m"] * 30, "seen on": when})
    with pytest.raises(ProblemError, match="column 'seen on' holds dates or times, which make no groups"):
        Grouping(smallest=1).fit(frame, 60)
    assert Grouping(["sex == 'f'"]).fit(frame, 60).names == ["everyone", "sex == 'f'"]
