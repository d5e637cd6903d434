"""The order of a round: who speaks when, who knows what, and that nothing else matters."""

import copy
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
import oracle
import pytest
import simpy
from instances import GRID, RULES, Contrary, Fickle, Restless

import omnisim
from omnisim.errors import EmptyCandidatesError, OmnisimError, ProblemError, StrategyError, StrategyFailedError
from omnisim.problem.context import Context, History, Past, Service
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.elimination import FirstViolation
from omnisim.strategies.forecasters.base import Forecaster

ROUNDS = 12
AGENTS = {"first": 3, "second": 2, "third": 1}


def population(name: str, dimension: int = 2) -> omnisim.Population:
    """Random agents of that name, the same in every test."""
    agents, actions = AGENTS[name], 3
    rng = np.random.default_rng(len(name) * 1000 + agents)
    utility = rng.integers(-2, 3, (agents, actions, dimension)) / GRID
    limit = omnisim.LinearConstraint(
        rng.integers(-2, 3, (agents, actions, dimension)) / GRID, rng.integers(-4, 1, (agents, actions)) / GRID
    )
    return omnisim.Population(name, utility, np.full((agents, actions), 0.5), [limit])


def scenario(*names: str, **changes: Any) -> omnisim.Scenario:
    settings: dict[str, Any] = {
        "populations": [population(name) for name in names],
        "adversary": Fickle(2, ROUNDS, seed=3),
        "forecaster": Restless(seed=5),
        "elimination": omnisim.elimination.SubsequenceFirstViolation(),
        "subsequences": {"all": None, "even": np.arange(ROUNDS) % 2 == 0},
        "rounds": ROUNDS,
    }
    return omnisim.Scenario(**settings | changes)


def recorded(trace: omnisim.Trace, *names: str) -> Iterator[tuple[str, bytes]]:
    """What the populations of these names and the world did, byte for byte."""
    yield "outcomes", trace.outcomes.tobytes()
    yield "predictions", trace.predictions.tobytes()
    for name in names:
        for field in ("actions", "fallback", "costs", "violated_at", "eliminated_at"):
            yield f"{name}.{field}", getattr(trace.records[name], field).tobytes()


