"""Accuracy in comparisons, and the Diebold-Mariano test by another route."""

import numpy as np
import pytest
from scipy import stats

import omnisim
from omnisim.comparison.accuracy import diebold_mariano


def by_hand(first: np.ndarray, second: np.ndarray, lags: int) -> tuple[float, float]:
    """Statistic and p-value by the sum over all pairs of rounds, with Bartlett weights."""
    losses = first - second
    rounds = len(losses)
    variance = 0.0
    for i in range(rounds):
        for j in range(rounds):
            weight = max(0.0, 1 - abs(i - j) / (lags + 1))
            variance += weight * (losses[i] - losses.mean()) * (losses[j] - losses.mean()) / rounds
    statistic = losses.mean() / np.sqrt(variance / rounds) * np.sqrt((rounds - 1) / rounds)
    return statistic, 2 * (1 - stats.t.cdf(abs(statistic), rounds - 1))


@pytest.mark.parametrize("rounds", [20, 90, 365])
def test_the_statistic_is_that_of_plain_loops(rounds: int) -> None:
    rng = np.random.default_rng(rounds)
    first, second = np.abs(rng.normal(size=(2, rounds)).cumsum(axis=1) / 5)
    found = diebold_mariano(first, second)
    assert found.lags == (6 if rounds < 344 else 7)
    statistic, p_value = by_hand(first, second, found.lags)
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(p_value, abs=1e-12)
    assert found.difference == pytest.approx(first.mean() - second.mean())


def test_the_sign_says_which_forecast_is_better() -> None:
    losses = np.random.default_rng(1).random(100)
    assert diebold_mariano(losses, losses + losses**2).difference < 0
    assert diebold_mariano(losses, losses + losses**2).statistic < 0
    assert diebold_mariano(losses + losses**2, losses).statistic > 0


def test_nothing_is_judged_of_equal_losses() -> None:
    losses = np.random.default_rng(2).random(50)
    assert np.isnan(diebold_mariano(losses, losses).p_value)


def test_the_level_is_held_where_losses_are_equal_in_expectation() -> None:
    """Of 1,000 independent samples about 5 % have p < 0.05.

    Small-sample size distortion of the Bartlett estimator with 7 lags on 400 rounds is allowed for by testing against
    7.5 %: with that rate the chance of more than 125 rejections in 1,000 is below 1e-7; of fewer than 20 at 5 %, 1e-6.
    """
    rng = np.random.default_rng(3)
    rejected = sum(diebold_mariano(*rng.exponential(size=(2, 400))).p_value < 0.05 for _ in range(1000))
    assert 20 <= rejected <= 125


@pytest.fixture(scope="module")
def comparison() -> omnisim.Comparison:
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 40, "populations.buyers.agents": 5})
    return omnisim.compare(scenario, ["persistence", "climatology"], seeds=2, jobs=1)


def test_accuracy_is_that_of_the_runs(comparison: omnisim.Comparison) -> None:
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 40, "populations.buyers.agents": 5})
    forecaster = omnisim.forecasters.Climatology()
    run = omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=forecaster), seed=1))
    found = comparison.accuracy.query("forecaster == 'climatology'")
    keys = ["subsequence", "measure"]
    joined = found.merge(run.accuracy, on=keys, suffixes=("", "_run"))
    assert len(joined) == len(run.accuracy)
    np.testing.assert_allclose(joined["value"].to_numpy(float), joined["value_run"].to_numpy(float))
    np.testing.assert_allclose(joined["baseline"].to_numpy(float), joined["baseline_run"].to_numpy(float))
    assert (joined["rounds"] == joined["rounds_run"]).all()
    assert (joined["unit"] == joined["unit_run"]).all()


def test_the_test_is_on_errors_at_true_prices(comparison: omnisim.Comparison) -> None:
    scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 40, "populations.buyers.agents": 5})
    errors = []
    for forecaster in (omnisim.forecasters.Climatology(), omnisim.forecasters.Persistence()):
        trace = omnisim.simulate(scenario.replace(forecaster=forecaster), seed=0)
        errors.append(np.abs(-50 + 300 * trace.true_predictions - trace.prices).mean(axis=1))
    [row] = comparison.diebold_mariano.to_dict("records")
    assert (row["forecaster"], row["reference"], row["unit"]) == ("climatology", "persistence", "USD/MWh")
    statistic, p_value = by_hand(*errors, row["lags"])
    assert row["statistic"] == pytest.approx(statistic)
    assert row["p_value"] == pytest.approx(p_value, abs=1e-9)
    assert (row["mean"], row["reference_mean"]) == (
        pytest.approx(errors[0].mean()),
        pytest.approx(errors[1].mean()),
    )
