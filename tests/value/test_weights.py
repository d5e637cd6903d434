"""Every table of ``omnisim value`` where customers stand for several, recomputed by loops from what each one earned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from omnisim.market.data import Market
from omnisim.market.distributions import Distribution
from omnisim.report.drawings import Drawing, Strips
from omnisim.report.text import amount, percent, signed_amount
from omnisim.value import charts, limits, measures, risk_tables, words, worth
from omnisim.value.ledger import Ledger
from omnisim.value.page import page
from omnisim.value.plays import wrong_by
from omnisim.value.risk import Risk

DAYS, SEEDS, SIZES = 35, 2, {"homes": 3, "mills": 2}
WEIGHTS = {"homes": [1.0, 40.0, 3.0], "mills": [2.0, 5.0]}
FORECASTS = ["a", "b", "c"]
AVERSE = "a, risk-averse"
SHOWN = [*FORECASTS, "combination", "perfect foresight"]
PLAYERS = [*SHOWN, "climatology", wrong_by(2.5), AVERSE]


@dataclass(frozen=True)
class Record:
    """A ledger, and what was entered: money by player, seed and population, (days, customers)."""

    ledger: Ledger
    money: dict[tuple[str, int], dict[str, np.ndarray]]

    def mean(
        self, more: str, less: str, populations: Sequence[str] = (*SIZES,), days: np.ndarray | None = None
    ) -> float:
        """What a customer earned more in a year on some days, each counted as often as it stands for one."""
        total = customers = 0.0
        for name in populations:
            for n, weight in enumerate(WEIGHTS[name]):
                customers += weight
                for seed in range(SEEDS):
                    for t in range(DAYS):
                        if days is None or days[t]:
                            pair = [self.money[player, seed][name][t, n] for player in (more, less)]
                            total += weight * (pair[0] - pair[1]) / SEEDS
        return 365 / DAYS * total / customers

    def worst(self, player: str) -> float:
        """What a customer earned on one of its own seven worst days, which are a fifth of them."""
        total = 0.0
        for seed in range(SEEDS):
            for name, weights in WEIGHTS.items():
                for n, weight in enumerate(weights):
                    total += weight * sum(sorted(self.money[player, seed][name][:, n])[:7]) / 7 / SEEDS
        return total / sum(map(sum, WEIGHTS.values()))


@pytest.fixture(scope="module")
def record() -> Record:
    rng = np.random.default_rng(8)
    prices = rng.normal(30, 13, (DAYS, 24)).round(2)
    said = {name: prices + rng.normal(0, 1 + k, prices.shape) for k, name in enumerate(FORECASTS)}
    spread = Distribution.of_quantiles([0.25, 0.75], said["a"][:, :, None] + np.array([-2.0, 2.0]))
    dates = np.datetime64("2023-03-01") + np.arange(DAYS)
    market = Market("m", dates, prices, "EUR", forecasts=said, distributions={"a": spread})
    ledger = Ledger.empty(market, FORECASTS, PLAYERS, SEEDS, Risk(0.8))
    level = dict(zip(PLAYERS, (1.5, 4.0, 1.0, 2.8, 9.0, 0.0, 7.0, 2.0), strict=True))
    money: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    weights = {name: np.array(each) for name, each in WEIGHTS.items()}
    names = {name: [f"{name} {n}" for n in range(size)] for name, size in SIZES.items()}
    for seed in range(SEEDS):
        for player in PLAYERS:
            money[player, seed] = {
                name: level[player] * rng.choice([-0.5, 1, 2], size) + rng.normal(5, 4, (DAYS, size))
                for name, size in SIZES.items()
            }
            ledger.enter(player, seed, money[player, seed], weights, names)
    return Record(ledger, money)


def check_ends(row: dict[str, float], value: float, low: str = "low", high: str = "high") -> None:
    assert row[low] < value < row[high]
    # The interval is about the value.
    assert value - row[low] == pytest.approx(row[high] - value)


def judged(row: dict[str, float], low: str = "low", high: str = "high") -> str:
    return "better" if row[low] > 0 else "worse" if row[high] < 0 else "not separated"


def test_worth_in_all_and_by_population(record: Record) -> None:
    rows = worth.overall(record.ledger).to_dict("records")
    assert [row["forecast"] for row in rows] == SHOWN
    for row in rows:
        value = record.mean(row["forecast"], "climatology")
        assert row["worth"] == pytest.approx(value)
        share = 100 * value / record.mean("perfect foresight", "climatology")
        assert row["percent_of_foresight"] == pytest.approx(share)
        check_ends(row, value)
        assert row["verdict"] == judged(row)
    rows = worth.by_population(record.ledger).to_dict("records")
    assert len(rows) == len(SHOWN) * len(SIZES)
    for row in rows:
        assert row["worth"] == pytest.approx(record.mean(row["forecast"], "climatology", [row["population"]]))
        check_ends(row, row["worth"])


def test_of_foresight_that_is_worth_less_than_nothing_there_is_no_share() -> None:
    """Under constraints it may lose: the better forecast has not earned a negative part of it."""
    market = Market("m", np.arange(8), np.ones((8, 24)), forecasts={"a": np.ones((8, 24))})
    ledger = Ledger.empty(market, ["a"], ["a", "perfect foresight", "climatology"], 1)
    for player, earned in zip(ledger.players, (2.0, -1.0, 0.0), strict=True):
        ledger.enter(player, 0, {"homes": np.full((8, 1), earned)}, {"homes": np.ones(1)}, {"homes": ["h"]})
    table = worth.overall(ledger)
    assert list(table["worth"]) == pytest.approx([2 * 365, -365])
    assert table["percent_of_foresight"].isna().all()


def test_worth_by_kind_of_day(record: Record) -> None:
    calendar, prices = pd.DatetimeIndex(record.ledger.dates), record.ledger.market.prices
    order = sorted(range(DAYS), key=lambda t: prices[t].sum())
    thirds = [np.isin(range(DAYS), [t for place, t in enumerate(order) if 3 * place // DAYS == k]) for k in range(3)]
    weekend = np.array([day.day_name() in ("Saturday", "Sunday") for day in calendar])
    negative = (prices < 0).any(axis=1)
    assert (negative != (prices.mean(axis=1) < 0)).any()
    assert 0 < negative.sum() < DAYS
    groups = {"Monday to Friday": ~weekend, "weekend": weekend, "with a negative price": negative, "without": ~negative}
    groups |= dict(zip(("cheap third", "middle third", "dear third"), thirds, strict=True))
    rows = worth.by_days(record.ledger).to_dict("records")
    assert len(rows) == len(SHOWN) * len(groups)
    for row in rows:
        days = groups[row["days"]]
        assert row["number"] == days.sum()
        assert row["worth"] == pytest.approx(record.mean(row["forecast"], "climatology", days=days))
        assert row["verdict"] in ("", judged(row))


def test_who_gains_and_who_loses(record: Record) -> None:
    every = worth.by_customer(record.ledger).to_dict("records")
    assert len(every) == len(SHOWN) * SEEDS * 5
    more: dict[tuple[str, str], list[float]] = {}
    for row in every:
        name, n, seed = row["population"], row["customer"], row["seed"]
        assert (row["name"], row["stands_for"]) == (f"{name} {n}", WEIGHTS[name][n])
        own, other = (record.money[player, seed][name][:, n].sum() for player in (row["forecast"], "climatology"))
        assert row["worth"] == pytest.approx(365 / DAYS * (own - other))
        for place in (name, worth.ALL):
            more.setdefault((row["forecast"], place), []).append(row["worth"])
    rows = worth.winners(record.ledger).to_dict("records")
    assert len(rows) == len(more)
    levels = {"worst": 0.0, "lowest_quarter": 0.25, "median": 0.5, "highest_quarter": 0.75, "best": 1.0}
    for row in rows:
        gains = more[row["forecast"], row["population"]]
        counted = [row[key] for key in ("customers", "gain", "lose")]
        assert counted == [len(gains), sum(each >= 0.005 for each in gains), sum(each <= -0.005 for each in gains)]
        for title, level in levels.items():
            assert row[title] == pytest.approx(np.quantile(gains, level))
    assert {row["gain"] > row["lose"] for row in rows} == {False, True}


def test_what_choosing_among_forecasts_could_add(record: Record) -> None:
    best = max(FORECASTS, key=lambda name: record.mean(name, "climatology"))
    rows = limits.added(record.ledger).to_dict("records")
    assert [row["player"] for row in rows] == ["combination", limits.HINDSIGHT, "perfect foresight"]
    for row in rows:
        if row["player"] == limits.HINDSIGHT:
            total = 0.0
            for seed in range(SEEDS):
                for name, weights in WEIGHTS.items():
                    for t in range(DAYS):
                        for n, weight in enumerate(weights):
                            every = {each: record.money[each, seed][name][t, n] for each in FORECASTS}
                            total += weight * (max(every.values()) - every[best])
            value = 365 / DAYS * total / SEEDS / sum(map(sum, WEIGHTS.values()))
        else:
            value = record.mean(row["player"], best)
        assert (row["more_than"], row["added"]) == (best, pytest.approx(value))
        check_ends(row, value)
        assert row["verdict"] == judged(row)
    assert best != FORECASTS[0]
    rows = limits.cost_of_errors(record.ledger, [2.5]).to_dict("records")
    assert [row["player"] for row in rows] == ["perfect foresight", wrong_by(2.5), *FORECASTS]
    for row in rows:
        assert row["worth"] == pytest.approx(record.mean(row["player"], "climatology"))
        below = record.mean("perfect foresight", row["player"])
        assert row["below_foresight"] == pytest.approx(below, abs=1e-9)
        if row["player"] in FORECASTS:
            errors = np.abs(record.ledger.market.forecasts[row["player"]] - record.ledger.market.prices)
            assert row["mean_absolute_error"] == pytest.approx(errors.mean())
            check_ends(row, row["worth"])
            check_ends(row, below, "below_low", "below_high")
        else:
            assert row["mean_absolute_error"] == {"perfect foresight": 0.0}.get(row["player"], 2.5)
        assert row["made_up"] == (row["player"] not in FORECASTS)


def test_what_the_worst_days_brought_in(record: Record) -> None:
    rows = risk_tables.risks(record.ledger).to_dict("records")
    kinds = [(name, "risk-neutral", name) for name in (*FORECASTS, "climatology", "perfect foresight")]
    kinds.append(("a", "risk-averse", AVERSE))
    assert [(row["forecast"], row["customers"]) for row in rows] == [kind[:2] for kind in kinds]
    for row, (*_, player) in zip(rows, kinds, strict=True):
        assert row["worth"] == pytest.approx(record.mean(player, "climatology"), abs=1e-9)
        assert row["worst_days"] == pytest.approx(record.worst(player))
        assert row["worst_days_more"] == pytest.approx(record.worst(player) - record.worst("climatology"), abs=1e-9)
    changed = risk_tables.changes(record.ledger)
    (row,) = changed.to_dict("records")
    found = {"earned": record.mean(AVERSE, "a"), "worst_days": record.worst(AVERSE) - record.worst("a")}
    told = {"better": "more", "worse": "less", "not separated": "not separated from 0"}
    sure = []
    for key, value in found.items():
        assert row[key] == pytest.approx(value)
        check_ends(row, value, f"{key}_low", f"{key}_high")
        assert row[f"{key}_verdict"] == judged(row, f"{key}_low", f"{key}_high")
        sure.append(told[row[f"{key}_verdict"]])
    assert risk_tables.said(changed, Risk(0.8), "EUR") == (
        "Risk-averse customers earned, against risk-neutral ones, with a "
        f"{signed_amount(found['earned'])} EUR per customer and year ({sure[0]}), and "
        f"{signed_amount(found['worst_days'])} EUR a day on each customer’s worst 20 % of days ({sure[1]})."
    )
    for verdict, word in told.items():
        both = changed.assign(earned_verdict=verdict, worst_days_verdict=verdict)
        assert risk_tables.said(both, Risk(0.8), "EUR").count(f" ({word})") == 2


def test_sentences_on_worth(record: Record) -> None:
    whole, people = worth.overall(record.ledger), worth.winners(record.ledger)
    best = max(FORECASTS, key=lambda name: record.mean(name, "climatology"))
    own, foresight = (record.mean(name, "climatology") for name in (best, "perfect foresight"))
    said = {"better": "better", "worse": "worse", "not separated": "not separated from 0"}
    verdicts = dict(zip(whole["forecast"], whole["verdict"], strict=True))
    assert words.headline(whole, best, "EUR") == (
        f"{best} was worth {signed_amount(own)} EUR per customer and year against climatology "
        f"({said[verdicts[best]]}): {percent(own / foresight)} of the {amount(foresight)} that perfect foresight was "
        "worth."
    )
    lose = people[people["population"] == worth.ALL].set_index("forecast")["lose"]
    for name, finding in zip(SHOWN, words.findings(whole, people, "EUR"), strict=True):
        value = record.mean(name, "climatology")
        assert finding.measured.startswith(f"{name}: {signed_amount(value)} EUR per customer and year [")
        assert (f"], {percent(value / foresight)} of what perfect foresight is worth; " in finding.measured) == (
            name != "perfect foresight"
        )
        loses = f"; {lose[name]} of 10 customers {'loses' if lose[name] == 1 else 'lose'} by it."
        assert finding.measured.endswith(loses if lose[name] else "; nobody loses.")
        assert finding.holds == {"better": True, "worse": False}.get(verdicts[name])


@pytest.mark.parametrize("later", [False, True])
def test_what_choosing_by_a_measure_costs(record: Record, later: bool) -> None:
    first, second = measures.halves(record.ledger)
    assert (first.sum(), second.sum(), (first & second).any()) == (17, 18, False)
    every = record.ledger.every
    table = measures.choices(record.ledger, *((first, second) if later else (every, every)))
    days = second if later else every
    paid = {name: DAYS / days.sum() * record.mean(name, "climatology", days=days) for name in FORECASTS}
    best = max(FORECASTS, key=lambda name: paid[name])
    rows = table.to_dict("records")
    for row in rows:
        value = paid[best] - paid[row["chooses"]]
        assert (row["best"], row["below_the_best"]) == (best, pytest.approx(value, abs=1e-9))
        if row["chooses"] != best:
            check_ends(row, value)
            # What it is worth less is below 0 for the customers.
            assert row["verdict"] == ("worse" if row["low"] > 0 else "not separated")
    errors = {name: np.abs(record.ledger.market.forecasts[name] - record.ledger.market.prices) for name in FORECASTS}
    chosen_on = first if later else every
    values = {name: float(np.median(each[chosen_on])) for name, each in errors.items()}
    (row,) = (row for row in rows if row["measure"] == "median absolute error")
    assert row["value"] == pytest.approx(min(values.values()))
    assert ("money earned" in set(table["measure"])) == later
    if later:
        (row,) = (row for row in rows if row["measure"] == "money earned")
        earned = [DAYS / 17 * sum(record.ledger.daily(name)[:, first].sum(axis=1)) / SEEDS for name in FORECASTS]
        assert row["value"] == pytest.approx(max(earned))


def strips_of(content: object) -> list[tuple[str, str, list[tuple[str, float, float, float]]]]:
    """Panels of a figure of strips: heading, axis, and the label, point and ends of each row."""
    assert isinstance(content, Strips)
    return [
        (panel.heading, panel.x_label, [(each.label, each.point, *each.inner) for each in panel.strips])
        for panel in content.panels
    ]


def test_figures_are_drawn_from_the_tables(record: Record) -> None:
    year = "EUR per customer and year"
    days = worth.by_days(record.ledger)
    for kind, content in charts.days_chart(days, "EUR").variants.items():
        rows = days[days["told_apart_by"] == kind]
        panels = strips_of(content)
        assert [heading for heading, *_ in panels] == [
            f"{name} ({rows.loc[rows['days'] == name, 'number'].iloc[0]} days)" for name in dict.fromkeys(rows["days"])
        ]
        for name, (_, axis, strips) in zip(dict.fromkeys(rows["days"]), panels, strict=True):
            own = rows[rows["days"] == name][["forecast", "worth", "low", "high"]]
            assert axis == year
            assert strips == [tuple(row) for row in own.to_numpy(dtype=object).tolist()]
    whole, parted = worth.overall(record.ledger), worth.by_population(record.ledger)
    variants = charts.worth_chart(whole, parted, "EUR").variants
    assert list(variants) == ["all customers", *SIZES]
    for words_of, content in variants.items():
        rows = whole if words_of == "all customers" else parted[parted["population"] == words_of]
        ((heading, axis, strips),) = strips_of(content)
        assert (heading, axis) == (words_of, year)
        assert strips == [
            tuple(row) for row in rows[["forecast", "worth", "low", "high"]].to_numpy(dtype=object).tolist()
        ]
    changed = risk_tables.changes(record.ledger)
    (content,) = charts.risk_chart(changed, Risk(0.8), "EUR").variants.values()
    row = changed.to_dict("records")[0]
    for key, unit, panel in zip(
        ("earned", "worst_days"), (year, "EUR per customer and day"), strips_of(content), strict=True
    ):
        assert panel[1:] == (unit, [("a", row[key], row[f"{key}_low"], row[f"{key}_high"])])
    cost = limits.cost_of_errors(record.ledger, [2.5])
    (drawing,) = charts.cost_chart(cost, "EUR").variants.values()
    assert isinstance(drawing, Drawing)
    curve, *points = drawing.panels[0].curves
    assert np.asarray(curve.x).tolist() == [0.0, 2.5]
    worths = [record.mean(name, "climatology") for name in ("perfect foresight", wrong_by(2.5))]
    assert np.asarray(curve.y) == pytest.approx(worths)
    for name, point in zip(FORECASTS, points, strict=True):
        error = np.abs(record.ledger.market.forecasts[name] - record.ledger.market.prices).mean()
        found = float(np.asarray(point.x)[0]), float(np.asarray(point.y)[0])
        assert (point.label, found) == (name, pytest.approx((error, record.mean(name, "climatology"))))


def test_a_choice_that_costs_is_told_to_be_sure_or_not(record: Record) -> None:
    table = measures.choices(record.ledger, record.ledger.every, record.ledger.every)
    wrong = table["chooses"] != table["best"]
    assert wrong.any()
    for verdict, sure in (("worse", "a difference that is sure"), ("not separated", "not separated from 0")):
        told = words.of_measures(table.assign(verdict=np.where(wrong, verdict, "")), "EUR")
        for row in table[wrong].to_dict("records"):
            assert f"({amount(row['below_the_best'])} EUR per customer and year less, {sure})" in told


@pytest.mark.parametrize(("cut", "told"), [(0.0345, ["3.5"]), (0.0099, [])])
def test_facts_and_notices_of_the_page(record: Record, cut: float, told: list[str]) -> None:
    made = page(record.ledger, [2.5], {"low": -10.0, "high": 90.0, "cut": cut, "warnings": ["beware"]})
    assert dict(made.facts) == {
        "days": "35, 2023-03-01 to 2023-04-04", "customers": "3 homes for 44, 2 mills for 7",
        "seeds": "2; each draws the customers anew", "scale": "-10 to 90 EUR/MWh",
    }  # fmt: skip
    cuts = [note.partition(" % of how prices moved")[0] for note in made.notices if "lies outside the scale" in note]
    assert (cuts, made.warnings) == (told, ["beware"])
    sums = made.tables["differences"]
    assert "for all 51 together" in sums.note
