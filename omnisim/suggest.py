"""The end of an error message about an unknown name: what was probably meant, and what is available."""

import difflib
from collections.abc import Iterable

_SHOWN = 15


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, in any case of letters, or None if nothing comes close.

    >>> closest("europe/olso", ["Europe/Oslo", "Asia/Tokyo"])
    'Europe/Oslo'
    """
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    close = difflib.get_close_matches(name.strip().lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[close[0]] if close else None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``": did you mean 'x'? available: ..."`` for a name that is not among ``known``.

    >>> nearest("pirce", ["price", "load"])
    ": did you mean 'price'? available: price, load"
    >>> nearest("zzz", [])
    ': available: none'
    """
    names = list(known)
    hint = closest(name, names)
    question = f"did you mean {hint!r}? " if hint else ""
    listed = ", ".join(names[:_SHOWN]) + (f", ... ({len(names)} in all)" if len(names) > _SHOWN else "")
    return f": {question}available: {listed or 'none'}"
