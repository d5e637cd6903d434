"""The frames of a comparison, against the runs simulated and analyzed one by one."""

import hashlib
import importlib
import inspect
import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_comparison import FORECASTERS, ROUNDS, compared, replayed, small_scenario

import omnisim
from omnisim.analysis.evidence import Status
from omnisim.comparison.choices import check_settings
from omnisim.comparison.differences import Statistics
from omnisim.comparison.grid import LABELS, _foreign_code, make_grid
from omnisim.comparison.records import MEASURES
from omnisim.comparison.store import Store
from omnisim.comparison.summaries import ALL, Curves, Summaries
from omnisim.comparison.tables import certificates
from omnisim.errors import OmnisimError, ScenarioError, TraceError
from omnisim.statistics.blocks import block_length
from omnisim.statistics.intervals import intervals
from omnisim.statistics.resampling import Resampler
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.workers import each_result

SEEDS = 8

CHECKS = ("Assumption 1", "Section 2", "Section 4.2")
"""Theorems of certificates that check assumptions."""

STRATEGIES: dict[str, Forecaster] = {
    "last": omnisim.forecasters.Persistence(),
    "mean": omnisim.forecasters.Climatology(),
    "truth": omnisim.forecasters.ConditionalMean(),
}


@pytest.fixture(scope="module")
def one_by_one() -> dict[tuple[str, int], omnisim.Analysis]:
    scenario = small_scenario()
    return {
        (name, seed): omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=forecaster), seed))
        for name, forecaster in STRATEGIES.items()
        for seed in range(SEEDS)
    }


@pytest.fixture(scope="module")
def agents(one_by_one: dict[tuple[str, int], omnisim.Analysis]) -> pd.DataFrame:
    """Of all runs, with regrets in money, by the scale of each agent."""
    found = pd.concat(
        [analysis.agents.assign(forecaster=name, seed=seed) for (name, seed), analysis in one_by_one.items()],
        ignore_index=True,
    )
    scales = {population.name: population.money.scale for population in small_scenario().populations}
    scale = [scales[name][agent] for name, agent in zip(found["population"], found["agent"], strict=True)]
    return found.assign(**{f"{regret}_money": found[regret] * scale for regret in ("external_regret", "swap_regret")})


Runs = dict[tuple[str, int], omnisim.Analysis]


