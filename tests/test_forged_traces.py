"""Records in which a promise fails: the certificate says so, with the right numbers, and so do the page and --strict.

Theorems are true, so the records are forged: of a run of two actions that earn y and 1 - y, everything is rewritten
until one theorem fails in a way that can be calculated by hand. Runs and expectations are functions, made when a test
asks for them: collecting the tests plays nothing.
"""

import dataclasses
import html
import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import Suite
from scenario_files import omnisim_command, write_scenario

import omnisim
from omnisim.elimination import (
    BestResponse,
    CumulativeThreshold,
    FirstViolation,
    SubsequenceFirstViolation,
    SubsequenceThreshold,
)
from omnisim.forecasters import Climatology, DecisionCalibrated, Published, StepCalibrated
from omnisim.learners import BlumMansour, Hedge, SinhaVaze
from omnisim.problem.guarantees import BoundsCosts, Guarantee
from omnisim.report.run.verdict import summary, verdict
from omnisim.trace import Mixtures

T = 900
LAST = 300
LATE = np.arange(T) >= T - LAST

BETTORS = omnisim.Population(
    "bettors",
    [[[1.0], [-1.0]]],
    [[0.0, 1.0]],
    [omnisim.LinearConstraint(np.zeros((1, 2, 1)), [[-0.5, -0.5]])],
)
"""One agent, two actions, L = 1; nothing ever violates."""

RATES = math.ceil(math.log2(T) / 2) + 1


def allowed(forecaster: str, squares: float) -> float:
    """The least of Lambda / eta + eta V over halves, Lambda = ln(K m Phi / K) by what the honest run reported."""
    spent = honest(BestResponse, forecaster).diagnostics["potential"][-1]
    lam = math.log(COUNT[forecaster] * RATES * spent)
    return min(lam * 2**k + squares / 2**k for k in range(1, RATES + 1))


def regretted(spent: float, squares: float, swaps: float) -> float:
    """The least of (ln(m E X) + swaps + c eta^2 V) / eta over the grid; E X = (2 + 1 / 0.3) N L Phi / K."""
    rates = [0.8]
    rates[1:] = [eta for j in range(40, -1, -1) if (eta := math.sqrt(45 / T) * 2**j) < 0.8 / math.sqrt(2)]
    lam = math.log(len(rates) * (2 + 1 / 0.3) * 2 * spent) + swaps
    return min(lam / eta - (eta + math.log(1 - eta)) / eta * squares for eta in rates)


def promised(rounds: float, swaps: float) -> float:
    """The least of (ln(m E e) + swaps - |S| ln(1 - eta^2) / 2) / artanh(eta) over the grid."""
    rates = [0.8]
    rates[1:] = [eta for j in range(40, -1, -1) if (eta := math.sqrt(45 / T) * 2**j) < 0.8 / math.sqrt(2)]
    lam = math.log(len(rates) * (2 + 1 / 0.3) * 2 * math.e) + swaps
    return min((lam - rounds * math.log(1 - eta**2) / 2) / math.atanh(eta) for eta in rates)


@cache
def honest(rule: type, forecaster: str = "climatology") -> omnisim.Trace:
    """Outcomes of 1 throughout, so that action 0 is right; subsequences "all" and "late" (the last 300 rounds)."""
    base = Published(np.ones((T, 1)))
    forecasters: dict[str, Any] = {
        "climatology": Climatology(),
        "coordinates": DecisionCalibrated(regret=False),
        "regrets": DecisionCalibrated(),
        "utilities": DecisionCalibrated(objectives="utilities", regret=False),
        "base": DecisionCalibrated([base], combine=False, regret=False),
        "steps": StepCalibrated(levels=2, thresholds=1),
    }
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[BETTORS],
            adversary=omnisim.adversaries.Independent([[1.0]]),
            forecaster=forecasters[forecaster],
            elimination=rule(),
            subsequences={"all": None, "late": LATE},
            rounds=T,
        )
    )


