"""How much memory the machine has, against which sizes are held before anything is allocated."""

import os

GIGABYTE = 1_000_000_000


def physical_memory() -> int | None:
    """Bytes of memory of this machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not POSIX
        return None


def shown(size: float) -> str:
    """A number of bytes for people.

    >>> shown(1_234), shown(56_700_000), shown(8e9)
    ('1.23 kB', '56.7 MB', '8 GB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.0f} bytes"
