"""What figures, tables and texts of a comparison leave out is told: how many of how many there are, and which."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import pandas as pd
import plotly.graph_objects as go
import pytest
from small_comparison import compared, small_scenario

import omnisim
from omnisim.report.comparison import agents, course, differences, figures, limits, page, runs, tables, verdict, worth
from omnisim.report.comparison.scope import Scope

READS_ALL = "omnisim.load_comparison reads all"
MANY = 26
"""Forecasters: two more than a figure has rows, and one more than one of the differences to the reference."""


def caption(figure: go.Figure) -> str:
    return str(figure.layout.meta["caption"])


def first(draw: Any, scope: Scope) -> go.Figure:
    (_, figure), *_ = draw(scope)
    return figure()


def names_in(figure: go.Figure) -> int:
    """Rows of the first panel."""
    return len(figure.layout.yaxis.ticktext)


@pytest.fixture(scope="module")
def many() -> omnisim.Comparison:
    """26 forecasters: the day before, and means over windows of different lengths."""
    windows = {f"mean {window}": {"kind": "climatology", "window": window} for window in range(1, MANY)}
    return omnisim.compare(small_scenario(rounds=8), {"last": "persistence", **windows}, seeds=1, jobs=1)


@pytest.fixture(scope="module")
def base() -> omnisim.Comparison:
    return compared(seeds=2)


def with_forecasters(comparison: omnisim.Comparison, count: int) -> Scope:
    """The same with so many forecasters of those that there are, the reference among them."""
    found = omnisim.load_comparison(comparison.folder)
    names = comparison.about["forecasters"][:count]
    for name in ("table", "gains", "differences", "overall", "means", "runs"):
        frame = getattr(comparison, name)
        found.__dict__[name] = frame[frame["forecaster"].isin(names)]
    return Scope(found)


@pytest.mark.long
@pytest.mark.parametrize(
    ("draw", "most", "reference"),
    [
        (agents.winners, 23, False), (agents.gains, 23, False), (differences.maps, 23, False),
        (figures._cost, 24, True), (course.planes, 8, True), (course.growth, 8, True),
    ],
)  # fmt: skip
def test_of_many_forecasters_the_best_are_drawn_and_counted(
    many: omnisim.Comparison, draw: Any, most: int, reference: bool
) -> None:
    scope = Scope(many)
    figure = first(draw, scope)
    money = many.table.set_index("forecaster")["money"].drop("last").sort_values(ascending=False, kind="stable")
    best = list(money.index[: most - reference])
    if draw in (course.planes, course.growth):
        drawn = {name for trace in figure.data for name in [str(trace.name)] if name in many.about["forecasters"]}
        assert drawn == {"last", *best}
    else:
        assert names_in(figure) == most
        assert set(figure.layout.yaxis.ticktext) == {*best, *(["last"] if reference else [])}
    which = f"{'last, then ' if reference else ''}those that rank best in money"
    every = MANY if reference else MANY - 1
    assert caption(figure).endswith(f" Drawn are {most} of {every} forecasters ({which}); {READS_ALL}.")


@pytest.mark.long
def test_the_leaderboard_draws_the_best_in_its_measure(many: omnisim.Comparison) -> None:
    for measure, figure in differences.leaderboard(Scope(many)):
        told = f" Drawn are those that are best in {measure}: 24 of 25 forecasters; {READS_ALL}."
        assert caption(figure()).endswith(told)
        assert names_in(figure()) == 24
        assert str(figure().layout.meta["alt"]).endswith("; 20 more.")
        column = {"money": "money", "utility": "utility", "CCV": "ccv", "CCV+": "ccv_positive"}.get(measure)
        if column in ("money", "utility"):
            worst = many.table[many.table["forecaster"] != "last"].sort_values(column, kind="stable")["forecaster"]
            assert worst.iloc[0] not in figure().layout.yaxis.ticktext


def test_panels_of_the_leaderboard_that_leave_out_others_are_told_apart() -> None:
    measure = mock.Mock(title="money")
    cut = {"one rule": "24 of 30 forecasters", "another": "24 of 29 forecasters", "a third": ""}
    told = differences._cut(measure, cut)
    assert told.startswith(" Drawn are those that are best in money: 24 of 30 forecasters (one rule) and 24 of 29 ")
    assert told.endswith(f" forecasters (another); {READS_ALL}.")
    assert differences._cut(measure, {"one rule": "", "another": ""}) == ""


@pytest.mark.long
@pytest.mark.parametrize(
    ("draw", "fits"),
    [
        (agents.winners, 24), (agents.gains, 24), (differences.maps, 24), (differences.leaderboard, 25),
        (figures._cost, 24), (course.planes, 8), (course.growth, 8),
    ],
)  # fmt: skip
def test_a_figure_of_all_says_nothing_of_others(many: omnisim.Comparison, draw: Any, fits: int) -> None:
    assert "Drawn are" not in caption(first(draw, with_forecasters(many, fits)))
    assert f" of {fits + 1 - (draw not in (figures._cost, course.planes, course.growth))} forecasters" in caption(
        first(draw, with_forecasters(many, fits + 1))
    )


@pytest.mark.long
def test_forecasters_that_never_finished_are_not_counted(many: omnisim.Comparison) -> None:
    scope = with_forecasters(many, 9)
    table = scope.table = scope.table.copy()
    context = scope.contexts[0]
    assert "Drawn are 8 of 9 forecasters" in scope.omitted([context])
    table.loc[table["forecaster"] == scope.forecasters[-1], "runs"] = 0
    assert scope.omitted([context]) == ""
    scope = with_forecasters(many, 10)
    table = scope.table = scope.table.copy()
    table.loc[table["forecaster"] == scope.forecasters[1], "runs"] = 0
    assert "Drawn are 7 of 9 forecasters (last, then " in scope.omitted([context])
    table.loc[table["forecaster"] == "last", "runs"] = 0
    assert "Drawn are 6 of 8 forecasters (those that rank best in " in scope.omitted([context])


@pytest.mark.parametrize(
    ("forecasters", "most", "reference", "drawn"),
    [(8, 8, True, 0), (9, 8, True, 8), (24, 24, True, 0), (25, 24, True, 24), (24, 24, False, 0), (25, 24, False, 23)],
)
def test_forecasters_are_counted(
    base: omnisim.Comparison, forecasters: int, most: int, reference: bool, drawn: int
) -> None:
    """Of the differences to the reference there is one less than of forecasters."""
    found = omnisim.load_comparison(base.folder)
    own = base.table[base.table["forecaster"] == "mean"]
    more = [own.assign(forecaster=f"mean {index}", money=float(-index)) for index in range(forecasters - 3)]
    found.__dict__["table"] = pd.concat([base.table, *more], ignore_index=True)
    scope = Scope(found)
    told = scope.omitted(scope.contexts, most, reference=reference)
    which = f"{'last, then ' if reference else ''}those that rank best in money"
    every = forecasters - (not reference)
    assert told == (f" Drawn are {drawn} of {every} forecasters ({which}); {READS_ALL}." if drawn else "")


def scope_about(base: omnisim.Comparison, populations: int, subsequences: int) -> Scope:
    """A scope of so many populations, the later the larger, and subsequences, of which the whole run is the last."""
    scope = Scope(base)
    one = next(iter(base.about["populations"].values()))
    scope.about = {
        **base.about,
        "populations": {f"p{index}": {**one, "agents": index + 1} for index in range(populations)},
        "subsequences": [*(f"s{index}" for index in range(subsequences - 1)), "all"],
    }
    return scope


@pytest.mark.parametrize(("populations", "subsequences"), [(4, 8), (5, 8), (4, 9), (7, 12)])
def test_populations_and_subsequences_are_counted(
    base: omnisim.Comparison, populations: int, subsequences: int
) -> None:
    scope = scope_about(base, populations, subsequences)
    told = scope.omitted(scope.contexts, subsequences=True)
    assert (f"4 of {populations} populations (those with the most agents)" in told) == (populations > 4)
    assert (f"8 of {subsequences} subsequences (all, then the first others)" in told) == (subsequences > 8)
    assert bool(told) == (populations > 4 or subsequences > 8)
    assert scope.populations == [f"p{index}" for index in range(populations)][-4:]
    assert scope.subsequences == ["all", *(f"s{index}" for index in range(subsequences - 1))][:8]
    assert "populations" not in scope.omitted(scope.contexts, populations=False)
    assert "subsequences" not in scope.omitted(scope.contexts)


@pytest.mark.long
def test_variants_beyond_those_to_choose_from_are_counted(under_two_rules: omnisim.Comparison) -> None:
    """Numbers of places in the frames of the comparison, of each of which there is a variant."""
    found, most = under_two_rules, 1
    with mock.patch.object(figures, "MOST_VARIANTS", most):
        shown = figures.shown_figures(Scope(found))
    gains, grown = found.gains.query("measure == 'money'"), found.growth.query("measure == 'swap_regret_money'")
    lengths = grown.groupby(["population", "subsequence", "elimination"], observed=True)["rounds"].nunique()
    every = {
        "winners": len(gains[["subsequence", "elimination"]].drop_duplicates()),
        "gains": len(gains[["subsequence", "elimination"]].drop_duplicates()),
        "growth": int((lengths > 1).sum()),
        "leaderboard": len(Scope(found).measures),
        "map": 2 * len(Scope(found).measures),
        "plane": 2,
        "bounds": 1,
        "cost": 1,
    }
    assert set(every) == set(shown)
    for name, each in shown.items():
        left = every[name] - most
        last = "" if left == 0 else f"last of {every[name]} is" if left == 1 else f"last {left} of {every[name]} are"
        assert each.instead.endswith(f"The {last} left out." if last else ""), name
        assert ("left out" in each.instead) == bool(last)


@pytest.mark.long
def test_variants_are_in_the_order_told(under_two_rules: omnisim.Comparison) -> None:
    """The first are of the whole run, and of all settings."""
    scope = Scope(under_two_rules)
    words = [words for words, _ in agents.winners(scope)]
    assert words[:2] == ["all, careful", "all, careless"]
    assert len(words) == len(set(words)) == 2 * len(under_two_rules.about["subsequences"])


def test_lengths_of_runs_are_told_or_counted() -> None:
    assert page._lengths([20, 30]) == "20 or 30"
    assert page._lengths([1, 2, 3, 1000]) == "1 or 2 or 3 or 1,000"
    assert page._lengths([1, 2, 3, 4, 1000]) == "5 lengths from 1 to 1,000"


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("failed", "violated"), [(11, 5), (0, 0), (10, 6), (10, 5), (30, 12)])
def test_bad_runs_that_are_not_listed_are_counted(base: omnisim.Comparison, failed: int, violated: int) -> None:
    found = omnisim.load_comparison(base.folder)
    good = base.runs.iloc[[0]]
    frames = [good] + [good.assign(status="failed")] * failed + [good.assign(certificates_violated=3)] * violated
    found.__dict__["runs"] = pd.concat(frames, ignore_index=True)
    table = runs.runs_to_look_at(Scope(found), beside=False)
    why = [row[0].text for row in table.rows]
    assert (why.count("failed"), why.count("certificate violated")) == (min(failed, 10), min(violated, 5))
    assert (f"the first 10 of {failed} that failed" in table.note) == (failed > 10)
    assert (f"the 5 of {violated} with violated certificates that violated most" in table.note) == (violated > 5)
    assert bool(table.note) == (failed > 10 or violated > 5)


@pytest.mark.long
def test_limits_are_told_of_all_settings_or_counted(under_two_rules: omnisim.Comparison) -> None:
    """What is exceeded under the second decision rule alone is not nothing."""
    scope = Scope(under_two_rules)
    frame = under_two_rules.violations.copy()
    whole = frame["subsequence"] == "all"
    counted = len(frame[whole & (frame["elimination"] == "careless")][["population", "constraint"]].drop_duplicates())
    scope.comparison = found = omnisim.load_comparison(under_two_rules.folder)
    found.__dict__["violations"] = frame.assign(violated=(frame["elimination"] == "careless").astype(float))
    said = [line for line in limits.sentences(scope) if "was exceeded" in line]
    assert len(said) == counted
    assert all(" (careless): share of customer days" in line for line in said)
    found.__dict__["violations"] = frame.assign(violated=0.5)
    with mock.patch.object(limits, "MOST_SENTENCES", 2 * counted - 1):
        lines = list(limits.sentences(scope))
    assert "1 more limit, or the same in other settings, is in comparison.violations." in lines
    found.__dict__["violations"] = frame.assign(violated=0.0)
    assert "No limit was exceeded." in list(limits.sentences(scope))


def test_the_summary_says_how_many_sentences_it_leaves_to_the_page() -> None:
    sentences = ["One.", "Two.", "Three.", "Four.", "Five."]
    assert verdict._shortened(sentences[:3]) == "One. Two. Three."
    assert verdict._shortened(sentences) == "One. Two. Three. The page has 2 more on violations."


def cut_tables(scope: Scope) -> Iterator[tuple[str, Any, int]]:
    """Tables that may be cut, with the number of their rows where they are not."""
    makers: Mapping[str, Any] = {
        "table": tables.leaderboard, "differences": tables.differences, "gains": tables.gains,
        "violations": limits.violations, "certificates": tables.certificate_table, "runs": tables.cost,
        "worth": worth.table,
    }  # fmt: skip
    for name, make in makers.items():
        yield name, make, len(make(scope).rows)


def test_tables_that_are_cut_say_so(base: omnisim.Comparison) -> None:
    scope = Scope(base)
    for name, make, every in cut_tables(scope):
        assert make(scope).note == ""
        with (
            mock.patch.object(tables, "MOST_ROWS", every - 1),
            mock.patch.object(limits, "MOST_ROWS", every - 1),
            mock.patch.object(worth, "MOST_ROWS", every - 1),
        ):
            table = make(scope)
        assert len(table.rows) == every - 1
        assert re.match(rf"Listed are the first {every - 1} of {every}\b", table.note), name
        assert table.note.endswith(" all.")
