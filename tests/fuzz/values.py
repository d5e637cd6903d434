"""Values that a file may hold where another is due, and trees in which some are in the place of others."""

import copy
import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

NUMBERS: list[Any] = [
    *(0, 1, -1, 2, 3, 7, 24, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**30),
    *(0.0, -0.0, 0.5, 1.0, 1.0000000001, -0.1, 1e-9, 5e-324, 1e9, 1e18, 1e300, -1e300, 1.7976931348623157e308),
    *(math.nan, math.inf, -math.inf),
]

TEXTS = [
    *("", " ", "a", "*", "nan", "inf", "1", "-1", "true", "2021-01-01", "2021-01-01 00:00", "hour", "load", "price"),
    *("forecaster", "world", "buyers", "population/buyers", "evening", "model", "=1+1", "+cmd", "@SUM(A1)", "-2+3"),
    *("../prices.csv", "/", "/dev/null", "prices.csv", "graph.graphml", ".", "a/b", "nul", "x" * 3000, "a.b.c"),
    *("\x1b[31mred", "a\nb", "a\tb", "\u202eabc", "\u2028", "\x00", "\x7f", "é𝕏中", "\ufeff", "<script>", "{0}", "%s"),
    *("Europe/Berlin", "UTC", "Mars/Olympus", "utf-16", "klingon", "EUR", "EUR/MWh", "%Y", "%", "%Q", "[", "(", "\\"),
]

OTHERS: list[Any] = [
    *(True, False, dt.date(2021, 1, 3), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.time(1, 2)),
    dt.datetime(2021, 1, 1, tzinfo=dt.UTC),
    *(
        [],
        [[]],
        [1],
        [[1]],
        [0.5] * 24,
        [[0.5] * 24] * 3,
        [1, "a"],
        ["a"],
        ["forecaster"],
        ["forecaster"] * 2,
        [[0, 1]],
    ),
    *([True], [math.nan], ["load"], ["model"], [{}], [{"kind": "persistence"}], [2, 1], [[1, 2, 3]], [[-1, 5]]),
    *(
        {},
        {"kind": "persistence"},
        {"kind": "star"},
        {"kind": []},
        {"kind": "constant", "rounds": 1.0},
        {"a": {"b": 1}},
    ),
]

simple = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.sampled_from(OTHERS),
    st.integers(-3, 40),
    st.floats(-2, 2, allow_nan=False),
    st.text(max_size=12).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
)
nested = st.recursive(
    simple,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), inner, max_size=2),
    max_leaves=5,
)
deep = st.integers(1, 60).map(lambda depth: _nested(depth))  # noqa: PLW0108 (defined below)
values = st.one_of(simple, simple, simple, simple, simple, nested, deep)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a tree of tables and lists, outer ones first."""
    waiting = [tree]
    while waiting:
        container = waiting.pop(0)
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            yield container, key
            if isinstance(container[key], dict | list):
                waiting.append(container[key])


def changed(
    draw: Callable[..., Any], tree: Any, names: list[str], made: st.SearchStrategy[Any] = values, most: int = 3
) -> Any:
    """A copy of a tree in which a few things were put in the place of others, taken away, or added.

    Parameters
    ----------
    names
        Of keys to add.
    made
        What is put there.
    most
        Changes.
    """
    result = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        found = list(places(result))
        if not found:
            break
        container, key = found[draw(st.integers(0, len(found) - 1))]
        match draw(st.sampled_from(["put", "put", "put", "drop", "add", "move", "alike", "alike"])):
            case "put":
                container[key] = copy.deepcopy(draw(made))
            case "alike":
                container[key] = copy.deepcopy(draw(_alike(container[key])))
            case "drop":
                del container[key]
            case "add":
                target = container[key] if isinstance(container[key], dict) else container
                if isinstance(target, dict):
                    target[draw(st.sampled_from(names))] = copy.deepcopy(draw(made))
                else:
                    target.append(copy.deepcopy(draw(made)))
            case "move":
                other, place = found[draw(st.integers(0, len(found) - 1))]
                if (isinstance(other, dict) and place in other) or (isinstance(other, list) and place < len(other)):
                    container[key] = copy.deepcopy(other[place])
    return result


def damaged(draw: Callable[..., Any], content: bytes, most: int = 4) -> bytes:
    """Bytes of which some are other ones, gone, twice there, or come from elsewhere."""
    result = bytearray(content)
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, max(0, len(result) - 1)))
        match draw(st.sampled_from(["flip", "flip", "cut", "drop", "insert", "repeat", "zero"])):
            case "flip" if result:
                result[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del result[at:]
            case "drop":
                del result[at : at + draw(st.integers(1, 40))]
            case "insert":
                result[at:at] = draw(st.binary(min_size=1, max_size=8))
            case "repeat":
                result[at:at] = result[at : at + draw(st.integers(1, 200))]
            case "zero":
                length = draw(st.integers(1, 64))
                result[at : at + length] = bytes(len(result[at : at + length]))
    return bytes(result)


def _alike(value: Any) -> st.SearchStrategy[Any]:
    """Other values of the same type."""
    match value:
        case bool():
            return st.booleans()
        case int():
            return st.integers(-2, 50) | st.sampled_from([number for number in NUMBERS if isinstance(number, int)])
        case float():
            return st.floats(-2, 200) | st.sampled_from([float(number) for number in NUMBERS])
        case str():
            return st.sampled_from(TEXTS)
        case list():
            return st.lists(st.sampled_from(value) if value else simple, max_size=4)
        case _:
            return st.just(value)


def _nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value
