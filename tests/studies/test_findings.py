"""Findings of growth and of crowds tell what holds from what does not: on made-up runs of which the truth is known."""

import math

import numpy as np
import pandas as pd
import pytest

from omnisim.report.drawings import Panel
from omnisim.studies.crowding import findings as crowding
from omnisim.studies.crowding.cases import CALIBRATED as CROWDED_CALIBRATED
from omnisim.studies.crowding.cases import FORECASTERS
from omnisim.studies.scaling import charts
from omnisim.studies.scaling.cases import ALGORITHMS, CALIBRATED, FOOLED, LEARNERS
from omnisim.studies.scaling.findings import _bounds, _masking, _regret, findings
from omnisim.studies.scaling.page import slope_table, with_published_bounds

SIZES = (256, 1024, 4096, 16384)


def grown(part: str, exponent: float, noise: float, **columns: object) -> list[dict[str, object]]:
    """Runs of three replicates whose regret and violation grow like T^exponent, with noise in the exponent."""
    rng = np.random.default_rng(len(part))
    rows = []
    for replicate, slope in enumerate(exponent + noise * rng.normal(size=3)):
        for size in SIZES:
            value = 40 * (1 + replicate) * size**slope
            rows.append(
                {"part": part, "rounds": size, "replicate": replicate, "agents": 5, "actions": 6, "dimension": 1}
                | {"subsequences": 1, "swap_regret": value, "external_regret": value, "ccv": value, "certificates": 2}
                | {"ccv_positive": value, "violation_bound": 1e9, "regret_bound": 1e9, "violated": 0}
                | {"subsequence": "all", "forecaster": "Climatology", "rule": "Algorithm 3"}
                | columns
            )
    return rows


def scaling(fooled: float = 1.0, calibrated: float = 0.5, flat: float = 0.0, root: float = 0.5, noise: float = 0.005):
    rows = []
    for adversary in ("WorstCase", "Switching"):
        for name, exponent in (*((name, fooled) for name in FOOLED), *((name, calibrated) for name in CALIBRATED)):
            rows += grown("regret", exponent, noise, adversary=adversary, forecaster=name)
    for rule in ALGORITHMS:
        for adversary in ("Independent", "WorstCase"):
            exponent = flat if rule in ("Algorithm 1", "Algorithm 3") else root
            rows += grown("violation", exponent, noise, adversary=adversary, rule=rule)
    rows += grown("masking", 1.0, 0.0, adversary="Masking", rule="Algorithm 2 per subsequence", subsequence="tight")
    for rule in ("Sinha-Vaze", "drift plus penalty"):
        rows += grown("learners", 0.5, noise, adversary="Independent", rule=rule)
    return [finding.holds for finding in findings(pd.DataFrame(rows))]


def test_growth_as_theory_says_agrees() -> None:
    assert scaling() == [True] * 22


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("changed", "wrong"),
    [({"fooled": 0.5}, {0, 1, 2, 5, 6, 7}), ({"calibrated": 0.9}, {3, 4, 8, 9}), ({"flat": 0.5}, {10, 11, 12, 13}),
     ({"root": 0.9}, {14, 15, 16, 17}), ({"root": 0.1}, {14, 15, 16, 17})],
)  # fmt: skip
def test_other_growth_disagrees(changed: dict[str, float], wrong: set[int]) -> None:
    assert list(enumerate(scaling(**changed))) == [(k, k not in wrong) for k in range(22)]


def test_violation_of_learners_is_told_in_per_cent_of_its_bound_at_the_end() -> None:
    rows = [
        row | {"violation_bound": bound}
        for rule in ("Sinha-Vaze", "drift plus penalty")
        for row in grown("learners", 0.5, 0.0, adversary="Independent", rule=rule)
        for bound in [float(row["ccv"]) * (4 if row["rounds"] == SIZES[-1] else 80)]  # type: ignore[arg-type]
    ]
    told = [finding.measured for finding in _bounds(pd.DataFrame(rows)) if finding.subject == "Learners"]
    assert len(told) == 2
    assert all(text.endswith("and reaches 25 % of its bound after 16,384 rounds.") for text in told)


