"""From the record of a run to numbers; never imports the simulation."""

from omnisim.analysis.analysis import Analysis, analyze

__all__ = ["Analysis", "analyze"]
