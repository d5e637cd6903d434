"""Memory of the machine, against which sizes are checked before anything is allocated, and memory that a process took.

Systems tell it in different ways, all of which are here.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

GIGABYTE = 1_000_000_000

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
"""Linux's account of this process, and the file through which its peak is reset."""


def physical_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not POSIX
        return None


def forget_peak() -> None:
    """Count the peak of this process anew. Only Linux can; elsewhere it stays that of all that the process did."""
    with suppress(OSError):
        _CLEAR.write_text("5", encoding="ascii")


def peak() -> float:
    """The most memory that this process has held at a time, in bytes; 0 where the system does not say."""
    with suppress(OSError, ValueError):
        for line in _STATUS.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024
    if sys.platform == "win32":
        return _windows_peak()
    import resource  # of POSIX

    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(found) if sys.platform == "darwin" else found * 1024.0


class _Counters(ctypes.Structure):
    """``PROCESS_MEMORY_COUNTERS`` of Windows."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        ("peak", ctypes.c_size_t),
        ("others", ctypes.c_size_t * 7),
    )


def _windows_peak() -> float:
    counters = _Counters(size=ctypes.sizeof(_Counters))
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.K32GetProcessMemoryInfo.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32]
        kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size)
    return float(counters.peak)


def shown(size: float) -> str:
    """A number of bytes for people.

    >>> shown(1_234), shown(56_700_000), shown(8e9)
    ('1.23 kB', '56.7 MB', '8 GB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.0f} bytes"
