"""Reproducibility of a run that is computed again, and the record of the machine and versions behind its numbers.

What a run adds up and exponentiates itself does not depend on the processor (:mod:`omnisim.products`,
:mod:`omnisim.elementary`). What may: fused multiplications of the weights of a calibrated forecaster, where a processor
has none; the C library; the linear programs of HiGHS; the linear algebra inside scikit-learn's learners; and the tables
of an analysis, whose sums are left to the linear algebra library.
"""

import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from omnisim._version import __version__

TOLERANCE = 1e-12
"""Most that numbers of runs on two processors differ by; times the largest number of the array, if that is above 1."""

PROMISE = (
    "On one machine with one set of versions, a scenario and a seed give the same bytes, whatever the number of"
    " workers, shards and threads, the hash seed, the order in which processes start, and a network that delays and"
    " loses nothing. On another processor, or with other versions of libraries that draw the same random numbers,"
    " decisions are the same and recorded numbers agree to 1e-12 (of the largest in their array, where that is above"
    " 1), as long as nothing is decided within rounding, such as between two actions that tie, by a cost of 0, or by a"
    " minimax step with several solutions: from that round on, runs may part."
)
"""Promise of reproducibility, as in docs/reproducibility.md and the docstring of :func:`omnisim.simulate`; tested."""

_PACKAGES = ("numpy", "scipy", "numba", "pandas", "simpy", "highspy", "scikit-learn", "plotly")


@cache
def versions() -> dict[str, str]:
    """Versions of Python, omnisim and the packages that numbers depend on."""
    found = {"python": platform.python_version(), "omnisim-lab": __version__}
    return found | {package: metadata.version(package) for package in _PACKAGES}


@cache
def machine() -> dict[str, Any]:
    """The processor, and the libraries that choose their instructions by it.

    Keys: ``processor`` (its name), ``architecture``, ``numba_target`` (what loops are compiled for), ``c_library``, and
    ``blas``, a list with ``library``, ``version``, ``kernel`` and ``threading_layer`` of each linear algebra library in
    use, as threadpoolctl reports them at the first call.
    """
    from llvmlite import binding
    from numba.core import config
    from scipy import linalg  # noqa: F401 (scipy has a linear algebra library of its own, which this loads)

    from omnisim.threads import pools_of_threads

    keys = {"library": "internal_api", "version": "version", "kernel": "architecture"}
    libraries = [
        {**{ours: pool.get(theirs) for ours, theirs in keys.items()}, "threading_layer": pool.get("threading_layer")}
        for pool in pools_of_threads()
        if pool.get("user_api") == "blas"
    ]
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "numba_target": getattr(config, "CPU_NAME", None) or binding.get_host_cpu_name(),
        "c_library": " ".join(platform.libc_ver()).strip() or platform.platform(terse=True),
        "blas": sorted(libraries, key=str),
    }


def _processor() -> str:
    """Name of the processor as the system tells it."""
    system = platform.system()
    if system == "Linux":
        try:
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        named = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model", "cpu\t")))
        return next(filter(None, named), platform.processor() or "unknown")
    if system == "Darwin":
        with suppress(OSError):
            asked = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
            )
            return asked.stdout.strip() or "unknown"
    return platform.processor() or "unknown"
