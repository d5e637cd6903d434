"""The pages of runs, studies and comparisons, each one self-contained HTML file, and their figures for notebooks.

The only part of omnisim that imports plotly. What draws is imported on first use: the terminal shares the texts.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omnisim.report.run.page import write_report as write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'omnisim.report' has no attribute {name!r}")
    from omnisim.report.run.page import write_report

    return write_report
