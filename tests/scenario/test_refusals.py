"""Bad input: one line that names the file, the key, the value and what would be right; exit code 1; nothing written.

Every case runs the command, so that what is tested is what a user sees.
"""

import os
from pathlib import Path

import pytest
from scenario_files import TOY, omnisim_command, prices, refusal, write_prices, write_scenario

TOP = "name, description, seed, rounds, horizon, market, populations, forecaster, adversary, elimination"
RULE = "must be true, for every round, or a table with feature, operator, and value or quantile"
NUMBERS = "must be a finite number, or a list of them for the operator 'in'"

UNKNOWN_KEYS = {
    "sed=3": f"sed: unknown key: did you mean 'seed'? available: {TOP}",
    "plugin='os'": f"plugin: unknown key: available: {TOP}",
    "timezone='Europe/Oslo'": "timezone: unknown key: did you mean 'market.timezone'?",
    "lag=7": "lag: unknown key: did you mean 'forecaster.lag'?",
    "market.pirce='x'": "market.pirce: unknown key: did you mean 'price'? available: ",
    "forecaster.lagg=2": "forecaster.lagg: unknown key: did you mean 'lag'? available: kind, lag",
    "adversary={kind='seasonal', nois=1.0}": "adversary.nois: unknown key: did you mean 'noise'?",
    "adversary={kind='replay', outcomes=[[1.0]]}": "adversary.outcomes: unknown key: available: kind",
    "populations.buyers.agentss=3": "populations.buyers.agentss: unknown key: did you mean 'agents'?",
    "elimination={kind='first_violation', feedbak='full'}": (
        "elimination.feedbak: unknown key: did you mean 'feedback'? available: kind, feedback, on_empty"
    ),
    "populations.buyers.elimination={kind='first_violation', feedbak='full'}": (
        "populations.buyers.elimination.feedbak: unknown key: did you mean 'feedback'?"
    ),
    "subsequences.w={featur='weekday', operator='<', value=5}": (
        "subsequences.w.featur: unknown key: did you mean 'feature'? "
        "available: feature, operator, value, quantile, window"
    ),
    "subsequences.w={rule='weekday'}": "subsequences.w.rule: unknown key",
    "forecaster={kind='decision_calibrated', bases=[{kind='persistence', lg=7}]}": (
        "forecaster.bases.0.lg: unknown key: did you mean 'lag'? available: kind, lag"
    ),
    "market.source.x=1": "--set market.source.x: 'source' is a value, not a table, so it has no key 'x'",
}

