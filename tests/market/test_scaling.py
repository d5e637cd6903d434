import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisim.errors import ProblemError
from omnisim.market import Scaling
from omnisim.market.scaling import fitting

PRICES = st.floats(-1e4, 1e4)


@pytest.mark.long
@given(low=PRICES, span=st.floats(1e-3, 1e4), prices=st.lists(PRICES, min_size=1, max_size=30))
def test_outcomes_clip_and_invert(low: float, span: float, prices: list[float]) -> None:
    scaling = Scaling(low, low + span)
    outcomes, clipped = scaling.outcomes(prices)
    assert clipped == sum(price < scaling.low or price > scaling.high for price in prices)
    assert ((outcomes >= 0) & (outcomes <= 1)).all()
    expected = [min(max(price, scaling.low), scaling.high) for price in prices]
    np.testing.assert_allclose(scaling.prices(outcomes), expected, rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (0.0, 0.0, "high must be greater than low, got low 0 and high 0"),
        (10.0, -5.0, "high must be greater than low, got low 10 and high -5"),
        (float("nan"), 1.0, "low must be a finite price, got nan"),
        (0.0, float("inf"), "high must be a finite price, got inf"),
        (-1e308, 1e308, "high - low must be finite"),
    ],
)
def test_bad_bounds_are_refused(low: float, high: float, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Scaling(low, high)


def test_prices_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ProblemError, match="every price must be a finite number, got nan"):
        Scaling(0, 1).outcomes([0.5, float("nan")])


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([50.0], (45.0, 55.0)),  # a tenth of the larger end
        ([-200.0], (-220.0, -180.0)),
        ([0.0], (-1.0, 1.0)),  # and 1 at least
        ([3.0, 4.0], (2.0, 5.0)),
        ([20.0, 60.0], (-20.0, 100.0)),  # else the distance of the ends
        ([21.0, 63.0], (-21.0, 110.0)),  # 105 is rounded outwards, to two digits
    ],
)
def test_a_scale_that_fits_has_room_beyond_the_prices_of_the_past(prices: list[float], expected: object) -> None:
    """Quantiles of 0.5 % and 99.5 % are the prices themselves, which come a hundred times each."""
    assert fitting(np.repeat(prices, 100)) == pytest.approx(expected)


def test_outcomes_are_shares_of_the_scale_and_what_is_beyond_is_counted() -> None:
    given = [-10.0, -4.0, 0.0, 6.0, 16.0, 16.5, 40.0]
    outcomes, clipped = Scaling(-4, 16).outcomes(given)
    assert outcomes.tolist() == pytest.approx([min(max((price + 4) / 20, 0), 1) for price in given])
    assert clipped == 3
