"""Public name of :mod:`omnisim.strategies.elimination`."""

from omnisim.strategies.elimination import *  # noqa: F403
from omnisim.strategies.elimination import __all__ as __all__  # noqa: PLC0414 (says that it is public)
