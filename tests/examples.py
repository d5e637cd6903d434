"""How many examples of a property are tried: a part of them in every run of the tests, all in the long suite."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import settings

SHARE = 12
"""The quick suite tries one example in so many."""


class Suite:
    """Which suite is run, as far as it matters for examples; set before tests are collected."""

    long = False


def examples(count: int, **options: Any) -> Any:
    """Settings of a property that is tried with so many examples, on a sample in the quick suite.

    Examples are the same in every run: ``derandomize`` is set.
    """

    def decorated(test: Any) -> Any:
        tried = count if Suite.long else -(-count // SHARE)
        return pytest.mark.sampled(settings(max_examples=tried, deadline=None, derandomize=True, **options)(test))

    return decorated


def are_beyond(cases: Iterable[tuple[str, int]]) -> list[bool]:
    """Whether each case of a test is beyond the first and one in so many after it, which the quick suite tries.

    >>> are_beyond([("a", 2), ("b", 3), ("a", 2), ("b", 3), ("a", 2), ("b", 3), ("b", 3)])
    [False, False, True, True, False, True, False]
    """
    seen: Counter[str] = Counter()
    found = []
    for test, share in cases:
        found.append(seen[test] % share != 0)
        seen[test] += 1
    return found


def turned(file: str, turn: str) -> bytes:
    """A key to sort files of tests by, in an order that no area comes last in, and which is another for each word.

    >>> ["".join(sorted("abcde", key=lambda file: turned(file, turn))) for turn in ("one", "two", "one")]
    ['edacb', 'bacde', 'edacb']
    """
    return hashlib.sha256(f"{turn}{file}".encode()).digest()


def spread(*axes: Iterable[Any]) -> list[Any]:
    """Parameters of a test over a grid, of which the quick suite tries every second point, as on a chessboard.

    Each value of each axis is then tried in both suites, with half of the values of any other.

    >>> [[*point.values, len(point.marks)] for point in spread("ab", (1, 2))]
    [['a', 1, 0], ['a', 2, 1], ['b', 1, 1], ['b', 2, 0]]
    """
    return [
        pytest.param(*(value for _, value in point), marks=pytest.mark.long if sum(i for i, _ in point) % 2 else ())
        for point in product(*(list(enumerate(axis)) for axis in axes))
    ]
