"""Large samples: rounds that are sampled, pieces in which rows pass, and memory."""

import math
import pickle
import tracemalloc

import numpy as np
import pytest
from finite_laws import FiniteLaw

from omnisim.batch import direct_ensemble, predictor, two_player, two_player_game
from omnisim.errors import ProblemError


def drawn(seed, n, m, points=6):
    rng = np.random.default_rng(seed)
    law = FiniteLaw.random(rng, points, m)
    return (*law.draw(rng, n), law.exceeds)


class TestSampledRounds:
    """All rounds are the reference: their weights are kept where ``rounds_kept`` is n."""

    def test_one_round_of_each_stretch_is_kept(self):
        exceeds, y, _ = drawn(0, 240, 8)
        every = two_player(exceeds, y, rounds_kept=240).log_weights
        kept = two_player(exceeds, y, rounds_kept=12, random_state=3).log_weights
        assert kept.shape == (12, 8)
        for k, row in enumerate(kept):
            stretch = every[20 * k : 20 * (k + 1)]
            assert (stretch == row).all(axis=1).any()

    def test_what_does_not_depend_on_the_rounds_kept(self):
        exceeds, y, _ = drawn(1, 200, 8)
        every, few = two_player(exceeds, y), two_player(exceeds, y, rounds_kept=9)
        assert (few.excess == every.excess).all()
        assert (few.bound, few.rate, few.rounds) == (every.bound, every.rate, 200)
        assert every.sampling_error == 0
        assert few.sampling_error == pytest.approx(0.5 / 3)

    @pytest.mark.parametrize("c", [1.0, 32.0])
    def test_the_law_is_right_in_the_mean_and_as_near_as_is_stated(self, c):
        # P(p > theta) of 200 fits that sample their rounds anew: 2 rates x 6 points x 8 thresholds means, each within
        # 6 standard errors at the *stated* error, which Hoeffding bounds by 2 exp(-18) a time: below 2e-6 together.
        # An empirical variance of 200 numbers in [0, 1] with variance at most s^2 = 1/64 exceeds 2 s^2 with a
        # probability below exp(-200 s^2 / (2 (1 + 1/3))) a time, but is far below it here (stretches are short).
        n, kept = 320, 16
        exceeds, y, points = drawn(2, n, 8)
        exact = _above(two_player(exceeds, y, c=c).mixture(points))
        fits = [two_player(exceeds, y, c=c, rounds_kept=kept, random_state=seed) for seed in range(200)]
        found = np.array([_above(fit.mixture(points)) for fit in fits])
        stated = fits[0].sampling_error
        assert stated == pytest.approx(0.5 / math.sqrt(kept))
        assert np.abs(found.mean(axis=0) - exact).max() <= 6 * stated / math.sqrt(200)
        assert found.std(axis=0).max() <= stated
        assert found.std(axis=0).max() > 1e-9

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize(("n", "kept"), [(3, 2), (5, 3), (7, 1), (8, 4)])
    def test_every_round_is_kept_as_often_as_every_other(self, n, kept):
        # The upper one is wrong in every round and loses weight: the weights of no two rounds are the same.
        exceeds, y = np.tile([False, True], (n, 1)), np.zeros(n)
        rounds = two_player(exceeds, y, c=1.0).log_weights.tolist()
        assert len({tuple(row) for row in rounds}) == n
        found = np.zeros(n)
        for seed in range(2_000):
            for row in two_player(exceeds, y, c=1.0, rounds_kept=kept, random_state=seed).log_weights.tolist():
                found[rounds.index(row)] += 1 / 2_000
        # A round is met at most twice in a game: Hoeffding, n frequencies in [0, 2], at 1e-10 in all.
        assert np.abs(found - kept / n).max() < 2 * math.sqrt(math.log(2 * n / 1e-10) / (2 * 2_000))

    def test_few_rounds_are_kept_of_a_long_play(self):
        rng = np.random.default_rng(4)
        exceeds, y = rng.random((20_000, 64)) < 0.5, rng.integers(0, 2, 20_000)
        fitted = two_player(exceeds, y)
        assert len(fitted.log_weights) == 2**19 // 64
        assert len(pickle.dumps(fitted)) < 5e6

    def test_all_rounds_of_a_short_one(self):
        exceeds, y, _ = drawn(5, 300, 8)
        assert len(two_player(exceeds, y).log_weights) == 300

    def test_none_is_refused(self):
        with pytest.raises(ProblemError, match="rounds_kept of two_player must be a whole number >= 1, got 0"):
            two_player([[True]], [1], rounds_kept=0)