class TestFrames:
    @pytest.mark.long
    def test_agents_are_those_of_each_run(self, comparison: omnisim.Comparison, agents: pd.DataFrame) -> None:
        key = ["forecaster", "seed", "population", "agent", "subsequence"]
        found = comparison.agents.astype(dict.fromkeys(("forecaster", "population", "subsequence"), object))
        found, expected = found.set_index(key).sort_index(), agents.set_index(key).sort_index()
        assert found.index.equals(expected.index)
        for column in [name for name in expected.columns if name != "benchmark" and not name.endswith("_regret_money")]:
            np.testing.assert_array_equal(found[column].to_numpy(float), expected[column].to_numpy(float), column)
        assert set(found["benchmark"]) == set(expected["benchmark"])

    @pytest.mark.long
    def test_means_over_agents_and_seeds(self, comparison: omnisim.Comparison, agents: pd.DataFrame) -> None:
        for row in comparison.means.itertuples():
            there = agents[
                (agents["forecaster"] == row.forecaster)
                & (agents["population"] == row.population)
                & (agents["subsequence"] == row.subsequence)
            ]
            by_seed = there.groupby("seed")[row.measure].mean()
            np.testing.assert_allclose(row.mean, by_seed.mean(), atol=1e-12)
            assert row.seeds == by_seed.notna().sum()
        assert len(comparison.means) == 3 * 2 * 2 * len(MEASURES)

    @pytest.mark.long
    def test_the_table_is_about_all_agents_on_the_whole_run(
        self, comparison: omnisim.Comparison, agents: pd.DataFrame
    ) -> None:
        assert comparison.about["whole_run"] == "all"
        assert list(comparison.table["forecaster"]) == list(FORECASTERS)
        whole = agents[agents["subsequence"] == "all"]
        for measure in MEASURES:
            by_seed = whole.groupby(["forecaster", "seed"], sort=False)[measure].mean()
            expected = by_seed.groupby("forecaster", sort=False).mean()
            np.testing.assert_allclose(comparison.table[measure], expected, atol=1e-12, err_msg=measure)
            per_run = comparison.runs.set_index(["forecaster", "seed"])[measure]
            np.testing.assert_allclose(per_run.loc[by_seed.index], by_seed, atol=1e-12, err_msg=measure)
        assert list(comparison.table["runs"]) == [SEEDS] * 3
        assert list(comparison.table["failed"]) == [0] * 3

    def test_differences_are_paired_by_seed(self, comparison: omnisim.Comparison, agents: pd.DataFrame) -> None:
        by_seed = agents.groupby(["forecaster", "population", "subsequence", "seed"])[list(MEASURES)].mean()
        for row in comparison.differences.itertuples():
            own, reference = (
                by_seed.loc[(name, row.population, row.subsequence), row.measure] for name in (row.forecaster, "last")
            )
            np.testing.assert_allclose(row.difference, (own - reference).mean(), atol=1e-12)
            assert row.reference == "last"
        keys = ["forecaster", "population", "subsequence", "measure"]
        every = product(("mean", "truth"), ("many", "few"), ("even", "all"), MEASURES)
        assert set(comparison.differences[keys].itertuples(index=False, name=None)) == set(every)
        assert len(comparison.differences) == 2 * 2 * 2 * len(MEASURES)
        assert (comparison.differences["seeds"] <= SEEDS).all()

    def test_intervals_lie_around_the_difference_and_verdicts_follow_from_those_that_hold_together(
        self, comparison: omnisim.Comparison
    ) -> None:
        judged = 0
        for row in [*comparison.differences.to_dict("records"), *comparison.overall.to_dict("records")]:
            value, low, high = row["difference"], row["simultaneous_low"], row["simultaneous_high"]
            if np.isnan(low):
                assert np.isnan([high, row["low"], row["high"]]).all()
                assert row["verdict"] == ""
                continue
            np.testing.assert_allclose(
                [value - low, value - row["low"]], [high - value, row["high"] - value], atol=1e-12
            )
            assert low - 1e-12 <= row["low"] < value < row["high"] <= high + 1e-12
            good = row["measure"] in ("utility", "money", "money_clipped")
            above, below = ("better", "worse") if good else ("worse", "better")
            assert row["verdict"] == (above if low > 0 else below if high < 0 else "not separated")
            judged += row["verdict"] != "not separated"
        assert judged > 5
        for name in MEASURES:
            table = comparison.table[[name, f"{name}_low", f"{name}_high"]].to_numpy()
            known = table[~np.isnan(table[:, 1])]
            np.testing.assert_allclose(known[:, 0] - known[:, 1], known[:, 2] - known[:, 0], atol=1e-12)
            assert (known[:, 1] <= known[:, 0]).all()

    def test_the_interval_of_a_mean_is_its_own(self, comparison: omnisim.Comparison, agents: pd.DataFrame) -> None:
        """As if nothing else had been measured: means are not compared, so nothing must hold together."""
        own = agents[(agents["forecaster"] == "mean") & (agents["population"] == "few")]
        by_seed = own.groupby(["subsequence", "seed"])[list(MEASURES)].mean()
        resampler, known = Resampler(SEEDS), 0
        for row in comparison.means.query("forecaster == 'mean' and population == 'few'").itertuples():
            values = by_seed.loc[row.subsequence][row.measure].to_numpy()
            [half] = intervals(resampler.over_seeds(values[:, None])).alone
            np.testing.assert_allclose([row.low, row.high], [values.mean() - half, values.mean() + half], atol=1e-9)
            known += not np.isnan(half)
        assert known > 5

    def test_the_cost_of_a_variant_is_that_of_its_runs(self, comparison: omnisim.Comparison) -> None:
        for row in comparison.table.itertuples():
            own = comparison.runs[comparison.runs["forecaster"] == row.forecaster]
            assert row.seconds == pytest.approx(sum(own["seconds"]) / SEEDS)
            assert row.peak_memory_mb == max(own["peak_memory_mb"])
            assert row.certificates_violated == sum(own["certificates_violated"])

    @pytest.mark.long
    def test_seeds_are_counted_where_they_are_known(self, comparison: omnisim.Comparison, one_by_one: Runs) -> None:
        """A regret is not known under seeds with which no agent has a benchmark."""
        known: Counter[tuple[str, str, int]] = Counter()
        for seed in range(SEEDS):
            for population, subsequence in product(("many", "few"), ("even", "all")):
                grown = one_by_one["mean", seed].growth(population, subsequence, 12)
                rounds = grown["rounds"][grown["swap_regret"].notna()].unique().tolist()
                known.update((population, subsequence, each) for each in rounds)
        rows = comparison.growth.query("forecaster == 'mean' and measure == 'swap_regret'")
        found = dict(
            zip(zip(rows["population"], rows["subsequence"], rows["rounds"], strict=True), rows["seeds"], strict=True)
        )
        assert {place: seeds for place, seeds in found.items() if seeds} == known

    def test_intervals_are_narrower_than_unpaired_ones_would_be(self, comparison: omnisim.Comparison) -> None:
        # The same agents meet the same outcomes, so the difference varies less than what it is the difference of.
        overall = comparison.overall[comparison.overall["measure"] == "utility"]
        width = (overall["high"] - overall["low"]).to_numpy()
        alone = (comparison.table["utility_high"] - comparison.table["utility_low"]).to_numpy()[1:]
        assert (width < alone).all()

    def test_who_gains(self, comparison: omnisim.Comparison, agents: pd.DataFrame) -> None:
        places = ["forecaster", "population", "subsequence"]
        every = {key: found.set_index(["seed", "agent"]) for key, found in agents.groupby(places)}
        for row in comparison.gains.itertuples():
            own, reference = (every[name, row.population, row.subsequence] for name in (row.forecaster, "last"))
            change = own[row.measure] - reference[row.measure]
            least = 1e-9 if row.measure == "utility" else 0.005
            ties = (change.abs() < least).sum()
            assert (row.wins, row.losses, row.ties) == ((change >= least).sum(), (change <= -least).sum(), ties)
            assert change.loc[row.worst_seed, row.worst_agent] == pytest.approx(change.min())
            assert row.wins + row.losses + row.ties == row.agents == len(change)
            np.testing.assert_allclose([row.q00, row.q50, row.q100], change.quantile([0, 0.5, 1]), atol=1e-8)
        won = comparison.gains[(comparison.gains["measure"] == "utility") & (comparison.gains["subsequence"] == "all")]
        assert list(comparison.table["wins"].dropna()) == list(won.groupby("forecaster", sort=False)["wins"].sum())

    def test_growth_ends_at_the_whole_run(self, comparison: omnisim.Comparison, one_by_one: Runs) -> None:
        last = comparison.growth.groupby([*LABELS, "population", "subsequence", "measure"], sort=False).last()
        means = comparison.means.set_index([*LABELS, "population", "subsequence", "measure"])["mean"]
        np.testing.assert_allclose(last["mean"], means.loc[last.index], atol=1e-9)
        grown = [
            one_by_one["mean", seed].growth("many", "even", 12).groupby("rounds")["ccv"].mean() for seed in range(SEEDS)
        ]
        rows = comparison.growth[
            (comparison.growth["forecaster"] == "mean")
            & (comparison.growth["population"] == "many")
            & (comparison.growth["subsequence"] == "even")
            & (comparison.growth["measure"] == "ccv")
        ]
        np.testing.assert_allclose(rows["mean"], np.mean(grown, axis=0), atol=1e-12)
        assert list(rows["rounds"]) == list(grown[0].index)

    @pytest.mark.long
    def test_certificates_are_counted(self, comparison: omnisim.Comparison, one_by_one: Runs) -> None:
        for row in comparison.certificates.itertuples():
            listed = [one_by_one[row.forecaster, seed].certificates for seed in range(SEEDS)]
            same = pd.concat(listed)
            same = same[(same["theorem"] == row.theorem) & (same["claim"] == row.claim) & (same["scope"] == row.scope)]
            assert row.runs == len(same) == SEEDS
            assert row.violated == (~same["holds"].astype(bool)).sum()
            assert row.unmet == (same["hypotheses_met"] == 0).sum()
            promised = same["holds"].astype(bool) & (same["hypotheses_met"] > 0) & ~same["theorem"].isin(CHECKS)
            assert row.held == (promised & (same["bound"] < same["trivial"])).sum()
            assert row.checked == (same["theorem"].isin(CHECKS) | (same["trivial"] == 0)).sum()
            assert row.held + row.vacuous + row.unmet + row.checked + row.violated == row.runs
            excess = (same["measured"] - same["bound"]).max()
            np.testing.assert_equal(row.excess, excess)

    def test_runs_say_what_they_cost(self, comparison: omnisim.Comparison) -> None:
        runs = comparison.runs
        assert (runs["seconds"] >= runs["simulate_seconds"]).all()
        assert (runs["peak_memory_mb"] > 10).all()
        assert runs["outcomes"].nunique() == SEEDS  # drawn anew for each seed, the same for every forecaster
        assert set(runs["omnisim"]) == {omnisim.__version__}
        assert runs["run"].is_unique


