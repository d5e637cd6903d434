"""Runs of the scaling study, in full and in quick.

Every run is independent of the others: at each number of rounds T the thresholds and the budgets of the forecaster are
those of T, so nothing is read off the beginning of a longer run. Replicate r of a study with seed s runs with seed
1000 s + r, which also draws its population.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from omnisim.studies.scaling.cases import CALIBRATED, FORECASTERS, Case
from omnisim.studies.scaling.instances import ADVERSARIES, TEMPTING

ALGORITHMS = ("Algorithm 1", "Algorithm 2", "Algorithm 3", "Algorithm 4")
LEARNERS = ("Hedge", "Sinha-Vaze", "drift plus penalty")

SIZES = ("actions", "subsequences", "agents", "dimension")
"""Quantities that are varied beside the rounds, by the names of the fields of a case."""


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


def cases(plan: Plan, seed: int) -> list[Case]:
    """All runs of the study."""
    return [
        replace(case, seed=1000 * seed + case.replicate)
        for part in (_regret, _rules, _violation, _masking, _learners, _sizes)
        for case in part(plan)
    ]


def forecasters_against(adversary: str) -> list[str]:
    """Forecasters that can play against it: ConditionalMean needs a law that depends on nobody."""
    return [name for name in FORECASTERS if name != "ConditionalMean" or adversary != "WorstCase"]


def _replicated(part: str, ladder: Mapping[int, int], **fields: Any) -> Iterator[Case]:
    for rounds, replicates in ladder.items():
        for r in range(replicates):
            yield Case(part=part, rounds=rounds, replicate=r, seed=r, **fields)


def _regret(plan: Plan) -> Iterator[Case]:
    for adversary in ADVERSARIES:
        for name in forecasters_against(adversary):
            ladder = plan.beside if name in ("ConditionalMean", CALIBRATED[1]) else plan.regret
            if adversary == "Independent":
                ladder = plan.independent
            yield from _replicated(
                "regret", ladder, rule="Algorithm 3", adversary=adversary, forecaster=name, agents=plan.agents
            )


def _rules(plan: Plan) -> Iterator[Case]:
    for rule in ALGORITHMS:
        for adversary in ADVERSARIES:
            for name in forecasters_against(adversary):
                if rule != "Algorithm 3":  # that is the part on regret
                    yield from _replicated(
                        "rules", plan.rules, rule=rule, adversary=adversary, forecaster=name, agents=plan.agents
                    )


def _violation(plan: Plan) -> Iterator[Case]:
    for rule in ALGORITHMS:
        for adversary in ("Independent", "WorstCase"):
            yield from _replicated(
                "violation",
                plan.violation,
                rule=rule,
                adversary=adversary,
                forecaster="Climatology",
                agents=plan.agents,
                lift=TEMPTING,
            )


def _masking(plan: Plan) -> Iterator[Case]:
    for rule in ("Algorithm 2 per subsequence", "Algorithm 4"):
        yield from _replicated(
            "masking",
            plan.masking,
            rule=rule,
            adversary="Masking",
            forecaster="Climatology",
            agents=1,
            actions=2,
            subsequences=2,
        )


def _learners(plan: Plan) -> Iterator[Case]:
    for rule in (*ALGORITHMS[:2], *LEARNERS):
        name = "Climatology" if rule in LEARNERS else CALIBRATED[0]
        yield from _replicated(
            "learners",
            plan.learners,
            rule=rule,
            adversary="Independent",
            forecaster=name,
            agents=plan.agents,
            subsequences=1,
            lift=TEMPTING,
        )


def _sizes(plan: Plan) -> Iterator[Case]:
    ladder = {plan.sizes_rounds: plan.sizes_replicates}
    for name, values in plan.sizes.items():
        for value in values:
            fields: dict[str, Any] = {"agents": plan.agents, name: value}
            for forecaster in ("Persistence", CALIBRATED[0]):
                yield from _replicated(
                    f"{name}: regret",
                    ladder,
                    rule="Algorithm 3",
                    adversary="WorstCase",
                    forecaster=forecaster,
                    **fields,
                )
            for rule in ALGORITHMS:
                yield from _replicated(
                    f"{name}: violation",
                    ladder,
                    rule=rule,
                    adversary="Independent",
                    forecaster="Climatology",
                    lift=TEMPTING,
                    **fields,
                )
