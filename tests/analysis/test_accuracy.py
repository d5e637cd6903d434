"""Every measure of forecasts of prices by loops over rounds, at prices and forecasts beyond the range of the theory."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import omnisim
from omnisim.analysis.accuracy import losses

ROUNDS, LOW, HIGH = 30, -20.0, 80.0

Row = list[float]


@pytest.fixture(scope="module", params=[True, False], ids=["a day before", "none before"])
def trace(request: pytest.FixtureRequest) -> omnisim.Trace:
    """Six prices a day, many outside the range; on one day all are equal."""
    rng = np.random.default_rng(11)
    true, said = rng.uniform(-0.8, 1.8, (2, ROUNDS, 6))
    true[7] = 0.5
    before = rng.uniform(-0.8, 1.8, 6)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("a", np.zeros((1, 1, 6)), np.full((1, 1), 0.5))],
        adversary=omnisim.adversaries.Replay(true.clip(0, 1), unclipped=true),
        forecaster=omnisim.forecasters.Published(said.clip(0, 1)),
        subsequences={"all": None, "late": np.arange(ROUNDS) >= 12, "first": np.arange(ROUNDS) < 3},
        dates=np.datetime64("2024-01-01") + np.arange(ROUNDS).astype("timedelta64[D]"),
    )
    found = omnisim.simulate(scenario)
    market = {"currency": "EUR", "low": LOW, "high": HIGH, "resolution": "hour"}
    return replace(
        found,
        unclipped_predictions=said,
        before=before if request.param else None,
        about=found.about | {"market": market},
    )


def prices(values: np.ndarray) -> list[Row]:
    return [[LOW + (HIGH - LOW) * float(y) for y in row] for row in values]


def ranks(row: Row) -> Row:
    """From 1 on, equal ones sharing the mean."""
    return [sum(other < own for other in row) + (sum(other == own for other in row) + 1) / 2 for own in row]


def correlation(guess: Row, truth: Row) -> float:
    if len(set(guess)) == 1 or len(set(truth)) == 1:
        return math.nan
    return float(np.corrcoef(ranks(guess), ranks(truth))[0, 1])


def hit(best: Callable[[Row], float]) -> Callable[[Row, Row], float]:
    """Whether the one of six is the one, by all orders in which ties may be broken."""

    def share(guess: Row, truth: Row) -> float:
        if len(set(guess)) == 1 or len(set(truth)) == 1:
            return math.nan
        named, came = ([i for i, value in enumerate(row) if value == best(row)] for row in (guess, truth))
        return sum(i == j for i in named for j in came) / (len(named) * len(came))

    return share


MEASURES: dict[str, Callable[[Row, Row], float]] = {
    "mean absolute error": lambda p, y: sum(abs(a - b) for a, b in zip(p, y, strict=True)) / 6,
    "root mean squared error": lambda p, y: sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / 6,
    "mean error": lambda p, y: sum(a - b for a, b in zip(p, y, strict=True)) / 6,
    "rank correlation within a round": correlation,
    "hit rate of the lowest": hit(min),
    "hit rate of the highest": hit(max),
    "mean absolute error of the spread": lambda p, y: abs(max(p) - min(p) - max(y) + min(y)),
}


def test_measures_by_loops(trace: omnisim.Trace) -> None:
    truth, forecast = prices(trace.true_outcomes), prices(trace.true_predictions)
    first = None if trace.before is None else prices(trace.before[None])[0]
    repeated = [first, *truth[:-1]]
    table = omnisim.analyze(trace).accuracy.set_index(["subsequence", "measure"])
    assert len(table) == 3 * (len(MEASURES) + 1)
    for k, subsequence in enumerate(trace.subsequences):
        days = [t for t in range(ROUNDS) if trace.active[t, k] and repeated[t] is not None]
        for measure, of_day in MEASURES.items():
            terms = [(of_day(forecast[t], truth[t]), of_day(repeated[t] or [], truth[t])) for t in days]
            known = [pair for pair in terms if not any(map(math.isnan, pair))]
            value, baseline = (sum(pair[i] for pair in known) / len(known) for i in (0, 1))
            if measure.startswith("root"):
                value, baseline = math.sqrt(value), math.sqrt(baseline)
            row = table.loc[(subsequence, measure)]
            assert (row["value"], row["baseline"]) == pytest.approx((value, baseline)), (subsequence, measure)
            assert row["rounds"] == len(known)
            assert row["unit"] == ("EUR/MWh" if "error" in measure else "")
        own, other = (table.loc[(subsequence, "mean absolute error"), each] for each in ("value", "baseline"))
        assert table.loc[(subsequence, "relative mean absolute error"), "value"] == pytest.approx(own / other)


def test_the_loss_of_a_round_is_its_error_in_units_of_the_market(trace: omnisim.Trace) -> None:
    found, kind, unit = losses(trace)
    truth, forecast = prices(trace.true_outcomes), prices(trace.true_predictions)
    expected = [MEASURES["mean absolute error"](p, y) for p, y in zip(forecast, truth, strict=True)]
    assert found.tolist() == pytest.approx(expected)
    assert (kind, unit) == ("mean absolute error", "EUR/MWh")