class TestMethods:
    def test_seeds_with_outcomes_of_their_own(self, comparison: omnisim.Comparison) -> None:
        assert set(comparison.table["method"]) == {"", "seeds"}
        assert set(comparison.table["verdict"].iloc[1:]) <= {"better", "worse", "not separated"}
        assert list(comparison.table["comparisons"].dropna()) == [2, 2]

    @pytest.mark.long
    def test_two_seeds_are_two_markets(self) -> None:
        found = compared(seeds=2)
        assert found.runs["outcomes"].nunique() == 2
        assert set(found.overall.loc[found.overall["measure"] == "utility", "method"]) == {"seeds"}

    @pytest.mark.long
    @pytest.mark.parametrize(("seeds", "method"), [(1, "days"), (5, "days")])
    def test_a_replayed_market(self, seeds: int, method: str) -> None:
        # The agents are the same under every seed, so that only the days of the market can be resampled.
        scenario = small_scenario(replayed(120), rounds=120)
        found = omnisim.compare(scenario, ["persistence", "climatology"], seeds=seeds, jobs=1)
        utility = found.differences[found.differences["measure"].isin(["utility", "money", "money_clipped"])]
        # Where the forecast changes no decision there is nothing to say.
        utility = utility[utility["difference"] != 0]
        assert len(utility) >= 4
        assert set(utility["method"]) == {method}
        assert utility["verdict"].isin(["better", "worse", "not separated"]).all()
        others = found.differences[~found.differences["measure"].isin(["utility", "money", "money_clipped"])]
        assert set(others["method"]) == {""}
        assert set(others["verdict"]) == {""}
        assert others[["low", "high", "simultaneous_low", "simultaneous_high"]].isna().all().all()
        by_rounds = found.runs.set_index(["forecaster", "seed"])["utility"]
        difference = by_rounds["climatology", 0] - by_rounds["persistence", 0]
        np.testing.assert_allclose(found.table["difference"].iloc[1], difference)

    @pytest.mark.long
    def test_short_columns_of_the_runs_are_read_once(
        self, comparison: omnisim.Comparison, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[set[str]] = []
        read = Store.read_runs

        def noted(store: Store, columns: Sequence[str]) -> Any:
            asked.append(set(columns))
            return read(store, columns)

        monkeypatch.setattr(Store, "read_runs", noted)
        again = omnisim.load_comparison(comparison.folder)
        for name in ("about", "table", "runs", "accuracy", "violations", "clipping", "agents"):
            getattr(again, name)
        assert len(asked) == 1
        # What grows with the rounds or the checks is read by those who need it.
        assert not asked[0] & {"growth", "blocks", "certificates", "losses"}
        # What is taken from them is in the order and under the names of the runs.
        pd.testing.assert_frame_equal(again.runs, comparison.runs)

    @pytest.mark.long
    def test_blocks_add_up_to_what_was_earned(self, comparison: omnisim.Comparison, one_by_one: Runs) -> None:
        table = comparison._finished.store.read_runs(["forecaster", "seed", "blocks"]).to_pylist()
        for row in table:
            trace = one_by_one[row["forecaster"], row["seed"]].trace
            for each in row["blocks"]:
                record = trace.records[each["population"]]
                mask = trace.active[:, trace.subsequences.index(each["subsequence"])]
                for first, rounds, utility, money in zip(
                    range(0, ROUNDS, block_length(ROUNDS)), each["rounds"], each["utility"], each["money"], strict=True
                ):
                    members = [t for t in range(first, min(first + block_length(ROUNDS), ROUNDS)) if mask[t]]
                    people = range(record.population.agents)
                    earned = [
                        [record.population.utilities(trace.outcomes[t])[n, record.actions[t, n]] for n in people]
                        for t in members
                    ]
                    assert rounds == len(members)
                    np.testing.assert_allclose(utility, np.mean(earned, axis=1).sum() if members else 0, atol=1e-12)
                    scale, offset = record.population.money.scale, record.population.money.offset
                    paid = (np.array(earned).reshape(-1, len(people)) * scale + offset).mean(axis=1).sum()
                    np.testing.assert_allclose(money, paid, atol=1e-12)

    def test_different_currencies_are_not_averaged(self) -> None:
        scenario = small_scenario()
        many, few = scenario.populations
        other = omnisim.Population("few", few.utility, few.offset, money=omnisim.Money(np.ones(2), np.zeros(2), "USD"))
        found = omnisim.compare(scenario.replace(populations=[many, other]), ["climatology"], seeds=1, jobs=1)
        assert found.table["money"].isna().all()
        assert found.means.loc[found.means["measure"] == "money", "mean"].notna().all()

    @pytest.mark.long
    def test_nor_are_they_over_the_days_of_a_replayed_market(self) -> None:
        scenario = small_scenario(replayed())
        many, few = scenario.populations
        other = omnisim.Population("few", few.utility, few.offset, money=omnisim.Money(np.ones(2), np.zeros(2), "USD"))
        two = scenario.replace(populations=[many, other])
        found = omnisim.compare(two, ["climatology", "persistence"], seeds=2, jobs=1)
        rows = found.overall.set_index("measure")
        assert rows.loc[["money", "money_clipped"], ["difference", "low", "simultaneous_high"]].isna().all().all()
        assert np.isfinite(rows.loc["utility", "difference"])
        each = found.differences[found.differences["measure"] == "money"]
        assert each["difference"].notna().all()


class TestAxes:
    @pytest.mark.long
    def test_contexts_are_compared_within_themselves(self) -> None:
        rules = {"all": omnisim.elimination.FirstViolation(), "none": "best_response"}
        markets = {"a": replayed(seed=1), "b": replayed(seed=2)}
        found = omnisim.compare(
            small_scenario(), FORECASTERS, seeds=2, eliminations=rules, adversaries=markets, reference="mean", jobs=1
        )
        assert len(found.table) == 3 * 2 * 2
        table = found.table.set_index(["forecaster", "elimination", "adversary"])
        for rule in rules:
            for market in markets:
                expected = table.loc[("last", rule, market), "utility"] - table.loc[("mean", rule, market), "utility"]
                np.testing.assert_allclose(table.loc[("last", rule, market), "difference"], expected)
        assert table.loc["mean", "difference"].isna().all()
        assert (table.loc[["last", "truth"], "comparisons"] == 8).all()

    @pytest.mark.long
    def test_without_others_there_is_nothing_to_compare(self) -> None:
        found = omnisim.compare(small_scenario(), "climatology", seeds=2, jobs=1)
        assert len(found.table) == 1
        assert len(found.differences) == len(found.gains) == 0

    @pytest.mark.long
    def test_settings_with_several_values_are_in_the_label_of_each_variant(self) -> None:
        few = {f"populations.{name}.agents": 1 for name in ("buyers", "factories", "operators")}
        scenario = omnisim.load_scenario("ercot_day_ahead", {**few, "subsequences": {"all": True}})
        settings = {"rounds": [3, 4], "market.high": [250.0], "populations.buyers.agents": [1, 2, 3]}
        grid = make_grid(scenario, ["climatology", "persistence"], seeds=[5, 2], settings=settings)
        every = list(product(("climatology", "persistence"), (3, 4), (1, 2, 3)))
        rule, market = str(scenario.source["elimination"]["kind"]), str(scenario.source["adversary"]["kind"])
        assert [variant.labels for variant in grid.variants] == [
            (name, rule, market, f"rounds={rounds}, populations.buyers.agents={agents}")
            for name, rounds, agents in every
        ]
        for variant, (_, rounds, agents) in zip(grid.variants, every, strict=True):
            written = variant.scenario.source["populations"]["buyers"]
            assert (variant.scenario.rounds, written["agents"]) == (rounds, agents)
        assert [(variant.labels, seed) for variant, seed in grid.tasks] == [
            (variant.labels, seed) for seed in (5, 2) for variant in grid.variants
        ]

    @pytest.mark.long
    def test_one_run_alone_is_a_comparison(self) -> None:
        found = omnisim.compare(small_scenario(), "climatology", seeds=1, jobs=1)
        assert list(found.table["runs"]) == [1]
        assert found.about["populations"] == {
            name: {"agents": n, "standing": n, "currency": "EUR"} for name, n in (("many", 4), ("few", 2))
        }

    @pytest.mark.long
    def test_a_variant_none_of_whose_runs_is_there_has_none(self, tmp_path: Path) -> None:
        found = compared(tmp_path, seeds=2)
        for name in found.runs.loc[found.runs["forecaster"] == "truth", "run"]:
            (tmp_path / "runs" / f"{name}.parquet").unlink()
        left = omnisim.load_comparison(tmp_path)
        assert left.table.set_index("forecaster")[["runs", "failed"]].T.to_dict("list") == {
            "last": [2, 0],
            "mean": [2, 0],
            "truth": [0, 0],
        }
        assert (left.about["asked"], left.about["finished"], left.about["failed"]) == (6, 4, 0)

    def test_rules_of_populations_stand_in_the_way_of_other_rules_only(self) -> None:
        own = {f"populations.{name}.elimination.kind": "best_response" for name in ("buyers", "factories", "operators")}
        few = {f"populations.{name}.agents": 2 for name in ("buyers", "factories", "operators")}
        scenario = omnisim.load_scenario("ercot_day_ahead", {"rounds": 2, "subsequences": {"all": True}, **few, **own})
        found = omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1)
        assert found.about["finished"] == 1
        with pytest.raises(OmnisimError, match=r"every population of .* has a rule of its own"):
            omnisim.compare(scenario, ["climatology"], seeds=1, jobs=1, eliminations=["first_violation"])


