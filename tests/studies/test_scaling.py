"""The quick variant of the scaling study: what it writes, and that it does not depend on the number of jobs."""

from collections import Counter

import pandas as pd
import pytest
from scenario_files import omnisim_command, refusal

import omnisim
from omnisim import studies
from omnisim.studies import Options
from omnisim.studies.scaling import cases as plan
from omnisim.studies.scaling.cases import FORECASTERS, Case, measure
from omnisim.studies.scaling.instances import ADVERSARIES
from omnisim.studies.scaling.page import STUDY

pytestmark = pytest.mark.sampled  # what the fixture runs: less in the quick suite

COLUMNS = """
    part rounds rule adversary forecaster replicate seed agents actions dimension subsequences lift subsequence length
    swap_regret mean_swap_regret external_regret ccv ccv_positive violation_bound regret_bound certificates violated
"""


@pytest.mark.whole
class TestFolder:
    def test_the_page_comes_with_every_table_twice(self, written) -> None:
        names = {"regret_slopes", "violation_slopes", "every_rule_slopes", "learner_slopes", "slopes", "runs"}
        expected = {f"{name}.{ending}" for name in names for ending in ("csv", "parquet")}
        assert {path.name for path in written.folder.iterdir()} == expected | {"report.html", "manifest.json"}
        for name in names:
            # As text, an interval that is unknown leaves a bare number.
            read = pd.read_csv(written.folder / f"{name}.csv", dtype=written.table(name).dtypes.to_dict())
            pd.testing.assert_frame_equal(written.table(name), read)

    def test_the_columns(self, written) -> None:
        assert list(written.table("runs").columns) == COLUMNS.split()
        slopes = written.table("slopes")
        expected = "part rule adversary forecaster subsequence measure slope low high points floored rounds last"
        assert list(slopes.columns) == expected.split()
        assert (slopes["low"] <= slopes["slope"]).where(slopes["low"].notna(), True).all()

    def test_the_manifest_says_how_to_run_it_again(self, written) -> None:
        manifest = written.manifest
        assert manifest["command"] == "omnisim study scaling --quick --seed 3"
        assert manifest["seed"] == 3
        assert {"python", "omnisim-lab", "numpy"} <= set(manifest["versions"])
        assert manifest["machine"]["processor"]

    def test_every_rule_meets_every_adversary_with_every_forecaster(self, written) -> None:
        runs = written.table("runs")
        met = runs[runs["part"].isin(["regret", "rules"])]
        found = set(zip(met["rule"], met["adversary"], met["forecaster"], strict=True))
        assert found == {
            (rule, adversary, forecaster)
            for rule in plan.ALGORITHMS
            for adversary in ADVERSARIES
            for forecaster in FORECASTERS
            if (adversary, forecaster) != ("WorstCase", "ConditionalMean")
        }

    def test_no_certificate_is_violated(self, written) -> None:
        """Those that hold with probability 95 % concern 100 or so runs: with their slack they have never failed."""
        assert written.table("runs")["violated"].sum() == 0

    def test_it_prints_the_findings_and_the_page(self, written) -> None:
        *findings, page = written.printed
        assert page == str(written.folder / "report.html")
        assert Counter(line.split("  ")[0].strip() for line in findings) == {"agrees": 3, "not judged": 19}
        assert any("Persistence: swap regret grows with slope" in line for line in findings)


@pytest.mark.whole
def test_the_page_says_what_the_tables_say(written) -> None:
    assert len(written.page) < 1_500_000
    assert "All 3 findings agree with theory. 19 more are not judged." in written.page
    row = written.table("slopes").query("part == 'regret' and measure == 'swap regret'").iloc[0]
    shown = (
        written.table("regret_slopes").query("adversary == @row.adversary and forecaster == @row.forecaster").iloc[0]
    )
    slope = shown[f"swap regret on {row['subsequence']}"]
    assert slope.startswith(f"{row['slope']:.2f}")
    assert f"<td>{slope}</td>" in written.page
    assert "omnisim study scaling --quick --seed 3" in written.page


