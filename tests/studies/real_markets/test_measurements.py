"""What is measured on a run, and the differences and intervals made of it."""

import numpy as np
import pandas as pd
import pytest
from made_up_markets import made_up_market

import omnisim
from omnisim.studies import Options
from omnisim.studies.parallel import run_all
from omnisim.studies.real_markets import results as module
from omnisim.studies.real_markets.cases import Case, measure
from omnisim.studies.real_markets.contenders import FORESIGHT, build, calibrated, pool
from omnisim.studies.real_markets.plan import FULL, QUICK, Plan, cases
from omnisim.studies.real_markets.results import comparisons, over_days
from omnisim.studies.real_markets.setting import POPULATIONS, setting
from omnisim.studies.real_markets.study import play
from omnisim.studies.real_markets.tables import gained, switches, switching

AGENTS = (4, 3, 3)
PLAN = Plan(2, AGENTS, None)


@pytest.fixture(scope="module")
def known():
    return setting(made_up_market(), rounds=32)


@pytest.fixture(scope="module")
def played(known):
    """The results of all runs on one made-up market with two population seeds."""
    return play(PLAN, [known], Options(seed=3, jobs=1))[0]


class TestOneRun:
    def test_the_measures_are_those_of_the_analysis(self, known) -> None:
        case = Case(known, calibrated("sharp"), 0, 7, AGENTS)
        measured = measure(case)
        forecaster = build(case.forecaster, pool(known.market))
        analysis = omnisim.analyze(omnisim.simulate(known.scenario(AGENTS, forecaster), seed=7))
        table = analysis.agents
        assert [row["subsequence"] for row in measured.rows] == list(known.subsequences)
        for row in measured.rows:
            here = table[table["subsequence"] == row["subsequence"]]
            regret = here["swap_regret"].dropna()
            assert row["utility"] == pytest.approx(here["utility"].mean())
            assert row["swap_regret"] == pytest.approx(np.where(regret > 0, regret, 0).mean())
            assert row["swap_regret_largest"] == pytest.approx(max(regret.max(), 0))
            assert row["undefined"] == here["swap_regret"].isna().sum()
            assert row["money"] * row["days"] == pytest.approx(here["money"].mean())
            for name in POPULATIONS:
                own = here[here["population"] == name]
                assert row[f"money_{name}"] * row["days"] == pytest.approx(own["money"].mean())
        whole = table[table["subsequence"] == "all"]
        for name in POPULATIONS:
            expected = whole[whole["population"] == name]["money"] * 365 / 32
            np.testing.assert_allclose(measured.money[name], expected)
        certificates = analysis.certificates
        assert measured.run["certificates"] == len(certificates)
        assert measured.run["violated"] == (~certificates["holds"].astype(bool)).sum() == 0
        assert measured.run["potential"] == analysis.trace.diagnostics["potential"].max() <= np.e
        assert measured.run["evaluations"] >= 1

    def test_days_add_up(self, played) -> None:
        for (market, forecaster), daily in played.daily.items():
            np.testing.assert_allclose(daily.sum(axis=1), played.sample(market, forecaster))

    def test_only_calibrated_forecasters_have_an_engine(self, played) -> None:
        runs = played.runs
        engine = runs["forecaster"].str.startswith("calibrated")
        for column in ("evaluations", "potential", "followed"):
            assert runs[column].notna().equals(engine)


def test_results_do_not_depend_on_the_number_of_jobs(known) -> None:
    todo = cases(PLAN, 3, {known: ["sharp", "Selection", calibrated("all")]})
    alone, together = (run_all(measure, todo, [1] * len(todo), jobs) for jobs in (1, 2))
    for one, other in zip(alone, together, strict=True):
        assert one.rows == other.rows
        pd.testing.assert_frame_equal(pd.DataFrame([one.run]), pd.DataFrame([other.run]), check_exact=True)
        np.testing.assert_array_equal(one.daily, other.daily)
        for name in POPULATIONS:
            np.testing.assert_array_equal(one.money[name], other.money[name])


class TestPlan:
    def test_full_has_what_was_promised(self) -> None:
        assert FULL.replicates >= 5
        assert sum(FULL.agents) >= 300
        assert FULL.rounds is None
        assert sum(QUICK.agents) < sum(FULL.agents)

    def test_differences_are_paired(self, played) -> None:
        seeds = played.runs.groupby("forecaster")["seed"].apply(tuple)
        assert set(seeds) == {(3000, 3001)}
        assert calibrated(played.best("AA")) in seeds.index


