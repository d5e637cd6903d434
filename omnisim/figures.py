"""Public name of :mod:`omnisim.report.figures`."""

from omnisim.report.figures import *  # noqa: F403
from omnisim.report.figures import __all__ as __all__  # noqa: PLC0414 (says that it is public)
