"""Public name of :mod:`omnisim.strategies.learners`."""

from omnisim.strategies.learners import *  # noqa: F403
from omnisim.strategies.learners import __all__ as __all__  # noqa: PLC0414 (says that it is public)
