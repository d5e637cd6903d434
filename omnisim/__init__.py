"""omnisim: a discrete-event multi-agent simulator of predictions as a service.

The public surface is imported on first use, so that ``import omnisim`` and ``omnisim --help`` are fast.

>>> import omnisim
>>> sorted(omnisim.__all__)[:4]
['Analysis', 'Checkpoint', 'Comparison', 'LinearConstraint']
"""

from pathlib import Path

import lazy_loader

from omnisim.environment import warn_of_same_name

warn_of_same_name(Path(__file__).parents[1])

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names are in __init__.pyi
