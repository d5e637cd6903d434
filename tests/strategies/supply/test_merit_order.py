import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from omnisim.strategies.supply.merit_order import clearing_prices


def brute_force(demand: float, capacity: list[float], cost: list[float], price_cap: float) -> float:
    """Call one MWh after another, always from the cheapest generator that has one left. Whole numbers only."""
    left = [round(each) for each in capacity]
    in_service = [n for n, each in enumerate(left) if each > 0]
    if not in_service:
        return price_cap
    price = min(cost[n] for n in in_service)
    for _ in range(round(max(demand, 0))):
        able = [n for n in in_service if left[n] > 0]
        if not able:
            return price_cap
        called = min(able, key=lambda n: cost[n])
        left[called] -= 1
        price = cost[called]
    return min(price, price_cap)


@st.composite
def markets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generators, dimension = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    capacity = draw(hnp.arrays(np.int64, (generators, dimension), elements=st.integers(0, 6)))
    cost = draw(hnp.arrays(np.int64, generators, elements=st.integers(-5, 60)))
    demand = draw(hnp.arrays(np.int64, (draw(st.integers(1, 4)), dimension), elements=st.integers(-3, 32)))
    return demand.astype(float), capacity.astype(float), cost.astype(float)


@pytest.mark.long
@given(markets(), st.integers(0, 70))
def test_clearing_is_calling_one_unit_after_another(market, price_cap: int) -> None:
    demand, capacity, cost = market
    prices = clearing_prices(demand, capacity, cost, float(price_cap))
    expected = [
        [brute_force(row[i], capacity[:, i].tolist(), cost.tolist(), price_cap) for i in range(len(row))]
        for row in demand
    ]
    np.testing.assert_array_equal(prices, np.minimum(expected, price_cap))


@pytest.mark.long
@given(
    hnp.arrays(np.float64, (4, 2), elements=st.floats(0, 50)),
    hnp.arrays(np.float64, 4, elements=st.floats(-20, 90)),
    st.lists(st.floats(-10, 300), min_size=2, max_size=6),
    st.floats(0, 100),
)
def test_the_price_never_falls_as_demand_grows(capacity, cost, demands, price_cap) -> None:
    demand = np.repeat(np.sort(demands)[:, None], 2, axis=1)
    prices = clearing_prices(demand, capacity, cost, price_cap)
    assert (np.diff(prices, axis=0) >= 0).all()
    assert (prices <= price_cap).all()
    assert set(prices.ravel()) <= {*np.minimum(cost, price_cap), price_cap}


@pytest.mark.long
@given(markets())
def test_the_price_never_falls_as_a_generator_fails(market) -> None:
    demand, capacity, cost = market
    without = capacity.copy()
    without[0] = 0
    assert (clearing_prices(demand, without, cost, 99.0) >= clearing_prices(demand, capacity, cost, 99.0)).all()


@pytest.mark.parametrize(
    ("demand", "price"),
    [(-1, 5.0), (0, 5.0), (10, 5.0), (10.5, 40.0), (30, 40.0), (30.1, 90.0), (35, 90.0), (35.1, 300.0)],
)
def test_three_generators_by_hand(demand: float, price: float) -> None:
    """Given out of order: 20 MWh at 40, 5 at 90, 10 at 5."""
    capacity, cost = np.array([[20.0], [5.0], [10.0]]), np.array([40.0, 90.0, 5.0])
    assert clearing_prices(np.array([[demand]]), capacity, cost, 300.0)[0, 0] == price


def test_a_generator_out_of_service_sets_no_price() -> None:
    capacity, cost = np.array([[0.0], [10.0]]), np.array([5.0, 40.0])
    assert clearing_prices(np.array([[0.0]]), capacity, cost, 300.0)[0, 0] == 40.0


def test_the_cap_also_binds_the_generators() -> None:
    assert clearing_prices(np.array([[1.0]]), np.array([[2.0]]), np.array([80.0]), 60.0)[0, 0] == 60.0
