import copy
from collections.abc import Iterator

import numpy as np
import pytest

import omnisim
from omnisim.adversaries import OutcomeStream
from omnisim.problem.context import Context

POPULATION = omnisim.Population("p", [[[0.5, 0.5], [0.0, 0.0]]], [[0.0, 0.5]])


def walk() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(11)
    while True:
        yield rng.random(2)


def scenario(stream: OutcomeStream, rounds: int | None) -> omnisim.Scenario:
    return omnisim.Scenario(
        populations=[POPULATION], adversary=stream, forecaster=omnisim.forecasters.Climatology(), rounds=rounds
    )


def test_plays_the_stream_and_can_be_run_again() -> None:
    expected = np.random.default_rng(11).random((20, 2))
    market = scenario(OutcomeStream(walk, dimension=2), rounds=20)
    for _ in range(2):
        np.testing.assert_array_equal(omnisim.simulate(market).outcomes, expected)


def test_a_sequence_has_a_horizon() -> None:
    outcomes = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    np.testing.assert_array_equal(omnisim.simulate(scenario(OutcomeStream(outcomes, 2), None)).outcomes, outcomes)


def test_reads_no_further_than_it_must() -> None:
    read = []

    def source() -> Iterator[list[float]]:
        for t in range(10):
            read.append(t)
            yield [t / 10]

    stream = OutcomeStream(source, dimension=1)
    assert read == []
    stream.law(Context(2), None, None)
    assert read == [0, 1, 2]


def test_a_copy_in_the_middle_of_a_run_goes_its_own_way() -> None:
    stream = OutcomeStream(walk, dimension=2)
    stream.start(np.random.default_rng(0))
    law = [stream.law(Context(t), None, None).mean for t in range(3)]
    copied = copy.deepcopy(stream)
    law += [stream.law(Context(t), None, None).mean for t in range(3, 6)]
    again = [copied.law(Context(t), None, None).mean for t in range(6)]
    np.testing.assert_array_equal(again, law)


@pytest.mark.parametrize(
    ("source", "dimension", "message"),
    [
        (iter([[0.5]]), 1, "is an iterator .* which can be read only once"),
        (walk(), 2, r"is an iterator \(generator\)"),
        ([[0.5]], 2, "has 1 coordinate: its dimension is 2"),
        ([[1.5]], 1, r"\[0, 0\] is 1.5: every entry must lie in \[0, 1\]"),
        (walk, 0, "dimension of OutcomeStream must be >= 1, got 0"),
    ],
)
def test_bad_parameters_are_refused(source: object, dimension: int, message: str) -> None:
    with pytest.raises(omnisim.OmnisimError, match=message):
        OutcomeStream(source, dimension)


def test_a_function_around_one_iterator_is_refused() -> None:
    once = iter([[0.5]] * 5)
    with pytest.raises(omnisim.OmnisimError, match="returns the same iterator at each call"):
        OutcomeStream(lambda: once, 1)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ([[0.1], [0.2]], "OutcomeStream ended after 2 outcomes: round 2 is beyond them"),
        ([[0.1], [1.2]], r"outcome 1 of OutcomeStream\[0\] is 1.2: every entry must lie in \[0, 1\]"),
        ([[0.1], [0.2, 0.3]], r"outcome 1 of OutcomeStream must have shape \(1,\), got \(2,\)"),
        ([[0.1], ["high"]], "outcome 1 of OutcomeStream must be an array of numbers"),
    ],
)
def test_what_goes_wrong_in_the_run(outcomes: list[list[object]], message: str) -> None:
    stream = OutcomeStream(lambda: iter(outcomes), 1)
    with pytest.raises(omnisim.OmnisimError, match=message):
        for t in range(4):
            stream.law(Context(t), None, None)
