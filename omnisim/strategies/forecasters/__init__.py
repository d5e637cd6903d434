"""Forecasters: one file per algorithm."""

from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.climatology import Climatology
from omnisim.strategies.forecasters.combination import Combination
from omnisim.strategies.forecasters.conditional_mean import ConditionalMean
from omnisim.strategies.forecasters.decision_calibrated import DecisionCalibrated
from omnisim.strategies.forecasters.omnipredictor import Omnipredictor
from omnisim.strategies.forecasters.persistence import Persistence
from omnisim.strategies.forecasters.published import Published
from omnisim.strategies.forecasters.ridge_autoregression import RidgeAutoregression
from omnisim.strategies.forecasters.selection import Selection
from omnisim.strategies.forecasters.step_calibrated import StepCalibrated

__all__ = [
    "Climatology",
    "Combination",
    "ConditionalMean",
    "DecisionCalibrated",
    "Forecaster",
    "Omnipredictor",
    "Persistence",
    "Published",
    "RidgeAutoregression",
    "Selection",
    "StepCalibrated",
]
