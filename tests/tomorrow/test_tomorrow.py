"""A run that goes on day by day is the run over all days, and says of each next day what that run has on record."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from growing_run import ALL, TEXT, arrays, begin, contents, frame, record, run, tomorrow, write
from scenario_files import TOY, omnisim_command, refusal, write_prices, write_scenario

import omnisim

pytestmark = [pytest.mark.whole, pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

FIRST, SOME = 24, 27
"""Days of the file when the run begins, and when the quick tests end."""

LOW, HIGH, BEFORE = "low = ", "high = ", 7


def scale(run_dir: Path) -> tuple[float, float]:
    """What the scenario of a run says of its scale."""
    lines = (run_dir / "scenario.toml").read_text(encoding="utf-8").splitlines()
    low, high = (next(float(line.split("=")[1]) for line in lines if line.startswith(end)) for end in (LOW, HIGH))
    return low, high


def check_same_days(folder: Path, first: int, last: int) -> None:
    """Day after day from one day to another is one run over all of them, of which the documents are copies."""
    run_dir = begin(folder, first)
    told = {}
    for days in range(first + 1, last + 1):
        write(folder, days)
        out = tomorrow(folder)
        assert out.startswith(f"1 day learnt: day {days - BEFORE} of {ALL - BEFORE} was ")
        if days < ALL:
            told[days] = {
                kind: json.loads((run_dir / "tomorrow" / f"{kind}.json").read_text(encoding="utf-8"))
                for kind in ("forecast", "schedules")
            }
    whole = run(folder, "--horizon", ALL - BEFORE, out="whole")
    for name in ("trace.npz", "agents.parquet", "certificates.json", "scenario.toml"):
        assert (run_dir / name).read_bytes() == (whole / name).read_bytes(), name
    write(folder, min(last + 1, ALL), ahead=0)
    longer = record(run(folder, "--horizon", ALL - BEFORE, out="longer"))
    low, high = scale(run_dir)
    assert (longer.true_outcomes > 1).any(), "no price is beyond the scale, so it tests less than it should"
    for days, documents in told.items():
        t = days - BEFORE
        day = str(np.datetime64("2021-01-01") + days)
        assert {each["delivery_day"] for each in documents.values()} == {day} == {str(longer.dates[t])}  # type: ignore[index]
        forecast = np.array([[period["price"], period["within_scale"]] for period in documents["forecast"]["periods"]])
        np.testing.assert_allclose(forecast[:, 0], low + (high - low) * longer.true_predictions[t], rtol=1e-12)
        np.testing.assert_allclose(forecast[:, 1], low + (high - low) * longer.predictions[t], rtol=1e-12)
        assert documents["forecast"]["horizon"]["played"] == t
        customers = {each["customer"]: each for each in documents["schedules"]["customers"]}
        assert len(customers) == 5
        for name, each in longer.records.items():
            assert each.population.load is not None
            for n, action in enumerate(each.actions[t]):
                found = customers[f"{name}/{n}"]
                assert found["action"] == each.population.action_names[action]
                assert found["MWh"] == found["MW"] == each.population.load[n, action].tolist()
                assert found["EUR"] == pytest.approx(-each.population.load[n, action] @ forecast[:, 0])


def test_day_after_day_is_one_run(tmp_path: Path) -> None:
    check_same_days(tmp_path, FIRST, SOME)


def test_sixty_days_in_a_row_are_one_run(tmp_path: Path) -> None:
    """Up to the last day of the horizon, where there is no next day."""
    check_same_days(tmp_path, ALL - 60, ALL)


def test_a_file_may_hold_the_days_since_only_and_several_of_them(tmp_path: Path) -> None:
    run_dir = begin(tmp_path, FIRST)
    write(tmp_path, FIRST + 1, since=FIRST)  # begins on the day after
    tomorrow(tmp_path)
    write(tmp_path, SOME, since=FIRST - 3)  # overlaps
    assert tomorrow(tmp_path).startswith("2 days learnt: ")
    write(tmp_path, SOME)
    whole = run(tmp_path, "--horizon", ALL - BEFORE, out="whole")
    assert arrays(run_dir) == arrays(whole)


@pytest.mark.usefixtures("with_pages")
def test_days_learnt_together_are_told_to_have_no_documents(tmp_path: Path) -> None:
    """But for the one that an earlier call wrote of as its next day."""
    run_dir = begin(tmp_path, FIRST)
    first = np.datetime64("2021-01-01")
    assert "no documents" not in tomorrow(tmp_path)  # writes of the day after FIRST
    write(tmp_path, FIRST + 1)
    assert "no documents" not in tomorrow(tmp_path)
    write(tmp_path, FIRST + 4)
    told = tomorrow(tmp_path)
    expected = f"no documents were written of 2 days from {first + FIRST + 2} to {first + FIRST + 3}, which this call"
    assert expected in told
    assert f"day {FIRST + 4 - BEFORE} of {ALL - BEFORE} that are declared" in (run_dir / "report.html").read_text(
        "utf-8"
    )
    other = begin(tmp_path / "other", FIRST)
    write(tmp_path / "other", FIRST + 1)
    assert f"no documents were written of {first + FIRST}, which this call" in tomorrow(tmp_path / "other")
    assert other.exists()


def test_the_same_day_twice_changes_nothing(tmp_path: Path) -> None:
    run_dir = begin(tmp_path, FIRST)
    tomorrow(tmp_path)
    before = contents(run_dir)
    said = tomorrow(tmp_path)
    assert contents(run_dir) == before
    assert said.startswith(f"nothing new: day {FIRST - BEFORE} of ")
    write(tmp_path, FIRST + 1)
    tomorrow(tmp_path)
    before = contents(run_dir)
    tomorrow(tmp_path)
    assert contents(run_dir) == before


def test_documents_for_spreadsheets_say_the_same(tmp_path: Path) -> None:
    run_dir = begin(tmp_path, FIRST)
    out = tomorrow(tmp_path)
    folder = run_dir / "tomorrow"
    forecast, schedules = (json.loads((folder / f"{kind}.json").read_bytes()) for kind in ("forecast", "schedules"))
    with (folder / "forecast.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [{"time": r["time"], **{k: float(r[k]) for k in ("price", "within_scale")}} for r in rows] == forecast[
        "periods"
    ]
    assert [row["time"] for row in rows] == [f"2021-01-25T{hour:02d}:00" for hour in range(24)] == schedules["times"]
    table = pd.read_csv(folder / "schedules.csv")
    contract = "EUR by contract"
    assert list(table.columns) == ["population", "customer", "time", "action", "MW", "MWh", "EUR", contract]
    for each in schedules["customers"]:
        own = table[table["customer"] == each["customer"]]
        assert own["time"].tolist() == schedules["times"]
        assert own["MWh"].tolist() == each["MWh"]
        assert own["EUR"].sum() == pytest.approx(each["EUR"])
        assert own[contract].sum() == pytest.approx(each[contract]) == pytest.approx(each["EUR"])  # all pay the price
        assert set(own["action"]) == {each["action"]}
    mean = np.mean([period["price"] for period in forecast["periods"]])
    energy = sum(sum(each["MWh"]) for each in schedules["customers"])
    assert f"2021-01-25: forecast {mean:,.2f} EUR/MWh on average, from " in out
    assert f"2021-01-25: schedules of 5 customers, who draw {energy:,.3f} MWh" in out
    certificates = json.loads((run_dir / "certificates.json").read_bytes())
    assert forecast["guarantees"] == certificates
    assert f"guarantees so far: {sum(each['holds'] for each in certificates)} of {len(certificates)} hold" in out


def test_who_is_away_has_no_schedule(tmp_path: Path) -> None:
    text = TEXT.replace("agents = 3\n", "agents = 3\nchurn = { leave = 0.3, join = 0.3 }\n")
    begin(tmp_path, FIRST, text)
    absent = 0
    for days in range(FIRST, SOME):
        write(tmp_path, days)
        tomorrow(tmp_path)
        found = json.loads((tmp_path / "run" / "tomorrow" / "schedules.json").read_bytes())["customers"]
        write(tmp_path, days + 1, ahead=0)
        whole = record(run(tmp_path, "--horizon", ALL - BEFORE, "--force", out="whole"))
        spells, there = whole.about["spells"]["buyers"], whole.records["buyers"].present
        assert there is not None
        present = {f"buyers/{spells[n]}" for n in np.flatnonzero(there[-1])}
        assert {each["customer"] for each in found if each["population"] == "buyers"} == present
        absent += 3 - len(present)
    assert absent, "everybody was there all the time"


def test_other_customers_and_rules(tmp_path: Path) -> None:
    """A learner draws its actions; thresholds for any number of rounds; a forecaster of weights of its own."""
    text = TEXT.replace('kind = "subsequence_threshold"', 'kind = "subsequence_threshold"\ngamma = "anytime"')
    text = text.replace('{ kind = "subsequence_first_violation" }', '{ kind = "hedge" }')
    run_dir = begin(tmp_path, FIRST, text)
    write(tmp_path, FIRST + 2)
    tomorrow(tmp_path)
    whole = run(tmp_path, "--horizon", ALL - BEFORE, out="whole")
    assert (run_dir / "trace.npz").read_bytes() == (whole / "trace.npz").read_bytes()


def test_a_run_on_a_file_of_prices_alone(tmp_path: Path) -> None:
    """As a modeller begins: the scale is chosen from the first days, and stays."""
    prices = write(tmp_path, 60)
    table = frame()[["time", "price"]]
    table.iloc[: 24 * 60].to_csv(prices, index=False)
    answer = omnisim_command("run", "--prices", prices, "--horizon", 60, "--out", tmp_path / "run")
    assert answer.code == 0, answer
    before = scale(tmp_path / "run")
    table.iloc[: 24 * 63].assign(price=lambda t: t["price"].where(t.index < 24 * 60, 5 * t["price"])).to_csv(
        prices, index=False
    )
    assert "3 days learnt: day 48 of 60 was 2021-03-04" in tomorrow(tmp_path)
    assert scale(tmp_path / "run") == before
    low, high = before
    assert record(tmp_path / "run").prices.max() > 5 * 60 > 0
    np.testing.assert_allclose(record(tmp_path / "run").prices[-1], 5 * table["price"][24 * 62 : 24 * 63], rtol=1e-9)
    assert high > low


class TestForecastFiles:
    TEXT = (
        TEXT.replace('forecasts = ["model"]\n', "")
        .replace("[forecaster]", '[market.forecast_files.vendor]\npath = "vendor.csv"\n\n[forecaster]')
        .replace('model = "model"', 'model = "vendor"')
    )

    def write(self, folder: Path, days: int) -> None:
        table = frame()
        table.iloc[: 24 * days][["time", "price", "load"]].to_csv(folder / "prices.csv", index=False)
        ahead = table.iloc[24 * days : 24 * (days + 1)][["time", "load"]]
        with (folder / "prices.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{row.time},,{row.load}\n" for row in ahead.itertuples())

    def write_vendor(self, path: Path, since: int, days: int) -> Path:
        table = frame()[["time", "model"]].rename(columns={"model": "forecast"})
        table.iloc[24 * since : 24 * days].to_csv(path, index=False)
        return path

    def test_of_the_run_or_newer_ones(self, tmp_path: Path) -> None:
        self.write(tmp_path, FIRST)
        self.write_vendor(tmp_path / "vendor.csv", 0, FIRST)
        (tmp_path / "growing.toml").write_text(self.TEXT, encoding="utf-8")
        run_dir = run(tmp_path, "--horizon", ALL - BEFORE)
        self.write(tmp_path, FIRST + 1)
        arguments = ["tomorrow", run_dir, "--prices", tmp_path / "prices.csv"]
        assert "forecast 'vendor': 2 days have no forecast (2021-01-25, 2021-01-26)" in refusal(*arguments)
        newer = self.write_vendor(tmp_path / "newer.csv", FIRST, FIRST + 2)
        answer = omnisim_command(*arguments, "--forecasts", f"vendor={newer}")
        assert (answer.code, answer.err) == (0, "")
        # It goes on with what it was given last, which has grown by then.
        self.write(tmp_path, FIRST + 2)
        self.write_vendor(newer, FIRST + 1, FIRST + 3)
        answer = omnisim_command(*arguments)
        assert (answer.code, answer.err) == (0, "")
        self.write_vendor(tmp_path / "vendor.csv", 0, FIRST + 3)
        whole = run(tmp_path, "--horizon", ALL - BEFORE, out="whole")
        assert arrays(run_dir) == arrays(whole)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("vendor", "--forecasts vendor: must have the form NAME=FILE"),
            ("vender=x.csv", "--forecasts vender: the run has no such file of forecasts: did you mean 'vendor'?"),
            ("vendor=nowhere.csv", "nowhere.csv"),
        ],
    )
    def test_wrong_ones(self, tmp_path: Path, given: str, said: str) -> None:
        self.write(tmp_path, FIRST)
        self.write_vendor(tmp_path / "vendor.csv", 0, FIRST + 1)
        (tmp_path / "growing.toml").write_text(self.TEXT, encoding="utf-8")
        run(tmp_path, "--horizon", ALL - BEFORE)
        assert said in refusal("tomorrow", tmp_path / "run", "--prices", tmp_path / "prices.csv", "--forecasts", given)


def test_what_was_known_before_and_has_changed_since_is_told(tmp_path: Path) -> None:
    begin(tmp_path, FIRST)
    tomorrow(tmp_path)
    table = frame()
    table.loc[24 * FIRST : 24 * (FIRST + 1) - 1, "model"] += 9.0
    table.loc[24 * FIRST : 24 * (FIRST + 1) - 1, "load"] += 9.0
    prices = write(tmp_path, FIRST + 1, table)
    answer = omnisim_command("tomorrow", tmp_path / "run", "--prices", prices)
    assert answer.code == 0
    assert answer.err.startswith("omnisim: warning: 2021-01-25: what was known before it has changed since")


class TestRefusals:
    def check(self, folder: Path, said: str, *options: object) -> None:
        """One line, and nothing is touched."""
        before = contents(folder / "run")
        found = refusal("tomorrow", folder / "run", "--prices", folder / "prices.csv", *options)
        assert said in found, found
        assert contents(folder / "run") == before

    def test_a_price_that_contradicts_a_day_that_was_played(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        table = frame()
        old = table.loc[24 * 20 + 5, "price"]
        table.loc[24 * 20 + 5, "price"] = 12.5
        write(tmp_path, FIRST + 1, table)
        said = (
            f"prices.csv: the price of 2021-01-21 05:00 is 12.5, and the run has played it as {old:g} (1 such values)"
        )
        self.check(tmp_path, said)

    def test_also_of_the_past_and_of_features_and_forecasts(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        for column, day, what in (("price", 2, "price"), ("load", 10, "'load'"), ("model", 23, "'model'")):
            table = frame()
            table.loc[24 * day, column] += 1
            write(tmp_path, FIRST + 1, table)
            self.check(tmp_path, f"the {what} of 2021-01-{day + 1:02d} 00:00 is ")

    def test_rounding_is_no_contradiction(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        table = frame()
        table["price"] *= 1 + 1e-12
        write(tmp_path, FIRST + 1, table)
        tomorrow(tmp_path)
        np.testing.assert_array_equal(record(run_dir).prices[:-1], record(begin(tmp_path / "again", FIRST)).prices)

    def test_a_file_that_ends_before_the_last_day(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        write(tmp_path, FIRST - 1)
        self.check(tmp_path, "prices.csv: ends on 2021-01-23, before the last day that the run has played, 2021-01-24")

    def test_a_day_between_that_is_missing(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        write(tmp_path, FIRST + 3, since=FIRST + 1)
        said = "begins on 2021-01-26, and the run has played up to 2021-01-24: 2021-01-25 is missing"
        self.check(tmp_path, said)

    def test_an_hour_that_is_missing(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        table = frame()
        table.loc[24 * FIRST + 3, "price"] = np.nan
        write(tmp_path, FIRST + 1, table)
        self.check(tmp_path, "hour 2021-01-25 03:00 has no price")

    def test_nothing_known_of_the_next_day(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        write(tmp_path, FIRST + 1, ahead=0)
        self.check(tmp_path, "prices.csv: has no load for 2021-01-26, the day after the last one with prices")

    def test_days_beyond_the_horizon(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST, horizon=FIRST - BEFORE + 1)
        write(tmp_path, FIRST + 2)
        said = f"2021-01-26 would be day {FIRST - BEFORE + 2} of a run whose horizon is {FIRST - BEFORE + 1} days"
        self.check(tmp_path, said)

    def test_the_last_day_of_the_horizon(self, tmp_path: Path) -> None:
        """It is learnt, and there is no next day; the documents about it as the next day go."""
        run_dir = begin(tmp_path, FIRST, horizon=FIRST - BEFORE + 1)
        tomorrow(tmp_path)
        assert sorted(path.name for path in (run_dir / "tomorrow").iterdir()) == [
            *("forecast.csv", "forecast.json", "schedules.csv", "schedules.json")
        ]
        write(tmp_path, FIRST + 1, ahead=0)
        said = tomorrow(tmp_path)
        assert "the declared horizon ends here" in said
        assert not list((run_dir / "tomorrow").iterdir())
        whole = run(tmp_path, "--horizon", FIRST - BEFORE + 1, out="whole")
        assert (run_dir / "trace.npz").read_bytes() == (whole / "trace.npz").read_bytes()

    def test_a_run_without_a_horizon(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        (tmp_path / "growing.toml").write_text(TEXT, encoding="utf-8")
        run(tmp_path)
        self.check(tmp_path, "run: has no state.npz, so this run cannot go on: run it again with --horizon DAYS")

    def test_its_state_goes_with_the_run(self, tmp_path: Path) -> None:
        begin(tmp_path, FIRST)
        tomorrow(tmp_path)
        run(tmp_path, "--force")
        assert not (tmp_path / "run" / "state.npz").exists()
        self.check(tmp_path, "run: has no state.npz")

    def test_documents_go_with_the_run_that_they_are_of(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        tomorrow(tmp_path)
        run(tmp_path, "--horizon", 30, "--force")
        assert not (run_dir / "documents.sqlite").exists()
        assert not (run_dir / "tomorrow").exists()

    def test_no_run_at_all(self, tmp_path: Path) -> None:
        write(tmp_path, FIRST)
        said = refusal("tomorrow", tmp_path / "nowhere", "--prices", tmp_path / "prices.csv")
        assert "nowhere: is not a run directory" in said
        assert not (tmp_path / "nowhere").exists()

    def test_a_market_that_is_not_read_from_a_file(self, tmp_path: Path) -> None:
        options = ["--set", "market.last_day=2021-08-01", "--set", "populations.buyers.agents=2"]
        options += [f"--set=populations.{name}.agents=2" for name in ("factories", "operators")]
        options += ["--set", "subsequences={ all = true }"]
        answer = omnisim_command("run", "ercot_day_ahead", "--horizon", 40, "--out", tmp_path / "run", *options)
        assert answer.code == 0, answer
        write(tmp_path, FIRST)
        self.check(tmp_path, "the market of the run is 'ercot', which is not read from a file")

    @pytest.mark.parametrize("damage", [lambda b: b[:-40], lambda b: b"", lambda b: b[:1000] + b"x" + b[1001:]])
    def test_a_damaged_state(self, tmp_path: Path, damage: object) -> None:
        run_dir = begin(tmp_path, FIRST)
        state = run_dir / "state.npz"
        state.write_bytes(damage(state.read_bytes()))  # type: ignore[operator]
        self.check(tmp_path, "state.npz: is damaged")

    def test_a_checkpoint_in_place_of_the_state(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        (run_dir / "state.npz").unlink()

        class StopError(Exception):
            pass

        def stop(t: int) -> None:
            if t == 5:
                raise StopError

        scenario = omnisim.load_scenario(tmp_path / "growing.toml")
        with pytest.raises(StopError):
            omnisim.simulate(scenario, on_round=stop, checkpoint=omnisim.Checkpoint(run_dir / "state.npz", 2))
        self.check(tmp_path, "state.npz: is not the state of a run that can go on")

    def test_the_state_of_another_run(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        other = begin(tmp_path / "other", FIRST, "seed = 5\n" + TEXT)
        (run_dir / "state.npz").write_bytes((other / "state.npz").read_bytes())
        self.check(tmp_path, "state.npz: is the state of another run than manifest.json tells of")

    def test_the_state_of_an_earlier_day(self, tmp_path: Path) -> None:
        run_dir = begin(tmp_path, FIRST)
        earlier = (run_dir / "state.npz").read_bytes()
        write(tmp_path, FIRST + 1)
        tomorrow(tmp_path)
        (run_dir / "state.npz").write_bytes(earlier)
        self.check(tmp_path, "or of an earlier day: of growing with seed 0 after 17 days")


class TestDeclaring:
    def test_less_than_is_played(self, tmp_path: Path) -> None:
        scenario = write_scenario(tmp_path)
        said = refusal("run", scenario, "--horizon", 9, "--out", tmp_path / "out")
        assert "horizon of scenario 'toy' is 9: it must be a whole number >= rounds, 10" in said

    def test_a_network(self, tmp_path: Path) -> None:
        scenario = write_scenario(tmp_path, TOY + "[network]\n")
        assert "horizon is declared beside a network" in refusal("validate", scenario, "--horizon", 20)

    def test_prices_that_no_file_holds(self, tmp_path: Path) -> None:
        said = refusal("run", "synthetic_seasonal", "--horizon", 100_000, "--out", tmp_path / "out")
        assert "horizon is declared, and the adversary is Seasonal: only a run on data can go on" in said

    def test_who_knows_what_comes(self, tmp_path: Path) -> None:
        scenario = write_scenario(tmp_path, TOY.replace("persistence", "conditional_mean"))
        said = refusal("run", scenario, "--horizon", 20, "--out", tmp_path / "out")
        assert "forecaster is or has a ConditionalMean" in said

    def test_validate_says_it(self, tmp_path: Path) -> None:
        answer = omnisim_command("validate", write_scenario(tmp_path), "--horizon", 20)
        assert "toy: valid; 10 rounds of a horizon of 20; " in answer.out

    def test_a_horizon_that_is_played_is_the_same_run(self, tmp_path: Path) -> None:
        """Where nothing is tuned to subsequences, declaring what is played changes nothing but the word."""
        scenario = write_scenario(tmp_path)
        for out, options in (("plain", []), ("declared", ["--horizon", 10])):
            assert omnisim_command("run", scenario, *options, "--out", tmp_path / out).code == 0
        assert arrays(tmp_path / "plain") == arrays(tmp_path / "declared")
        assert record(tmp_path / "declared").horizon == 10


def test_a_file_whose_last_days_have_no_price_is_read_without_them(tmp_path: Path) -> None:
    path = write(tmp_path, 5, ahead=3)
    market = omnisim.read_prices(path, time="time", price="price", features=["load"], forecasts=["model"])
    assert market.days == 5
    assert "2021-01-06: 3 days have no price yet and were left out" in market.notes
    whole = frame()
    np.testing.assert_array_equal(market.next_day["load"], whole["load"][24 * 5 : 24 * 6])
    np.testing.assert_array_equal(market.next_day["model"], whole["model"][24 * 5 : 24 * 6])
    assert market.between(None, "2021-01-04").next_day == {}
    quarters = market.at("15min").next_day["load"]
    np.testing.assert_array_equal(quarters, np.repeat(whole["load"][24 * 5 : 24 * 6], 4))


def test_prices_files_of_the_helpers_agree(tmp_path: Path) -> None:
    """The file that the other tests write has no prices of a day to come, which ``write`` adds."""
    assert pd.read_csv(write_prices(tmp_path / "p.csv", np.ones((2, 24))))["price"].notna().all()
    assert pd.read_csv(write(tmp_path, 2))["price"].isna().sum() == 24


def test_signals_beside_the_prices_go_on_as_well(tmp_path: Path) -> None:
    """A file of carbon intensity that grows with the prices, and contracts with a cap on the price."""
    times = frame()["time"]
    carbon = tmp_path / "co2.csv"
    intensity = np.random.default_rng(5).uniform(100, 500, len(times)).round(1)

    def known(days: int) -> None:
        pd.DataFrame({"time": times, "emissions": intensity})[: 24 * days].to_csv(carbon, index=False)

    customers = tmp_path / "customers.csv"
    customers.write_text("contract,price_cap_per_mwh,price_of_emissions\nspot,,0.1\ncapped,50,\ncapped,70,0.2\n")
    signals = f"first_day = 2021-01-08\nsignals.emissions = {{ path = '{carbon.as_posix()}', unit = 'kg/MWh' }}\n"
    text = TEXT.replace("first_day = 2021-01-08\n", signals).replace("agents = 3", f"table = '{customers.as_posix()}'")
    known(FIRST)
    run_dir = begin(tmp_path, FIRST, text)
    for days in (FIRST + 1, FIRST + 2):
        write(tmp_path, days)
        known(days)
        tomorrow(tmp_path)
    said = json.loads((run_dir / "tomorrow" / "forecast.json").read_text(encoding="utf-8"))["periods"]
    whole = run(tmp_path, "--horizon", ALL - BEFORE, out="whole")
    assert (run_dir / "trace.npz").read_bytes() == (whole / "trace.npz").read_bytes()
    write(tmp_path, FIRST + 3)
    known(FIRST + 3)
    longer = record(run(tmp_path, "--horizon", ALL - BEFORE, out="longer"))
    for block in longer.blocks:
        told = [period[block.name] for period in said]
        np.testing.assert_allclose(told, block.values(longer.true_predictions[FIRST + 2 - BEFORE]), rtol=1e-12)
    newer = tmp_path / "newer.csv"
    carbon.rename(newer)
    answer = omnisim_command("tomorrow", run_dir, "--prices", tmp_path / "prices.csv")
    assert answer.code == 1
    assert "co2.csv" in answer.err
    named = ("tomorrow", run_dir, "--prices", tmp_path / "prices.csv", "--signals")
    assert "--signals emission: the run has no such signal: did you mean 'emissions'" in (
        omnisim_command(*named, f"emission={newer}").err
    )
    assert "must have the form NAME=FILE, NAME as in market.signals" in omnisim_command(*named, "emissions").err
    assert omnisim_command(*named, f"emissions={newer}").code == 0
    assert (run_dir / "trace.npz").read_bytes() == (tmp_path / "longer" / "trace.npz").read_bytes()
    newer.write_text(  # which is the run's file from here on
        newer.read_text(encoding="utf-8").replace(f",{intensity[24 * 10]}\n", ",777\n"), encoding="utf-8"
    )
    answer = omnisim_command("tomorrow", run_dir, "--prices", tmp_path / "prices.csv")
    assert answer.code == 1
    assert "signals.emissions: its values of 2021-01-11 are not those that the run has played" in answer.err
