"""The report of a run: one self-contained HTML page, and its figures for notebooks.

The only part of omnisim that imports plotly.
"""

from omnisim.report.page import write_report

__all__ = ["write_report"]
