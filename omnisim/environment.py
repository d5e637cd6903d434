"""Settings of the environment that libraries trip over, said in words before they do."""

import os

from omnisim.errors import OmnisimError

_THREADS, _NO_COMPILER = "NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT"


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
