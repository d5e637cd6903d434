"""Contexts that an adversary chooses as it goes, and subsequences that depend on what happened before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_files import omnisim_command

import omnisim
from omnisim.comparison.run import measured
from omnisim.errors import TraceError
from omnisim.network import Channel, Network
from omnisim.problem.context import Context, History, Past
from omnisim.problem.subsequences import Rule, activity, adaptive, fingerprint
from omnisim.scenario.toml import to_toml
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
    # Of the array it was known before the run how many rounds it has.
    left, right = (omnisim.analyze(trace).certificates.drop(columns="basis") for trace in (played, again))
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


@pytest.mark.long
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


@pytest.mark.one_in(3)
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


@pytest.mark.one_in(4)
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
    assert analysis.trace.adaptive == {"never"}
    rows = analysis.agents[analysis.agents["subsequence"] == "never"]
    assert (rows[["rounds", "utility", "external_regret", "swap_regret", "ccv", "money"]] == 0).all(axis=None)
    claims = analysis.certificates[analysis.certificates["subsequence"] == "never"]
    assert claims["holds"].all()
    assert (claims["trivial"].dropna() == 0).all()
    assert not claims["informative"].any()
    # No action leaves before rounds that never come are over, whenever it leaves.
    from_bias = claims[claims["theorem"].isin(["Theorem 3", "Theorem 7", "Theorem 9", "Theorem 11"])]
    assert from_bias["hypotheses_met"].tolist() == [N]
    assert analysis.growth("buyers", "never").empty
    omnisim.write_report(analysis, tmp_path / "report.html")


def test_actions_are_shown_in_a_type_that_does_not_overflow() -> None:
    def summed(context: Context, history: History) -> bool:
        actions = history.actions["buyers"]
        assert actions.dtype == np.int64
        return bool((actions.sum() * 1000) % 2 == 0)

    omnisim.simulate(
        scenario(
            adversary=omnisim.adversaries.Independent([[0.1, 0.2], [0.9, 0.4]]),
            forecaster=omnisim.forecasters.Climatology(),
            subsequences={"all": None, "summed": summed},
        )
    )


def test_an_oblivious_law_is_shown_no_history() -> None:
    class Blind(omnisim.adversaries.Independent):
        def _law(self, context: Context, mixture: Any, history: History | None) -> Any:
            assert history is None
            return super()._law(context, mixture, history)

    forecaster = omnisim.forecasters.Climatology()
    adversary = Blind([[0.1, 0.2], [0.9, 0.4]])
    omnisim.simulate(scenario(adversary=adversary, forecaster=forecaster, subsequences={"all": None, "x": never}))


def test_a_forecaster_that_takes_all_features_takes_those_that_its_past_has() -> None:
    rng = np.random.default_rng(1)
    past = Past(rng.random((40, D)), features={"wind": rng.random((40, 1))})
    ridge = omnisim.forecasters.RidgeAutoregression(lags=(1,))
    given: dict[str, Any] = {"past": past, "features": {"wind": rng.random(T)}}
    published = omnisim.simulate(scenario(forecaster=ridge, **given))
    silent = omnisim.simulate(scenario(forecaster=ridge, adversary=market(publishes=[]),
                                       subsequences={"all": None}, **given))  # fmt: skip
    assert np.array_equal(published.predictions, silent.predictions)
    named = omnisim.forecasters.RidgeAutoregression(lags=(1,), features=("wind", "load_before"))
    with pytest.raises(omnisim.OmnisimError, match=r"names the feature 'load_before': the context has wind"):
        omnisim.simulate(scenario(forecaster=named, **given))
    without_past = omnisim.simulate(scenario(forecaster=ridge))
    assert not np.array_equal(without_past.predictions, silent.predictions)


def test_certificates_of_what_nobody_knew_before_follow_from_the_record() -> None:
    trace = attacked(3, omnisim.elimination.SubsequenceFirstViolation())
    found = omnisim.analyze(trace).certificates.set_index("subsequence")["basis"]
    assert trace.adaptive == {"high", "after a miss", "changed"}
    assert {"before the run", "from the record"} == set(found["all"])
    for name in trace.adaptive:
        assert set(found[name]) == {"from the record"}, name


def even(context: Context, history: History) -> bool:
    return context.round % 2 == 0


def odd(context: Context, history: History) -> bool:
    return context.round % 2 == 1


@pytest.mark.long
def test_a_checkpoint_of_another_function_or_rule_is_refused(tmp_path: Path) -> None:
    def stop(t: int) -> None:
        if t == 5:
            raise StoppedError

    for name, one, other in (
        ("function", even, odd),
        ("rule", CROWDED, Rule("load_before", ">=", quantile=0.7, window=5)),
        ("values", parity(0), parity(1)),
    ):
        checkpoint = omnisim.Checkpoint(tmp_path / name, every=1)
        with pytest.raises(StoppedError):
            omnisim.simulate(scenario(subsequences={"all": None, "x": one}), on_round=stop, checkpoint=checkpoint)
        with pytest.raises(TraceError, match="the agents"):
            omnisim.simulate(scenario(subsequences={"all": None, "x": other}), checkpoint=checkpoint)
        trace = omnisim.simulate(scenario(subsequences={"all": None, "x": one}), checkpoint=checkpoint)
        assert np.array_equal(trace.active, omnisim.simulate(scenario(subsequences={"all": None, "x": one})).active)


def parity(of: int) -> Any:
    return lambda context, history: context.round % 2 == of


def test_a_fingerprint_says_what_a_function_does() -> None:
    class Kept:
        def __init__(self, limit: float, other: object = None) -> None:
            self.limit, self.other = limit, other

        def __call__(self, context: Context, history: History) -> bool:
            return context.round > self.limit

    assert fingerprint(parity(0)) == fingerprint(parity(0)) != fingerprint(parity(1))
    assert fingerprint(Kept(1)) == fingerprint(Kept(1)) != fingerprint(Kept(2))
    assert fingerprint(Kept(1, object())) == fingerprint(Kept(1, object()))  # wherever it lies in memory
    assert len({fingerprint(each) for each in (even, odd, never, CROWDED, Kept(1))}) == 5


@pytest.mark.long
def test_comparisons_leave_out_what_differs_from_run_to_run(tmp_path: Path) -> None:
    said: list[str] = []
    given = scenario(subsequences={"all": None, "miss": after_a_miss, "never": never, "half": np.arange(T) < T // 2})
    found = omnisim.compare(given, ["persistence", "climatology"], seeds=2, jobs=1, say=said.append, out=tmp_path)
    assert len(said) == 1
    assert said[0].startswith("miss, never: not compared, since the rounds of such subsequences depend on what happens")
    assert set(found.differences["subsequence"]) == {"all", "half"}
    assert set(found.agents["subsequence"]) == {"all", "half"}
    again = omnisim.load_comparison(tmp_path)
    assert set(again.differences["subsequence"]) == {"all", "half"}
    for name in ("persistence", "climatology"):
        runs = [omnisim.simulate(given.replace(forecaster=FORECASTERS[name]), seed) for seed in (0, 1)]
        tables = [omnisim.analyze(each).agents for each in runs]
        mean = np.mean([table[table["subsequence"] == "half"]["utility"].mean() for table in tables])
        row = again.means.query("forecaster == @name and subsequence == 'half' and measure == 'utility'")
        assert row["mean"].item() == pytest.approx(mean)
    with pytest.raises(omnisim.OmnisimError, match=r"all subsequences \(miss\) depend on what happens"):
        omnisim.compare(scenario(subsequences={"miss": after_a_miss}), ["persistence"], seeds=1)


FORECASTERS = {"persistence": omnisim.forecasters.Persistence(), "climatology": omnisim.forecasters.Climatology()}


def test_blocks_of_a_comparison_are_of_the_subsequences_that_it_compares() -> None:
    """The one that depends on what happens stands first, so that places differ."""
    given = scenario(subsequences={"miss": after_a_miss, "all": None, "half": np.arange(T) < T // 2},
                     elimination=omnisim.elimination.FirstViolation())  # fmt: skip
    trace = omnisim.simulate(given)
    blocks = measured(omnisim.analyze(trace))[0]["blocks"]
    assert [each["subsequence"] for each in blocks] == ["all", "half"]
    population, actions = buyers(0), trace.actions["buyers"]
    utilities = [
        np.mean([population.utility[n, actions[t, n]] @ trace.outcomes[t] + 1 for n in range(N)]) for t in range(T)
    ]
    for each, members in zip(blocks, (range(T), range(T // 2)), strict=True):
        assert sum(each["rounds"]) == len(members)
        assert sum(each["utility"]) == pytest.approx(sum(utilities[t] for t in members))


def test_a_comparison_says_that_rules_on_what_is_published_are_not_compared() -> None:
    said: list[str] = []
    given = scenario(subsequences={"all": None, "crowded": CROWDED}, rounds=6)
    found = omnisim.compare(given, ["climatology"], seeds=1, jobs=1, say=said.append)
    assert [line.partition(":")[0] for line in said] == ["crowded"]
    assert set(found.agents["subsequence"]) == {"all"}
    with pytest.raises(omnisim.OmnisimError, match=r"all subsequences \(crowded, miss\) depend on what happens"):
        omnisim.compare(scenario(subsequences={"crowded": CROWDED, "miss": after_a_miss}), ["climatology"], seeds=1)


def test_a_file_names_what_its_adversary_publishes(tmp_path: Path) -> None:
    changes = {
        "rounds": 12,
        "forecaster.kind": "persistence",
        "adversary.publishes": ["load_before", "available_capacity"],
        "subsequences.all": True,
        "subsequences.crowded": {"feature": "load_before", "operator": ">=", "quantile": 0.5},
        "subsequences.short": {"feature": "available_capacity", "operator": "<", "value": 1950.0},
    }
    loaded = omnisim.load_scenario("merit_order", changes)
    trace = omnisim.simulate(loaded)
    assert trace.adaptive == {"crowded", "short"}
    assert 0 < trace.active[:, 1].sum() < 12
    written = tmp_path / "again.toml"
    written.write_text(to_toml(loaded.source), encoding="utf-8")
    assert np.array_equal(omnisim.simulate(omnisim.load_scenario(written)).active, trace.active)
    for wrong, says in (
        ({"subsequences.crowded.feature": "load_befor"}, "did you mean 'load_before'"),
        (
            {"adversary.publishes": []},
            r"but what its adversary publishes \(adversary.publishes, nothing here\); use true",
        ),
    ):
        with pytest.raises(omnisim.OmnisimError, match=says):
            omnisim.load_scenario("merit_order", {**changes, **wrong})


def test_validate_says_what_is_decided_later() -> None:
    settings = [
        "adversary.publishes=['load_before']", "subsequences.all=true", "rounds=5", "forecaster.kind=persistence",
        "subsequences.crowded={feature='load_before', operator='>=', quantile=0.5}",
    ]  # fmt: skip
    done = omnisim_command("validate", "merit_order", *(part for each in settings for part in ("--set", each)))
    assert "crowded: decided as the run goes" in done.out
    assert "all: 5 rounds" in done.out


def test_what_fails_names_the_subsequence_and_the_round() -> None:
    def failing(context: Context, history: History) -> bool:
        return bool(1 // (3 - context.round))

    with pytest.raises(omnisim.OmnisimError, match=r"subsequence 'x' failed in round 3: ZeroDivisionError: .*by zero"):
        omnisim.simulate(scenario(subsequences={"all": None, "x": failing}))


def test_a_function_changes_no_features_for_others() -> None:
    seen = []

    def greedy(context: Context, history: History) -> bool:
        context.features["load_before"] = np.zeros(D)  # type: ignore[index]
        return True

    def note(context: Context, history: History) -> bool:
        seen.append(float(context.features["load_before"].sum()))
        return True

    omnisim.simulate(scenario(subsequences={"all": None, "greedy": greedy, "note": note}))
    assert min(seen) > 0


def test_what_is_refused() -> None:
    with pytest.raises(omnisim.OmnisimError, match=r'round 0 is in no subsequence.*add "all"'):
        omnisim.simulate(scenario(subsequences={"never": never}))
    with pytest.raises(omnisim.OmnisimError, match=r"subsequence 'odd' says 1 of round 0: it must say True or False"):
        omnisim.simulate(scenario(subsequences={"all": None, "odd": lambda context, history: 1}))
    with pytest.raises(omnisim.OmnisimError, match=r"subsequence 'odd' must be None, a Rule.*got {}"):
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
        ({"load": []}, "feature 'load' of Careless in round 0 has 0 numbers: it must have as many in every round"),
    ],
)
def test_what_an_adversary_must_not_publish(given: Any, says: str) -> None:
    adversary = Careless()
    adversary.given = given
    with pytest.raises(omnisim.OmnisimError, match=says):
        omnisim.simulate(scenario(adversary=adversary, subsequences={"all": None}))


def test_a_feature_is_as_wide_in_every_round() -> None:
    class Wider(Careless):
        def _publish(self, context: Context, history: History | None) -> Any:
            return {"load": np.ones(1 + context.round // 4)}

    with pytest.raises(
        omnisim.OmnisimError, match="Wider in round 4 has 2 numbers: it must have as many in every round"
    ):
        omnisim.simulate(scenario(adversary=Wider(), subsequences={"all": None}))


def test_a_declared_horizon_takes_subsequences_that_data_decide_only() -> None:
    replay = omnisim.adversaries.Replay(np.full((T, D), 0.5))
    with pytest.raises(
        omnisim.OmnisimError, match=r"subsequence 'dear' is a function of what happens: a run can go on"
    ):
        omnisim.simulate(
            scenario(adversary=replay, declared_horizon=2 * T, subsequences={"all": None, "dear": after_a_dear_day})
        )


@pytest.mark.long
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

    class Counting(omnisim.adversaries.Independent):
        """Says how often it was asked since it began, which is the round only if it is asked in order."""

        published = ("count",)
        count = 0

        def _start(self, rng: np.random.Generator) -> None:
            self.count = 0

        def _publish(self, context: Context, history: History | None) -> dict[str, float]:
            self.count += 1
            return {"count": float(self.count)}

    with pytest.raises(omnisim.OmnisimError, match="declares itself oblivious, but"):
        omnisim.testing.check_adversary(Counting([[0.1], [0.9]]), rounds=4)


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
