"""Measures of a run, computed from its record; never imports the simulation."""

from omnisim.analysis.analysis import Analysis, analyze

__all__ = ["Analysis", "analyze"]