WRONG_TYPES = {
    "name=3": "name: must be a string in quotes, got 3",
    "name=''": "name: must be a string that is not empty, got ''",
    "description=true": "description: must be a string in quotes, got true",
    "seed='a'": "seed: must be a whole number, got 'a'",
    "seed=1.5": "seed: must be a whole number, got 1.5",
    "seed=true": "seed: must be a whole number, got true",
    "seed=-1": "seed: must be >= 0, got -1",
    "rounds=2.0": "rounds: must be a whole number, got 2.0",
    "rounds=0": "rounds: must be >= 1, got 0",
    "rounds=100000000000000000000": "rounds: must be <= 1000000000, got 100000000000000000000",
    "market=3": "market: must be a table, got 3",
    "market.low='a'": "market.low: must be a number, got 'a'",
    "market.low=1979-05-27": "market.low: must be a number, got 1979-05-27",
    "market.first_day='2021-01-02'": (
        "market.first_day: must be a date without quotes, such as 2021-12-31, got '2021-01-02'"
    ),
    "market.path=3": "market.path: must be a path in quotes, got 3",
    "market.features='load'": "market.features: must be a list, got 'load'",
    "market.features=[1]": "market.features.0: must be a string in quotes, got 1",
    "market.select='a'": "market.select: must be a table, got 'a'",
    "market.select={load=3}": "market.select.load: must be a string in quotes, got 3",
    "market.missing='drop'": "market.missing: must be 'error', 'interpolate' or 'drop_day', got 'drop'",
    "forecaster='persistence'": "forecaster: must be a table, got 'persistence'",
    "forecaster.lag=1.0": "forecaster.lag: must be a whole number, got 1.0",
    "forecaster.lag=[1, 2]": "forecaster.lag: must be a whole number, got [1, 2]",
    "forecaster={kind='ridge_autoregression', lags=1}": "forecaster.lags: must be a list, got 1",
    "forecaster={kind='ridge_autoregression', lags=['a']}": "forecaster.lags.0: must be a whole number, got 'a'",
    "adversary={kind='demand_response', generator_file=3}": "adversary.generator_file: must be a path in quotes, got 3",
    "market.forecast_files.a={column='b'}": "market.forecast_files.a.path: is missing",
    "adversary=[]": "adversary: must be a table, got []",
    "adversary={kind='independent', support=3}": "adversary.support: must be a list, got 3",
    "elimination={kind='first_violation', feedback='half'}": (
        "elimination.feedback: must be 'full' or 'played', got 'half'"
    ),
    "populations=3": "populations: must be a table, got 3",
    "populations={}": "populations: must be a table with at least one entry, got an empty table",
    "populations.buyers=3": "populations.buyers: must be a table, got 3",
    "populations.buyers.agents=2.5": "populations.buyers.agents: must be a whole number, got 2.5",
    "populations.buyers.stress_price='x'": "populations.buyers.stress_price: must be a number, got 'x'",
    "populations.buyers.elimination='first_violation'": (
        "populations.buyers.elimination: must be a table, got 'first_violation'"
    ),
    "populations.buyers.elimination={kind='first_violation', on_empty='stop'}": (
        "populations.buyers.elimination.on_empty: must be 'fallback' or 'error', got 'stop'"
    ),
    "subsequences=3": "subsequences: must be a table, got 3",
    "subsequences={}": "subsequences: must be a table with at least one entry, got an empty table",
    "subsequences.all=false": f"subsequences.all: {RULE}, got false",
    "subsequences.all=1": f"subsequences.all: {RULE}, got 1",
    "subsequences.all='yes'": f"subsequences.all: {RULE}, got 'yes'",
    "subsequences.w={feature=3, operator='<', value=5}": "subsequences.w.feature: must be a string in quotes, got 3",
    "subsequences.w={feature='weekday', operator='~', value=5}": (
        "subsequences.w.operator: must be '<', '<=', '>', '>=', '==', '!=' or 'in', got '~'"
    ),
    "subsequences.w={feature='weekday', operator='<', value='a'}": f"subsequences.w.value: {NUMBERS}, got 'a'",
    "subsequences.w={feature='weekday', operator='in', value=['a']}": f"subsequences.w.value: {NUMBERS}, got ['a']",
    "subsequences.w={feature='weekday', operator='in', value=[]}": f"subsequences.w.value: {NUMBERS}, got []",
    "subsequences.w={feature='weekday', operator='<', value=true}": f"subsequences.w.value: {NUMBERS}, got true",
    "subsequences.w={feature='weekday', operator='<', value=nan}": f"subsequences.w.value: {NUMBERS}, got nan",
    "subsequences.w={feature='weekday', operator='<', value=5, window=1.5}": (
        "subsequences.w.window: must be a whole number, got 1.5"
    ),
}

UNKNOWN_NAMES = {
    "forecaster.kind='persistance'": "forecaster.kind: is 'persistance': did you mean 'persistence'? available: climat",
    "forecaster.kind=3": "forecaster.kind: is 3: available: climatology, ",
    "forecaster={kind='os:system'}": "forecaster.kind: is 'os:system': ",
    "populations.buyers.kind='energy'": "populations.buyers.kind: is 'energy': did you mean 'energy_buyers'?",
    "market.source='fil'": (
        "market.source: is 'fil': did you mean 'file'? available: caiso, ember, energy_charts, entsoe"
    ),
    "adversary.kind='replai'": "adversary.kind: is 'replai': did you mean 'replay'? available: ",
    "elimination.kind='frist_violation'": "elimination.kind: is 'frist_violation': did you mean 'first_violation'?",
    "populations.buyers.elimination.kind='frist_violation'": (
        "populations.buyers.elimination.kind: is 'frist_violation': did you mean 'first_violation'?"
    ),
    "subsequences.w={feature='weekdya', operator='<', value=5}": (
        "subsequences.w: a rule names the feature 'weekdya', which does not exist: did you mean 'weekday'? "
        "available: weekday, month, day_of_year, yesterday_price, price_forecast"
    ),
    "market={source='ercot', low=0, high=100, series='hb_wst'}": "market: ERCOT has no series 'hb_wst': did you mean '",
    "market.timezone='Europe/Olso'": "market: timezone 'Europe/Olso' is unknown: did you mean 'Europe/Oslo'?",
    "market.price='pirce'": "market: prices.csv has no column 'pirce': did you mean 'price'?",
    "forecaster={kind='published', model='x'}": "Published names the model 'x', of which there is no forecast: avail",
}

