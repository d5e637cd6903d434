"""A worker leaves with the process that started it, even when that one is killed and can say nothing."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time

_SET_PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux's ``prctl``."""

_SYNCHRONIZE = 0x00100000
"""The right of Windows to wait for a process."""

_GLANCE = 0.5
"""Seconds between two looks at the parent."""


def begin(parent: int) -> None:
    """Make this process a worker of the process ``parent``; called once, before anything else.

    On Linux the kernel ends it in the same moment. Elsewhere, and where the kernel could not, a thread watches.
    """
    leave_to_parent()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_leave_after, args=(parent,), name="omnisim-parent", daemon=True).start()


def leave_to_parent() -> None:
    """Leave signals to the parent, and do not say again what it has said, such as that compiled code cannot be kept.

    A terminal or a service manager sends them to all processes at once; the parent ends its workers.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logging.getLogger("omnisim").setLevel(logging.ERROR)


def _leave_after(parent: int) -> None:
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.WaitForSingleObject.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, parent)
        if handle:
            kernel.WaitForSingleObject(handle, 0xFFFFFFFF)
    else:
        # An orphan is adopted by another process. The first look also finds a parent that died before the kernel
        # was told.
        while os.getppid() == parent:
            time.sleep(_GLANCE)
    os._exit(1)