def forge(trace: omnisim.Trace, of_trace: dict[str, Any] | None = None, **of_record: Any) -> omnisim.Trace:
    record = dataclasses.replace(trace.records["bettors"], **of_record)
    return dataclasses.replace(trace, records={"bettors": record}, **(of_trace or {}))


def removed(rule: type, k: int = 0) -> omnisim.Trace:
    """Action 1 left set k after round 7."""
    trace = honest(rule)
    left = trace.records["bettors"].eliminated_at.copy()
    left[0, 1, k] = 7
    return forge(trace, eliminated_at=left)


def costly(rule: type, cost: float = 1.0) -> omnisim.Trace:
    """What was played cost that much in every round."""
    return forge(honest(rule), costs=np.full((T, 1, 1), cost))


def wrong(rule: type) -> omnisim.Trace:
    """Predictions were exact, and action 1 was played all the time."""
    return forge(honest(rule), {"predictions": np.ones((T, 1))}, actions=np.ones((T, 1), dtype=np.int64))


def misled(forecaster: str) -> omnisim.Trace:
    """A forecast of 0 throughout, on which action 1 was played."""
    zeros = np.zeros((T, 1))
    mixtures = Mixtures.of([omnisim.Mixture.point([0.0])] * T)
    changes = {"predictions": zeros, "mixtures": mixtures}
    return forge(honest(BestResponse, forecaster), changes, actions=np.ones((T, 1), dtype=np.int64))


def spent(forecaster: str) -> omnisim.Trace:
    """The potential rose to 3 K."""
    potential = np.linspace(1, 3, T)
    trace = honest(BestResponse, forecaster)
    return forge(trace, {"diagnostics": {**trace.diagnostics, "potential": potential}})


def gamma(sums: int, rounds: int) -> float:
    """The tight threshold: sqrt(2 |S| ln(sums / delta))."""
    return math.sqrt(2 * rounds * math.log(sums / 0.05))


class Modest(SinhaVaze):
    """It promises more than Sinha and Vaze do."""

    def guarantees(self) -> list[Guarantee]:
        return [BoundsCosts(theorem="Lemma 9", bound=12.5)]


COUNT = {
    "coordinates": 2 * 1 * 1 * 2 * 2,
    "utilities": 1 * 2 * 2 * 2,
    "base": 8 + 1 * 1 * 2,
    "steps": 2 * 2 * 1 * 3,
    "regrets": math.ceil(1.6 * 8),
}
"""K: 2 d N |A| L; N |A|^2 L; with N B L for the base; 2 L (m + 1) sets; with 0.3 K for each regret."""


def regrets(rounds: int) -> list[tuple[str, float]]:
    """Theorem and bound: in expectation by V = |S| and Phi <= e K, and by V = |S| = 1 x |S|, one action played."""
    spent = honest(BestResponse, "regrets").diagnostics["potential"][-1]
    return [
        ("Corollary 2", promised(rounds, 2 * math.log(2))),
        ("Corollary 2", regretted(spent, rounds, math.log(2))),
        ("Corollary 3", promised(rounds, math.log(2))),
        ("Corollary 3", regretted(spent, rounds, math.log(2))),
    ]


C, U, X = "coordinates", "utilities", "base"