MISSING = {
    "populations.buyers.elimination={}": "populations.buyers.elimination.kind: is missing: available: best_response, ",
    "elimination.feedback='full'": "elimination.kind: is missing: available: best_response, ",
    "adversary={}": "adversary.kind: is missing: available: demand_response, independent, ",
    "market={low=0, high=1}": "market.source: is missing: available: caiso, ember, energy_charts, e",
    "market={source='file', low=0, high=1}": "market.path: is missing",
    "market={source='synthetic'}": "market.low: is missing (and 1 more)",
    "forecaster={lag=1}": "forecaster.kind: is missing: available: climatology, ",
    "forecaster={kind='published'}": "forecaster: Published needs exactly one of predictions and model, got none",
    "populations.buyers={agents=1}": "populations.buyers.kind: is missing: available: budgeted_operators, deferrable",
    "populations.more={kind='manufacturers'}": "populations.more: agents: is missing: a number of them, or a table",
    "adversary={kind='independent'}": "adversary.support: is missing",
    "subsequences.w={}": "subsequences.w.feature: is missing (and 1 more)",
    "subsequences.w={feature='weekday', operator='<'}": (
        "subsequences.w: a rule on 'weekday' needs either a value or a quantile, and not both"
    ),
    "market={source='synthetic', low=0, high=100}": (
        "adversary.kind: is 'replay', but a synthetic market has no prices to replay; choose another adversary, or a ma"
    ),
}

