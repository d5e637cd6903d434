"""Messages between the participants of a round.

A *cohort* is one population, or several that are decided together: P populations with R rows in all, one for each
agent, population by population.
"""

from dataclasses import dataclass

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture


@dataclass(frozen=True, slots=True)
class Notice:
    """World to all: the context of the round."""

    context: Context


@dataclass(frozen=True, slots=True)
class Registration:
    """Cohort to world and forecasters: the actions (R, A) its agents will choose from in round ``round``."""

    cohort: str
    round: int
    candidates: BoolArray


@dataclass(frozen=True, slots=True)
class Commitment:
    """Forecaster to world: the mixture from which the prediction will be sampled, and what its weights give away."""

    mixture: Mixture
    gain_gradient: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecaster to world and populations: the prediction (d,) sampled for round ``round``."""

    forecaster: str
    round: int
    prediction: FloatArray


@dataclass(frozen=True, slots=True)
class Actions:
    """Cohort to world: what its agents want to do in round ``round``, (R,); ``acting`` (P,) of its populations do.

    ``acting`` is None where all do.
    """

    cohort: str
    round: int
    actions: IntArray
    acting: BoolArray | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """World to all: what happened in round ``round``, (d,), and what it was before it was clipped to [0, 1]^d."""

    round: int
    outcome: FloatArray
    unclipped: FloatArray
