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
from omnisim.game import regret_potential
from omnisim.game.objectives import DecisionEvents
from omnisim.game.regret_bounds import (
    external_logarithm,
    regret_bound,
    regret_rates,
    sampling_bound,
    swap_logarithm,
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
        doubled = [math.sqrt(18 / rounds) * 2**j for j in range(40)]
        self.rates = [0.9, *(eta for eta in doubled[::-1] if eta * math.sqrt(2) < 0.9)]
        self.curvatures = [(-eta - math.log(1 - eta)) / eta**2 for eta in self.rates]
        corners = [np.array(corner) for corner in product([limits.low, limits.high], repeat=D)]
        self.ranges = [
            max(max(self.earns(n, a, y) - self.earns(n, b, y) for a in range(A) for b in range(A)) for y in corners)
            for n in range(N)
        ]
        self.swaps = list(product(range(A), repeat=A))
        self.played: set[tuple[int, int, int]] = set()
        self.external = np.zeros((L, N, A, 2))
        self.swap = np.zeros((L, N, len(self.swaps), 2))

    def earns(self, n: int, a: int, y: np.ndarray) -> float:
        return float(self.population.utility[n, a] @ y + self.population.offset[n, a])

    def plays(self, n: int, p: np.ndarray, candidates: np.ndarray) -> int:
        return max((a for a in range(A) if candidates[n, a]), key=lambda a: (self.earns(n, a, p), -a))

    def gains(self, n: int, b: dict[int, int] | int, mixture: Mixture, y: np.ndarray, candidates: np.ndarray):
        """E x and E x^2 of playing b, or the swap b, instead."""
        mean = square = 0.0
        for w, p in zip(mixture.weights, mixture.support, strict=True):
            a = self.plays(n, p, candidates)
            other = b if isinstance(b, int) else b[a]
            if candidates[n, other] and self.ranges[n] > 0:
                x = (self.earns(n, other, y) - self.earns(n, a, y)) / self.ranges[n]
                mean, square = mean + w * x, square + w * x * x
        return np.array([mean, square])

    def learn(self, mixture: Mixture, y: np.ndarray, candidates: np.ndarray, active: np.ndarray) -> None:
        for n in range(N):
            external = [self.gains(n, b, mixture, y, candidates) for b in range(A)]
            swap = [self.gains(n, dict(enumerate(f)), mixture, y, candidates) for f in self.swaps]
            for s in np.flatnonzero(active):
                self.played |= {(s, n, self.plays(n, p, candidates)) for p in mixture.support}
                self.external[s, n] += external
                self.swap[s, n] += swap

    def potentials(self) -> np.ndarray:
        """(L, N, 2): the means over rates and actions, or swaps."""
        found = np.zeros((L, N, 2))
        for s, n in product(range(L), range(N)):
            for kind, sums in enumerate((self.external[s, n], self.swap[s, n])):
                for eta, c in zip(self.rates, self.curvatures, strict=True):
                    found[s, n, kind] += np.exp(eta * sums[:, 0] - c * eta**2 * sums[:, 1]).mean() / len(self.rates)
        return found

    def weighted(self, p: np.ndarray, y: np.ndarray, candidates: np.ndarray, active: np.ndarray) -> float:
        """The weighted gain of a prediction: the derivative of each exponential times its gain."""
        total, point = 0.0, Mixture.point(p)
        for n, s in product(range(N), np.flatnonzero(active)):
            for others, sums in ((range(A), self.external[s, n]), (self.swaps, self.swap[s, n])):
                for other, (r, v) in zip(others, sums, strict=True):
                    b = other if isinstance(other, int) else dict(enumerate(other))
                    gain = self.gains(n, b, point, y, candidates)[0]
                    for eta, c in zip(self.rates, self.curvatures, strict=True):
                        total += eta * math.exp(eta * r - c * eta**2 * v) * gain / len(sums) / len(self.rates)
        return total


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
        total += rise
        np.testing.assert_allclose(potential.potentials, oracle.potentials(), rtol=1e-9)
        assert total == pytest.approx(2.0 * oracle.potentials().sum(), rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([9, 40, 365, 2000]), st.floats(0.0, 1.0))
@examples(40)
def test_no_regret_is_above_its_bound(seed: int, rounds: int, drift: float) -> None:
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
    for s, n in product(range(L), range(N)):
        reg = oracle.external[s, n]
        logarithm = external_logarithm(rounds, A, L * N, float(whole[0]))
        assert (reg[:, 0] <= regret_bound(reg[:, 1], logarithm, rounds) + 1e-9).all()
        # What follows for a swap does not ask what it does with actions that were never played.
        played = [a for a in range(A) if (s, n, a) in oracle.played]
        for f, (r, v) in zip(oracle.swaps, oracle.swap[s, n], strict=True):
            if all(f[a] == 0 for a in range(A) if a not in played):  # the others are the same swap
                allowed = regret_bound(v, swap_logarithm(rounds, A, L * N, float(whole[1]), len(played)), rounds)
                assert r <= allowed + 1e-9


def test_bounds_are_attained() -> None:
    """A pair that has the whole potential on one rate has a gain equal to its bound, at a V at which that rate is best.

    The constants cannot be lower: exp(eta R - c eta^2 V) = m A E X for the best rate is R = (ln(m A E X) + ...) / eta.
    """
    rates, curvatures = regret_rates(365)
    for squares in (0.0, 0.5, 10.0, 300.0):
        logarithm = math.log(4 * 8 * 100.0)
        ways = [logarithm / eta + c * eta * squares for eta, c in zip(rates, curvatures, strict=True)]
        assert float(regret_bound(squares, logarithm, 365)) == pytest.approx(min(ways), rel=1e-12)
    assert external_logarithm(365, 8, 25.0, 4.0) == pytest.approx(math.log(3 * 8 * 25 * 4))
    assert float(swap_logarithm(365, 8, 25.0, 4.0, 3)) == pytest.approx(math.log(3 * 25 * 4 * 8**3))


@pytest.mark.parametrize("rounds", [1, 2, 9, 10, 365, 20_000, 10**6])
def test_the_inequality_of_every_rate(rounds: int) -> None:
    """exp(z - c z^2) <= 1 + z for |z| <= eta, with equality at -eta: a smaller c would be wrong."""
    rates, curvatures = regret_rates(rounds)
    assert rates[0] == 0.9
    for eta, c in zip(rates, curvatures, strict=True):
        z = np.linspace(-eta, eta, 10_001)
        assert (np.exp(z - c * z**2) <= (1 + z) * (1 + 1e-13)).all()
        assert math.exp(-eta - c * eta**2) == pytest.approx(1 - eta, rel=1e-12)
        assert math.exp(-eta - 0.999 * c * eta**2) > 1 - eta
    # The smallest is the best one for all rounds and a logarithm of 10: the root of Lambda / (c V).
    assert len(rates) == 1 or rates[-1] == pytest.approx(math.sqrt(10 / (curvatures[-1] * rounds)), rel=0.1)
    assert (rates[:-1] / rates[1:] < 2 * math.sqrt(2)).all()


def test_a_bound_on_a_grid_is_within_an_eighth_of_that_of_the_best_rate_where_that_says_something() -> None:
    for rounds in (365, 20_000):
        for squares in np.geomspace(20, rounds, 30):
            for logarithm in (8.0, 13.0, 30.0):
                free = [logarithm / e + (-e - math.log(1 - e)) / e * squares for e in np.geomspace(1e-3, 0.9, 4000)]
                share = 1.125 if min(free) < squares else 1.25
                assert float(regret_bound(squares, logarithm, rounds)) <= share * min(free)


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
        logarithm = external_logarithm(365, A, L / share, whole)
        for s in range(L):
            sums = oracle.external[s]
            above = (sums[:, :, 0] > regret_bound(sums[:, :, 1], logarithm, 365) + 1e-9).any(axis=1)
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

    monkeypatch.setattr(regret_potential, "in_shares", sharing)
    assert course() == alone
    assert set(shares) == {1 * N * A * len(regret_rates(40)[0]), L * N * A * len(regret_rates(40)[0])}


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
    monkeypatch.setattr(regret_potential, "in_shares", lambda work, _: [work(i, workers) for i in range(workers)])
    assert course() == alone


def sums_of(potential: RegretPotential, rounds: int, predict: Callable, outcome: Callable) -> tuple[np.ndarray, ...]:
    """Play, and add up R and V of external regret, and of swap regret by action played, on the first subsequence."""
    population = potential._population
    agents, actions = population.agents, population.actions
    external, swap = np.zeros((2, agents, actions)), np.zeros((2, agents, actions, actions))
    each, active = np.arange(agents), np.array([True, False])
    for t in range(rounds):
        context = Context(t, active)
        potential._decisions.prepare(context, [])
        potential.prepare(context)
        p, y = predict(t), outcome(t)
        played = population.best_response(p)
        earned = population.utilities(y)
        gain = (earned - earned[each, played][:, None]) * potential._scale[:, None]
        external += gain, gain**2
        swap[0, each, played] += gain
        swap[1, each, played] += gain**2
        potential.learn(Mixture.point(p), y)
    return external, swap


def expected(potential: RegretPotential, rounds: int, external: np.ndarray, swap: np.ndarray) -> np.ndarray:
    """Both potentials of every agent, from the sums, in logarithms of the largest power."""
    rates, curvatures = regret_rates(rounds)
    found = np.zeros((external.shape[1], 2))
    for eta, c in zip(rates, curvatures, strict=True):
        found[:, 0] += np.exp(eta * external[0] - c * eta**2 * external[1]).mean(axis=1) / len(rates)
        found[:, 1] += np.exp(eta * swap[0] - c * eta**2 * swap[1]).mean(axis=2).prod(axis=1) / len(rates)
    return found


@pytest.mark.sampled
def test_powers_multiplied_round_by_round_are_those_of_the_sums() -> None:
    """The error is at most T 2^-51, by the docstring of the loops, and that of the sums in an exponent."""
    rounds = 20_000 if Suite.long else 3_000
    rng, potential = crowd(2, rounds, agents=20)
    predictions, outcomes = rng.random((2, rounds, D))
    external, swap = sums_of(potential, rounds, lambda t: predictions[t], lambda t: outcomes[t])
    whole = expected(potential, rounds, external, swap)
    np.testing.assert_allclose(potential.potentials[0], whole, rtol=rounds * 2.0**-49)


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

    external, swap = sums_of(potential, rounds, lambda t: np.array([0.9]), outcome)
    whole = expected(potential, rounds, external, swap)
    assert least[turn] == 1e-300  # e to the sum is not a number by then
    assert (potential.potentials[0] >= whole * (1 - 1e-9)).all()
    assert np.isfinite(potential.potentials).all()
    # What was at the limit has grown since then.
    assert potential.potentials[0].max() > 1


def test_no_product_overflows() -> None:
    """Far beyond any budget: potentials are large and finite, and so are weights."""
    rng, potential = crowd(1, 365, agents=4)
    potential._powers[:] = 1e140
    potential._external_powers[:] = 1e140
    context = Context(0, np.array([True, True]))
    potential._decisions.prepare(context, [])
    potential.prepare(context)
    potential.learn(mixture_of(rng), rng.random(D))
    assert np.isfinite(potential.potentials).all()
    assert potential.potentials[:, :, 1].max() <= 1e150
    for _ in range(3):
        potential.learn(mixture_of(rng), rng.random(D))
        assert np.isfinite(potential.weighted_gain(rng.random(D))[1]).all()
    assert (potential._products <= 1e150).all()
