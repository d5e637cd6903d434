"""The command, its page and its files."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from headings import unexplained_on
from page_text import Parsed
from scenario_files import omnisim_command
from value_laboratory import DAYS, files_of

import omnisim
from omnisim.commands.value import digest_of
from omnisim.report.text import amount, number, signed_amount
from omnisim.value.sources import overrides_of

pytestmark = pytest.mark.whole

FEW = [part for name in ("buyers", "plants", "operators") for part in ("--set", f"populations.{name}.agents=2")]
QUICK = [*FEW, "--rounds", 15, "--seeds", 1, "--jobs", 1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    return files_of(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def made(files: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder of results, and what was printed."""
    prices, forecasts = files
    out = tmp_path_factory.mktemp("made") / "out"
    answer = omnisim_command("value", *forecasts, "--prices", prices, *FEW, "--seeds", 2, "--jobs", 1, "--out", out)
    assert answer.code == 0, answer.err
    assert unexplained_on(out / "report.html") == {}
    return out, answer.out


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(out / f"{name}.parquet")


def test_it_says_first_what_each_forecast_was_worth(made: tuple[Path, str]) -> None:
    out, printed = made
    rows = table(out, "worth").set_index("forecast")
    best = rows.loc[["sharp", "blunt", "shifted"], "worth"].idxmax()
    lines = printed.splitlines()
    assert f" Against climatology {best} was worth {signed_amount(rows.loc[best, 'worth'])} (" in lines[0]
    pairs = pd.read_csv(out / "differences.csv")
    assert len(pairs) == 6
    given = rows.loc[["sharp", "blunt", "shifted"], "worth"].sort_values(ascending=False)
    lead = pairs[(pairs["forecast"] == best) & (pairs["against"] == given.index[1])].iloc[0]
    assert lead["difference"] == pytest.approx(given.iloc[0] - given.iloc[1])
    said = (
        f"{amount(lead['difference'])} [{amount(lead['low'])}, {amount(lead['high'])}] EUR per customer and year more"
    )
    assert f"{best} was worth {said}" in lines[0].partition(" Against climatology")[0]
    assert f"of the {amount(rows.loc['perfect foresight', 'worth'])} that perfect foresight" in lines[0]
    for name, line in zip(rows.index, lines[1:], strict=False):
        assert line.strip().startswith(f"{name}: {signed_amount(rows.loc[name, 'worth'])} EUR per customer and year")
        assert signed_amount(rows.loc[name, "low"]) in line
        assert signed_amount(rows.loc[name, "high"]) in line
    assert lines[-1] == str(out / "report.html")


def test_the_page_shows_the_numbers_of_the_tables(made: tuple[Path, str]) -> None:
    out, printed = made
    page = (out / "report.html").read_bytes()
    text = Parsed(page).text
    assert printed.splitlines()[0] in text
    assert "a split that is made afterwards" in text
    assert "an upper limit of what choosing among these forecasts could earn, and no method" in text
    columns = {
        "worth": ("worth", "low", "high"), "populations": ("worth", "low", "high"), "days": ("worth", "low", "high"),
        "differences": ("difference", "low", "high", "sum_of_customers"),
        "winners": ("worst", "median", "best"), "errors": ("worth", "low", "high", "below_foresight"),
        "choices": ("value", "below_the_best", "low"), "choices_later": ("below_the_best",),
        "combinations": ("added", "low", "high"),
    }  # fmt: skip
    for name, shown in columns.items():
        part = text[text.index(_title(page, name)) :]
        for column in shown:
            for value in table(out, name)[column]:
                expected = f"{int(value):,}".replace("-", "−") if float(value).is_integer() else number(value)
                assert expected in part, (name, column, value)


def _title(page: bytes, name: str) -> str:
    found = re.search(rf"<code>{name}</code>: (.*?) \([\d,]+ rows\)", page.decode())
    assert found
    return found[1]


def test_the_scenario_beside_the_page_runs(made: tuple[Path, str], tmp_path: Path) -> None:
    out, _ = made
    answer = omnisim_command(
        "run", out / "scenario.toml", "--rounds", 15, "--out", tmp_path / "run",
        "--set", "forecaster.kind=published", "--set", "forecaster.model=sharp",
    )  # fmt: skip
    assert answer.code == 0, answer.err


