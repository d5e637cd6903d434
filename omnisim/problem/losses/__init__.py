"""Losses of predictions: the weighted 0-1 family, proper losses as its mixtures, tables of losses of actions."""

from omnisim.problem.losses.families import BetaLoss, LogLoss, SquaredLoss, induced_loss
from omnisim.problem.losses.murphy import murphy_curve
from omnisim.problem.losses.proper import (
    ProperLoss,
    ThresholdMixture,
    is_proper,
    propriety_violation,
    threshold_mixture,
    weighted_zero_one,
)
from omnisim.problem.losses.tables import LossTable
from omnisim.problem.losses.targets import Mean, Probability, Quantile, Target
from omnisim.problem.losses.thresholds import grid_level, prediction_grid, threshold_loss, thresholds

__all__ = [
    "BetaLoss",
    "LogLoss",
    "LossTable",
    "Mean",
    "Probability",
    "ProperLoss",
    "Quantile",
    "SquaredLoss",
    "Target",
    "ThresholdMixture",
    "grid_level",
    "induced_loss",
    "is_proper",
    "murphy_curve",
    "prediction_grid",
    "propriety_violation",
    "threshold_loss",
    "threshold_mixture",
    "thresholds",
    "weighted_zero_one",
]
