"""Findings say what the numbers say: on made-up results of which the truth is known."""

import math

import numpy as np
import pandas as pd
import pytest

from omnisim.studies.real_markets.contenders import SIMPLE, calibrated, contenders
from omnisim.studies.real_markets.findings import at_least, at_most, everywhere, findings
from omnisim.studies.real_markets.results import Interval, Results

POOL = ("first", "second")
GOOD = {"perfect foresight": 100.0, "climatology": 0.0, "persistence(7)": 20.0, "persistence(1)": 10.0, "ridge": 50.0,
        "first": 80.0, "second": 70.0, "Selection": 79.0, "Combination": 82.0, "calibrated: all": 82.0,
        "calibrated: first": 79.9, "calibrated: second": 78.0, "calibrated: ridge": 50.0,
        "calibrated: persistence(7)": 45.0, "calibrated: persistence(1)": 40.0,
        "calibrated: climatology": 35.0}  # fmt: skip
"""Utility of each forecaster in per cent of the distance, where every aim is reached."""


def results(
    changes: dict[tuple[str, str], float] | None = None,
    *,
    markets: tuple[str, ...] = ("AA", "BB"),
    published: bool = True,
    regret: float = 0.4,
    potential: float = 1.2,
    violated: int = 0,
    noise: float = 0.01,
) -> Results:
    """Results with the utilities of ``GOOD`` but for some; ``regret`` is the share that calibration leaves."""
    pool = POOL if published else tuple(SIMPLE)
    rng = np.random.default_rng(0)
    rows, runs, samples = [], [], {}
    for market in markets:
        for name in dict.fromkeys([*contenders(pool), *map(calibrated, pool)]):
            utility = GOOD[name] + (changes or {}).get((market, name), 0.0)
            own = utility + noise * rng.standard_normal(5) * (name not in ("perfect foresight", "climatology"))
            left = np.full(5, regret if name.startswith("calibrated") else 1.0)
            for subsequence in ("all", "after a spike"):
                samples[market, name, subsequence] = {"earned": own, "swap_regret": left}
                rows += [
                    {"market": market, "forecaster": name, "subsequence": subsequence, "days": 9} for _ in range(5)
                ]
            engine = name.startswith("calibrated")
            runs.append(
                {"market": market, "forecaster": name, "certificates": 10, "violated": violated if engine else 0}
                | {"potential": potential if engine else math.nan, "followed": 1.0 if engine else math.nan, "cut": 0.0}
            )
    pools = dict.fromkeys(markets, pool)
    return Results(
        pd.DataFrame(rows), pd.DataFrame(runs), {}, {}, pools, frozenset(markets if published else ()), samples
    )


def verdicts(found: Results, *, quick: bool = False) -> dict[str, list[bool | None]]:
    told: dict[str, list[bool | None]] = {}
    for finding in findings(found, quick=quick):
        told.setdefault(finding.subject, []).append(finding.holds)
    return told


def test_where_every_aim_is_reached_every_finding_agrees() -> None:
    told = verdicts(results())
    assert [holds for verdicts in told.values() for holds in verdicts if holds is not True] == [None]
    assert told["Certificates"] == [True, True, None]


@pytest.mark.parametrize(
    ("changes", "subject", "index"),
    [
        ({("BB", "calibrated: first"): -1.0}, "Best published forecast as the only base", 0),
        ({("AA", "calibrated: all"): -8.0}, "Every published forecast as a base", 0),
        ({("BB", "calibrated: all"): -2.5}, "Every published forecast as a base", 1),
        ({("BB", "Selection"): 9.0}, "Every published forecast as a base", 2),
        ({("AA", "Combination"): 9.0}, "Every published forecast as a base", 3),
        ({("AA", "calibrated: climatology"): -36.0}, "Weak base: climatology", 0),
        ({("BB", "calibrated: persistence(1)"): -31.0}, "Weak base: persistence(1)", 0),
        ({("AA", "calibrated: persistence(7)"): -80.0}, "Days of changed behaviour", 0),
    ],
)
def test_an_aim_that_is_missed_disagrees(changes: dict[tuple[str, str], float], subject: str, index: int) -> None:
    assert verdicts(results(changes))[subject][index] is False


def test_regret_that_is_not_halved_disagrees() -> None:
    told = verdicts(results(regret=0.6))
    assert [told[f"Weak base: {base}"][1] for base in ("persistence(7)", "persistence(1)", "climatology")] == [
        False
    ] * 3


def test_what_noise_leaves_open_is_not_judged() -> None:
    told = verdicts(results({("BB", "calibrated: first"): -0.4}, noise=0.5))
    assert told["Best published forecast as the only base"] == [None]


def test_broken_certificates_and_budgets_disagree() -> None:
    assert verdicts(results(violated=1))["Certificates"][0] is False
    assert verdicts(results(potential=2.8))["Certificates"][1] is False


def test_a_quick_run_judges_certificates_alone() -> None:
    told = verdicts(results(), quick=True)
    assert told.pop("Certificates") == [True, True, None]
    assert {holds for verdicts in told.values() for holds in verdicts} == {None}


def test_a_market_without_published_forecasts_is_judged_by_itself() -> None:
    told = verdicts(results(markets=("ERCOT",), published=False))
    assert "ERCOT, embedded prices: Best simple forecast as the only base" in told
    assert len(told["ERCOT, embedded prices: Every simple forecast as a base"]) == 3


def test_the_numbers_are_told() -> None:
    first = findings(results(noise=0.0), quick=False)[0]
    assert "by −0.10 [−0.10, −0.10] (AA) and −0.10 [−0.10, −0.10] (BB) %" in first.measured
    assert first.expected.startswith("it loses at most 0.5 % of the distance between climatology and perfect foresight")


def test_the_best_is_chosen_in_each_market() -> None:
    found = results({("BB", "second"): 15.0, ("BB", "calibrated: second"): 7.0})
    assert (found.best("AA"), found.best("BB")) == ("first", "second")
    assert calibrated(found.best("BB")) == "calibrated: second"


@pytest.mark.parametrize(
    ("interval", "below", "above"),
    [((1, 0.5, 1.5), False, True), ((-1, -1.5, -0.5), True, False), ((0, -1, 1), None, None)],
)
def test_intervals(interval: tuple[float, float, float], below: bool | None, above: bool | None) -> None:
    assert at_least(Interval(*interval), 0.0) is above
    assert at_most(Interval(*interval), 0.0) is below
    assert at_least(Interval(1.0, math.nan, math.nan), 0.0) is None


def test_everywhere() -> None:
    yes, no, open_ = Interval(1, 1, 1), Interval(-1, -1, -1), Interval(0, -1, 1)
    assert everywhere({"a": yes, "b": yes}, 0.0) is True
    assert everywhere({"a": yes, "b": open_}, 0.0) is None
    assert everywhere({"a": open_, "b": no}, 0.0) is False
