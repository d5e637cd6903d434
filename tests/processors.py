"""Other processors, as far as this one can pass for them: through variables that libraries read when they are loaded.

As a script it prints the kernels of OpenBLAS to run the golden tests with, one to a line; with ``--why``, why there may
be none.
"""

import platform
import sys
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

KERNELS = {
    "Nehalem": {"sse4_2"},
    "Haswell": {"avx2", "fma"},
    "SkylakeX": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
}
"""Kernels of OpenBLAS for x86-64, by age, and what a processor of any make needs to run them, as Linux calls it."""

WHY_NONE = "OPENBLAS_CORETYPE means something on Linux on x86-64 only, and where numpy is built on OpenBLAS"


@cache
def kernels() -> tuple[str, ...]:
    """Those that this processor runs; none where the variable ``OPENBLAS_CORETYPE`` means nothing."""
    openblas = any(pool["internal_api"] == "openblas" for pool in threadpool_info())
    if not openblas or platform.system() != "Linux" or platform.machine() not in ("x86_64", "AMD64"):
        return ()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = set(next(line for line in lines if line.startswith("flags")).split())
    return tuple(kernel for kernel, needed in KERNELS.items() if needed <= flags)


def narrow_registers() -> dict[str, str]:
    """Variables with which numpy takes none but the oldest instructions it was built for."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(found)} if found else {}


OF_2013 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}
"""Variables with which loops are compiled for the first processors that multiply and add in one step."""

OF_2008 = {
    "NUMBA_CPU_NAME": "nehalem",
    "NUMBA_CPU_FEATURES": "",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA4,-AVX512F",
}
"""Variables with which neither compiled loops nor the functions of the C library do so."""

if __name__ == "__main__":
    print(WHY_NONE if sys.argv[1:] == ["--why"] else "\n".join(kernels()))  # noqa: T201
