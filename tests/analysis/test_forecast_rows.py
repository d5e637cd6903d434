"""Every certificate of a calibrated forecaster, recomputed by loops from the record, with the constants of the theory.

Nothing here calls the analysis: sums, candidates, responses, bounds and stakes are written out, agent by agent.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

import omnisim
from omnisim.elimination import BestResponse, CumulativeThreshold, SubsequenceFirstViolation
from omnisim.forecasters import Climatology, DecisionCalibrated, Persistence, StepCalibrated
from omnisim.strategies.adversaries import Adversary
from omnisim.trace import Mixtures

T, N, A, B, DELTA = 40, 3, 3, 2, 0.05
ACTIVE = {"all": np.ones(T, dtype=bool), "odd": np.arange(T) % 2 == 1, "late": np.arange(T) > 29}
L = len(ACTIVE)

NUMBERS = {
    BestResponse: ("Theorem 4", "Corollary 2", "Corollary 3"),
    SubsequenceFirstViolation: ("Theorem 8", "Corollary 5", "Corollary 6"),
    CumulativeThreshold: ("Theorem 10", "Corollary 7", "Corollary 8"),
}


class Case(NamedTuple):
    """What one agent's certificate says."""

    measured: float
    bound: float
    trivial: float
    hindsight: float


def population(d: int) -> omnisim.Population:
    rng = np.random.default_rng(5)
    utility = rng.uniform(-1, 1, (N, A, d)) / (2 * d)
    slope = rng.uniform(-0.3, 0.3, (N, A, d)) / d
    limits = np.where(np.arange(A) == 0, -0.4, rng.uniform(-0.2, 0.2, (N, A)))
    return omnisim.Population("agents", utility, np.full((N, A), 0.5), [omnisim.LinearConstraint(slope, limits)])


def adversary(d: int) -> Adversary:
    return omnisim.adversaries.Switching([[[0.0] * d, [1.0] * d], [[0.9] + [0.1] * (d - 1), [0.3] * d]], period=7)


@cache
def run(
    rule: type, objectives: str, d: int, bases: bool, tolerance: float | None = None, regret: bool = True
) -> omnisim.Analysis:
    forecaster = DecisionCalibrated(
        [Climatology(), Persistence(2)] if bases else [],
        objectives=objectives,
        tolerance=tolerance,
        combine=False,
        regret=regret,
    )
    scenario = omnisim.Scenario(
        populations=[population(d)],
        adversary=adversary(d),
        forecaster=forecaster,
        elimination=rule(),
        subsequences=ACTIVE,
        rounds=T,
    )
    return omnisim.analyze(omnisim.simulate(scenario, seed=3))


M = math.ceil(math.log2(T) / 2) + 1
"""Rates of the potential of biases: 1 / 2, 1 / 4, ..."""

PAIRS = (2 + 1 / 0.3) * N * L
"""E in units of Phi / K: the potential of each regret is 0.3 of the others', for N L pairs."""

FREEDMAN = [4 / 2**j for j in range(math.ceil(math.log2(T) / 2) + 4)]


def allowed(squares: float, count: int, spent: float) -> float:
    """The bound on the gains of an objective: the least over the rates of Lambda / eta + eta V."""
    lam = math.log(count * M * spent)
    return min(lam * 2**k + squares / 2**k for k in range(1, M + 1))


def regretted(squares: float, spent: float, swaps: float) -> float:
    """The least of (ln(m E X) + swaps + c eta^2 V) / eta over the rates, for T = 40 down to the root of 45 / T."""
    rates = [0.8]  # the root of 45 / 40 is more
    lam = math.log(len(rates) * PAIRS * spent) + swaps
    return min(lam / eta - (eta + math.log(1 - eta)) / eta * squares for eta in rates)


def promised(rounds: int, swaps: float) -> float:
    """(ln(m E e) + swaps - |S| ln(1 - eta^2) / 2) / artanh(eta) with the one rate."""
    return (math.log(PAIRS * math.e) + swaps - rounds * math.log(0.36) / 2) / (math.log(9) / 2)


def drawn_more(variance: float, logarithm: float) -> float:
    """Freedman's bound in units of the range, for the best rate of a grid; nothing where nothing was drawn."""
    ways = [(logarithm + math.log(len(FREEDMAN)) + (math.exp(x) - 1 - x) * variance) / x for x in FREEDMAN]
    return min(ways) if variance > 0 else 0.0


