"""What is taken for numbers, and what is not."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from omnisim.arrays import finite, mask, numbers
from omnisim.errors import OmnisimError, StrategyError
from omnisim.simulation.answers import check_diagnostic

NO_NUMBERS = {
    "complex": np.full(2, 0.5 + 0.2j),
    "complex without imaginary part": np.full(2, 0.5 + 0j),
    "complex in a list": [np.complex128(0.5), 0.5],
    "complex objects": np.array([np.complex128(0.5), 0.5], dtype=object),
    "Python's complex objects": np.array([0.5j, 0.5], dtype=object),
    "dates": np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
    "spans of time": np.array([1, 2], dtype="m8[D]"),
    "texts": ["0.5", "0.5"],
    "bytes": [b"0.5", b"0.5"],
    "objects": [object(), object()],
    "nothing": [None, None],
    "a masked entry": np.ma.masked_array([0.5, 0.5], [False, True]),
    "uneven": [[0.5], [0.5, 0.5]],
}


UNEVEN = [[0.5], [0.5, 1.0]]


@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_holds_no_real_numbers_is_refused(value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            OmnisimError, match=r"^forecast( must be an array of numbers of shape \(2,\), got .*: |\[0\] is nan: )"
        ):
            finite("forecast", value, (2,))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: finite("forecast", UNEVEN, ("N", "d")),
            "forecast must be an array of numbers of shape (N, d), got [[0.5], [0.5, 1.0]]: its lists differ in length",
        ),
        (
            lambda: numbers("forecast", UNEVEN, StrategyError),
            "forecast must be an array of numbers, got [[0.5], [0.5, 1.0]]: its lists differ in length",
        ),
        (lambda: numbers("forecast", "high"), "forecast must be an array of numbers, got 'high': it holds <U4"),
        (
            lambda: mask("hot", [[True], [True, False]], (2,)),
            "hot must be a boolean array of shape (2,), got [[True], [True, False]]: its lists differ in length",
        ),
        (lambda: mask("hot", 3, (1, 2)), "hot must be a boolean array of shape (1, 2), got 3"),
    ],
)
def test_what_was_given_is_in_the_message(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(OmnisimError) as refused:
        call()
    assert str(refused.value) == said


NUMBERS = [[1, 2], [True, False], np.float32([0.5, 0.25]), np.array([1, 2.5], dtype=object), np.ma.masked_array([1, 2])]


@pytest.mark.parametrize("value", NUMBERS)
def test_real_numbers_are_kept(value: Any) -> None:
    assert finite("forecast", value, (2,)).tolist() == [float(each) for each in value]


@pytest.mark.parametrize(
    "value", [0.5 + 0.2j, np.complex128(0.5), "0.5", None, np.datetime64("2020-01-01"), [0.5, 0.5]]
)
def test_a_diagnostic_is_one_real_number(value: Any) -> None:
    with pytest.raises(StrategyError, match=r"^diagnostics\(\) of Mine in round 3: width is "):
        check_diagnostic("Mine", 3, "width", value)
