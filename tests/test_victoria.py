"""The scenario of Victoria's hot days on its data, which users download and tests take from the data folder."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folder import data_file

import omnisim
from omnisim.scenario import shipped

FILE = shipped.folder() / "victoria_hot_days.toml"
FEW = {"populations.pumps.agents": 12, "populations.factories.agents": 6, "populations.operators.agents": 12}
BASES = {
    "climatology": {"kind": "climatology"},
    "persistence": {"kind": "persistence"},
    "ridge": {"kind": "ridge_autoregression", "features": ["tmax_c"]},
}


def loaded(**overrides: object) -> omnisim.Scenario:
    path = data_file("weather", "vic_daily_2015_2020.csv.gz")
    return omnisim.load_scenario(FILE, {"market.path": str(path), **FEW, **overrides})


def table() -> pd.DataFrame:
    return pd.read_csv(data_file("weather", "vic_daily_2015_2020.csv.gz"))


@pytest.mark.long
def test_days_and_subsequences_are_those_of_the_file() -> None:
    scenario, days = loaded(), table()
    played = days[days["date"] >= "2016-01-01"]
    problem = scenario.problem(0)
    assert problem.rounds == len(played)
    assert problem.past is not None
    assert len(problem.past.outcomes) == len(days) - len(played) == 365
    np.testing.assert_allclose(
        problem.past.outcomes[:, 0] * 510 - 10, days["price_aud_mwh"][:365].clip(-10, 500), atol=1e-9
    )
    active = dict(zip(problem.subsequences, problem.active.T, strict=True))
    np.testing.assert_array_equal(active["hot"], played["tmax_c"] >= 35)
    np.testing.assert_array_equal(active["cool"], played["tmax_c"] < 15)
    np.testing.assert_array_equal(active["holidays"], played["holiday"])
    np.testing.assert_array_equal(active["weekends"], pd.to_datetime(played["date"]).dt.day_of_week >= 5)
    highest = days["tmax_c"].shift(1).rolling(60).quantile(0.9)[played.index]
    np.testing.assert_array_equal(active["unusually_hot"], played["tmax_c"] >= highest - 1e-9)
    outside = (played["price_aud_mwh"] < -10) | (played["price_aud_mwh"] > 500)
    assert scenario.about["market"]["clipped"] == outside.sum() == 9


@pytest.mark.long
def test_the_download_becomes_the_file_by_the_command_of_the_comment(tmp_path: Path) -> None:
    # The columns as Kaggle's file has them.
    days = table()
    download = pd.DataFrame({"date": days["date"], "demand": days["demand_mwh"], "RRP": days["price_aud_mwh"]})
    for name in ("demand_pos_RRP", "RRP_positive", "demand_neg_RRP", "RRP_negative"):
        download[name] = 0.0
    download["frac_at_neg_RRP"] = days["frac_day_negative_price"]
    download["min_temperature"], download["max_temperature"] = days["tmin_c"], days["tmax_c"]
    download["solar_exposure"], download["rainfall"] = days["solar_mj_m2"], days["rain_mm"]
    download["school_day"] = np.where(days["school_day"], "Y", "N")
    download["holiday"] = np.where(days["holiday"], "Y", "N")
    download.to_csv(tmp_path / "complete_dataset.csv", index=False)
    comment = re.search(r"#     (sed .*?) \\\n#\s+(complete_dataset.csv > victoria.csv)\n", FILE.read_text("utf-8"))
    assert comment is not None
    shell = shutil.which("sh")
    if shell is None or shutil.which("sed") is None:
        pytest.skip("there is no sh with sed")
    subprocess.run([shell, "-c", f"{comment[1]} {comment[2]}"], cwd=tmp_path, check=True)  # noqa: S603
    ours, theirs = loaded(), omnisim.load_scenario(FILE, {"market.path": str(tmp_path / "victoria.csv"), **FEW})
    assert ours.about["digest"] != theirs.about["digest"]  # another file, with the same days in it
    for name in ("tmin_c", "tmax_c", "holiday"):
        np.testing.assert_array_equal(ours.features[name], theirs.features[name])
    np.testing.assert_array_equal(ours.problem(0).past.outcomes, theirs.problem(0).past.outcomes)


@pytest.mark.long
def test_calibration_earns_on_hot_days_what_no_base_does() -> None:
    """What the scenario shows, on the agents of one seed: nothing in it is random but the agents."""
    regret, utility = {}, {}
    for name, forecaster in {**BASES, "calibrated": None}.items():
        analysis = omnisim.analyze(omnisim.simulate(loaded(**({"forecaster": forecaster} if forecaster else {}))))
        assert analysis.certificates["holds"].all()
        by = analysis.agents.groupby("subsequence")[["swap_regret", "utility"]].mean()
        regret[name], utility[name] = by["swap_regret"]["hot"], by["utility"]
    assert regret["calibrated"] < 0.8 * min(regret[base] for base in BASES)
    for subsequence in ("hot", "cool", "all"):
        assert utility["calibrated"][subsequence] > max(utility[base][subsequence] for base in BASES)
