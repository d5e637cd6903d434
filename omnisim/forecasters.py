"""Public name of :mod:`omnisim.strategies.forecasters`."""

from omnisim.strategies.forecasters import *  # noqa: F403
from omnisim.strategies.forecasters import __all__ as __all__  # noqa: PLC0414 (says that it is public)
