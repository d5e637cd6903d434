"""``omnisim inspect`` and ``omnisim run --prices``: what is printed works when it is pasted, and warnings are seen."""

import datetime as dt
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from page_text import Parsed
from scenario_files import omnisim_command, refusal
from source_files import CASES, NEW_YORK, days_of, ercot_of_a_year, pairs_of

import omnisim

REST = """
low = -60
high = 180

[forecaster]
kind = "persistence"

[populations.buyers]
kind = "energy_buyers"
agents = 2
"""


def written(folder: Path, case: str, first: dt.date, days: int) -> tuple[Path, str, np.ndarray]:
    _, name, zone, write, _ = CASES[case]
    pairs = pairs_of(zone, first, days)
    path = folder / name
    path.write_text(write(pairs, zone), encoding="utf-8")
    return path, zone, days_of(pairs, zone)


def pasted(out: str) -> str:
    return out[out.index("[market]") :]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("case", ["entsoe new", "smard before 2022", "elspot", "omie", "ercot", "nyiso", "opsd"])
def test_the_table_that_inspect_prints_runs_when_pasted(tmp_path: Path, case: str) -> None:
    path, _, expected = written(tmp_path, case, dt.date(2023, 10, 20), 30)
    answer = omnisim_command("inspect", path)
    assert answer.code == 0, answer.err
    scenario = tmp_path / "elsewhere" / "mine.toml"
    scenario.parent.mkdir()
    scenario.write_text(pasted(answer.out) + REST)
    trace = omnisim.simulate(omnisim.load_scenario(scenario))
    np.testing.assert_allclose(-60 + 240 * trace.outcomes, expected, atol=1e-9)


def own_layouts(prices: np.ndarray) -> dict[str, str]:
    """Files of prices such as companies have, of no known source: columns, separators and units of their own."""
    days = pd.date_range("2023-03-01", periods=len(prices))
    rows = [(day, hour, value) for day, values in zip(days, prices, strict=True) for hour, value in enumerate(values)]
    decimals = "".join(
        f"{day:%d.%m.%Y};{hour + 1};{f'{value:.2f}'.replace('.', ',')};ok\n" for day, hour, value in rows
    )
    wide = "".join(
        f"{day:%m/%d/%Y}|{'|'.join(f'{value:.2f}' for value in values)}\n"
        for day, values in zip(days, prices, strict=True)
    )
    cents = "".join(
        f"{time:%Y-%m-%dT%H:%M:%SZ}\t{time + pd.Timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}\t{value / 10:.3f}\tS\n"
        for time, value in ((day + pd.Timedelta(hours=hour), value) for day, hour, value in rows)
    )
    hours = "|".join(f"HE{hour:02d}" for hour in range(1, 25))
    return {
        "boerse.csv": f"Liefertag;Std;Börsenpreis €/MWh;Bemerkung\n{decimals}",
        "wide.csv": f"Trade Date|{hours}\n{wide}",
        "tariff.tsv": f"valid_from\tvalid_to\ttariff_ct_per_kwh\tarea\n{cents}",
    }


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", ["boerse.csv", "wide.csv", "tariff.tsv"])
def test_the_keys_that_inspect_prints_are_those_of_read_prices(tmp_path: Path, name: str) -> None:
    prices = np.random.default_rng(0).uniform(20, 140, (20, 24)).round(2)
    path = tmp_path / name
    path.write_text(own_layouts(prices)[name], encoding="utf-8")
    answer = omnisim_command("inspect", path)
    assert answer.code == 0, answer.err
    keys = tomllib.loads(pasted(answer.out))["market"]
    assert keys.pop("source") == "file"
    assert Path(keys.pop("path")) == path
    np.testing.assert_allclose(omnisim.market.read_prices(path, **keys).prices, prices, atol=1e-9)


def test_inspect_says_what_the_file_is(tmp_path: Path) -> None:
    path, _, expected = written(tmp_path, "smard", dt.date(2023, 3, 20), 10)
    out = omnisim_command("inspect", path).out
    assert out.startswith("a.csv: SMARD")
    for said in ("utf-8-sig", "separator ';'", "decimal ','", "Europe/Berlin", "they open their period",
                 "24 prices a day", "EUR/MWh", f"lowest {expected.min():.6g}", f"highest {expected.max():.6g}",
                 "2023-03-20 to 2023-03-29",
                 "2023-03-26: hour 02 does not exist", f"{expected[0, 0]:g} {expected[0, 1]:g}",
                 f"{expected[-1, 22]:g} {expected[-1, 23]:g}"):  # fmt: skip
        assert said in out
    bars = next(line for line in out.splitlines() if "mean day" in line).split()[2]
    mean = expected.mean(axis=0)
    assert len(bars) == 24
    assert bars[int(mean.argmax())] == "█"
    assert bars[int(mean.argmin())] == "▁"


