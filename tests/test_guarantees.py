"""What the theory promises on every run, whatever the forecaster and the adversary do (theory, sections 2 and 3).

No probability is involved in these: each is checked on random instances against replayed, random and contrary
outcomes, with published and with random mixtures, and against the definitions computed by the oracle. All
numbers are multiples of 1/8, so that the inequalities can be checked without a tolerance.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
from examples import examples
from hypothesis import given
from instances import GAMMA, RULES, Run, runs

import omnisim

EXAMPLES = examples(300)

FULL, PLAYED = "first violation, full", "first violation, played"
THRESHOLD, BY_PART_THRESHOLD = "cumulative threshold", "subsequence threshold"
BY_PART, BY_PART_PLAYED = "subsequence first violation, full", "subsequence first violation, played"


@EXAMPLES
@given(runs(*RULES))
def test_the_run_is_what_the_rule_says(run: Run) -> None:
    assert run.trace.actions["agents"].tolist() == run.replayed.actions
    assert run.trace.eliminated_at["agents"].tolist() == run.replayed.eliminated_at


@EXAMPLES
@given(runs(FULL, PLAYED))
def test_first_violation_keeps_the_benchmark_and_violates_once_per_other_action(run: Run) -> None:
    """Proposition 1 and Theorem 1 with Remark 2."""
    for n in run.agents:
        allowed = run.benchmark(n, None)
        assert (run.trace.eliminated_at["agents"][n, allowed] == run.instance.rounds).all()
        if allowed:
            assert not run.trace.fallback["agents"][:, n].any()
            assert run.positive(n, None) <= run.actions - len(allowed)


@EXAMPLES
@given(runs(BY_PART, BY_PART_PLAYED))
def test_subsequence_first_violation_keeps_every_benchmark(run: Run) -> None:
    """Proposition 3: B(S) stays in the set of S, so every agent that has one can always choose from it."""
    for n in run.agents:
        for k in run.parts:
            allowed = run.benchmark(n, k)
            assert (run.trace.eliminated_at["agents"][n, allowed, k] == run.instance.rounds).all()
            assert run.kept(n, k) == bool(allowed)


@EXAMPLES
@given(runs(BY_PART, BY_PART_PLAYED))
def test_subsequence_first_violation_bounds_the_violation(run: Run) -> None:
    """Theorem 5: CCV+(S) <= L |A| where the agent never had to fall back."""
    for n in run.agents:
        for k in run.parts:
            if not run.fell_back(n):
                assert run.positive(n, k) <= len(run.parts) * run.actions


@EXAMPLES
@given(runs(THRESHOLD, BY_PART_THRESHOLD))
def test_thresholds_bound_the_violation(run: Run) -> None:
    """Theorems 2 and 6: CCV <= |A| (1 + gamma), and CCV(S) <= L |A| (1 + gamma) for every S, without fallbacks."""
    for n in run.agents:
        if not run.fell_back(n):
            if run.rule == THRESHOLD:
                assert run.violation(n, None) <= run.actions * (1 + GAMMA)
            for k in run.parts if run.rule == BY_PART_THRESHOLD else ():
                assert run.violation(n, k) <= len(run.parts) * run.actions * (1 + GAMMA)


@EXAMPLES
@given(runs(*RULES))
def test_swap_regret_is_at_most_the_bias(run: Run) -> None:
    """Theorems 3, 7, 9 and 11: swap regret(S) <= 2 L * sum of biases while the benchmark is a candidate."""
    for n in run.agents:
        for k in run.parts:
            if run.kept(n, k):
                assert run.measured(n, k)["swap_regret"] <= run.regret_bound(n, k)


@EXAMPLES
@given(runs(*RULES))
def test_order_of_the_measures(run: Run) -> None:
    """One swap for each action played is at least as good as one swap for all of them, and so on."""
    table = omnisim.analyze(run.trace).agents
    some = table[table["benchmark_size"] > 0]
    assert (some["swap_regret"] >= some["external_regret"] - 1e-12).all()
    none = table[table["benchmark_size"] == 0]
    assert none[["swap_regret", "external_regret"]].isna().all(axis=None)
    assert (table["ccv"] <= table["ccv_positive"] + 1e-12).all()
    assert (table["ccv_positive"] >= 0).all()
    assert (table["bias"] >= 0).all()
    assert (table["utility"] >= -1e-12).all()
    assert (table["utility"] <= table["rounds"] + 1e-12).all()


@EXAMPLES
@given(runs(*RULES))
def test_certificates_hold_and_agree_with_the_definitions(run: Run) -> None:
    table = omnisim.analyze(run.trace).certificates
    assert table["holds"].all()
    expected = list(expected_certificates(run))
    assert table["theorem"].tolist() == [row[0] for row in expected]
    assert table["subsequence"].tolist() == [row[1] for row in expected]
    for row, (theorem, _, numbers) in zip(table.to_dict("records"), expected, strict=True):
        assert row["agents"] == len(run.agents), theorem
        assert row["hypotheses_met"] == len(numbers), theorem
        if numbers:
            assert all(case.measured <= case.bound for case in numbers), theorem
            closest = max(numbers, key=lambda case: share(case.measured, case.bound))
            assert (row["measured"], row["bound"]) == (closest.measured, closest.bound), theorem
            assert row["margin"] == closest.bound - closest.measured, theorem
            np.testing.assert_equal((row["trivial"], row["hindsight"]), (closest.trivial, closest.hindsight), theorem)
            assert not closest.measured > closest.hindsight, theorem
            assert not closest.hindsight > closest.trivial, theorem
            informative = closest.bound < closest.trivial
            checked = math.isnan(closest.trivial) or closest.trivial == 0
            status = "cannot fail" if checked else "informative" if informative else "vacuous"
            assert (row["informative"], row["status"]) == (informative, status), theorem
        else:
            unknown = [row[key] for key in ("measured", "bound", "margin", "trivial", "hindsight")]
            assert np.isnan(unknown).all(), theorem
            assert (row["informative"], row["status"]) == (False, "hypotheses unmet"), theorem


_DIRTY = "sum over S_j meeting S of |A without B(S_j)|"

CLAIMS = {
    "Assumption 1": (
        "largest utility over [0, 1]^d <= 1",
        "Lipschitz constant L <= 1",
    ),
    "Section 2": ("|costs| of actions played <= 1",),
    "Proposition 1": ("actions of B removed = 0",),
    "Proposition 2": ("actions of BE removed = 0",),
    "Proposition 3": ("actions of B(S) removed = 0",),
    "Proposition 4": ("actions of BE(S) removed = 0",),
    "Theorem 1": ("CCV+ <= |A without B|",),
    "Theorem 2": (
        "CCV <= |A| (1 + gamma)",
        "CCV <= |A without B| (1 + gamma)",
    ),
    "Theorem 5": (
        "CCV+(S) <= L |A|",
        f"CCV+(S) <= {_DIRTY}",
    ),
    "Theorem 6": (
        "CCV(S) <= L |A| (1 + gamma_S)",
        f"CCV(S) <= {_DIRTY} (1 + gamma_S)",
    ),
    **dict.fromkeys(("Theorem 3", "Theorem 7", "Theorem 9", "Theorem 11"), ("swap regret(S) <= 2 L sum of biases",)),
}
"""What each theorem says of a part, or of the run: first what is known before it, then what its record allows."""

LACKING = {
    **dict.fromkeys(("Proposition 1", "Proposition 3", "Theorem 1"), "the benchmark of the others is empty"),
    **dict.fromkeys(("Proposition 2", "Proposition 4"), "gamma is smaller than the theorem asks for"),
    **dict.fromkeys(("Theorem 2", "Theorem 5", "Theorem 6"), "the others had no candidate left in some round"),
    **dict.fromkeys(
        ("Theorem 3", "Theorem 7", "Theorem 9", "Theorem 11"),
        "the others have an empty benchmark, or lost an action of it",
    ),
}
"""What those lack who do not meet the hypotheses."""


@EXAMPLES
@given(runs(*RULES))
def test_a_certificate_says_what_is_promised_and_what_those_lack_to_whom_it_is_not(run: Run) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for row in omnisim.analyze(run.trace).certificates.to_dict("records"):
        found.setdefault((row["theorem"], row["subsequence"]), []).append(row["claim"])
        everybody = row["hypotheses_met"] == row["agents"]
        assert row["note"] == ("" if everybody else LACKING[row["theorem"]])
    for (theorem, _), claims in found.items():
        assert tuple(claims) == CLAIMS[theorem]


def share(measured: float, bound: float) -> float:
    """How much of its bound an agent uses: the row shows the agent that uses most."""
    if bound > 0:
        return measured / bound
    return math.inf if measured > bound else 0.0


class Case(NamedTuple):
    """The numbers of one agent: measured, promised, and what could have been lost without a promise."""

    measured: float
    bound: float
    trivial: float = math.nan
    hindsight: float = math.nan


Certificate: TypeAlias = tuple[str, str, list[Case]]
"""Theorem, subsequence, and the numbers of each agent that meets the hypotheses."""

REGRET = {THRESHOLD: "Theorem 9", BY_PART: "Theorem 7", BY_PART_PLAYED: "Theorem 7", BY_PART_THRESHOLD: "Theorem 11"}


def expected_certificates(run: Run) -> Iterator[Certificate]:
    yield from assumptions(run)
    if run.rule in (FULL, PLAYED, THRESHOLD):
        yield from violation_over_the_run(run)
    if run.rule in (BY_PART, BY_PART_PLAYED, BY_PART_THRESHOLD):
        yield from violation_by_part(run)
    for k in run.parts:
        met = [n for n in run.agents if run.kept(n, k)]
        numbers = [
            Case(run.measured(n, k)["swap_regret"], run.regret_bound(n, k), *utility_at_stake(run, n, k)) for n in met
        ]
        yield REGRET.get(run.rule, "Theorem 3"), f"part {k}", numbers


def assumptions(run: Run) -> Iterator[Certificate]:
    agents, every = run.instance.agents, range(run.actions)
    earned = [[agents.earns(n, a, y) for a in every for y in corners(run)] for n in run.agents]
    yield "Assumption 1", "every round", [Case(max(*values, 1 - min(values)), 1) for values in earned]
    yield "Assumption 1", "every round", [Case(agents.lipschitz(n), 1) for n in run.agents]
    if agents.costs:
        paid = [
            [abs(cost(n, row[n], y)) for row, y in zip(run.replayed.actions, run.outcomes, strict=True)]
            for n in run.agents
            for cost in agents.costs
        ]
        J = len(agents.costs)
        yield "Section 2", "every round", [Case(max(map(max, paid[n * J : (n + 1) * J])), 1) for n in run.agents]


def violation_over_the_run(run: Run) -> Iterator[Certificate]:
    """Proposition and theorem of Algorithms 1 and 2."""
    if run.rule == THRESHOLD:
        yield "Proposition 2", "every round", []  # a gamma that was chosen freely promises nothing
        bound = run.actions * (1 + GAMMA)
        steady = [n for n in run.agents if not run.fell_back(n)]
        cases = [Case(run.violation(n, None), bound, *costs_at_stake(run, n, None)) for n in steady]
        yield "Theorem 2", "every round", cases
        dirty = {n: dirty_actions(run, n, range(run.instance.rounds)) for n in steady}
        cases = [Case(run.violation(n, None), dirty[n] * (1 + GAMMA), *costs_at_stake(run, n, None)) for n in steady]
        yield "Theorem 2", "every round", cases
        return
    yield "Proposition 1", "every round", removals(run, None)
    others = {n: run.actions - len(run.benchmark(n, None)) for n in run.agents if run.benchmark(n, None)}
    cases = [Case(run.positive(n, None), bound, *costs_at_stake(run, n, None)) for n, bound in others.items()]
    yield "Theorem 1", "every round", cases


def violation_by_part(run: Run) -> Iterator[Certificate]:
    """Proposition and theorem of Algorithms 3 and 4."""
    limit = len(run.parts) * run.actions
    steady = [n for n in run.agents if not run.fell_back(n)]
    threshold = run.rule == BY_PART_THRESHOLD
    for k in run.parts:
        yield ("Proposition 4", f"part {k}", []) if threshold else ("Proposition 3", f"part {k}", removals(run, k))
    for k in run.parts:
        stakes = {n: costs_at_stake(run, n, k) for n in steady}
        meeting = [j for j in run.parts if set(run.members(j)) & set(run.members(k))]
        dirty = {n: sum(dirty_actions(run, n, run.members(j)) for j in meeting) for n in steady}
        for places in (dict.fromkeys(steady, limit), dirty):
            if threshold:
                cases = [Case(run.measured(n, k)["ccv"], places[n] * (1 + GAMMA), *stakes[n]) for n in steady]
                yield "Theorem 6", f"part {k}", cases
            else:
                yield "Theorem 5", f"part {k}", [Case(run.positive(n, k), places[n], *stakes[n]) for n in steady]


def dirty_actions(run: Run, n: int, rounds: Sequence[int]) -> int:
    """Number of actions that ever violate in these rounds: those outside B."""
    return sum(any(run.instance.agents.violates(n, a, run.outcomes[t]) for t in rounds) for a in range(run.actions))


def removals(run: Run, k: int | None) -> list[Case]:
    """Benchmark actions removed, of the agents that have one; at stake are all actions, and the benchmark."""
    found = []
    for n in run.agents:
        benchmark, left = run.benchmark(n, k), run.replayed.eliminated_at[n]
        if benchmark:
            removed = sum(left[a][k or 0] < run.instance.rounds for a in benchmark)
            stakes = (run.actions, len(benchmark)) if run.instance.agents.costs else (0, 0)
            found.append(Case(removed, 0, *stakes))
    return found


def corners(run: Run) -> list[tuple[float, ...]]:
    return list(product([0.0, 1.0], repeat=run.instance.population.dimension))


def utility_at_stake(run: Run, n: int, k: int) -> tuple[float, float]:
    """The spread of utilities at the worst corner of the box for every round, and at what happened in each."""

    def spread(y: Sequence[float]) -> float:
        earned = [run.instance.agents.earns(n, a, y) for a in range(run.actions)]
        return max(earned) - min(earned)

    members = run.members(k)
    return len(members) * max(map(spread, corners(run))), sum(spread(run.outcomes[t]) for t in members)


def costs_at_stake(run: Run, n: int, k: int | None) -> tuple[float, float]:
    """A cost of 1 in every round, and in every round from the first on in which any action violates."""
    agents, members = run.instance.agents, run.members(k)
    if not agents.costs:
        return 0, 0
    violated = [t for t in members if any(agents.violates(n, a, run.outcomes[t]) for a in range(run.actions))]
    return len(members), sum(t >= violated[0] for t in members) if violated else 0
