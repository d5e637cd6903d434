"""Accuracy in comparisons."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from newey_west import by_hand

import omnisim
from omnisim.analysis.accuracy import losses as losses_of
from omnisim.comparison import run as measuring
from omnisim.comparison import tables as module
from omnisim.comparison.records import MEASURES
from omnisim.comparison.summaries import ALL, Curves, Index, Summaries, summaries, with_pooled
from omnisim.comparison.tables import Losses, paired_tests

SMALL = {
    "rounds": 40,
    "populations.buyers.agents": 5,
    "populations.factories.agents": 2,
    "populations.operators.agents": 2,
}


def test_accuracy_is_the_mean_over_seeds_in_the_order_of_the_runs() -> None:
    places = [("own", "weekends", "mean absolute error"), ("own", "all", "bias"), ("base", "all", "bias")]
    rows = [
        {"forecaster": name, "subsequence": subsequence, "measure": measure, "unit": "EUR"}
        | {"value": 10.0 * place + seed, "baseline": 2.0 * place - seed, "rounds": 8 + place}
        for seed in (0, 1, 5)
        for place, (name, subsequence, measure) in enumerate(places)
    ]
    labels = [("mean", "rule", "market", ""), ("last", "rule", "market", "")]
    variant = np.repeat([1, 0], 9)  # what was asked for second is there first
    found = module.accuracy(pd.concat([pd.DataFrame(rows)] * 2, ignore_index=True), variant, labels)
    expected = [
        (head, name, subsequence, measure, 10.0 * place + 2, 2.0 * place - 2, "EUR", 8 + place)
        for head in ("last", "mean")
        for place, (name, subsequence, measure) in enumerate(places)
    ]
    columns = ["forecaster", "broadcast_by", "subsequence", "measure", "value", "baseline", "unit", "rounds"]
    assert list(found[columns].itertuples(index=False, name=None)) == expected


def test_limits_are_means_over_seeds_and_the_largest_excess_of_any() -> None:
    counts = [(40, 10, 4, 2.0, 0.5), (80, 4, 1, 6.0, 3.5), (20, 0, 0, 0.0, 0.0)]
    rows = [
        {
            "population": "a",
            "subsequence": "all",
            "constraint": "cap",
            "unit": "MWh",
            "agents": 8,
            "exceeding": exceeding,
        }
        | {"rounds": rounds, "violated": violated, "total": total, "largest": largest}
        for rounds, violated, exceeding, total, largest in counts
    ]
    [row] = module.limits(pd.DataFrame(rows), np.zeros(3, int), [("own", "rule", "market", "")]).to_dict("records")
    assert (row["agents"], row["unit"], row["largest"]) == (8, "MWh", 3.5)
    assert row["rounds"] == pytest.approx((40 + 80 + 20) / 3 / 8)  # per agent
    assert row["violated"] == pytest.approx((10 / 40 + 4 / 80 + 0) / 3)
    assert row["exceeding"] == pytest.approx((4 + 1) / 3 / 8)
    assert row["total"] == pytest.approx((2 + 6) / 3 / 8)


def test_all_populations_weigh_as_many_agents_as_have_the_measure() -> None:
    """Regret is known of those with a benchmark only: 4 of 10 and 3 of 3; utility of all."""
    found = {"a": (10.0, 4.0, 2.0), "b": (3.0, 3.0, 7.0)}
    places = [
        {"population": name, "subsequence": "all", "standing": standing, "standing_defined": defined}
        | dict.fromkeys(MEASURES, value)
        for name, (standing, defined, value) in found.items()
    ]
    one = np.zeros(1, dtype=np.int64)
    table = summaries(Index(one, one, 1, 1), pa.chunked_array([pa.array([places])]), "all", money=True)
    assert table.populations == ("a", "b", "all populations")
    for measure in MEASURES:
        weights = (4, 3) if "regret" in measure else (10, 3)
        mean = (weights[0] * 2.0 + weights[1] * 7.0) / sum(weights)
        np.testing.assert_allclose(table.measures[measure][0, 0], [2.0, 7.0, mean])


def test_what_all_populations_earn_in_a_block_counts_as_many_as_agents_stand_for() -> None:
    """10 and 3 customers on all rounds; what was earned on the even ones is no part of it."""
    places = (("a", "all"), ("a", "even"), ("b", "all"), ("b", "even"))
    standing = np.array([[[10.0, 10.0, 3.0, 3.0, 13.0]]])
    found = Summaries(("a", "a", "b", "b", ALL), ("all", "even", "all", "even", "all"), standing, {})
    earned = np.arange(8.0).reshape(1, 1, 4, 2)
    pooled = with_pooled(Curves(places, np.full((1, 4, 2), 7.0), {"utility": earned}), found)
    assert pooled.places == (*places, (ALL, "all"))
    expected = [(10 * earned[0, 0, 0, m] + 3 * earned[0, 0, 2, m]) / 13 for m in range(2)]
    np.testing.assert_allclose(pooled.measures["utility"][0, 0, 4], expected)
    assert pooled.rounds[0, 4].tolist() == [7.0, 7.0]


def test_losses_are_in_the_unit_that_they_are_told_in() -> None:
    """The mean error of a round in money per MWh, of forecasts and prices before they were clipped."""
    rng = np.random.default_rng(5)
    prices, forecasts = rng.uniform(-80, 300, (9, 24)), rng.uniform(-80, 300, (9, 24))
    scaled, told = (prices + 50) / 250, (forecasts + 50) / 250
    trace = omnisim.Trace(
        outcomes=np.clip(scaled, 0, 1), unclipped_outcomes=scaled, predictions=np.clip(told, 0, 1),
        unclipped_predictions=told, active=np.ones((9, 1), dtype=bool), subsequences=("all",), dates=None, records={},
        about={"market": {"low": -50.0, "high": 200.0, "currency": "EUR", "resolution": "hour"}},
    )  # fmt: skip
    values, what, unit = losses_of(trace)
    assert (what, unit) == ("mean absolute error", "EUR/MWh")
    by_hand = [sum(abs(p - y) for p, y in zip(*day, strict=True)) / 24 for day in zip(forecasts, prices, strict=True)]
    np.testing.assert_allclose(values, by_hand)


def test_pairs_are_judged_on_the_seeds_that_both_have() -> None:
    rng = np.random.default_rng(4)

    def losses(seeds: tuple[int, ...], kind: str = "loss") -> dict[int, Losses]:
        return {seed: Losses(kind, "EUR/MWh", 60, rng.random(60)) for seed in seeds}

    own, reference = losses((0, 1, 2)), losses((1, 2, 3))
    own[2] = Losses("another", "", 60, rng.random(60))
    labels = [("own", "e", "a", ""), ("reference", "e", "a", ""), ("nowhere", "e", "a", "")]
    [row] = paired_tests([own, reference, {}], [(0, 1), (2, 1)], labels, "reference").to_dict("records")
    assert (row["forecaster"], row["seeds"], row["rounds"], row["unit"]) == ("own", 1, 60, "EUR/MWh")
    assert row["mean"] == pytest.approx(own[1].means.mean())
    assert row["reference_mean"] == pytest.approx(reference[1].means.mean())
    own[2] = losses((2,))[2]
    [row] = paired_tests([own, reference], [(0, 1)], labels[:2], "reference").to_dict("records")
    both = [(own[seed].means - reference[seed].means) for seed in (1, 2)]
    statistic, p_value = by_hand(np.mean(both, axis=0), row["lags"])
    assert (row["seeds"], row["statistic"], row["p_value"]) == (2, pytest.approx(statistic), pytest.approx(p_value))


def test_long_runs_keep_means_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST_LOSSES", 10)
    losses = np.random.default_rng(7).random(47)
    found = measuring.group_means(losses)
    assert measuring.group_size(47) == 5
    np.testing.assert_allclose(found, [losses[i : i + 5].mean() for i in range(0, 47, 5)])
    # What was kept of two such runs gives the mean over all their rounds.
    own, other = Losses("loss", "", 47, found), Losses("loss", "", 47, 0 * found)
    monkeypatch.setattr(module, "group_size", measuring.group_size)
    [row] = paired_tests([{0: own}, {0: other}], [(0, 1)], [("a", "", "", ""), ("b", "", "", "")], "b").to_dict(
        "records"
    )
    assert (row["rounds"], row["mean"], row["difference"]) == (
        47,
        pytest.approx(losses.mean()),
        pytest.approx(losses.mean()),
    )


@pytest.fixture(scope="module")
def comparison() -> omnisim.Comparison:
    return omnisim.compare(
        omnisim.load_scenario("ercot_day_ahead", SMALL), ["persistence", "climatology"], seeds=2, jobs=1
    )


@pytest.mark.long
def test_accuracy_is_that_of_the_runs(comparison: omnisim.Comparison) -> None:
    scenario = omnisim.load_scenario("ercot_day_ahead", SMALL)
    forecasters = {
        "climatology": omnisim.forecasters.Climatology(),
        "persistence": omnisim.forecasters.Persistence(),
    }
    for name, forecaster in forecasters.items():
        run = omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=forecaster), seed=1))
        found = comparison.accuracy[comparison.accuracy["forecaster"] == name]
        keys = ["subsequence", "measure"]
        joined = found.merge(run.accuracy, on=keys, suffixes=("", "_run"))
        assert len(joined) == len(run.accuracy) == len(found)
        np.testing.assert_allclose(joined["value"].to_numpy(float), joined["value_run"].to_numpy(float))
        np.testing.assert_allclose(joined["baseline"].to_numpy(float), joined["baseline_run"].to_numpy(float))
        assert (joined["rounds"] == joined["rounds_run"]).all()
        assert (joined["unit"] == joined["unit_run"]).all()


@pytest.mark.long
def test_the_test_is_on_errors_at_true_prices(comparison: omnisim.Comparison) -> None:
    scenario = omnisim.load_scenario("ercot_day_ahead", SMALL)
    errors = []
    for forecaster in (omnisim.forecasters.Climatology(), omnisim.forecasters.Persistence()):
        trace = omnisim.simulate(scenario.replace(forecaster=forecaster), seed=0)
        errors.append(np.abs(-50 + 300 * trace.true_predictions - trace.prices).mean(axis=1))
    [row] = comparison.diebold_mariano.to_dict("records")
    assert (row["forecaster"], row["reference"], row["unit"]) == ("climatology", "persistence", "USD/MWh")
    statistic, p_value = by_hand(errors[0] - errors[1], row["lags"])
    assert row["statistic"] == pytest.approx(statistic)
    assert row["p_value"] == pytest.approx(p_value, abs=1e-9)
    assert (row["mean"], row["reference_mean"]) == (
        pytest.approx(errors[0].mean()),
        pytest.approx(errors[1].mean()),
    )


def test_probabilities_are_judged_by_the_brier_score() -> None:
    rng = np.random.default_rng(8)
    events = (rng.random((80, 1)) < 0.3).astype(float)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
        adversary=omnisim.adversaries.Replay(events),
        forecaster=omnisim.forecasters.Climatology(),
    )
    found = omnisim.compare(scenario, ["climatology", "persistence"], seeds=1, jobs=1)
    [row] = found.diebold_mariano.to_dict("records")
    before = np.concatenate([[0.5], events[:-1, 0]])
    assert (row["loss"], row["unit"]) == ("Brier score", "")
    assert row["mean"] == pytest.approx(((before - events[:, 0]) ** 2).mean())
    assert set(found.accuracy["unit"]) == {""}
    assert "Brier skill score" in set(found.accuracy["measure"])
