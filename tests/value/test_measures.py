"""Which measure chooses which forecast: accuracy and money recomputed by loops."""

import numpy as np
import pytest
from scipy import stats
from value_laboratory import FORECASTS, Laboratory, mean_worth

from omnisim.report.text import amount, listing
from omnisim.value.measures import choices, choices_by_population, halves, scores
from omnisim.value.words import of_measures, of_populations

POPULATIONS = ["buyers", "plants", "operators"]


def by_loops(forecast: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Accuracy, with one loop over days and hours."""
    errors, squares, shapes, ranks, spreads = [], [], [], [], []
    lowest, highest = [], []
    for said, came in zip(forecast, truth, strict=True):
        for hour in range(24):
            errors.append(said[hour] - came[hour])
            squares.append(errors[-1] ** 2)
            shapes.append(abs((said[hour] - sum(said) / 24) - (came[hour] - sum(came) / 24)))
        ranks.append(stats.spearmanr(said, came).statistic)
        spreads.append(abs((max(said) - min(said)) - (max(came) - min(came))))
        order, true = (sorted(range(24), key=lambda hour, day=day: day[hour]) for day in (said, came))
        lowest.append(len({*order[:4]} & {*true[:4]}) / 4)
        highest.append(len({*order[-4:]} & {*true[-4:]}) / 4)
    return {
        "mean absolute error": float(np.mean(np.abs(errors))),
        "root mean squared error": float(np.sqrt(np.mean(squares))),
        "mean error": float(np.mean(errors)),
        "rank correlation within a round": float(np.mean(ranks)),
        "hit rate of the lowest": float(np.mean(lowest)),
        "hit rate of the highest": float(np.mean(highest)),
        "mean absolute error of the spread": float(np.mean(spreads)),
        "mean absolute error of the shape": float(np.mean(shapes)),
        "median absolute error": float(np.median(np.abs(errors))),
    }


def preferred(measure: str, values: dict[str, float]) -> str:
    if measure.startswith(("rank", "hit", "money")):
        return max(values, key=lambda name: values[name])
    return min(values, key=lambda name: abs(values[name]))


def test_accuracy_of_the_forecasts(laboratory: Laboratory) -> None:
    expected = {name: by_loops(laboratory.said[name], laboratory.paid) for name in FORECASTS}
    found = scores(laboratory.ledger, laboratory.ledger.every)
    assert {*found.index} == {*expected["sharp"]}
    for name in FORECASTS:
        for measure, value in expected[name].items():
            assert found.loc[measure, name] == pytest.approx(value, rel=1e-9), measure


@pytest.mark.parametrize("later", [False, True])
def test_what_a_measure_chooses_and_what_that_costs(laboratory: Laboratory, later: bool) -> None:
    days = len(laboratory.dates)
    first = np.arange(days) < days // 2
    chosen_on, worth_on = (first, ~first) if later else (np.ones(days, dtype=bool),) * 2
    if later:
        assert all((a == b).all() for a, b in zip(halves(laboratory.ledger), (chosen_on, worth_on), strict=True))
    accuracy = {name: by_loops(laboratory.said[name][chosen_on], laboratory.paid[chosen_on]) for name in FORECASTS}
    by_measure = {m: {name: accuracy[name][m] for name in FORECASTS} for m in accuracy["sharp"]}

    def money(where: np.ndarray) -> dict[str, float]:
        scale = days / where.sum()
        return {name: scale * mean_worth(laboratory, name, "climatology", POPULATIONS, where) for name in FORECASTS}

    if later:
        by_measure["money earned"] = money(chosen_on)
    paid = money(worth_on)
    best = preferred("money", paid)
    table = choices(laboratory.ledger, chosen_on, worth_on).set_index("measure")
    assert {*table.index} == {*by_measure}
    assert set(table["best"]) == {best}
    for measure, values in by_measure.items():
        choice = preferred(measure, values)
        row = table.loc[measure]
        assert row["chooses"] == choice, measure
        assert row["below_the_best"] == pytest.approx(paid[best] - paid[choice], rel=1e-9, abs=1e-6)
        if measure != "money earned":
            assert row["value"] == pytest.approx(values[choice], rel=1e-9)
        good = [values[n] if measure.startswith(("rank", "hit", "money")) else -abs(values[n]) for n in FORECASTS]
        agreement = stats.spearmanr(good, [paid[n] for n in FORECASTS]).statistic
        assert row["agreement_of_ranks"] == pytest.approx(agreement)
        if row["verdict"]:
            assert row["low"] < row["below_the_best"] < row["high"]
            assert row["verdict"] == ("worse" if row["low"] > 0 else "not separated")


def test_choices_for_each_population(laboratory: Laboratory) -> None:
    every = np.ones(len(laboratory.dates), dtype=bool)
    accuracy = {name: by_loops(laboratory.said[name], laboratory.paid) for name in FORECASTS}
    table = choices_by_population(laboratory.ledger)
    assert list(dict.fromkeys(table["population"])) == POPULATIONS
    told = of_populations(table)
    right: dict[str, set[str]] = {}
    for population, rows in table.groupby("population"):
        paid = {name: mean_worth(laboratory, name, "climatology", [str(population)], every) for name in FORECASTS}
        best = preferred("money", paid)
        assert set(rows["best"]) == {best}
        assert f"{population} {best} (the choice of " in told
        right[str(population)] = set()
        for row in rows.itertuples():
            choice = preferred(row.measure, {name: accuracy[name][row.measure] for name in FORECASTS})
            assert row.chooses == choice
            assert row.below_the_best == pytest.approx(paid[best] - paid[choice], rel=1e-9, abs=1e-6)
            right[str(population)] |= {row.measure} if choice == best else set()
        assert f"{population} {best} (the choice of {len(right[str(population)])} of {len(rows)} measures)" in told
    always = set.intersection(*right.values())
    every = listing([measure for measure in dict.fromkeys(table["measure"]) if measure in always] or [""])
    assert told.endswith(f". Right for all of them: {every}." if every else ". No measure is right for all of them.")


def test_the_sentence_names_who_chose_right_and_what_the_others_cost(laboratory: Laboratory) -> None:
    table = choices(laboratory.ledger, laboratory.ledger.every, laboratory.ledger.every)
    told = of_measures(table, "EUR")
    right, _, wrong = told.partition("Others would have been chosen: ")
    for row in table.itertuples():
        assert row.measure in (right if row.chooses == row.best else wrong)
        part = next((each for each in wrong.split("; ") if each.startswith(f"{row.chooses} by")), right)
        assert row.measure in part
        assert row.chooses == row.best or f"({amount(row.below_the_best)} EUR per customer and year less" in part
    assert {*table["chooses"]} > {str(table["best"].iloc[0])}, "the laboratory must have a measure that errs"
