"""Outcome stream: outcomes that a Python program hands out one by one."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.outcome_table import outcome_table
from omnisim.strategies.parameters import Written
from omnisim.wording import count, in_short


class OutcomeStream(Adversary):
    """Plays the outcomes of an iterator in order, read when they are needed. Their law is not known.

    A run can be repeated and a started adversary copied, so the stream must be able to begin again: it is given as a
    function that returns a fresh iterator, or as a sequence. A copy made in the middle of a run begins
    a fresh iterator and passes over what was read. What was read is kept.

    Parameters
    ----------
    source
        A function without arguments that returns an iterator of outcomes (d,) in [0, 1], a new one at each call and
        always of the same outcomes; or a sequence of outcomes, (T, d).
    dimension
        d >= 1.

    Raises
    ------
    StrategyError
        If ``source`` is a bare iterator, or a function that returns the same one twice; and in the run, if the
        stream ends early or an outcome is not d numbers in [0, 1].

    Examples
    --------
    >>> def coin():
    ...     rng = np.random.default_rng(7)
    ...     while True:
    ...         yield [float(rng.random() < 0.25)]
    >>> stream = OutcomeStream(coin, dimension=1)
    >>> [float(stream.law(Context(round=t), None, None).mean[0]) for t in range(6)]
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    """

    law_known: ClassVar[bool] = False

    def __init__(
        self,
        source: Annotated[Callable[[], Iterable[ArrayLike]] | ArrayLike, Written(list[list[float]])],
        dimension: int,
    ) -> None:
        if dimension < 1:
            raise StrategyError(f"dimension of OutcomeStream must be >= 1, got {dimension}")
        if isinstance(source, Iterator):
            raise StrategyError(
                f"source of OutcomeStream is an iterator ({type(source).__name__}), which can be read only once: give "
                "a function that returns a fresh one, or a sequence"
            )
        if callable(source):
            if _wants_arguments(source):
                wanted = "a table, or a function without arguments that returns outcomes"
                raise StrategyError(f"source of OutcomeStream must be {wanted}, got {in_short(source)}")
            if iter(source()) is iter(source()):
                raise StrategyError(
                    "source of OutcomeStream returns the same iterator at each call: it must return a fresh one"
                )
            self._source: Callable[[], Iterable[ArrayLike]] = source
        else:
            table = outcome_table("source of OutcomeStream", source)
            if table.shape[1] != dimension:
                raise StrategyError(
                    f"source of OutcomeStream has {count(table.shape[1], 'coordinate')}: its dimension is {dimension}"
                )
            self._source = table.__iter__
            self.horizon = len(table)
        self._dimension = dimension
        self._rewind()

    @property
    def dimension(self) -> int:
        """D."""
        return self._dimension

    def _start(self, rng: np.random.Generator) -> None:
        self._rewind()

    def _rewind(self) -> None:
        self._read: list[FloatArray] = []
        self._iterator: Iterator[ArrayLike] | None = None

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        if self._iterator is None:
            self._iterator = islice(iter(self._source()), len(self._read), None)
        while len(self._read) <= context.round:
            t = len(self._read)
            try:
                outcome = next(self._iterator)
            except StopIteration:
                raise StrategyError(
                    f"OutcomeStream ended after {t} outcomes: round {context.round} is beyond them"
                ) from None
            try:
                self._read.append(within(f"outcome {t} of OutcomeStream", outcome, (self._dimension,), 0, 1))
            except ProblemError as cause:
                raise StrategyError(str(cause)) from cause
        return self._read[context.round]

    def __getstate__(self) -> dict[str, Any]:
        # An iterator cannot be copied; the copy begins a fresh one where this one is.
        return super().__getstate__() | {"_iterator": None, "_read": list(self._read)}


def _wants_arguments(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    except ValueError:  # of some functions that are written in C nothing is known
        return False
    return False
