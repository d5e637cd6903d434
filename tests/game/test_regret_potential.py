"""The regret potential against potentials written out over all swaps, and its bounds against what they bound.

Oracles enumerate: every subsequence, agent, rate, action and each of the A^A swaps has its own gains and squares.
"""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from examples import Suite, examples
from hypothesis import given
from hypothesis import strategies as st

import omnisim
from omnisim import threads
from omnisim.game.objectives import DecisionEvents
from omnisim.game.polynomials import exponential, logarithm
from omnisim.game.regret_bounds import (
    curvatures,
    external_logarithm,
    regret_bound,
    regret_rates,
    sampling_bound,
    swap_logarithm,
    worst_regret_bound,
)
from omnisim.game.regret_potential import RegretPotential
from omnisim.problem.context import Context
from omnisim.problem.limits import BOX, Limits
from omnisim.problem.mixture import Mixture

N, A, D, L = 3, 3, 2, 2


class Oracle:
    """Potentials of one population by enumeration, in units of one for each pair and regret."""

    def __init__(self, population: omnisim.Population, rounds: int, limits: Limits) -> None:
        self.population = population
        doubled = [math.sqrt(45 / rounds) * 2**j for j in range(40)]
        self.rates = [0.8, *(eta for eta in doubled[::-1] if eta * math.sqrt(2) < 0.8)]
        corners = [np.array(corner) for corner in product([limits.low, limits.high], repeat=D)]
        self.ranges = [
            max(max(self.earns(n, a, y) - self.earns(n, b, y) for a in range(A) for b in range(A)) for y in corners)
            for n in range(N)
        ]
        self.swaps = list(product(range(A), repeat=A))
        self.played: set[tuple[int, int, int]] = set()
        self.external = np.zeros((L, N, A, 2))
        self.swap = np.zeros((L, N, len(self.swaps), 2))
        self.external_capital = np.ones((L, N, A, len(self.rates)))
        self.swap_capital = np.ones((L, N, len(self.swaps), len(self.rates)))

    def earns(self, n: int, a: int, y: np.ndarray) -> float:
        return float(self.population.utility[n, a] @ y + self.population.offset[n, a])

    def plays(self, n: int, p: np.ndarray, candidates: np.ndarray) -> int:
        return max((a for a in range(A) if candidates[n, a]), key=lambda a: (self.earns(n, a, p), -a))

    def gains(self, n: int, b: dict[int, int] | int, mixture: Mixture, candidates: np.ndarray, y: np.ndarray):
        """Probability and gain x of each point of a mixture, of playing b, or the swap b, instead."""
        for w, p in zip(mixture.weights, mixture.support, strict=True):
            a = self.plays(n, p, candidates)
            other = b if isinstance(b, int) else b[a]
            x = 0.0
            if candidates[n, other] and self.ranges[n] > 0:
                x = (self.earns(n, other, y) - self.earns(n, a, y)) / self.ranges[n]
            yield w, x

    def learn(self, mixture: Mixture, y: np.ndarray, candidates: np.ndarray, active: np.ndarray) -> None:
        for n in range(N):
            external = [list(self.gains(n, b, mixture, candidates, y)) for b in range(A)]
            swap = [list(self.gains(n, dict(enumerate(f)), mixture, candidates, y)) for f in self.swaps]
            for s in np.flatnonzero(active):
                self.played |= {(s, n, self.plays(n, p, candidates)) for p in mixture.support}
                self.external[s, n] += [moments(points) for points in external]
                self.swap[s, n] += [moments(points) for points in swap]
                for k, eta in enumerate(self.rates):
                    for b, points in enumerate(external):
                        self.external_capital[s, n, b, k] *= 1 + eta * moments(points)[0]
                    for f, points in enumerate(swap):
                        self.swap_capital[s, n, f, k] *= math.prod((1 + eta * x) ** w for w, x in points)

    def potentials(self) -> np.ndarray:
        """(L, N, 2): the means over rates and actions, or swaps."""
        return np.stack([self.external_capital.mean(axis=(2, 3)), self.swap_capital.mean(axis=(2, 3))], axis=2)

    def weighted(self, p: np.ndarray, y: np.ndarray, candidates: np.ndarray, active: np.ndarray) -> float:
        """The weighted gain of a prediction: each capital, its rate, and the gain."""
        total, point = 0.0, Mixture.point(p)
        for n, s in product(range(N), np.flatnonzero(active)):
            for others, capital in ((range(A), self.external_capital[s, n]), (self.swaps, self.swap_capital[s, n])):
                for other, of_rates in zip(others, capital, strict=True):
                    b = other if isinstance(other, int) else dict(enumerate(other))
                    ((_, gain),) = self.gains(n, b, point, candidates, y)
                    total += float(np.dot(self.rates, of_rates)) * gain / len(capital) / len(self.rates)
        return total


