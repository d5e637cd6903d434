"""Questions to agents in shards, as others ask them: arrays by population, and objects beside agents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from omnisim.problem.context import Context
from omnisim.problem.elsewhere import Later

if TYPE_CHECKING:
    from omnisim.simulation.sharded import ShardedAgents

_Value = TypeVar("_Value", bound=np.ndarray)


class Asked(Mapping[str, _Value]):
    """Arrays by population that are asked for when somebody looks at them, and not before.

    It holds what a state of the run can hold, for strategies may keep it.

    Parameters
    ----------
    sharded
        Which is asked.
    question
        Name of its method, a function of round and name.
    t
        The round.
    names
        Of the populations.
    """

    def __init__(self, sharded: "ShardedAgents", question: str, t: int, names: Sequence[str]) -> None:
        self._sharded, self._question, self._round, self._names = sharded, question, t, names

    def __getitem__(self, name: str) -> _Value:
        if name not in self._names:
            raise KeyError(name)
        found: _Value = getattr(self._sharded, self._question)(self._round, name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Placed:
    """Objects beside agents in all shards; see :class:`~omnisim.problem.elsewhere.Everywhere`.

    Parameters
    ----------
    sharded
        The agents.
    place
        Number of the objects.
    """

    def __init__(self, sharded: "ShardedAgents", place: int) -> None:
        self._sharded, self._place = sharded, place

    def tell(self, method: str, *arguments: Any) -> Later:
        """Call a method of all that changes them, with the next message; what is returned waits for it."""
        return self._sharded.tell(self._place, method, self._light(arguments))

    def ask(self, method: str, *arguments: Any) -> list[Any]:
        """Answers of a method that changes nothing, by shard."""
        return self._sharded.ask(self._place, method, self._light(arguments))

    def _light(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Contexts travel without what is told to forecasters only."""
        for each in arguments:
            if isinstance(each, Context):
                self._sharded.check_round(each.round)
        return tuple(Context(each.round, each.active) if isinstance(each, Context) else each for each in arguments)
