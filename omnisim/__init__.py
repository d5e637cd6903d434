"""omnisim: a discrete-event multi-agent simulator of predictions as a service.

The public surface is imported on first use, so that ``import omnisim`` and ``omnisim --help`` are fast.

>>> import omnisim
>>> sorted(omnisim.__all__)[:4]
['Analysis', 'Checkpoint', 'Comparison', 'LinearConstraint']
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from omnisim._version import __version__
from omnisim.environment import warn_of_same_name

if TYPE_CHECKING:
    from omnisim import adversaries as adversaries
    from omnisim import batch as batch
    from omnisim import elimination as elimination
    from omnisim import figures as figures
    from omnisim import forecasters as forecasters
    from omnisim import learners as learners
    from omnisim import market as market
    from omnisim import network as network
    from omnisim import testing as testing
    from omnisim.analysis import Analysis as Analysis
    from omnisim.analysis import analyze as analyze
    from omnisim.comparison.comparing import compare as compare
    from omnisim.comparison.comparison import Comparison as Comparison
    from omnisim.comparison.comparison import load_comparison as load_comparison
    from omnisim.errors import OmnisimError as OmnisimError
    from omnisim.market.files import read_prices as read_prices
    from omnisim.problem.constraints import LinearConstraint as LinearConstraint
    from omnisim.problem.mixture import Mixture as Mixture
    from omnisim.problem.money import Money as Money
    from omnisim.problem.population import Population as Population
    from omnisim.problem.subsequences import Rule as Rule
    from omnisim.report import write_report as write_report
    from omnisim.report.comparison.page import write_comparison as write_comparison
    from omnisim.scenario.load import load_scenario as load_scenario
    from omnisim.scenario.scenario import Scenario as Scenario
    from omnisim.simulation.checkpoint import Checkpoint as Checkpoint
    from omnisim.simulation.simulate import simulate as simulate
    from omnisim.trace import Trace as Trace
    from omnisim.trace import load_trace as load_trace

warn_of_same_name(Path(__file__).parents[1])

_HOME = {
    "Analysis": "omnisim.analysis",
    "Checkpoint": "omnisim.simulation.checkpoint",
    "Comparison": "omnisim.comparison.comparison",
    "LinearConstraint": "omnisim.problem.constraints",
    "Mixture": "omnisim.problem.mixture",
    "Money": "omnisim.problem.money",
    "OmnisimError": "omnisim.errors",
    "Population": "omnisim.problem.population",
    "Rule": "omnisim.problem.subsequences",
    "Scenario": "omnisim.scenario.scenario",
    "Trace": "omnisim.trace",
    "analyze": "omnisim.analysis",
    "compare": "omnisim.comparison.comparing",
    "load_comparison": "omnisim.comparison.comparison",
    "load_scenario": "omnisim.scenario.load",
    "load_trace": "omnisim.trace",
    "read_prices": "omnisim.market.files",
    "simulate": "omnisim.simulation.simulate",
    "write_comparison": "omnisim.report.comparison.page",
    "write_report": "omnisim.report",
}
"""Module from which each public name is imported on first use; type checkers read the same above."""

_NAMESPACES = (
    *("adversaries", "batch", "elimination", "figures", "forecasters", "learners", "market", "network", "testing"),
)
"""Modules that are public by their own names; each lists what it offers."""

__all__ = [  # noqa: PLE0604 (the names are strings; ruff cannot see through the unpacking)
    "__version__",
    *_HOME,
    *_NAMESPACES,
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _NAMESPACES:
        value = importlib.import_module(f"omnisim.{name}")
    else:
        raise AttributeError(f"module 'omnisim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