def objectives_count(per_family: int, regret: bool) -> int:
    """K, of which both regrets have 0.3 of the others' each."""
    return math.ceil(1.6 * per_family - 1e-9) if regret else per_family


class Record:
    """The record as plain numbers, and what follows from it for one agent."""

    def __init__(self, trace: omnisim.Trace) -> None:
        self.trace, self.record = trace, trace.records["agents"]
        self.utility = self.record.population.utility.tolist()
        self.offset = self.record.population.offset.tolist()
        self.y, self.p = trace.outcomes.tolist(), trace.predictions.tolist()
        self.d = len(self.y[0])
        assert trace.mixtures is not None
        self.mixtures = [
            [(w, p) for p, w in zip(*(each.tolist() for each in trace.mixtures.points(t)), strict=True)]
            for t in range(T)
        ]

    def earns(self, n: int, a: int, y: Sequence[float]) -> float:
        return sum(u * v for u, v in zip(self.utility[n][a], y, strict=True)) + self.offset[n][a]

    def candidates(self, n: int, t: int) -> list[int]:
        left = self.record.eliminated_at[n]
        sets = range(left.shape[1]) if left.shape[1] == 1 else [k for k, on in enumerate(ACTIVE.values()) if on[t]]
        alive = [a for a in range(A) if any(left[a, k] >= t for k in sets)]
        return [int(self.record.actions[t, n])] if self.record.fallback[t, n] else alive

    def plays(self, n: int, t: int, prediction: Sequence[float]) -> int:
        return max(self.candidates(n, t), key=lambda a: (self.earns(n, a, prediction), -a))

    def expected(self, n: int, t: int) -> list[tuple[float, Sequence[float], int]]:
        """Weight, prediction, and the action it leads to."""
        return [(w, p, self.plays(n, t, p)) for w, p in self.mixtures[t]]

    def played(self, n: int, t: int) -> int:
        return int(self.record.actions[t, n])

    def lipschitz(self, n: int) -> float:
        return max(sum(map(abs, slope)) for slope in self.utility[n])

    def benchmark(self, n: int, k: int) -> list[int]:
        """B(S), or BE(S) of a rule that competes with it."""
        expected = self.trace.about["policies"]["agents"]["benchmark"] == "expected"
        at = self.record.expected_violated_at if expected else self.record.violated_at
        assert at is not None
        return [a for a in range(A) if at[n, a, k] == T]

    def kept(self, n: int, k: int, rounds: Sequence[int]) -> bool:
        benchmark = self.benchmark(n, k)
        left = self.record.eliminated_at[n]
        column = k if left.shape[1] > 1 else 0
        return bool(benchmark) and all(left[a, column] >= rounds[-1] for a in benchmark)

    def regrets(self, n: int, k: int, rounds: Sequence[int]) -> dict[str, float]:
        allowed_actions = self.benchmark(n, k)
        own = [self.earns(n, self.played(n, t), self.y[t]) for t in rounds]
        external = max(sum(self.earns(n, b, self.y[t]) for t in rounds) for b in allowed_actions) - sum(own)
        swap = 0.0
        for a in range(A):
            of = [t for t in rounds if self.played(n, t) == a]
            gains = [
                sum(self.earns(n, b, self.y[t]) - self.earns(n, a, self.y[t]) for t in of) for b in allowed_actions
            ]
            swap += max(gains)
        return {"swap": swap, "external": external}

    def spread(self, n: int, y: Sequence[float]) -> float:
        earned = [self.earns(n, a, y) for a in range(A)]
        return max(earned) - min(earned)

    @property
    def spent(self) -> float:
        return float(self.trace.diagnostics["potential"][-1])

    def mixed(self, rounds: Sequence[int]) -> int:
        return sum(len(self.mixtures[t]) > 1 for t in rounds)

    def unit(self, n: int) -> float:
        """The range of the agent's utility differences over the box."""
        return self.utility_at_stake(n, [0])[0]

    def variance(self, n: int, rounds: Sequence[int]) -> float:
        """Of its utility over the mixtures, at the outcomes that came."""
        total = 0.0
        for t in rounds:
            earned = [(w, self.earns(n, a, self.y[t])) for w, _, a in self.expected(n, t)]
            mean = sum(w * u for w, u in earned)
            total += sum(w * (u - mean) ** 2 for w, u in earned)
        return total

    def utility_at_stake(self, n: int, rounds: Sequence[int]) -> tuple[float, float]:
        worst = max(self.spread(n, corner) for corner in product([0.0, 1.0], repeat=self.d))
        return len(rounds) * worst, sum(self.spread(n, self.y[t]) for t in rounds)

    def bias_at_stake(self, rounds: Sequence[int]) -> tuple[float, float]:
        sums = [sum(self.y[t][i] for t in rounds) for i in range(self.d)]
        return len(rounds), max(max(total, len(rounds) - total) for total in sums)

    def directions_at_stake(self, n: int, rounds: Sequence[int]) -> tuple[float, float]:
        """The largest (U_b - U_a) . (y - p) / 2 over the corners, for the worst pair; and at the outcomes that came."""
        box = list(product([0.0, 1.0], repeat=self.d))

        def along(a: int, b: int, y: Sequence[float], p: Sequence[float]) -> float:
            pairs = zip(self.utility[n][a], self.utility[n][b], y, p, strict=True)
            return sum((ub - ua) * (yi - pi) for ua, ub, yi, pi in pairs) / 2

        pairs = list(product(range(A), repeat=2))
        trivial = max(along(a, b, y, p) for a, b in pairs for y in box for p in box)
        hindsight = max(sum(max(along(a, b, self.y[t], p) for p in box) for t in rounds) for a, b in pairs)
        return len(rounds) * trivial, hindsight


