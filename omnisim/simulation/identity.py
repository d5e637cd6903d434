"""Identity of a run, so that a state is restored into the run that it was taken from and into no other."""

import hashlib
import json
from typing import Any

import networkx as nx
import numpy as np
import simpy

from omnisim._version import __version__
from omnisim.problem.context import FIXED
from omnisim.problem.subsequences import fingerprint
from omnisim.scenario.problem import Problem
from omnisim.scenario.scenario import Scenario
from omnisim.simulation.cohorts import Cohort
from omnisim.simulation.round_data import RoundData
from omnisim.simulation.run_agents import RunAgents
from omnisim.snapshot import Snapshots

BUILT = (*FIXED, Cohort, RoundData, RunAgents, nx.DiGraph, simpy.Environment)
"""Types of the parts of a run that never change in it."""


def identity(scenario: Scenario, problem: Problem, seed: int, *, growing: bool = False) -> dict[str, Any]:
    """Facts that must agree between the run that left a state and the one that goes on from it.

    Parameters
    ----------
    growing
        Whether there may be more data by then: data are left out, and whoever goes on compares them.
    """
    source = hashlib.sha256(json.dumps(scenario.source, sort_keys=True, default=str).encode())
    agents = hashlib.sha256(b"" if growing else problem.active.tobytes())
    for column, membership in sorted(problem.memberships.items()):
        agents.update(f"{column}: {fingerprint(membership)}".encode())
    for population in problem.populations:
        agents.update(population.name.encode())
        costs = (population.costs(np.full(population.dimension, level)) for level in (0.0, 0.5, 1.0))
        for array in (population.utility, population.offset, *costs):
            agents.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    strategies: dict[str, object] = {} if growing else {"adversary": scenario.adversary}
    strategies |= scenario.forecasters
    strategies |= {f"rule of {p.name}": scenario.elimination_of(p.name) for p in problem.populations}
    parameters, arrays = Snapshots(strategies, BUILT, packages(scenario)).take()
    chosen = hashlib.sha256(json.dumps(parameters).encode())
    for array in arrays.values():
        chosen.update(array.tobytes())
    return {
        "the version of omnisim": __version__,
        "the version of numpy": np.__version__,
        "the seed": seed,
        "the number of rounds": problem.rounds,
        **({} if growing else {"the scenario": source.hexdigest()}),
        "the agents": agents.hexdigest(),
        "a strategy or its parameters": chosen.hexdigest(),
    }


def packages(scenario: Scenario) -> set[str]:
    """Packages of the forecasters that others are made of, which may be plug-ins."""
    bases = (base for forecaster in scenario.forecasters.values() for base in getattr(forecaster, "bases", ()))
    return {type(base).__module__.partition(".")[0] for base in bases}