FORGED: dict[str, tuple[Callable[[], omnisim.Trace], Callable[[], list[tuple[str, str, float, float]]]]] = {
    "proposition 1": (lambda: removed(FirstViolation), lambda: [("Proposition 1", "every round", 1, 0)]),
    "proposition 2": (lambda: removed(CumulativeThreshold), lambda: [("Proposition 2", "every round", 1, 0)]),
    "proposition 3": (lambda: removed(SubsequenceFirstViolation, 1), lambda: [("Proposition 3", "late", 1, 0)]),
    "proposition 4": (lambda: removed(SubsequenceThreshold), lambda: [("Proposition 4", "all", 1, 0)]),
    "theorem 1": (lambda: costly(FirstViolation), lambda: [("Theorem 1", "every round", T, 0)]),
    "theorem 2": (
        lambda: costly(CumulativeThreshold),
        lambda: [("Theorem 2", "every round", T, 2 * (1 + gamma(2, T))), ("Theorem 2", "every round", T, 0)],
    ),
    "theorem 5": (
        lambda: costly(SubsequenceFirstViolation, 0.5),
        lambda: [
            ("Theorem 5", name, cost, bound) for name, cost in (("all", T / 2), ("late", LAST / 2)) for bound in (4, 0)
        ],
    ),
    "theorem 6": (
        lambda: costly(SubsequenceThreshold),
        lambda: [
            ("Theorem 6", name, rounds, places * (1 + gamma(8, rounds)))
            for name, rounds in (("all", T), ("late", LAST))
            for places in (4, 0)
        ],
    ),
    **{
        theorem: (
            lambda rule=rule: wrong(rule),  # type: ignore[misc]
            lambda theorem=theorem: [(theorem, "all", T, 0), (theorem, "late", LAST, 0)],
        )
        for theorem, rule in {
            "Theorem 3": BestResponse,
            "Theorem 7": SubsequenceFirstViolation,
            "Theorem 9": CumulativeThreshold,
            "Theorem 11": SubsequenceThreshold,
        }.items()
    },
    "the budget": (lambda: spent("coordinates"), lambda: [("Section 4.2", "every round", 3, math.e)]),
    "the budget of steps": (lambda: spent("steps"), lambda: [("Section 4.2", "every round", 3, math.e)]),
    "coordinates": (
        lambda: misled("coordinates"),
        lambda: [
            row
            for name, rounds in (("all", T), ("late", LAST))
            for row in (
                ("Theorem 4", name, rounds, allowed(C, rounds)),
                ("Theorem 4", name, rounds, allowed(C, rounds)),
                ("Corollary 2", name, rounds, 2 * allowed(C, rounds)),
                ("Corollary 3", name, rounds, 2 * allowed(C, rounds)),
            )
        ],
    ),
    "utilities": (
        lambda: misled("utilities"),
        lambda: [
            row
            for name, rounds in (("all", T), ("late", LAST))
            for row in (
                ("Theorem 4", name, rounds, allowed(U, rounds)),
                ("Corollary 2", name, rounds, 2 * allowed(U, rounds)),
                ("Corollary 3", name, rounds, 2 * allowed(U, rounds)),
            )
        ],
    ),
    "a base": (
        lambda: misled("base"),
        lambda: [
            row
            for name, rounds in (("all", T), ("late", LAST))
            for row in (
                ("Section 4.1", name, rounds, allowed(X, rounds)),
                ("Section 4.1", name, rounds, allowed(X, rounds)),
                ("Theorem 4", name, rounds, allowed(X, rounds)),
                ("Theorem 4", name, rounds, allowed(X, rounds)),
                ("Corollary 2", name, rounds, 2 * allowed(X, rounds)),
                ("Corollary 3", name, rounds, 2 * allowed(X, rounds)),
            )
        ],
    ),
    "regrets": (
        lambda: misled("regrets"),
        lambda: [
            row
            for name, rounds in (("all", T), ("late", LAST))
            for row in (
                *((theorem, name, rounds, bound) for theorem, bound in regrets(rounds)),
                ("Theorem 4", name, rounds, allowed("regrets", rounds)),
                ("Theorem 4", name, rounds, allowed("regrets", rounds)),
            )
        ],
    ),
    "steps": (
        lambda: misled("steps"),
        lambda: [
            ("Section 7", "all", T, allowed("steps", T)),
            ("Section 7", "late", LAST, allowed("steps", LAST)),
        ],
    ),
    "hedge": (
        lambda: wrong(Hedge),
        lambda: [("Hedge", "every round", T, math.sqrt(T * math.log(2) / 2) + math.sqrt(T * math.log(1 / 0.05) / 2))],
    ),
    "blum and mansour": (
        lambda: wrong(BlumMansour),
        lambda: [
            (
                "Blum and Mansour", "every round", T,
                math.sqrt(T * 2 * math.log(2) / 2) + math.sqrt(2 * T * (2 * math.log(2) + math.log(1 / 0.05))),
            )
        ],
    ),
    "costs of a learner": (
        lambda: costly(Modest),
        lambda: [
            (
                "Lemma 9", "every round", T, 12.5 + math.sqrt(2 * T * math.log(1 / 0.05)),
            )
        ],
    ),
}  # fmt: skip


