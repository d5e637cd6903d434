"""Random small networks, for property tests."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from instances import GRID, Contrary, Fickle, Restless

import omnisim
from omnisim.problem.churn import Churn, PresenceInterval
from omnisim.problem.delays import Constant, Delay, Exponential, LogNormal, Uniform
from omnisim.problem.network import Channel, Network, SmallWorld, Star, Topology, Tree

LENGTHS = (0.0, 0.0625, 0.125, 0.25, 1.0, 2.5)

EVERYWHERE = (("*", "*"), ("forecaster", "*"), ("world", "*"), ("population/*", "*"), ("*", "population/*"))
ENDS: dict[type, tuple[tuple[str, str], ...]] = {
    Star: (("forecaster", "population/*"), ("world", "forecaster"), ("population/*", "world"), ("*", "forecaster")),
    Tree: (("forecaster", "retailer/0"), ("retailer/*", "world"), ("retailer/0", "population/*")),
    SmallWorld: (("population/*", "population/*"), ("world", "forecaster"), ("population/*", "world")),
}
"""Patterns that fit some edge."""


@st.composite
def delays(draw: st.DrawFn) -> Delay:
    length = st.sampled_from(LENGTHS)
    low, high = sorted((draw(length), draw(length)))
    laws = [Constant(high), Uniform(low, high), Exponential(high), LogNormal(high, 0.5)]
    return draw(st.sampled_from(laws))


@st.composite
def channels(draw: st.DrawFn, topology: Topology) -> Channel:
    first = draw(st.integers(0, 6))
    return Channel(
        *draw(st.sampled_from(EVERYWHERE + ENDS[type(topology)])),
        draw(delays()),
        draw(st.sampled_from((0.0, 0.1, 0.5, 1.0))),
        draw(st.sampled_from(((), ((first, first + 2),)))),
    )


@st.composite
def networks(draw: st.DrawFn, populations: int) -> Network:
    shapes: list[Topology] = [Star(), Tree(1), Tree(3)]
    if populations > 2:
        shapes.append(SmallWorld(2, 0.3, draw(st.integers(1, 2))))
    topology = draw(st.sampled_from(shapes))
    rules = draw(st.lists(channels(topology), min_size=1, max_size=3))
    return Network(topology, rules, draw(st.sampled_from((None, 0, 2))))


@st.composite
def churns(draw: st.DrawFn, rounds: int) -> Churn:
    first = draw(st.integers(0, rounds - 1))
    probability = st.sampled_from((0.0, 0.1, 0.5))
    schedules = [[PresenceInterval(0, first)], [PresenceInterval(0, 0, first)]]
    if first + 1 < rounds:
        schedules.append([PresenceInterval(0, 0, first), PresenceInterval(0, first + 1)])
    schedule = draw(st.sampled_from([[], *schedules]))
    # Somebody has to be there at some time.
    return Churn(draw(probability), draw(probability), draw(st.sampled_from((0.5, 1.0))) if schedule else 1.0, schedule)


def population(name: str, agents: int, seed: int, constrained: bool = True) -> omnisim.Population:
    """Random agents whose numbers are multiples of 1/8."""
    rng = np.random.default_rng(seed)
    actions, dimension = 3, 2
    utility = rng.integers(-2, 3, (agents, actions, dimension)) / GRID
    limit = omnisim.LinearConstraint(
        rng.integers(-2, 3, (agents, actions, dimension)) / GRID, rng.integers(-4, 2, (agents, actions)) / GRID
    )
    return omnisim.Population(name, utility, np.full((agents, actions), 0.5), [limit] if constrained else [])


@st.composite
def scenarios(draw: st.DrawFn, rules: list[Any]) -> omnisim.Scenario:
    """Scenarios of up to five populations on random networks, with churn and a second forecaster."""
    rounds = draw(st.integers(2, 14))
    count = draw(st.integers(1, 5))
    names = [f"{'ab'[i % 2]}{i}" for i in range(count)]
    seed = draw(st.integers(0, 1000))
    populations = [population(name, draw(st.sampled_from((1, 1, 2))), seed + i) for i, name in enumerate(names)]
    hears = st.sampled_from((["forecaster"], ["other"], ["other", "forecaster"]))
    elimination = {name: draw(st.sampled_from(rules))() for name in names}
    churning = [name for name in names if draw(st.booleans()) and not elimination[name].draws]
    active = draw(st.lists(st.booleans(), min_size=rounds, max_size=rounds))
    return omnisim.Scenario(
        populations=populations,
        adversary=draw(st.sampled_from((Contrary(2), Fickle(2, rounds, seed=seed)))),
        forecaster=Restless(seed=seed),
        other_forecasters={"other": omnisim.forecasters.Persistence()},
        elimination=elimination,
        subsequences={"all": None} | ({"some": np.array(active)} if any(active) else {}),
        subscriptions={name: draw(hears) for name in names},
        default_actions={name: draw(st.integers(0, 2)) for name in names},
        churn={name: draw(churns(rounds)) for name in churning},
        network=draw(networks(count)),
        rounds=rounds,
    )
