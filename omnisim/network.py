"""Public names of :mod:`omnisim.problem.network`, :mod:`omnisim.problem.delays` and :mod:`omnisim.problem.churn`."""

from omnisim.problem.churn import Churn, PresenceInterval
from omnisim.problem.delays import Constant, Delay, Exponential, LogNormal, Uniform
from omnisim.problem.network import Channel, GraphML, Network, SmallWorld, Star, Tree

__all__ = [
    "Channel",
    "Churn",
    "Constant",
    "Delay",
    "Exponential",
    "GraphML",
    "LogNormal",
    "Network",
    "PresenceInterval",
    "SmallWorld",
    "Star",
    "Tree",
    "Uniform",
]