def moments(points: list[tuple[float, float]]) -> np.ndarray:
    """E x and E x^2."""
    return np.array([sum(w * x for w, x in points), sum(w * x * x for w, x in points)])


def instance(seed: int, rounds: int, limits: Limits = BOX):
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-1, 1, (N, A, D)) / (2 * D)
    utility[0, 1:] = utility[0, 0]  # one agent is indifferent
    offset = np.full((N, A), 0.5)
    population = omnisim.Population("agents", utility, offset)
    potential = RegretPotential(DecisionEvents(population, L), L, rounds, unit=2.0, limits=limits)
    return rng, potential, Oracle(population, rounds, limits)


def mixture_of(rng: np.random.Generator) -> Mixture:
    count = int(rng.integers(1, 4))
    return Mixture(rng.random((count, D)), rng.dirichlet(np.ones(count)))


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 9, 30, 365]), st.sampled_from([BOX, Limits(0.25, 0.75)]))
@examples(25)
def test_potential_and_weights_are_those_over_all_swaps(seed: int, rounds: int, limits: Limits) -> None:
    rng, potential, oracle = instance(seed, rounds, limits)
    decisions = potential._decisions
    assert potential.mass == 2.0 * 2 * L * N
    total = potential.mass
    for t in range(min(rounds, 9)):
        candidates = rng.random((N, A)) < 0.7
        candidates[np.arange(N), rng.integers(A, size=N)] = True
        active = np.array([True, rng.random() < 0.5])
        context = Context(t, active, candidates={"agents": candidates})
        decisions.prepare(context, [])
        potential.prepare(context)
        mixture, y, p = mixture_of(rng), limits.within(rng.random(D)), rng.random(D)
        b, h = potential.weighted_gain(p)
        assert b + h @ y == pytest.approx(2.0 * oracle.weighted(p, y, candidates, active), abs=1e-9)
        b, h = potential.weighted_gain(y)
        assert b + h @ y <= 1e-12  # a copy of the outcome never loses
        gain = sum(
            w * oracle.weighted(q, y, candidates, active) for w, q in zip(mixture.weights, mixture.support, strict=True)
        )
        rise = potential.learn(mixture, y)
        oracle.learn(mixture, y, candidates, active)
        assert rise <= 2.0 * gain + 1e-9
        if len(mixture.weights) == 1:
            assert rise == pytest.approx(2.0 * gain, abs=1e-9)
        total += rise
        np.testing.assert_allclose(potential.potentials, oracle.potentials(), rtol=1e-9)
        assert total == pytest.approx(2.0 * oracle.potentials().sum(), rel=1e-9)


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.sampled_from([9, 40, 365, 2000]), st.floats(0.0, 1.0))
@examples(40)
def test_no_regret_is_above_its_bounds(seed: int, rounds: int, drift: float) -> None:
    """On any gains, also where the potential is far beyond its budget: against all swaps, by their own sums."""
    rng, potential, oracle = instance(seed, rounds)
    favourite = rng.random(D)
    every = np.ones((N, A), dtype=bool)
    for t in range(min(rounds, 12)):
        active = np.array([True, t % 2 == 0])
        context = Context(t, active)
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        mixture, y = mixture_of(rng), (1 - drift) * rng.random(D) + drift * favourite
        potential.learn(mixture, y)
        oracle.learn(mixture, y, every, active)
    whole = potential.potentials.sum(axis=(0, 1)) / (L * N)  # X of each regret, with E = L N
    rates, sizes = regret_rates(rounds), [min(rounds, 12), (min(rounds, 12) + 1) // 2]
    for s, n in product(range(L), range(N)):
        reg = oracle.external[s, n]
        logarithm = external_logarithm(rates, A, L * N, float(whole[0]))
        assert (reg[:, 0] <= regret_bound(reg[:, 1], logarithm, rates) + 1e-9).all()
        assert (reg[:, 0] <= worst_regret_bound(np.array(sizes[s]), logarithm, rates) + 1e-9).all()
        # What follows for a swap does not ask what it does with actions that were never played.
        played = [a for a in range(A) if (s, n, a) in oracle.played]
        for f, (r, v) in zip(oracle.swaps, oracle.swap[s, n], strict=True):
            if all(f[a] == 0 for a in range(A) if a not in played):  # the others are the same swap
                logarithm = swap_logarithm(rates, A, L * N, float(whole[1]), len(played))
                assert r <= regret_bound(v, logarithm, rates) + 1e-9
                assert r <= worst_regret_bound(np.array(sizes[s]), logarithm, rates) + 1e-9


@pytest.mark.parametrize("eta", [0.05, 0.351, 0.8])
def test_bounds_are_attained(eta: float) -> None:
    """By gains of +-1, and by gains of -1, whose capital is all there is: the constants cannot be lower."""
    rate = np.array([eta])
    for wins, losses in ((0, 3), (7, 0), (40, 12)):
        capital = wins * math.log(1 + eta) + losses * math.log(1 - eta)
        bound = float(worst_regret_bound(np.array(wins + losses), capital, rate))
        assert bound == pytest.approx(wins - losses, rel=1e-12)
    assert float(regret_bound(np.array(9.0), 9 * math.log(1 - eta), rate)) == pytest.approx(-9, rel=1e-12)


def test_bounds_are_the_least_over_the_rates_with_logarithms_of_all_pairs() -> None:
    assert regret_rates(365).tolist() == [0.8, math.sqrt(45 / 365)]
    for x in (0.0, 0.5, 10.0, 300.0):
        first = (9.0 - 0.5 * x * math.log(1 - 0.64)) / (0.5 * math.log(1.8 / 0.2))
        second = (9.0 - 0.5 * x * math.log(1 - 45 / 365)) / math.atanh(math.sqrt(45 / 365))
        assert float(worst_regret_bound(np.array(x), 9.0, regret_rates(365))) == pytest.approx(min(first, second))
        bend = (-0.8 - math.log(0.2)) * x
        other = (-math.sqrt(45 / 365) - math.log(1 - math.sqrt(45 / 365))) * x
        least = min((9.0 + bend) / 0.8, (9.0 + other) / math.sqrt(45 / 365))
        assert float(regret_bound(np.array(x), 9.0, regret_rates(365))) == pytest.approx(least, rel=1e-12)
    assert external_logarithm(regret_rates(365), 8, 25.0, 4.0) == pytest.approx(math.log(2 * 8 * 25 * 4))
    assert float(swap_logarithm(regret_rates(365), 8, 25.0, 4.0, 3)) == pytest.approx(math.log(2 * 25 * 4 * 8**3))


@pytest.mark.parametrize("rounds", [1, 2, 9, 10, 140, 141, 365, 20_000, 10**6])
def test_the_inequalities_of_every_rate(rounds: int) -> None:
    """Two bounds on ln(1 + eta x) for |x| <= 1, with equality at the ends: a line, and a parabola through 0."""
    rates = regret_rates(rounds)
    assert rates[0] == 0.8
    for eta, c in zip(rates, curvatures(rates), strict=True):
        x = np.linspace(-1, 1, 10_001)
        line = x * math.atanh(eta) + math.log(1 - eta**2) / 2
        assert (line <= np.log1p(eta * x) + 1e-13).all()
        np.testing.assert_allclose(line[[0, -1]], np.log1p([-eta, eta]), rtol=1e-12)
        z = eta * x
        assert (z - c * z**2 <= np.log1p(z) + 1e-13).all()
        assert -eta - c * eta**2 == pytest.approx(math.log(1 - eta), rel=1e-12)
        assert -eta - 0.999 * c * eta**2 > math.log(1 - eta)
    assert (len(rates) == 1) == (rounds <= 140)
    assert len(rates) == 1 or rates[-1] == pytest.approx(math.sqrt(45 / rounds), rel=1e-12)
    assert (rates[:-1] / rates[1:] < 2 * math.sqrt(2)).all()
    assert rates[-1] <= max(0.8, 2 * math.sqrt(45 / rounds))


@pytest.mark.long
@pytest.mark.parametrize("rounds", [365, 20_000])
def test_a_bound_on_a_grid_is_close_to_that_of_the_best_rate(rounds: int) -> None:
    """Within (sqrt(q) + 1 / sqrt(q)) / 2 of it, between rates whose artanh are as 1 to q: a cost of l^2 would say so.

    The cost is ln cosh(l) of l = artanh(eta), which grows more slowly. And the best is at most sqrt(2 Lambda |S|).
    """
    rates = regret_rates(rounds)
    apart = math.atanh(rates[0]) / math.atanh(rates[1]) if len(rates) > 1 else 1.0
    share = (math.sqrt(apart) + 1 / math.sqrt(apart)) / 2
    free = np.tanh(np.geomspace(math.atanh(rates[-1]), math.atanh(rates[0]), 2000))
    for size in np.geomspace(20, rounds, 30):
        for entropy in (8.0, 13.0, 30.0):
            best = float(worst_regret_bound(size, entropy, free))
            assert best <= float(worst_regret_bound(size, entropy, rates)) <= share * best
            if rates[-1] < math.sqrt(2 * entropy / size) < rates[0]:
                assert best <= math.sqrt(2 * entropy * size) * (1 + 1e-5)


class TestSampling:
    def test_is_exceeded_in_at_most_a_share_delta_of_runs(self) -> None:
        """Sums over 60 rounds of D = q - z, z Bernoulli(q), of variance q (1 - q); delta = 0.1, 4,000 replicates.

        At most Binomial(4000, 0.1) exceed: more than 460 has probability below 1e-3.
        """
        rng = np.random.default_rng(3)
        for q in (0.05, 0.5, 0.95):
            draws = q - (rng.random((4000, 60)) < q)  # E z - z for z Bernoulli: at most 1
            bound = float(sampling_bound(60 * q * (1 - q), math.log(10), 60))
            assert (draws.sum(axis=1) > bound).sum() <= 460

    def test_is_what_freedman_says_for_the_best_rate_of_the_grid(self) -> None:
        grid = [4.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]
        for rounds, rates in ((365, grid), (1, grid[:4])):
            for variance in (1e-3, 1.0, 50.0):
                ways = [(math.log(len(rates) / 0.01) + (math.exp(rate) - 1 - rate) * variance) / rate for rate in rates]
                assert float(sampling_bound(variance, math.log(100), rounds)) == pytest.approx(min(ways), rel=1e-12)

    def test_is_nothing_where_nothing_was_drawn(self) -> None:
        assert sampling_bound(np.array([0.0, 1.0]), 3.0, 365)[0] == 0.0


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
@examples(30)
def test_all_but_a_share_of_the_agents_have_the_bound_without_the_number_of_agents(seed: int, drift: float) -> None:
    """For one subsequence at most eps N agents exceed the bound with L X / eps in place of E X."""
    rng, potential, oracle = instance(seed, 365)
    favourite, every = rng.random(D), np.ones((N, A), dtype=bool)
    for t in range(12):
        context = Context(t, np.array([True, t % 2 == 0]))
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        mixture, y = mixture_of(rng), (1 - drift) * rng.random(D) + drift * favourite
        potential.learn(mixture, y)
        oracle.learn(mixture, y, every, context.active)
    whole = float(potential.potentials[:, :, 0].sum()) / (L * N)
    for share in (0.34, 0.67, 1.0):
        logarithm = external_logarithm(regret_rates(365), A, L / share, whole)
        for s in range(L):
            sums = oracle.external[s]
            above = (sums[:, :, 0] > regret_bound(sums[:, :, 1], logarithm, regret_rates(365)) + 1e-9).any(axis=1)
            assert above.sum() <= share * N


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_agents_shared_among_threads_change_no_byte(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads than agents included: some have none."""

    def course() -> list[bytes]:
        rng, potential, _ = instance(3, 40)
        found = []
        for t in range(12):
            context = Context(t, np.array([True, t % 3 > 0]))
            potential._decisions.prepare(context, [])
            potential.prepare(context)
            b, h = potential.weighted_gain(rng.random(D))
            rise = potential.learn(mixture_of(rng), rng.random(D))
            found += [np.array([b, *h, rise]).tobytes(), potential.potentials.tobytes(), potential._powers.tobytes()]
        return found

    alone = course()
    shares = []

    def sharing(work: Callable[[int, int], None], entries: int) -> None:
        shares.append(entries)
        for share in reversed(range(workers)):
            work(share, workers)

    monkeypatch.setattr(threads, "in_shares", sharing)
    assert course() == alone
    assert {1 * N * A * len(regret_rates(40)), L * N * A * len(regret_rates(40))} <= set(shares)


def crowd(seed: int, rounds: int, agents: int = 150, actions: int = 8) -> tuple[np.random.Generator, RegretPotential]:
    """More agents than the loops take at a time."""
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-1, 1, (agents, actions, D)) / (2 * D)
    population = omnisim.Population("crowd", utility, np.full((agents, actions), 0.5))
    return rng, RegretPotential(DecisionEvents(population, L), L, rounds, unit=1.0, limits=BOX)


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_blocks_that_end_elsewhere_change_no_byte(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def course() -> list[bytes]:
        rng, potential = crowd(5, 90)
        found = []
        for t in range(8):
            potential._decisions.prepare(Context(t, np.array([True, t % 2 > 0])), [])
            potential.prepare(Context(t, np.array([True, t % 2 > 0])))
            b, h = potential.weighted_gain(rng.random(D))
            rise = potential.learn(mixture_of(rng), rng.random(D))
            found += [np.array([b, *h, rise]).tobytes(), potential.potentials.tobytes(), potential._powers.tobytes()]
        return found

    alone = course()
    monkeypatch.setattr(threads, "in_shares", lambda work, _: [work(i, workers) for i in range(workers)])
    assert course() == alone


def logarithms(potential: RegretPotential, rounds: int, predict: Callable, outcome: Callable) -> tuple[np.ndarray, ...]:
    """Play, and add up ln(1 + eta x) by rate and, for swap regret, action played, on the first subsequence."""
    population, rates = potential._population, regret_rates(rounds)[:, None, None]
    agents, actions = population.agents, population.actions
    external = np.zeros((len(rates), agents, actions))
    swap = np.zeros((len(rates), agents, actions, actions))
    each, active = np.arange(agents), np.array([True, False])
    for t in range(rounds):
        context = Context(t, active)
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        p, y = predict(t), outcome(t)
        played = population.best_response(p)
        earned = population.utilities(y)
        gain = (earned - earned[each, played][:, None]) * potential._scale[:, None]
        external += np.log1p(rates * gain)
        swap[:, each, played] += np.log1p(rates * gain)
        potential.learn(Mixture.point(p), y)
    return external, swap


def expected(external: np.ndarray, swap: np.ndarray) -> np.ndarray:
    """Both potentials of every agent, from the logarithms."""
    of_swaps = np.exp(swap).mean(axis=3).prod(axis=2).mean(axis=0)
    return np.stack([np.exp(external).mean(axis=(0, 2)), of_swaps], axis=1)


@pytest.mark.long
@pytest.mark.sampled
def test_powers_multiplied_round_by_round_are_those_of_the_sums() -> None:
    """The error is at most T 2^-50, by the docstring of the loops, and that of the sums in an exponent.

    Predictions are close to the mean, so that regrets are as small as where somebody keeps them small.
    """
    rounds = 20_000 if Suite.long else 3_000
    rng, potential = crowd(2, rounds, agents=20)
    outcomes = rng.random((rounds, D))
    predictions = 0.5 + 0.04 * (rng.random((rounds, D)) - 0.5)
    whole = expected(*logarithms(potential, rounds, lambda t: predictions[t], lambda t: outcomes[t]))
    np.testing.assert_allclose(potential.potentials[0], whole, rtol=rounds * 2.0**-49)


@pytest.mark.long
def test_what_no_float_holds_is_not_lost_for_good() -> None:
    """An action that earned less for long and then more: its power comes back, and is never below that of its sums."""
    rounds = 6_000
    utility = np.array([[[0.5], [0.0]], [[0.0], [0.5]]])  # one agent likes a high outcome, the other a low one
    population = omnisim.Population("two", utility, np.array([[0.0, 0.25], [0.25, 0.0]]))
    potential = RegretPotential(DecisionEvents(population, L), L, rounds, unit=1.0, limits=BOX)
    turn, least = 3_000, []

    def outcome(t: int) -> np.ndarray:
        least.append(potential._powers.min())
        return np.array([0.9 if t < turn else 0.0])

    whole = expected(*logarithms(potential, rounds, lambda t: np.array([0.9]), outcome))
    assert least[turn] == 1e-300  # e to the sum is not a number by then
    assert (potential.potentials[0] >= whole * (1 - 1e-9)).all()
    assert np.isfinite(potential.potentials).all()
    # What was at the limit has grown since then.
    assert potential.potentials[0].max() > 1


def test_no_product_overflows() -> None:
    """Far beyond any budget: potentials are large and finite, and so are weights; what was at the limit stays there."""
    rng, potential = crowd(1, 365, agents=4)
    potential._powers[:] = 1e140
    potential._external[:] = 1e140
    potential._products[:] = 9.99e149
    context = Context(0, np.array([True, True]))
    potential._decisions.prepare(context, [])
    potential.prepare(context)
    reached = np.zeros(potential._products.shape, dtype=bool)
    for _ in range(60):
        prediction = rng.random(D)
        potential.learn(Mixture.point(prediction), 1 - prediction if rng.random() < 0.7 else prediction)
        assert np.isfinite(potential.potentials).all()
        assert potential.potentials[:, :, 1].max() <= 1e150
        assert np.isfinite(potential.weighted_gain(rng.random(D))[1]).all()
        assert (potential._products[reached] == 1e150).all()
        reached |= potential._products == 1e150
    assert reached.any()
    assert not reached.all()


WRONG, RIGHT = (1.0, 0.0), (1.0, 1.0)
"""Prediction and outcome by which the second of two actions gains 1, and -1."""


def course_of_one(steps: list[tuple[float, float]]) -> RegretPotential:
    """One agent with two actions, one subsequence, 100 rounds."""
    population = omnisim.Population("one", [[[1.0], [-1.0]]], [[0.0, 1.0]])
    potential = RegretPotential(DecisionEvents(population, 1), 1, 100, unit=1.0, limits=BOX)
    context = Context(0, np.array([True]))
    for prediction, outcome in steps:
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        potential.learn(Mixture.point([prediction]), np.array([outcome]))
    return potential


@pytest.mark.long
def test_powers_come_back_from_the_floor_and_do_not_overflow() -> None:
    potential = course_of_one([RIGHT] * 600)
    assert potential._external.min() == potential._powers.min() == 1e-300
    assert (course_of_one([RIGHT] * 600 + [WRONG] * 1300).potentials > 1e10).all()
    potential = course_of_one([WRONG] * 1300)
    assert potential._external.max() == potential._powers.max() == 1e150
    assert np.isfinite(potential.potentials).all()
    intercept, slope = potential.weighted_gain(np.array([1.0]))
    assert np.isfinite([intercept, *slope]).all()


def test_more_actions_than_a_block_of_the_loops_holds() -> None:
    rng, rates = np.random.default_rng(0), regret_rates(9)
    population = omnisim.Population("many", rng.uniform(-0.5, 0.5, (2, 600, 1)), np.full((2, 600), 0.5))
    potential = RegretPotential(DecisionEvents(population, 1), 1, 9, unit=1.0, limits=BOX)
    context, capital = Context(0, np.array([True])), np.ones((len(rates), 2, 600))
    for prediction, outcome in ((0.2, 0.9), (0.7, 0.1)):
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        potential.learn(Mixture.point([prediction]), np.array([outcome]))
        earned = population.utility[:, :, 0] * outcome + population.offset
        own = earned[[0, 1], population.best_response(np.array([prediction]))]
        capital *= 1 + rates[:, None, None] * (earned - own[:, None]) * potential._scale[:, None]
    np.testing.assert_allclose(potential.potentials[0, :, 0], capital.mean(axis=(0, 2)), rtol=1e-12)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("apart", [0.1 + 0.2 - 0.3, 1e-15, 1e-13, 1e-12, 1e-10, 1e-200, 1e-310])
def test_actions_that_differ_by_rounding_spoil_nothing(apart: float) -> None:
    """Ten agents with something to gain, and one whose two actions are the same, or nearly."""
    utility, offset = np.zeros((11, 2, 1)), np.zeros((11, 2))
    utility[:10, 0], offset[:10, 1] = 1.0, np.linspace(0.2, 0.8, 10)
    if apart > 1e-20:
        utility[10], offset[10] = [[0.3], [0.3 + apart]], 0.4
    else:
        utility[10] = [[0.0], [apart]]
    outcomes = np.random.default_rng(1).random((120, 1))
    analysis = omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[omnisim.Population("agents", utility, offset)],
                adversary=omnisim.adversaries.Replay(outcomes),
                forecaster=omnisim.forecasters.DecisionCalibrated(),
                elimination=omnisim.elimination.BestResponse(),
            )
        )
    )
    assert 0 < analysis.trace.diagnostics["potential"].max() < math.e
    table = analysis.certificates
    assert (table["status"] != "violated").all()
    of_regret = table[table["claim"].str.match(r"(swap|external) regret\(S\) (in|<= range)")]
    assert len(of_regret) == 4
    assert (of_regret["hypotheses_met"] == 11).all()
    assert np.isfinite(of_regret["bound"]).all()


def test_polynomials_are_exp_and_ln() -> None:
    """To the errors that their docstrings name."""
    exponents, numbers = np.linspace(-690, 290, 100_001), np.geomspace(1e-300, 1e300, 100_001)
    numbers = np.concatenate([numbers, np.linspace(0.05, 2, 100_001)])
    np.testing.assert_allclose(of_each(exponential, exponents), np.exp(exponents), rtol=4e-16 + 2.0**-53)
    error = np.abs(of_each(logarithm, numbers) - np.log(numbers)) / np.maximum(1, np.abs(np.log(numbers)))
    assert error.max() <= 4e-16 + 2.0**-53


def of_each(function: Callable, numbers: np.ndarray) -> np.ndarray:
    return np.array([function(x) for x in numbers])
