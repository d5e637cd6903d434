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
