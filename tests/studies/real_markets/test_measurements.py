"""What is measured on a run, and the differences and intervals made of it."""

import numpy as np
import pandas as pd
import pytest
from made_up_markets import made_up_market

import omnisim
from omnisim.statistics.intervals import intervals
from omnisim.statistics.resampling import BOTH, Resampler
from omnisim.studies import Options
from omnisim.studies.frame import run_all
from omnisim.studies.real_markets.cases import FULL, QUICK, Case, Plan, measure, with_forecasters
from omnisim.studies.real_markets.contenders import FORESIGHT, build, calibrated, contenders, pool
from omnisim.studies.real_markets.page import best_calibrated
from omnisim.studies.real_markets.results import collect
from omnisim.studies.real_markets.setting import POPULATIONS, setting
from omnisim.studies.real_markets.tables import gained, switches, switching

AGENTS = (4, 3, 3)
PLAN = Plan(2, AGENTS, None)


def played_on(settings, plan, seed):
    """Every contender, then what follows from the results, as the study does it."""
    options = Options(seed=seed, jobs=1)
    done = with_forecasters(plan, options, {one: contenders(pool(one.market)) for one in settings})
    measured = [measure(case) for case in done]
    later = best_calibrated(done, measured, plan, options)
    measured += [measure(case) for case in later]
    return collect([*done, *later], measured), [*done, *later], measured


@pytest.fixture(scope="module")
def known():
    return setting(made_up_market(), rounds=32)


@pytest.fixture(scope="module")
def played(known):
    """The results of all runs on one made-up market with two population seeds."""
    return played_on([known], PLAN, seed=3)[0]


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


@pytest.mark.long
def test_results_do_not_depend_on_the_number_of_jobs(known) -> None:
    todo = with_forecasters(PLAN, Options(seed=3), {known: ["sharp", "Selection", calibrated("all")]})
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
            (whole,) = results.compared("AA", [(FORESIGHT, "climatology")], subsequence).values()
            assert whole.mean == pytest.approx(100)
        rows = results.rows[results.rows["subsequence"] == "all"].set_index(["forecaster", "seed"])["earned"]
        expected = [
            100
            * (rows["sharp", seed] - rows["blunt", seed])
            / (rows["perfect foresight", seed] - rows["climatology", seed])
            for seed in (3000, 3001)
        ]
        (change,) = results.compared("AA", [("sharp", "blunt")]).values()
        assert change.mean == pytest.approx(np.mean(expected))

    @pytest.mark.parametrize("subsequence", ["all", "weekend"])
    def test_intervals_are_those_of_a_comparison(self, played, subsequence: str) -> None:
        """By hand: blocks of a week, the resamples that all comparisons share, and one family for all pairs."""
        pairs = [("sharp", "blunt"), ("ridge", "climatology")]
        active = played.active["AA"][subsequence]
        sums, rounds = np.zeros((2, 5, 2)), np.zeros((5, 2))
        for day in range(32):
            for k, (more, less) in enumerate(pairs):
                for seed in (0, 1):
                    distance = played.distance("AA", subsequence)[seed]
                    gain = played.daily["AA", more][seed, day] - played.daily["AA", less][seed, day]
                    sums[seed, day // 7, k] += active[day] * 100 * gain / distance
                rounds[day // 7, k] += active[day]
        estimates = Resampler(2).over_days(sums, rounds)
        half = intervals(estimates)
        found = list(played.compared("AA", pairs, subsequence).values())
        for k, each in enumerate(found):
            assert (each.method, estimates.method[k]) == (BOTH, BOTH)
            assert each.mean == pytest.approx(estimates.value[k])
            assert each.high - each.mean == pytest.approx(half.simultaneous[k]) == each.mean - each.low
            assert each.alone.high - each.mean == pytest.approx(half.alone[k]) == each.mean - each.alone.low

    def test_the_best_is_that_of_the_pool(self, played) -> None:
        results = played
        assert results.best("AA") == "sharp"
        assert (calibrated("all"), "sharp") in results.pairs("AA")
        assert (calibrated("sharp"), "sharp") in results.pairs("AA")

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
