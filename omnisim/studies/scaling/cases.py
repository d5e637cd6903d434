"""The runs of the scaling study, in full and in quick, and what is measured on one.

Every run is independent of the others: at each number of rounds T the thresholds and the budgets of the forecaster are
those of T, so nothing is read off the beginning of a longer run. Replicate r of a study with seed s runs with seed
1000 s + r, which also draws its population.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from omnisim.analysis import analyze
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.simulate import simulate
from omnisim.strategies import adversaries, elimination, forecasters, learners
from omnisim.strategies.forecasters import Forecaster
from omnisim.strategies.policy import Policy
from omnisim.studies import Options
from omnisim.studies.scaling import instances
from omnisim.studies.scaling.instances import ADVERSARIES, TEMPTING

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

ALGORITHMS = ("Algorithm 1", "Algorithm 2", "Algorithm 3", "Algorithm 4")
LEARNERS = ("Hedge", "Sinha-Vaze", "drift plus penalty")

SIZES = ("actions", "subsequences", "agents", "dimension")
"""Quantities that are varied beside the rounds, by the names of the fields of a case."""


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


@dataclass(frozen=True)
class Plan:
    """Numbers of replicates by number of rounds, per part of the study, and the sizes of the other panels.

    The part on regret has the ladder ``beside`` for forecasters that are there for comparison, and ``independent`` for
    all of them where no theorem is at stake.
    """

    regret: Mapping[int, int]
    beside: Mapping[int, int]
    independent: Mapping[int, int]
    rules: Mapping[int, int]
    violation: Mapping[int, int]
    masking: Mapping[int, int]
    learners: Mapping[int, int]
    sizes: Mapping[str, tuple[int, ...]]
    sizes_rounds: int
    sizes_replicates: int
    agents: int


def _ladder(replicates: Mapping[int, int]) -> dict[int, int]:
    return {2**exponent: number for exponent, number in replicates.items()}


_TEN, _FIVE = dict.fromkeys(range(8, 13), 10), dict.fromkeys(range(8, 13), 5)

FULL = Plan(
    regret=_ladder(_TEN | {14: 3, 16: 3}),
    beside=_ladder(_TEN | {14: 3}),
    independent=_ladder(_FIVE),
    rules=_ladder(dict.fromkeys(range(8, 12), 2)),
    violation=_ladder(_TEN | {14: 3, 16: 2}),
    masking=_ladder(dict.fromkeys((8, 10, 12, 14, 16), 1)),
    learners=_ladder(_FIVE | {14: 3}),
    sizes={"actions": (4, 8, 16), "subsequences": (1, 2, 4, 8), "agents": (5, 20, 80), "dimension": (1, 2, 4)},
    sizes_rounds=2**10,
    sizes_replicates=5,
    agents=5,
)
_TINY = dict.fromkeys(range(6, 9), 3)
QUICK = Plan(
    regret=_ladder(_TINY),
    beside=_ladder({6: 2, 7: 2}),
    independent=_ladder({6: 1, 7: 1}),
    rules=_ladder({6: 1, 7: 1}),
    violation=_ladder(dict.fromkeys(range(6, 9), 2)),
    masking=_ladder(dict.fromkeys(range(6, 9), 1)),
    learners=_ladder({6: 2, 7: 2}),
    sizes={"actions": (4, 6), "subsequences": (1, 2), "agents": (2, 4), "dimension": (1, 2)},
    sizes_rounds=2**5,
    sizes_replicates=1,
    agents=3,
)


def cases(plan: Plan, options: Options) -> list[Case]:
    """All runs of the study."""
    return [
        replace(case, seed=1000 * options.seed + case.replicate)
        for part in (_regret, _rules, _violation, _masking, _learners, _sizes)
        for case in part(plan)
    ]


def forecasters_against(adversary: str) -> list[str]:
    """Forecasters that can play against it: ConditionalMean needs a law that depends on nobody."""
    return [name for name in FORECASTERS if name != "ConditionalMean" or adversary != "WorstCase"]


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


_VIOLATION_THEOREMS = ("Theorem 1", "Theorem 2", "Theorem 5", "Theorem 6")
_REGRET_COROLLARIES = ("Corollary 2", "Corollary 5", "Corollary 7", "Corollary 9")


def _replicated(plan: Plan, part: str, ladder: Mapping[int, int], **fields: Any) -> Iterator[Case]:
    given: dict[str, Any] = {"agents": plan.agents, **fields}
    for rounds, replicates in ladder.items():
        for r in range(replicates):
            yield Case(part=part, rounds=rounds, replicate=r, seed=r, **given)


def _regret(plan: Plan) -> Iterator[Case]:
    for adversary in ADVERSARIES:
        for name in forecasters_against(adversary):
            ladder = plan.beside if name in ("ConditionalMean", CALIBRATED[1]) else plan.regret
            if adversary == "Independent":
                ladder = plan.independent
            fields = {"rule": "Algorithm 3", "adversary": adversary, "forecaster": name}
            yield from _replicated(plan, "regret", ladder, **fields)


def _rules(plan: Plan) -> Iterator[Case]:
    for rule in ALGORITHMS:
        for adversary in ADVERSARIES if rule != "Algorithm 3" else ():  # which is the part on regret
            for name in forecasters_against(adversary):
                fields = {"rule": rule, "adversary": adversary, "forecaster": name}
                yield from _replicated(plan, "rules", plan.rules, **fields)


def _violation(plan: Plan) -> Iterator[Case]:
    for rule in ALGORITHMS:
        for adversary in ("Independent", "WorstCase"):
            fields = {"rule": rule, "adversary": adversary, "forecaster": "Climatology", "lift": TEMPTING}
            yield from _replicated(plan, "violation", plan.violation, **fields)


def _masking(plan: Plan) -> Iterator[Case]:
    fields = {"adversary": "Masking", "forecaster": "Climatology", "agents": 1, "actions": 2, "subsequences": 2}
    for rule in ("Algorithm 2 per subsequence", "Algorithm 4"):
        yield from _replicated(plan, "masking", plan.masking, rule=rule, **fields)


def _learners(plan: Plan) -> Iterator[Case]:
    fields = {"adversary": "Independent", "subsequences": 1, "lift": TEMPTING}
    for rule in (*ALGORITHMS[:2], *LEARNERS):
        name = "Climatology" if rule in LEARNERS else CALIBRATED[0]
        yield from _replicated(plan, "learners", plan.learners, rule=rule, forecaster=name, **fields)


def _sizes(plan: Plan) -> Iterator[Case]:
    ladder = {plan.sizes_rounds: plan.sizes_replicates}
    regret = {"rule": "Algorithm 3", "adversary": "WorstCase"}
    violation = {"adversary": "Independent", "forecaster": "Climatology", "lift": TEMPTING}
    for name, values in plan.sizes.items():
        for size in ({name: value} for value in values):
            for forecaster in ("Persistence", CALIBRATED[0]):
                yield from _replicated(plan, f"{name}: regret", ladder, forecaster=forecaster, **regret, **size)
            for rule in ALGORITHMS:
                yield from _replicated(plan, f"{name}: violation", ladder, rule=rule, **violation, **size)
