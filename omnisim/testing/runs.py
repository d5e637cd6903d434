"""Runs of a strategy by hand, and what all strategies promise about them."""

import copy
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from omnisim import snapshot
from omnisim.arrays import FloatArray, freeze
from omnisim.errors import StrategyError, TraceError
from omnisim.problem.context import FIXED, Context, History, Past, Service
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.snapshot import Snapshots
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.learners.base import Learner
from omnisim.wording import count

ROUNDS = 30
"""Rounds played where the strategy does not limit them."""

DIMENSIONS = (1, 3, 24)
"""Numbers of coordinates tried where the strategy does not fix them."""

Strategy = TypeVar("Strategy", bound=Forecaster | Elimination | Learner | Adversary)

Output: TypeAlias = tuple[Any, ...]
"""Answer of a strategy in a round, as arrays."""


class ContractError(Exception):
    """Fault of a strategy; the play adds its name, the situation and the round."""


class Play(ABC, Generic[Strategy]):
    """Everything a strategy is told in a run, the same in every run.

    ``read_only`` freezes the inputs; ``other`` stands for another run, with other inputs.
    """

    def __init__(self, where: str, rounds: int) -> None:
        self.where, self.rounds = where, rounds
        self.read_only = self.other = False

    @abstractmethod
    def start(self, strategy: Strategy) -> None:
        """Start the strategy."""

    @abstractmethod
    def step(self, strategy: Strategy, t: int) -> Output:
        """Play round t, check what comes back, and return it as arrays."""

    def run(self, strategy: Strategy) -> list[Output]:
        """Start and play all rounds."""
        self.start(strategy)
        return [self.step(strategy, t) for t in range(self.rounds)]

    @contextmanager
    def giving(self, strategy: object, call: str, **inputs: Any) -> Iterator[dict[str, Any]]:
        """Hand out copies of the inputs for one call, and see that they come back unchanged."""
        given = copy.deepcopy(inputs)
        if self.read_only:
            for _, array in arrays_in("", given):
                freeze(array)
        try:
            yield given
        except ContractError as broken:
            raise StrategyError(
                f"{type(strategy).__name__} breaks its contract in {call} ({self.where}): {broken}"
            ) from None
        except Exception as cause:
            kind = "read-only inputs" if self.read_only else "inputs"
            raise StrategyError(
                f"{type(strategy).__name__} failed in {call} on {kind} ({self.where}): {type(cause).__name__}: {cause}"
            ) from cause
        for (place, before), (_, after) in zip(arrays_in("", inputs), arrays_in("", given), strict=True):
            if before.shape != after.shape or before.tobytes() != after.tobytes():
                raise StrategyError(f"{type(strategy).__name__} changed its input: {place}, in {call} ({self.where})")


def check_runs(strategy: Strategy, play: Play[Strategy]) -> list[Output]:
    """Check what all strategies promise; returns what this one answered."""
    name = type(strategy).__name__
    used = copy.deepcopy(strategy)
    reference = play.run(used)
    play.read_only = True
    compare(play.run(copy.deepcopy(strategy)), reference, f"{name} is not deterministic: two copies differ", play)
    compare(play.run(used), reference, f"{name} does not forget on start: a second run differs", play)
    half = play.rounds // 2
    play.start(used)
    for t in range(half):
        play.step(used, t)
    copied = copy.deepcopy(used)
    play.other = True
    for t in range(half, play.rounds):
        play.step(used, t)
    play.other = False
    rest = [play.step(copied, t) for t in range(half, play.rounds)]
    rule = f"{name} shares state with its deep copy: the copy differs after the original played on"
    compare(reference[:half] + rest, reference, rule, play)
    _check_state(strategy, play, reference)
    play.read_only = False
    return reference


def _check_state(strategy: Strategy, play: Play[Strategy], reference: Sequence[Output]) -> None:
    """Check that what a strategy remembers can be stored and put into another one, if it is of a kind that can."""
    stopped, resumed = copy.deepcopy(strategy), copy.deepcopy(strategy)
    for each in (stopped, resumed):
        play.start(each)
    takes, puts = (Snapshots({"strategy": each}, FIXED) for each in (stopped, resumed))
    half = play.rounds // 2
    for t in range(half):
        play.step(stopped, t)
    file = io.BytesIO()
    try:
        snapshot.write(file, takes.take())
    except TraceError:
        return  # a run with it has no checkpoints, which is said when one is asked for
    file.seek(0)
    puts.put(snapshot.read(file))
    rest = [play.step(resumed, t) for t in range(half, play.rounds)]
    rule = (
        f"{type(strategy).__name__} remembers more than its attributes: it differs after they were stored and put back"
    )
    compare([*reference[:half], *rest], reference, rule, play)


def compare(found: Sequence[Output], expected: Sequence[Output], rule: str, play: Play[Any]) -> None:
    """Refuse two runs that differ, with the rule that they break."""
    for t, (one, other) in enumerate(zip(found, expected, strict=True)):
        if not all(np.array_equal(x, y) for x, y in zip(one, other, strict=True)):
            raise StrategyError(f"{rule}, first in round {t} ({play.where})")


def law_of(law: object, dimension: int | None = None) -> tuple[FloatArray, FloatArray]:
    """Check a law on [0, 1]^d; returns its points and probabilities."""
    if not isinstance(law, Mixture):
        raise ContractError(f"got {type(law).__name__}, not a Mixture")
    support, weights = law.support, law.weights
    if dimension is not None and law.dimension != dimension:
        raise ContractError(f"got a mixture of {count(law.dimension, 'coordinate')}")
    if not ((support >= 0) & (support <= 1)).all():
        raise ContractError(f"got a mixture that leaves [0, 1]: {support}")
    if not ((weights >= 0).all() and abs(weights.sum() - 1) < 1e-6):
        raise ContractError(f"got weights that are not probabilities: {weights}")
    return support.copy(), weights.copy()


def arrays_in(name: str, value: object) -> Iterator[tuple[str, np.ndarray]]:
    """All arrays in an input, with the names of where they are."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from arrays_in(f"{name}[{key!r}]" if name else str(key), item)
    elif isinstance(value, (Context, History, Past, Service)):
        for field in fields(value):
            yield from arrays_in(f"{name}.{field.name}", getattr(value, field.name))
    elif isinstance(value, Mixture):
        yield from [(f"{name}.support", value.support), (f"{name}.weights", value.weights)]
    elif isinstance(value, Population):
        yield from [(f"{name}.utility", value.utility), (f"{name}.offset", value.offset)]
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from arrays_in(f"{name}[{index}]", item)
