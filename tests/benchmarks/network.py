"""How many rounds a second a network of many small populations runs.

Run it as a script from the checkout, on a quiet machine; about two minutes, or seconds with ``--quick``::

    python tests/benchmarks/network.py [--quick] [--repeats 2] [--cpu]

Every population has one agent with 4 actions and 2 constraints, 24 coordinates, Algorithm 3. Rounds a second are those
between the end of the first round and the end of the last: building 10,000 populations and their routes comes before,
and stands in a column of its own. The first table compares the engine with a network that delays and loses nothing to
the one without; they write the same trace.
"""

from collections.abc import Sequence

import numpy as np
from measuring import Clock, note, options, show, timed
from standard_load import RULES, standard_load

import omnisim
from omnisim.problem.delays import Exponential, Uniform
from omnisim.problem.network import Channel, Network, SmallWorld, Star, Tree

ACTIONS, CONSTRAINTS, DIMENSION = 4, 2, 24

LOSSY = (
    Channel("forecaster", "*", delay=Exponential(0.1), loss=0.1),
    Channel("world", "*", delay=Exponential(2.0), loss=0.02),
)
NETWORKS = {
    "no network": None,
    "late settlements": Network(Star(), [Channel("world", "*", delay=5.0)]),
    "lossy star": Network(Star(), [*LOSSY, Channel("population/*", "world", delay=Uniform(0, 0.15), loss=0.02)]),
    "tree of 20 retailers": Network(Tree(20), LOSSY),
    "small world": Network(SmallWorld(6, 0.1, 5), [Channel("population/*", "population/*", delay=0.01, loss=0.01)]),
}

ASKED = {1000: 50, 10_000: 5}
"""Rounds a second that are asked for, by the number of populations."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    chosen = options(__doc__.splitlines()[0], 2, arguments)
    if chosen.quick:
        ideal(agents=30, rounds=10, repeats=1)
        many((20, 40), rounds=4, repeats=1)
    else:
        ideal(agents=1000, rounds=300, repeats=max(3, chosen.repeats))
        many(tuple(ASKED), rounds=25, repeats=chosen.repeats)


def ideal(agents: int, rounds: int, repeats: int) -> None:
    """A network without any impairment beside no network, on the standard load."""
    load = standard_load(agents, rounds)
    rows = []
    for name, rule in RULES.items():
        plain = load.replace(elimination=rule)
        scenarios = {"none": plain, "star": plain.replace(network=Network(Star()))}
        seconds: dict[str, list[float]] = {name: [] for name in scenarios}
        for _ in range(repeats):
            for which, scenario in scenarios.items():
                seconds[which].append(timed(lambda scenario=scenario: omnisim.simulate(scenario))[0])
        best = {which: min(spent) for which, spent in seconds.items()}
        rows.append([name, *(f"{spent:.3f}" for spent in best.values()), f"{best['star'] / best['none']:.2f}"])
    show(f"{agents} agents, {rounds} rounds: seconds", ["", "no network", "ideal star", "ratio"], rows)


def many(sizes: Sequence[int], rounds: int, repeats: int) -> None:
    """Rounds a second on every network, by the number of populations."""
    rows = []
    for size in sizes:
        rng = np.random.default_rng(0)
        populations = [_population(f"p{i}", rng) for i in range(size)]
        for name, network in NETWORKS.items():
            runs = [_speed(populations, network, rounds) for _ in range(repeats)]
            before, speed = min(spent for spent, _ in runs), max(found for _, found in runs)
            rows.append([f"{size} populations, {name}", f"{before:.2f}", f"{speed:.1f}", str(ASKED.get(size, "-"))])
    show(f"One agent each, {rounds} rounds", ["", "before s", "rounds/s", "asked"], rows)
    note("Before: up to the end of the first round.")


def _speed(populations: Sequence[omnisim.Population], network: Network | None, rounds: int) -> tuple[float, float]:
    scenario = omnisim.Scenario(
        populations=populations,
        adversary=omnisim.adversaries.Seasonal(dimension=DIMENSION),
        forecaster=omnisim.forecasters.Persistence(),
        elimination=omnisim.elimination.SubsequenceFirstViolation(),
        network=network,
        rounds=rounds,
    )
    ends: list[float] = []
    begin = Clock.now()
    omnisim.simulate(scenario, on_round=lambda _: ends.append(Clock.now()))
    return ends[0] - begin, (rounds - 1) / (ends[-1] - ends[0])


def _population(name: str, rng: np.random.Generator) -> omnisim.Population:
    shape = (1, ACTIONS, DIMENSION)
    return omnisim.Population(
        name, rng.random(shape) / DIMENSION, None, [_limit(shape, rng) for _ in range(CONSTRAINTS)]
    )


def _limit(shape: tuple[int, ...], rng: np.random.Generator) -> omnisim.LinearConstraint:
    slope = rng.normal(size=shape)
    widest = np.abs(slope).sum(axis=2)
    offset = -widest * rng.uniform(0.0, 0.3, shape[:2])
    return omnisim.LinearConstraint(slope / (2 * widest[:, :, None]), offset / (2 * widest))


if __name__ == "__main__":
    main()
