"""Public name of :mod:`omnisim.strategies.adversaries`."""

from omnisim.strategies.adversaries import *  # noqa: F403
from omnisim.strategies.adversaries import __all__ as __all__  # noqa: PLC0414 (says that it is public)
