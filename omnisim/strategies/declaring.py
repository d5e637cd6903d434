"""Declarations of guarantees by strategies, and the conditions under which a subclass inherits them."""

from collections.abc import Sequence
from typing import ClassVar

from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.guarantees import Benchmark, Guarantee, as_json, from_json
from omnisim.strategies.parameters import Parametrized

_DECIDE = ("__getattribute__", "__getattr__")
"""Special methods by which an object can do something else than its class says.

Others, such as ``__init__`` and ``__repr__``, leave the algorithm as it is.
"""


class Declaring(Parametrized):
    """Base of strategies that can guarantee something.

    A theorem is about an algorithm, not about the name of a class. A class that keeps what a theorem promises returns
    it from ``guarantees()``, in the statements of :mod:`omnisim.problem.guarantees`. The simulation asks once, after
    ``start``, so that what depends on the number of rounds is known; it puts the answer on record, and the analysis
    checks it there.

    What is declared holds for the code of the class that declares it. A subclass that changes nothing keeps it:

    >>> from omnisim.elimination import FirstViolation
    >>> class Strict(FirstViolation):
    ...     pass

    One that overrides anything it inherits from there (a hook, a property, a helper; ``__init__`` alone is free)
    loses it all, and declares again what it still keeps:

    >>> from omnisim.problem.guarantees import BoundsViolation, Hypothesis, Scope
    >>> class Forgetful(FirstViolation):
    ...     def _update(self, actions, costs, active):
    ...         if self.round % 2:
    ...             super()._update(actions, costs, active)
    ...
    >>> class Slow(Forgetful):
    ...     def guarantees(self):
    ...         return [
    ...             BoundsViolation(
    ...                 theorem="My Lemma 2", scope=Scope.RUN, hypotheses=(Hypothesis.CANDIDATES, Hypothesis.AT_ONCE)
    ...             )
    ...         ]
    >>> [rule().replaced() for rule in (Strict, Forgetful, Slow)]
    [[], ['_update'], []]

    A rule from elsewhere guarantees nothing until it says so, whatever it is called.
    """

    can_guarantee: ClassVar[tuple[type[Guarantee], ...]] = ()
    """The kinds of statements that such a strategy can make."""

    def guarantees(self) -> Sequence[Guarantee]:
        """Guarantees of the strategy, asked for after ``start``; none by default."""
        return ()

    def declared(self) -> tuple[Guarantee, ...]:
        """Guarantees of the strategy, if its class still is the one that they are about; not to be overridden.

        Raises
        ------
        StrategyError
            If ``guarantees`` returns something else than statements that can be put on record.
        """
        if self.replaced():
            return ()
        name = type(self).__name__
        found = tuple(self.guarantees())
        for each in found:
            if not isinstance(each, self.can_guarantee):
                known = ", ".join(kind.__name__ for kind in self.can_guarantee)
                raise StrategyError(f"guarantees of {name} returned {each!r}: it must be one of {known}")
            try:
                same = from_json(as_json(each)) == each
            except (ProblemError, TypeError) as cause:
                raise StrategyError(f"guarantees of {name} cannot be put on record: {cause}") from cause
            if not same:
                raise StrategyError(f"guarantees of {name} cannot be put on record: {each!r} must hold plain values")
        return found

    def replaced(self) -> list[str]:
        """Names replaced in the class that wrote ``guarantees()``: if there is any, nothing is claimed."""
        cls = type(self)
        author = next(base for base in cls.__mro__ if "guarantees" in vars(base))
        names = [name for name in dir(author) if name in _DECIDE or not _private_to_python(name)]
        overridden = [name for name in names if _found(cls, name) is not _found(author, name)]
        shadowed = [name for name in vars(self) if name not in overridden and _is_behaviour(_found(author, name))]
        added = [name for name in _DECIDE if name not in names and _found(cls, name) is not None]
        return sorted({*overridden, *shadowed, *added})


def _private_to_python(name: str) -> bool:
    return name == "_abc_impl" or (name.startswith("__") and name.endswith("__"))


def _found(cls: type, name: str) -> object:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _is_behaviour(attribute: object) -> bool:
    """Whether an attribute of a class is more than the default of a parameter."""
    return callable(attribute) or hasattr(type(attribute), "__get__") or isinstance(attribute, Benchmark | bool)