OUT_OF_RANGE = {
    "market.low=nan": "market: low must be a finite price, got nan",
    "market.high=inf": "market: high must be a finite price, got inf",
    "market.high=-5": "market: high must be greater than low, got low 0 and high -5",
    "market.first_day=2030-01-01": "market: first_day is 2030-01-01, outside the data: days 2021-01-01 to 2021-01-10",
    "market.last_day=2020-01-01": "market: last_day is 2020-01-01, outside the data: days 2021-01-01 to 2021-01-10",
    "rounds=11": "rounds: is 11, but the market has only 10 days to play (2021-01-01 to 2021-01-10)",
    "market={source='synthetic', low=0, high=9, first_day=2021-01-01}": (
        "market: first_day and last_day need a market with data: a synthetic one has rounds only"
    ),
    "forecaster.lag=0": "forecaster: lag of Persistence must be at least 1 round, got 0",
    "forecaster={kind='climatology', window=0}": "forecaster: window of Climatology must be at least 1 round, got 0",
    "forecaster={kind='ridge_autoregression', penalty=nan}": "forecaster: penalty of RidgeAutoregression must be > 0, ",
    "market.forecast_files.ours={path='nope.csv'}": "nope.csv does not exist: a file is needed",
    "adversary={kind='seasonal', noise=nan}": "adversary: noise of Seasonal must be >= 0, got nan",
    "adversary={kind='seasonal', dimension=3}": "population 'buyers' has utilities of 24 coordinates: the adversary ",
    "adversary={kind='independent', support=[[2.0]]}": "is 2: every entry must lie in [0, 1]",
    "adversary={kind='independent', support=[[nan]]}": "is nan: every entry must be a finite number",
    "adversary={kind='independent', support=[[0.1], [0.2, 0.3]]}": "adversary: ",
    "adversary={kind='independent', support=[[0.1]], probabilities=[0.5]}": "probabilities must sum to 1",
    "populations.buyers.agents=0": "populations.buyers: agents of EnergyBuyers is 0: it must be a whole number >= 1",
    "populations.buyers.agents=1000000000000000000": "buyers: agents is 1,000,000,000,000,000,000: they take",
    "populations.buyers.agents=10000000000000000000000000": "buyers.agents: is a whole number of 84 bits",
    "populations.buyers.seed=-1": "populations.buyers: seed of EnergyBuyers is -1: it must be a whole number >= 0, or",
    "populations.buyers.typical_price=0": "typical_price of EnergyBuyers is 0.0: it must be a finite number > 0",
    "populations.buyers.headroom=nan": "headroom of EnergyBuyers is nan: it must be a finite number > 0",
    "populations.buyers.size_spread=-1": "size_spread of EnergyBuyers is -1.0: it must be a finite number >= 0",
    "populations.buyers.size_spread=1e6": "populations.buyers: load of the stressed-load constraint[0, 0, 0] is nan",
    "populations.buyers.battery_share=2": "battery_share of EnergyBuyers is 2.0: it must be between 0 and 1",
    "populations.buyers.stress_price=100": (
        "populations.buyers: stress_price of EnergyBuyers is 100.0: it must be >= low 0 and < high 100 of the scaling"
    ),
    "populations.buyers.stress_price=nan": "populations.buyers: stress_price of EnergyBuyers is nan: it must be >= low",
    "populations.''={kind='budgeted_operators', agents=1}": "a population needs a name that is not empty",
    "subsequences.w={feature='weekday', operator='<', value=5, quantile=0.5}": (
        "subsequences.w: a rule on 'weekday' needs either a value or a quantile, and not both"
    ),
    "subsequences.w={feature='weekday', operator='<', value=[1]}": (
        "subsequences.w: value of a rule on 'weekday' is [1.0]: the operator 'in' needs a list of numbers"
    ),
    "subsequences.w={feature='weekday', operator='in', value=1}": (
        "subsequences.w: value of a rule on 'weekday' is 1.0: the operator 'in' needs a list of numbers"
    ),
    "subsequences.w={feature='weekday', operator='<', quantile=2}": (
        "subsequences.w: quantile of a rule on 'weekday' is 2.0: it must lie in (0, 1)"
    ),
    "subsequences.w={feature='weekday', operator='<', quantile=0.5, window=0}": (
        "subsequences.w: window of a rule on 'weekday' is 0: it must be at least 1 round"
    ),
    "subsequences.w={feature='weekday', operator='<', value=0}": "subsequence 'w' is empty: it is active in none of t",
    "subsequences={w={feature='weekday', operator='<', value=5}}": (
        'in no subsequence (4 such rounds): together they must cover all rounds (add "all")'
    ),
    'subsequences."a\\nb"={feature="x", operator="<", value=5}': "subsequences.a b: a rule names the feature 'x'",
}

OVERRIDES = UNKNOWN_KEYS | WRONG_TYPES | UNKNOWN_NAMES | MISSING | OUT_OF_RANGE


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("override", OVERRIDES)
def test_a_bad_key_or_value(toy: Path, override: str) -> None:
    out = toy.parent / "reports" / "out"
    if override.startswith(("subsequences.w=", "subsequences.a", 'subsequences."')):
        toy.write_text(toy.read_text() + "\n[subsequences]\nbase = true\n")
    line = refusal("run", toy, "--out", out, "--set", override)
    assert OVERRIDES[override] in line
    assert line.startswith((f"{toy}: ", "--set "))
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("removed", "wanted"),
    [
        ('kind = "persistence"\n', "forecaster.kind: is missing: available: climatology, "),
        ('source = "file"\n', "market.source: is missing: available: caiso, "),
        ('kind = "energy_buyers"\n', "populations.buyers.kind: is missing: available: budgeted_operators, "),
        ('[forecaster]\nkind = "persistence"\n', "forecaster: is missing"),
        (TOY[TOY.index("[populations") :], "populations: is missing"),
        (TOY, "market: is missing (and 2 more)"),
    ],
)
def test_a_missing_part(tmp_path: Path, removed: str, wanted: str) -> None:
    path = write_scenario(tmp_path, TOY.replace(removed, ""))
    assert refusal("validate", path).startswith(f"{path}: {wanted}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("seed = = 3", "is not valid TOML: Invalid value (at line 1, column 8)"),
        (TOY + '[populations.buyers]\nkind = "manufacturers"\n', "twice (at line 16, column 20): names must differ"),
        (TOY.replace("low = 0.0", "low = 0.0\nlow = 1.0"), "(at line 7, column 10): names must differ"),
        ("a = 1\0", "is not valid TOML"),
    ],
)
def test_a_file_that_is_not_toml(tmp_path: Path, text: str, wanted: str) -> None:
    path = write_scenario(tmp_path, text)
    line = refusal("validate", path)
    assert line.startswith(f"{path}: is not valid TOML: ")
    assert wanted in line