@pytest.fixture
def start_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts the processes of every simulation in another order than they were created in."""

    def use(order: tuple[int, ...]) -> None:
        class Shuffled(simpy.Environment):
            def __init__(self, initial_time: float = 0) -> None:
                super().__init__(initial_time)
                self.waiting: list[Any] = []

            def process(self, generator: Any) -> Any:
                self.waiting.append(generator)

            def run(self, until: Any = None) -> Any:
                assert len(self.waiting) == len(order)
                for index in order:
                    super().process(self.waiting[index])
                return super().run(until)

        monkeypatch.setattr(simpy, "Environment", Shuffled)

    return use


APART = {"first": omnisim.elimination.SubsequenceFirstViolation(), "second": omnisim.elimination.FirstViolation()}
"""Rules that differ: two populations that are not decided together."""


@pytest.mark.one_in(9)
@pytest.mark.parametrize("order", list(permutations(range(5))), ids=str)
def test_the_order_in_which_processes_start_does_not_matter(order: tuple[int, ...], start_in: Any) -> None:
    given = scenario("first", "second", adversary=Contrary(2), elimination=APART)
    expected = dict(recorded(omnisim.simulate(given, seed=1), "first", "second"))
    start_in(order)  # world, forecaster, two populations and the clock
    assert dict(recorded(omnisim.simulate(given, seed=1), "first", "second")) == expected


@pytest.mark.one_in(2)
@pytest.mark.parametrize("order", list(permutations(range(5)))[::17], ids=str)
def test_nor_does_it_where_messages_come_late_or_never(order: tuple[int, ...], start_in: Any) -> None:
    network = omnisim.network.Network(
        channels=[omnisim.network.Channel(delay=omnisim.network.Exponential(0.3), loss=0.1)]
    )
    given = scenario("first", "second", adversary=Contrary(2), network=network, elimination=APART)
    expected = dict(recorded(omnisim.simulate(given, seed=1), "first", "second"))
    start_in(order)
    assert dict(recorded(omnisim.simulate(given, seed=1), "first", "second")) == expected


@pytest.mark.one_in(2)
@pytest.mark.parametrize("adversary", [Contrary(2), Fickle(2, ROUNDS, seed=3)], ids=["contrary", "fickle"])
@pytest.mark.parametrize("names", list(permutations(AGENTS)), ids="-".join)
def test_the_order_of_the_populations_does_not_matter(names: tuple[str, ...], adversary: Adversary) -> None:
    expected = omnisim.simulate(scenario(*AGENTS, adversary=adversary), seed=2)
    found = omnisim.simulate(scenario(*names, adversary=adversary), seed=2)
    assert list(found.records) == list(names)
    assert dict(recorded(found, *AGENTS)) == dict(recorded(expected, *AGENTS))


def test_another_population_changes_nothing_for_those_that_were_there() -> None:
    alone = omnisim.simulate(scenario("first"), seed=4)
    together = omnisim.simulate(scenario("second", "first", "third"), seed=4)
    assert dict(recorded(together, "first")) == dict(recorded(alone, "first"))


def test_a_generated_population_depends_on_the_seed_of_the_run() -> None:
    class Source:
        name = "first"

        def build(self, seed: int) -> omnisim.Population:
            return omnisim.Population("first", [[[0.5], [0.25]]], [[0.0, seed / 100]])

    given = omnisim.Scenario(
        populations=[Source()],
        adversary=omnisim.adversaries.Replay([[0.5]]),
        forecaster=omnisim.forecasters.Climatology(),
    )
    assert omnisim.simulate(given, seed=7).records["first"].population.offset[0, 1] == 0.07


def test_adversary_and_forecaster_may_differ_while_each_draws_from_its_own_stream() -> None:
    # The outcomes of a law that answers to nobody are the same whatever is predicted.
    first = omnisim.simulate(scenario("first", forecaster=Restless(seed=1)), seed=9)
    second = omnisim.simulate(scenario("first", forecaster=Restless(seed=2)), seed=9)
    np.testing.assert_array_equal(first.outcomes, second.outcomes)
    assert not np.array_equal(first.predictions, second.predictions)


class Logged(Mixture):
    """A mixture that says when it is sampled."""

    __slots__ = ("log",)

    def __init__(self, support: Any, weights: Any, log: list[Any]) -> None:
        super().__init__(support, weights)
        self.log = log

    def __deepcopy__(self, memo: Any) -> "Logged":
        return self

    def draw(self, rng: np.random.Generator) -> int:
        drawn = super().draw(rng)
        self.log.append(("sample", self.support[drawn].tolist()))
        return drawn


class Log(list[Any]):
    """A log that copies of a strategy go on writing to."""

    def __deepcopy__(self, memo: Any) -> "Log":
        return self


class SpyForecaster(Forecaster):
    def __init__(self, log: Log) -> None:
        self.log = log

    def _predict(self, context: Context) -> Mixture:
        mixture = Logged([[0.25, 0.5], [0.75, 0.125]], [0.5, 0.5], self.log)
        self.log.append(("predict", context, mixture))
        return mixture

    def _update(self, outcome: Any) -> None:
        self.log.append(("update", outcome))


class SpyAdversary(Adversary):
    oblivious = False
    dimension = 2

    def __init__(self, log: Log) -> None:
        self.log = log

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Any:
        assert history is not None
        seen = (history.outcomes.tolist(), history.predictions.tolist(), copy.deepcopy(history.actions))
        self.log.append(("law", context, mixture, seen, history))
        return [context.round / ROUNDS, 0.5]


class SpyElimination(FirstViolation):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log

    def playable(self, active: Any) -> Any:
        candidates, empty = super().playable(active)
        self.log.append(("playable", candidates.tolist()))
        return candidates, empty

    def _update(self, actions: Any, costs: Any, active: Any) -> None:
        self.log.append(("eliminate", actions.tolist(), costs.copy()))
        super()._update(actions, costs, active)


@pytest.fixture(scope="module")
def spied() -> tuple[list[Any], omnisim.Trace]:
    log = Log()
    given = scenario(
        "first",
        adversary=SpyAdversary(log),
        forecaster=SpyForecaster(log),
        elimination=SpyElimination(log),
        features={"load": np.arange(ROUNDS), "hours": np.ones((ROUNDS, 24))},
        forecasts={"lasso": np.full((ROUNDS + 3, 2), 0.5)},
        dates=np.datetime64("2024-01-01") + np.arange(ROUNDS).astype("timedelta64[D]"),
    )
    return log, omnisim.simulate(given, seed=6)


def of_kind(log: list[Any], kind: str) -> list[Any]:
    return [entry for entry in log if entry[0] == kind]


def test_a_round_happens_in_this_order(spied: tuple[list[Any], omnisim.Trace]) -> None:
    log, _ = spied
    kinds = [entry[0] for entry in log]
    for t in range(ROUNDS):
        this = kinds[7 * t : 7 * (t + 1)]
        # Candidates are asked for twice: when the population registers, and when it acts.
        assert this[:5] == ["playable", "predict", "law", "sample", "playable"]
        assert sorted(this[5:]) == ["eliminate", "update"]  # these two do not speak to each other
    assert len(kinds) == 7 * ROUNDS


def test_the_adversary_sees_the_mixture_and_never_the_prediction_of_the_round(
    spied: tuple[list[Any], omnisim.Trace],
) -> None:
    log, trace = spied
    for t, ((_, told, committed), law) in enumerate(zip(of_kind(log, "predict"), of_kind(log, "law"), strict=True)):
        _, context, mixture, (outcomes, predictions, actions), history = law
        assert context.round == t
        assert mixture is committed
        assert outcomes == trace.outcomes[:t].tolist()
        assert predictions == trace.predictions[:t].tolist()
        assert {name: played.tolist() for name, played in actions.items()} == {
            "first": trace.actions["first"][:t].tolist()
        }
        for array in (history.outcomes, history.predictions, *history.actions.values()):
            assert not array.flags.writeable
        np.testing.assert_equal(context.candidates, told.candidates)


def test_what_was_sampled_is_what_was_broadcast(spied: tuple[list[Any], omnisim.Trace]) -> None:
    log, trace = spied
    assert [entry[1] for entry in of_kind(log, "sample")] == trace.predictions.tolist()
    assert len({tuple(entry[1]) for entry in of_kind(log, "sample")}) == 2
    assert [entry[1].tolist() for entry in of_kind(log, "update")] == trace.outcomes.tolist()
    assert [entry[1] for entry in of_kind(log, "eliminate")] == trace.actions["first"].tolist()


def test_the_candidates_in_the_context_are_those_chosen_from(spied: tuple[list[Any], omnisim.Trace]) -> None:
    log, trace = spied
    shown = [context.candidates["first"].tolist() for _, context, _ in of_kind(log, "predict")]
    playable = [entry[1] for entry in of_kind(log, "playable")]
    assert shown == playable[::2] == playable[1::2]
    left = trace.eliminated_at["first"][:, :, 0]
    for t, candidates in enumerate(shown):
        some = ~trace.fallback["first"][t]
        assert np.array(candidates)[some].tolist() == (left >= t)[some].tolist()
    assert any(False in row for candidates in shown for row in candidates)


def test_a_context_says_what_is_known_beforehand_and_cannot_be_written_to(
    spied: tuple[list[Any], omnisim.Trace],
) -> None:
    log, _ = spied
    for t, (_, context, _) in enumerate(of_kind(log, "predict")):
        assert context.round == t
        assert context.active.tolist() == [True, t % 2 == 0]
        assert context.date == np.datetime64("2024-01-01") + np.timedelta64(t, "D")
        assert context.features["load"].tolist() == [t]
        assert context.features["hours"].shape == (24,)
        assert context.forecasts["lasso"].tolist() == [0.5, 0.5]
        shown = [context.active, *context.features.values(), *context.forecasts.values()]
        for array in [*shown, *context.candidates.values()]:
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
    for _, outcome in of_kind(log, "update"):
        assert not outcome.flags.writeable


def test_candidates_follow_the_rule_in_the_oracle() -> None:
    log = Log()
    rule = "subsequence first violation, full"
    given = scenario("first", forecaster=SpyForecaster(log), elimination=RULES[rule][0]())
    trace = omnisim.simulate(given, seed=6)
    first = population("first")
    (limit,) = first.constraints
    assert isinstance(limit, omnisim.LinearConstraint)
    slope, offset = limit.slope.tolist(), limit.offset.tolist()

    def cost(n: int, a: int, y: Any) -> float:
        return sum(v * x for v, x in zip(slope[n][a], y, strict=True)) + offset[n][a]

    replayed = oracle.replay(
        oracle.Agents(first.utility.tolist(), first.offset.tolist(), [cost]),
        trace.outcomes.tolist(),
        trace.predictions.tolist(),
        trace.active.tolist(),
        *RULES[rule][1],
    )
    for t, (_, context, _) in enumerate(of_kind(log, "predict")):
        for n, considered in enumerate(replayed.candidates[t]):
            expected = considered or {replayed.actions[t][n]}
            assert set(np.flatnonzero(context.candidates["first"][n])) == expected


def test_the_service_is_told_who_registered_and_the_law_only_where_it_answers_to_nobody() -> None:
    told: list[Service] = []

    class Asking(Restless):
        def _start(self) -> None:
            super()._start()
            told.append(self.service)

    past = Past(np.full((4, 2), 0.5))
    omnisim.simulate(scenario("second", "first", forecaster=Asking(0), past=past), seed=1)
    omnisim.simulate(scenario("first", forecaster=Asking(0), adversary=Contrary(2)), seed=1)
    open_law, closed_law = told
    assert (open_law.dimension, open_law.rounds, open_law.past) == (2, ROUNDS, past)
    assert [p.name for p in open_law.populations] == ["second", "first"]
    assert tuple(open_law.subsequences) == ("all", "even")
    assert open_law.law is not None
    expected = Fickle(2, ROUNDS, seed=3).support[5]
    np.testing.assert_array_equal(open_law.law(Context(round=5)).support, expected)
    assert closed_law.law is None


def test_elimination_rules_may_show_the_array_they_work_on() -> None:
    class OneArray(FirstViolation):
        def _start(self) -> None:
            super()._start()
            self.alive = np.ones((self.agents, self.actions), dtype=bool)

        def _candidates(self, active: Any) -> Any:
            return self.alive

        def _update(self, actions: Any, costs: Any, active: Any) -> None:
            super()._update(actions, costs, active)
            self.alive &= ~(costs > 0).any(axis=2)

    expected = omnisim.simulate(scenario("first", elimination=FirstViolation()), seed=1)
    found = omnisim.simulate(scenario("first", elimination=OneArray()), seed=1)
    assert dict(recorded(found, "first")) == dict(recorded(expected, "first"))


class Wrong(Restless):
    def __init__(self, answer: Any) -> None:
        super().__init__(0)
        self.answer = answer

    def _predict(self, context: Context) -> Any:
        return self.answer if context.round == 7 else super()._predict(context)


class WrongLaw(Contrary):
    def __init__(self, answer: Any) -> None:
        super().__init__(2)
        self.answer = answer

    def _law(self, context: Context, mixture: Any, history: Any) -> Any:
        return self.answer if context.round == 7 else super()._law(context, mixture, history)


@pytest.mark.parametrize("wrong", [Wrong, WrongLaw])
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([0.5, np.nan], r"in round 7: point\[1\] is nan: every entry must be a finite number"),
        ([0.5, -0.25], r"in round 7: point\[1\] is -0.25: every entry must lie in \[0, 1\]"),
        ([0.5, 1.25], r"in round 7: point\[1\] is 1.25: every entry must lie in \[0, 1\]"),
        ([[0.5, 0.5]], r"in round 7: point must have shape \(d,\), got \(1, 2\)"),
        ("much", "in round 7: point must be an array of numbers"),
        ([0.5], r"1 .*coordinate.* round 7: (outcomes have|it declares) 2|1 coordinate in round 7"),
    ],
)
def test_a_bad_answer_stops_the_run_with_one_line(wrong: Any, answer: Any, message: str) -> None:
    bad = {"forecaster": wrong(answer)} if wrong is Wrong else {"adversary": wrong(answer)}
    with pytest.raises(StrategyError, match=message) as raised:
        omnisim.simulate(scenario("first", **bad), seed=1)
    assert str(raised.value).startswith(wrong.__name__)
    assert "\n" not in str(raised.value)


def test_a_bad_constraint_stops_the_run() -> None:
    class Wild:
        def __init__(self, cost: Any) -> None:
            self.cost = cost

        def costs(self, outcomes: Any) -> Any:
            return np.broadcast_to(self.cost, (1, 1, 2))

    def run(constraint: Any) -> None:
        bad = omnisim.Population("first", [[[0.5, 0.0], [0.0, 0.5]]], constraints=[constraint])
        omnisim.simulate(scenario(populations=[bad]))

    with pytest.raises(ProblemError, match=r"action 1 of agent 0 is 2: costs must lie in \[-1, 1\]"):
        run(Wild([0.0, 2.0]))
    with pytest.raises(ProblemError, match=r"action 0 of agent 0 is nan: costs must lie in \[-1, 1\]"):
        run(Wild([np.nan, 0.0]))


def test_an_agent_without_candidates_stops_the_run_if_told_to() -> None:
    doomed = omnisim.Population(
        "first",
        [[[0.5, 0.0], [0.0, 0.5]]],
        constraints=[omnisim.LinearConstraint(np.zeros((1, 2, 2)), [[0.5, 0.5]])],
    )
    given = scenario(populations=[doomed], elimination=FirstViolation(on_empty="error"))
    with pytest.raises(EmptyCandidatesError, match="agent 0 has eliminated all its 2 actions by round 1"):
        omnisim.simulate(given)


def test_an_error_of_the_strategy_itself_is_told_as_its_own() -> None:
    class Picky(Restless):
        def _update(self, outcome: Any) -> None:
            raise StrategyError("I will not learn from this")

    class Buggy(Restless):
        def _update(self, outcome: Any) -> None:
            raise KeyError("feature")

    with pytest.raises(OmnisimError, match="I will not learn from this"):
        omnisim.simulate(scenario("first", forecaster=Picky(0)))
    line = r"Buggy failed in round 0: KeyError: 'feature' \(_update, test_protocol\.py, line \d+\)"
    with pytest.raises(StrategyFailedError, match=line) as failed:  # a bug is not dressed up as a bad input
        omnisim.simulate(scenario("first", forecaster=Buggy(0)))
    assert isinstance(failed.value.__cause__, KeyError)


def test_progress_is_told_after_every_round() -> None:
    rounds: list[int] = []
    omnisim.simulate(scenario("first"), on_round=rounds.append)
    assert rounds == list(range(ROUNDS))