@cache
def forged(case: str) -> omnisim.Analysis:
    return omnisim.analyze(FORGED[case][0]())


HONEST = [
    *((rule, "climatology") for rule in (BestResponse, FirstViolation, CumulativeThreshold, Hedge, BlumMansour)),
    *((rule, "climatology") for rule in (SubsequenceFirstViolation, SubsequenceThreshold, SinhaVaze)),
    *((BestResponse, forecaster) for forecaster in COUNT),
]


@pytest.mark.one_in(5)
@pytest.mark.parametrize(("rule", "forecaster"), HONEST)
def test_the_runs_themselves_keep_every_promise(rule: type, forecaster: str) -> None:
    analysis = omnisim.analyze(honest(rule, forecaster))
    assert analysis.certificates["holds"].all()
    assert (analysis.certificates["status"] != "violated").all()
    assert verdict(analysis).holds


@pytest.mark.one_in(7)
@pytest.mark.parametrize("case", FORGED)
def test_a_failure_is_found_and_measured(case: str) -> None:
    table = forged(case).certificates
    broken = table[~table["holds"]]
    expected = FORGED[case][1]()
    assert all(measured > bound for _, _, measured, bound in expected)  # else nothing is forged
    assert sorted(zip(broken["theorem"], broken["subsequence"], strict=True)) == sorted(row[:2] for row in expected)
    found = sorted(broken[["theorem", "subsequence", "measured", "bound"]].itertuples(index=False))
    for row, (theorem, name, measured, bound) in zip(found, sorted(expected), strict=True):
        assert (row.theorem, row.subsequence) == (theorem, name)
        assert row.measured == pytest.approx(measured, rel=1e-12)
        assert row.bound == pytest.approx(bound, rel=1e-12, abs=1e-12)
    assert (broken["status"] == "violated").all()
    assert (broken["margin"] < 0).all()
    assert (table[table["holds"]]["status"] != "violated").all()


@pytest.mark.parametrize(("left", "kept"), [(0, 0), (7, 0), (T - 2, 0), (T - 1, 1)])
def test_a_benchmark_that_lost_an_action_before_the_last_round_is_not_kept(left: int, kept: int) -> None:
    """Regret is promised against a benchmark of which every action could still be played in the last round."""
    trace = honest(FirstViolation)
    rounds = trace.records["bettors"].eliminated_at.copy()
    rounds[0, 1] = left
    table = omnisim.analyze(forge(trace, eliminated_at=rounds)).certificates
    of_regret = table[table["theorem"] == "Theorem 3"]
    assert len(of_regret) > 0
    assert (of_regret["hypotheses_met"] == kept).all()


@pytest.mark.parametrize(("fell_back", "met"), [([], 1), ([7], 0), (range(T), 0)], ids=["never", "once", "always"])
@pytest.mark.parametrize(
    ("rule", "theorem"),
    [
        (CumulativeThreshold, "Theorem 2"),
        (SubsequenceFirstViolation, "Theorem 5"),
        (SubsequenceThreshold, "Theorem 6"),
    ],
)
def test_one_round_without_a_candidate_breaks_the_hypothesis_of_the_bound(
    rule: type, theorem: str, fell_back: Sequence[int], met: int
) -> None:
    """The bounds on violations count the plays of candidates: a fallback adds costs that they do not know."""
    trace = honest(rule)
    fallback = np.zeros((T, 1), dtype=np.bool_)
    fallback[list(fell_back)] = True
    table = omnisim.analyze(forge(trace, fallback=fallback)).certificates
    of_violation = table[table["theorem"] == theorem]
    assert len(of_violation) > 0
    assert (of_violation["hypotheses_met"] == met).all()
    assert set(of_violation["note"]) == {"" if met else "the others had no candidate left in some round"}


