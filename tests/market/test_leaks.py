"""Columns that are the price itself, at its own hours or days off, told by how far off they are."""

import numpy as np
import pytest

from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.market.leaks import refuse_leaks, warn_of_copies

DAYS = 20


def copied(a_day: int, shift: int, kind: str = "forecasts") -> Market:
    """A market whose column shows, in each period, the price so many periods later."""
    rng = np.random.default_rng(a_day)
    long = rng.normal(40, 12, (DAYS + 8) * a_day).round(2)
    first = 4 * a_day
    prices, column = (long[start : start + DAYS * a_day].reshape(DAYS, a_day) for start in (first, first + shift))
    dates = np.arange("2023-05-01", "2023-05-21", dtype="datetime64[D]")
    return Market("m", dates, prices, **{kind: {"ours": column}})  # type: ignore[arg-type]


@pytest.mark.parametrize("a_day", [24, 48, 96])
class TestCopies:
    @pytest.mark.parametrize(("days", "words"), [(1, "1 day before"), (2, "2 days before")])
    def test_a_day_or_two_before_is_told(self, a_day: int, days: int, words: str) -> None:
        market = copied(a_day, -days * a_day)
        refuse_leaks(market, "f.csv", "error")
        (told,) = warn_of_copies(market, "f.csv", "error")
        assert told.startswith(f"f.csv: forecast 'ours' is the price {words}: are its stamps right?")
        assert warn_of_copies(market, "f.csv", "allow") == []

    @pytest.mark.parametrize("periods", [-2, -1])
    def test_between_them_and_beyond(self, a_day: int, periods: int) -> None:
        (told,) = warn_of_copies(copied(a_day, -2 * a_day - periods), "f.csv", "error")
        assert "hours before" in told
        assert warn_of_copies(copied(a_day, -2 * a_day + periods), "f.csv", "error") == []

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("kind", ["forecasts", "features"])
    def test_less_than_a_day_before_or_up_to_two_days_later_is_refused(self, a_day: int, kind: str) -> None:
        word = kind.removesuffix("s")
        for shift in (1 - a_day, -1, 0, 1, a_day, 2 * a_day):
            with pytest.raises(DataError, match=f"^f.csv: {word} 'ours' is the price "):
                refuse_leaks(copied(a_day, shift, kind), "f.csv", "error")
            refuse_leaks(copied(a_day, shift, kind), "f.csv", "allow")
        for shift in (-a_day, 2 * a_day + 1):
            refuse_leaks(copied(a_day, shift, kind), "f.csv", "error")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("a_day", [96, 24])
@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "itself (or a multiple of it)"), (-1, "1 hour before"), (30, "30 hours later"), (24, "1 day later"),
        (48, "2 days later"), (-23, "23 hours before"),
    ],
)  # fmt: skip
def test_a_copy_is_told_by_the_hours_or_days_that_it_is_off(a_day: int, hours: int, words: str) -> None:
    with pytest.raises(DataError) as refused:
        refuse_leaks(copied(a_day, hours * a_day // 24), "f.csv", "error")
    assert f"forecast 'ours' is the price {words}, which is not known before the auction" in str(refused.value)


@pytest.mark.parametrize(
    ("of", "leak"),
    [
        (lambda x: np.where(np.arange(x.size) % 5 < 3, x, 40.0), True),  # three hours in five
        (lambda x: np.where(np.arange(x.size) % 5 < 2, x, 40.0), False),
        (lambda x: (x / 3).round(), False),  # so coarse that a good forecast would be as near
        (lambda x: (x / 1.19 + 4).round(1), True),
        (lambda x: (5 * x).round(), True),
        (lambda x: -2 * x + 7, True),
        (lambda x: np.digitize(x, np.quantile(x, np.arange(1, 9) / 9)).astype(float), False),  # nine values
        (lambda x: np.digitize(x, np.quantile(x, np.arange(1, 1000) / 1000)).astype(float), False),
    ],
)  # fmt: skip
def test_what_is_left_of_the_price_in_a_column(of: object, leak: bool) -> None:
    rng = np.random.default_rng(3)
    prices = rng.normal(40, 12, DAYS * 24).round(2)
    dates = np.arange("2023-05-01", "2023-05-21", dtype="datetime64[D]")
    column = of(prices).reshape(DAYS, 24)  # type: ignore[operator]
    market = Market("m", dates, prices.reshape(DAYS, 24), features={"ours": column})
    if leak:
        with pytest.raises(DataError, match="feature 'ours' is the price itself"):
            refuse_leaks(market, "f.csv", "error")
    else:
        refuse_leaks(market, "f.csv", "error")


@pytest.mark.parametrize(("values", "leak"), [(9, False), (10, True), (20, True)])
def test_a_column_of_few_values_is_no_copy(values: int, leak: bool) -> None:
    """Of fewer than ten it could be the hour of a tariff."""
    prices = np.random.default_rng(3).integers(0, values, DAYS * 24).astype(float).reshape(DAYS, 24)
    market = Market("m", np.arange("2023-05-01", "2023-05-21", dtype="datetime64[D]"), prices, features={"x": prices})
    if leak:
        with pytest.raises(DataError, match="feature 'x' is the price itself"):
            refuse_leaks(market, "f.csv", "error")
    else:
        refuse_leaks(market, "f.csv", "error")
