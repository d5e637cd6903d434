"""Learners in action space: policies that draw their own action and ignore forecasts. One file per algorithm."""

from omnisim.strategies.learners.base import Learner
from omnisim.strategies.learners.blum_mansour import BlumMansour
from omnisim.strategies.learners.drift_plus_penalty import DriftPlusPenalty
from omnisim.strategies.learners.hedge import Hedge
from omnisim.strategies.learners.sinha_vaze import SinhaVaze

__all__ = ["BlumMansour", "DriftPlusPenalty", "Hedge", "Learner", "SinhaVaze"]
