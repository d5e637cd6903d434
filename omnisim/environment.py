"""Settings and installations that omnisim or its libraries would trip over, said in words before they do."""

import importlib
import os
import re
import warnings
from pathlib import Path

from omnisim.errors import OmnisimError, one_line

_THREADS, _NO_COMPILER = "NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT"
_NUMBA = "NUMBA_"
_NAMED = re.compile(rf"'({_NUMBA}\w+)'")


_OTHERS = re.compile(r"omnisim-[^-]+(-py[\d.]+)?\.(dist|egg)-info")
"""The folder in which an installer notes the distribution called omnisim; that of ours begins with ``omnisim_lab``."""


def warn_of_same_name(folder: Path) -> None:
    """Warn if the distribution called omnisim, which is another project, is installed into the folder of our package.

    Both have a module ``omnisim``: what is there is a mixture of two, and uninstalling one removes files of the other.
    """
    try:
        found = [name for name in os.listdir(folder) if _OTHERS.fullmatch(name)]  # noqa: PTH208 (each import pays)
    except OSError:
        return
    if found:
        warnings.warn(
            f"{found[0]} in {folder} is of another project, whose module is called omnisim too: "
            "pip uninstall omnisim omnisim-lab, then pip install omnisim-lab",
            stacklevel=2,
        )


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
            raise OmnisimError(
                f"numba cannot be used with its variables in the environment: {one_line(cause)}"
            ) from cause
    for warning in told:
        named = _NAMED.search(str(warning.message))
        if named and named[1] in os.environ:
            value = os.environ[named[1]]
            raise OmnisimError(
                f"the environment has {named[1]}={value!r}, which numba cannot read; mend it or unset it"
            )