@pytest.mark.long
def test_what_inspect_cannot_know_it_asks_with_the_evidence(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    stamps = pd.date_range("2023-03-20", "2023-11-05 23:00", freq="h")
    prices = np.random.default_rng(1).uniform(20, 90, len(stamps)).round(2)
    pd.DataFrame({"time": stamps, "price": prices}).to_csv(path, index=False)
    out = omnisim_command("inspect", path).out
    line, money = (line for line in out.splitlines() if line.lstrip().startswith("choose"))
    assert "currency" in money
    assert "the hour that spring leaves out is present and the hour that autumn repeats is there once" in line
    assert "looks like UTC" in line
    assert "file_timezone = 'UTC'" in line
    pairs = pairs_of(NEW_YORK, dt.date(2023, 6, 1), 5)
    path.write_text(ercot_of_a_year(pairs, NEW_YORK))
    out = omnisim_command("inspect", path).out
    assert "'LZ_WEST', 'HB_PAN'" in out
    assert tomllib.loads(pasted(out))["market"]["select"] == {"Settlement Point": "LZ_WEST"}
    out = omnisim_command("inspect", path, "--set", 'select."Settlement Point"=HB_PAN').out
    assert tomllib.loads(pasted(out))["market"]["select"] == {"Settlement Point": "HB_PAN"}
    assert "choose" not in out


def test_inspect_refuses_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour;shape\nred;round\nblue;square\n")
    assert "no column holds stamps" in refusal("inspect", tmp_path / "a.csv")
    assert "does not exist" in refusal("inspect", tmp_path / "b.csv")
    written(tmp_path, "smard", dt.date(2023, 6, 1), 3)
    assert "did you mean 'timezone'" in refusal("inspect", tmp_path / "a.csv", "--set", "timezon=Europe/Oslo")


@pytest.mark.long
def test_a_file_of_ones_own_runs_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _, expected = written(tmp_path, "smard", dt.date(2023, 2, 1), 60)
    monkeypatch.chdir(tmp_path)
    answer = omnisim_command("run", "--prices", "a.csv", "--out", "results", "--set", "populations.buyers.agents=3")
    assert answer.code == 0, answer.err
    tree = tomllib.loads((tmp_path / "results" / "scenario.toml").read_text(encoding="utf-8"))
    assert tree["market"]["path"] == str(path)
    past = expected[: 60 // 4]
    typical = float(np.median(past[past > 0]))
    for population in tree["populations"].values():
        assert population["typical_price"] == pytest.approx(typical, rel=0.05)
    assert tree["market"]["first_day"] == dt.date(2023, 2, 1) + dt.timedelta(days=60 // 4)
    assert tree["market"]["low"] < past.min()
    assert tree["market"]["high"] > past.max()
    assert tree["populations"]["buyers"]["agents"] == 3
    assert any(table.get("quantile") for table in tree["subsequences"].values() if table is not True)
    again = omnisim_command("run", Path("results", "scenario.toml"), "--out", "again")
    assert again.code == 0, again.err
    first, second = (np.load(tmp_path / name / "trace.npz") for name in ("results", "again"))
    np.testing.assert_array_equal(first["outcomes"], second["outcomes"])
    # The path of a scenario is relative to where one stands as well, and not to the scenario.
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "s.toml").write_text('[market]\nsource = "smard"\npath = "none.csv"' + REST)
    assert omnisim_command("validate", "deep/s.toml", "--set", "market.path=a.csv").code == 0
    assert "none.csv" in refusal("validate", "deep/s.toml")


def test_run_needs_a_scenario_or_prices(tmp_path: Path) -> None:
    for given in ((), ("ercot_day_ahead", "--prices", tmp_path / "a.csv")):
        assert omnisim_command("run", *given).code == 2


@pytest.mark.long
@pytest.mark.parametrize("resolution", [pytest.param(15, marks=pytest.mark.whole), 30])
def test_quarters_of_ones_own_run(tmp_path: Path, resolution: int) -> None:
    stamps = pd.date_range("2025-10-01", periods=20 * 1440 // resolution, freq=f"{resolution}min")
    prices = np.random.default_rng(1).uniform(20, 90, len(stamps)).round(2)
    path = tmp_path / "a.csv"
    pd.DataFrame({"time": stamps, "price": prices}).to_csv(path, index=False)
    answer = omnisim_command("run", "--prices", path, "--out", tmp_path / "results", "--rounds", "8")
    assert answer.code == 0, answer.err
    assert omnisim.load_trace(tmp_path / "results" / "trace.npz").outcomes.shape == (8, 1440 // resolution)


def page(folder: Path) -> str:
    return Parsed((folder / "report.html").read_bytes()).text


@pytest.mark.long
def test_warnings_are_on_the_console_and_in_the_first_lines_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    stamps = pd.date_range("2023-01-01 01:00", periods=40 * 24, freq="h")
    prices = np.random.default_rng(1).uniform(20, 120, len(stamps)).round(2)
    pd.DataFrame({"time": stamps, "price": prices}).to_csv(path, index=False)
    scenario = tmp_path / "s.toml"
    scenario.write_text('[market]\nsource = "file"\npath = "a.csv"' + REST)
    answer = omnisim_command("run", scenario, "--out", tmp_path / "r")
    assert answer.code == 0
    assert "warning: a.csv: stamps run from 01:00 to 00:00" in answer.err
    assert "stamp = 'end'" in page(tmp_path / "r")
    assert "stamp = 'end'" in omnisim_command("validate", scenario).err
    settled = omnisim_command("run", scenario, "--set", "market.stamp=end", "--out", tmp_path / "q")
    assert "warning" not in settled.err
    assert "stamp = 'end'" not in page(tmp_path / "q")
    # 37 % of the hours beyond the range, and prices that fill less than 2 % of it.
    clipped = omnisim_command(
        "run", scenario, "--set", "market.stamp=end", "--set", "market.high=83", "--out", tmp_path / "c"
    )
    assert "warning" in clipped.err
    assert "market.high" in clipped.err or "high" in clipped.err
    narrow = omnisim_command("validate", scenario, "--set", "market.stamp=end", "--set", "market.high=90000")
    assert "less than 2 % of low = -60 to high = 90000" in narrow.err.replace("2%", "2 %")


@pytest.mark.whole
def test_what_was_chosen_is_on_the_page_and_above_the_scenario(tmp_path: Path) -> None:
    """Stamps from 01:00 to 00:00, and -9999 in two hours: two choices that the user has to see again."""
    stamps = pd.date_range("2023-01-01 01:00", periods=40 * 24, freq="h")
    price = np.random.default_rng(3).uniform(20, 90, len(stamps)).round(2)
    price[[500, 501]] = -9999
    path = tmp_path / "mine.csv"
    pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M"), "price": price}).to_csv(path, index=False)
    out = tmp_path / "out"
    answer = omnisim_command("run", "--prices", path, "--out", out)
    assert answer.code == 0, answer.err
    said = [line.partition("warning: ")[2] for line in answer.err.splitlines() if "warning: " in line]
    words = ("'end'", "-9999", "'interpolate' here", "currency")
    for word in words:
        assert any(word in line for line in said), word
    scenario, page = (out / "scenario.toml").read_text(), Parsed((out / "report.html").read_bytes()).text
    chosen = [line.removeprefix("# chosen: ") for line in scenario.splitlines() if line.startswith("#")]
    assert len(chosen) == len(set(chosen)) == len(words)
    for choice in chosen:
        assert choice in said
        assert page.count(f"Chosen for this file: {choice}") == 1
    # The page that is made again says the same, and the scenario runs.
    (out / "report.html").unlink()
    assert omnisim_command("report", out).code == 0
    assert f"Chosen for this file: {chosen[0]}" in Parsed((out / "report.html").read_bytes()).text
    assert omnisim_command("run", out / "scenario.toml", "--out", tmp_path / "again").code == 0
    first, second = (omnisim.load_trace(folder / "trace.npz") for folder in (out, tmp_path / "again"))
    np.testing.assert_array_equal(first.outcomes, second.outcomes)
    np.testing.assert_array_equal(first.predictions, second.predictions)
    assert "Chosen for this file" not in Parsed((tmp_path / "again" / "report.html").read_bytes()).text


def test_several_files_are_given_as_a_pattern(tmp_path: Path) -> None:
    answer = omnisim_command("inspect", tmp_path / "a.csv", tmp_path / "b.csv")
    assert answer.code == 2
    assert "2 files: put a pattern in quotes" in " ".join(answer.err.replace("│", " ").split())