@pytest.mark.parametrize(
    ("violation", "regret", "holds"), [(14.0, 24.0, True), (16.0, 24.0, False), (14.0, 26.0, False)]
)
def test_violation_and_regret_of_learners_are_held_to_a_bound_each(
    violation: float, regret: float, holds: bool
) -> None:
    """Of 15 and of 25, at every T and in every replicate: they are missed in a single run."""
    rows = [
        row | {"violation_bound": 15.0, "regret_bound": 25.0, "ccv": 3.0, "external_regret": 4.0}
        for rule in ("Sinha-Vaze", "drift plus penalty")
        for row in grown("learners", 0.5, 0.0, adversary="Independent", rule=rule)
    ]
    rows[5] |= {"ccv": violation, "external_regret": regret}
    found = [finding.holds for finding in _bounds(pd.DataFrame(rows)) if finding.subject == "Learners"]
    assert found == [holds, True]


def test_forecasters_are_fooled_on_some_subsequence_and_calibrated_on_every_one() -> None:
    """Regret is linear on the odd rounds and flat on all of them."""
    rows = []
    for name in (*FOOLED, *CALIBRATED):
        for subsequence, exponent in (("all", 0.1), ("odd", 1.0)):
            given = {"adversary": "WorstCase", "forecaster": name, "subsequence": subsequence}
            rows += grown("regret", exponent, 0.005, **given)
            rows += grown("regret", exponent, 0.005, **given | {"adversary": "Switching"})
    found = list(_regret(pd.DataFrame(rows)))
    fooled = [finding for finding in found if "fooled" in finding.subject]
    assert [finding.holds for finding in found] == 2 * ([True] * len(FOOLED) + [False] * len(CALIBRATED))
    assert all(finding.measured.endswith(" on “odd”.") for finding in fooled)


@pytest.mark.parametrize(("rounds", "actions"), [(64, 2), (1024, 6)])
def test_bounds_of_learners_are_the_published_ones(rounds: int, actions: int) -> None:
    """Gradients of norm at most G = sqrt(A) on a simplex of diameter D = sqrt(2), two constraints."""
    rules = ("Hedge", "Sinha-Vaze", "drift plus penalty", "Algorithm 1")
    given = pd.DataFrame(
        {"rule": rules, "rounds": rounds, "actions": actions, "violation_bound": 7.0, "regret_bound": 8.0}
    )
    found = with_published_bounds(given).set_index("rule")
    root, gradient, diameter = math.sqrt(rounds), math.sqrt(actions), math.sqrt(2)
    length = math.sqrt(2 * rounds * root + rounds * (actions / 2 + 4 + 2))
    regret = {
        "Hedge": math.sqrt(rounds * math.log(actions) / 2),
        "Sinha-Vaze": 2 * gradient * diameter * (root + 1),
        "drift plus penalty": root * (actions / 4 + 2 + 1),
        "Algorithm 1": 8.0,
    }
    violation = {
        "Hedge": 7.0,
        "Sinha-Vaze": 4 * gradient * diameter * math.log(2 * (1 + 2 * rounds)) * root,
        "drift plus penalty": length * (1 + actions * math.sqrt(2) / 2) + actions * root / 2,
        "Algorithm 1": 7.0,
    }
    assert found["regret_bound"].to_dict() == pytest.approx(regret)
    assert found["violation_bound"].to_dict() == pytest.approx(violation)


@pytest.mark.parametrize(("exponent", "holds"), [(0.85, False), (0.95, True)])
def test_violation_that_slack_hides_is_linear_or_it_is_not(exponent: float, holds: bool) -> None:
    rows = grown("masking", exponent, 0.0, rule="Algorithm 2 per subsequence", subsequence="tight")
    rows += grown("masking", 1.0, 0.0, rule="Algorithm 4", subsequence="tight")
    assert [finding.holds for finding in _masking(pd.DataFrame(rows))] == [holds]


def curves_of(panel: Panel) -> dict[str, list[float]]:
    """The heights of the curves of a panel, by their labels."""
    return {curve.label: np.asarray(curve.y).tolist() for curve in panel.curves}


