"""A run in shards ends in the same bytes as one in one process, whoever looks at agents, and whatever is lost."""

import os
import pickle
import signal
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import POSIX, done, finish, start, wait_for
from examples import Suite, spread
from many_runs import RUNS
from scenario_files import omnisim_command

import omnisim
from omnisim.errors import EmptyCandidatesError, ScenarioError, StrategyError, TraceError, WorkersLostError
from omnisim.problem import elsewhere, loads
from omnisim.problem.churn import Churn
from omnisim.problem.context import Context, History
from omnisim.simulation.checkpoint import Checkpoint, Checkpointer
from omnisim.simulation.identity import BUILT
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.recording import recorded
from omnisim.simulation.roster import Roster
from omnisim.simulation.shard import Shard
from omnisim.simulation.sharded import ShardedAgents, Sharding
from omnisim.simulation.shares import shares
from omnisim.snapshot import Snapshots
from omnisim.strategies.policy import Policy
from omnisim.workers.actors import Actor, ActorLostError, Here

T, A, D = 40, 4, 3

RULES: dict[str, Callable[[], Policy]] = {
    "best response": omnisim.elimination.BestResponse,
    "first violation": omnisim.elimination.FirstViolation,
    "as played": lambda: omnisim.elimination.FirstViolation(feedback="played"),
    "cumulative": omnisim.elimination.CumulativeThreshold,
    "of the run": lambda: omnisim.elimination.CumulativeThreshold("betting", delta_over="run"),
    "subsequences": omnisim.elimination.SubsequenceFirstViolation,
    "thresholds": lambda: omnisim.elimination.SubsequenceThreshold(gamma=0.4),
    "per subsequence": lambda: omnisim.elimination.PerSubsequenceThreshold(gamma=0.4),
}

GENERATORS = {"base": {"capacity": 40.0, "cost": 0.1}, "gas": {"capacity": 60.0, "cost": 0.8}}


class Steep:
    """A limit that is not linear, and knows nothing of shards."""

    def __init__(self, level: np.ndarray) -> None:
        self._level = level

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return np.tanh(outcomes.mean(axis=1)[:, None, None] - self._level)


def population(name: str, agents: int, seed: int) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    load = rng.uniform(0.0, 1.0, (agents, A, D))
    limits = [
        omnisim.LinearConstraint(rng.uniform(-0.4, 0.4, (agents, A, D)), np.full((agents, A), -0.1), "linear"),
        Steep(rng.uniform(0.3, 0.9, (agents, A))),
    ]
    return omnisim.Population(name, -load / 3, np.ones((agents, A)), limits, load=load)


def scenario(**changes: Any) -> omnisim.Scenario:
    rng = np.random.default_rng(7)
    given: dict[str, Any] = {
        "populations": [population("few", 5, 1), population("many", 23, 2), population("as few", 5, 3)],
        "adversary": omnisim.adversaries.Independent(rng.random((4, D)), np.full(4, 0.25)),
        "forecaster": omnisim.forecasters.Persistence(),
        "elimination": omnisim.elimination.SubsequenceFirstViolation(),
        "subsequences": {"all": None, "even": np.arange(T) % 2 == 0},
        "rounds": T,
    }
    return omnisim.Scenario(**given | changes)


class Afar(Here):
    """A shard in this process, to and from which everything travels as to another."""

    def __init__(self) -> None:
        super().__init__(Shard)

    def send(self, method: str, *arguments: Any) -> None:
        super().send(method, *pickle.loads(pickle.dumps(arguments)))  # noqa: S301 (our own)

    def answer(self) -> Any:
        return pickle.loads(pickle.dumps(super().answer()))  # noqa: S301 (our own)


def prepared(scenario: omnisim.Scenario, shards: int, make: Callable[[], Actor] = Afar) -> Prepared:
    return Prepared(scenario, 0, Sharding(shards, make))


def in_shards(scenario: omnisim.Scenario, shards: int, make: Callable[[], Actor] = Afar) -> omnisim.Trace:
    run = prepared(scenario, shards, make)
    run.play()
    return recorded(run, run.problem.known)


