"""What the parties say to each other in a round."""

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
    """Population to world and forecaster: the actions (N, A) it will choose from."""

    population: str
    candidates: BoolArray


@dataclass(frozen=True, slots=True)
class Commitment:
    """Forecaster to world: the mixture from which the prediction will be sampled, and what its weights give away."""

    mixture: Mixture
    exposure: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecaster to world and populations: the prediction (d,) sampled."""

    prediction: FloatArray


@dataclass(frozen=True, slots=True)
class Actions:
    """Population to world: what its agents do, (N,)."""

    population: str
    actions: IntArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """World to all: what happened, (d,)."""

    outcome: FloatArray
