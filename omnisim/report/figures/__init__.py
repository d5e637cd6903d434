"""The figures of the report, one function each; they return plotly figures and can be used in notebooks.

.. code-block:: python

    import omnisim
    omnisim.figures.regrets(analysis).show()

Each figure carries its heading as ``layout.title`` and, in ``layout.meta``, a ``caption`` and an ``alt`` text
that says with numbers what the figure shows.
"""

from omnisim.report.figures.actions import energies, plays, schedules
from omnisim.report.figures.agent import agent_course
from omnisim.report.figures.calibration import bias_bounds, potential_course
from omnisim.report.figures.certificates import certificate_ratios
from omnisim.report.figures.distributions import regrets, violations
from omnisim.report.figures.elimination import elimination_map, eliminations
from omnisim.report.figures.forecasts import errors_by_subsequence, forecast_errors, prices
from omnisim.report.figures.growth import growth_curves
from omnisim.report.figures.money import money_course, months
from omnisim.report.figures.network import information_age, message_fates, network_map, timeline
from omnisim.report.figures.probabilities import murphy_diagram, regret_map, reliability_diagram

__all__ = [
    "agent_course",
    "bias_bounds",
    "certificate_ratios",
    "elimination_map",
    "eliminations",
    "energies",
    "errors_by_subsequence",
    "forecast_errors",
    "growth_curves",
    "information_age",
    "message_fates",
    "money_course",
    "months",
    "murphy_diagram",
    "network_map",
    "plays",
    "potential_course",
    "prices",
    "regret_map",
    "regrets",
    "reliability_diagram",
    "schedules",
    "timeline",
    "violations",
]