def test_claims_spell_out_their_formulas() -> None:
    table = omnisim.analyze(honest(BestResponse, "regrets")).certificates
    claims = table[table["theorem"].isin(["Corollary 2", "Corollary 3"]) & (table["subsequence"] == "all")]["claim"]
    before = "{} regret(S) in expectation <= range (ln({} E e) - |S| ln(1 - eta^2) / 2) / artanh(eta), least over eta"
    record = "{} regret(S) <= range (ln({} E Phi / K) + c eta^2 V) / eta, least over eta, + sampling"
    swap, external = "swap", "external"
    assert claims.tolist() == [
        *(before.format(swap, "m A^A"), record.format(swap, "m A^P")),
        *(before.format(external, "m A"), record.format(external, "m A")),
    ]


def test_once_the_budget_is_exceeded_nothing_else_is_promised() -> None:
    for case in ("the budget", "the budget of steps"):
        table = forged(case).certificates
        others = table[~table["theorem"].isin(["Section 4.2", "Assumption 1", "Section 2", "Theorem 3"])]
        assert len(others) > 0
        assert (others["status"] == "hypotheses unmet").all()
        assert set(others["note"]) == {"the potential exceeded e K: the tolerance was larger than the budget"}


ON_A_PAGE = ("proposition 1", "Theorem 3", "the budget", "a base", "hedge")
"""Of these the quick suite writes the page; of the others it reads the sentences that stand there."""


@pytest.mark.one_in(8)
@pytest.mark.sampled
@pytest.mark.parametrize("case", FORGED)
def test_the_page_and_the_terminal_say_so(case: str, tmp_path: Path) -> None:
    analysis = forged(case)
    broken = analysis.certificates[~analysis.certificates["holds"]].to_dict("records")
    found = verdict(analysis)
    assert found.tone == "bad"
    assert len(found.alarms) == len(broken)
    for alarm, row in zip(found.alarms, broken, strict=True):
        assert alarm.startswith(f"{row['theorem']} ({row['claim']}) for {row['scope']}: measured ")
        said = re.search(r": measured (\S+), bound (\S+), exceeded by (\S+); the theorem promises", alarm)
        assert said is not None, alarm
        measured, bound, excess = (float(number.replace(",", "")) for number in said.groups())
        assert (measured, bound) == pytest.approx((row["measured"], row["bound"]), rel=1e-3, abs=1e-9)
        assert excess == pytest.approx(row["measured"] - row["bound"], rel=1e-2)
        promise = "with certainty" if row["probability"] == 1 else f"with probability {row['probability']:.4g}"
        assert alarm.endswith(f"the theorem promises it {promise}.")
    assert f"{len(broken)} of " in summary(analysis)[-1]
    if not Suite.long and case not in ON_A_PAGE:
        return
    omnisim.write_report(analysis, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('<tr class="violated">') == len(broken)
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    for alarm in found.alarms:
        assert alarm in text


@pytest.mark.one_in(4)
@pytest.mark.parametrize("case", FORGED)
def test_strict_stops_on_it(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = forged(case).trace
    monkeypatch.setattr(omnisim, "simulate", lambda *_, **__: trace, raising=False)
    monkeypatch.setattr(omnisim, "analyze", lambda _: forged(case), raising=False)
    monkeypatch.setattr("omnisim.run_directory.write_page", lambda *_: None)
    answer = omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out", "--strict")
    assert answer.code == 3
    lines = answer.err.splitlines()
    broken = forged(case).certificates
    broken = broken[~broken["holds"]]
    assert lines == [
        f"omnisim: violated: {row.theorem}, {row.scope}: {row.measured:.6g} > {row.bound:.6g}"
        for row in broken.itertuples()
    ]
    assert len(lines) == len(FORGED[case][1]())
