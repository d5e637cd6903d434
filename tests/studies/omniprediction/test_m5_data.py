"""Probabilities from M5 files: made-up folders in the documented layout, and real data where they are there."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folder import data_file
from made_up_m5 import DEPARTMENTS, STORES, write_m5

from omnisim.errors import DataError
from omnisim.studies.omniprediction import m5_data
from omnisim.studies.omniprediction.m5_data import ACTUALS, HOME_MADE, SALES, TEAMS, chance_of_none

LEVELS = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])


def appendix_h(levels, quantiles, x=0.0):
    """The formula as printed."""
    if x >= quantiles[-1]:
        return 1.0
    if x < quantiles[0]:
        return 0.0
    for i in range(1, len(levels)):
        if quantiles[i - 1] <= x < quantiles[i]:
            rise = (levels[i] - levels[i - 1]) / (quantiles[i] - quantiles[i - 1])
            return levels[i - 1] + rise * (x - quantiles[i - 1])
    raise AssertionError


def test_interpolation_is_appendix_h() -> None:
    rng = np.random.default_rng(2)
    quantiles = np.sort(np.round(rng.normal(size=(400, 9)) + rng.normal(size=(400, 1)), 1), axis=1)
    expected = [appendix_h(LEVELS, row) for row in quantiles]
    np.testing.assert_allclose(chance_of_none(LEVELS, quantiles), expected, atol=1e-12)
    assert {0.0, 1.0} < set(expected)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores, two departments with three products each, three teams."""
    folder = tmp_path_factory.mktemp("m5")
    write_m5(folder)
    return folder


def test_home_made_forecasters_have_the_days_of_the_paper(folder: Path) -> None:
    track = m5_data.products(folder)
    assert track.label == "M5 sales, home-made forecasters"
    with np.load(folder / HOME_MADE) as stored:
        for day, rows in enumerate((track.pools.base, track.pools.train, track.pools.judged)):
            np.testing.assert_allclose(track.pools.columns[rows], stored["prob_sell"][:, :, day].T / 10_000)
            np.testing.assert_array_equal(track.pools.y[rows], stored["sold"][:, day])


def test_departments_by_hand(folder: Path) -> None:
    track = m5_data.departments(folder)
    sales, teams = pd.read_parquet(folder / SALES), pd.read_parquet(folder / TEAMS)
    names = sorted(f"{s}/{d}" for s in STORES for d in DEPARTMENTS)
    assert (track.label, track.members) == ("M5 sales, 3 teams of the accuracy track", 3)

    sold = {(name, day): 0 for name in names for day in range(-27, 29)}
    for row in sales.to_dict("records"):
        for day in range(-27, 29):
            sold[f"{row['store_id']}/{row['dept_id']}", day] += row[f"d_{1941 + day}"]
    forecasts = {(row["series"], row["rank"]): row for row in teams.to_dict("records")}

    def total(name: str, day: int) -> int:
        return sold[name, day]

    def said(name: str, rank: int, day: int) -> float:
        return float(forecasts[name, rank][f"F{day}"])

    for name, rank, day in product(names, (1, 2, 3), range(8, 29)):
        row = (day - 8) * 4 + names.index(name)
        median = np.median([total(name, day - back) for back in range(1, 29)])
        alike = [other for other in names if other.split("/")[1] == name.split("/")[1]]
        ratios = [total(other, past) / said(other, rank, past) for other in alike for past in range(1, day)]
        chance = np.mean([said(name, rank, day) * ratio > median for ratio in ratios])
        assert track.pools.columns[row, rank - 1] == pytest.approx(chance)
        assert track.pools.y[row] == (total(name, day) > median)
    np.testing.assert_array_equal(track.pools.base, np.arange(0, 28))
    np.testing.assert_array_equal(track.pools.train, np.arange(28, 56))
    np.testing.assert_array_equal(track.pools.judged, np.arange(56, 84))