class TestDifferences:
    def test_the_unit_is_the_distance_from_climatology_to_foresight(self, played) -> None:
        results = played
        for subsequence in results.subsequences("AA"):
            np.testing.assert_allclose(results.change("AA", FORESIGHT, "climatology", subsequence), 100)
        rows = results.rows[results.rows["subsequence"] == "all"].set_index(["forecaster", "seed"])["earned"]
        expected = [
            100
            * (rows["sharp", seed] - rows["blunt", seed])
            / (rows["perfect foresight", seed] - rows["climatology", seed])
            for seed in (3000, 3001)
        ]
        np.testing.assert_allclose(results.change("AA", "sharp", "blunt"), expected)

    def test_the_best_is_that_of_the_pool(self, played) -> None:
        results = played
        assert results.best("AA") == "sharp"
        assert (calibrated("all"), "sharp") in comparisons(results, "AA")
        assert (calibrated("sharp"), "sharp") in comparisons(results, "AA")

    def test_the_worst_regret_is_the_largest_mean_over_agents(self, played) -> None:
        results = played
        rows = results.rows[results.rows["forecaster"] == "blunt"]
        expected = rows.groupby("seed", sort=False)["swap_regret"].max()
        np.testing.assert_array_equal(results.worst_regret("AA", "blunt"), expected)

    def test_gains_of_agents_add_up(self, played) -> None:
        results = played
        table = switching(results)
        assert set(table["switch"]) == set(switches(results))
        row = table.query("switch == 'climatology → itself calibrated' and population == 'factories'").iloc[0]
        gains = gained(results, "AA", "calibrated: climatology", "climatology", "factories")
        assert len(gains) == 2 * AGENTS[1]
        rows = results.rows.query("subsequence == 'all'").groupby("forecaster")["money_factories"].mean()
        assert row["mean"] == pytest.approx(365 * (rows["calibrated: climatology"] - rows["climatology"]))
        assert row["gain %"] == pytest.approx(100 * (gains > 0.005).mean())


class TestBootstrap:
    def test_a_gain_that_is_the_same_share_of_every_day_is_known(self, played) -> None:
        results = _with_daily(played, lambda distance: 0.3 * distance)
        interval = over_days(results, "AA", "sharp", "blunt", seed=0)
        assert (interval.mean, interval.low, interval.high) == pytest.approx((30, 30, 30))

    def test_blocks_go_around_the_end(self) -> None:
        values = np.arange(20.0)
        expected = [sum(values[(start + step) % 20] for step in range(module.BLOCK_DAYS)) for start in range(20)]
        np.testing.assert_allclose(module._block_sums(values), expected)
        np.testing.assert_allclose(module._block_sums(np.arange(3.0)), [3, 3, 3])

    def test_it_covers_the_truth(self, played, monkeypatch) -> None:
        """60 replicates; with a coverage of 85 % or more, fewer than 40 hits have a probability below 1e-4."""
        monkeypatch.setattr(module, "DRAWS", 300)
        hits = 0
        for seed in range(60):
            rng = np.random.default_rng(seed)
            noise = rng.normal(scale=0.5, size=700)
            # Days hang together over a week.
            noise = np.convolve(noise, np.ones(7) / np.sqrt(7), mode="same")
            results = _with_daily(played, lambda distance, noise=noise: 0.2 * distance + noise, days=700)
            interval = over_days(results, "AA", "sharp", "blunt", seed=seed)
            hits += interval.low <= 20 <= interval.high
        assert hits >= 40


def _with_daily(results, gain, days: int = 50):
    """The results with made-up days: foresight earns a distance more than climatology, sharp a gain more than blunt."""
    distance = np.random.default_rng(0).uniform(1, 3, days)
    daily = {FORESIGHT: distance, "climatology": 0 * distance, "sharp": gain(distance), "blunt": 0 * distance}
    fields = {name: getattr(results, name) for name in results.__dataclass_fields__}
    return type(results)(**{**fields, "daily": {("AA", name): values[None] for name, values in daily.items()}})
