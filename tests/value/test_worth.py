"""Every cell of the tables of money, recomputed from prices, schedules and dates by loops."""

import numpy as np
import pandas as pd
import pytest
from value_laboratory import CUSTOMERS, FORECASTS, HIGH, LOW, SEEDS, SIZES, Laboratory, mean_worth

import omnisim
from omnisim.value import worth
from omnisim.value.limits import added, cost_of_errors
from omnisim.value.mistakes import mistaken

PLAYERS = [*FORECASTS, "combination", "perfect foresight"]


def every(lab: Laboratory) -> np.ndarray:
    return np.ones(len(lab.dates), dtype=bool)


@pytest.mark.long
def test_worth_in_all(laboratory: Laboratory) -> None:
    table = worth.overall(laboratory.ledger).set_index("forecast")
    assert list(table.index) == PLAYERS
    expected = {name: mean_worth(laboratory, name, "climatology", [*CUSTOMERS], every(laboratory)) for name in PLAYERS}
    for name in PLAYERS:
        assert table.loc[name, "worth"] == pytest.approx(expected[name], rel=1e-9)
        share = 100 * expected[name] / expected["perfect foresight"]
        assert table.loc[name, "percent_of_foresight"] == pytest.approx(share, rel=1e-9)
    assert len({round(value, 3) for value in expected.values()}) == len(PLAYERS)


def test_worth_by_population(laboratory: Laboratory) -> None:
    table = worth.by_population(laboratory.ledger)
    assert len(table) == len(PLAYERS) * len(CUSTOMERS)
    for row in table.itertuples():
        expected = mean_worth(laboratory, row.forecast, "climatology", [row.population], every(laboratory))
        assert row.worth == pytest.approx(expected, rel=1e-9)


