"""Adversaries: what the market does. One file per algorithm."""

from omnisim.strategies.adversaries.independent import Independent
from omnisim.strategies.adversaries.replay import Replay
from omnisim.strategies.adversaries.seasonal import Seasonal
from omnisim.strategies.base import Adversary

__all__ = ["Adversary", "Independent", "Replay", "Seasonal"]
