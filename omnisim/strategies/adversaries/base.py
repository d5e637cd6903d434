"""Base of adversaries, with public methods that check the results of a subclass's hooks."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import one_of
from omnisim.signatures import held_to_types
from omnisim.strategies.parameters import Parametrized
from omnisim.wording import count


class Adversary(Parametrized, ABC):
    """Chooses the law of each round's outcome.

    A subclass writes ``_law(context, mixture, history)``, which returns a :class:`Mixture` or a single
    outcome (d,); and ``_start(rng)`` if it has state to reset or draws of its own to make. It sees the
    forecaster's mixture, never the sampled prediction.

    One that chooses contexts names the features that it publishes in ``published``, and writes ``_publish(context,
    history)``, which returns a number or an array (k,) for each. Everyone knows them before the forecaster commits.
    """

    oblivious: ClassVar[bool] = True
    """Whether the law depends on the context alone, so that it can be asked for before anyone has acted."""

    law_known: ClassVar[bool] = True
    """Whether ``law`` is the true law of the outcome (a replayed record only shows what was drawn)."""

    populations: tuple[Population, ...] = ()
    """The agents it plays against, known from the start on."""

    draws_in_law: bool = False
    """Whether it was seen to draw while it was asked for its law."""

    horizon: int | None = None
    """The number of rounds it can play, or None for any."""

    _set_on_start = "_widths"

    published: tuple[str, ...] = ()
    """Names of the features of a context that it chooses round by round."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d, the number of coordinates of an outcome."""

    @held_to_types(StrategyError)
    def dimension_for(self, populations: Sequence[Population]) -> int:
        """The d of a run with these populations, asked before the start: what it declares, by default."""
        return self.dimension

    @held_to_types(StrategyError)
    def start(self, rng: np.random.Generator, populations: Sequence[Population] = ()) -> None:
        """Forget everything.

        Parameters
        ----------
        rng
            For draws of its own.
        populations
            The agents it plays against; ``self.populations`` in a subclass.
        """
        self.populations = tuple(populations)
        self.draws_in_law = False
        self._widths: dict[str, int] = {}
        self._start(rng)
        self._sources = [rng, *_sources_of(self)]

    def publish(self, context: Context, history: History | None) -> dict[str, FloatArray]:
        """The features of a round that it chooses, each (k,), by the names in ``published``.

        Parameters
        ----------
        context
            What is known beforehand.
        history
            The earlier rounds; None for an oblivious adversary.

        Raises
        ------
        StrategyError
            If it publishes other features, something that is no array of finite numbers, or other numbers of them than
            before.
        """
        check_known("publish", context, None, history)
        given = self._publish(context, history) if self.published else {}
        where = f"{type(self).__name__} in round {context.round}"
        if not isinstance(given, Mapping) or set(given) != set(self.published):
            said = sorted(given) if isinstance(given, Mapping) else type(given).__name__
            raise StrategyError(f"{where} publishes {said}: it declares {sorted(self.published)}")
        found = {
            name: finite(f"feature {name!r} of {where}", np.atleast_1d(np.asarray(given[name])), ("k",), StrategyError)
            for name in self.published
        }
        for name, values in found.items():
            width = self._widths.setdefault(name, len(values))
            if not 0 < width == len(values):
                raise StrategyError(
                    f"feature {name!r} of {where} has {len(values)} numbers: it must have as many in every round, "
                    "at least one"
                )
        return found

    def law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        """The law of the outcome in this round.

        An adversary that draws while it is asked has drawn part of the outcome itself: what it returns is the law given
        that draw, not what the outcome is drawn from. Then ``draws_in_law`` is True from this round on, and the law
        does not count as known.

        Raises
        ------
        StrategyError
            If it is not a law on [0, 1]^d.
        """
        check_known("law", context, mixture, history)
        before = self._states()
        law = self._law(context, mixture, history)
        if before != self._states():
            self.draws_in_law = True
        if not isinstance(law, Mixture):
            try:
                law = Mixture.point(law)
            except ProblemError as cause:
                raise StrategyError(f"{type(self).__name__} chose badly in round {context.round}: {cause}") from cause
        if law.dimension != self.dimension:
            raise StrategyError(
                f"{type(self).__name__} chose an outcome of {count(law.dimension, 'coordinate')} in round "
                f"{context.round}: it declares {self.dimension}"
            )
        return law

    def _states(self) -> list[Any]:
        """States of the sources of randomness that it holds."""
        return [_state(source) for source in getattr(self, "_sources", ())]

    def _start(self, rng: np.random.Generator) -> None:
        """Reset all state."""

    def _publish(self, context: Context, history: History | None) -> Mapping[str, ArrayLike]:
        """The features in ``published``."""
        raise NotImplementedError(f"{type(self).__name__} declares what it publishes, and lacks _publish")

    @abstractmethod
    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture | ArrayLike: ...


def check_known(method: str, context: Context, mixture: Mixture | None, history: History | None) -> None:
    """Refuse what is no knowledge that an adversary may have in a round."""
    one_of(f"context of {method}", context, Context, "a Context, such as Context(0)", StrategyError)
    one_of(f"mixture of {method}", mixture, (Mixture, NoneType), "a Mixture or None", StrategyError)
    one_of(f"history of {method}", history, (History, NoneType), "a History or None", StrategyError)


_DEPTH = 4
"""Depth to which the sources of randomness in an adversary's attributes are looked for."""


def _sources_of(value: object, depth: int = _DEPTH) -> list[Any]:
    """Generators of random numbers among the attributes of an object, in containers, and in what those hold."""
    if isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
        return [value]
    if depth == 0 or isinstance(value, str | bytes | int | float | np.ndarray | Population | type):
        return []
    if isinstance(value, Mapping):
        held: list[object] = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        held = list(value)
    else:
        held = list(getattr(value, "__dict__", {}).values())
    return [source for each in held for source in _sources_of(each, depth - 1)]


def _state(source: Any) -> Any:
    if isinstance(source, np.random.Generator):
        return repr(source.bit_generator.state)
    return repr(source.get_state()) if isinstance(source, np.random.RandomState) else source.getstate()
