"""The instances of the scaling study, on which the growth that theory speaks of can be seen.

**Plans.** Each agent has A plans q_a, uniform in [0, 1]^d, and action a earns an affine image of
-|y - q_a|^2 + |y - 1/2|^2, which is affine in y: it is best where the outcome is closest to the plan. So every action
is best somewhere, and a forecast that is wrong by a constant costs a constant in every round. Utilities lie in [0, 1],
L <= 4/5.

**Constraints**, J = 2. Of A actions, the last floor(A / 4) are *heavy*: they always violate the first constraint, by
4/5 + mean(y) / 5. The floor(A / 4) before them are *edgy*: they cost mean(y) minus a limit drawn from [4/5, 1] under
the second constraint, so that they violate rarely and have slack on average. All else costs 0. So B is the other
actions, and BE those and, where the mean is below its limit, the edgy ones.

**Temptation** ``lift``. Utilities are scaled by 1 - lift, and heavy actions earn lift more. With lift = 1/2 a heavy
action is the best response to every prediction. A rule that waits for gamma to be crossed (Algorithms 2 and 4) plays it
for about gamma rounds: CCV grows as gamma does, like sqrt(T). A rule that acts on the first violation stops after
one. As no other action has slack under the first constraint, nothing hides that.

**Outcomes**, all coordinates alike, on the levels 0, 1/15, ..., 1:

- *Independent*: uniform.
- *Switching*: two laws take turns every 12 rounds, with probabilities that fall, respectively rise, linearly from
  level to level (means 1/3 and 2/3).
- *WorstCase*: see :class:`~omnisim.adversaries.WorstCase`; it sees the forecaster's mixture, whoever the forecaster is.

**Subsequences**, overlapping: all rounds; *season*, the rounds of the second law; *late*, the second half; then residue
classes of the number of the round.
"""

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import ScenarioError
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.population import Population
from omnisim.strategies.adversaries import Adversary, Independent, Switching, WorstCase

PERIOD = 12
LEVELS = 16
TEMPTING = 0.5

ADVERSARIES = ("Independent", "Switching", "WorstCase")


def population(seed: int, agents: int, actions: int, dimension: int, lift: float = 0.0) -> Population:
    """The agents of an instance, drawn from ``seed``; see the top of this file."""
    rng = np.random.default_rng(seed)
    plans = rng.random((agents, actions, dimension))
    # 2 (q - 1/2) . (y - 1/2) - |q - 1/2|^2 lies in [-3 d / 4, d / 2].
    centred = plans - 0.5
    slope = 2 * centred / (1.25 * dimension)
    offset = (0.75 * dimension - centred.sum(axis=2) - (centred**2).sum(axis=2)) / (1.25 * dimension)
    few = actions // 4
    heavy = np.arange(actions) >= actions - few
    edgy = ~heavy & (np.arange(actions) >= actions - 2 * few)
    limits = rng.uniform(0.8, 1.0, (agents, actions))
    shape = plans.shape
    load = LinearConstraint(
        np.broadcast_to(np.where(heavy, 0.2 / dimension, 0.0)[:, None], shape),
        np.broadcast_to(np.where(heavy, 0.8, 0.0), shape[:2]),
        name="load",
    )
    peak = LinearConstraint(
        np.broadcast_to(np.where(edgy, 1 / dimension, 0.0)[:, None], shape), np.where(edgy, -limits, 0.0), name="peak"
    )
    return Population("agents", (1 - lift) * slope, (1 - lift) * offset + lift * heavy, [load, peak])


def adversary(name: str, dimension: int) -> Adversary:
    """One of ``ADVERSARIES``."""
    levels = np.linspace(0, 1, LEVELS)
    support = np.repeat(levels[:, None], dimension, axis=1)
    rising = np.arange(1, LEVELS + 1) / (LEVELS * (LEVELS + 1) / 2)
    match name:
        case "Independent":
            return Independent(support)
        case "Switching":
            return Switching([support, support], period=PERIOD, probabilities=[rising[::-1], rising])
        case "WorstCase":
            return WorstCase(dimension)
    raise ScenarioError(f"adversary is {name!r}: it must be one of {', '.join(ADVERSARIES)}")


def subsequences(rounds: int, number: int) -> dict[str, BoolArray | None]:
    """The first ``number`` subsequences over so many rounds."""
    t = np.arange(rounds)
    masks: dict[str, BoolArray | None] = {
        "all": None,
        "season": t // PERIOD % 2 == 1,
        "late": t >= rounds // 2,
    }
    for modulus in range(3, 3 + max(0, number - 3)):
        masks[f"every {modulus}"] = t % modulus == 0
    return dict(list(masks.items())[:number])
