"""The embedded market with one price a day."""

import numpy as np
import pytest

from omnisim.errors import DataError
from omnisim.market import load_ercot


def test_the_price_of_a_day_is_the_mean_of_its_hours() -> None:
    hourly, daily = load_ercot("hb_north"), load_ercot("hb_north", resolution="day")
    assert daily.resolution == "day"
    assert daily.prices.shape == (730, 1)
    np.testing.assert_allclose(daily.prices[:, 0], [sum(day) / 24 for day in hourly.prices])
    np.testing.assert_array_equal(daily.dates, hourly.dates)


def test_another_resolution_is_refused() -> None:
    with pytest.raises(DataError, match="resolution is 'month'"):
        load_ercot(resolution="month")  # type: ignore[arg-type]
