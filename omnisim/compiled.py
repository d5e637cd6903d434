"""Compiled functions: the one place that says how they are compiled, and where what was compiled is kept.

Compiling takes seconds, so numba keeps the result beside the package, or in the user's cache folder where it cannot.
Where neither can be written to, functions are compiled anew in each process, which is said once and works all the same.
"""

import logging
from collections.abc import Callable
from typing import Any

import numba

_said: list[str] = []


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function when it is first called, without holding the interpreter's lock while it runs.

    Parameters
    ----------
    options
        Of ``numba.njit``, beside ``nogil`` and ``cache``.

    Examples
    --------
    >>> @compiled(error_model="numpy")
    ... def double(x):
    ...     return 2 * x
    >>> double(3.0)
    6.0
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            dispatcher = numba.njit(nogil=True, cache=True, **options)(function)
        except RuntimeError as cause:  # numba's word for having no place
            _say(cause)
            dispatcher = numba.njit(nogil=True, **options)(function)
        else:
            if hasattr(dispatcher, "_cache"):
                dispatcher._cache = _Forgiving(dispatcher._cache)  # noqa: SLF001 (numba lets nothing else in between)
        return dispatcher

    return decorate


class _Forgiving:
    """A cache of numba whose failures cost time and nothing else: a full disk, a damaged file, one of somebody else."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, *arguments: Any) -> Any:
        try:
            return self._cache.load_overload(*arguments)
        except Exception as cause:  # noqa: BLE001 (whatever reading a damaged file raises)
            _say(cause)
            return None

    def save_overload(self, *arguments: Any) -> None:
        try:
            self._cache.save_overload(*arguments)
        except Exception as cause:  # noqa: BLE001 (likewise, as saving begins with reading the index)
            _say(cause)


def _say(cause: Exception) -> None:
    if not _said:
        _said.append(str(cause))
        logging.getLogger("omnisim").warning(
            "omnisim: compiled code cannot be kept, so every start takes some seconds longer: give a folder that can "
            "be written to in NUMBA_CACHE_DIR (%s)",
            " ".join(str(cause).split())[:200],
        )
