"""The command line: parse, call the public surface, print, exit.

The commands are in :mod:`omnisim.commands`; how the process ends, with which exit code, is in :mod:`omnisim.__main__`.
"""

from omnisim.__main__ import main
from omnisim.commands.application import app

__all__ = ["app", "main"]
