"""What is read of a comparison whose settings are of other lengths: a year is made of the days of each."""

import re

import pytest

import omnisim
from omnisim.commands import comparing
from omnisim.report.comparison import differences, runs, tables, verdict, worth
from omnisim.report.comparison.scope import Scope
from omnisim.report.tables import Table
from omnisim.report.text import amount, signed_amount

PER_YEAR = {"careful": 365 / 20, "careless": 365 / 50}
FORECASTERS = ("persistence", "climatology", "ridge_autoregression")


@pytest.fixture(scope="module")
def lengths(under_two_rules: omnisim.Comparison) -> omnisim.Comparison:
    """As if the same had been earned on 50 days under the second rule."""
    found, frame = omnisim.load_comparison(under_two_rules.folder), under_two_rules.runs.copy()
    frame.loc[frame["elimination"] == "careless", "rounds"] = 50
    found.__dict__["runs"] = frame
    return found


@pytest.fixture(scope="module")
def money(lengths: omnisim.Comparison) -> dict[tuple[str, str], float]:
    """Mean money of an agent in a year, by rule and forecaster."""
    agents = lengths.agents.astype(dict.fromkeys(("subsequence", "elimination", "forecaster"), str))
    sums: dict[tuple[str, str], list[float]] = {}
    for row in agents[agents["subsequence"] == "all"].to_dict("records"):
        sums.setdefault((row["elimination"], row["forecaster"]), []).append(row["money"])
    return {place: PER_YEAR[place[0]] * sum(values) / len(values) for place, values in sums.items()}


def more(money: dict[tuple[str, str], float], rule: str, name: str) -> float:
    return money[rule, name] - money[rule, "persistence"]


def rows(table: Table) -> list[dict[str, object]]:
    """Values of the cells by the titles of their columns, of which the first of each counts."""
    found = []
    for row in table.rows:
        values: dict[str, object] = {}
        for column, cell in zip(table.columns, row, strict=True):
            values.setdefault(column.title, cell.value)
        found.append(values)
    return found


def test_money_in_tables_is_of_a_year(lengths: omnisim.Comparison, money: dict[tuple[str, str], float]) -> None:
    scope = Scope(lengths)
    for row in rows(tables.leaderboard(scope)):
        assert row["money"] == pytest.approx(money[str(row["decision rule"]), str(row["forecaster"])], rel=1e-5)
    each = lengths.runs.set_index(["elimination", "forecaster", "seed"])["money"]
    listed = rows(runs.runs_to_look_at(scope, beside=False))
    assert {row["decision rule"] for row in listed} == set(PER_YEAR)
    for row in listed:
        rule, name = str(row["decision rule"]), str(row["forecaster"])
        assert row["money"] == pytest.approx(PER_YEAR[rule] * each[rule, name, row["seed"]], rel=1e-5)
    for row in rows(worth.table(scope)):
        if row["population"] == "in total":
            rule, name = str(row["decision rule"]), str(row["forecaster"])
            assert row["worth"] == pytest.approx(more(money, rule, name), rel=1e-5)
    told = " ".join(comparing.leaderboard(lengths))
    for (rule, name), own in money.items():
        assert re.search(rf"{name}, {rule}\s+{re.escape(amount(own))}\s", told)


def test_money_in_sentences_and_figures_is_of_a_year(
    lengths: omnisim.Comparison, money: dict[tuple[str, str], float]
) -> None:
    scope = Scope(lengths)
    points = dict(verdict.verdict(scope).points)
    [leaderboard] = [drawn() for words, drawn in differences.leaderboard(scope) if words == "money"]
    alt = leaderboard.layout.meta["alt"]
    for rule in PER_YEAR:
        for name in FORECASTERS[1:]:
            said = signed_amount(more(money, rule, name))
            assert f"{name} ({rule}) {said}" in alt
            [line] = [each for each in points["Worth"] if each.startswith(f"{name} ({rule}) against persistence")] or [
                ""
            ]
            assert f"in total {said}" in (line or verdict.verdict(scope).headline)
