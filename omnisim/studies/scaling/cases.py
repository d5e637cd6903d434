"""One run of the scaling study: which, and what is measured on it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from omnisim.analysis import analyze
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.simulate import simulate
from omnisim.strategies import adversaries, elimination, forecasters, learners
from omnisim.strategies.forecasters import Forecaster
from omnisim.strategies.policy import Policy
from omnisim.studies.scaling import instances

FORECASTERS: Mapping[str, Callable[[], Forecaster]] = {
    "Persistence": forecasters.Persistence,
    "Climatology": forecasters.Climatology,
    "RidgeAutoregression": lambda: forecasters.RidgeAutoregression(window=256, refit_every=64),
    "ConditionalMean": forecasters.ConditionalMean,
    "DecisionCalibrated": forecasters.DecisionCalibrated,
    "DecisionCalibrated on Persistence": lambda: forecasters.DecisionCalibrated([forecasters.Persistence()]),
}
FOOLED = ("Persistence", "Climatology", "RidgeAutoregression")
CALIBRATED = ("DecisionCalibrated", "DecisionCalibrated on Persistence")

RULES: Mapping[str, Callable[[], Policy]] = {
    "Algorithm 1": elimination.FirstViolation,
    "Algorithm 2": elimination.CumulativeThreshold,
    "Algorithm 3": elimination.SubsequenceFirstViolation,
    "Algorithm 4": elimination.SubsequenceThreshold,
    "Algorithm 2 per subsequence": elimination.PerSubsequenceThreshold,
    "Hedge": learners.Hedge,
    "Sinha-Vaze": learners.SinhaVaze,
    "drift plus penalty": learners.DriftPlusPenalty,
}

_VIOLATION_THEOREMS = ("Theorem 1", "Theorem 2", "Theorem 5", "Theorem 6")
_REGRET_COROLLARIES = ("Corollary 2", "Corollary 5", "Corollary 7", "Corollary 9")


@dataclass(frozen=True)
class Case:
    """A run; ``part`` says for which part of the study. ``adversary`` is also ``"Masking"``.

    ``seed`` is of the run and of the population.
    """

    part: str
    rounds: int
    rule: str
    adversary: str
    forecaster: str
    replicate: int
    seed: int
    agents: int = 5
    actions: int = 6
    dimension: int = 1
    subsequences: int = 3
    lift: float = 0.0

    def scenario(self) -> Scenario:
        """Build the scenario of the case."""
        if self.adversary == "Masking":
            masking = adversaries.Masking()
            return Scenario(
                populations=[masking.population()],
                adversary=masking,
                forecaster=FORECASTERS[self.forecaster](),
                elimination=RULES[self.rule](),
                subsequences=masking.subsequences(self.rounds),
                rounds=self.rounds,
            )
        return Scenario(
            populations=[instances.population(self.seed, self.agents, self.actions, self.dimension, self.lift)],
            adversary=instances.adversary(self.adversary, self.dimension),
            forecaster=FORECASTERS[self.forecaster](),
            elimination=RULES[self.rule](),
            subsequences=instances.subsequences(self.rounds, self.subsequences),
            rounds=self.rounds,
        )


def measure(case: Case) -> list[dict[str, Any]]:
    """One row per subsequence: the case, and the largest regret and violation over its agents.

    Beside the columns of the case: subsequence, length (its rounds), swap_regret, external_regret, ccv, ccv_positive
    (largest over agents), mean_swap_regret (mean over agents), violation_bound and regret_bound (of the theorems that
    apply, else NaN), certificates (on the whole run) and violated (how many of them).
    """
    trace = simulate(case.scenario(), seed=case.seed)
    analysis = analyze(trace)
    certificates = analysis.certificates
    rows = []
    for name, group in analysis.agents.groupby("subsequence", sort=False):
        here = certificates[certificates["subsequence"].isin([name, "every round"] if name == "all" else [name])]
        rows.append(
            {
                **asdict(case),
                "subsequence": str(name),
                "length": int(group["rounds"].iloc[0]),
                "swap_regret": _largest(group["swap_regret"]),
                "mean_swap_regret": float(group["swap_regret"].mean()),
                "external_regret": _largest(group["external_regret"]),
                "ccv": float(group["ccv"].max()),
                "ccv_positive": float(group["ccv_positive"].max()),
                "violation_bound": _largest(here[here["theorem"].isin(_VIOLATION_THEOREMS)]["bound"]),
                "regret_bound": _largest(here[here["theorem"].isin(_REGRET_COROLLARIES)]["bound"]),
                "certificates": len(certificates),
                "violated": int((~certificates["holds"].astype(bool)).sum()),
            }
        )
    return rows


def _largest(values: Any) -> float:
    array = np.asarray(values, dtype=np.float64)
    known = array[np.isfinite(array)]
    return float(known.max()) if len(known) else float("nan")