def saved(trace: omnisim.Trace, folder: Path) -> bytes:
    trace.save(folder / "trace.npz")
    return (folder / "trace.npz").read_bytes()


def assert_same_in_shards(scenario: omnisim.Scenario, folder: Path, *counts: int) -> None:
    """For each number of shards; the quick suite tries the last."""
    expected = saved(omnisim.simulate(scenario, seed=0), folder)
    for count in counts if Suite.long else counts[-1:]:
        assert saved(in_shards(scenario, count), folder) == expected, f"{count} shards"


@pytest.mark.one_in(6)
@pytest.mark.sampled
@pytest.mark.parametrize("rule", RULES)
def test_the_same_bytes_under_every_rule(rule: str, tmp_path: Path) -> None:
    assert_same_in_shards(scenario(elimination=RULES[rule]()), tmp_path, 1, 2, 33, 7)


def market(**changes: Any) -> omnisim.adversaries.DemandResponse:
    return omnisim.adversaries.DemandResponse(GENERATORS, base_load=20.0, customers=2.0, **changes)


def somebody_changed(context: Context, history: History) -> bool:
    actions = history.actions["many"]
    return context.round > 1 and bool((actions[-1] != actions[-2]).any())


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny populations are of several blocks: 2, 6 and 2."""
    monkeypatch.setattr(elsewhere, "BLOCK", 4)


CALIBRATED = omnisim.forecasters.DecisionCalibrated([omnisim.forecasters.Persistence()])

WATCHED: dict[str, dict[str, Any]] = {
    "prices that answer to yesterday": {"adversary": market()},
    "prices that answer to the forecast": {"adversary": market(schedules="expected")},
    "the worst case": {"adversary": omnisim.adversaries.WorstCase()},
    "a calibrated forecaster": {"forecaster": CALIBRATED},
    "both": {"adversary": market(schedules="expected"), "forecaster": CALIBRATED},
    "a subsequence of what was played": {"subsequences": {"all": None, "restless": somebody_changed}},
    "loads that are published": {
        "adversary": market(publishes=["load_before"]),
        "subsequences": {"all": None, "crowded": omnisim.Rule("load_before", ">=", quantile=0.6, window=5)},
    },
}
"""Runs in which others look at what agents registered, or have played."""


@pytest.mark.one_in(12)
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.sampled
@pytest.mark.parametrize("watched", WATCHED)
def test_the_same_bytes_where_others_look_at_agents(watched: str, tmp_path: Path) -> None:
    assert_same_in_shards(scenario(**WATCHED[watched]), tmp_path, 2, 5)


@pytest.mark.one_in(4)
@pytest.mark.sampled
@pytest.mark.parametrize("block", [1, 4, 8])
def test_the_same_bytes_where_blocks_are_added_up_elsewhere(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "BLOCK", block)
    churn = {"many": Churn(join=0.3, leave=0.2, initial=0.6)}
    assert_same_in_shards(scenario(adversary=market(), churn=churn), tmp_path, 2, 5)


PERSISTENCE, CLIMATOLOGY = omnisim.forecasters.Persistence(), omnisim.forecasters.Climatology()
WRONG = omnisim.forecasters.Published(np.full((T, D), 0.95))


def calibrated(*bases: omnisim.forecasters.Forecaster, **options: Any) -> dict[str, Any]:
    return {"forecaster": omnisim.forecasters.DecisionCalibrated(bases, **options)}


CALIBRATIONS: dict[str, dict[str, Any]] = {
    "several bases": calibrated(PERSISTENCE, CLIMATOLOGY),
    "no base": calibrated(),
    "utilities": calibrated(PERSISTENCE, CLIMATOLOGY, objectives="utilities"),
    "events of bases": calibrated(PERSISTENCE, CLIMATOLOGY, base_events=True),
    "no regret": calibrated(PERSISTENCE, regret=False, base_regret=False),
    "steps that are solved": calibrated(WRONG, combine=False, tolerance=1.0)
    | {"adversary": omnisim.adversaries.WorstCase()},
    "forecasts that are spared": calibrated(WRONG, combine=False) | {"adversary": omnisim.adversaries.WorstCase()},
    "agents that come and go": calibrated(PERSISTENCE) | {"churn": {"many": Churn(join=0.3, leave=0.2, initial=0.6)}},
    "a rule each": calibrated(PERSISTENCE)
    | {
        "elimination": {
            "few": omnisim.elimination.FirstViolation(),
            "many": omnisim.elimination.CumulativeThreshold(),
            "as few": omnisim.learners.Hedge(),
        }
    },
    "a base of another": {"forecaster": omnisim.forecasters.Selection([CALIBRATED, CLIMATOLOGY])},
    "two of them": {
        **calibrated(PERSISTENCE),
        "other_forecasters": {"other": calibrated(CLIMATOLOGY, objectives="utilities")["forecaster"]},
        "subscriptions": {"few": ["other"], "many": ["forecaster", "other"]},
    },
    "weights that sum to 1": calibrated(PERSISTENCE, weights="hedge"),
    "simulated play": calibrated(PERSISTENCE, minimax="simulated_play") | {"rounds": 8, "subsequences": {"all": None}},
}
"""Runs with a forecaster that keeps objectives small where the agents are."""


@pytest.mark.one_in(12)
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.sampled
@pytest.mark.parametrize("name", CALIBRATIONS)
def test_the_same_bytes_where_a_forecaster_calibrates(name: str, tmp_path: Path) -> None:
    assert_same_in_shards(scenario(**CALIBRATIONS[name]), tmp_path, 1, 2, 7, 3)


@pytest.mark.long
@pytest.mark.usefixtures("small_blocks")
def test_nothing_of_the_size_of_agents_is_where_the_forecaster_is() -> None:
    """Tables of objectives are in shards: what it remembers here is of the size of a prediction."""
    given = scenario(**calibrated(PERSISTENCE, CLIMATOLOGY, base_events=True))
    alone, run = Prepared(given, 0), prepared(given, 3)
    for each in (alone, run):
        each.play()
    sizes = {}
    for name, each in {"alone": alone, "in shards": run}.items():
        _, arrays = Snapshots({"forecaster": each.forecasters["forecaster"]}, BUILT).take()
        sizes[name] = [array.size for array in arrays.values()]
    assert sum(sizes["alone"]) >= 4 * 3 * 33 * A * 2 * D
    assert max(sizes["in shards"]) < 4 * A * 2 * D  # a table of the smallest block
    assert isinstance(run.agents, ShardedAgents)
    run.agents.keep(T)
    states = [state[1].values() for state in run.agents.memory["shards"].states]
    tables = [sum(array.size for array in arrays if array.shape[1:] == (D,)) for arrays in states]
    for pieces, size in zip(run.agents.pieces, tables, strict=True):
        agents = sum(piece.last - piece.first for piece in pieces)
        assert size >= 4 * 3 * agents * A * 2 * D


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("combine", [True, False])
def test_a_round_takes_two_messages_where_the_first_forecast_will_do(combine: bool) -> None:
    """One for its gains when agents have played, one for the rise of the potential and what its errors cost agents."""
    calls: list[str] = []

    class Noted(Here):
        def send(self, method: str, *arguments: Any) -> None:
            calls.append(arguments[1] if method == "tell" else method)
            super().send(method, *arguments)

    run = prepared(scenario(**calibrated(PERSISTENCE, combine=combine)), 1, lambda: Noted(Shard))
    run.play()
    evaluations = run.services["forecaster"].diagnostics["evaluations"]
    assert (evaluations == 1).all()
    assert calls == ["begin", "place", "place", *["call", "call" if combine else ""] * T]


def test_actions_stay_where_they_are_when_loads_are_looked_at() -> None:
    calls: list[str] = []

    class Noted(Here):
        def send(self, method: str, *arguments: Any) -> None:
            calls.append(arguments[1] if method == "tell" else method)
            super().send(method, *arguments)

    in_shards(scenario(adversary=market()), 1, lambda: Noted(Shard))
    assert calls == ["begin", *["loads"] * (T - 1), "rounds", "left", "declared"]


VARIED: dict[str, dict[str, Any]] = {
    "parts that are decided together": {"populations": [population("few", 5, 1), population("more", 15, 4)]},
    "a rule each": {
        "elimination": {
            "few": omnisim.elimination.FirstViolation(),
            "many": omnisim.elimination.CumulativeThreshold(),
            "as few": omnisim.learners.Hedge(),
        }
    },
    "agents that come and go": {"churn": {"many": Churn(join=0.3, leave=0.2, initial=0.6)}},
    "two forecasters": {
        "other_forecasters": {"other": omnisim.forecasters.Climatology()},
        "subscriptions": {"few": ["other"], "many": ["forecaster", "other"]},
    },
}


@pytest.mark.one_in(2)
@pytest.mark.sampled
@pytest.mark.parametrize("varied", VARIED)
def test_the_same_bytes_with_agents_of_several_kinds(varied: str, tmp_path: Path) -> None:
    assert_same_in_shards(scenario(**VARIED[varied]), tmp_path, 2, 3)


ONE_BLOCK = ("merit order", "worst case")
"""Runs with one population of less than a block of agents that a forecaster calibrates for."""


@pytest.mark.whole
@pytest.mark.sampled
@pytest.mark.parametrize("name", [name for name in RUNS if "delays" not in name and name not in ONE_BLOCK])
def test_the_same_bytes_whatever_is_added_up(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "TOGETHER", 1)  # small populations are not in one block, which would be in one shard
    assert_same_in_shards(RUNS[name]().replace(network=None), tmp_path, 3)


@pytest.mark.long
@pytest.mark.parametrize("name", ONE_BLOCK)
def test_less_than_two_blocks_make_no_shards(name: str) -> None:
    with pytest.raises(ScenarioError, match=r"3 shards cannot be made of .*: 1 can; .* between blocks"):
        in_shards(RUNS[name]().replace(network=None), 3)


def test_shards_of_one_size() -> None:
    run = prepared(scenario(), 4)
    assert isinstance(run.agents, ShardedAgents)
    sizes = [sum(piece.last - piece.first for piece in pieces) for pieces in run.agents.pieces]
    assert sizes == [8, 8, 8, 9]


@pytest.mark.parametrize("seed", range(20))
def test_two_shards_are_cut_at_the_place_nearest_to_the_middle(seed: int) -> None:
    """Of all places between populations and, where agents are decided one by one, within them; of two, the first."""
    rng = np.random.default_rng(seed)
    sizes, apart = rng.integers(1, 9, 4).tolist(), rng.random(4) < 0.3
    populations = tuple(omnisim.Population(f"p{i}", np.zeros((size, 2, 1))) for i, size in enumerate(sizes))
    rules = {f"p{i}": omnisim.elimination.BestResponse() if apart[i] else omnisim.learners.Hedge() for i in range(4)}
    roster = Roster(populations, rules, {}, {}, {}, np.ones((1, 1), dtype=bool), sum(sizes), 0, False, False)
    ends = np.cumsum(sizes).tolist()
    places = {
        *ends[:-1],
        *(end - k for end, size, each in zip(ends, sizes, apart, strict=True) if each for k in range(1, size)),
    }
    cut = min(places, key=lambda place: (abs(place - ends[-1] // 2), place))
    found = [sum(piece.last - piece.first for piece in share) for share in shares(roster, 2)]
    assert found == [cut, ends[-1] - cut]


@pytest.mark.parametrize("seed", range(20))
def test_no_block_is_divided_and_their_order_is_that_of_the_shares(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two services that have other blocks, of populations of two shapes in any order."""
    monkeypatch.setattr(elsewhere, "BLOCK", 6)
    rng = np.random.default_rng(seed)
    sizes, actions = rng.choice([1, 2, 3, 15], 9).tolist(), rng.integers(2, 4, 9).tolist()
    populations = [omnisim.Population(f"p{i}", np.zeros((sizes[i], actions[i], 1))) for i in range(9)]
    rules = {each.name: omnisim.elimination.BestResponse() for each in populations}
    roster = Roster(tuple(populations), rules, {}, {}, {}, np.ones((1, 1), dtype=bool), sum(sizes), 0, False, False)
    services = [elsewhere.blocks([p for p in populations if rng.random() < chance]) for chance in (1.0, 0.5)]
    together = [block for service in services for block in service]
    for count in range(1, 4):
        try:
            divided = shares(roster, count, together)
        except ScenarioError as refusal:
            assert count > 1 and "shards cannot be made" in str(refusal)
            continue
        assert len(divided) == count
        assert all(divided)
        known = {each.name: each for each in populations}
        for service in services:
            found = []
            for pieces in divided:
                here = [known[each.population].between(each.first, each.last) for each in pieces]
                found += elsewhere.blocks_here(service, here, {each.population: each.first for each in pieces})
            assert [sum(own.stop - own.start for _, own in block.rows) for block in found] == [
                sum(each.last - each.first for each in block) for block in service
            ]
            assert [[name for name, _ in block.rows] for block in found] == [
                [each.population for each in block] for block in service
            ]
    assert sum(each.last - each.first for each in chain(*divided)) == sum(sizes)


