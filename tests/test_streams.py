"""Streams of randomness: by seed and name, and by nothing else."""

import numpy as np
import pytest

from omnisim.errors import StrategyError
from omnisim.streams import stream

NAMES = ["adversary", "adversary/start", "forecaster", "population/a/policy", "population/b/policy", ""]


def test_same_seed_and_name_same_draws() -> None:
    for name in NAMES:
        np.testing.assert_array_equal(stream(5, name).random(10), stream(5, name).random(10))


def test_drawing_from_one_stream_leaves_the_others_alone() -> None:
    expected = stream(5, "b").random(10)
    other = stream(5, "a")
    found = stream(5, "b")
    other.random(1000)
    np.testing.assert_array_equal(found.random(10), expected)


def test_every_seed_and_name_has_its_own() -> None:
    first = {float(stream(seed, name).random()) for seed in range(50) for name in NAMES}
    assert len(first) == 50 * len(NAMES)


def test_streams_of_different_names_and_of_neighbouring_seeds_are_uncorrelated() -> None:
    draws = np.array([stream(seed, name).random(2000) for seed in (0, 1) for name in NAMES])
    correlation = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    # 66 pairs; each correlation is about N(0, 1/2000), so 0.125 (5.6 standard deviations) false alarms at 1.4e-6.
    assert abs(correlation).max() < 0.125


def test_the_draws_are_those_of_the_digest_of_the_name() -> None:
    # Written out, so that a change of the recipe, which would change every published run, is noticed.
    import hashlib

    words = [int.from_bytes(hashlib.sha256(b"adversary").digest()[i : i + 4], "little") for i in range(0, 32, 4)]
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(3, spawn_key=tuple(words))))
    np.testing.assert_array_equal(stream(3, "adversary").random(5), generator.random(5))


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(StrategyError, match="seed must be an integer >= 0, got -3"):
        stream(-3, "adversary")
