"""The pages of runs, studies and comparisons, each one self-contained HTML file, and their figures for notebooks.

The only part of omnisim that imports plotly.
"""

from omnisim.report.run.page import write_report

__all__ = ["write_report"]