class Failing(Forecaster):
    """Fails in runs whose first outcome is small."""

    def _predict(self, context: Any) -> np.ndarray:
        return np.full(self.service.dimension, 0.5)

    def _update(self, outcome: np.ndarray) -> None:
        if outcome[0] < 0.2:
            raise ZeroDivisionError("too\nsmall")


FAILED = re.compile(
    r"Failing failed in round \d+: ZeroDivisionError: too small \(_update, test_comparison\.py, line \d+\)"
)


def test_there_is_one_process_per_core_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def one_after_another(run: Any, waiting: Any, jobs: int, *others: Any) -> Any:
        asked.append(jobs)
        return each_result(run, waiting, 1, *others)

    monkeypatch.setattr("omnisim.comparison.comparing.each_result", one_after_another)
    found = omnisim.compare(small_scenario(rounds=2), ["climatology"], seeds=1)
    assert asked == [-1]
    assert found.about["finished"] == 1


@pytest.mark.long
def test_runs_of_a_strategy_from_elsewhere_are_others_once_its_code_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "from_elsewhere_of_this_test.py"
    code.write_text("import omnisim\nclass Own(omnisim.forecasters.Climatology):\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(code.stem).Own

    def run() -> str:
        found = omnisim.compare(small_scenario(rounds=2), {"own": own()}, seeds=1, jobs=1, out=tmp_path / "out")
        return str(found.runs["run"].iloc[0])

    first = run()
    assert run() == first
    code.write_text(code.read_text(encoding="utf-8") + "# and it is said otherwise\n", encoding="utf-8")
    assert run() != first


@pytest.mark.long
@pytest.mark.parametrize("forecasters", [["climatology"], ["climatology", "persistence"]])
def test_a_notebook_shows_the_labels_in_which_variants_differ(forecasters: list[str]) -> None:
    rules = ["best_response", "first_violation"]
    found = omnisim.compare(small_scenario(rounds=2), forecasters, eliminations=rules, seeds=1, jobs=1)
    header, *rows = re.findall(r"<tr.*?>(.*?)</tr>", found._repr_html_(), re.DOTALL)
    varied = [*(["forecaster"] if len(forecasters) > 1 else []), "elimination"]
    titles = re.findall(r"<th>(.*?)</th>", header)
    assert titles == [*varied, "runs", "money", "money_low", "money_high", "verdict"]
    labels = [tuple(re.findall(r"<td>(.*?)</td>", row)[: len(varied)]) for row in rows]
    assert sorted(labels) == sorted(product(*([forecasters] if len(forecasters) > 1 else []), rules))


@pytest.mark.long
def test_statistics_of_two_variants_under_four_seeds_by_hand() -> None:
    """Of the second variant one run is missing, and nobody has a benchmark to regret anything against."""
    values = np.array([[1.0, 2.0, 3.0, 6.0], [2.0, 4.0, math.nan, 9.0]])[:, :, None] * [1.0, 10.0]
    unknown = np.full_like(values, math.nan)
    measures = {measure: unknown if "regret" in measure else values for measure in MEASURES}
    found = Summaries(("one", ALL), ("every", "every"), np.ones_like(values), measures)
    labels = [("last", "", "", ""), ("mean", "", "", "")]
    statistics = Statistics(labels, "last", found, np.zeros(2, bool), pytest.fail, 0.95, Resampler(4))
    tables = [
        (statistics.means, [("last", 4, 3.0), ("mean", 3, 5.0)], ("mean", "low", "high")),
        (statistics.differences, [("mean", 3, 2.0)], ("difference", "low", "high")),
        (statistics.differences, [("mean", 3, 2.0)], ("difference", "simultaneous_low", "simultaneous_high")),
    ]
    for table, expected, columns in tables:
        for measure in MEASURES:
            rows = table[(table["measure"] == measure) & (table["population"] == "one")]
            assert rows["forecaster"].tolist() == [name for name, _, _ in expected]
            if "regret" in measure:
                assert rows["seeds"].tolist() == [0] * len(rows)
                assert rows[list(columns)].isna().all(axis=None)
                continue
            assert rows["seeds"].tolist() == [seeds for _, seeds, _ in expected]
            value, low, high = (rows[column].to_numpy(float) for column in columns)
            np.testing.assert_allclose(value, [mean for _, _, mean in expected], rtol=1e-12)
            np.testing.assert_allclose(value - low, high - value, rtol=1e-12)
            assert (low < value).all()


def test_growth_has_the_mean_and_the_interval_of_each_point_alone_and_counts_its_seeds() -> None:
    """Two variants under five seeds, the second without one run and with a list that is shorter on the first place."""
    values = np.random.default_rng(5).normal(3.0, 1.0, (2, 5, 2, 3))
    values[1, 2] = np.nan
    rounds = np.array([[[4, 8, 12], [2, 4, 6]], [[4, 8, 0], [2, 4, 6]]])
    grown = Curves((("one", "every"), ("two", "odd")), rounds, {"utility": values, "ccv": 2 * values})
    labels = [("last", "", "", ""), ("mean", "", "", "")]
    nothing = Summaries((), (), np.ones((2, 5, 0)), {})
    statistics = Statistics(labels, "last", nothing, np.zeros(2, bool), pytest.fail, 0.95, Resampler(5))
    wanted = np.array([[True, True], [True, False]])
    table = statistics.growth(grown, wanted, ("utility", "ccv"), with_intervals=True)
    rows = table.set_index(["forecaster", "population", "subsequence", "measure", "rounds"])
    assert len(rows) == 2 * (3 + 3 + 2)
    for v, place, point in [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 1), (0, 1, 2), (1, 0, 0), (1, 0, 1)]:
        for measure, factor in (("utility", 1), ("ccv", 2)):
            row = rows.loc[(labels[v][0], *grown.places[place], measure, rounds[v, place, point])]
            own = factor * values[v, :, place, point]
            there = own[~np.isnan(own)]
            [half] = intervals(Resampler(5).over_seeds(own[:, None]), 0.95).alone
            assert row["seeds"] == len(there) == 5 - v
            assert row[["mean", "low", "high"]].tolist() == pytest.approx(
                [there.sum() / len(there), there.mean() - half, there.mean() + half]
            )


