"""Contexts that an adversary chooses as it goes, and subsequences that depend on what happened before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omnisim
from omnisim.network import Channel, Network
from omnisim.problem.context import Context, History
from omnisim.problem.subsequences import Rule, activity, adaptive
from omnisim.strategies.adversaries.base import Adversary

T, N, A, D = 30, 3, 3, 2
GENERATORS = {
    "base": {"capacity": 12.0, "cost": 0.1},
    "coal": {"capacity": 8.0, "cost": 0.4, "failure_probability": 0.3, "repair_probability": 0.4},
    "gas": {"capacity": 30.0, "cost": 0.8},
}


def buyers(seed: int, limit: float = 0.3) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    load = rng.uniform(0.0, 1.0, (N, A, D))
    cost = omnisim.LinearConstraint(rng.uniform(-0.4, 0.4, (N, A, D)), np.full((N, A), -limit * rng.random()))
    return omnisim.Population("buyers", -load / 2, np.ones((N, A)), [cost], load=load)


def market(**changes: Any) -> omnisim.adversaries.DemandResponse:
    given: dict[str, Any] = {"base_load": [10.0, 16.0], "customers": 3.0, "publishes": ["load_before"]}
    return omnisim.adversaries.DemandResponse(GENERATORS, **given | changes)


def after_a_dear_day(context: Context, history: History) -> bool:
    return context.round > 0 and bool(history.outcomes[-1].mean() > 0.4)


def after_a_miss(context: Context, history: History) -> bool:
    return context.round > 0 and bool(np.abs(history.predictions[-1] - history.outcomes[-1]).max() > 0.2)


def somebody_changed(context: Context, history: History) -> bool:
    actions = history.actions["buyers"]
    return context.round > 1 and bool((actions[-1] != actions[-2]).any())


CROWDED = Rule("load_before", ">=", quantile=0.6, window=5)


def scenario(seed: int = 0, **changes: Any) -> omnisim.Scenario:
    given: dict[str, Any] = {
        "populations": [buyers(seed)],
        "adversary": market(),
        "forecaster": omnisim.forecasters.DecisionCalibrated([omnisim.forecasters.Persistence()]),
        "elimination": omnisim.elimination.SubsequenceFirstViolation(),
        "subsequences": {
            "all": None,
            "crowded": CROWDED,
            "after a dear day": after_a_dear_day,
            "after a miss": after_a_miss,
            "somebody changed": somebody_changed,
        },
        "rounds": T,
        "seed": seed,
    }
    return omnisim.Scenario(**given | changes)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_who_is_active_follows_from_the_record(seed: int) -> None:
    trace = omnisim.simulate(scenario(seed))
    load, actions = buyers(seed).load, trace.actions["buyers"]
    assert load is not None
    before: list[float] = []
    for t in range(T):
        drawn = load.mean(axis=1).sum(axis=0) if t == 0 else sum(load[n, actions[t - 1, n]] for n in range(N))
        before.append(float(3.0 * drawn.mean()))
        recent = before[max(0, t - 5) : t]
        expected = [
            True,
            bool(recent) and before[t] >= np.quantile(recent, 0.6),
            t > 0 and trace.outcomes[t - 1].mean() > 0.4,
            t > 0 and np.abs(trace.predictions[t - 1] - trace.outcomes[t - 1]).max() > 0.2,
            t > 1 and (actions[t - 1] != actions[t - 2]).any(),
        ]
        assert trace.active[t].tolist() == expected, t


def test_the_instances_have_rounds_inside_and_outside_of_every_subsequence() -> None:
    members = np.concatenate([omnisim.simulate(scenario(seed)).active for seed in range(3)])
    assert members[:, 1:].any(axis=0).all()
    assert not members[:, 1:].all(axis=0).any()


def test_a_function_and_the_array_it_amounts_to_give_the_same_run() -> None:
    played = omnisim.simulate(scenario())
    arrays = {name: played.active[:, k] for k, name in enumerate(played.subsequences)}
    again = omnisim.simulate(scenario(subsequences=arrays))
    for name in ("outcomes", "predictions", "active"):
        assert np.array_equal(getattr(played, name), getattr(again, name)), name
    for name in ("actions", "eliminated_at", "fallback"):
        assert np.array_equal(getattr(played, name)["buyers"], getattr(again, name)["buyers"]), name
    left, right = (omnisim.analyze(trace).certificates for trace in (played, again))
    assert left.equals(right)


def test_capacity_in_service_is_what_the_market_clears_with() -> None:
    names = ("load_before", "available_capacity")
    seen: list[np.ndarray] = []

    def note(context: Context, history: History) -> bool:
        seen.append(context.features["available_capacity"])
        return True

    played = omnisim.simulate(
        scenario(adversary=market(publishes=names, base_load=[0.0, 0.0], customers=1000.0, noise=0.0),
                 subsequences={"all": None, "noted": note})
    )  # fmt: skip
    # With demand beyond every capacity prices say nothing; with what is published, which plants run is known.
    assert {float(row.sum()) for row in seen} == {2 * 42.0, 2 * 50.0}
    assert played.rounds == len(seen)


class Announcing(omnisim.adversaries.WorstCase):
    """A white-box adversary that also chooses the context: "the last prediction was high"."""

    published = ("high",)

    def _publish(self, context: Context, history: History | None) -> dict[str, float]:
        assert history is not None
        return {"high": float(len(history.predictions) > 0 and history.predictions[-1].mean() > 0.5)}


def attacked(seed: int, rule: Any, rounds: int = 60) -> omnisim.Trace:
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[buyers(seed, limit=0.05)],
            adversary=Announcing(),
            forecaster=omnisim.forecasters.DecisionCalibrated(),
            elimination=rule,
            subsequences={
                "all": None,
                "high": Rule("high", "==", 1.0),
                "after a miss": after_a_miss,
                "changed": somebody_changed,
            },
            rounds=rounds,
            seed=seed,
        )
    )


@settings(max_examples=6)
@given(
    st.integers(0, 10**6),
    st.sampled_from([omnisim.elimination.SubsequenceFirstViolation, omnisim.elimination.SubsequenceThreshold]),
)
def test_theorems_hold_against_an_adversary_that_chooses_contexts(seed: int, rule: Any) -> None:
    trace = attacked(seed, rule())
    certificates = omnisim.analyze(trace).certificates
    assert certificates["holds"].all(), certificates[~certificates["holds"]]
    # By hand: Theorem 5 and 6, whose bounds do not depend on the forecaster.
    active, costs = trace.active, trace.records["buyers"].costs
    for k in range(4):
        violation = costs[active[:, k]].sum(axis=0).max(initial=0.0)
        positive = np.maximum(costs[active[:, k]], 0).sum(axis=0).max(initial=0.0)
        if rule is omnisim.elimination.SubsequenceFirstViolation:
            assert positive <= 4 * A
        else:
            gamma = np.sqrt(2 * trace.rounds * np.log(N * A * 4**2 / 0.05))
            assert violation <= 4 * A * (1 + gamma)


def test_thresholds_are_those_of_all_rounds() -> None:
    rule = omnisim.elimination.SubsequenceThreshold()
    problem = scenario(elimination=rule).problem(0)
    assert problem.active.sum(axis=0).tolist() == [T, 0, 0, 0, 0]
    rule.start(problem.populations[0], problem.declared_activity)
    assert rule.sizes.tolist() == [T] * 5
    known = scenario(subsequences={"all": None, "half": np.arange(T) % 2 == 0, "dear": after_a_dear_day}).problem(0)
    assert known.declared_activity.sum(axis=0).tolist() == [T, T // 2, T]


class StoppedError(Exception):
    """Raised in the place of a signal."""


@pytest.mark.parametrize("last", [0, 7, T - 2])
def test_a_run_goes_on_from_a_checkpoint_with_the_same_subsequences(tmp_path: Path, last: int) -> None:
    def stop(t: int) -> None:
        if t == last:
            raise StoppedError

    expected, checkpoint = omnisim.simulate(scenario()), omnisim.Checkpoint(tmp_path / "state", every=1)
    with pytest.raises(StoppedError):
        omnisim.simulate(scenario(), on_round=stop, checkpoint=checkpoint)
    trace = omnisim.simulate(scenario(), checkpoint=checkpoint)
    for name in ("active", "outcomes", "predictions"):
        assert np.array_equal(getattr(trace, name), getattr(expected, name)), name
    assert np.array_equal(trace.eliminated_at["buyers"], expected.eliminated_at["buyers"])


def test_on_a_network_history_is_what_was_played() -> None:
    trace = omnisim.simulate(
        scenario(network=Network(channels=[Channel("*", "*", delay=1)]), forecaster=omnisim.forecasters.Persistence())
    )
    actions = trace.actions["buyers"]
    changed = [t > 1 and bool((actions[t - 1] != actions[t - 2]).any()) for t in range(T)]
    assert trace.active[:, 4].tolist() == changed


def test_an_oblivious_adversary_is_shown_no_history() -> None:
    class Calendar(omnisim.adversaries.Independent):
        published = ("half",)

        def _publish(self, context: Context, history: History | None) -> dict[str, float]:
            assert history is None
            return {"half": float(context.round >= T // 2)}

    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[buyers(0)],
            adversary=Calendar([[0.1, 0.2], [0.9, 0.4]]),
            forecaster=omnisim.forecasters.Climatology(),
            subsequences={"first": Rule("half", "<", 1), "second": Rule("half", "==", 1), "dear": after_a_dear_day},
            rounds=T,
        )
    )
    assert trace.active[:, 1].tolist() == [t >= T // 2 for t in range(T)]
    assert trace.active[:, 2].tolist() == [t > 0 and bool(trace.outcomes[t - 1].mean() > 0.4) for t in range(T)]


def never(context: Context, history: History) -> bool:
    return False


@pytest.mark.parametrize(
    "rule",
    [
        omnisim.elimination.FirstViolation(),
        omnisim.elimination.SubsequenceFirstViolation(),
        omnisim.elimination.CumulativeThreshold(),
        omnisim.elimination.SubsequenceThreshold(),
    ],
)
def test_a_subsequence_that_never_came_is_told_with_no_rounds(rule: Any, tmp_path: Path) -> None:
    trace = omnisim.simulate(scenario(elimination=rule, subsequences={"all": None, "never": never}))
    trace.save(tmp_path / "trace.npz")
    analysis = omnisim.analyze(omnisim.load_trace(tmp_path / "trace.npz"))
    rows = analysis.agents[analysis.agents["subsequence"] == "never"]
    assert (rows[["rounds", "utility", "external_regret", "swap_regret", "ccv", "money"]] == 0).all(axis=None)
    claims = analysis.certificates[analysis.certificates["subsequence"] == "never"]
    assert claims["holds"].all()
    assert not claims["informative"][claims["trivial"] == 0].any()
    assert analysis.growth("buyers", "never").empty
    omnisim.write_report(analysis, tmp_path / "report.html")


def test_what_is_refused() -> None:
    with pytest.raises(omnisim.OmnisimError, match=r'round 0 is in no subsequence.*add "all"'):
        omnisim.simulate(scenario(subsequences={"never": never}))
    with pytest.raises(omnisim.OmnisimError, match=r"subsequence 'odd' says 1 of round 0: it must say True or False"):
        omnisim.simulate(scenario(subsequences={"all": None, "odd": lambda context, history: 1}))
    with pytest.raises(omnisim.OmnisimError, match=r"subsequence 'odd' must be None, a Rule.*got dict"):
        omnisim.simulate(scenario(subsequences={"all": None, "odd": {}}))
    with pytest.raises(omnisim.OmnisimError, match=r"a rule names the feature 'load_befor'.*"):
        omnisim.simulate(scenario(subsequences={"all": None, "x": Rule("load_befor", ">", 1.0)}))
    with pytest.raises(
        omnisim.OmnisimError, match=r"publishes of DemandResponse has 'load': it can have 'load_before'"
    ):
        market(publishes=["load"])
    with pytest.raises(omnisim.OmnisimError, match=r"publishes the feature 'load_before', which is among features"):
        scenario(features={"load_before": np.zeros(T)})


class Careless(Adversary):
    """Publishes what it is given."""

    published = ("load",)
    given: Any = None

    @property
    def dimension(self) -> int:
        return D

    def _publish(self, context: Context, history: History | None) -> Any:
        return self.given

    def _law(self, context: Context, mixture: Any, history: History | None) -> Any:
        return np.full(D, 0.5)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, r"Careless in round 0 publishes \[\]: it declares \['load'\]"),
        (None, r"Careless in round 0 publishes NoneType: it declares"),
        ({"load": 1.0, "more": 2.0}, r"publishes \['load', 'more'\]: it declares"),
        ({"load": [np.nan]}, "feature 'load' of Careless in round 0"),
        ({"load": [[1.0]]}, "feature 'load' of Careless in round 0"),
        ({"load": "much"}, "feature 'load' of Careless in round 0"),
    ],
)
def test_what_an_adversary_must_not_publish(given: Any, says: str) -> None:
    adversary = Careless()
    adversary.given = given
    with pytest.raises(omnisim.OmnisimError, match=says):
        omnisim.simulate(scenario(adversary=adversary, subsequences={"all": None}))


def test_a_declared_horizon_takes_subsequences_that_data_decide_only() -> None:
    replay = omnisim.adversaries.Replay(np.full((T, D), 0.5))
    with pytest.raises(
        omnisim.OmnisimError, match=r"subsequence 'dear' is a function of what happens: a run can go on"
    ):
        omnisim.simulate(
            scenario(adversary=replay, declared_horizon=2 * T, subsequences={"all": None, "dear": after_a_dear_day})
        )


def test_the_contract_holds_what_is_published() -> None:
    class Forgetful(Announcing):
        count = 0

        def _publish(self, context: Context, history: History | None) -> dict[str, float]:
            self.count += 1
            return {"high": float(self.count)}

    omnisim.testing.check_adversary(market(base_load=10.0, publishes=["load_before", "available_capacity"]), rounds=6)
    omnisim.testing.check_adversary(Announcing(), rounds=4)
    with pytest.raises(omnisim.OmnisimError, match="does not forget on start"):
        omnisim.testing.check_adversary(Forgetful(), rounds=4)


def test_a_rule_over_all_rounds_is_the_rule_round_by_round() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 5, 40).astype(float)
    values[rng.random(40) < 0.2] = np.nan
    for rule in (Rule("x", ">=", quantile=0.7, window=4), Rule("x", "<", 2.0), Rule("x", "in", [1.0, 3.0])):
        assert rule.rounds({"x": values}).tolist() == [rule.contains(values[: t + 1]) for t in range(40)]


def test_places_that_are_decided_later() -> None:
    given = {"all": None, "fixed": Rule("x", ">", 0), "later": Rule("load", ">", 0), "f": never}
    assert list(adaptive(given, ["load"])) == [2, 3]
    known = activity(given, 3, {"x": np.array([1.0, 0.0, 1.0])}, adaptive(given, ["load"]))
    assert known.sum(axis=0).tolist() == [3, 2, 0, 0]
