"""The end of an error message about an unknown name: what was probably meant, and what there is."""

import difflib
from collections.abc import Iterable

_SHOWN = 12


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``": did you mean 'x'? There is: ..."`` for a name that is not among ``known``.

    >>> nearest("pirce", ["price", "load"])
    ": did you mean 'price'? There is: price, load"
    >>> nearest("zzz", [])
    ': there is none'
    """
    names = list(known)
    if not names:
        return ": there is none"
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    listed = ", ".join(names[:_SHOWN]) + (f", ... ({len(names)} in all)" if len(names) > _SHOWN else "")
    return f": {guess}There is: {listed}"
