"""Messages that come late or never: every one is accounted for, and nobody acts on what it has not received."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from instances import Restless
from network_instances import population, scenarios

import omnisim
from omnisim.errors import OmnisimError
from omnisim.problem.delays import Constant, Exponential, LogNormal, Uniform
from omnisim.problem.network import Channel, Network, Star, Tree
from omnisim.simulation import cohorts
from omnisim.simulation.delay_lines import Ledger
from omnisim.simulation.late_agents import _batches
from omnisim.simulation.messages import Outcome
from omnisim.simulation.routes import Channels

ELIMINATION = omnisim.elimination
RULES = [
    ELIMINATION.BestResponse,
    ELIMINATION.FirstViolation,
    ELIMINATION.SubsequenceFirstViolation,
    ELIMINATION.CumulativeThreshold,
    ELIMINATION.SubsequenceThreshold,
    omnisim.learners.Hedge,
]

ROUNDS = 20


def scenario(network: Network | None = None, **changes: Any) -> omnisim.Scenario:
    outcomes = np.random.default_rng(3).random((ROUNDS, 2))
    given: dict[str, Any] = {
        "populations": [population("a", 2, 1), population("b", 1, 2)],
        "adversary": omnisim.adversaries.Replay(outcomes),
        "forecaster": omnisim.forecasters.Persistence(),
        "network": network,
    }
    return omnisim.Scenario(**given | changes)


def star(*channels: Channel, **more: Any) -> Network:
    return Network(Star(), channels, **more)


@pytest.mark.long
@given(scenarios(RULES), st.integers(0, 50))
@examples(80)
def test_every_message_is_accounted_for_and_every_run_ends(drawn: omnisim.Scenario, seed: int) -> None:
    trace = omnisim.simulate(drawn, seed=seed)
    rounds = trace.rounds
    if trace.messages is None:
        return
    record = trace.messages
    np.testing.assert_array_equal(record.sent, record.delivered + record.lost + record.in_flight)
    assert (record.late <= record.delivered).all()
    sent = dict(zip(record.kinds, record.sent, strict=True))
    # Counted from who must have spoken: every forecast, settlement and registration, and an action where there was one.
    pairs = sum(len(r.subscriptions) for r in trace.records.values())
    np.testing.assert_array_equal(sent["forecast"], np.full(rounds, pairs))
    np.testing.assert_array_equal(sent["registration"], np.full(rounds, pairs))
    np.testing.assert_array_equal(sent["settlement"], np.full(rounds, len(trace.records) + 2))
    acting = [
        np.ones(rounds, dtype=int) if drawn.elimination_of(name).draws else (r.heard >= 0).any(axis=1).astype(int)
        for name, r in trace.records.items()
    ]
    np.testing.assert_array_equal(sent["actions"], np.sum(acting, axis=0))
    for name, known in trace.records.items():
        assert known.heard is not None
        assert known.defaulted is not None
        assert (known.heard <= np.arange(rounds)[:, None]).all()
        silent = (known.heard < 0).all(axis=1)
        if not drawn.elimination_of(name).draws:
            assert known.defaulted[silent].all()
        learnt = known.settled_at
        assert ((learnt == -1) | (learnt >= np.arange(rounds))).all()
        if known.present is not None:
            np.testing.assert_array_equal(known.actions == -1, ~known.present)
            assert (known.costs[~known.present] == 0).all()


@pytest.mark.long
@given(scenarios(RULES[:5]), st.integers(0, 50))
@examples(80)
def test_certificates_hold_on_any_network(drawn: omnisim.Scenario, seed: int) -> None:
    analysis = omnisim.analyze(omnisim.simulate(drawn, seed=seed))
    table = analysis.certificates
    certain = table[table["probability"] == 1]
    assert certain["holds"].all(), certain[~certain["holds"]]
    own = analysis.agents
    assert (own["rounds"] >= 0).all()


@pytest.mark.long
@given(scenarios(RULES[:3]), st.integers(0, 50))
@examples(40)
def test_populations_decided_together_do_what_they_would_do_alone(drawn: omnisim.Scenario, seed: int) -> None:
    together = omnisim.simulate(drawn, seed=seed)
    most, cohorts.MOST_AGENTS = cohorts.MOST_AGENTS, 0
    try:
        alone = omnisim.simulate(drawn, seed=seed)
    finally:
        cohorts.MOST_AGENTS = most
    for name, record in together.records.items():
        other = alone.records[name]
        for field in (
            "actions",
            "fallback",
            "costs",
            "violated_at",
            "eliminated_at",
            "heard",
            "defaulted",
            "settled_at",
        ):
            found, expected = getattr(record, field), getattr(other, field)
            assert (found is None) == (expected is None)
            if found is not None:
                assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes(), field
    if together.messages is not None:
        for field in ("sent", "delivered", "lost", "late", "in_flight"):
            np.testing.assert_array_equal(getattr(together.messages, field), getattr(alone.messages, field))


def played_by_hand(
    agents: omnisim.Population, outcomes: np.ndarray, predictions: np.ndarray, forecast: int, settlement: int
) -> list[list[int]]:
    """Algorithm 1 as a loop over agents, with whole rounds of delay of forecasts and of settlements."""
    (limit,) = agents.constraints
    everything = []
    for t in range(len(outcomes)):
        row = []
        for n in range(agents.agents):
            left = []
            for a in range(agents.actions):
                known = range(max(0, t - settlement))  # round r is learnt at the end of round r + settlement
                costs = [float(limit.slope[n, a] @ outcomes[r] + limit.offset[n, a]) for r in known]
                if not any(cost > 0 for cost in costs):
                    left.append(a)
            told = t - forecast
            if told < 0:
                row.append(0)
            elif left:
                worth = [float(agents.utility[n, a] @ predictions[told] + agents.offset[n, a]) for a in left]
                row.append(left[int(np.argmax(worth))])
            else:
                row.append(-1)  # falls back, which is another rule's business
        everything.append(row)
    return everything


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("forecast", "settlement"), [(0, 0), (0, 1), (2, 0), (1, 4), (3, 3)])
def test_constant_delays_by_hand(forecast: int, settlement: int) -> None:
    network = star(
        Channel("forecaster", "population/*", delay=forecast), Channel("world", "population/*", delay=settlement)
    )
    agents = population("many", 40, seed=7)
    trace = omnisim.simulate(scenario(network, populations=[agents]))
    expected = np.array(played_by_hand(agents, trace.outcomes, trace.predictions, forecast, settlement))
    fell_back = expected == -1
    assert 0 < fell_back.mean() < 0.9
    np.testing.assert_array_equal(np.where(fell_back, -1, trace.actions["many"]), expected)
    record = trace.records["many"]
    if network.channels[0].law.mean or network.channels[1].law.mean:
        np.testing.assert_array_equal(record.heard[:, 0], np.maximum(np.arange(ROUNDS) - forecast, -1))
        learnt = np.arange(ROUNDS) + settlement
        np.testing.assert_array_equal(record.settled_at, np.minimum(learnt, ROUNDS))


@pytest.mark.parametrize("delay", [1, 3, 6])
def test_the_bound_for_late_settlements_is_reached(delay: int) -> None:
    # Each of two actions is best until it is gone, and violates by 1 in every round; the third never does.
    agents = omnisim.Population(
        "one",
        [[[0.0], [0.0], [0.0]]],
        [[1.0, 0.5, 0.0]],
        [omnisim.LinearConstraint(np.zeros((1, 3, 1)), [[1.0, 1.0, -1.0]])],
    )
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[agents],
            adversary=omnisim.adversaries.Replay(np.full((30, 1), 0.5)),
            forecaster=omnisim.forecasters.Climatology(),
            network=star(Channel("world", "population/*", delay=delay)),
        )
    )
    table = omnisim.analyze(trace).certificates
    row = table[table["theorem"] == "Theorem 1"].iloc[0]
    # Both violators are seen at once, so only the first is played late: 1 + D of the 2 (1 + D) allowed.
    assert row["measured"] == 1 + delay
    assert row["bound"] == 2 * (1 + delay)
    assert row["holds"]


def test_one_violator_reaches_the_bound_exactly() -> None:
    agents = omnisim.Population(
        "one", [[[0.0], [0.0]]], [[1.0, 0.0]], [omnisim.LinearConstraint(np.zeros((1, 2, 1)), [[1.0, -1.0]])]
    )
    for delay in (0, 2, 5):
        trace = omnisim.simulate(
            omnisim.Scenario(
                populations=[agents],
                adversary=omnisim.adversaries.Replay(np.full((30, 1), 0.5)),
                forecaster=omnisim.forecasters.Climatology(),
                network=star(Channel("world", "population/*", delay=delay)),
            )
        )
        table = omnisim.analyze(trace).certificates
        row = table[table["theorem"] == "Theorem 1"].iloc[0]
        assert row["measured"] == row["bound"] == 1 + delay


class Remembering(Restless):
    """A forecaster that notes which outcome it was told for the context it last predicted in."""

    def __init__(self, log: Any) -> None:
        super().__init__(0)
        self.log = log

    def _predict(self, context: Any) -> Any:
        self.context = context
        return super()._predict(context)

    def _update(self, outcome: Any) -> None:
        self.log.append((self.context.round, outcome.tolist()))


class Log(list[Any]):
    def __deepcopy__(self, memo: Any) -> "Log":
        return self


@pytest.mark.parametrize("delay", [Constant(0), Constant(3), Uniform(0, 5), Exponential(2.0)])
def test_a_forecaster_learns_each_outcome_with_its_own_context(delay: Any) -> None:
    log = Log()
    network = star(Channel("world", "forecaster", delay=delay), Channel("forecaster", "*", delay=0.01))
    trace = omnisim.simulate(scenario(network, forecaster=Remembering(log)))
    assert len({t for t, _ in log}) == len(log)
    for t, outcome in log:
        assert outcome == trace.outcomes[t].tolist()
    if not delay.random:
        assert [t for t, _ in log] == list(range(ROUNDS - int(delay.mean)))


def test_persistence_repeats_the_newest_outcome_it_was_told() -> None:
    trace = omnisim.simulate(scenario(star(Channel("world", "forecaster", delay=4))))
    np.testing.assert_array_equal(trace.predictions[5:], trace.outcomes[: ROUNDS - 5])
    assert (trace.predictions[:5] == 0.5).all()


@pytest.mark.parametrize(("delay", "late"), [(0.125, False), (0.126, True)])
def test_the_gate_closes_an_eighth_of_a_round_after_the_actions(delay: float, late: bool) -> None:
    network = star(Channel("population/*", "world", delay=delay))
    trace = omnisim.simulate(scenario(network, default_actions={"a": 2, "b": "action 1"}))
    for name, action in (("a", 2), ("b", 1)):
        record = trace.records[name]
        assert record.defaulted is not None
        assert record.defaulted.all() == record.defaulted.any() == late
        assert (trace.actions[name] == action).all() == late


@pytest.mark.parametrize(
    ("sender", "receiver", "kind"),
    [
        ("forecaster", "population/*", "forecast"),
        ("population/*", "world", "actions"),
        ("world", "population/*", "settlement"),
    ],
)
def test_a_message_is_late_once_its_phase_is_over(sender: str, receiver: str, kind: str) -> None:
    """An eighth of a round is in time, a little more is late in the same round, and those of the last round are never
    read."""
    for delay in (0.125, 0.13):
        record = omnisim.simulate(scenario(star(Channel(sender, receiver, delay=delay)))).messages
        assert record is not None
        for name, late, delivered in zip(record.kinds, record.late, record.delivered, strict=True):
            each = 2 if name == kind and delay > 0.125 else 0  # of two populations
            assert late.tolist() == [each] * (ROUNDS - 1) + [0]
            assert (delivered[-1] < delivered[1]) == (each > 0)


def test_default_actions_earn_and_cost_like_any_other() -> None:
    trace = omnisim.simulate(scenario(star(Channel("population/a", "world", loss=1.0)), default_actions={"a": 1}))
    analysis = omnisim.analyze(trace)
    agents, outcomes = trace.records["a"].population, trace.outcomes
    earned = [(agents.utility[n, 1] @ outcomes.T + agents.offset[n, 1]).sum() for n in range(2)]
    np.testing.assert_allclose(analysis.measures["a"].utility[0], earned)
    assert (analysis.measures["a"].bias == 0).all()  # they answer no prediction
    table = analysis.information.set_index("population")
    assert table.loc["a", "age"] == -1
    assert table.loc["b", "age"] == 0


@pytest.mark.parametrize("max_age", [0, 1, 3])
def test_forecasts_that_are_too_old_are_not_acted_on(max_age: int) -> None:
    outage = Channel("forecaster", "population/*", outages=[(5, 14)])
    trace = omnisim.simulate(scenario(star(outage, max_age=max_age)))
    record = trace.records["a"]
    expected = [t if not 5 <= t <= 14 else 4 if t <= 4 + max_age else -1 for t in range(ROUNDS)]
    assert record.heard is not None
    assert record.heard[:, 0].tolist() == expected
    np.testing.assert_array_equal(record.defaulted, np.array(expected) < 0)


def test_an_outage_loses_what_enters_the_channel_and_nothing_else() -> None:
    trace = omnisim.simulate(scenario(star(Channel("world", "population/b", outages=[(2, 3), (7, 7)]))))
    assert trace.records["b"].settled_at is not None
    assert [t for t in range(ROUNDS) if trace.records["b"].settled_at[t] == -1] == [2, 3, 7]
    assert (trace.records["a"].settled_at == np.arange(ROUNDS)).all()
    assert trace.messages is not None
    assert trace.messages.lost.sum() == 3


def test_another_population_changes_nobody_elses_luck() -> None:
    network = star(Channel(delay=Exponential(0.3), loss=0.2))
    alone = omnisim.simulate(scenario(network, populations=[population("a", 2, 1)]), seed=5)
    together = omnisim.simulate(scenario(network, populations=[population("b", 2, 2), population("a", 2, 1)]), seed=5)
    for field in ("heard", "defaulted", "settled_at", "actions"):
        np.testing.assert_array_equal(getattr(alone.records["a"], field), getattr(together.records["a"], field))


def test_several_forecasters_are_averaged() -> None:
    agents = population("a", 30, 1, constrained=False)
    forecasters = {"half": omnisim.forecasters.Climatology(), "week": omnisim.forecasters.Persistence(lag=7)}
    for network in (None, star(Channel("half", "population/*", delay=1), Channel("week", "population/*", loss=0.3))):
        trace = omnisim.simulate(
            scenario(
                network, populations=[agents], other_forecasters=forecasters, subscriptions={"a": ["week", "half"]}
            )
        )
        record = trace.records["a"]
        for t in range(ROUNDS):
            told = []
            for f, name in enumerate(("week", "half")):
                heard = t if record.heard is None else record.heard[t, f]
                if heard >= 0:
                    told.append(trace.other_predictions[name][heard])
            if told:
                mean = np.sum(told, axis=0) / len(told)
                scores = agents.utility @ mean + agents.offset
                best = scores.max(axis=1)
                played = scores[np.arange(30), trace.actions["a"][t]]
                np.testing.assert_allclose(played, best, atol=1e-12)
                np.testing.assert_allclose(trace.acted_on("a")[t], mean, atol=1e-12)
        assert omnisim.analyze(trace).certificates["holds"].all()


def test_candidates_that_a_forecaster_has_not_been_told_of_are_all() -> None:
    seen: list[np.ndarray] = Log()

    class Watching(Restless):
        def _predict(self, context: Any) -> Any:
            seen.append(context.candidates["a"].copy())
            return super()._predict(context)

    omnisim.simulate(scenario(star(Channel("population/*", "forecaster", loss=1.0)), forecaster=Watching(0)))
    assert all(candidates.all() for candidates in seen)


LAWS: Sequence[Any] = [Constant(1.5), Uniform(0.5, 2.0), Exponential(0.7), LogNormal(0.5, 0.8)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_mean_and_median_of_a_delay(law: Any) -> None:
    # Of 40,000 stratified quantiles: no randomness, and an error of the order of the widest stratum.
    u = (np.arange(40_000) + 0.5) / 40_000
    assert np.isclose(law.quantile(u).mean(), law.mean, rtol=2e-3)
    assert (np.diff(law.quantile(u)) >= 0).all()
    names = [f"one of {law} {i}" for i in range(1000)]
    drawn = Channels([Channel(delay=law)] * 1000, names, seed=0).cross(np.zeros(1000))
    below = int((drawn <= law.quantile(np.array([0.5]))[0]).sum()) if law.random else 500
    assert abs(below - 500) <= 5 * np.sqrt(250)  # false alarm: 6e-7 for each law


def test_losses_are_as_frequent_as_said() -> None:
    # 200 channels, 100 messages each; a binomial of 20,000 deviates by 5 standard deviations with probability 6e-7.
    channels = Channels([Channel(loss=0.3)] * 200, [f"channel {i}" for i in range(200)], seed=1)
    lost = sum(int(np.isinf(channels.cross(np.zeros(200))).sum()) for _ in range(100))
    assert abs(lost - 6000) <= 5 * np.sqrt(20_000 * 0.3 * 0.7)


def test_a_trunk_that_loses_a_message_loses_it_for_all_behind_it() -> None:
    names = [f"p{i}" for i in range(6)]
    network = Network(Tree(2), [Channel("forecaster", "retailer/*", loss=0.5), Channel("retailer/1", "*", delay=0.05)])
    trace = omnisim.simulate(scenario(network, populations=[population(name, 1, i) for i, name in enumerate(names)]))
    heard = {name: trace.records[name].heard[:, 0].tolist() for name in names}
    assert heard["p0"] == heard["p2"] == heard["p4"]
    assert heard["p1"] == heard["p3"] == heard["p5"]
    assert heard["p0"] != heard["p1"]


def test_saved_and_loaded_it_is_the_same(tmp_path: Any) -> None:
    from omnisim.problem.churn import Churn

    network = star(Channel(delay=Uniform(0, 1), loss=0.1))
    trace = omnisim.simulate(
        scenario(
            network,
            other_forecasters={"x": omnisim.forecasters.Climatology()},
            subscriptions={"a": ["x", "forecaster"]},
            churn={"b": Churn(join=0.5, leave=0.5)},
        )
    )
    trace.save(tmp_path / "trace.npz")
    again = omnisim.load_trace(tmp_path / "trace.npz")
    first, second = omnisim.analyze(trace), omnisim.analyze(again)
    for table in ("agents", "certificates", "information", "messages"):
        assert getattr(first, table).equals(getattr(second, table))
    assert trace.messages is not None
    assert again.messages is not None
    assert again.messages.parties == trace.messages.parties
    np.testing.assert_array_equal(again.messages.log.arrived, trace.messages.log.arrived)


@pytest.mark.parametrize("most", [1, 60, 79, 80, 10_000])
def test_messages_are_logged_around_the_middle_of_the_run(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rounds as hold so many: two populations have a registration, forecast, actions and settlement each."""
    monkeypatch.setattr("omnisim.simulation.delay_lines.MOST_LOGGED", most)
    record = omnisim.simulate(scenario(star(Channel(delay=0.01)))).messages
    assert record is not None
    logged = min(max(most // 8, 1), ROUNDS)
    assert record.log.last - record.log.first == logged - 1
    before, after = record.log.first, ROUNDS - 1 - record.log.last
    assert after - before in (0, 1)
    log = list(zip(record.log.kind.tolist(), record.log.round.tolist(), strict=True))
    for kind, t in np.ndindex(record.sent.shape):
        # Each that was sent is there once: the settlements reach two populations and the forecaster.
        assert log.count((kind, t)) == (record.sent[kind, t] if record.log.first <= t <= record.log.last else 0)


def test_sixty_thousand_messages_are_logged_or_a_round() -> None:
    cases = ((70_000, 1, 60_000), (50, 7, 50), (9_000, 7, 8_571), (9, 60_000, 1), (9, 10**6, 1))
    for rounds, per_round, logged in cases:
        log = Ledger(rounds, ["world"], per_round).logged()
        assert log.last - log.first + 1 == logged


def heard(rng: np.random.Generator, rounds: int) -> tuple[list[Any], np.ndarray]:
    """News of rounds, each told to some of four populations, and which subsequences were active in each."""
    told = [rng.random(4) < 0.5 for _ in range(rounds)]
    nothing = np.zeros(1)
    return [(Outcome(t, nothing, nothing), who) for t, who in enumerate(told)], rng.random((rounds, 2)) < 0.5


def test_news_are_learnt_together_where_no_population_learns_two_at_once_or_a_later_one_before() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        received, active = heard(rng, 6)
        batches = _batches(received, active)
        learnt = [message.round for batch in batches for message, _ in batch]
        assert sorted(learnt) == list(range(6))
        for batch in batches:
            assert len({active[message.round].tobytes() for message, _ in batch}) == 1
            assert sum(who.astype(int) for _, who in batch).max() <= 1
        for one in range(4):
            own = [message.round for batch in batches for message, who in batch if who[one]]
            assert own == [t for t, (_, who) in enumerate(received) if who[one]]


def test_news_of_one_round_each_for_different_populations_are_one_step() -> None:
    nothing = np.zeros(1)
    received = [(Outcome(t, nothing, nothing), np.arange(4) == t) for t in range(4)]
    alike, apart = np.ones((4, 1), dtype=bool), np.array([[True], [False], [True], [False]])
    assert [[message.round for message, _ in batch] for batch in _batches(received, alike)] == [[0, 1, 2, 3]]
    assert [[message.round for message, _ in batch] for batch in _batches(received, apart)] == [[0, 2], [1, 3]]


def test_same_seed_same_network() -> None:
    network = star(Channel(delay=Exponential(0.5), loss=0.3))
    first, second, other = (omnisim.simulate(scenario(network), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.records["a"].heard, second.records["a"].heard)
    assert not np.array_equal(first.records["a"].heard, other.records["a"].heard)


def test_channels_that_fit_nothing_are_refused() -> None:
    with pytest.raises(OmnisimError, match=r"'nobody' -> '\*' fits no edge"):
        omnisim.simulate(scenario(star(Channel("nobody"))))


class Given:
    """Costs of each agent that are the same for every action and outcome, of a class that is joined."""

    def __init__(self, costs: Sequence[float]) -> None:
        self.each = np.asarray(costs)

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.each[None, :, None], (len(outcomes), len(self.each), 3))

    @staticmethod
    def joined(limits: "Sequence[Given]") -> "Given":
        return Given(np.concatenate([limit.each for limit in limits]))


def test_a_cost_beyond_1_of_one_agent_among_many_is_refused_by_name() -> None:
    costs = {"a": [0.0, 0.5], "b": [-0.5, 1.25], "c": [0.25, 0.0]}
    populations = [
        omnisim.Population(name, np.full((2, 3, 2), 0.25), constraints=[Given(each)]) for name, each in costs.items()
    ]
    with pytest.raises(OmnisimError, match=r"population 'b': the cost of action 0 of agent 1 is 1\.25: costs must lie"):
        omnisim.simulate(scenario(populations=populations))


def test_energy_buyers_are_decided_together_as_well() -> None:
    # Their limit on the load in stressed hours is not linear: it says itself how it is joined.
    from omnisim.market import EnergyBuyers, Scaling
    from omnisim.streams import stream

    scaling = Scaling(-50, 250, "USD")
    populations = [EnergyBuyers(agents=1 + i % 3).build(f"p{i}", scaling, stream(0, f"p{i}"), "hour") for i in range(6)]
    outcomes = np.random.default_rng(0).random((ROUNDS, 24))
    late = star(Channel("world", "population/*", delay=Exponential(2.0)))
    together = omnisim.simulate(scenario(late, populations=populations, adversary=omnisim.adversaries.Replay(outcomes)))
    most, cohorts.MOST_AGENTS = cohorts.MOST_AGENTS, 0
    try:
        alone = omnisim.simulate(
            scenario(late, populations=populations, adversary=omnisim.adversaries.Replay(outcomes))
        )
    finally:
        cohorts.MOST_AGENTS = most
    for name, record in together.records.items():
        for field in ("actions", "costs", "violated_at", "eliminated_at"):
            found, expected = getattr(record, field), getattr(alone.records[name], field)
            assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes(), field