@pytest.mark.browser
def test_the_page_is_drawn_quietly_and_fits(fitting, written) -> None:
    expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
    page = fitting(written.folder / "report.html")
    # A chart that would show too little of the quick variant has a sentence in its place.
    assert page.locator("figure").count() + page.locator("p.instead", has_text="Not drawn, because").count() == 5

    figure = page.locator("#figure-violation")
    before = figure.locator("figcaption").inner_text()
    figure.locator("select").select_option(index=1)
    expect(figure.locator("figcaption")).not_to_have_text(before)

    head = page.locator("#table-regret_slopes thead th", has_text="swap regret on all")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"


@pytest.mark.long
def test_results_do_not_depend_on_the_number_of_jobs() -> None:
    chosen = [case for case in plan.cases(plan.QUICK, Options(seed=1)) if case.rounds <= 64][::15]
    costs = [case.rounds for case in chosen]
    told: list[tuple[int, int]] = []
    alone = STUDY.play(chosen, Options(jobs=1), lambda done, total: told.append((done, total)))
    together = STUDY.play(chosen, Options(jobs=2), lambda *_: None)
    pd.testing.assert_frame_equal(_frame(alone), _frame(together), check_exact=True)
    assert told[-1] == (sum(costs), sum(costs))
    assert len(told) == len(chosen)


def test_full_has_what_was_promised() -> None:
    full = plan.cases(plan.FULL, Options())
    regret = [case for case in full if case.part == "regret" and case.forecaster == "DecisionCalibrated"]
    for adversary in ("WorstCase", "Switching"):
        rounds = Counter(case.rounds for case in regret if case.adversary == adversary)
        assert min(rounds) == 2**8
        assert max(rounds) == 2**16
        assert all(number >= 10 for T, number in rounds.items() if T <= 2**12)
        assert min(rounds.values()) >= 3
    assert len(set(full)) == len(full)


def test_seeds_differ_between_replicates_and_studies() -> None:
    first, second = ({case.seed for case in plan.cases(plan.QUICK, Options(seed=seed))} for seed in (0, 1))
    assert not first & second


def test_regret_bound_and_violation_bound_are_the_certificates() -> None:
    case = Case("x", 64, "Algorithm 2", "Independent", "DecisionCalibrated", 0, 0, subsequences=1)
    (row,) = measure(case)
    analysis = omnisim.analyze(omnisim.simulate(case.scenario(), seed=0))
    for column in ("swap_regret", "external_regret", "ccv", "ccv_positive"):
        assert row[column] == max(analysis.agents[column])
    assert row["mean_swap_regret"] == pytest.approx(sum(analysis.agents["swap_regret"]) / case.agents)
    assert row["ccv"] <= row["violation_bound"]
    assert row["swap_regret"] <= row["regret_bound"]
    assert row["certificates"] > 5


class TestCommandLine:
    def test_studies_are_listed(self) -> None:
        answer = omnisim_command("list", "studies")
        assert "\nscaling\n    Regret and violation against" in f"\n{answer.out}"

    def test_an_unknown_study(self) -> None:
        assert refusal("study", "scalling") == (
            f"there is no study 'scalling': did you mean 'scaling'? available: {', '.join(studies.STUDIES)}"
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--seed", -1], "seed of a study must be >= 0, got -1"),
            (["--jobs", 0], "jobs must be >= 1, or -1 for one per core, got 0"),
        ],
    )
    def test_bad_options(self, arguments: list[object], message: str, tmp_path) -> None:
        assert refusal("study", "scaling", "--out", tmp_path / "out", *arguments) == message
        assert not (tmp_path / "out").exists()


def test_every_study_of_the_table_can_be_found() -> None:
    assert set(studies.summaries()) == set(studies.STUDIES)


def _frame(results: list[list[dict[str, object]]]) -> pd.DataFrame:
    return pd.DataFrame([row for rows in results for row in rows])
