import datetime as dt
import math

import numpy as np
import pytest

from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.strategies.supply.generators import from_tables
from omnisim.strategies.supply.shocks import Breakdowns, FuelStep, Outage, fuel_prices, in_service

PLANTS = ["coal", "gas"]


def days(count: int) -> list[Context]:
    return [Context(t, date=np.datetime64("2021-02-10") + np.timedelta64(t, "D")) for t in range(count)]


def test_an_outage_lasts_from_its_first_to_its_last_round() -> None:
    outage = Outage.of({"generator": "coal", "first": 2, "last": 3}, PLANTS)
    assert [outage.holds(context) for context in days(6)] == [False, False, True, True, False, False]
    for_ever = Outage.of({"generator": "coal", "first": 2}, PLANTS)
    assert [for_ever.holds(context) for context in days(6)] == [False, False, True, True, True, True]


def test_an_outage_by_dates() -> None:
    table = {"generator": "coal", "first": dt.date(2021, 2, 12), "last": dt.date(2021, 2, 13)}
    outage = Outage.of(table, PLANTS)
    assert [outage.holds(context) for context in days(6)] == [False, False, True, True, False, False]
    with pytest.raises(StrategyError, match="a shock is dated 2021-02-12, but the rounds of this run have no dates"):
        outage.holds(Context(0))


def test_simultaneous_outages_add_up_to_at_most_all() -> None:
    tables = [{"generator": "gas", "first": t, "share": 0.4} for t in range(3)]
    outages = [Outage.of(table, PLANTS) for table in tables]
    lost = [in_service(outages, PLANTS, context) for context in days(4)]
    np.testing.assert_allclose(lost, [[1, 0.6], [1, 0.2], [1, 0], [1, 0]], atol=1e-12)


def test_a_fuel_costs_what_its_last_step_says() -> None:
    steps = [FuelStep.of({"fuel": "gas", "first": t, "price": p}, ["gas", "coal"]) for t, p in ((1, 50.0), (3, 20.0))]
    start = {"gas": 30.0, "coal": 9.0}
    found = [fuel_prices(start, steps, context) for context in days(5)]
    assert [prices["gas"] for prices in found] == [30.0, 50.0, 50.0, 20.0, 20.0]
    assert {prices["coal"] for prices in found} == {9.0}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"generator": "cole", "first": 1}, "outage of 'cole': there is no such generator: did you mean 'coal'"),
        ({"generator": "coal"}, "an outage has no first: it needs generator, first"),
        ({"generator": "coal", "first": 1, "until": 3}, "an outage has an unknown key 'until'"),
        ({"generator": "coal", "first": -1}, "first of the outage of 'coal' is -1: it must be a round >= 0, or a date"),
        ({"generator": "coal", "first": True}, "first of the outage of 'coal' is True: it must be a round"),
        ({"generator": "coal", "first": 1.5}, "first of the outage of 'coal' is 1.5: it must be a round"),
        ({"generator": "coal", "first": 4, "last": 3}, "last of the outage of 'coal' is 3, before its first 4"),
        ({"generator": "coal", "first": 4, "share": 0}, "share of the outage of 'coal' is 0: .* above 0 and at most 1"),
        ({"generator": "coal", "first": 4, "share": "x"}, "share of the outage of 'coal' is 'x'"),
        ("coal", "an outage is 'coal': it must be a table with generator, first"),
    ],
)
def test_bad_outages_are_refused(table: dict, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        Outage.of(table, PLANTS)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"fuel": "oil", "first": 1, "price": 3.0}, "fuel step of 'oil': there is no such fuel: available: gas"),
        ({"fuel": "gas", "first": 1}, "a fuel step has no price: it needs fuel, first, price"),
        ({"fuel": "gas", "first": 1, "price": math.nan}, "price of the fuel step of 'gas' is nan: .* finite number"),
        ({"fuel": "gas", "first": "soon", "price": 3.0}, "first of the fuel step of 'gas' is 'soon': .* round >= 0"),
    ],
)
def test_bad_fuel_steps_are_refused(table: dict, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        FuelStep.of(table, ["gas"])


def broken(failure: float, repair: float, rounds: int) -> list[bool]:
    plants = {"plant": {"capacity": 1, "failure_probability": failure, "repair_probability": repair}}
    chain = Breakdowns(from_tables(plants), np.random.default_rng(0))
    return [bool(chain.broken(t)[0]) for t in range(rounds)]


def test_breakdowns_of_certain_kinds() -> None:
    assert not any(broken(0.0, 1.0, 50))
    assert broken(1.0, 1.0, 6) == [False, True, False, True, False, True]
    assert broken(1.0, 0.0, 4) == [False, True, True, True]


def test_the_luck_of_a_plant_is_the_same_however_often_it_is_asked() -> None:
    tables = {"plant": {"capacity": 1, "failure_probability": 0.3, "repair_probability": 0.4}}
    chain = Breakdowns(from_tables(tables), np.random.default_rng(3))
    first = [bool(chain.broken(t)[0]) for t in (0, 0, 1, 1, 5, 9, 9)]
    chain = Breakdowns(from_tables(tables), np.random.default_rng(3))
    every = [bool(chain.broken(t)[0]) for t in range(10)]
    assert first == [every[t] for t in (0, 0, 1, 1, 5, 9, 9)]


def test_a_plant_is_out_for_the_share_that_the_chain_has_in_the_long_run() -> None:
    """4,000 independent chains, looked at once each in round 60.

    The share out is failure / (failure + repair) (1 - (1 - failure - repair)^60); by Hoeffding the mean of 4,000 draws
    is off by more than 0.05 with probability below 2 exp(-2 * 4000 * 0.05^2) < 5e-9.
    """
    failure, repair = 0.1, 0.3
    plants = {"plant": {"capacity": 1, "failure_probability": failure, "repair_probability": repair}}
    out = Breakdowns(from_tables(plants) * 4000, np.random.default_rng(11)).broken(60)
    expected = failure / (failure + repair) * (1 - (1 - failure - repair) ** 60)
    assert abs(out.mean() - expected) <= 0.05