@pytest.mark.parametrize("same", [(True, True), (False, False), (True, False), (False, True)], ids=str)
def test_what_is_earned_on_one_market_is_judged_by_its_days_and_what_is_regretted_is_not(
    same: tuple[bool, bool],
) -> None:
    """The second variant earns about 1 more a block, and everything else is about 8 higher too, under each of 6 seeds.

    Where both met the same outcomes under all seeds, what was earned has intervals over the days as well. Of regrets,
    which are no sums over days, they are over the seeds: on one market these do not judge a forecaster.
    """
    rng = np.random.default_rng(3)
    by_block = np.stack([np.zeros((6, 2, 8)), rng.normal(1.0, 0.05, (6, 2, 8))])
    measures = {measure: by_block.sum(axis=3) for measure in MEASURES}
    found = Summaries(("one", ALL), ("every", "every"), np.ones((2, 6, 2)), measures)
    blocks = Curves((("one", "every"), (ALL, "every")), np.full((2, 2, 8), 7.0), dict.fromkeys(MEASURES, by_block))
    labels = [("last", "", "", ""), ("mean", "", "", "")]
    statistics = Statistics(labels, "last", found, np.array(same), lambda: blocks, 0.95, Resampler(6))
    for table in (statistics.differences, statistics.overall):
        for row in table.to_dict("records"):
            np.testing.assert_allclose(row["difference"], by_block[1, :, 0].sum(axis=1).mean(), rtol=0.1)
            earned = row["measure"] in ("utility", "money", "money_clipped")
            assert row["method"] == ("seeds and days" if earned and all(same) else "seeds"), row["measure"]
            assert 0 < row["simultaneous_low"] < row["difference"] < row["simultaneous_high"]
            told = "better" if earned else "worse"
            assert row["verdict"] == ("" if same[1] and row["method"] == "seeds" else told), row["measure"]


