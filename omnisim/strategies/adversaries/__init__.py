"""Adversaries: what the market does. One file per algorithm."""

from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.adversaries.demand_response import DemandResponse
from omnisim.strategies.adversaries.independent import Independent
from omnisim.strategies.adversaries.mannor import Mannor
from omnisim.strategies.adversaries.masking import Masking
from omnisim.strategies.adversaries.outcome_stream import OutcomeStream
from omnisim.strategies.adversaries.replay import Replay
from omnisim.strategies.adversaries.seasonal import Seasonal
from omnisim.strategies.adversaries.switching import Switching
from omnisim.strategies.adversaries.worst_case import WorstCase

__all__ = [
    "Adversary",
    "DemandResponse",
    "Independent",
    "Mannor",
    "Masking",
    "OutcomeStream",
    "Replay",
    "Seasonal",
    "Switching",
    "WorstCase",
]
