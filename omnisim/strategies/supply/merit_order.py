"""Merit order: generators are called in the order of their marginal cost, and the last one called sets the price."""

import numpy as np

from omnisim.arrays import FloatArray


def clearing_prices(demand: FloatArray, capacity: FloatArray, cost: FloatArray, price_cap: float) -> FloatArray:
    """The marginal cost of meeting a demand, coordinate by coordinate.

    In each coordinate, with the generators in the order of their costs, it is the cost of the first one with which the
    capacity in service reaches the demand: the cheapest in service where there is none to meet, and ``price_cap``
    where all of them together do not suffice. The price never exceeds ``price_cap``, and never falls as demand grows.

    Parameters
    ----------
    demand : (K, d)
        MWh.
    capacity : (G, d)
        What each generator can deliver, in MWh, >= 0; 0 where it is out of service.
    cost : (G,)
        Of a MWh of each generator.
    price_cap
        The price in scarcity.

    Returns
    -------
    (K, d) prices, in the unit of ``cost``.

    Examples
    --------
    Ten MWh of wind that cost nothing, then ten MWh of gas at 50:

    >>> demand = np.array([[0.0], [10.0], [11.0], [20.0], [21.0]])
    >>> clearing_prices(demand, np.array([[10.0], [10.0]]), np.array([0.0, 50.0]), price_cap=500.0).ravel()
    array([  0.,   0.,  50.,  50., 500.])
    """
    order = np.argsort(cost, kind="stable")
    reached = capacity[order].cumsum(axis=0)
    # Whoever comes before the first MWh in service delivers nothing, and sets no price even for a demand of 0.
    too_little = (reached < demand[:, None, :]) | (reached <= 0)
    steps = np.minimum(np.append(cost[order], price_cap), price_cap)
    return np.asarray(steps[too_little.sum(axis=1)])