def test_worth_by_kind_of_day(laboratory: Laboratory) -> None:
    means = laboratory.paid.mean(axis=1)
    order = sorted(range(len(means)), key=lambda t: means[t])
    third = {t: 3 * place // len(means) for place, t in enumerate(order)}
    negative = (laboratory.paid < 0).any(axis=1)
    assert 0 < negative.sum() < len(negative)
    weekend = np.array([day.day_name() in ("Saturday", "Sunday") for day in laboratory.dates])
    days = {
        "Monday to Friday": ~weekend,
        "weekend": weekend,
        **{
            name: np.array([third[t] == k for t in range(len(means))])
            for k, name in enumerate(("cheap third", "middle third", "dear third"))
        },
        "with a negative price": negative,
        "without": ~negative,
    }
    table = worth.by_days(laboratory.ledger)
    assert list(table["days"][: len(days)]) == list(days)
    for row in table.itertuples():
        assert row.number == days[row.days].sum()
        expected = mean_worth(laboratory, row.forecast, "climatology", [*CUSTOMERS], days[row.days])
        assert row.worth == pytest.approx(expected, rel=1e-9)
    whole = worth.overall(laboratory.ledger).set_index("forecast")["worth"]
    for (name, _), parts in table.groupby(["forecast", "told_apart_by"]):
        assert parts["worth"].sum() == pytest.approx(whole[name], rel=1e-9)


def test_worth_to_every_customer_and_who_loses(laboratory: Laboratory) -> None:
    table = worth.by_customer(laboratory.ledger)
    assert len(table) == len(PLAYERS) * SEEDS * sum(CUSTOMERS.values())
    for row in table.itertuples():
        own, other = (
            laboratory.earned(name, row.seed, row.population)[:, row.customer].sum()
            for name in (row.forecast, "climatology")
        )
        assert row.worth == pytest.approx(365 / len(laboratory.dates) * (own - other), rel=1e-6, abs=1e-6)
    people = worth.winners(laboratory.ledger)
    for row in people.itertuples():
        rows = table[table["forecast"] == row.forecast]
        values = (rows if row.population == worth.ALL else rows[rows["population"] == row.population])["worth"]
        assert (row.customers, row.gain, row.lose) == (len(values), sum(values > 0.005), sum(values < -0.005))
        assert (row.worst, row.best) == pytest.approx((values.min(), values.max()))
    assert people["lose"].sum() > 0


def test_the_upper_limit_takes_the_best_forecast_of_each_customer_and_day(laboratory: Laboratory) -> None:
    money = {name: mean_worth(laboratory, name, "climatology", [*CUSTOMERS], every(laboratory)) for name in FORECASTS}
    best = max(money, key=lambda name: money[name])
    table = added(laboratory.ledger).set_index("player")
    assert set(table["more_than"]) == {best}
    total = 0.0
    for seed in range(SEEDS):
        for population, customers in CUSTOMERS.items():
            for t in range(len(laboratory.dates)):
                for n in range(customers):
                    options = [laboratory.earned(name, seed, population)[t, n] for name in FORECASTS]
                    total += max(options) - laboratory.earned(best, seed, population)[t, n]
    limit = total / SEEDS / sum(CUSTOMERS.values()) * 365 / len(laboratory.dates)
    assert table.loc["best forecast each day for each customer, by hindsight", "added"] == pytest.approx(limit)
    for name in ("combination", "perfect foresight"):
        expected = mean_worth(laboratory, name, best, [*CUSTOMERS], every(laboratory))
        assert table.loc[name, "added"] == pytest.approx(expected)


def test_the_cost_of_errors(laboratory: Laboratory) -> None:
    table = cost_of_errors(laboratory.ledger, list(SIZES)).set_index("player")
    names = ["perfect foresight", *(f"perfect foresight, wrong by {size:g}" for size in SIZES), *FORECASTS]
    assert list(table.index) == names
    for name in names:
        expected = mean_worth(laboratory, name, "climatology", [*CUSTOMERS], every(laboratory))
        assert table.loc[name, "worth"] == pytest.approx(expected)
        assert table.loc[name, "below_foresight"] == pytest.approx(table["worth"].iloc[0] - expected, abs=1e-6)
    for name in FORECASTS:
        error = np.abs(laboratory.said[name] - laboratory.paid).mean()
        assert table.loc[name, "mean_absolute_error"] == pytest.approx(error, rel=1e-9)
    assert list(table["made_up"]) == [True] * 3 + [False] * 3


@pytest.mark.long
def test_intervals_and_verdicts_are_those_of_a_comparison(laboratory: Laboratory) -> None:
    told = np.clip((laboratory.paid - LOW) / (HIGH - LOW), 0, 1)
    published = omnisim.forecasters.Published
    strategies = {
        "climatology": omnisim.forecasters.Climatology(),
        **{name: published(model=name) for name in FORECASTS},
        "combination": omnisim.forecasters.Combination([published(model=n) for n in FORECASTS], correction=False),
        "perfect foresight": published(told),
    }
    compared = omnisim.compare(laboratory.scenario, strategies, seeds=SEEDS, jobs=1).overall
    compared = compared[compared["measure"] == "money"].set_index("forecaster")
    year = 365 / len(laboratory.dates)
    table = worth.overall(laboratory.ledger)
    for row in table.itertuples():
        other = compared.loc[row.forecast]
        expected = year * other[["difference", "simultaneous_low", "simultaneous_high"]].to_numpy(dtype=float)
        np.testing.assert_allclose([row.worth, row.low, row.high], expected, rtol=1e-6)
        assert row.verdict == other["verdict"]
    assert np.isfinite(table["low"]).all()


def test_made_up_errors_are_as_large_as_said_and_hang_together_like_the_forecasts() -> None:
    rng = np.random.default_rng(0)
    prices = rng.normal(50, 20, (4000, 4))
    common = rng.normal(size=(4000, 1)) * [1.0, 2.0, 3.0, 0.5]
    forecasts = {"a": prices + 7 + common + rng.normal(size=prices.shape)}
    for size in (0.0, 1.0, 12.5):
        errors = mistaken(prices, forecasts, size, 3) - prices
        assert np.abs(errors).mean() == pytest.approx(size)
    wanted, found = (np.corrcoef((each - prices).T) for each in (forecasts["a"], mistaken(prices, forecasts, 2.0, 3)))
    assert np.abs(wanted - found).max() < 0.08  # 4000 days: a correlation is known to 0.016
    spread = (mistaken(prices, forecasts, 2.0, 3) - prices).std(axis=0)
    np.testing.assert_allclose(spread / spread[0], np.sqrt([2, 5, 10, 1.25]) / np.sqrt(2), rtol=0.1)
    again, other = (mistaken(prices, forecasts, 2.0, seed) for seed in (3, 4))
    assert (again == mistaken(prices, forecasts, 2.0, 3)).all()
    assert (again != other).all()


def test_forecasts_without_errors_still_have_a_curve() -> None:
    prices = np.arange(12.0).reshape(4, 3)
    errors = mistaken(prices, {"perfect": prices}, 2.0, 0) - prices
    assert np.abs(errors).mean() == pytest.approx(2.0)


def test_weekdays_are_those_of_the_calendar(laboratory: Laboratory) -> None:
    weekend = worth.splits(laboratory.ledger)["day of the week"]["weekend"]
    assert list(pd.DatetimeIndex(laboratory.ledger.dates)[weekend].day_name().unique()) in (
        ["Saturday", "Sunday"], ["Sunday", "Saturday"],
    )  # fmt: skip
