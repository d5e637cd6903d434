"""Elimination rules: which actions an agent still considers. One file per idea."""

from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.elimination.best_response import BestResponse
from omnisim.strategies.elimination.cumulative_threshold import CumulativeThreshold
from omnisim.strategies.elimination.first_violation import FirstViolation, SubsequenceFirstViolation
from omnisim.strategies.elimination.per_subsequence_threshold import PerSubsequenceThreshold
from omnisim.strategies.elimination.subsequence_threshold import SubsequenceThreshold

__all__ = [
    "BestResponse",
    "CumulativeThreshold",
    "Elimination",
    "FirstViolation",
    "PerSubsequenceThreshold",
    "SubsequenceFirstViolation",
    "SubsequenceThreshold",
]
