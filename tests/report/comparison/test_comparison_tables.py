"""Every cell of the tables of a comparison's page, recomputed by loops over the agents and runs."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis.evidence import Status
from omnisim.commands import comparing
from omnisim.report.comparison import accuracy, limits, tables, worth
from omnisim.report.comparison import verdict as sentences
from omnisim.report.comparison.differences import _map
from omnisim.report.comparison.runs import _left_out, runs_to_look_at
from omnisim.report.comparison.scope import Measure, Scope
from omnisim.report.comparison.verdict import verdict
from omnisim.report.tables import Cell, Table
from omnisim.report.text import MISSING, amount, number, percent, score, signed, signed_amount, signed_score
from omnisim.statistics.gains import HALF_A_CENT
from omnisim.trace import FORECASTER

DAYS, SEEDS = 20, 2
YEAR = 365 / DAYS
OTHERS = ("climatology", "ridge_autoregression")
RULES = ("careful", "careless")
NOBODY: Any = float("nan")


Agents: TypeAlias = dict[tuple[str, str, str], pd.DataFrame]
"""By decision rule, forecaster and subsequence: measures by population, seed and agent."""


@pytest.fixture(scope="module")
def agents(under_two_rules: omnisim.Comparison) -> Agents:
    texts = ("forecaster", "elimination", "population", "subsequence")
    table = under_two_rules.agents.astype(dict.fromkeys(texts, object))
    groups = table.groupby(["elimination", "forecaster", "subsequence"])
    return {key: found.set_index(["population", "seed", "agent"])[["money", "utility"]] for key, found in groups}


def read(table: Table) -> Iterator[dict[str, Cell]]:
    """The cells of each row, by the title and unit of their column."""
    titles = [f"{column.title}, {column.unit}".replace("\u00ad", "").rstrip(", ") for column in table.columns]
    assert len(set(titles)) == len(titles)
    for index, column in enumerate(table.columns):
        known = [row[index].value for row in table.rows if row[index].value is not None]
        assert all(isinstance(value, str) != column.numeric for value in known), column
    for row in table.rows:
        yield dict(zip(titles, row, strict=True))


def is_cell(found: Cell, value: float, written: str | None = None) -> None:
    """It has the value, to the six digits that are kept of it, and says it."""
    if not np.isfinite(value):
        assert (found.text, found.value) == (MISSING, None)
        return
    assert found.value == pytest.approx(value, rel=1e-6, abs=1e-9)
    if written is not None:
        assert found.text == written


def earned(
    agents: Agents, rule: str, forecaster: str, measure: str, subsequence: str = "all", population: str = ""
) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """A measure of the agents, by population, seed and agent, with a forecaster and with the reference."""
    own, reference = (agents[rule, name, subsequence][measure] for name in (forecaster, "persistence"))
    return (own.loc[population], reference.loc[population]) if population else (own, reference)


def ends_of(frame: pd.DataFrame, factor: float, **places: str) -> tuple[float, float, str]:
    """The interval that holds together with the others, and its verdict."""
    wanted = np.logical_and.reduce([frame[column].to_numpy() == value for column, value in places.items()])
    [row] = frame[wanted].to_dict("records")
    return factor * row["simultaneous_low"], factor * row["simultaneous_high"], row["verdict"]


def between(low: float, high: float, write: Any) -> str:
    return MISSING if np.isnan(low) else f"[{write(low)}, {write(high)}]"


def test_leaderboard(under_two_rules: omnisim.Comparison, agents: Agents) -> None:
    rows = list(read(tables.leaderboard(Scope(under_two_rules))))
    assert len(rows) == len(RULES) * 3
    per_year, over = "USD per customer and year", "per customer over the run"
    for index, row in enumerate(rows):
        name, rule = row["forecaster"].text, row["decision rule"].text
        assert rule == RULES[index // 3]
        is_cell(row["runs"], SEEDS, str(SEEDS))
        for measure, unit, factor, write, sign in (
            ("money", per_year, YEAR, amount, signed_amount),
            ("utility", over, 1.0, score, signed_score),
        ):
            own, reference = earned(agents, rule, name, measure)
            is_cell(row[f"{measure}, {unit}"], factor * own.mean(), write(factor * own.mean()))
            if name == "persistence":
                assert row[f"verdict, on {measure}"].text == "reference"
                is_cell(row[f"difference, {measure}"], NOBODY)
                continue
            difference = factor * (own - reference).mean()
            is_cell(row[f"difference, {measure}"], difference, sign(difference))
            places = {"forecaster": name, "elimination": rule, "measure": measure}
            low, high, verdict = ends_of(under_two_rules.overall, factor, **places)
            is_cell(row[f"interval, {measure}"], low, between(low, high, sign))
            assert row[f"verdict, on {measure}"].text == (verdict or "no interval")
            if measure == "money":
                changes = own - reference
                for word, share in (("gain", changes >= HALF_A_CENT), ("lose", changes <= -HALF_A_CENT)):
                    is_cell(row[f"{word}, % of customers, in money"], 100 * share.mean(), number(100 * share.mean(), 2))
        runs = under_two_rules.runs[
            (under_two_rules.runs["forecaster"] == name) & (under_two_rules.runs["elimination"] == rule)
        ]
        for kind in ("swap", "external"):
            value = YEAR * runs[f"{kind}_regret_money"].mean()
            is_cell(row[f"{kind} regret, {per_year}"], value, amount(value))
        for title, column in (("CCV+", "ccv_positive"), ("CCV", "ccv")):
            is_cell(row[f"{title}, cost {over}"], runs[column].mean(), score(runs[column].mean()))
        is_cell(
            row["fallback, days per customer"], runs["fallback_rounds"].mean(), score(runs["fallback_rounds"].mean())
        )
        is_cell(row["certificates violated"], runs["certificates_violated"].sum())
    for start in (0, 3):
        money = [row[f"money, {per_year}"].value for row in rows[start : start + 3]]
        assert money == sorted(money, key=lambda value: -float(value or 0))


def test_the_leaderboard_of_the_terminal(under_two_rules: omnisim.Comparison, agents: Agents) -> None:
    """Money of a year, and the interval that a verdict rests on, which is wider than the one that holds alone."""
    title, *lines, last = comparing.leaderboard(under_two_rules)
    assert title == ("money, USD per customer and year, and the difference to persistence with a 95% interval")
    overall = under_two_rules.overall.query("measure == 'money'")
    told = {tuple(line.split()[:2]): line for line in lines}
    assert len(told) == len(lines) == len(RULES) * 3
    judged = 0
    for rule in RULES:
        for name in ("persistence", *OTHERS):
            own, reference = earned(agents, rule, name, "money")
            line = told[f"{name},", rule].split(maxsplit=3)
            assert line[2] == amount(YEAR * own.mean())
            if name == "persistence":
                assert len(line) == 3
                continue
            places = {"forecaster": name, "elimination": rule}
            low, high, verdict = ends_of(overall, YEAR, **places)
            ends = f"{between(low, high, signed_amount)}  {verdict}" if verdict else "  no interval"
            assert line[3].rstrip() == f"{signed_amount(YEAR * (own - reference).mean())} {ends}".rstrip()
            judged += bool(verdict)
    assert judged
    assert (overall["simultaneous_high"] > overall["high"]).any(), "single intervals are no others here"
    assert last.strip() == (
        f"the {judged} intervals hold together with 95%; allowed for is what varies with {overall['method'].iloc[0]}"
    )


@pytest.mark.long
def test_differences(under_two_rules: omnisim.Comparison, agents: Agents) -> None:
    rows = list(read(tables.differences(Scope(under_two_rules))))
    order = ["all", *(name for name in under_two_rules.about["subsequences"] if name != "all")]
    assert len(rows) == len(RULES) * len(OTHERS) * 3 * len(order)
    assert list(dict.fromkeys(row["subsequence"].text for row in rows)) == order
    every = {
        tuple(row[key].text for key in ("decision rule", "forecaster", "population", "subsequence")) for row in rows
    }
    assert len(every) == len(rows)
    for row in rows:
        name, rule = row["forecaster"].text, row["decision rule"].text
        places = {"population": row["population"].text, "subsequence": row["subsequence"].text}
        for measure, unit, factor, write in (
            ("money", "money per customer and year", YEAR, lambda value: f"{signed_amount(value)} USD"),
            ("utility", "utility per customer over the run", 1.0, signed_score),
        ):
            own, reference = earned(agents, rule, name, measure, **places)
            difference = factor * (own - reference).mean()
            is_cell(row[f"difference, {unit}"], difference, write(difference))
            where = {**places, "forecaster": name, "elimination": rule, "measure": measure}
            low, high, verdict = ends_of(under_two_rules.differences, factor, **where)
            sign = signed_amount if measure == "money" else signed_score
            is_cell(row[f"interval, {measure}"], low, between(low, high, sign))
            assert row[f"verdict, on {measure}"].text == (verdict or "no interval")


def test_gains(under_two_rules: omnisim.Comparison, agents: Agents) -> None:
    rows = list(read(tables.gains(Scope(under_two_rules))))
    assert len(rows) == len(RULES) * len(OTHERS) * 3 * len(under_two_rules.about["subsequences"])
    first = [row["subsequence"].text for row in rows[: len(RULES) * len(OTHERS) * 3]]
    assert set(first) == {"all"}
    for row in rows:
        name, rule = row["forecaster"].text, row["decision rule"].text
        places = {"population": row["population"].text, "subsequence": row["subsequence"].text}
        own, reference = earned(agents, rule, name, "money", **places)
        changes = own - reference
        is_cell(row["customers, and seeds"], len(changes), str(len(changes)))
        for word, share in (("gain", changes >= HALF_A_CENT), ("lose", changes <= -HALF_A_CENT)):
            is_cell(row[f"{word}, %"], 100 * share.mean(), number(100 * share.mean(), 2))
        unit = "per customer and year"
        for title, level in (
            ("most lost", 0.0),
            ("5th pct.", 0.05),
            ("median", 0.5),
            ("95th pct.", 0.95),
            ("most gained", 1.0),
        ):
            value = YEAR * float(np.quantile(changes, level))
            is_cell(row[f"{title}, {unit}"], value, f"{signed_amount(value)} USD")


def test_worth(under_two_rules: omnisim.Comparison, agents: Agents) -> None:
    rows = list(read(worth.table(Scope(under_two_rules))))
    assert len(rows) == len(RULES) * len(OTHERS) * 4
    for row in rows:
        name, rule, population = (row[key].text for key in ("forecaster", "decision rule", "population"))
        own, reference = earned(agents, rule, name, "money")
        changes, frame = own - reference, under_two_rules.overall
        where = {"forecaster": name, "elimination": rule, "measure": "money"}
        if population != "in total":
            changes, frame = changes.loc[population], under_two_rules.differences
            where |= {"population": population, "subsequence": "all"}
        low, high, verdict = ends_of(frame, YEAR, **where)
        is_cell(row["worth, USD per customer and year"], YEAR * changes.mean(), signed_amount(YEAR * changes.mean()))
        is_cell(row["interval, of all together"], low, between(low, high, signed_amount))
        words = {"": "no interval", "not separated": "not separated from 0"}
        assert row["verdict"].text == words.get(verdict, verdict)
        losing = (changes <= -HALF_A_CENT).mean()
        is_cell(row["earn less, of customers"], losing, percent(losing))
        is_cell(row["customers, and seeds"], len(changes), str(len(changes)))
        is_cell(row["worst, USD per customer and year"], YEAR * changes.min(), signed_amount(YEAR * changes.min()))


def test_violations(under_two_rules: omnisim.Comparison) -> None:
    rows = list(read(limits.violations(Scope(under_two_rules))))
    frame = under_two_rules.violations[under_two_rules.violations["subsequence"] == "all"]
    assert len(rows) == len(frame) > 0
    for row, expected in zip(rows, frame.to_dict("records"), strict=True):
        texts = [row[key].text for key in ("forecaster", "decision rule", "population", "limit", "unit")]
        assert texts == [expected[key] for key in ("forecaster", "elimination", "population", "constraint", "unit")]
        for title, value in (
            ("exceeded, % of customer days", 100 * expected["violated"]),
            ("ever, % of customers", 100 * expected["exceeding"]),
            ("excess, per customer over the run", expected["total"]),
            ("largest, of a customer day", expected["largest"]),
        ):
            is_cell(row[title], value, score(value))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("seed", range(3))
def test_limits_in_words(under_two_rules: omnisim.Comparison, seed: int) -> None:
    """With the reference, and with those that keep each limit best and worst; by how much, and with whom."""
    rng, frame, table = np.random.default_rng(seed), under_two_rules.violations.copy(), under_two_rules.table.copy()
    frame["violated"] = rng.random(len(frame)) * (rng.random(len(frame)) < 0.7)
    frame["largest"] = rng.uniform(0.1, 90.0, len(frame))
    table["fallback_rounds"] = rng.uniform(0.0, 20.0, len(table))
    found = omnisim.load_comparison(under_two_rules.folder)
    found.__dict__ |= {"violations": frame, "table": table}
    with mock.patch.object(limits, "MOST_SENTENCES", len(frame)):
        said, told = list(limits.sentences(Scope(found))), 0
    frame = frame.query("subsequence == 'all'")
    for (rule, population, constraint), rows in frame.groupby(["elimination", "population", "constraint"], sort=False):
        share = dict(zip(rows["forecaster"], rows["violated"], strict=True))
        told += any(share.values())
        names = ["persistence", min(OTHERS, key=lambda name: share[name]), max(OTHERS, key=lambda name: share[name])]
        parts = ", ".join(f"{percent(share[name])} with {name}" for name in dict.fromkeys(names))
        largest = dict(zip(rows["forecaster"], rows["largest"], strict=True))
        worst, unit = max(largest, key=lambda name: largest[name]), rows["unit"].iloc[0]
        assert (
            f"{population} ({rule}): share of customer days on which “{constraint}” was exceeded: {parts}; by "
            f"{score(largest[worst])} {unit} at most, with {worst}."
        ) in said or not any(share.values())
    assert told > 0
    most = table.loc[table["fallback_rounds"].idxmax()]
    share, name = percent(most["fallback_rounds"] / DAYS), f"{most['forecaster']} ({most['elimination']})"
    last = f"on {share} of customer days with {name}, the most of all; then the least bad one is played."
    assert said[told:] == [f"No action was left to choose from {last}"]


def test_accuracy(under_two_rules: omnisim.Comparison) -> None:
    frame = under_two_rules.diebold_mariano
    rows = list(read(accuracy.against_reference(Scope(under_two_rules))))
    assert len(rows) == len(frame) == len(RULES) * len(OTHERS)
    unit = "USD/MWh"
    for row, expected in zip(rows, frame.to_dict("records"), strict=True):
        assert (row["forecaster"].text, row["decision rule"].text) == (expected["forecaster"], expected["elimination"])
        assert expected["difference"] == pytest.approx(expected["mean"] - expected["reference_mean"])
        for title, key, write in (
            (f"mean absolute error, {unit}", "mean", number),
            (f"persistence, {unit}", "reference_mean", number),
            (f"difference, {unit}", "difference", signed),
            ("statistic, Diebold-Mariano test", "statistic", signed),
        ):
            is_cell(row[title], expected[key], write(expected[key]))
        chance = expected["p_value"]
        is_cell(row["p, two-sided"], chance, "under 0.001" if chance < 0.001 else number(chance, 2))
        is_cell(row["days"], expected["rounds"])
        is_cell(row["lags, days"], expected["lags"])
    measured = under_two_rules.accuracy[under_two_rules.accuracy["subsequence"] == "all"].to_dict("records")
    found = list(read(accuracy.measures(Scope(under_two_rules))))
    assert {each["broadcast_by"] for each in measured} == {FORECASTER}
    assert len(found) == len(measured)
    for row, expected in zip(found, measured, strict=True):
        texts = [row[key].text for key in ("forecaster", "decision rule", "measure", "unit")]
        assert texts == [*(expected[key] for key in ("forecaster", "elimination", "measure")), expected["unit"] or "–"]
        for title, key in (("value", "value"), ("persistence, the day before", "baseline")):
            write = number if expected["unit"] else score
            is_cell(row[title], expected[key], write(expected[key]) if expected[key] % 1 else None)
        is_cell(row["days"], expected["rounds"])


def test_small_losses_with_a_unit_keep_their_digits(under_two_rules: omnisim.Comparison) -> None:
    """A score has four decimals, but 0.001234 of a unit is no score; without a unit it is."""
    found, frame = omnisim.load_comparison(under_two_rules.folder), under_two_rules.diebold_mariano
    small = frame.assign(mean=0.001234, reference_mean=0.00004, difference=0.001194)
    for unit, expected in (("USD/MWh", ["0.00123", "0.00004", "+0.00119"]), ("", ["0.0012", "0", "+0.0012"])):
        found.__dict__["diebold_mariano"] = small.assign(unit=unit)
        for row in read(accuracy.against_reference(Scope(found))):
            titles = (
                f"{title}, {unit}" if unit else title for title in ("mean absolute error", "persistence", "difference")
            )
            assert [row[title].text for title in titles] == expected


def test_what_may_be_chance_is_said(under_two_rules: omnisim.Comparison) -> None:
    found, frame = omnisim.load_comparison(under_two_rules.folder), under_two_rules.diebold_mariano.copy()
    frame["mean"] = frame["reference_mean"] + [0.4, -0.4, 7.0, -7.0]
    frame["difference"] = frame["mean"] - frame["reference_mean"]
    scope, rows = Scope(found), frame.to_dict("records")
    for chance in (0.0009, 0.001, 0.0012, 0.0499, 0.05, 0.7, NOBODY):
        found.__dict__["diebold_mariano"] = frame.assign(p_value=chance)
        *told, more = accuracy.sentences(scope)
        assert more == "1 more are in the table of accuracy below."
        for expected, sentence in zip(rows[:3], told, strict=True):
            own, other = (f"{number(expected[key])} USD/MWh" for key in ("mean", "reference_mean"))
            assert sentence.startswith(
                f"{expected['forecaster']} ({expected['elimination']}): mean absolute error {own},"
            )
            assert f" persistence {other}, over the same {expected['rounds']} days: " in sentence
            word = "smaller" if expected["difference"] < 0 else "larger"
            assert (f": {word}, p" in sentence) == (chance < 0.05)
            assert ("may be chance" in sentence) == (chance >= 0.05)
            assert ("too few days" in sentence) == bool(np.isnan(chance))
            assert ("p under 0.001" in sentence) == (chance < 0.001)
            assert (f"p = {number(chance, 2)}" in sentence) == (chance >= 0.001)


@pytest.mark.long
def test_separated_differences_in_words(under_two_rules: omnisim.Comparison) -> None:
    """The three largest one by one, then how many more, and how many of those that are judged are not separated."""
    words = {"b": "better", "w": "worse", ".": "not separated", " ": ""}
    found, frame = omnisim.load_comparison(under_two_rules.folder), under_two_rules.overall.copy()
    scope, mine = Scope(found), frame.index[frame["measure"] == "utility"]
    frame.loc[mine, "difference"] = [3.0, -2.0, 0.5, 4.0]
    for marks in ("bbbb", "bw..", "b...", "....", "   .", "    "):
        frame.loc[mine, "verdict"] = [words[mark] for mark in marks]
        found.__dict__["overall"] = frame
        rows, left, expected = frame.loc[mine].to_dict("records"), marks.count("."), []
        separated = [row for row in rows if row["verdict"] in ("better", "worse")]
        for row in sorted(separated, key=lambda row: -abs(row["difference"]))[:3]:
            ends = between(row["simultaneous_low"], row["simultaneous_high"], signed_score)
            value = f"utility {signed_score(row['difference'])} {ends} per customer over the run"
            expected.append(f"{row['forecaster']} ({row['elimination']}): {value}: {row['verdict']} than persistence.")
        if len(separated) > 3:
            expected.append("Utility: 1 more difference is separated from zero.")
        if left and not separated:
            noun = "difference" if left == 1 else "differences"
            expected.append(f"Utility: none of {left} {noun} to persistence is separated from zero.")
        elif left:
            noun = "difference is" if left == 1 else "differences are"
            expected.append(f"Utility: {left} other {noun} not separated from zero.")
        assert dict(verdict(scope).points)["Utility"][1:] == expected, marks


def test_cost(under_two_rules: omnisim.Comparison) -> None:
    rows = list(read(tables.cost(Scope(under_two_rules))))
    assert len(rows) == len(RULES) * 3
    for row in rows:
        name, rule = row["forecaster"].text, row["decision rule"].text
        runs = under_two_rules.runs[
            (under_two_rules.runs["forecaster"] == name) & (under_two_rules.runs["elimination"] == rule)
        ]
        is_cell(row["runs"], SEEDS)
        is_cell(row["time, s, mean"], sum(runs["seconds"]) / SEEDS)
        is_cell(row["time, s, longest"], max(runs["seconds"]))
        is_cell(row["simulate, s, mean"], sum(runs["simulate_seconds"]) / SEEDS)
        is_cell(row["analyze, s, mean"], sum(runs["analyze_seconds"]) / SEEDS)
        is_cell(row["memory, MB, peak"], max(runs["peak_memory_mb"]))


def test_certificates(under_two_rules: omnisim.Comparison) -> None:
    frame = under_two_rules.certificates
    rows = list(read(tables.certificate_table(Scope(under_two_rules))))
    keys = ["theorem", "claim", "basis", "forecaster"]
    assert len(rows) == len(frame[keys].drop_duplicates())
    claims = list(dict.fromkeys(frame[keys].itertuples(index=False, name=None)))
    for row, (theorem, claim, basis, forecaster) in zip(rows, claims, strict=True):
        assert [row[key].text for key in ("theorem", "known", "forecaster")] == [theorem, basis, forecaster]
        own = frame[(frame[keys] == [theorem, claim, basis, forecaster]).all(axis=1)].to_dict("records")
        for title, key in (
            ("checks", "runs"),
            ("held", "held"),
            ("promise nothing", "vacuous"),
            ("hypotheses unmet", "unmet"),
            ("cannot fail", "checked"),
            ("violated", "violated"),
        ):
            is_cell(row[title], sum(each[key] for each in own))
        known = [each for each in own if each["excess"] == each["excess"]]
        if not known:
            continue
        worst = max(known, key=lambda each: float(each["excess"]))
        is_cell(
            row["closest, % of the bound"],
            100 * worst["measured"] / worst["bound"] if worst["bound"] > 0 else NOBODY,
        )
        assert (row["where"].text, row["run"].text) == (worst["scope"], worst["worst_run"])
    counted = frame[["runs", "held", "vacuous", "unmet", "checked", "violated"]].sum()
    said = tables.headcount(Scope(under_two_rules))
    assert said.startswith(f"{counted['held']:,} of {counted['runs']:,} checks could have failed and hold")
    for key, words in (("vacuous", "promise nothing"), ("unmet", "say nothing"), ("checked", "cannot fail")):
        assert (f"; {counted[key]:,} {words}" in said) == (counted[key] > 0)


@pytest.mark.parametrize("beside", [False, True])
def test_runs(under_two_rules: omnisim.Comparison, beside: bool) -> None:
    rows = list(read(runs_to_look_at(Scope(under_two_rules), beside=beside)))
    runs = under_two_rules.runs.set_index(["elimination", "forecaster", "seed"])
    assert {row["why"].text for row in rows} >= {"worst difference", "least money", "slowest", "most memory"}
    for row in rows:
        rule, name, seed = row["decision rule"].text, row["forecaster"].text, int(float(row["seed"].value or 0))
        own, reference = runs.loc[(rule, name, seed)], runs.loc[(rule, "persistence", seed)]
        is_cell(row["money, USD per customer and year"], YEAR * own["money"], amount(YEAR * own["money"]))
        difference = NOBODY if name == "persistence" else YEAR * (own["money"] - reference["money"])
        is_cell(row["difference, money"], difference, signed_amount(difference))
        is_cell(row["CCV+, cost per customer over the run"], own["ccv_positive"], score(own["ccv_positive"]))
        is_cell(row["time, s"], own["seconds"])
        is_cell(row["memory, MB"], own["peak_memory_mb"])
        digest = own["run"].rpartition("-")[0]
        assert (row["scenario"].text, row["command"].text) == (digest, own["command"])
        assert row["scenario"].link == (f"scenarios/{digest}.toml" if beside else "")
        assert not beside or (Path(under_two_rules.folder) / row["scenario"].link).is_file()
    finished = under_two_rules.runs.reset_index(drop=True).to_dict("records")
    reference = {
        (run["elimination"], run["seed"]): run["money"] for run in finished if run["forecaster"] == "persistence"
    }
    for run in finished:
        run["difference"] = run["money"] - reference[run["elimination"], run["seed"]]
    below = [run for run in finished if run["difference"] < 0]
    violating = [run for run in finished if run["ccv_positive"] > 0]
    expected = {
        "worst difference": sorted(below, key=lambda run: run["difference"])[:5],
        "least money": sorted(finished, key=lambda run: run["money"])[:5],
        "most CCV+": sorted(violating, key=lambda run: -run["ccv_positive"])[:5],
        "slowest": sorted(finished, key=lambda run: -run["seconds"])[:5],
        "most memory": sorted(finished, key=lambda run: -run["peak_memory_mb"])[:1],
    }
    for why, picked in expected.items():
        found = [
            (row["decision rule"].text, row["forecaster"].text, row["seed"].value)
            for row in rows
            if row["why"].text == why
        ]
        assert found == [(run["elimination"], run["forecaster"], run["seed"]) for run in picked], why


def forged(comparison: omnisim.Comparison, **frames: Any) -> Scope:
    """The page of a comparison with other frames; those that are the same are not computed again."""
    found = omnisim.load_comparison(comparison.folder)
    same = ("about", "table", "runs", "overall", "differences", "gains", "certificates", "clipping", "violations")
    found.__dict__.update({name: getattr(comparison, name) for name in same} | frames)
    return Scope(found)


@pytest.mark.parametrize(("days", "way"), [(364, "up"), (365, ""), (366, "down")])
def test_a_year_is_told_to_be_made_of_the_days_played(under_two_rules: omnisim.Comparison, days: int, way: str) -> None:
    scope = forged(under_two_rules, runs=under_two_rules.runs.assign(rounds=days))
    said = worth.explained(scope)
    assert (f" Sums over a year are those of {days} days, scaled {way}." in said) == bool(way)
    assert ("scaled" in said) == bool(way)
    money = {(row["forecaster"], row["elimination"]): row["money"] for row in scope.table.to_dict("records")}
    for row in read(tables.leaderboard(scope)):
        own = money[row["forecaster"].text, row["decision rule"].text]
        is_cell(row["money, USD per customer and year"], own * 365 / days)


@pytest.mark.parametrize(
    ("finished", "failed", "said"),
    [
        (12, 0, "All 12 runs finished."),
        (7, 2, "7 of 12 runs finished, 2 failed, 3 have not been run: the same command goes on with them."),
        (9, 3, "9 of 12 runs finished, 3 failed."),
        (9, 0, "9 of 12 runs finished, 3 have not been run: the same command goes on with them."),
    ],
)
def test_runs_that_failed_and_runs_that_are_missing_are_told_apart(
    under_two_rules: omnisim.Comparison, finished: int, failed: int, said: str
) -> None:
    about = under_two_rules.about | {"asked": 12, "finished": finished, "failed": failed}
    scope = forged(under_two_rules, about=about)
    assert list(sentences._runs(scope)) == [said]
    assert (f"{failed} of 12 runs failed" in sentences._reservations(scope)) == (failed > 0)


def test_violated_checks_are_told_as_a_share_of_all(under_two_rules: omnisim.Comparison) -> None:
    rows = under_two_rules.certificates.assign(runs=4, held=1, vacuous=1, unmet=0, checked=1, violated=1)
    total = len(rows)
    assert tables.headcount(forged(under_two_rules, certificates=rows)) == (
        f"{total:,} of {4 * total:,} checks are violated (25 %)."
    )


def test_shares_of_agents_in_utility_leave_ties_out(under_two_rules: omnisim.Comparison) -> None:
    """Where nobody counts money; over all populations and both rules."""
    rng, gains = np.random.default_rng(3), under_two_rules.gains.copy()
    gains["wins"], gains["losses"] = (rng.integers(0, gains["agents"] // 2 + 1) for _ in range(2))
    scope = forged(under_two_rules, gains=gains)
    scope.__dict__["currencies"] = dict.fromkeys(scope.about["populations"], "")
    rows = gains.query("measure == 'utility' and subsequence == 'all'")
    told = list(sentences._agents(scope))
    assert len(told) == len(OTHERS)
    for name in OTHERS:
        agents, wins, losses = (rows[rows["forecaster"] == name][key].sum() for key in ("agents", "wins", "losses"))
        assert wins + losses < agents
        assert (
            f"{name}: {percent(wins / agents)} of the customers earn more utility than with persistence, "
            f"{percent(losses / agents)} less."
        ) in told


@pytest.mark.parametrize("best", OTHERS)
def test_forecasters_are_shown_from_best_to_worst(under_two_rules: omnisim.Comparison, best: str) -> None:
    """By their ranks in money under both rules; the reference is first whatever it earns."""
    table = under_two_rules.table.copy()
    table["money"] = [{"persistence": 5.0, best: 9.0}.get(name, 1.0) for name in table["forecaster"]]
    (worst,) = set(OTHERS) - {best}
    scope = forged(under_two_rules, table=table)
    assert scope.forecasters == ["persistence", best, worst]
    rows = [row["forecaster"].text for row in read(tables.leaderboard(scope))]
    assert rows == [best, "persistence", worst] * 2


def test_the_largest_separated_differences_are_told_first(under_two_rules: omnisim.Comparison) -> None:
    frame = under_two_rules.overall.copy()
    mine = frame.index[frame["measure"] == "utility"]
    frame.loc[mine, "difference"] = [3.0, -5.0, 0.5, 4.0]
    frame.loc[mine, "verdict"] = ["better", "worse", "better", "better"]
    scope = forged(under_two_rules, overall=frame)
    said = list(sentences._measured(scope, [scope.utility]))
    told = [f"utility {signed_score(value)} [" for value in (-5.0, 4.0, 3.0)]
    assert all(words in sentence for words, sentence in zip(told, said, strict=False))
    assert said[3:] == ["Utility: 1 more difference is separated from zero."]


@pytest.mark.parametrize(
    ("held", "violated", "said"),
    [(3, 1, None), (2, 1, "4 of 7 checks of guarantees promise nothing"), (0, 0, "4 of 4 checks of guarantees")],
)
def test_checks_that_promise_nothing_are_counted_among_those_that_could(
    monkeypatch: pytest.MonkeyPatch, held: int, violated: int, said: str | None
) -> None:
    """Four of them, in two rows; assumptions that were checked are no promises."""
    for part in (worth, limits):
        monkeypatch.setattr(part, "reservations", lambda _: [])
    rows = [(held, 2, 0, 9, 0), (0, 0, 2, 4, violated)]
    table = pd.DataFrame(rows, columns=["held", "vacuous", "unmet", "checked", "violated"])
    scope = SimpleNamespace(comparison=SimpleNamespace(certificates=table), about={"failed": 0})
    doubts = list(sentences._reservations(scope))
    assert len(doubts) == (said is not None)
    assert all(line.startswith(str(said)) for line in doubts)
    table.loc[:, ["held", "vacuous", "unmet", "violated"]] = 0
    failed = SimpleNamespace(comparison=scope.comparison, about={"failed": 2, "asked": 6})
    assert list(sentences._reservations(failed)) == ["no theorem applies", "2 of 6 runs failed"]


def test_a_forecaster_that_is_better_in_some_contexts_is_told_with_their_number() -> None:
    rows = [("ref", ""), ("a", "better"), ("b", "better"), ("c", "worse")]
    rows += [("ref", ""), ("a", "better"), ("b", "not separated"), ("c", "")]
    table = pd.DataFrame(rows, columns=["forecaster", "verdict"])
    scope = SimpleNamespace(forecasters=["ref", "c", "a", "b"], reference="ref", table=table, contexts=["one", "other"])
    expected = "In utility, better than ref: a and b (1 of 2); worse than ref: c (1 of 2)."
    assert sentences.headline(scope) == expected


@pytest.mark.parametrize(("keys", "said"), [(["u"], "U is not judged"), (["u", "v"], "U and V are not judged")])
def test_what_speaks_of_other_agents_alone_is_not_judged(keys: list[str], said: str) -> None:
    rows = pd.DataFrame({"measure": ["u", "v"], "verdict": "", "method": "seeds"})
    scope = SimpleNamespace(comparison=SimpleNamespace(overall=rows), round="day")
    (line,) = sentences._measured(scope, [SimpleNamespace(key=key, title=key.upper()) for key in keys])
    assert line.startswith(f"{said}: with one replayed market their intervals speak of other agents on the same days")


COUNTED = ["held", "vacuous", "unmet", "checked", "violated"]


def test_checks_are_counted_in_a_sentence() -> None:
    table = pd.DataFrame([(3, 2, 1, 4, 2)], columns=COUNTED).assign(runs=12)
    scope = SimpleNamespace(comparison=SimpleNamespace(certificates=table))
    assert tables.headcount(scope) == f"2 of 12 checks are violated ({percent(2 / 12)})."
    table[["runs", "violated"]] = (10, 0)
    rest = ["2 promise nothing, because so much could not be lost anyway"]
    rest += ["1 say nothing, because no agent meets the hypotheses", "4 cannot fail"]
    assert tables.headcount(scope) == f"3 of 10 checks could have failed and hold; {'; '.join(rest)}."


def test_rows_of_certificates_are_marked_by_how_they_came_out() -> None:
    rows = [("a", 3, 0, 0, 0, 0), ("b", 0, 2, 1, 0, 0), ("c", 1, 2, 0, 0, 0), ("d", 2, 0, 0, 0, 1)]
    table = pd.DataFrame(rows, columns=["theorem", *COUNTED]).assign(runs=3, claim="regret", basis="before the run")
    table = table.assign(forecaster="f", measured=1.0, bound=4.0, excess=-3.0, scope="everybody", worst_run="x-0")
    found = tables.certificate_table(SimpleNamespace(comparison=SimpleNamespace(certificates=table)))
    marks = {row[0].text: mark for row, mark in zip(found.rows, found.marks, strict=True)}
    assert marks == {"d": Status.VIOLATED, "a": Status.INFORMATIVE, "b": Status.VACUOUS, "c": Status.INFORMATIVE}
    assert found.rows[0][0].text == "d"


def test_bad_runs_that_are_not_listed_are_counted() -> None:
    for failed, violated, said in (
        (10, 5, ""),
        (11, 6, "Listed are the first 10 of 11 that failed and the 5 of 6 with"),
    ):
        rows = pd.DataFrame({"status": ["failed"] * failed + ["finished"] * (violated + 3)})
        rows["certificates_violated"] = [0] * failed + [1] * violated + [0] * 3
        assert _left_out(rows).startswith(said)
        assert bool(_left_out(rows)) == bool(said)


@pytest.mark.parametrize(
    ("verdict", "bold"), [("better", True), ("worse", True), ("not separated", False), ("", False)]
)
def test_cells_of_a_map_are_bold_where_they_are_separated(verdict: str, bold: bool) -> None:
    scope = SimpleNamespace(factor=lambda *_: 2.0, shown_forecasters=lambda _: ["ref", "a"], subsequences=["all"])
    scope.panel = lambda population: population
    row = {"forecaster": "a", "subsequence": "all", "difference": -1.5, "verdict": verdict}
    rows = pd.DataFrame([row | {"simultaneous_low": -2.0, "simultaneous_high": -1.0}])
    panel = _map(scope, rows, ("", "", ""), "buyers", Measure("utility", "utility", "per agent", larger_is_better=True))
    assert panel.differences.tolist() == [[-3.0]]
    assert panel.separated.tolist() == [[bold]]
