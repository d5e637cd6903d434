"""What is measured on a run, and the differences and intervals made of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up_markets import made_up_market
from market_contests import one_run, played_on

import omnisim
from omnisim.analysis.money import money_by_round
from omnisim.statistics.intervals import intervals
from omnisim.statistics.paired import over_market
from omnisim.statistics.resampling import BOTH, Resampler
from omnisim.studies import Options
from omnisim.studies.contests import compared
from omnisim.studies.real_markets.cases import FULL, QUICK, Plan, case_of
from omnisim.studies.real_markets.contenders import FORESIGHT, build, calibrated, pool
from omnisim.studies.real_markets.page import assemble
from omnisim.studies.real_markets.results import collect
from omnisim.studies.real_markets.setting import POPULATIONS, setting
from omnisim.studies.real_markets.tables import gained, switches, switching

AGENTS = (4, 3, 3)
PLAN = Plan(2, AGENTS, None)


@pytest.fixture(scope="module")
def known():
    return setting(made_up_market(), rounds=32)


@pytest.fixture(scope="module")
def played(known):
    """The results of all runs on one made-up market with two population seeds."""
    return collect(*played_on([known], PLAN, Options(seed=3, jobs=1)))


class TestOneRun:
    def test_the_measures_are_those_of_the_analysis(self, known) -> None:
        measured = one_run(known, calibrated("sharp"), 7, AGENTS)
        forecaster = build(calibrated("sharp"), pool(known.market))
        analysis = omnisim.analyze(omnisim.simulate(known.scenario(AGENTS, forecaster), seed=7))
        table = analysis.agents
        assert list(measured.rows["subsequence"]) == list(known.subsequences)
        for row in measured.rows.to_dict("records"):
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
            np.testing.assert_allclose(measured.money["AA", calibrated("sharp"), name], [expected])
        certificates = analysis.certificates
        run = measured.runs.iloc[0]
        assert run["certificates"] == len(certificates)
        assert run["violated"] == (~certificates["holds"].astype(bool)).sum() == 0
        assert run["potential"] == analysis.trace.diagnostics["potential"].max() <= np.e
        evaluations = analysis.trace.diagnostics["evaluations"]
        assert run["evaluations"] == sum(evaluations) / 32 >= 1
        solved = analysis.trace.diagnostics["intervened"]
        assert run["followed"] + run["intervened"] == 1  # of two candidates, which are the same
        assert run["intervened"] == sum(solved) / 32
        assert run["cut"] == analysis.clipping.money

    @pytest.mark.whole
    def test_days_add_up(self, played) -> None:
        for (market, forecaster), daily in played.daily.items():
            np.testing.assert_allclose(daily.sum(axis=1), played.sample(market, forecaster))

    @pytest.mark.whole
    def test_only_calibrated_forecasters_have_an_engine(self, played) -> None:
        runs = played.runs
        engine = runs["forecaster"].str.startswith("calibrated")
        for column in ("evaluations", "potential", "followed", "intervened"):
            assert runs[column].notna().equals(engine)


@pytest.mark.long
def test_results_do_not_depend_on_the_number_of_jobs(known) -> None:
    case = case_of(known, PLAN, seed=3)
    few = {name: case.forecasters[name] for name in ("sharp", "climatology", "perfect foresight", calibrated("all"))}
    case = replace(case, forecasters=few)
    alone, together = (collect([case], compared([case], Options(jobs=jobs), lambda *_: None)) for jobs in (1, 2))
    for name in ("rows", "runs"):
        one, other = (
            getattr(each, name).drop(columns="simulate_seconds", errors="ignore") for each in (alone, together)
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in ("daily", "money"):
        for key, values in getattr(alone, name).items():
            np.testing.assert_array_equal(values, getattr(together, name)[key])


@pytest.mark.long
def test_of_one_forecast_all_of_them_is_that_one() -> None:
    market = made_up_market()
    known = setting(replace(market, forecasts={"sharp": market.forecasts["sharp"]}), rounds=28)
    done, comparisons = played_on([known], Plan(1, AGENTS, None), Options(jobs=1))
    results = collect(done, comparisons)
    changes = results.compared("AA", results.pairs("AA"))
    assert changes[calibrated("all"), "sharp"].mean == changes[calibrated("sharp"), "sharp"].mean
    study = assemble(done, comparisons, Plan(1, AGENTS, None), Options(jobs=1))
    assert study.tables["runs"].frame["forecaster"].value_counts()[calibrated("all")] == 1


class TestPlan:
    def test_full_has_what_was_promised(self) -> None:
        assert FULL.replicates >= 5
        assert sum(FULL.agents) >= 300
        assert FULL.rounds is None
        assert sum(QUICK.agents) < sum(FULL.agents)

    @pytest.mark.whole
    def test_differences_are_paired(self, played) -> None:
        seeds = played.runs.groupby("forecaster")["seed"].apply(tuple)
        assert set(seeds) == {(3000, 3001)}
        assert calibrated(played.best("AA")) in seeds.index


class TestDifferences:
    @pytest.mark.whole
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

    @pytest.mark.whole
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

    @pytest.mark.parametrize("subsequence", [pytest.param("all", marks=pytest.mark.long), "weekend"])
    def test_a_page_of_the_comparison_says_the_same(self, known, subsequence: str) -> None:
        """Money of the buyers on two forecasts, by the statistics of the study on days as they were simulated."""
        case = case_of(known, PLAN, seed=3)
        case = replace(case, forecasters={name: case.forecasters[name] for name in ("climatology", "sharp")})
        (comparison,) = compared([case], Options(jobs=1), lambda *_: None)
        earned = {}
        for name, forecaster in case.forecasters.items():
            traces = [omnisim.simulate(known.scenario(AGENTS, forecaster), seed=seed) for seed in case.seeds]
            earned[name] = np.stack([money_by_round(trace, "buyers").mean(axis=1) for trace in traces])
        (expected,) = over_market([earned["sharp"] - earned["climatology"]], [known.subsequences[subsequence]])
        told = comparison.differences.query(
            "population == 'buyers' and measure == 'money' and subsequence == @subsequence"
        ).iloc[0]
        assert (told["forecaster"], told["reference"], told["method"]) == ("sharp", "climatology", expected.method)
        for column, value in (
            ("difference", expected.mean),
            ("low", expected.alone.low),
            ("high", expected.alone.high),
        ):
            assert told[column] == pytest.approx(value, rel=1e-9)

    @pytest.mark.whole
    def test_the_best_is_that_of_the_pool(self, played) -> None:
        results = played
        assert results.best("AA") == "sharp"
        assert (calibrated("all"), "sharp") in results.pairs("AA")
        assert (calibrated("sharp"), "sharp") in results.pairs("AA")

    @pytest.mark.whole
    def test_the_worst_regret_is_the_largest_mean_over_agents(self, played) -> None:
        results = played
        rows = results.rows[results.rows["forecaster"] == "blunt"]
        expected = rows.groupby("seed", sort=False)["swap_regret"].max()
        np.testing.assert_array_equal(results.worst_regret("AA", "blunt"), expected)

    @pytest.mark.whole
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
