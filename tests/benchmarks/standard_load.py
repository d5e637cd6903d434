"""The load every figure is measured on: 1,000 agents in three populations, 8 actions, 24 coordinates, 1,000 rounds.

Two constraints and five overlapping subsequences: every round, and four that each hold two rounds in five. Outcomes are
uniform and the published forecast is the outcome with noise of standard deviation 0.1; a *biased* one is 0.15 lower, so
that it fails the calibration test and the minimax step has to work.

Half of the actions of an agent are *safe*: no outcome violates their constraints. The others violate each constraint
with a probability between 0.1% and 50% a round, so that actions leave all through the first hundreds of rounds, and no
agent is ever without a candidate. Without safe actions (``safe=0``) most agents soon have none left under Algorithm 1,
and play their fallback.
"""

import numpy as np

import omnisim

AGENTS, ROUNDS, ACTIONS, CONSTRAINTS, DIMENSION = 1000, 1000, 8, 2, 24

RULES = {
    "BestResponse": omnisim.elimination.BestResponse(),
    "Algorithm 1": omnisim.elimination.FirstViolation(),
    "Algorithm 2": omnisim.elimination.CumulativeThreshold(),
    "Algorithm 3": omnisim.elimination.SubsequenceFirstViolation(),
    "Algorithm 4": omnisim.elimination.SubsequenceThreshold(),
}


def standard_load(
    agents: int = AGENTS,
    rounds: int = ROUNDS,
    dimension: int = DIMENSION,
    safe: int = ACTIONS // 2,
    bias: float = 0.0,
    calibrated: str | None = None,
) -> omnisim.Scenario:
    """The load, or one like it, under Algorithm 3.

    Parameters
    ----------
    agents, rounds, dimension
        N, T, d.
    safe
        How many of the 8 actions of each agent never violate.
    bias
        Of the published forecast, to be subtracted from it.
    calibrated
        The minimax step of a decision-calibrated forecaster based on the published one; None for the published one.
    """
    rng = np.random.default_rng(0)
    outcomes = rng.random((rounds, dimension))
    noise = rng.normal(0.0, 0.1, outcomes.shape)
    forecaster = omnisim.forecasters.Published(np.clip(outcomes + noise - bias, 0, 1))
    if calibrated is not None:
        forecaster = omnisim.forecasters.DecisionCalibrated([forecaster], minimax=calibrated)
    sizes = [len(part) for part in np.array_split(np.arange(agents), 3)]
    return omnisim.Scenario(
        name="standard load",
        populations=[_population(name, size, dimension, safe, rng) for name, size in zip("abc", sizes, strict=True)],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=forecaster,
        elimination=RULES["Algorithm 3"],
        subsequences={"all": None} | {f"some {i}": _two_in_five(rounds, rng) for i in range(4)},
    )


def _two_in_five(rounds: int, rng: np.random.Generator) -> np.ndarray:
    member = np.arange(rounds) % 5 < 2
    return rng.permutation(member)


def _population(name: str, agents: int, dimension: int, safe: int, rng: np.random.Generator) -> omnisim.Population:
    shape = (agents, ACTIONS, dimension)
    return omnisim.Population(
        name,
        utility=rng.random(shape) / dimension,
        constraints=[_constraint(shape, safe, rng) for _ in range(CONSTRAINTS)],
    )


def _constraint(shape: tuple[int, ...], safe: int, rng: np.random.Generator) -> omnisim.LinearConstraint:
    # Costs are slope . (y - 1/2) - slack; the first term has standard deviation |slope| / sqrt(12) for uniform y.
    slope = rng.normal(size=shape)
    slack = np.sqrt((slope**2).sum(axis=2) / 12) * rng.uniform(0.0, 3.0, shape[:2])
    slack[:, :safe] = np.abs(slope[:, :safe]).sum(axis=2) / 2
    offset = -slope.sum(axis=2) / 2 - slack
    largest = np.abs(slope).sum(axis=2) / 2 + slack
    return omnisim.LinearConstraint(slope / largest[:, :, None], offset / largest - 1e-12)