def test_blocks_of_a_second_forecaster_are_not_divided_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The middle is between two populations that the other one adds up together."""
    monkeypatch.setattr(elsewhere, "BLOCK", 6)
    sizes = {"first": 5, "left": 3, "right": 3, "last": 5}
    given = scenario(
        populations=[population(name, agents, i) for i, (name, agents) in enumerate(sizes.items())],
        **calibrated(PERSISTENCE),
        other_forecasters={"other": calibrated(CLIMATOLOGY)["forecaster"]},
        subscriptions={"left": ["other"], "right": ["other"]},
        rounds=8,
        subsequences={"all": None},
    )
    run = prepared(given, 2)
    assert isinstance(run.agents, ShardedAgents)
    found = [[piece.population for piece in pieces] for pieces in run.agents.pieces]
    assert found == [["first"], ["left", "right", "last"]]
    assert_same_in_shards(given, tmp_path, 2)


def test_no_share_is_empty_where_the_first_agents_are_not_divided() -> None:
    """Two of 12 agents are decided one by one; a third of all is nearer to none than to those before them."""
    sizes = {"whole": 10, "each": 2}
    populations = tuple(omnisim.Population(name, np.zeros((size, 2, 1))) for name, size in sizes.items())
    rules = {"whole": omnisim.learners.Hedge(), "each": omnisim.elimination.BestResponse()}
    roster = Roster(populations, rules, {}, {}, {}, np.ones((1, 1), dtype=bool), 12, 0, False, False)
    assert [[piece.last - piece.first for piece in share] for share in shares(roster, 3)] == [[10], [1], [1]]


def test_what_was_played_is_known_by_population() -> None:
    run, alone = prepared(scenario(), 2), omnisim.simulate(scenario(), seed=0)
    run.play()
    assert isinstance(run.agents, ShardedAgents)
    for name, record in alone.records.items():
        np.testing.assert_array_equal(run.agents.actions(T, name), record.actions)


def test_nobody_is_asked_where_nobody_looks() -> None:
    """The books are collected once, at the end; until then shards are told, many rounds at a time."""
    calls: list[str] = []

    class Noted(Here):
        def send(self, method: str, *arguments: Any) -> None:
            calls.append(arguments[1] if method == "tell" else method)
            super().send(method, *arguments)

    in_shards(scenario(), 1, lambda: Noted(Shard))
    assert calls[0] == "begin"
    assert calls[-3:] == ["rounds", "left", "declared"]
    assert set(calls[1:-3]) == {""}
    assert len(calls) <= T / 4


@pytest.mark.parametrize(
    ("shards", "changes", "message"),
    [
        (
            4,
            {"forecaster": CALIBRATED},
            "4 shards cannot be made of 33 agents in 3 populations: 1 can; .* between blocks of up to 4,096",
        ),
        (0, {}, "the number of shards must be >= 1, got 0"),
        (34, {}, "34 shards cannot be made of 33 agents in 3 populations: 33 can"),
        (4, {"elimination": omnisim.learners.Hedge()}, "4 shards cannot be made of 33 agents in 3 populations: 3 can"),
        (
            2,
            {"network": omnisim.network.Network(channels=[omnisim.network.Channel(loss=0.1)])},
            "shards need a network on which nothing is late or lost",
        ),
    ],
)
def test_what_is_refused(shards: int, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        prepared(scenario(**changes), shards)


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^scheduler tcp://10.0.0.1:8786 needs a number of shards"):
        omnisim.simulate(scenario(), scheduler="tcp://10.0.0.1:8786")
    with pytest.raises(ScenarioError, match=r"^the number of shards must be >= 1, got -1"):
        omnisim.simulate(scenario(), shards=-1)
    with pytest.raises(ScenarioError, match=r"^a run in shards leaves no state to go on from at its end"):
        omnisim.simulate(scenario(), shards=2, state=tmp_path / "state.npz")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shards", 0), "the number of shards must be >= 1, got 0"),
        (("--scheduler", "tcp://here"), "scheduler tcp://here needs a number of shards, which its workers are to play"),
    ],
)
def test_the_command_refuses_in_one_line(options: tuple[object, ...], said: str, tmp_path: Path) -> None:
    answer = omnisim_command("run", "own_prices", *options, "--out", tmp_path)
    assert (answer.code, answer.out, answer.err) == (1, "", f"omnisim: own_prices: {said}\n")


def test_an_agent_is_named_by_its_number_in_the_population() -> None:
    costs = np.full((9, A), -0.5)
    costs[7] = 0.5
    doomed = omnisim.Population(
        "doomed", np.zeros((9, A, D)), None, [omnisim.LinearConstraint(np.zeros((9, A, D)), costs)]
    )
    given = scenario(populations=[doomed], elimination=omnisim.elimination.FirstViolation(on_empty="error"))
    with pytest.raises(EmptyCandidatesError) as alone:
        omnisim.simulate(given)
    with pytest.raises(EmptyCandidatesError) as sharded:
        in_shards(given, 3)
    assert str(sharded.value) == str(alone.value)
    assert str(alone.value).startswith("agent 7 has eliminated all")


class LooksBack(omnisim.forecasters.Persistence):
    """Looks at candidates of the round before."""

    _before: Context | None = None

    def _predict(self, context: Context) -> Any:
        if self._before is not None:
            self._before.candidates["many"]
        self._before = context
        return super()._predict(context)


def test_candidates_of_earlier_rounds_are_gone() -> None:
    with pytest.raises(StrategyError, match="candidates of round 0 are looked at in round 1: in shards there are only"):
        in_shards(scenario(forecaster=LooksBack()), 2)


class Mortal(Here):
    """An actor that is lost, with all that it remembers, once it was asked so often."""

    made = 0
    lives: tuple[int, ...] = ()

    def __init__(self) -> None:
        super().__init__(Shard)
        self._left = self.lives[Mortal.made] if Mortal.made < len(self.lives) else 1_000
        Mortal.made += 1
        self.played = 0

    def answer(self) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ActorLostError("the worker is gone")
        return super().answer()


def mortal(*lives: int) -> type[Mortal]:
    """Actors of which the first ones are lost after so many answers."""
    Mortal.made = 0
    return type("Mortal", (Mortal,), {"lives": lives})


@pytest.mark.one_in(3)
@pytest.mark.parametrize("lives", [(0,), (1,), (2,), (3, 1), (5, 9, 2), (2, 2, 2, 2)], ids=str)
def test_what_a_lost_worker_had_is_played_again(lives: tuple[int, ...], tmp_path: Path) -> None:
    given = scenario(adversary=market())
    expected = saved(omnisim.simulate(given, seed=0), tmp_path)
    assert saved(in_shards(given, 2, mortal(*lives)), tmp_path) == expected
    assert Mortal.made == 2 + len(lives)


@pytest.mark.one_in(6)
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("every", "lives"), spread([7, None], [(0,), (1,), (2,), (9, 3), (50, 1, 40), (2, 2, 2, 2)]))
def test_objectives_of_a_lost_worker_are_learnt_again(
    every: int | None, lives: tuple[int, ...], tmp_path: Path
) -> None:
    given = scenario(**CALIBRATIONS["forecasts that are spared"])
    expected = saved(omnisim.simulate(given, seed=0), tmp_path)
    run = prepared(given, 2, mortal(*lives))
    if every is None:
        run.play()
        trace = recorded(run, T)
    else:
        found = play(run, Checkpoint(tmp_path / "state.npz", every))
        assert found is not None
        trace = found
    assert saved(trace, tmp_path) == expected
    assert Mortal.made == 2 + len(lives)


def test_agents_that_cost_every_worker_its_life() -> None:
    with pytest.raises(WorkersLostError, match=r"4 workers were lost, one after the other, with the same agents"):
        in_shards(scenario(), 1, mortal(1, 1, 1, 1))


def play(run: Prepared, checkpoint: Checkpoint, rounds: int = T) -> omnisim.Trace | None:
    checkpointer = Checkpointer(checkpoint, run)
    run.play(checkpointer.round_is_over, checkpointer.resume(), rounds)
    return recorded(run, T) if rounds == T else None


def test_a_lost_worker_plays_only_what_came_after_the_last_state(tmp_path: Path) -> None:
    given, told = scenario(), []

    class Told(Mortal):
        lives = (5,)  # made, and asked twice at each of two states

        def send(self, method: str, *arguments: Any) -> None:
            if method == "tell" and arguments[0]:
                told.append((Mortal.made, [played.round for played in arguments[0]]))
            super().send(method, *arguments)

    Mortal.made = 0
    trace = play(prepared(given, 1, Told), Checkpoint(tmp_path / "state.npz", every=10))
    assert trace is not None
    assert saved(trace, tmp_path) == saved(omnisim.simulate(given, seed=0), tmp_path)
    assert next(rounds[0] for made, rounds in told if made == 2) == 20


@pytest.mark.one_in(5)
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "changes",
    [{}, WATCHED["both"], VARIED["a rule each"], CALIBRATIONS["events of bases"], CALIBRATIONS["two of them"]],
    ids=["plain", "watched", "varied", "calibrated", "two"],
)
def test_a_killed_run_goes_on_in_shards(changes: dict[str, Any], tmp_path: Path) -> None:
    given = scenario(**changes)
    checkpoint = Checkpoint(tmp_path / "state.npz", every=7)
    play(prepared(given, 3), checkpoint, rounds=30)
    trace = play(prepared(given, 3), checkpoint)
    assert trace is not None
    assert saved(trace, tmp_path) == saved(omnisim.simulate(given, seed=0), tmp_path)


@pytest.mark.parametrize("done", [1, 2])
def test_one_that_was_killed_in_the_round_after_its_first_state_goes_on(done: int, tmp_path: Path) -> None:
    given = scenario(populations=[population("few", 3, 1)], subsequences={"all": None}, rounds=4)
    checkpoint = Checkpoint(tmp_path / "state.npz", every=done)
    killed, run = prepared(given, 1), prepared(given, 1)
    killed.play(Checkpointer(checkpoint, killed).round_is_over, 0, done)
    checkpointer = Checkpointer(checkpoint, run)
    begun = checkpointer.resume()
    assert begun == done
    run.play(checkpointer.round_is_over, begun)
    found, expected = recorded(run, 4), omnisim.simulate(given, seed=0)
    assert found.actions["few"].tolist() == expected.actions["few"].tolist()
    assert found.eliminated_at["few"].tolist() == expected.eliminated_at["few"].tolist()


def test_a_state_that_was_changed_is_refused() -> None:
    run = prepared(scenario(), 1)
    run.play()
    assert isinstance(run.agents, ShardedAgents)
    run.agents.keep(T)
    (state,) = run.agents.memory["shards"].states
    assert state is not None
    for array in state[1].values():
        if array.dtype.kind == "i" and array.ndim == 3:
            array[:] = T + 1
    with pytest.raises(TraceError, match="violated_at"):
        run.agents.go_on(T)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("shards", [2, None])
def test_it_goes_on_in_as_many_shards_only(shards: int | None, tmp_path: Path) -> None:
    given, checkpoint = scenario(), Checkpoint(tmp_path / "state.npz", every=7)
    play(prepared(given, 3), checkpoint, rounds=30)
    other = Prepared(given, 0) if shards is None else prepared(given, shards)
    with pytest.raises(TraceError, match="of another run, which differs in the number of shards"):
        play(other, checkpoint)


@pytest.mark.whole
def test_on_a_cluster_of_this_machine(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")
    arguments = ("run", "merit_order", "--rounds", 30, "--set", "populations.buyers.agents=7")
    arguments += ("--set", "forecaster.kind=persistence")
    assert done(*arguments, "--out", tmp_path / "alone")[0] == 0
    code, said, complaint = done(*arguments, "--shards", 3, "--out", tmp_path / "sharded")
    assert (code, complaint) == (0, "")
    assert said.endswith(f"{tmp_path / 'sharded' / 'report.html'}\n")
    assert (tmp_path / "sharded" / "trace.npz").read_bytes() == (tmp_path / "alone" / "trace.npz").read_bytes()


@pytest.mark.whole
def test_a_calibrated_forecaster_on_a_cluster_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "TOGETHER", 1)
    pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")
    few = {f"populations.{name}.agents": 4 for name in ("buyers", "factories", "operators")}
    given = omnisim.load_scenario("synthetic_seasonal", {"rounds": 60, **few})
    given = given.replace(forecaster=omnisim.forecasters.DecisionCalibrated([PERSISTENCE, CLIMATOLOGY]))
    expected = saved(omnisim.simulate(given, seed=0), tmp_path)
    assert saved(omnisim.simulate(given, seed=0, shards=3), tmp_path) == expected


@pytest.mark.whole
@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_an_interrupted_run_ends_its_cluster(tmp_path: Path) -> None:
    """A terminal sends the signal to all processes at once: one line is said of it, and nothing is left running."""
    pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")
    arguments = ("run", "synthetic_seasonal", "--rounds", 100_000, "--shards", 2, "--checkpoint-every", 20)
    command = start(*arguments, "--out", tmp_path)
    wait_for(command, (tmp_path / "checkpoint.npz").exists)
    os.killpg(command.pid, signal.SIGINT)
    code, said, complaint = finish(command)
    assert (code, said) == (130, "")
    assert complaint.startswith("omnisim: interrupted by SIGINT; ")
    assert complaint.endswith("checkpoint.npz: the same command goes on from there\n")
    assert complaint.count("\n") == 1


@pytest.mark.whole
@pytest.mark.parametrize("checkpoints", [(), ("--checkpoint-every", 20)], ids=["from the start", "from a state"])
def test_a_worker_is_killed(checkpoints: tuple[object, ...], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")
    from dask_cluster import cluster

    arguments = ("run", "synthetic_seasonal", "--rounds", 600)
    assert done(*arguments, "--out", tmp_path / "alone")[0] == 0
    with cluster(tmp_path, workers=2) as made:
        told = tmp_path / "told"
        before = f"""
from pathlib import Path
from omnisim.simulation.sharded import ShardedAgents
_tell = ShardedAgents._tell
def tell(self, before):
    if before > 100:
        Path({str(told)!r}).touch()
    _tell(self, before)
ShardedAgents._tell = tell
"""
        options = ("--shards", 3, "--scheduler", made.address, *checkpoints, "--out", tmp_path / "sharded")
        command = start(*arguments, *options, before=before)
        wait_for(command, told.exists)
        assert command.poll() is None
        made.workers[0].kill()
        code, said, complaint = finish(command)
    assert (code, complaint) == (0, "")
    assert said.endswith(f"{tmp_path / 'sharded' / 'report.html'}\n")
    assert (tmp_path / "sharded" / "trace.npz").read_bytes() == (tmp_path / "alone" / "trace.npz").read_bytes()