def test_rules_are_drawn_by_their_names() -> None:
    """Means over three replicates of 40, 80 and 120 T^exponent, which is another one for each rule."""
    exponents = {rule: 0.3 + k / 20 for k, rule in enumerate((*ALGORITHMS[:2], *LEARNERS))}
    rows = [row for rule, each in exponents.items() for row in grown("learners", each, 0.0, rule=rule)]
    violation, regret = charts.learners_chart(pd.DataFrame(rows)).variants[""].panels
    for rule, exponent in exponents.items():
        assert curves_of(violation)[rule] == pytest.approx([80 * T**exponent for T in SIZES])
        assert curves_of(regret)[rule] == pytest.approx([80 * T ** (exponent - 0.5) for T in SIZES])
        assert curves_of(violation)[f"bound of {rule}"] == [1e9] * len(SIZES)
        if rule in LEARNERS:
            assert curves_of(regret)[f"bound of {rule}"] == pytest.approx([1e9 / math.sqrt(T) for T in SIZES])
    drawn = {"Algorithm 2 per subsequence": 1.0, "Algorithm 4": 0.5}
    rows = [row for rule, each in drawn.items() for row in grown("masking", each, 0.0, rule=rule, subsequence="tight")]
    drawing = charts.masking_chart(pd.DataFrame(rows)).variants[""]
    for rule, exponent in drawn.items():
        assert curves_of(drawing.panels[0])[rule] == pytest.approx([80 * T**exponent for T in SIZES])
    assert "Algorithm 2 per subsequence has slope 1.00 " in drawing.alt


def test_the_table_of_slopes() -> None:
    rows = pd.DataFrame(grown("violation", 0.5, 0.0, adversary="Independent", rule="Algorithm 2"))
    rows.loc[rows["rounds"] == SIZES[0], "ccv"] = 0.5
    table = slope_table(rows, ["swap_regret", "ccv"]).set_index("measure")
    assert table.loc["swap regret", ["slope", "low", "high"]].tolist() == pytest.approx([0.5] * 3)
    assert table["floored"].to_dict() == {"swap regret": 0, "ccv": 3}
    assert set(table["points"]) == {3 * len(SIZES)}
    assert set(table["rounds"]) == {SIZES[-1]}
    assert table["last"].tolist() == pytest.approx([80 * math.sqrt(SIZES[-1])] * 2)


@pytest.mark.long
def test_what_noise_leaves_open_is_not_judged() -> None:
    found = scaling(noise=0.5)
    assert found[:18] == [None] * 18


def crowd(many: float, calibrated: float, noise: float = 0.01):
    """Runs in which a crowd pays so much more, and calibrated forecasters have so much swap regret (Persistence 2)."""
    rows = []
    for index, name in enumerate(FORECASTERS):
        for rounds in (32, 64):
            rows += [
                {"part": "hours", "forecaster": name, "rounds": rounds, "customers": 1.0, "replicate": r, "paid": 0.7}
                | {"swap_regret": rounds / 2, "money": 0.0, "certificates": 1, "violated": 0}
                for r in range(3)
            ]
        for customers in (0.0, 900.0):
            regret = calibrated if name in CROWDED_CALIBRATED else 2.0
            # Differences vary by seed, and by nothing on average.
            varies = [noise * (r - 2) * (1 + index + 9 * (customers > 0)) for r in range(5)]
            rows += [
                {"part": "merit order", "forecaster": name, "rounds": 9, "customers": customers, "replicate": r}
                | {"paid": 50 + many * (customers > 0) + varies[r], "money": varies[r]}
                | {"swap_regret": regret + varies[r], "certificates": 1, "violated": 0}
                for r in range(5)
            ]
    return [finding.holds for finding in crowding.findings(pd.DataFrame(rows))]


def test_crowds() -> None:
    """Single predictions cost T / 2 exactly; calibrated ones must not: here they do, and so disagree."""
    hours = [True] * 3 + [False] * 2
    assert crowd(9.0, 1.0) == [*hours, True, True, True, True]
    assert crowd(-9.0, 3.0) == [*hours, False, False, False, True]
    assert crowd(0.0, 2.0, noise=1.0)[5:8] == [None] * 3
