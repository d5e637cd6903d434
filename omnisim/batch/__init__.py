"""Learning from samples: omniprediction for proper losses and panprediction.

Base predictors f_1..f_m, one per threshold theta_i = (i - 1/2) / m, are put together into one predictor that does
about as well as each of them on its threshold loss, and so on every proper loss (Gibbs and Tibshirani). The functions
here read their answers ``exceeds`` (n, m), ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], and outcomes ``y`` (n,).

Names are imported on first use: some of their modules are slow to import.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnisim.batch.base_predictors import BasePredictors as BasePredictors
    from omnisim.batch.base_predictors import HalfLines as HalfLines
    from omnisim.batch.base_predictors import Selected as Selected
    from omnisim.batch.base_predictors import empirical_minimizers as empirical_minimizers
    from omnisim.batch.base_predictors import finite_minimizers as finite_minimizers
    from omnisim.batch.calibrated_game import CalibratedGame as CalibratedGame
    from omnisim.batch.calibrated_game import two_player_calibrated_multiaccuracy as two_player_calibrated_multiaccuracy
    from omnisim.batch.calma import CalibratedEnsemble as CalibratedEnsemble
    from omnisim.batch.calma import calibrated_multiaccuracy as calibrated_multiaccuracy
    from omnisim.batch.calma import loss_differences as loss_differences
    from omnisim.batch.classifiers import classifier_minimizers as classifier_minimizers
    from omnisim.batch.cross_fitting import cross_fitted as cross_fitted
    from omnisim.batch.estimators import CalibratedMultiaccuracy as CalibratedMultiaccuracy
    from omnisim.batch.estimators import DirectOmnipredictor as DirectOmnipredictor
    from omnisim.batch.estimators import TwoPlayerOmnipredictor as TwoPlayerOmnipredictor
    from omnisim.batch.halfspaces import linear_minimizers as linear_minimizers
    from omnisim.batch.measures import Estimate as Estimate
    from omnisim.batch.measures import calibration_error as calibration_error
    from omnisim.batch.measures import class_omniprediction_error as class_omniprediction_error
    from omnisim.batch.measures import multiaccuracy_error as multiaccuracy_error
    from omnisim.batch.measures import multicalibration_error as multicalibration_error
    from omnisim.batch.measures import omniprediction_error as omniprediction_error
    from omnisim.batch.merging import DirectEnsemble as DirectEnsemble
    from omnisim.batch.merging import direct_ensemble as direct_ensemble
    from omnisim.batch.panprediction import gap_table as gap_table
    from omnisim.batch.panprediction import learn_derandomized as learn_derandomized
    from omnisim.batch.panprediction import learn_deterministic as learn_deterministic
    from omnisim.batch.panprediction import learn_randomized as learn_randomized
    from omnisim.batch.panprediction import step_calibration_error as step_calibration_error
    from omnisim.batch.panprediction.estimator import Panpredictor as Panpredictor
    from omnisim.batch.panprediction.postprocessor import Postprocessor as Postprocessor
    from omnisim.batch.predictor import Omnipredictor as Omnipredictor
    from omnisim.batch.regressors import DirectRegressor as DirectRegressor
    from omnisim.batch.regressors import TwoPlayerRegressor as TwoPlayerRegressor
    from omnisim.batch.scoring import brier_decomposition as brier_decomposition
    from omnisim.batch.scoring import calibration_scorer as calibration_scorer
    from omnisim.batch.scoring import expected_calibration_error as expected_calibration_error
    from omnisim.batch.scoring import group_calibration as group_calibration
    from omnisim.batch.scoring import murphy_difference as murphy_difference
    from omnisim.batch.scoring import omniprediction_gaps as omniprediction_gaps
    from omnisim.batch.scoring import regret_table as regret_table
    from omnisim.batch.scoring import reliability_table as reliability_table
    from omnisim.batch.scoring import step_calibration as step_calibration
    from omnisim.batch.scoring import step_calibration_scorer as step_calibration_scorer
    from omnisim.batch.single_model import BestSingle as BestSingle
    from omnisim.batch.single_model import best_single as best_single
    from omnisim.batch.two_player_game import TwoPlayer as TwoPlayer
    from omnisim.batch.two_player_game import two_player as two_player

_HOME = {
    "BasePredictors": "omnisim.batch.base_predictors",
    "BestSingle": "omnisim.batch.single_model",
    "CalibratedEnsemble": "omnisim.batch.calma",
    "CalibratedGame": "omnisim.batch.calibrated_game",
    "CalibratedMultiaccuracy": "omnisim.batch.estimators",
    "DirectEnsemble": "omnisim.batch.merging",
    "DirectOmnipredictor": "omnisim.batch.estimators",
    "DirectRegressor": "omnisim.batch.regressors",
    "Estimate": "omnisim.batch.measures",
    "HalfLines": "omnisim.batch.base_predictors",
    "Omnipredictor": "omnisim.batch.predictor",
    "Panpredictor": "omnisim.batch.panprediction.estimator",
    "Postprocessor": "omnisim.batch.panprediction.postprocessor",
    "Selected": "omnisim.batch.base_predictors",
    "TwoPlayer": "omnisim.batch.two_player_game",
    "TwoPlayerOmnipredictor": "omnisim.batch.estimators",
    "TwoPlayerRegressor": "omnisim.batch.regressors",
    "best_single": "omnisim.batch.single_model",
    "brier_decomposition": "omnisim.batch.scoring",
    "calibrated_multiaccuracy": "omnisim.batch.calma",
    "calibration_error": "omnisim.batch.measures",
    "calibration_scorer": "omnisim.batch.scoring",
    "class_omniprediction_error": "omnisim.batch.measures",
    "classifier_minimizers": "omnisim.batch.classifiers",
    "cross_fitted": "omnisim.batch.cross_fitting",
    "direct_ensemble": "omnisim.batch.merging",
    "empirical_minimizers": "omnisim.batch.base_predictors",
    "expected_calibration_error": "omnisim.batch.scoring",
    "finite_minimizers": "omnisim.batch.base_predictors",
    "gap_table": "omnisim.batch.panprediction",
    "group_calibration": "omnisim.batch.scoring",
    "learn_derandomized": "omnisim.batch.panprediction",
    "learn_deterministic": "omnisim.batch.panprediction",
    "learn_randomized": "omnisim.batch.panprediction",
    "linear_minimizers": "omnisim.batch.halfspaces",
    "loss_differences": "omnisim.batch.calma",
    "multiaccuracy_error": "omnisim.batch.measures",
    "multicalibration_error": "omnisim.batch.measures",
    "murphy_difference": "omnisim.batch.scoring",
    "omniprediction_error": "omnisim.batch.measures",
    "omniprediction_gaps": "omnisim.batch.scoring",
    "regret_table": "omnisim.batch.scoring",
    "reliability_table": "omnisim.batch.scoring",
    "step_calibration": "omnisim.batch.scoring",
    "step_calibration_error": "omnisim.batch.panprediction",
    "step_calibration_scorer": "omnisim.batch.scoring",
    "two_player": "omnisim.batch.two_player_game",
    "two_player_calibrated_multiaccuracy": "omnisim.batch.calibrated_game",
}
"""Module from which each public name is imported on first use; type checkers read the same above."""

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'omnisim.batch' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