def submission(sales: pd.DataFrame, rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """As handed in: validation and evaluation rows, and aggregates, in any order."""
    series = [*(sales["item_id"] + "_" + sales["store_id"]).tolist()[:rows], "Total_X", "FOODS_1_CA_1"]
    frames = []
    for phase in ("validation", "evaluation"):
        values = np.sort(np.round(rng.normal(0.5, 1, (len(series), 28, 9)), 2), axis=2)
        for k, level in enumerate(LEVELS):
            ids = [f"{name}_{level:.3f}_{phase}" for name in series]
            frames.append(pd.DataFrame({"id": ids} | {f"F{f + 1}": values[:, f, k] for f in range(28)}))
    return pd.concat(frames).sample(frac=1, random_state=1)


def test_submissions_of_the_uncertainty_track(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m5_data, "FEWEST_FORECASTS", 10)
    sales = pd.read_parquet(folder / SALES)
    sales.to_parquet(tmp_path / SALES, index=False)
    (tmp_path / "uncertainty").mkdir()
    rng = np.random.default_rng(5)
    handed_in = {"first": 12, "second": 11, "too_few": 9}
    frames = {team: submission(sales, rng, rows) for team, rows in handed_in.items()}
    for team, frame in frames.items():
        frame.to_csv(tmp_path / "uncertainty" / f"{team}.csv", index=False)
    track = m5_data.products(tmp_path)
    assert (track.label, track.members) == ("M5 sales, 2 submissions to the uncertainty track", 2)
    assert track.pools.columns.shape == (3 * 11, 2)  # the product that the second team lacks is left out
    series = (sales["item_id"] + "_" + sales["store_id"]).tolist()
    for row, member, team, day in ((3, 0, "first", "F7"), (11 + 10, 1, "second", "F14"), (22, 1, "second", "F21")):
        ids = [f"{series[row % 11]}_{level:.3f}_evaluation" for level in LEVELS]
        quantiles = frames[team].set_index("id").loc[ids, day].to_numpy()
        assert track.pools.columns[row, member] == pytest.approx(1 - appendix_h(LEVELS, quantiles))
    np.testing.assert_array_equal(track.pools.y[:11], sales["d_1948"][:11] >= 1)
    np.testing.assert_array_equal(track.pools.y[22:], sales["d_1962"][:11] >= 1)


def test_files_that_are_missing_or_odd_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no m5_standin_prob\.npz: give the folder of the M5 data"):
        m5_data.products(tmp_path)
    with pytest.raises(DataError, match="holds no m5_accuracy_top50"):
        m5_data.departments(tmp_path)
    np.savez(tmp_path / HOME_MADE, sold=np.zeros(3))
    with pytest.raises(DataError, match="lacks prob_sell"):
        m5_data.products(tmp_path)
    for name in (TEAMS, ACTUALS, SALES):
        frame = pd.read_parquet(folder / name)
        frame.iloc[1:].to_parquet(tmp_path / name, index=False)
    with pytest.raises(DataError, match="must have every series of"):
        m5_data.departments(tmp_path)
    (tmp_path / "uncertainty").mkdir()
    (tmp_path / "uncertainty" / "team.csv").write_text("id,F1\nx,1\n")
    with pytest.raises(DataError, match="is no submission: columns id, F7, F14, F21 are needed"):
        m5_data.products(tmp_path)


def test_interpolation_reproduces_the_scores_that_came_with_the_data() -> None:
    """Brier scores of day 7, computed elsewhere; of forecasters whose quantiles were not rounded to be stored."""
    quantiles = data_file("m5", "m5_standin_quantiles.npz")
    scores = pd.read_csv(data_file("m5", "m5_standin_forecasters.csv")).set_index("forecaster")["brier_appH_F7"]
    with np.load(quantiles) as stored, np.load(data_file("m5", HOME_MADE)) as outcomes:
        levels, sold = stored["tau"], outcomes["sold"][:, 0].astype(float)
        tenths, names = stored["quantiles_x10"][:, :, 0], stored["forecaster"]
        whole = [k for k in range(len(names)) if (tenths[k] % 10 == 0).all()]
        assert len(whole) > 20
        for k in whole[::4]:
            chance = 1 - chance_of_none(levels, tenths[k].astype(float) / 10)
            assert ((chance - sold) ** 2).mean() == pytest.approx(scores[names[k]], abs=1e-5)
