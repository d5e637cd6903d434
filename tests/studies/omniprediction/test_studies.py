"""The quick variants of the omniprediction studies, from the command line."""

import json
from pathlib import Path

import pandas as pd
import pytest
from data_folder import data_file
from headings import unexplained_on
from scenario_files import omnisim_command, refusal

from omnisim.studies.omniprediction import finite_class
from omnisim.studies.omniprediction.m5 import cases as m5
from omnisim.studies.omniprediction.methods import CONSTANTS, RULES, SINGLE
from omnisim.studies.omniprediction.price_spikes import cases as price_spikes
from omnisim.studies.omniprediction.simulated import cases as simulated


def quick(tmp_path_factory: pytest.TempPathFactory, name: str, *arguments: object) -> Path:
    folder = tmp_path_factory.mktemp("studies") / name
    answer = omnisim_command("study", name, "--quick", "--seed", 3, "--jobs", 1, *arguments, "--out", folder)
    assert (answer.code, answer.err) == (0, "")
    assert "agree" not in answer.out.lower()  # too few draws
    assert answer.out.count("not judged") > 0
    assert unexplained_on(folder / "report.html") == {}
    return folder


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick(tmp_path_factory, "simulated")


def test_simulated_has_every_draw(example: Path) -> None:
    rows = pd.read_parquet(example / "errors.parquet")
    varied, chosen = simulated.QUICK.draws, simulated.QUICK.more - simulated.QUICK.draws
    each = sum(len(values) for values in CONSTANTS.values())
    assert len(rows) == len(RULES) * len(simulated.QUICK.sizes) * (varied * each + chosen * len(CONSTANTS))
    assert rows.groupby(["rule", "n", "draw", "method"])["chosen"].sum().eq(1).all()
    assert json.loads((example / "manifest.json").read_text(encoding="utf-8"))["command"] == (
        "omnisim study simulated --quick --seed 3"
    )
    page = (example / "report.html").read_text(encoding="utf-8")
    assert "Figure 1: error by method" in page
    assert "Figure 2: error by c" in page


def test_the_full_plan_is_the_papers() -> None:
    assert simulated.FULL.draws == 40
    assert m5.FULL.draws == 20
    assert (simulated.BASE_POINTS, simulated.TEST_POINTS, finite_class.BASE_POINTS) == (500, 2000, 500)


def test_draws_do_not_depend_on_the_plan() -> None:
    longer, shorter = (simulated.measure(simulated.Case("m = 16", 50, 1, 0, varied=v)) for v in (True, False))
    assert [row for row in longer if row["chosen"]] == shorter


@pytest.mark.long
def test_price_spikes_on_the_embedded_prices(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = quick(tmp_path_factory, "price-spikes")
    rows = pd.read_parquet(folder / "errors.parquet")
    assert set(rows["market"]) == {"ERCOT"}
    assert set(rows["method"]) == {*CONSTANTS, SINGLE}
    markets = pd.read_parquet(folder / "markets.parquet")
    assert markets["judged from"].tolist() == ["2022-01-01"]
    assert 0.05 < markets["spikes, judged"][0] < 0.2
    assert (markets["Brier score of the best"] < markets["spikes, judged"] * (1 - markets["spikes, judged"])).all()


@pytest.mark.whole
def test_price_spikes_on_published_forecasts(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = data_file("electricity", "epf_expert_forecasts.parquet")
    folder = quick(tmp_path_factory, "price-spikes", "--data", path)
    markets = pd.read_parquet(folder / "markets.parquet")
    assert markets["market"].tolist() == ["NP", "DE"][: price_spikes.QUICK.markets]
    assert set(pd.read_parquet(folder / "thresholds.parquet")["market"]) == set(markets["market"])


@pytest.mark.long
def test_m5(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = quick(tmp_path_factory, "m5", "--data", data_file("m5", "m5_standin_prob.npz").parent)
    rows = pd.read_parquet(folder / "errors.parquet")
    assert set(rows["part"]) == {"products", "departments"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    for figure in ("Figure 3: error by method", "Figure 4: error by c"):
        assert f"{figure} (M5 sales, home-made forecasters)" in page
    assert "Error by method (M5 sales, 50 teams of the accuracy track)" in page


def test_m5_says_what_it_needs(tmp_path: Path) -> None:
    message = refusal("study", "m5", "--quick", "--out", tmp_path / "out")
    assert message.startswith("the study 'm5' needs the M5 data: give a folder with m5_sales_d1914_d1969.parquet")
    assert message.endswith("as --data FOLDER")
    assert "\n" not in message
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no m5_standin_prob.npz" in refusal("study", "m5", "--quick", "--data", empty, "--out", tmp_path / "o")


def test_simulated_reads_no_data(tmp_path: Path) -> None:
    message = refusal("study", "simulated", "--quick", "--data", tmp_path, "--out", tmp_path / "out")
    assert message.startswith("the study 'simulated' reads no data")
