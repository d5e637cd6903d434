"""Differences between forecasts: numbers, order and sentences, recomputed from what each customer earned by loops."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from page_text import Parsed
from value_laboratory import CUSTOMERS, FORECASTS, Laboratory, mean_worth

from omnisim.market.data import Market
from omnisim.report.drawings import Strips
from omnisim.report.study.page import render
from omnisim.report.text import amount, signed_amount
from omnisim.statistics.paired import over_market
from omnisim.value.ledger import Ledger
from omnisim.value.page import _differences, page
from omnisim.value.pairs import differences, differences_by_population, leading, of_the_best, of_the_leading

SIZES = {"homes": 3, "mills": 2}


@dataclass(frozen=True)
class Record:
    """What every customer earned in every round: by player, seed and population, (days, customers)."""

    ledger: Ledger
    money: dict[tuple[str, int], dict[str, np.ndarray]]
    weights: dict[str, np.ndarray]

    def by_day(self, first: str, second: str, population: str | None) -> np.ndarray:
        """What the first earned more per customer and year, (seeds, days), by loops."""
        days, seeds = len(self.ledger.dates), self.ledger.seeds
        names = [*SIZES] if population is None else [population]
        found = np.zeros((seeds, days))
        customers = sum(self.weights[name][n] for name in names for n in range(SIZES[name]))
        for seed in range(seeds):
            for t in range(days):
                for name in names:
                    for n in range(SIZES[name]):
                        more = self.money[first, seed][name][t, n] - self.money[second, seed][name][t, n]
                        found[seed, t] += more * self.weights[name][n] / customers * 365 / days
        return found

    def difference(self, first: str, second: str, population: str | None = None) -> float:
        return float(sum(self.by_day(first, second, population).ravel())) / self.ledger.seeds


def record_of(more: dict[str, float], rng: np.random.Generator, days: int = 35, seeds: int = 2) -> Record:
    """A record in which each player earns so much more per customer and day than climatology, with noise of its own.

    What is not finite stands for climatology's money to the cent.
    """
    dates = np.datetime64("2023-03-01") + np.arange(days)
    prices = rng.normal(50, 10, (days, 24))
    forecasts = [name for name in more if name != "combination"]
    said = {name: prices + rng.normal(size=prices.shape) for name in forecasts}
    everybody = [*more, "climatology", "perfect foresight"]
    ledger = Ledger.empty(Market("m", dates, prices, "EUR", forecasts=said), forecasts, everybody, seeds)
    weights = {name: rng.integers(1, 5, size).astype(float) for name, size in SIZES.items()}
    money: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    for seed in range(seeds):
        base = {name: rng.normal(10, 5, (days, size)) for name, size in SIZES.items()}
        for player in everybody:
            added = more.get(player, 0.0 if player == "climatology" else 9.0)
            money[player, seed] = {
                name: values + added + rng.normal(size=values.shape) if np.isfinite(added) else values
                for name, values in base.items()
            }
            names = {name: [f"{name} {n}" for n in range(size)] for name, size in SIZES.items()}
            ledger.enter(player, seed, money[player, seed], weights, names)
    return Record(ledger, money, weights)


@pytest.mark.long
def test_differences_are_those_of_the_record(laboratory: Laboratory) -> None:
    every = np.ones(len(laboratory.dates), dtype=bool)
    table = differences(laboratory.ledger)
    players = [*FORECASTS, "combination"]
    assert {frozenset(pair) for pair in zip(table["forecast"], table["against"], strict=True)} == {
        frozenset((a, b)) for a in players for b in players if a != b
    }
    assert len(table) == 6
    for row in table.itertuples():
        expected = mean_worth(laboratory, row.forecast, row.against, [*CUSTOMERS], every)
        assert row.difference == pytest.approx(expected, rel=1e-9, abs=1e-7)
        assert row.sum_of_customers == pytest.approx(sum(CUSTOMERS.values()) * expected, rel=1e-9, abs=1e-7)
        assert row.forecast != "combination"
        assert row.difference >= 0 or row.against == "combination"
    money = {name: mean_worth(laboratory, name, "climatology", [*CUSTOMERS], every) for name in FORECASTS}
    order = sorted(FORECASTS, key=lambda name: -money[name])
    assert [*table["forecast"]] == [order[0]] * 3 + [order[1]] * 2 + [order[2]]
    assert [*table["against"][:3]] == [*order[1:], "combination"]
    parted = differences_by_population(laboratory.ledger)
    assert len(parted) == 6 * len(CUSTOMERS)
    for row in parted.itertuples():
        expected = mean_worth(laboratory, row.forecast, row.against, [row.population], every)
        assert row.difference == pytest.approx(expected, rel=1e-9, abs=1e-7)
        assert row.sum_of_customers == pytest.approx(CUSTOMERS[row.population] * expected, rel=1e-9, abs=1e-7)
    assert (parted["difference"] < 0).any(), "the laboratory must have a population that the other serves better"


@pytest.mark.parametrize("case", range(8))
def test_intervals_hold_together_and_verdicts_are_theirs(case: int) -> None:
    rng = np.random.default_rng(case)
    more = {name: float(rng.choice([0.0, 0.3, 1.0])) for name in ("a", "b", "c", "combination")}
    record = record_of(more, rng, seeds=1 + case % 2)
    customers = sum(float(values.sum()) for values in record.weights.values())
    for table in (differences(record.ledger), differences_by_population(record.ledger)):
        whole = "population" not in table
        rows = table.to_dict("records")
        by_day = [record.by_day(row["forecast"], row["against"], row.get("population")) for row in rows]
        family = over_market(by_day, [np.ones(by_day[0].shape[1], dtype=np.bool_)] * len(rows))
        for row, values, expected in zip(rows, by_day, family, strict=True):
            mean = values.sum() / len(values)
            assert row["difference"] == pytest.approx(mean, rel=1e-9, abs=1e-9)
            assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high), rel=1e-6)
            assert row["low"] < expected.alone.low < mean < expected.alone.high < row["high"]
            assert row["verdict"] == ("better" if row["low"] > 0 else "worse" if row["high"] < 0 else "not separated")
            standing = customers if whole else record.weights[row["population"]].sum()
            assert row["sum_of_customers"] == pytest.approx(mean * standing)


APART = re.compile(r"(\w+) was worth (\S+) \[(\S+), (\S+)\] EUR per customer and year more than (\w+)\.")
ALIKE = re.compile(r"(\w+) and (\w+) are not told apart: (\w+) was worth (\S+) \[(\S+), (\S+)\] EUR .* year more\.")


@pytest.mark.long
def test_the_sentence_is_that_of_the_record_whichever_earns_more() -> None:
    """Over random instances: one far better, either of the two, or about alike."""
    kinds = set()
    for case in range(24):
        gap = (2.0, -2.0, 0.0, 0.05)[case % 4]
        record = record_of({"a": gap, "b": 0.0}, np.random.default_rng(case), seeds=1 if case < 16 else 3)
        table = differences(record.ledger)
        said = leading(table, "EUR")
        more = record.difference("a", "b")
        first, second = ("a", "b") if more > 0 else ("b", "a")
        by_day = record.by_day(first, second, None)
        (found,) = over_market([by_day], [np.ones(by_day.shape[1], dtype=np.bool_)])
        numbers = (amount(abs(more)), amount(found.low), amount(found.high))
        if found.low > 0:
            match = APART.fullmatch(said)
            assert match, said
            assert match.groups() == (first, *numbers, second)
        else:
            match = ALIKE.fullmatch(said)
            assert match, said
            assert match.groups() == (first, second, first, *numbers)
        kinds.add((first, found.low > 0))
        told = of_the_leading(differences_by_population(record.ledger), "EUR")
        assert told.startswith(f"{first} less {second} by population, in EUR per customer and year: ")
        for population in SIZES:
            assert f"{population} {signed_amount(record.difference(first, second, population))} [" in told
    assert kinds >= {("a", True), ("b", True)}
    assert {apart for _, apart in kinds} == {True, False}


def test_the_best_is_told_apart_from_some() -> None:
    more = {"poor": -3.0, "best": 4.0, "near": 3.99, "combination": 9.0, "middle": 2.0}
    record = record_of(more, np.random.default_rng(1))
    table = differences(record.ledger)
    first = max(("best", "near"), key=lambda name: record.difference(name, "poor"))
    second = {"best": "near", "near": "best"}[first]
    assert of_the_best(table) == (
        f"Worth less than {first}: middle and poor; worth more than {first}: combination; not told apart from {first}: "
        f"{second}."
    )
    assert of_the_best(differences(record_of({"a": 1.0, "b": 0.0}, np.random.default_rng(0)).ledger)) == ""


def test_forecasts_with_which_all_do_the_same_are_worth_the_same() -> None:
    record = record_of({"a": math.nan, "b": math.nan, "c": -9.0}, np.random.default_rng(0))
    table = differences(record.ledger)
    row = table.iloc[0]
    assert (row["forecast"], row["against"], row["difference"], row["verdict"]) == ("a", "b", 0.0, "the same")
    assert math.isnan(row["low"])
    assert leading(table, "EUR") == "a and b were worth the same: on every day, customers earned as much with either."
    assert of_the_best(table) == "Worth less than a: c; worth the same as a: b."
    told = of_the_leading(differences_by_population(record.ledger), "EUR")
    assert told.endswith(": homes 0 (the same); mills 0 (the same).")
    assert page(record.ledger, [], {"low": 0, "high": 100}).settled


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_no_interval_no_verdict(first: str, second: str) -> None:
    """Five days are one block, of which nothing says how blocks vary."""
    record = record_of(
        {"a": 3.0 * (first == "a"), "b": 3.0 * (first == "b")}, np.random.default_rng(0), days=5, seeds=1
    )
    table = differences(record.ledger)
    assert table["verdict"][0] == ""
    size = amount(record.difference(first, second))
    assert leading(table, "EUR") == (
        f"{first} was worth {size} EUR per customer and year more than {second} on these days, of which no interval "
        "can be formed: nothing follows for other days."
    )
    assert "(no interval)" in of_the_leading(differences_by_population(record.ledger), "EUR")
    three = record_of({"a": 3.0, "b": 0.0, "c": 1.0}, np.random.default_rng(0), days=5, seeds=1)
    assert of_the_best(differences(three.ledger)) == "Not judged against a, for want of an interval: c and b."


@pytest.mark.parametrize(
    ("low", "high", "verdict", "said"),
    [
        (0.001, 0.003, "better", "a was worth less than 0.01 {} more than b."),
        (-5, 5, "not separated", "a and b are not told apart: they differed by less than 0.01 [−5.00, 5.00] {}."),
        (
            math.nan,
            math.nan,
            "",
            "a and b differed by less than 0.01 {} on these days, of which no interval can be formed",
        ),
    ],
)
def test_a_difference_below_a_cent_is_not_written_as_none(low: float, high: float, verdict: str, said: str) -> None:
    row = {"forecast": "a", "against": "b", "difference": 0.002, "low": low, "high": high, "verdict": verdict}
    assert leading(pd.DataFrame([row]), "EUR").startswith(said.format("EUR per customer and year"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("names", "shown", "parted"),
    [("ab", 3, 6), pytest.param("abcd", 10, 8, marks=pytest.mark.long), ("abcdefgh", 8, 0)],
)
def test_a_page_of_many_forecasts_shows_the_pairs_of_the_best(names: str, shown: int, parted: int) -> None:
    """All pairs are in the files."""
    rng = np.random.default_rng(0)
    record = record_of({**{name: float(rng.normal()) for name in names}, "combination": 0.0}, rng, seeds=1)
    study = page(record.ledger, [], {"low": 0, "high": 100})
    pairs = (len(names) + 1) * len(names) // 2
    assert len(study.tables["differences"].frame) == pairs
    assert len(study.tables["differences_by_population"].frame) == pairs * len(SIZES)
    customers = sum(float(values.sum()) for values in record.weights.values())
    assert f"is for all {customers:g} together. " in study.tables["differences"].note
    text = Parsed(render(study)).text
    html = render(study).decode()
    for table, rows in (("differences", shown), ("differences_by_population", parted)):
        (*_, body) = html.partition(f'id="table-{table}"')
        assert body.partition("</table>")[0].count("<tr") - 1 == (rows or -1)
    assert ("all are in differences.csv" in text) == (shown < pairs)
    money = {name: record.difference(name, "climatology") for name in names}
    best, second = sorted(names, key=lambda name: -money[name])[:2]
    assert study.headline.startswith(leading(study.tables["differences"].frame, "EUR"))
    assert re.match(rf"{best} (and {second} are not told apart|was worth .* more than {second}\.)", study.headline)
    assert f" Against climatology {best} was worth {signed_amount(money[best])} (" in study.headline
    assert study.sections[0].title == "Differences"
    assert all(each in text for each in study.sections[0].text)


@pytest.mark.parametrize(("names", "shown", "parted"), [("ab", 3, 6), ("abcd", 10, 8), ("abcdefgh", 8, 0)])
def test_of_many_pairs_those_of_the_best_are_shown(names: str, shown: int, parted: int) -> None:
    """At most ten pairs, or else those of the best; by population at most a dozen, or those of the best, or none."""
    record = record_of({**dict.fromkeys(names, 0.0), "combination": 0.0}, np.random.default_rng(0), days=8, seeds=1)
    section, tables = _differences(record.ledger)
    assert tables["differences"].most == shown
    assert section.tables == ["differences", *["differences_by_population"] * bool(parted)]
    assert not parted or tables["differences_by_population"].most == parted


@pytest.mark.long
@pytest.mark.parametrize(("second", "said", "tone"), [(1.0, "was worth", "good"), (3.0, "are not told apart", "fair")])
def test_the_verdict_is_green_only_where_the_two_leaders_are_told_apart(second: float, said: str, tone: str) -> None:
    """Both are better than climatology beyond doubt."""
    record = record_of({"a": 3.0, "b": second, "combination": 4.0}, np.random.default_rng(0), seeds=1)
    study = page(record.ledger, [], {"low": 0, "high": 100})
    assert said in study.headline.partition(" Against climatology ")[0]
    assert all(finding.holds for finding in study.findings)
    assert f'<div class="verdict {tone}">' in render(study).decode()


def test_one_forecast_has_no_differences() -> None:
    record = record_of({"a": 1.0}, np.random.default_rng(0), seeds=1)
    study = page(record.ledger, [], {"low": 0, "high": 100})
    assert not [name for name in study.tables if name.startswith("differences")]
    assert "differences-section" not in [section.name for section in study.sections]
    assert study.headline.startswith(f"a was worth {signed_amount(record.difference('a', 'climatology'))} EUR per")


def test_the_figure_is_drawn_from_the_pairs_of_the_best() -> None:
    record = record_of({"a": 0.0, "b": 2.0, "c": 0.5, "combination": 2.5}, np.random.default_rng(3), seeds=1)
    study = page(record.ledger, [], {"low": 0, "high": 100})
    (chart,) = study.sections[0].charts
    assert chart.title == "What b is worth more than the others"
    assert [*chart.variants] == ["all customers", *SIZES]
    for words, content in chart.variants.items():
        assert isinstance(content, Strips)
        (panel,) = content.panels
        population = None if words == "all customers" else words
        name = "differences" if population is None else "differences_by_population"
        assert [strip.label for strip in panel.strips] == ["than c", "than a", "than combination"]
        for strip in panel.strips:
            other = strip.label.removeprefix("than ")
            expected = record.difference("b", other, population)
            assert strip.point == pytest.approx(expected)
            assert f"b less {other} {signed_amount(expected)}" in content.alt
            rows = study.tables[name].frame
            rows = rows[(rows["forecast"] == "b") & (rows["against"] == other)]
            (own,) = (rows if population is None else rows[rows["population"] == population]).to_dict("records")
            assert strip.inner == (own["low"], own["high"])


def test_what_differs_by_hardly_anything_is_not_the_same() -> None:
    """A millionth of a cent on one day: the difference is judged, if only as less than a cent."""
    record = record_of({"a": math.nan, "b": math.nan}, np.random.default_rng(0))
    names = {name: [f"{name} {n}" for n in range(size)] for name, size in SIZES.items()}
    for seed in range(record.ledger.seeds):
        money = {name: values.copy() for name, values in record.money["a", seed].items()}
        money["homes"][3, 0] += 1e-8
        record.ledger.enter("a", seed, money, record.weights, names)
    row = differences(record.ledger).iloc[0]
    assert row["forecast"] == "a"
    assert 0 < row["difference"] < 1e-6
    assert row["verdict"] != "the same"