def test_the_leaderboard_is_about_all_rounds_and_all_agents(comparison: omnisim.Comparison) -> None:
    agents = comparison.agents[comparison.agents["subsequence"] == "all"]
    for name in ("utility", "money", "swap_regret", "external_regret", "ccv", "ccv_positive"):
        expected = agents.groupby(["forecaster", "seed"], observed=True)[name].mean().groupby("forecaster").mean()
        found = comparison.table.set_index("forecaster")[name]
        np.testing.assert_allclose(found, expected[found.index], rtol=1e-12)


def test_less_than_half_a_cent_is_nothing_where_money_is_paid() -> None:
    """Of populations that earn less than that in all, one is paid in a currency, and the other counts utility."""
    utility = np.random.default_rng(5).uniform(0, 1 / 3, (4, 3, 2))
    cents = omnisim.Money(np.full(4, 1e-4), np.zeros(4), "EUR")
    scenario = small_scenario(rounds=12).replace(
        populations=[
            omnisim.Population("paid", utility, money=cents),
            omnisim.Population("unpaid", 1e-4 * utility),
        ]
    )
    found = omnisim.compare(scenario, ["persistence", "climatology"], seeds=1, jobs=1).gains
    money, useful = (
        found[(found["measure"] == measure) & (found["subsequence"] == "all")].set_index("population")
        for measure in ("money", "utility")
    )
    for name in ("paid", "unpaid"):
        changed = useful.loc[name, "wins"] + useful.loc[name, "losses"]
        assert changed > 0
        assert money.loc[name, "wins"] + money.loc[name, "losses"] == (0 if name == "paid" else changed)
    assert money.loc["paid", ["q00", "q50", "q100"]].tolist() == [0.0, 0.0, 0.0]
    assert money.loc["unpaid", "q100"] != money.loc["unpaid", "q00"]