@pytest.mark.whole
def test_another_command_does_not_replace_the_results_unless_told_to(
    files: tuple[Path, list[str]], tmp_path: Path
) -> None:
    prices, forecasts = files
    first = ["value", forecasts[0], "--prices", prices, *QUICK, "--out", tmp_path]
    other = ["value", forecasts[1], "--prices", prices, *QUICK, "--out", tmp_path]
    assert omnisim_command(*first).code == 0
    refused = omnisim_command(*other)
    assert refused.code == 1
    assert "holds the results of another command, omnisim value" in refused.err
    assert "--force" in refused.err
    assert omnisim_command(*first).code == 0
    assert omnisim_command(*other, "--force").code == 0
    assert json.loads((tmp_path / "manifest.json").read_text())["forecasts"] == "blunt"
    holding = "import sys; from omnisim.output_folder import held\nwith held(__import__('pathlib').Path(sys.argv[1])):"
    code = f"{holding}\n    print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(  # noqa: S603 (this interpreter)
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        in_use = omnisim_command(*other)
    assert in_use.code == 1
    assert "in use" in in_use.err


def test_one_forecast_has_no_measures_to_choose_by(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    answer = omnisim_command("value", f"vendor={forecasts[0]}", "--prices", prices, *QUICK, "--out", tmp_path)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("vendor was worth")
    assert not (tmp_path / "choices.csv").exists()
    assert not (tmp_path / "differences.csv").exists()
    assert set(table(tmp_path, "worth")["forecast"]) == {"vendor", "perfect foresight"}


@pytest.mark.whole
def test_columns_of_one_file_and_of_the_prices_are_forecasts_too(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    frame = pd.read_csv(prices)
    for name, file in zip(("sharp", "blunt"), forecasts, strict=False):
        frame[name] = pd.read_csv(file)["forecast"]
    both = tmp_path / "both.csv"
    frame.to_csv(both, index=False)
    several = tmp_path / "several.csv"
    frame.rename(columns={"price EUR/MWh": "Real price"}).to_csv(several, index=False)
    worths = []
    for k, arguments in enumerate(
        (
            ["sharp", "blunt", "--prices", both, "--set", "market.price=price EUR/MWh"],
            [several, "--prices", prices],
            [*forecasts[:2], "--prices", prices],
        )
    ):
        answer = omnisim_command("value", *arguments, *QUICK, "--out", tmp_path / str(k))
        assert answer.code == 0, answer.err
        worths.append(table(tmp_path / str(k), "worth"))
    pd.testing.assert_frame_equal(worths[0], worths[2])
    pd.testing.assert_frame_equal(worths[1], worths[2])


def test_customers_are_the_populations_of_a_scenario(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    (tmp_path / "mine.toml").write_text('[populations.pumps]\nkind = "deferrable_loads"\nagents = 3\n')
    customers = ["--customers", tmp_path / "mine.toml"]
    answer = omnisim_command(
        "value", forecasts[0], "--prices", prices, *customers, "--rounds", 15, "--seeds", 1, "--jobs", 1,
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert set(table(tmp_path / "out", "populations")["population"]) == {"pumps"}


@pytest.mark.whole
def test_results_of_other_customers_have_another_folder(
    files: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where two scenarios of a folder say the same of them; the same command has its folder again."""
    monkeypatch.chdir(tmp_path)
    prices, forecasts = files
    for name, agents in (("a", 1), ("b", 1), ("c", 2)):
        Path(f"{name}.toml").write_text(f'[populations.pumps]\nkind = "deferrable_loads"\nagents = {agents}\n')
    pages = []
    for name in "abca":
        customers = ["--customers", f"{name}.toml", "--rounds", 15, "--seeds", 1, "--jobs", 1]
        answer = omnisim_command("value", forecasts[0], "--prices", prices, *customers)
        assert answer.code == 0, answer.err
        pages.append(answer.out.splitlines()[-1])
    assert len({*pages}) == 3
    assert pages[0] == pages[3]
    assert len([*Path("reports").glob("value-prices-*")]) == 3
    digests = {
        digest_of("5e4b6bfd1e", who, risk) for who in (None, "a", "b") for risk in (None, "cvar:0.9", "cvar:0.8")
    }
    assert len(digests) == 9
    assert {len(each) for each in digests} == {10}


@pytest.mark.whole
def test_customers_of_a_table_have_names_and_count_as_often_as_they_stand_for_one(
    files: tuple[Path, list[str]], tmp_path: Path
) -> None:
    prices, forecasts = files
    (tmp_path / "fleet.csv").write_text("name,weight,power_mw\nsmall,10,1\nlarge,1,50\n")
    scenario = '[populations.storage]\nkind = "storage"\ntable = "fleet.csv"\ntypical_price = {}\n'
    typical = tomllib.loads(
        (_value(prices, forecasts, f"storage={tmp_path / 'fleet.csv'}", tmp_path / "a")).read_text()
    )
    price = typical["populations"]["storage"]["typical_price"]
    assert price != 45.0
    (tmp_path / "fleet.toml").write_text(scenario.format(price))
    _value(prices, forecasts, tmp_path / "fleet.toml", tmp_path / "b")
    for out in (tmp_path / "a", tmp_path / "b"):
        rows = table(out, "customers")
        rows = rows[rows["forecast"] == "perfect foresight"].set_index("name")
        assert list(rows["stands_for"]) == [10, 1]
        assert rows.loc["large", "worth"] > 5 * rows.loc["small", "worth"] > 0
        mean = (10 * rows.loc["small", "worth"] + rows.loc["large", "worth"]) / 11
        for name in ("worth", "populations"):
            found = table(out, name).set_index("forecast")
            assert found.loc["perfect foresight", "worth"] == pytest.approx(mean)
        assert "2 storage for 11" in Parsed((out / "report.html").read_bytes()).text


def _value(prices: Path, forecasts: list[str], customers: object, out: Path) -> Path:
    answer = omnisim_command(
        "value", *forecasts[:2], "--prices", prices, "--customers", customers, "--rounds", 15, "--seeds", 1,
        "--jobs", 1, "--out", out,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    return out / "scenario.toml"


@pytest.mark.whole
def test_the_numbers_do_not_depend_on_the_jobs(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    for jobs in (1, 2):
        arguments = [*forecasts[:2], "--prices", prices, *FEW, "--rounds", 15, "--seeds", 2, "--jobs", jobs]
        assert omnisim_command("value", *arguments, "--out", tmp_path / str(jobs)).code == 0
    for name in ("worth", "choices", "errors", "customers", "combinations"):
        assert (tmp_path / "1" / f"{name}.csv").read_bytes() == (tmp_path / "2" / f"{name}.csv").read_bytes()


def test_a_wide_file_and_other_signs_are_read(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    frame = pd.read_csv(forecasts[0])
    days = frame["forecast"].to_numpy().reshape(DAYS, 24)
    wide = pd.DataFrame(days, columns=[f"{h}" for h in range(1, 25)])
    wide.insert(0, "date", pd.date_range("2023-03-01", periods=DAYS).strftime("%Y-%m-%d"))
    wide.to_csv(tmp_path / "wide.csv", index=False)
    german = frame.assign(time=pd.to_datetime(frame["time"]).dt.strftime("%d.%m.%Y %H:%M"))
    german.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",")
    answer = omnisim_command(
        "value", tmp_path / "wide.csv", tmp_path / "german.csv", "--prices", prices, *QUICK, "--out", tmp_path / "out"
    )
    assert answer.code == 0, answer.err
    rows = table(tmp_path / "out", "worth").set_index("forecast")["worth"]
    assert np.isclose(rows["wide"], rows["german"])


BAD = [
    (["nothing.csv"], r"nothing\.csv"),
    (["no_column"], "'no_column' is neither a file nor a column of .*prices.csv"),
    (["{sharp}", "{sharp}"], "forecast 'sharp' is given 2 times: .*NAME=FILE"),
    (["climatology={sharp}"], "forecast 'climatology' has the name of what forecasts are held against"),
    (["={sharp}"], "must have the form NAME=FILE"),
    (["{prices}"], "is the price|is exactly the price|price itself"),
    (["{short}"], "forecast 'short': 20 days have no forecast"),
    (["{words}"], "words.csv: no column holds numbers"),
    (["{sharp}", "--customers", "{missing}"], "--customers .*missing.toml: there is no such file"),
    (["{sharp}", "--customers", "{empty}"], r"--customers .*empty.toml: has no table \[populations.NAME\]"),
    (["{sharp}", "--customers", "{broken}"], "--customers .*broken.toml: is not valid TOML"),
    (["{sharp}", "--customers", "{short}"], "must be a scenario .*or KIND=TABLE"),
    (["{sharp}", "--customers", "storrage={short}"], "storrage.*storage"),
    (["{sharp}", "--customers", "storage={missing}"], "missing.toml"),
    (["{sharp}", "--seeds", "0"], "seeds must be >= 1, got 0"),
    (["{sharp}", "--jobs", "0"], "jobs must be a number of processes >= 1"),
    (["{sharp}", "--set", "adversary.kind=worst_case"], "must be 'replay'"),
    (["{sharp}", "--rounds", "99"], "rounds: is 99, but the market has only"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(each) for each, _ in BAD])
def test_bad_input_is_refused_in_one_line(
    files: tuple[Path, list[str]], tmp_path: Path, arguments: list[str], said: str
) -> None:
    prices, forecasts = files
    text = Path(forecasts[0]).read_text()
    (tmp_path / "short.csv").write_text("\n".join(text.splitlines()[: 1 + 20 * 24]) + "\n")
    (tmp_path / "words.csv").write_text("time,forecast\n2023-03-01 00:00,a\n2023-03-01 01:00,b\n")
    (tmp_path / "empty.toml").write_text("seed = 1\n")
    (tmp_path / "broken.toml").write_text("= 1\n")
    names = {name: tmp_path / f"{name}.csv" for name in ("short", "words")}
    names |= {name: tmp_path / f"{name}.toml" for name in ("missing", "empty", "broken")}
    names |= {"sharp": forecasts[0], "prices": prices}
    filled = [each.format(**names) for each in arguments]
    answer = omnisim_command(
        "value", *filled, "--prices", prices, *([] if "--customers" in arguments else FEW),
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert answer.code == 1, answer
    assert answer.out == ""
    lines = [line for line in answer.err.splitlines() if "warning:" not in line]
    assert len(lines) == 1, answer.err
    assert re.search(said, lines[0]), lines[0]
    assert not (tmp_path / "out").exists()


def test_files_of_forecasts_may_be_set_for_a_run_of_prices(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, forecasts = files
    answer = omnisim_command(
        "run", "--prices", prices, "--set", f"market.forecast_files.vendor.path={forecasts[0]}", "--rounds", 15,
        "--set", "forecaster.kind=published", "--set", "forecaster.model=vendor", "--out", tmp_path, *FEW,
    )  # fmt: skip
    assert answer.code == 0, answer.err


def test_a_signal_may_be_set_for_a_run_of_prices(files: tuple[Path, list[str]], tmp_path: Path) -> None:
    prices, _ = files
    keys = {"path": prices, "column": "price EUR/MWh", "unit": "kg/MWh"}
    given = [part for key, value in keys.items() for part in ("--set", f"market.signals.emissions.{key}={value}")]
    answer = omnisim_command("run", "--prices", prices, *given, "--rounds", 15, "--out", tmp_path, *FEW)
    assert answer.code == 0, answer.err
    assert [block.name for block in omnisim.load_trace(tmp_path / "trace.npz").blocks] == ["price", "emissions"]


def test_the_report_of_a_run_is_not_asked_of_the_folder_of_something_else(made: tuple[Path, str]) -> None:
    line = omnisim_command("report", made[0]).err.removeprefix("omnisim: ")
    assert line.startswith(f"{made[0]}: is no run; the command that wrote it writes its page again: omnisim value ")


def test_names_come_from_files_columns_and_labels(files: tuple[Path, list[str]]) -> None:
    prices, forecasts = files
    found, names = overrides_of([f"mine={forecasts[0]}", forecasts[1]], prices, {})
    assert names == ["mine", "blunt"]
    assert {name: Path(each["path"]).name for name, each in found["market.forecast_files"].items()} == {
        "mine": "sharp.csv", "blunt": "blunt.csv",
    }  # fmt: skip


def test_prices_are_needed(files: tuple[Path, list[str]]) -> None:
    answer = omnisim_command("value", files[1][0])
    assert answer.code == 2
    assert "--prices" in answer.err