def _above(law):
    """P(p > theta_i), (points, m)."""
    return law[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]


class TestPieces:
    """Rows pass in pieces, and nobody sees where these end."""

    @pytest.mark.parametrize("piece", [1, 7, 50])
    @pytest.mark.parametrize("kept", [200, 23])
    def test_of_the_play(self, piece, kept, monkeypatch):
        exceeds, y, _ = drawn(6, 200, 8)
        whole = two_player(exceeds, y, rounds_kept=kept)
        monkeypatch.setattr(two_player_game, "_ROWS", piece)
        parts = two_player(exceeds, y, rounds_kept=kept)
        assert (parts.log_weights == whole.log_weights).all()
        assert (parts.excess == whole.excess).all()

    @pytest.mark.parametrize("fit", [two_player, direct_ensemble])
    @pytest.mark.parametrize("piece", [1, 2, 7, 4096])
    def test_of_predictions(self, fit, piece, monkeypatch):
        exceeds, y, _ = drawn(7, 150, 8, points=20)
        fitted = fit(exceeds, y)
        law = fitted.mixture(exceeds)
        monkeypatch.setattr(predictor, "_ROWS", piece)
        assert fitted.mean(exceeds) == pytest.approx(law @ np.arange(9) / 8, abs=1e-12)
        # The draw is the first level whose cumulated chance exceeds the uniform of its row.
        uniform = np.random.default_rng(8).random(150)
        levels = [int(np.flatnonzero(row.cumsum() > u * row.sum())[0]) for row, u in zip(law, uniform, strict=True)]
        assert (fitted.sample(exceeds, np.random.default_rng(8)) * 8).tolist() == levels

    def test_no_rows(self):
        fitted = two_player([[True, False]], [1])
        nothing = np.zeros((0, 2), dtype=bool)
        assert fitted.mean(nothing).shape == fitted.sample(nothing, np.random.default_rng(0)).shape == (0,)


class TestMemory:
    """Bytes that arrays take at most, beside the answers themselves."""

    n, m = 40_000, 64

    def sample(self):
        rng = np.random.default_rng(9)
        return rng.random((self.n, self.m)) < 0.5, rng.integers(0, 2, self.n)

    @pytest.mark.long
    def test_two_player_keeps_neither_gains_nor_all_rounds(self):
        # One table of floats would be 20 MB: kept are 2^19 weights and 4096 rows of gains.
        assert self.taken(two_player) < 8 * (2**19 + 2 * 4096 * self.m + 20 * self.n)

    def test_direct_ensembling_takes_two_bytes_an_answer(self):
        # The levels, and at the end or the beginning one byte an answer in another order; columns are short-lived.
        assert self.taken(direct_ensemble) < 3.1 * self.n * self.m + 8 * 20 * self.n

    @pytest.mark.parametrize("how", ["mean", "sample"])
    def test_predictions_are_no_table_of_laws(self, how):
        # All laws together would be 21 MB.
        exceeds, y = self.sample()
        fitted = direct_ensemble(exceeds[:200], y[:200])
        given = () if how == "mean" else (np.random.default_rng(0),)
        blocks, rows = 8 * 3 * 4097 * (self.m + 1), 2 * exceeds.nbytes + 8 * 10 * self.n
        assert _peak(lambda: getattr(fitted, how)(exceeds, *given)) < blocks + rows

    def taken(self, fit):
        exceeds, y = self.sample()
        fit(exceeds[:50], y[:50])  # compiles
        return _peak(lambda: fit(exceeds, y))


def _peak(run):
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