def test_code_that_is_not_of_this_package_counts_as_part_of_what_is_run() -> None:
    """Ours is known by its version, functions by what they are, and other strategies by the file that they are in."""
    mine = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    ours = small_scenario()
    rules = {name: omnisim.elimination.BestResponse() for name in ("many", "few")}
    assert _foreign_code(ours) == _foreign_code(ours.replace(elimination=rules)) == []
    assert _foreign_code(ours.replace(forecaster=Failing())) == [mine]
    inside = omnisim.forecasters.Selection(bases=[Failing(), omnisim.forecasters.Climatology()])
    assert _foreign_code(ours.replace(forecaster=inside)) == [mine]


def test_ten_seeds_are_run_where_no_number_is_said() -> None:
    from omnisim.commands.compare import compare

    assert inspect.signature(omnisim.compare).parameters["seeds"].default == 10
    assert inspect.signature(compare).parameters["seeds"].default == 10


def test_certificates_are_counted_over_the_runs_of_a_variant() -> None:
    held, vacuous, unmet, checked, violated = (Status[name] for name in _STATUSES)
    key = dict.fromkeys(("claim", "scope", "population", "subsequence", "basis"), "") | {"probability": 1.0}
    outcomes = {"Theorem 2": [held, held, violated, vacuous], "Theorem 1": [unmet, checked, checked, held]}
    rows = [
        {"theorem": theorem, **key, "status": status, "measured": measured, "bound": 3.0}
        for theorem, statuses in outcomes.items()
        for status, measured in zip(statuses, (1.0, 2.0, 5.0, math.nan), strict=True)
    ]
    runs = np.array(["a-0", "a-1", "a-2", "a-3"] * 2)
    found = certificates(pd.DataFrame(rows), np.zeros(8, dtype=np.int64), runs, [("mean", "rule", "", "")])
    assert found["theorem"].tolist() == ["Theorem 2", "Theorem 1"]
    columns = ["runs", "held", "vacuous", "unmet", "checked", "violated"]
    assert found[columns].to_numpy().tolist() == [[4, 2, 1, 0, 0, 1], [4, 1, 0, 1, 2, 0]]
    assert found[["measured", "bound", "excess", "worst_run"]].to_numpy().tolist() == [[5.0, 3.0, 2.0, "a-2"]] * 2
    assert found[["forecaster", "elimination"]].to_numpy().tolist() == [["mean", "rule"]] * 2


_STATUSES = ("INFORMATIVE", "VACUOUS", "UNMET", "CHECK", "VIOLATED")


