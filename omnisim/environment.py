"""Settings of the environment that libraries trip over, said in words before they do."""

import importlib
import os
import re
import warnings

from omnisim.errors import OmnisimError, one_line

_THREADS, _NO_COMPILER = "NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT"
_NUMBA = "NUMBA_"
_NAMED = re.compile(rf"'({_NUMBA}\w+)'")


def check_environment() -> None:
    """Refuse settings with which numba cannot be used.

    Raises
    ------
    OmnisimError
        Naming the variable.
    """
    threads = os.environ.get(_THREADS, "").strip()
    if threads.lstrip("+-").isdigit() and int(threads) < 1:
        raise OmnisimError(f"the environment has {_THREADS}={threads}: it must be a whole number >= 1, or not be set")
    off = os.environ.get(_NO_COMPILER, "").strip()
    if off.isdigit() and int(off) != 0:
        raise OmnisimError(f"the environment has {_NO_COMPILER}={off}: omnisim needs numba's compiler; unset it")
    if any(name.startswith(_NUMBA) for name in os.environ):
        _check_with_numba()


def _check_with_numba() -> None:
    """Have numba read its variables, of which there are many: what it cannot read it tells with a traceback each."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            importlib.import_module("numba.core.config")
        except Exception as cause:
            raise OmnisimError(f"numba cannot be used with its variables in the environment: {one_line(cause)}") from cause
    for warning in told:
        named = _NAMED.search(str(warning.message))
        if named and named[1] in os.environ:
            value = os.environ[named[1]]
            raise OmnisimError(f"the environment has {named[1]}={value!r}, which numba cannot read; mend it or unset it")
