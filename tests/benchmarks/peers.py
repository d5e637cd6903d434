"""The same broadcast in other simulators: in each round every agent receives one number, and decides nothing.

So they do less than omnisim, whose agents also score 8 actions, choose, and watch their constraints. Where a loop
records, it keeps what every agent received in every round.
"""

import warnings
from collections.abc import Callable

import numpy as np

Loop = Callable[[int, int], None]


def numpy_loop(agents: int, rounds: int) -> None:
    """One array operation a round, everything recorded: what no simulator can beat."""
    received = np.empty((rounds, agents))
    for t in range(rounds):
        received[t] = t


def simpy_vectorized(agents: int, rounds: int) -> None:
    """SimPy, with one process for all agents, recording."""
    import simpy

    environment, received = simpy.Environment(), np.empty((rounds, agents))

    def population():
        for t in range(rounds):
            yield environment.timeout(1)
            received[t] = t

    environment.process(population())
    environment.run()


def simpy_stores(agents: int, rounds: int) -> None:
    """SimPy, with a process and a Store for each agent."""
    import simpy

    environment = simpy.Environment()
    stores = [simpy.Store(environment) for _ in range(agents)]

    def service():
        for t in range(rounds):
            yield environment.timeout(1)
            for store in stores:
                store.put(t)

    def agent(store):
        while True:
            yield store.get()

    environment.process(service())
    for store in stores:
        environment.process(agent(store))
    environment.run(until=rounds + 1)


def mesa_loop(agents: int, rounds: int, recorded: int = 0) -> None:
    """Mesa 3, with an ``AgentSet``; its ``DataCollector`` records so many attributes of every agent."""
    import mesa

    class Listener(mesa.Agent):
        received = action = 0
        cost = other_cost = 0.0

        def hear(self):
            self.received = self.model.message

    attributes = ("received", "action", "cost", "other_cost")[:recorded]

    class Broadcast(mesa.Model):
        def __init__(self):
            super().__init__(seed=0)
            Listener.create_agents(self, agents)
            self.collector = mesa.DataCollector(agent_reporters={name: name for name in attributes})

        def step(self):
            self.message = self.steps
            self.agents.do("hear")
            if recorded:
                self.collector.collect(self)

    model = Broadcast()
    for _ in range(rounds):
        model.step()


def mesa_collecting(agents: int, rounds: int) -> None:
    """Mesa with its DataCollector."""
    mesa_loop(agents, rounds, recorded=1)


def mesa_collecting_four(agents: int, rounds: int) -> None:
    """Mesa with its DataCollector, recording as many numbers of every agent as a trace of omnisim."""
    mesa_loop(agents, rounds, recorded=4)


def agentpy_loop(agents: int, rounds: int, record: bool = False) -> None:
    """AgentPy; recording is its ``AgentList.record``."""
    import agentpy

    class Listener(agentpy.Agent):
        def setup(self):
            self.received = -1

        def hear(self):
            self.received = self.model.message

    class Broadcast(agentpy.Model):
        def setup(self):
            self.listeners = agentpy.AgentList(self, agents, Listener)

        def step(self):
            self.message = self.t
            self.listeners.hear()

        def update(self):
            if record:
                self.listeners.record("received")

    Broadcast({"steps": rounds, "seed": 0}).run(display=False)


def agentpy_recording(agents: int, rounds: int) -> None:
    """AgentPy, recording."""
    agentpy_loop(agents, rounds, record=True)


REFERENCE = "Mesa, DataCollector"
"""The peer that ratios are to."""

PEERS: dict[str, Loop] = {
    "numpy loop": numpy_loop,
    "SimPy, one population": simpy_vectorized,
    "Mesa": mesa_loop,
    REFERENCE: mesa_collecting,
    "Mesa, DataCollector of 4": mesa_collecting_four,
    "AgentPy": agentpy_loop,
    "AgentPy, recording": agentpy_recording,
    "SimPy, a Store per agent": simpy_stores,
}


def installed_peers(only: tuple[str, ...] = tuple(PEERS)) -> tuple[dict[str, Loop], list[str]]:
    """The loops whose libraries are installed, and the names of the others."""
    found, missing = {}, []
    for name in only:
        try:
            _quietly(PEERS[name])(1, 1)
        except ImportError:
            missing.append(name)
        else:
            found[name] = _quietly(PEERS[name])
    return found, missing


def _quietly(loop: Loop) -> Loop:
    # What other libraries deprecate among themselves is not measured here.
    def run(agents: int, rounds: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loop(agents, rounds)

    return run
