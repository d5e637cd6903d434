"""The figures of the report, one function each; they return plotly figures and can be used in notebooks.

.. code-block:: python

    import omnisim
    omnisim.figures.regrets(analysis).show()

Each figure carries its heading as ``layout.title`` and, in ``layout.meta``, a ``caption`` and an ``alt`` text
that says with numbers what the figure shows.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

import pandas as pd

from omnisim.analysis import Analysis
from omnisim.errors import ProblemError
from omnisim.refusing import among, one_of
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
from omnisim.signatures import check_values

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

_Given = ParamSpec("_Given")
_Drawn = TypeVar("_Drawn")


_FIRST = {
    "analysis": (Analysis, "an Analysis, from analyze"),
    "table": (pd.DataFrame, "a data frame, from omnisim.batch"),
}
"""First parameters of figures: their types, and what would be right."""

_FEWEST_POINTS = 2
"""Points of a course: its first and its last round."""


def _checked(figure: Callable[_Given, _Drawn]) -> Callable[_Given, _Drawn]:
    """The figure, which refuses in one line what is no analysis or table, and populations that are not in the run."""
    called = signature(figure)
    first = next(iter(called.parameters))
    kind, wanted = _FIRST[first]

    @wraps(figure)
    def drawn(*args: _Given.args, **kwargs: _Given.kwargs) -> _Drawn:
        try:
            given = called.bind_partial(*args, **kwargs).arguments
        except TypeError:
            given = {}
        if first not in given:
            return figure(*args, **kwargs)  # Python says what is wrong with the call
        one_of(f"{first} of {figure.__name__}", given[first], kind, wanted, ProblemError)
        check_values(figure, given, ProblemError)
        if "population" in given:
            among(f"population of {figure.__name__}", given["population"], given[first].measures, ProblemError)
            people = given[first].measures[given["population"]].population.agents
            if not 0 <= given.get("agent", 0) < people:
                raise ProblemError(f"agent of {figure.__name__} must be from 0 to {people - 1}, got {given['agent']}")
        if given.get("most_points", _FEWEST_POINTS) < _FEWEST_POINTS:
            told = f"got {given['most_points']}"
            raise ProblemError(f"most_points of {figure.__name__} must be >= {_FEWEST_POINTS}, {told}")
        return figure(*args, **kwargs)

    return drawn


# Where people ask for them, in one place for all.
globals().update({name: _checked(globals()[name]) for name in __all__})
