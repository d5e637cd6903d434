"""The study of panprediction: its law, its data, what it writes, and that it does not depend on the number of jobs."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from headings import unexplained_on
from scenario_files import omnisim_command, refusal

from omnisim.errors import DataError
from omnisim.market import Market, load_ercot
from omnisim.studies import Options
from omnisim.studies.frame import rows_of
from omnisim.studies.panprediction import cases as plan
from omnisim.studies.panprediction import charts, comparison, growth, law, prices, problems
from omnisim.studies.panprediction.findings import _held_out, findings
from omnisim.studies.panprediction.page import STUDY


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "panprediction"
    answer = omnisim_command("study", "panprediction", "--quick", "--seed", 3, "--jobs", 1, "--out", folder)
    assert (answer.code, answer.err) == (0, "")
    assert unexplained_on(folder / "report.html") == {}
    return folder, answer.out.splitlines()


@pytest.mark.whole
class TestFolder:
    def test_tables_and_manifest(self, written) -> None:
        folder, printed = written
        names = {f"{name}.{ending}" for name in ("slopes", "gaps", "runs") for ending in ("csv", "parquet")}
        assert {path.name for path in folder.iterdir()} == names | {"report.html", "manifest.json"}
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["command"] == "omnisim study panprediction --quick --seed 3"
        assert "569 tumours" in manifest["data"]["patients"]
        # Nothing is judged on a quick run.
        assert {line.split("  ")[0].strip() for line in printed[:-1]} == {"not judged"}

    def test_every_model_meets_every_user(self, written) -> None:
        gaps = pd.read_parquet(written[0] / "gaps.parquet")
        assert set(gaps["part"]) == set(comparison.PROBLEMS)
        for _, rows in gaps.groupby("part"):
            assert (rows.groupby("model").size() == 12).all()
            assert set(rows["kind"]) == {"panpredictor", "multicalibrated", "plain", "one group", "one loss"}
            # The best comparator of a pair is best among the comparators: no plain or single model is below it.
            comparators = rows[~rows["kind"].isin(["panpredictor", "multicalibrated"])]
            assert (comparators["gap"] >= -1e-12).all()
            assert (comparators.groupby(["loss", "group"])["gap"].min() < 1e-12).all()
        assert (gaps["gap"] <= gaps["bound"] + 1e-9).all()

    def test_the_page_is_small_and_says_it_is_quick(self, written) -> None:
        page = (written[0] / "report.html").read_text(encoding="utf-8")
        assert len(page) < 1_500_000
        assert "quick variant" in page
        assert 'data-figure="gaps-patients"' in page


@pytest.mark.browser
def test_the_page_is_drawn_quietly_and_fits(fitting, written) -> None:
    # A chart that would show too little of the quick variant has a sentence in its place.
    page = fitting(written[0] / "report.html")
    assert page.locator("figure").count() + page.locator("p.instead", has_text="Not drawn, because").count() == 4


class TestLaw:
    def test_the_best_comparator_of_a_group_is_the_bayes_predictor(self) -> None:
        made = law.law(7, 7)
        for k in range(7):
            inside = made.groups[:, k] > 0
            np.testing.assert_array_equal(made.comparators[inside, k], made.bayes[inside])
        assert (abs(made.groups.mean(axis=0)[1:] - 0.5) < 0.06).all()

    def test_a_smaller_law_is_part_of_a_larger_one(self) -> None:
        small, large = law.law(3, 3), law.law(6, 8)
        np.testing.assert_array_equal(small.groups, large.groups[:, :3])
        np.testing.assert_array_equal(small.comparators, large.comparators[:, :3])
        np.testing.assert_array_equal(small.bayes, large.bayes)

    def test_outcomes_have_the_bayes_probability(self) -> None:
        """Mean residual of 20,000 draws within every group: four standard deviations are below 0.02; 4 groups."""
        made = law.law(4, 4)
        drawn = made.draw(20_000, np.random.default_rng(0))
        residuals = drawn.outcomes - np.where(drawn.groups[:, 0] > 0, drawn.comparators[:, 0], np.nan)
        assert (np.abs(drawn.groups.T @ residuals / drawn.groups.sum(axis=0)) < 0.02).all()


class TestPrices:
    @pytest.mark.long
    def test_spikes_are_about_a_tenth_and_features_are_known_before(self) -> None:
        problem = prices.spikes(None, 100)
        assert len(problem.X) == len(problem.y) == 2400
        assert 0.02 < problem.y.mean() < 0.4
        market = load_ercot()
        changed = market.prices.copy()
        changed[-1] *= 3
        import dataclasses

        later = prices.features(dataclasses.replace(market, prices=changed))
        pd.testing.assert_frame_equal(later, prices.features(market))  # the last day's own prices are in no feature

    def test_features_are_of_the_days_before(self) -> None:
        rng = np.random.default_rng(4)
        P, wind = rng.lognormal(3, 1, (70, 24)), rng.random((70, 24))
        wind[:20] += 1  # of days that leave the window one after the other
        wind[65:] += 0.3
        dates = np.datetime64("2021-03-29") + np.arange(70)
        found = prices.features(Market("m", dates, P, features={"wind": wind}))
        for t, hour in ((60, 0), (64, 13), (69, 23)):
            before, day = slice(t - 60, t), dates[t].item()
            middle, high = np.median(P[before]), np.quantile(P[before], 0.9)
            relative = np.arcsinh((P - middle) / (high - middle))
            share = sum(price > high for price in P[t - 1]) / 24
            expected = {
                "yesterday": relative[t - 1, hour], "two days before": relative[t - 2, hour],
                "week before": relative[t - 7, hour], "yesterday mean": relative[t - 1].mean(),
                "yesterday highest": relative[t - 1].max(), "yesterday spikes": share, "after spikes": share > 0.2,
                "weekend": day.isoweekday() > 5, "summer": 6 <= day.month <= 9,
                "wind": (wind[t, hour] - wind[before].mean()) / wind[before].std(),
                "high wind": wind[t].mean() > np.quantile([row.mean() for row in wind[before]], 0.8),
            }  # fmt: skip
            row = found.iloc[24 * (t - 60) + hour]
            assert row[[*expected]].tolist() == pytest.approx([*map(float, expected.values())])
        means = wind.mean(axis=1)
        high = [means[t] > np.quantile(means[t - 60 : t], 0.8) for t in range(60, 70)]
        assert found["high wind"].tolist() == np.repeat(high, 24).tolist()
        assert (means[60:] > np.quantile(means, 0.8)).tolist() != high

    def test_a_price_at_the_quantile_is_no_spike(self, monkeypatch) -> None:
        flat = Market("m", np.datetime64("2021-01-01") + np.arange(100), np.full((100, 24), 30.0))
        monkeypatch.setattr(prices, "load_ercot", lambda: flat)
        assert not prices.spikes(None, 30).y.any()

    @pytest.mark.long
    def test_a_spike_by_hand(self) -> None:
        market = load_ercot()
        t = market.days - 10
        problem = prices.spikes(None)
        high = np.quantile(market.prices[t - 60 : t], 0.9)
        row = (t - 60) * 24 - (market.days - 60) * 24  # counted from the end
        expected = (market.prices[t] > high).astype(float)
        np.testing.assert_array_equal(problem.y[row:][:24], expected)

    @pytest.mark.long
    def test_weeks_are_held_out_as_a_whole(self) -> None:
        problem = prices.spikes(None)
        (held_out,) = problem.held_out
        assert 0.3 < held_out.mean() < 0.37
        by_week = pd.Series(held_out).groupby(problem.clusters // 7).nunique()
        assert (by_week == 1).all()

    @pytest.mark.long
    def test_nord_pool_with_high_wind_and_high_load(self) -> None:
        declared = os.environ.get("OMNISIM_DATA")
        root = Path(declared) if declared else Path(__file__).parents[3].parent / "shared" / "data"
        if not (root / "electricity" / prices.FILE).is_file():
            pytest.skip(f"{prices.FILE} is not in the data folder {root} (set OMNISIM_DATA)")
        problem = prices.spikes(root, 90)
        assert set(problem.groups) == {"everyone", "weekends", "high load", "high wind"}
        assert problem.X["high wind_forecast_mw"].isin([0.0, 1.0]).all()
        assert "Nord Pool" in problem.about

    def test_other_data_are_refused(self, tmp_path, monkeypatch) -> None:
        monkeypatch.setattr(plan, "growths", lambda *_: [])  # which ask for no data, as others do not
        monkeypatch.setattr(plan, "PROBLEMS", {"prices": plan.PROBLEMS["prices"]})
        with pytest.raises(DataError, match=r"holds no epf_markets\.parquet: give that file, or the folder"):
            prices.spikes(tmp_path)
        assert "holds no epf_markets.parquet" in refusal("study", "panprediction", "--quick", "--data", tmp_path)


def test_every_patient_is_held_out_once() -> None:
    problem = problems.patients()
    assert (np.sum(problem.held_out, axis=0) == 1).all()
    assert problem.y.sum() == 212


@pytest.mark.long
def test_results_do_not_depend_on_the_number_of_jobs() -> None:
    cases = [case for case in plan.growths(plan.QUICK, 1) if case.part == "points" and case.replicate == 0]
    alone, together = (rows_of(STUDY.play(cases, Options(jobs=jobs), lambda *_: None)) for jobs in (1, 2))
    pd.testing.assert_frame_equal(alone, together, check_exact=True)
    assert (alone["gap"] >= 0).all()
    assert alone["within_bound"].all()


def test_full_has_what_was_promised() -> None:
    cases = list(plan.growths(plan.FULL, 0))
    assert len(set(cases)) == len(cases)
    points = Counter((case.method, case.points) for case in cases if case.part == "points")
    assert set(points.values()) == {20}
    assert {method for method, _ in points} == set(growth.METHODS)
    assert {case.seed for case in plan.growths(plan.FULL, 1)}.isdisjoint({case.seed for case in cases})


def test_guides_have_the_rates_of_theory_and_begin_at_the_first_mean() -> None:
    rows = [
        {
            "part": "points",
            "method": method,
            "points": n,
            "replicate": r,
            "gap": (k + 1) * (1 + r) / n,
            "step_error": 1 / n,
        }
        for k, method in enumerate(growth.METHODS)
        for n in (100, 400, 1600)
        for r in range(3)
    ]
    panel, _ = charts.rates_chart(pd.DataFrame(rows)).variants[""].panels
    curves = {curve.label: np.asarray(curve.y) for curve in panel.curves}
    # Means over the replicates are 2 / n of the first method, and 4 / n of the second.
    np.testing.assert_allclose(curves["like n^(−1/2)"], 2 / 100 / np.sqrt([1, 4, 16]))
    np.testing.assert_allclose(curves["like n^(−1/3)"], 4 / 100 / np.cbrt([1, 4, 16]))


def test_the_largest_gap_is_told_with_its_interval_and_place() -> None:
    """It is not where an interval reaches furthest; pairs are counted that lose, and those that lose by much."""
    pairs = [("a", "x", 0.30, 0.25, 0.35), ("a", "y", 0.20, -0.40, 0.80), ("b", "x", 0.10, 0.01, 0.19)]
    models = [*((name, "panpredictor") for name in comparison.PANPREDICTORS), ("only x", "one group")]
    columns = ("loss", "group", "gap", "low", "high")
    rows = pd.DataFrame(
        {"part": "p", "model": name, "kind": kind} | dict(zip(columns, pair, strict=True))
        for name, kind in models
        for pair in pairs
    )
    *panpredictors, single = _held_out(rows)
    for name, finding in zip(comparison.PANPREDICTORS, panpredictors, strict=True):
        told = f"{name}: 1 of 3 pairs; interval above 0 for 2; largest gap 0.3 [0.25, 0.35] (a, x)."
        assert (finding.measured, finding.holds) == (told, False)
    assert (single.measured, single.holds) == ("Pairs lost by “only x” 2.", True)


def test_every_model_for_one_user_must_lose_somewhere() -> None:
    """Of two of them one loses two pairs by its interval, and the other none."""
    lows = {"only x": (0.1, 0.2, -0.1), "for l": (-0.2, -0.1, 0.0)}
    kinds = {"only x": "one group", "for l": "one loss"}
    rows = [
        {"part": "p", "model": name, "kind": kinds.get(name, "panpredictor"), "loss": "l", "group": str(k)}
        | {"gap": low + 0.1, "low": low, "high": low + 0.4}
        for name in (*comparison.PANPREDICTORS, *lows)
        for k, low in enumerate(lows.get(name, (0.0, 0.0, 0.0)))
    ]
    *panpredictors, single = _held_out(pd.DataFrame(rows))
    assert [finding.holds for finding in panpredictors] == [True] * 3
    assert (single.measured, single.holds) == ("Pairs lost by “only x” 2 and “for l” 0.", False)


@pytest.mark.parametrize(
    ("exponent", "high", "points", "sizes", "lost"),
    [(-0.5, 0.4, True, True, False), (-0.1, 0.21, False, True, True), (-0.9, 0.4, None, False, False)],
)
def test_findings_tell_what_holds_from_what_does_not(
    exponent: float, high: float, points: bool | None, sizes: bool, lost: bool
) -> None:
    """On made-up runs: gaps that fall like n^(-1/2) agree, those that stay disagree; a model that loses is named."""

    def growths(exponent):
        rows = []
        for part, size in (("points", "points"), ("groups", "log_size"), ("comparators", "log_size")):
            for method in growth.METHODS:
                for replicate in range(3):
                    for value in (4.0, 16.0, 64.0):
                        error = (1 + replicate / 10) * value ** (exponent if part == "points" else -0.8 * exponent)
                        measured = {"gap": error, "step_error": error, "within_bound": True}
                        case = {"part": part, "method": method, "replicate": replicate, "points": 100, "log_size": 1.0}
                        rows.append(case | measured | {size: value})
        return pd.DataFrame(rows)

    def compared(high):
        models = [(name, "panpredictor") for name in comparison.PANPREDICTORS] + [("only a", "one group")]
        models += [(comparison.MULTICALIBRATED, comparison.MULTICALIBRATED), *((m, "plain") for m in comparison.PLAIN)]
        return pd.DataFrame(
            [
                {
                    "part": "p",
                    "model": name,
                    "kind": kind,
                    "loss": "l",
                    "group": "g",
                    "gap": 0.2,
                    "low": 0.1,
                    "high": high,
                }
                for name, kind in models
            ]
        )

    found = findings(growths(exponent), compared(high))
    against = [finding.holds for finding in found if finding.subject == "Error against n"]
    # A fall like n^(-0.9) is no n^(-1/2), and is at least as fast as n^(-1/3).
    assert against == ([False, False, True] * 2 if points is None else [points] * 6)
    assert [f.holds for f in found if f.subject.startswith("Number of")] == [sizes] * 4
    assert [f.holds for f in found if f.subject == "Held out: p"] == [not lost] * 3 + [True]
