"""Findings say what the numbers say: on made-up results of which the truth is known."""

import numpy as np
import pandas as pd
import pytest

from omnisim.studies.real_markets.contenders import SIMPLE, calibrated, contenders
from omnisim.studies.real_markets.findings import findings
from omnisim.studies.real_markets.results import Results

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
    violated: int = 0,
    noise: float = 0.01,
) -> Results:
    """Results with the earnings of ``GOOD`` but for some, which vary by the noise over 5 seeds and 70 days."""
    pool = POOL if published else tuple(SIMPLE)
    rng = np.random.default_rng(0)
    rows, runs, samples, daily = [], [], {}, {}
    spikes = np.arange(70) % 2 == 0
    for market in markets:
        for name in dict.fromkeys([*contenders(pool), *map(calibrated, pool)]):
            earned = GOOD[name] + (changes or {}).get((market, name), 0.0)
            varies = noise * (name not in ("perfect foresight", "climatology"))
            days = earned + varies * (rng.normal(size=(5, 1)) + rng.normal(size=(5, 70)))
            daily[market, name] = days / 70
            for subsequence, active in (("all", np.ones(70, dtype=bool)), ("after a spike", spikes)):
                samples[market, name, subsequence] = {"earned": daily[market, name][:, active].sum(axis=1)}
                rows += [
                    {"market": market, "forecaster": name, "subsequence": subsequence, "days": active.sum()}
                    for _ in range(5)
                ]
            broken = violated if name.startswith("calibrated") else 0
            runs.append({"market": market, "forecaster": name, "certificates": 10, "violated": broken, "cut": 0.0})
    masks = {"all": np.ones(70, dtype=bool), "after a spike": spikes}
    return Results(
        pd.DataFrame(rows),
        pd.DataFrame(runs),
        daily,
        {},
        dict.fromkeys(markets, pool),
        frozenset(markets if published else ()),
        dict.fromkeys(markets, masks),
        samples,
    )


def verdicts(found: Results) -> dict[str, list[bool | None]]:
    told: dict[str, list[bool | None]] = {}
    for finding in findings(found):
        told.setdefault(finding.subject, []).append(finding.holds)
    return told


def test_where_every_aim_is_reached_every_finding_agrees() -> None:
    told = verdicts(results())
    assert {holds for verdicts in told.values() for holds in verdicts} == {True}
    assert told["Certificates"] == [True]


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


def test_what_calibration_may_cost_is_no_aim_missed() -> None:
    """Half a per cent of the distance, of the best forecast and of a weak one; a fifth against Combination."""
    changes = {("BB", "calibrated: first"): -0.3, ("AA", "calibrated: climatology"): -35.4}
    told = verdicts(results(changes | {(market, "Combination"): 0.1 for market in ("AA", "BB")}))
    assert {holds for verdicts in told.values() for holds in verdicts[:1]} == {True}
    assert told["Every published forecast as a base"] == [True] * 4


def test_what_noise_leaves_open_is_not_judged() -> None:
    told = verdicts(results({("BB", "calibrated: first"): -0.4}, noise=0.5))
    assert told["Best published forecast as the only base"] == [None]


def test_broken_certificates_disagree() -> None:
    assert verdicts(results(violated=1))["Certificates"] == [False]


def test_a_market_without_published_forecasts_is_judged_by_itself() -> None:
    told = verdicts(results(markets=("ERCOT",), published=False))
    assert "ERCOT, embedded prices: Best simple forecast as the only base" in told
    assert len(told["ERCOT, embedded prices: Every simple forecast as a base"]) == 3


def test_the_numbers_are_told() -> None:
    made = results()
    first = findings(made)[0]
    change = {
        market: made.compared(market, made.pairs(market))["calibrated: first", "first"] for market in ("AA", "BB")
    }
    for market, each in change.items():
        assert abs(each.mean + 0.1) < 0.05
        assert f"−{-each.mean:.2f} [−{-each.low:.2f}, −{-each.high:.2f}] ({market})" in first.measured
    worst = min(change, key=lambda market: change[market].mean)
    assert first.measured.endswith(f"%, least in {worst}.")
    assert first.expected.startswith("it loses at most 0.5 % of the distance between climatology and perfect foresight")


def test_a_market_whose_days_do_not_vary_is_not_judged() -> None:
    told = verdicts(results(noise=0.0))
    assert {holds for name, verdicts in told.items() if name != "Certificates" for holds in verdicts} == {None}


def test_the_best_is_chosen_in_each_market() -> None:
    found = results({("BB", "second"): 15.0, ("BB", "calibrated: second"): 7.0})
    assert (found.best("AA"), found.best("BB")) == ("first", "second")
    assert calibrated(found.best("BB")) == "calibrated: second"
