"""Scenario files that are right: what ends up in the run."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scenario_files import DAYS, FIRST_DAY, TOY, prices, published, write_prices, write_scenario

import omnisim
from omnisim.errors import OmnisimError, ScenarioError
from omnisim.market import EnergyBuyers, Scaling
from omnisim.scenario import load as loading
from omnisim.scenario.toml import overridden, parse_override

RICH = (
    TOY.replace('path = "prices.csv"', 'path = "prices.csv"\nfeatures = ["load"]\nforecasts = ["model"]')
    + """
[populations.plants]
kind = "manufacturers"
agents = 2
curtailment_price = 60.0

[populations.plants.elimination]
kind = "first_violation"
feedback = "played"

[subsequences]
all = true

[subsequences.weekend]
feature = "weekday"
operator = "in"
value = [5, 6]

[subsequences.dear]
feature = "price_forecast"
operator = ">="
quantile = 0.5
window = 3
"""
)


def load(path: Path, *overrides: str) -> omnisim.Scenario:
    return omnisim.load_scenario(path, dict(map(parse_override, overrides)))


def outcomes(days: slice) -> np.ndarray:
    return prices()[days] / 100  # the toy's scaling: 0 to 100


class TestOverrides:
    @pytest.mark.one_in(2)
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("seed=3", 3),
            ("market.low=-5.5", -5.5),
            ("market.high=200", 200.0),
            ("name='my toy'", "my toy"),
            ("name=my toy", "my toy"),
            ("market.first_day=2021-01-03", dt.date(2021, 1, 3)),
            ("market.features=['load']", ["load"]),
            ("subsequences.all=true", True),
            ("populations.buyers.agents=5", 5),
            ("populations.'buyers'.agents=5", 5),
            ('populations."buyers".agents = 5', 5),
            ("elimination={kind='best_response'}", {"kind": "best_response"}),
        ],
    )
    def test_every_kind_of_value(self, tmp_path: Path, text: str, expected: Any) -> None:
        key, _ = parse_override(text)
        place: Any = load(write_scenario(tmp_path), text).source
        for part in key.replace("'", "").replace('"', "").split("."):
            place = place[part]
        assert place == expected

    def test_a_table_of_strings(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        header, *rows = (tmp_path / "prices.csv").read_text().splitlines()
        west, east = ([f"{row},{zone}" for row in rows] for zone in ("west", "east"))
        (tmp_path / "prices.csv").write_text("\n".join([f"{header},zone", *west, *east]))
        assert load(path, "market.select={zone='west'}").source["market"]["select"] == {"zone": "west"}
        assert load(path, "market.select.zone=east").source["market"]["select"] == {"zone": "east"}

    def test_a_name_with_a_dot_goes_in_quotes(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, TOY.replace("populations.buyers", 'populations."a.b c"'))
        assert load(path, 'populations."a.b c".agents=3').problem(0).populations[0].agents == 3

    def test_a_table_that_the_file_leaves_out_is_made(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        scenario = load(path, "populations.buyers.elimination.kind='best_response'")
        assert isinstance(scenario.elimination_of("buyers"), omnisim.elimination.BestResponse)

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            ({"forecaster.window": 5, "forecaster.kind": "climatology"}, {"kind": "climatology", "window": 5}),
            ({"forecaster.kind": "climatology"}, {"kind": "climatology"}),
            ({"forecaster.kind": "persistence"}, {"kind": "persistence", "lag": 7}),
            ({"forecaster.lag": 2, "forecaster.kind": "persistence"}, {"kind": "persistence", "lag": 2}),
        ],
    )
    def test_another_kind_drops_what_the_file_says_of_its_own_and_no_override(
        self, overrides: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        tree = {"forecaster": {"kind": "persistence", "lag": 7}, "seed": 1}
        assert overridden(tree, overrides) == {"forecaster": expected, "seed": 1}
        assert tree["forecaster"] == {"kind": "persistence", "lag": 7}

    def test_in_python_any_value_will_do(self, tmp_path: Path) -> None:
        scenario = omnisim.load_scenario(write_scenario(tmp_path), {"forecaster.lag": 7, "rounds": 3})
        assert (scenario.forecaster.lag, scenario.horizon) == (7, 3)

    def test_a_bad_key_in_python(self, tmp_path: Path) -> None:
        with pytest.raises(ScenarioError, match=r"^--set a = 1\nb: is not a dotted key"):
            omnisim.load_scenario(write_scenario(tmp_path), {"a = 1\nb": 3})


PUBLISHED = ("forecaster={kind='published', model='ours'}",)


class TestPaths:
    def test_are_relative_to_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write_scenario(tmp_path / "deep" / "er", TOY.replace("prices.csv", "../data/prices.csv"))
        (path.parent / "prices.csv").rename(path.parent / "moved.csv")
        write_prices(tmp_path / "deep" / "data" / "prices.csv", prices())
        write_prices(path.parent / "ours.csv", prices(seed=3))
        monkeypatch.chdir(tmp_path)
        scenario = load(Path("deep/er/toy.toml"), "market.forecast_files.ours={path='ours.csv'}", *PUBLISHED)
        low, high = (scenario.source["market"][end] for end in ("low", "high"))
        np.testing.assert_allclose(low + (high - low) * omnisim.simulate(scenario).predictions, prices(seed=3))
        assert scenario.source["market"]["forecast_files"]["ours"]["path"] == str((path.parent / "ours.csv").resolve())
        assert scenario.source["market"]["path"] == str((tmp_path / "deep/data/prices.csv").resolve())

    def test_a_population_or_subsequence_may_be_called_path(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, TOY.replace("populations.buyers", "populations.path"))
        assert load(path, "subsequences.path=true").problem(0).subsequences == ("path",)


class TestDays:
    def test_all_of_them_by_default(self, tmp_path: Path) -> None:
        scenario = load(write_scenario(tmp_path))
        assert scenario.past is None
        trace = omnisim.simulate(scenario)
        np.testing.assert_allclose(trace.outcomes, outcomes(slice(DAYS)), rtol=1e-15)
        assert [str(day) for day in trace.dates[[0, -1]]] == ["2021-01-01", "2021-01-10"]

    def test_first_last_and_rounds(self, tmp_path: Path) -> None:
        scenario = load(
            write_scenario(tmp_path, RICH),
            "market.first_day=2021-01-03",
            "market.last_day=2021-01-08",
            "rounds=5",
            "subsequences={all=true}",
        )
        trace = omnisim.simulate(scenario)
        np.testing.assert_allclose(trace.outcomes, outcomes(slice(2, 7)), rtol=1e-15)
        assert [str(day) for day in trace.dates[[0, -1]]] == ["2021-01-03", "2021-01-07"]
        problem = scenario.problem(0)
        np.testing.assert_array_equal(problem.features["load"].ravel(), (1000.0 + np.arange(240) % 100)[48:168])
        assert scenario.about["market"]["values"] == 5 * 24

    def test_past_days_reach_the_forecaster(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        day3 = load(path, "market.first_day=2021-01-03")
        assert day3.past is not None
        np.testing.assert_allclose(day3.past.outcomes, outcomes(slice(2)), rtol=1e-15)
        assert [str(day) for day in day3.past.dates] == ["2021-01-01", "2021-01-02"]
        predictions = omnisim.simulate(day3).predictions
        np.testing.assert_allclose(predictions[:2], outcomes(slice(1, 3)), rtol=1e-15)
        assert (omnisim.simulate(load(path)).predictions[0] == 0.5).all()

    def test_the_past_has_features_and_forecasts(self, tmp_path: Path) -> None:
        past = load(write_scenario(tmp_path, RICH), "market.first_day=2021-01-05").past
        assert past is not None
        assert past.features["load"].shape == past.forecasts["model"].shape == (4, 24)
        assert past.forecasts["model"].max() <= 1

    def test_another_adversary_plays_as_many_rounds_as_there_are_days(self, tmp_path: Path) -> None:
        scenario = load(write_scenario(tmp_path), "adversary.kind='seasonal'", "market.first_day=2021-01-03")
        assert scenario.horizon == DAYS - 2

    def test_a_synthetic_market_needs_rounds(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        synthetic = ["market={source='synthetic', low=0, high=100}", "adversary.kind='seasonal'"]
        with pytest.raises(OmnisimError, match=r"does not say how many rounds to run.*: set rounds"):
            load(path, *synthetic)
        trace = omnisim.simulate(load(path, *synthetic, "rounds=4"))
        assert (trace.rounds, trace.dates) == (4, None)

    def test_one_price_a_day(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, RICH)
        days = [f"2021-01-{day:02d},{10 * day},{day % 2 == 0}" for day in range(1, 10)]
        (tmp_path / "days.csv").write_text("\n".join(["time,price,even", *days]))
        market = "{source='file', path='days.csv', resolution='day', features=['even'], low=0, high=100}"
        rule = "subsequences={all=true, even={feature='even', operator='==', value=1}}"
        scenario = load(
            path, f"market={market}", rule, "market.first_day=2021-01-03", "forecaster={kind='persistence'}"
        )
        trace = omnisim.simulate(scenario)
        np.testing.assert_allclose(trace.outcomes[:, 0], np.arange(0.3, 0.95, 0.1))
        np.testing.assert_allclose(trace.predictions[:, 0], np.arange(0.2, 0.85, 0.1))
        np.testing.assert_array_equal(trace.active[:, 1], [False, True] * 3 + [False])
        assert {record.population.dimension for record in trace.records.values()} == {1}
        assert scenario.about["market"]["values"] == 7

    def test_a_synthetic_market_with_one_price_a_day(self, tmp_path: Path) -> None:
        synthetic = ["market={source='synthetic', resolution='day', low=0, high=100}", "rounds=4"]
        path = write_scenario(tmp_path)
        trace = omnisim.simulate(load(path, *synthetic, "adversary={kind='seasonal', dimension=1}"))
        assert trace.outcomes.shape == (4, 1)
        with pytest.raises(OmnisimError, match=r"'buyers' has utilities of 1 coordinate: .* plays 24"):
            load(path, *synthetic, "adversary={kind='seasonal', dimension=24}")
        # Without a dimension it plays as many prices as the agents have.
        for resolution, number in (("day", 1), ("15min", 96)):
            market = f"market={{source='synthetic', resolution='{resolution}', low=0, high=100}}"
            trace = omnisim.simulate(load(path, market, "rounds=4", "adversary={kind='seasonal'}"))
            assert trace.outcomes.shape == (4, number)

    def test_a_rule_needs_a_market_with_days(self, tmp_path: Path) -> None:
        with pytest.raises(ScenarioError, match="a rule names the feature 'weekday', but a synthetic market has no"):
            load(
                write_scenario(tmp_path),
                "market={source='synthetic', low=0, high=100}",
                "adversary.kind='seasonal'",
                "rounds=4",
                "subsequences.w={feature='weekday', operator='<', value=5}",
            )

    def test_clipped_hours_are_counted(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        about = load(path, "market.high=80.0", "rounds=7").about["market"]
        assert about["clipped"] == int((prices()[:7] > 80).sum()) > 0


def test_published_forecasts_of_the_market(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, RICH)
    scenario = load(path, "forecaster={kind='published', model='model'}", "market.first_day=2021-01-02")
    expected = published(prices())[1:] / 100
    np.testing.assert_allclose(omnisim.simulate(scenario).predictions, expected, rtol=1e-12)


def test_epftoolbox_forecasts_play_as_published(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    lines = (tmp_path / "prices.csv").read_text().splitlines()
    rows = [",".join([line.split(",")[0], line.split(",")[1], line.split(",")[3]]) for line in lines[1:]]
    (tmp_path / "Forecasts.csv").write_text("\n".join([",Real price,DNN Ensemble", *rows]))
    market = "market={source='epftoolbox_forecasts', path='Forecasts.csv', low=0, high=100}"
    trace = omnisim.simulate(load(path, market, "forecaster={kind='published', model='dnn_ensemble'}"))
    np.testing.assert_allclose(trace.predictions, published(prices()) / 100, rtol=1e-12)


@pytest.mark.parametrize("stamped", ["Z", ""])
def test_other_files_are_on_the_clock_of_the_market(tmp_path: Path, stamped: str) -> None:
    """An hour ahead of UTC, in which their stamps may be."""
    path, zone = write_scenario(tmp_path), "market.timezone=Europe/Oslo"
    said = prices(seed=3)
    begin = pd.Timestamp(FIRST_DAY) - pd.Timedelta(hours=1 if stamped else 0)
    hours = pd.date_range(begin, periods=said.size, freq="h").strftime(f"%Y-%m-%dT%H:%M{stamped}")
    for name in ("ours", "carbon"):
        pd.DataFrame({"time": hours, name: said.ravel()}).to_csv(tmp_path / f"{name}.csv", index=False)
    found = load(path, zone, "market.forecast_files.ours={path='ours.csv'}")
    np.testing.assert_allclose(found.forecasts["ours"], said / 100)
    found = load(path, zone, "market.signals.carbon={path='carbon.csv', unit='kg/MWh', low=0.0, high=100.0}")
    np.testing.assert_allclose(found.adversary.outcomes, np.hstack([outcomes(slice(DAYS)), said / 100]))


class TestSubsequences:
    def test_the_operator_in(self, tmp_path: Path) -> None:
        problem = load(write_scenario(tmp_path, RICH)).problem(0)
        assert problem.subsequences == ("all", "weekend", "dear")
        # 2021-01-01 was a Friday.
        assert list(np.flatnonzero(problem.active[:, 1])) == [1, 2, 8, 9]

    def test_a_rule_looks_back_on_days_before_the_first(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, RICH)
        whole, later = load(path).problem(0).active, load(path, "market.first_day=2021-01-05").problem(0).active
        np.testing.assert_array_equal(whole[4:], later)

    def test_every_round_by_default(self, tmp_path: Path) -> None:
        problem = load(write_scenario(tmp_path)).problem(0)
        assert problem.subsequences == ("all",)
        assert problem.active.all()


class TestPopulations:
    def test_are_drawn_anew_for_each_seed(self, tmp_path: Path) -> None:
        scenario = load(write_scenario(tmp_path))
        first, again, other = (scenario.problem(seed).populations[0].utility for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_stay_the_same_with_a_seed_of_their_own(self, tmp_path: Path) -> None:
        scenario = load(write_scenario(tmp_path), "populations.buyers.seed=5")
        first, other = (scenario.problem(seed).populations[0].utility for seed in (0, 1))
        np.testing.assert_array_equal(first, other)

    def test_follow_the_seed_of_the_file(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        assert load(path, "seed=4").seed == 4
        trace = omnisim.simulate(load(path, "seed=4"))
        assert trace.about["seed"] == 4
        np.testing.assert_array_equal(
            trace.records["buyers"].population.utility, load(path).problem(4).populations[0].utility
        )

    def test_another_population_changes_nobody(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        alone = load(path).problem(0).populations[0].utility
        more = load(path, "populations.plants={kind='manufacturers', agents=2, curtailment_price=60.0}").problem(0)
        np.testing.assert_array_equal(alone, more.populations[0].utility)

    def test_have_the_rule_of_the_file_or_their_own(self, tmp_path: Path) -> None:
        trace = omnisim.simulate(load(write_scenario(tmp_path, RICH)))
        assert trace.about["elimination"] == {"buyers": "SubsequenceFirstViolation", "plants": "FirstViolation"}

    @pytest.mark.parametrize(("resolution", "periods"), [("hour", 24), ("15min", 96)])
    def test_too_many_for_the_memory_are_refused_before_they_are_drawn(
        self, monkeypatch: pytest.MonkeyPatch, resolution: Any, periods: int
    ) -> None:
        agents = EnergyBuyers(agents=2, stress_price=60.0)
        population = loading.GeneratedPopulation("buyers", agents, Scaling(0.0, 100.0, "EUR"), resolution)
        least = 8 * 2 * agents.agents * agents.menu_size * periods  # schedules and utilities, in bytes
        monkeypatch.setattr(loading, "physical_memory", lambda: least)
        assert population.build(0).agents == 2
        monkeypatch.setattr(loading, "physical_memory", lambda: least - 1)
        with pytest.raises(ScenarioError, match=r"^populations\.buyers: agents is 2: they take at least"):
            population.build(0)


class TestDigest:
    def test_follows_the_contents_of_the_data_and_not_its_place(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path / "here")
        digest = load(path).about["digest"]
        (tmp_path / "there").mkdir()
        (tmp_path / "here" / "prices.csv").rename(tmp_path / "there" / "other.csv")
        moved = "market.path='../there/other.csv'"
        assert load(path, moved).about["digest"] == digest
        assert load(path.rename(tmp_path / "there" / "toy.toml"), "market.path='other.csv'").about["digest"] == digest
        changed = prices()
        changed[9, 23] += 0.01
        write_prices(tmp_path / "there" / "other.csv", changed)
        assert load(tmp_path / "there" / "toy.toml", "market.path='other.csv'").about["digest"] != digest

    def test_follows_a_file_of_forecasts(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        digests = set()
        for seed in (1, 2):
            write_prices(tmp_path / "ours.csv", prices(seed=seed))
            digests.add(load(path, "market.forecast_files.ours={path='ours.csv'}", *PUBLISHED).about["digest"])
        assert len(digests) == 2

    @pytest.mark.parametrize(
        "override", ["seed=1", "rounds=9", "forecaster.lag=2", "populations.buyers.agents=3", "market.high=101"]
    )
    def test_follows_every_key(self, tmp_path: Path, override: str) -> None:
        path = write_scenario(tmp_path)
        assert load(path, override).about["digest"] != load(path).about["digest"]

    @pytest.mark.parametrize("override", ["seed=0", f"rounds={DAYS}", "forecaster.lag=1", "subsequences.all=true"])
    def test_is_the_same_with_a_default_written_out(self, tmp_path: Path, override: str) -> None:
        path = write_scenario(tmp_path)
        assert load(path, override).about["digest"] == load(path).about["digest"]


class TestResolved:
    def test_writes_every_default_out(self, tmp_path: Path) -> None:
        source = load(write_scenario(tmp_path)).source
        assert source["seed"] == 0
        assert source["rounds"] == DAYS
        assert source["forecaster"] == {"kind": "persistence", "lag": 1}
        assert source["elimination"]["kind"] == "subsequence_first_violation"
        assert source["adversary"] == {"kind": "replay"}
        assert source["subsequences"] == {"all": True}
        assert source["populations"]["buyers"]["typical_price"] == 45.0

    def test_takes_the_name_of_the_file(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, TOY.replace('name = "toy"\n', ""))
        assert load(path.rename(tmp_path / "houston.toml")).source["name"] == "houston"

    def test_is_a_fixed_point(self, tmp_path: Path) -> None:
        from omnisim.scenario.toml import to_toml

        first = load(write_scenario(tmp_path / "a", RICH), "market.first_day=2021-01-02")
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "scenario.toml").write_text(to_toml(first.source))
        second = load(tmp_path / "b" / "scenario.toml")
        assert second.source == first.source == tomllib.loads(to_toml(first.source))
        assert second.about == first.about