class TestFailures:
    @pytest.mark.long
    def test_are_recorded_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        said: list[str] = []
        forecasters = {"mean": "climatology", "failing": Failing()}
        found = omnisim.compare(small_scenario(), forecasters, seeds=3, jobs=1, out=tmp_path, say=said.append)
        assert list(found.table["runs"]) == [3, 0]
        assert list(found.table["failed"]) == [0, 3]
        assert np.isnan(found.table["difference"].iloc[1])
        assert found.table["verdict"].iloc[1] == ""
        errors = found.runs.loc[found.runs["status"] == "failed", "error"]
        assert len(errors) == 3
        assert all(FAILED.fullmatch(error) for error in errors)
        # Runs that finished have their measures beside those that failed.
        whole = found.agents[found.agents["subsequence"] == "all"]
        by_seed = whole.groupby("seed")["utility"].mean()
        measured = found.runs.set_index(["status", "seed"])["utility"]
        np.testing.assert_allclose(measured["finished"].loc[by_seed.index], by_seed, atol=1e-12)
        assert measured["failed"].isna().all()
        assert len(said) == 3
        assert said[0].startswith(
            "failed: failing, subsequence_first_violation, independent, seed 0: Failing failed in round "
        )
        # What failed is tried again, what is finished is not.
        counts: list[tuple[int, int]] = []
        omnisim.compare(
            small_scenario(), forecasters, seeds=3, jobs=1, out=tmp_path, on_run=lambda *count: counts.append(count)
        )
        assert counts == [(3, 6), (4, 6), (5, 6), (6, 6)]

    def test_fail_fast(self, tmp_path: Path) -> None:
        with pytest.raises(
            OmnisimError, match=r"failing, .*, seed 0: Failing failed in round \d+: ZeroDivisionError: too small"
        ):
            omnisim.compare(small_scenario(), {"failing": Failing()}, seeds=3, jobs=1, out=tmp_path, fail_fast=True)

    def test_nothing_finished(self, tmp_path: Path) -> None:
        found = omnisim.compare(small_scenario(), {"failing": Failing()}, seeds=2, jobs=1, out=tmp_path)
        assert [bool(FAILED.fullmatch(error)) for error in found.runs["error"]] == [True] * 2
        assert (found.about["finished"], found.about["failed"]) == (0, 2)
        with pytest.raises(TraceError, match="no run of the comparison is finished"):
            _ = found.table

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"forecasters": ["persistence", "persistence(lag=1)"]}, "are the same scenario"),
            ({"forecasters": ["persitence"]}, "did you mean 'persistence'"),
            ({"forecasters": ["persistence(lag=0)"]}, "lag of Persistence must be at least 1"),
            ({"seeds": 0}, "seeds must be"),
            ({"seeds": [1, 1]}, "seeds must be different"),
            ({"seeds": [-1]}, "seeds must be"),
            ({"seeds": [True]}, "seeds must be"),
            (
                {"seeds": np.array(3)},
                "seeds must be a number of seeds >= 1, or different whole numbers >= 0, got array(3)",
            ),
            ({"forecasters": np.array(3)}, "forecasters: array(3) is neither a name, a table with a kind, nor a"),
            ({"eliminations": np.array("x")}, "eliminations: array('x', dtype='<U1') is neither a name, a table"),
            ({"adversaries": np.array(3)}, "adversaries: array(3) is neither a name, a table with a kind, nor a"),
            ({"jobs": 0}, "jobs must be"),
            ({"reference": "clim"}, "the reference 'clim' is not among the forecasters"),
            ({"settings": {"rounds": [5, 6]}}, "was built in Python"),
            ({"forecasters": {"f": omnisim.forecasters.Published([[0.5, 0.5]])}, "fail_fast": True}, "for 1 rounds"),
        ],
    )
    def test_refusals(self, options: dict[str, Any], said: str) -> None:
        with pytest.raises(OmnisimError) as refused:
            omnisim.compare(small_scenario(), **{"forecasters": ["climatology"], "seeds": 2, "jobs": 1, **options})
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)


def test_numbers_of_agents_and_tests_are_whole_and_add_up(comparison: omnisim.Comparison) -> None:
    table, gains = comparison.table, comparison.gains
    counts = ["wins", "losses", "ties", "comparisons"]
    assert {str(table[name].dtype) for name in counts} == {"Int64"}
    reference = table["forecaster"] == comparison.about["reference"]
    assert table.loc[reference, "wins"].isna().all()
    whole = gains[(gains["measure"] == "utility") & (gains["subsequence"] == comparison.about["whole_run"])]
    agents = whole.groupby("forecaster")["agents"].sum()
    for _, row in table[~reference].iterrows():
        assert row["wins"] + row["losses"] + row["ties"] == agents[row["forecaster"]]


def test_runs_of_a_seed_come_before_those_of_the_next() -> None:
    grid = make_grid(small_scenario(), FORECASTERS, seeds=[5, 2])
    assert [(variant.labels[0], seed) for variant, seed in grid.tasks] == [
        (name, seed) for seed in (5, 2) for name in FORECASTERS
    ]


@pytest.mark.parametrize(
    ("changes", "same"),
    [({"seed": 7, "name": "another"}, True), ({"rounds": ROUNDS - 1}, False), ({"declared_horizon": 99}, False)],
)
def test_runs_are_named_after_what_their_results_depend_on(changes: dict[str, Any], same: bool) -> None:
    names = [
        make_grid(scenario, ["climatology"], seeds=1).variants[0].run(0)
        for scenario in (small_scenario(), small_scenario().replace(**changes))
    ]
    assert (names[0] == names[1]) == same


@pytest.mark.parametrize("key", ["forecaster", "forecaster.kind", "elimination.kind", "seed"])
def test_axes_are_no_settings(key: str) -> None:
    option = {"forecaster": "--forecasters", "elimination": "--eliminations", "seed": "--seeds"}[key.partition(".")[0]]
    with pytest.raises(ScenarioError, match=f"^--set {key}: is an axis of its own: use {option}$"):
        check_settings({key: [1, 2]})
    with pytest.raises(ScenarioError, match=r"^--set forecaster\.lag: has the same value twice: 1, 2, 1$"):
        check_settings({"forecaster.lag": [1, 2, 1]})
