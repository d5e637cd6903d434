"""Elimination rules: which actions an agent still considers. One file per idea."""

from omnisim.strategies.base import Elimination
from omnisim.strategies.elimination.best_response import BestResponse
from omnisim.strategies.elimination.first_violation import FirstViolation, SubsequenceFirstViolation

__all__ = ["BestResponse", "Elimination", "FirstViolation", "SubsequenceFirstViolation"]