def closest(cases: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return max(cases, key=lambda case: case[0] / case[1])


def base_rows(record: Record, k: int, rounds: Sequence[int], count: int) -> Iterator[tuple[str, float, list[Case]]]:
    bases = record.trace.bases
    assert bases is not None
    expected, realized = [], []
    for n in range(N):
        sides: dict[str, list[tuple[float, float]]] = {"expected": [], "realized": []}
        for b in range(B):
            gains, drawn = [], 0.0
            for t in rounds:
                followed = record.earns(n, record.plays(n, t, bases[t, b].tolist()), record.y[t])
                own = sum(w * record.earns(n, a, record.y[t]) for w, _, a in record.expected(n, t))
                gains.append(followed - own)
                drawn += followed - record.earns(n, record.played(n, t), record.y[t])
            bound = allowed(sum(g * g for g in gains), count, record.spent)
            unit = record.unit(n)
            sampling = unit * drawn_more(record.variance(n, rounds) / unit**2, math.log(count / DELTA))
            sides["expected"].append((sum(gains), bound))
            sides["realized"].append((drawn, bound + sampling))
        stakes = record.utility_at_stake(n, rounds)
        expected.append(Case(*closest(sides["expected"]), *stakes))
        realized.append(Case(*closest(sides["realized"]), *stakes))
    yield "Section 4.1", 1.0, expected
    yield "Section 4.1", 1 - DELTA, realized


def coordinate_rows(
    record: Record, k: int, rounds: Sequence[int], count: int, names: Sequence[str]
) -> Iterator[tuple[str, float, list[Case]]]:
    in_expectation, sampled, swap, external = [], [], [], []
    sampling = drawn_more(record.mixed(rounds) / 4, math.log(count / DELTA))
    for n in range(N):
        gains = np.zeros((A, record.d, len(rounds)))
        errors = np.zeros((A, record.d))
        for i, t in enumerate(rounds):
            for w, p, a in record.expected(n, t):
                gains[a, :, i] += [w * (pi - yi) for pi, yi in zip(p, record.y[t], strict=True)]
            errors[record.played(n, t)] += [pi - yi for pi, yi in zip(record.p[t], record.y[t], strict=True)]
        bounds = [[allowed((gains[a, i] ** 2).sum(), count, record.spent) for i in range(record.d)] for a in range(A)]
        events = [(abs(gains[a, i].sum()), bounds[a][i]) for a in range(A) for i in range(record.d)]
        of_actions = [max(bounds[a]) + sampling for a in range(A)]
        stakes = record.bias_at_stake(rounds)
        in_expectation.append(Case(*closest(events), *stakes))
        sampled.append(Case(*closest([(np.abs(errors[a]).max(), of_actions[a]) for a in range(A)]), *stakes))
        if record.kept(n, k, rounds):
            ever = {record.played(n, t) for t in rounds}
            bound = 2 * record.lipschitz(n) * sum(of_actions[a] for a in ever)
            regrets = record.regrets(n, k, rounds)
            at_stake = record.utility_at_stake(n, rounds)
            swap.append(Case(regrets["swap"], bound, *at_stake))
            external.append(Case(regrets["external"], bound, *at_stake))
    yield names[0], 1.0, in_expectation
    yield names[0], 1 - DELTA, sampled
    yield names[1], 1 - DELTA, swap
    yield names[2], 1 - DELTA, external


def direction_rows(
    record: Record, k: int, rounds: Sequence[int], count: int, names: Sequence[str]
) -> Iterator[tuple[str, float, list[Case]]]:
    in_expectation, swap, external = [], [], []
    sampling = 2 * drawn_more(record.mixed(rounds) / 4, math.log(count / DELTA))
    for n in range(N):
        gains = np.zeros((A, A, len(rounds)))
        for i, t in enumerate(rounds):
            for w, p, a in record.expected(n, t):
                for b in range(A):
                    slopes = zip(record.utility[n][a], record.utility[n][b], record.y[t], p, strict=True)
                    gains[a, b, i] += w * sum((ub - ua) * (yi - pi) for ua, ub, yi, pi in slopes) / 2
        bounds = [[allowed((gains[a, b] ** 2).sum(), count, record.spent) for b in range(A)] for a in range(A)]
        events = [(gains[a, b].sum(), bounds[a][b]) for a in range(A) for b in range(A)]
        in_expectation.append(Case(*closest(events), *record.directions_at_stake(n, rounds)))
        if record.kept(n, k, rounds):
            ever = {record.played(n, t) for t in rounds}
            bound, regrets = 2 * sum(max(bounds[a]) + sampling for a in ever), record.regrets(n, k, rounds)
            at_stake = record.utility_at_stake(n, rounds)
            swap.append(Case(regrets["swap"], bound, *at_stake))
            external.append(Case(regrets["external"], bound, *at_stake))
    yield names[0], 1.0, in_expectation
    yield names[1], 1 - DELTA, swap
    yield names[2], 1 - DELTA, external


def regret_rows(
    record: Record, k: int, rounds: Sequence[int], names: Sequence[str], budgeted: bool
) -> Iterator[tuple[str, float, list[Case]]]:
    """Each regret in expectation by what is known before the run, then as it was by what is on record."""
    cases: dict[str, list[Case]] = {
        f"{kind} {basis}": [] for kind in ("swap", "external") for basis in ("before", "after")
    }
    log_delta, swaps = math.log(PAIRS / DELTA), math.log(A)
    for n in range(N):
        if not record.kept(n, k, rounds):
            continue
        into, unit = record.benchmark(n, k), record.unit(n)
        total, squares, unsure, possible = np.zeros((A, A)), np.zeros((A, A)), 0.0, set()
        for t in rounds:
            likely = dict.fromkeys(range(A), 0.0)
            for w, _, a in record.expected(n, t):
                likely[a] += w
                possible.add(a)
                for b in into:
                    more = record.earns(n, b, record.y[t]) - record.earns(n, a, record.y[t])
                    total[a, b] += w * more
                    squares[a, b] += w * more**2 / unit**2
            unsure += 1 - max(likely.values())
        at_stake, regrets, spent = record.utility_at_stake(n, rounds), record.regrets(n, k, rounds), record.spent
        in_expectation = {
            "swap": sum(max(total[a, b] for b in into) for a in range(A)),
            "external": max(total[:, b].sum() for b in into),
        }
        before = {kind: promised(len(rounds), swaps * count) for kind, count in (("swap", A), ("external", 1))}
        worst = sum(max(squares[a, b] for b in into) for a in range(A))
        after = {
            "swap": regretted(worst, spent, swaps * len(possible)) + 2 * drawn_more(unsure, log_delta + A * swaps),
            "external": regretted(max(squares[:, b].sum() for b in into), spent, swaps)
            + drawn_more(record.variance(n, rounds) / unit**2, log_delta),
        }
        for kind in ("swap", "external"):
            if budgeted:
                cases[f"{kind} before"].append(Case(in_expectation[kind], unit * before[kind], *at_stake))
            cases[f"{kind} after"].append(Case(regrets[kind], unit * after[kind], *at_stake))
    for kind, name in (("swap", names[1]), ("external", names[2])):
        yield name, 1.0, cases[f"{kind} before"]
        yield name, 1 - DELTA, cases[f"{kind} after"]


def check(table: Any, expected: Sequence[tuple[str, str, float, list[Case]]]) -> None:
    assert table["theorem"].tolist() == [theorem for theorem, _, _, _ in expected]
    assert table["subsequence"].tolist() == [name for _, name, _, _ in expected]
    for row, (theorem, name, probability, cases) in zip(table.to_dict("records"), expected, strict=True):
        where = f"{theorem} on {name}"
        assert row["probability"] == probability, where
        assert row["hypotheses_met"] == len(cases), where
        assert row["holds"] == all(case.measured <= case.bound + 1e-9 for case in cases), where
        if not cases:
            assert row["status"] == "hypotheses unmet", where
            continue
        case = max(cases, key=lambda each: each.measured / each.bound)
        found = [row[key] for key in ("measured", "bound", "margin", "trivial", "hindsight")]
        wanted = [case.measured, case.bound, case.bound - case.measured, case.trivial, case.hindsight]
        np.testing.assert_allclose(found, wanted, atol=1e-9, rtol=1e-9, err_msg=where)
        status = "informative" if case.bound < case.trivial else "vacuous"
        assert row["status"] == (status if row["holds"] else "violated"), where
        assert row["informative"] == (case.bound < case.trivial), where


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rule", NUMBERS)
@pytest.mark.parametrize("objectives", ["coordinates", "utilities"])
@pytest.mark.parametrize(("d", "bases"), [(1, False), (2, True)])
def test_the_rows_of_decision_calibration(rule: type, objectives: str, d: int, bases: bool) -> None:
    regret = d == 2
    analysis = run(rule, objectives, d, bases, regret=regret)
    record = Record(analysis.trace)
    table = analysis.certificates
    first = table[table["theorem"] == "Section 4.2"]
    assert first["measured"].tolist() == [analysis.trace.diagnostics["potential"].max()]
    assert first["bound"].tolist() == [math.e]
    # K = 2 d N |A| L or N |A|^2 L, and N B L for the regret to the bases.
    count = (2 * d * N * A if objectives == "coordinates" else N * A * A) * L + (N * B * L if bases else 0)
    count = objectives_count(count, regret)
    expected: list[tuple[str, str, float, list[Case]]] = []
    subsequences = [(k, name, np.flatnonzero(on).tolist()) for k, (name, on) in enumerate(ACTIVE.items())]
    if bases:
        for k, name, rounds in subsequences:
            expected += [(theorem, name, p, cases) for theorem, p, cases in base_rows(record, k, rounds, count)]
    if regret:
        for k, name, rounds in subsequences:
            expected += [(t, name, p, cases) for t, p, cases in regret_rows(record, k, rounds, NUMBERS[rule], True)]
    rows = coordinate_rows if objectives == "coordinates" else direction_rows
    for k, name, rounds in subsequences:
        of_bias = rows(record, k, rounds, count, NUMBERS[rule])
        expected += [(t, name, p, cases) for t, p, cases in of_bias if not regret or t == NUMBERS[rule][0]]
    check(table[table["theorem"].isin(["Section 4.1", *NUMBERS[rule]])], expected)


def test_mixtures_of_several_points_and_elimination_occur_in_these_runs() -> None:
    """Else nothing is tested above."""
    for objectives in ("coordinates", "utilities"):
        trace = run(SubsequenceFirstViolation, objectives, 2, True, 1e-4).trace
        assert (np.diff(trace.mixtures.starts) > 1).sum() > 3
        assert (trace.eliminated_at["agents"] < T).any()


@pytest.mark.parametrize("objectives", ["coordinates", "utilities"])
def test_the_same_where_the_minimax_step_mixes(objectives: str) -> None:
    analysis = run(SubsequenceFirstViolation, objectives, 2, True, 1e-4)
    assert analysis.trace.diagnostics["potential"].max() <= math.e
    record, table = Record(analysis.trace), analysis.certificates
    count = (2 * 2 * N * A if objectives == "coordinates" else N * A * A) * L + N * B * L
    count, names = objectives_count(count, True), NUMBERS[SubsequenceFirstViolation]
    expected = []
    rows = coordinate_rows if objectives == "coordinates" else direction_rows
    subsequences = [(k, name, np.flatnonzero(on).tolist()) for k, (name, on) in enumerate(ACTIVE.items())]
    for k, name, rounds in subsequences:
        expected += [(theorem, name, p, cases) for theorem, p, cases in base_rows(record, k, rounds, count)]
    for k, name, rounds in subsequences:
        # The tolerance is fixed: nothing is promised before the run.
        expected += [(t, name, p, cases) for t, p, cases in regret_rows(record, k, rounds, names, False)]
    for k, name, rounds in subsequences:
        of_bias = rows(record, k, rounds, count, names)
        expected += [(t, name, p, cases) for t, p, cases in of_bias if t == names[0]]
    check(table[table["theorem"].isin(["Section 4.1", *names])], expected)


def test_an_action_played_once_counts_among_those_played() -> None:
    """The record is forged so that every agent played another action than it did in one round, and nowhere else."""
    trace = run(BestResponse, "coordinates", 1, False, regret=False).trace
    record = trace.records["agents"]
    actions = np.zeros_like(record.actions)
    actions[5] = 1
    forged = dataclasses.replace(
        trace,
        records={"agents": dataclasses.replace(record, actions=actions)},
        mixtures=Mixtures.of([omnisim.Mixture.point(p) for p in trace.predictions]),
    )
    known, names = Record(forged), NUMBERS[BestResponse]
    known.expected = lambda n, t: [(1.0, known.p[t], known.played(n, t))]  # type: ignore[method-assign]
    expected = []
    for k, (name, on) in enumerate(ACTIVE.items()):
        rounds = np.flatnonzero(on).tolist()
        expected += [(t, name, p, cases) for t, p, cases in coordinate_rows(known, k, rounds, 2 * N * A * L, names)]
    table = omnisim.analyze(forged).certificates
    check(table[table["theorem"].isin(names)], expected)


@pytest.mark.parametrize("bases", [0, 2])
def test_the_rows_of_step_calibration(bases: int) -> None:
    levels, thresholds = 8, 4
    forecaster = StepCalibrated([Climatology(), Persistence()][:bases], levels, thresholds)
    scenario = omnisim.Scenario(
        populations=[population(1)],
        adversary=adversary(1),
        forecaster=forecaster,
        elimination=BestResponse(),
        subsequences=ACTIVE,
        rounds=T,
    )
    # Mixtures that no forecaster chose, of one to three levels: the certificate is about the record.
    rng = np.random.default_rng(bases)
    drawn = [rng.choice(levels + 1, rng.integers(1, 4), replace=False) / levels for _ in range(T)]
    mixtures = [omnisim.Mixture(points[:, None], rng.dirichlet(np.ones(len(points)))) for points in drawn]
    trace = dataclasses.replace(omnisim.simulate(scenario, seed=3), mixtures=Mixtures.of(mixtures))
    analysis = omnisim.analyze(trace)
    record = Record(trace)
    # Sets {h <= w} for each base and w = 1/W, ..., (W - 1)/W, and all rounds; levels 0, 1/m, ..., 1; two sides.
    cuts = [w / thresholds for w in range(1, thresholds)]
    sets = [[True] * T]
    for b in range(bases):
        assert analysis.trace.bases is not None
        sets += [[analysis.trace.bases[t, b, 0] <= w + 1e-9 for t in range(T)] for w in cuts]
    count = 2 * L * len(sets) * (levels + 1)
    expected = []
    for name, on in ACTIVE.items():
        rounds = np.flatnonzero(on).tolist()
        events = []
        for inside, v in product(sets, [i / levels for i in range(levels + 1)]):
            gains = [
                sum(w * (record.y[t][0] - p[0]) for w, p in record.mixtures[t] if p[0] <= v + 1e-9)
                for t in rounds
                if inside[t]
            ]
            events.append((abs(sum(gains)), allowed(sum(g * g for g in gains), count, record.spent)))
        case = Case(*closest(events), *record.bias_at_stake(rounds))
        expected.append(("Section 7", name, 1.0, [case] * N))
    table = analysis.certificates
    check(table[table["theorem"] == "Section 7"], expected)
    first = table[table["theorem"] == "Section 4.2"]
    assert first["measured"].tolist() == [analysis.trace.diagnostics["potential"].max()]
    assert first["bound"].tolist() == [math.e]