def test_a_file_that_is_not_utf8(toy: Path) -> None:
    toy.write_bytes(TOY.encode() + b'description = "\xe9"')
    assert refusal("validate", toy) == f"{toy}: is not a text file in UTF-8 (line 16): invalid continuation byte"


def test_a_byte_order_mark_is_not_an_error(toy: Path) -> None:
    toy.write_bytes(b"\xef\xbb\xbf" + TOY.replace("\n", "\r\n").encode())
    assert omnisim_command("validate", toy).code == 0


def test_a_folder_a_missing_file_and_an_unknown_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert refusal("run", folder) == f"{folder}: cannot be read: Is a directory"
    assert refusal("run", tmp_path) == f"{tmp_path}: cannot be read: Is a directory"
    assert refusal("run", tmp_path / "no.toml") == f"{tmp_path / 'no.toml'}: there is no such file"
    line = refusal("run", "ercot_day_ahed")
    assert line.startswith("ercot_day_ahed: is neither a .toml file nor a shipped scenario: did you mean 'ercot_day_ah")
    assert "shipped scenario" in refusal("run", "a" * 5000)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(toy: Path) -> None:
    toy.chmod(0)
    assert refusal("validate", toy) == f"{toy}: cannot be read: Permission denied"


class TestPriceFiles:
    def test_missing(self, toy: Path) -> None:
        (toy.parent / "prices.csv").unlink()
        missing = toy.parent / "prices.csv"
        assert refusal("validate", toy) == f"{toy}: market: {missing} does not exist: a file is needed"

    def test_a_name_that_no_system_allows(self, toy: Path) -> None:
        line = refusal("validate", toy, "--set", f"market.path='{'a' * 5000}.csv'")
        assert line.startswith(f"{toy}: market: ")
        assert "too long" in line.lower()

    def test_gaps(self, toy: Path) -> None:
        lines = (toy.parent / "prices.csv").read_text().splitlines()
        (toy.parent / "prices.csv").write_text("\n".join(lines[:30] + lines[33:]))
        assert refusal("validate", toy).startswith(
            f"{toy}: market: prices.csv: hour 2021-01-02 05:00 has no price (3 such hours): "
            "set missing to 'interpolate' or 'drop_day' to allow gaps"
        )

    def test_a_price_that_is_not_a_number(self, toy: Path) -> None:
        lines = (toy.parent / "prices.csv").read_text().splitlines()
        lines[5] = lines[5].replace(lines[5].split(",")[1], "cheap")
        (toy.parent / "prices.csv").write_text("\n".join(lines))
        line = refusal("validate", toy)
        assert line.startswith(f"{toy}: market: prices.csv: line 6: price is 'cheap': it must be a finite number")

    @pytest.mark.parametrize("kept", [0, 1, 4, 50, 1000, -1])
    def test_a_parquet_file_cut_short(self, toy: Path, kept: int) -> None:
        import pandas as pd

        path = toy.parent / "prices.parquet"
        pd.read_csv(toy.parent / "prices.csv").to_parquet(path)
        path.write_bytes(path.read_bytes()[:kept])
        line = refusal("validate", toy, "--set", f"market.path='{path}'")
        assert line.startswith(f"{toy}: market: prices.parquet: is not a readable Parquet file (")

    @pytest.mark.long
    def test_a_parquet_file_with_wrong_bytes(self, toy: Path) -> None:
        import pandas as pd

        path = toy.parent / "prices.parquet"
        pd.read_csv(toy.parent / "prices.csv").to_parquet(path)
        good = path.read_bytes()
        for start in range(0, len(good), len(good) // 12):
            path.write_bytes(good[:start] + b"\xff" * 40 + good[start + 40 :])
            answer = omnisim_command("validate", toy, "--set", f"market.path='{path}'")
            assert answer.code in (0, 1)  # bytes that are never read do no harm
            assert answer.err.count("\n") == answer.code

    def test_first_day_after_last_day(self, toy: Path) -> None:
        line = refusal("validate", toy, "--set", "market.first_day=2021-01-05", "--set", "market.last_day=2021-01-04")
        assert line.endswith("market: first_day is 2021-01-05, after last_day 2021-01-04: it must not be later")


class TestOverrides:
    @pytest.mark.parametrize("text", ["seed", "=3", " =3", ""])
    def test_must_be_key_and_value(self, toy: Path, text: str) -> None:
        line = refusal("validate", toy, "--set", text)
        assert line.startswith("--set ")
        assert line.endswith("must have the form KEY=VALUE, for example forecaster.lag=7")

    @pytest.mark.parametrize("key", ["populations..agents", ".", "forecaster.", "populations.my buyers.agents"])
    def test_must_have_a_dotted_key(self, toy: Path, key: str) -> None:
        assert refusal("validate", toy, "--set", f"{key}=3") == (
            f"--set {key}: is not a dotted key such as forecaster.lag (a name with spaces or dots goes in quotes)"
        )

    def test_a_line_break_adds_no_second_key(self, toy: Path) -> None:
        line = refusal("validate", toy, "--set", "forecaster.lag=1\nrounds=2")
        assert line.endswith(r"forecaster.lag: must be a whole number, got '1\nrounds=2'")

    def test_several_errors_are_counted(self, toy: Path) -> None:
        line = refusal("validate", toy, "--set", "seed='a'", "--set", "rounds='b'", "--set", "forecaster.lagg=1")
        assert line.startswith(f"{toy}: forecaster.lagg: unknown key: did you mean 'lag'?")
        assert line.endswith("(and 2 more)")

    def test_options_are_checked_like_keys(self, toy: Path) -> None:
        assert refusal("run", toy, "--seed", "-1") == f"{toy}: seed: must be >= 0, got -1"
        assert refusal("run", toy, "--rounds", "0") == f"{toy}: rounds: must be >= 1, got 0"
        assert refusal("run", toy, "--rounds", "99").startswith(f"{toy}: rounds: is 99, but the market has only 10")


class TestOutput:
    def test_below_a_regular_file(self, toy: Path) -> None:
        file = toy.parent / "file"
        file.write_text("kept")
        for out in (file, file / "below"):
            line = refusal("run", toy, "--out", out)
            assert line.startswith(f"{out}: cannot be written to: ")
            assert line.endswith("; choose another folder with --out")
        assert file.read_text() == "kept"

    @pytest.mark.long
    def test_a_finished_run_is_left_as_it_was(self, toy: Path) -> None:
        out = toy.parent / "out"
        assert omnisim_command("run", toy, "--out", out).code == 0
        before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()}
        for override in ("seed='a'", "populations.buyers.stress_price=100", "market.path='no.csv'"):
            refusal("run", toy, "--out", out, "--set", override)
        refusal("run", toy, "--out", out, "--set", "forecaster={kind='published', model='x'}")  # fails in round 0
        assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()} == before

    def test_an_error_in_the_run_names_the_file_and_leaves_no_folder(self, toy: Path) -> None:
        # Ridge looks for its features once it has 7 lags: round 7 of 10.
        override = "forecaster={kind='ridge_autoregression', features=['wind']}"
        line = refusal("run", toy, "--out", toy.parent / "a" / "b", "--set", override)
        assert line.startswith(f"{toy}: RidgeAutoregression names the feature 'wind'")
        assert not (toy.parent / "a").exists()

    def test_an_empty_candidate_set_that_is_declared_an_error(self, toy: Path) -> None:
        # Plants that may use no energy when the price is above 1, which it always is: all they do violates.
        overrides = [
            "populations.plants={kind='manufacturers', agents=2, curtailment_price=1.0, cap=1e-9}",
            "elimination={kind='first_violation', on_empty='error'}",
        ]
        line = refusal("run", toy, "--out", toy.parent / "out", *(x for o in overrides for x in ("--set", o)))
        assert line.startswith(f"{toy}: ")
        assert "has eliminated all its 8 actions" in line
        assert not (toy.parent / "out").exists()


def test_the_whole_message_stays_on_one_line_whatever_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "two\nlines"
    path = write_scenario(folder)
    write_prices(folder / "prices.csv", prices())
    assert "rounds: must be >= 1" in refusal("run", path, "--rounds", "0")
