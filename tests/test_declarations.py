"""What is certified is what was declared: by subclasses, impostors, plug-ins, and records of older versions."""

import dataclasses
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trace_files import sealed

import omnisim
from omnisim.elimination import BestResponse, CumulativeThreshold, FirstViolation, SubsequenceFirstViolation
from omnisim.errors import ProblemError, StrategyError, TraceError
from omnisim.forecasters import Climatology, DecisionCalibrated, StepCalibrated
from omnisim.problem.guarantees import (
    KINDS,
    Benchmark,
    BoundsCosts,
    BoundsRegret,
    BoundsViolation,
    CalibratesDecisions,
    CalibratesSteps,
    Guarantee,
    Hypothesis,
    KeepsBenchmark,
    Objective,
    Regret,
    RegretFromBias,
    Scope,
    as_json,
    from_json,
)
from omnisim.strategies.elimination.base import Elimination

ROUNDS = 24
GOLDEN = Path(__file__).parent / "golden"

CHECKS = {"Assumption 1", "Section 2"}
"""What is checked of every population."""


def scenario(rule: Any, forecaster: Any = None, **changes: Any) -> omnisim.Scenario:
    """Five agents with four actions, one constraint, the first action of each harmless."""
    rng = np.random.default_rng(4)
    slope = rng.uniform(-0.3, 0.3, (5, 4, 1))
    offset = np.where(np.arange(4) == 0, -0.5, rng.uniform(-0.3, 0.2, (5, 4)))
    population = omnisim.Population(
        "agents",
        rng.uniform(0, 0.5, (5, 4, 1)),
        rng.uniform(0, 0.4, (5, 4)),
        [omnisim.LinearConstraint(slope, offset)],
    )
    return omnisim.Scenario(
        populations=[population],
        adversary=omnisim.adversaries.Independent([[0.0], [1.0], [0.3]]),
        forecaster=forecaster or Climatology(),
        elimination=rule,
        subsequences={"all": None, "odd": np.arange(ROUNDS) % 2 == 1},
        rounds=ROUNDS,
        **changes,
    )


def certified(rule: Any, forecaster: Any = None) -> Any:
    return omnisim.analyze(omnisim.simulate(scenario(rule, forecaster), seed=1)).certificates


def theorems(rule: Any, forecaster: Any = None) -> set[str]:
    """Theorems of the certificates, without the checks that every population has."""
    return set(certified(rule, forecaster)["theorem"]) - CHECKS


ALGORITHM_1 = {"Proposition 1", "Theorem 1", "Theorem 3"}


class Strict(FirstViolation):
    """Another name for the same."""


class Preset(FirstViolation):
    """Another default, and something that no algorithm asks for."""

    def __init__(self) -> None:
        super().__init__("played")
        self.colour = "blue"

    def __repr__(self) -> str:
        return "Preset()"

    def explain(self) -> str:
        return "first violation, as played"


def impostor() -> Elimination:
    """A rule that never removes anything, called like one that does."""

    class FirstViolation(Elimination):
        @property
        def eliminated_at(self) -> Any:
            return np.full((self.agents, self.actions, 1), self.rounds)

        def _candidates(self, active: Any) -> Any:
            return np.ones((self.agents, self.actions), dtype=bool)

        def _update(self, actions: Any, costs: Any, active: Any) -> None:
            pass

    return FirstViolation()


def overriding(base: type, name: str) -> type:
    """A subclass that overrides one attribute and does what it did."""
    inherited = next(vars(cls)[name] for cls in base.__mro__ if name in vars(cls))
    if callable(inherited):

        def again(self: Any, *given: Any, **named: Any) -> Any:
            return inherited(self, *given, **named)

        return type("Derived", (base,), {name: again})
    return type("Derived", (base,), {name: property(inherited.fget)})


HOOKS = [
    *("_start", "_candidates", "_update", "_violated", "_reset", "eliminated_at"),
    *("candidates", "update", "settle", "playable", "registered", "start", "_offered", "_empty_rows", "declared"),
]


@pytest.mark.parametrize("rule", [FirstViolation, Strict, Preset])
def test_what_is_the_same_algorithm_keeps_its_theorems(rule: Callable[[], Any]) -> None:
    assert theorems(rule()) == ALGORITHM_1


def test_a_name_proves_nothing() -> None:
    rule = impostor()
    assert type(rule).__name__ == "FirstViolation"
    table = certified(rule)
    assert set(table["theorem"]) == CHECKS
    assert table["holds"].all()


@pytest.mark.parametrize("name", [name for name in HOOKS if name != "declared"])
def test_who_overrides_a_hook_loses_the_claim(name: str) -> None:
    derived = overriding(FirstViolation, name)
    assert derived().replaced() == [name]
    assert theorems(derived()) == set()


def test_a_value_of_the_class_counts_as_a_hook() -> None:
    class Expecting(FirstViolation):
        benchmark = Benchmark.EXPECTED

    assert theorems(Expecting()) == set()


def test_so_does_a_mixin_wherever_it_stands() -> None:
    class Before:
        def _update(self, actions: Any, costs: Any, active: Any) -> None:
            pass

    class Behind(Elimination):
        def update(self, actions: Any, costs: Any, active: Any) -> None:
            super().update(actions, np.minimum(costs, 0), active)

    class Mixed(Before, FirstViolation):
        pass

    class Hidden(FirstViolation, Behind):
        pass

    assert Mixed().replaced() == ["_update"]
    assert Hidden().replaced() == ["update"]
    assert theorems(Mixed()) == theorems(Hidden()) == set()


def test_so_does_what_an_object_has_of_its_own() -> None:
    class Sly(FirstViolation):
        def __init__(self) -> None:
            super().__init__()
            self._violated = lambda actions, costs: np.zeros(costs.shape[:2], dtype=bool)

    class Slyer(FirstViolation):
        def __init__(self) -> None:
            super().__init__()
            self.benchmark = Benchmark.EXPECTED

    class Slyest(FirstViolation):
        def __getattribute__(self, name: str) -> Any:
            return super().__getattribute__(name)

    assert Sly().replaced() == ["_violated"]
    assert Slyer().replaced() == ["benchmark"]
    assert Slyest().replaced() == ["__getattribute__"]
    assert theorems(Sly()) == theorems(Slyest()) == set()


def test_a_threshold_of_ones_own_is_no_theorem() -> None:
    class Generous(CumulativeThreshold):
        def __init__(self) -> None:
            super().__init__()
            threshold = type(self.threshold)

            class Hundredfold(threshold):  # type: ignore[misc, valid-type]
                def after(self, attributed: Any, subsequences: Any) -> Any:
                    return 100 * super().after(attributed, subsequences)

            self.threshold = Hundredfold(None, 0.05)

    assert theorems(CumulativeThreshold()) == {"Proposition 2", "Theorem 2", "Theorem 9"}
    assert theorems(Generous()) == set()


class Forgiving(FirstViolation):
    """An action may violate three times; it says of itself what is left of Theorem 1."""

    STATED = (
        BoundsViolation(
            theorem="Lemma 7",
            scope=Scope.RUN,
            thresholds=(2.0,),
            hypotheses=(Hypothesis.CANDIDATES, Hypothesis.AT_ONCE),
        ),
    )

    def _start(self) -> None:
        super()._start()
        self._seen = np.zeros((self.agents, self.actions), dtype=int)

    def _violated(self, actions: Any, costs: Any) -> Any:
        violated = (costs > 0).any(axis=2)
        self._seen += violated
        return violated & (self._seen >= 3)

    def guarantees(self) -> Sequence[Guarantee]:
        return self.STATED


def test_it_may_declare_again_what_it_still_keeps() -> None:
    omnisim.testing.check_elimination(Forgiving())
    table = certified(Forgiving())
    row, of_record = table[~table["theorem"].isin(CHECKS)].to_dict("records")
    assert (row["theorem"], row["claim"]) == ("Lemma 7", "CCV <= |A| (1 + gamma)")
    assert row["bound"] == 4 * 3
    assert (row["basis"], of_record["basis"]) == ("before the run", "from the record")
    assert of_record["claim"] == "CCV <= |A without B| (1 + gamma)"
    assert row["holds"]
    assert theorems(type("Further", (Forgiving,), {})()) == {"Lemma 7"}
    assert theorems(overriding(Forgiving, "_violated")()) == set()


def test_a_promise_that_is_not_kept_is_a_violation() -> None:
    class Boasting(Forgiving):
        def guarantees(self) -> Sequence[Guarantee]:
            return FirstViolation.guarantees(self)

    with pytest.raises(
        StrategyError, match=r"Boasting declares Theorem 1, but the violations of agent \d in the run add up"
    ):
        omnisim.testing.check_elimination(Boasting())
    plain = scenario(Boasting())
    # The more it pays, the more it costs: the first action earns least and never violates.
    agents = omnisim.Population(
        "agents",
        np.zeros((1, 2, 1)),
        [[0.0, 1.0]],
        [omnisim.LinearConstraint(np.zeros((1, 2, 1)), [[-1.0, 1.0]])],
    )
    table = omnisim.analyze(omnisim.simulate(plain.replace(populations=[agents]))).certificates.set_index("theorem")
    assert (table.loc["Theorem 1", "measured"], table.loc["Theorem 1", "bound"]) == (3, 1)
    assert not table.loc["Theorem 1", "holds"]


def test_a_rule_that_loses_benchmark_actions_is_told_apart() -> None:
    class Hasty(FirstViolation):
        def _violated(self, actions: Any, costs: Any) -> Any:
            return (costs > -0.55).any(axis=2)

        def guarantees(self) -> Sequence[Guarantee]:
            return FirstViolation.guarantees(self)

    with pytest.raises(StrategyError, match=r"Hasty declares Proposition 1, but removed action \d of agent \d, which"):
        omnisim.testing.check_elimination(Hasty())
    assert not certified(Hasty()).set_index("theorem").loc["Proposition 1", "holds"]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ([3], r"guarantees of Odd returned 3: it must be one of KeepsBenchmark, BoundsViolation, RegretFromBias"),
        ([CalibratesSteps(theorem="x", count=1, levels=(), thresholds=())], "returned CalibratesSteps"),
        (
            [BoundsViolation(theorem="x", scope=Scope.RUN, thresholds=(1.0, 1.0))],
            "with 2 thresholds: it must have none",
        ),
        ([BoundsViolation(theorem="x", scope=Scope.SUBSEQUENCES, thresholds=(1.0,))], "with 1 thresholds"),
        ([BoundsCosts(theorem="x", bound=1, hypotheses=[Hypothesis.LAW])], "must hold plain values"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_statement_is_refused_when_the_run_is_over(stated: Any, message: str) -> None:
    class Odd(Forgiving):
        def guarantees(self) -> Sequence[Guarantee]:
            return stated  # type: ignore[no-any-return]

    with pytest.raises(StrategyError, match=message):
        omnisim.simulate(scenario(Odd()))
    with pytest.raises(StrategyError, match=message):
        omnisim.testing.check_elimination(Odd())


def test_a_kind_of_ones_own_cannot_be_checked() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Vague(BoundsCosts):
        pass

    class Odd(Forgiving):
        def guarantees(self) -> Sequence[Guarantee]:
            return [Vague(theorem="x", bound=1.0)]

    with pytest.raises(StrategyError, match=r"Vague.* is no statement of omnisim.problem.guarantees"):
        omnisim.simulate(scenario(Odd()))


CALIBRATED = {"Section 4.2", "Theorem 4", "Corollary 2", "Corollary 3"}


def test_a_forecaster_is_what_it_declares_too() -> None:
    class Named(DecisionCalibrated):
        pass

    class Changed(DecisionCalibrated):
        def _predict(self, context: Any) -> Any:
            return super()._predict(context)

    assert theorems(FirstViolation(), Named()) == ALGORITHM_1 | CALIBRATED
    assert theorems(FirstViolation(), Changed()) == ALGORITHM_1
    assert theorems(FirstViolation(), StepCalibrated()) == ALGORITHM_1 | {"Section 4.2", "Section 7"}
    assert theorems(FirstViolation(), overriding(StepCalibrated, "_nearest")()) == ALGORITHM_1
    for weights in ("msmwc", "hedge"):
        assert theorems(BestResponse(), DecisionCalibrated(weights=weights)) == {
            "Theorem 3", *(CALIBRATED - {"Section 4.2"})
        }  # fmt: skip


def test_beside_a_rule_that_declares_nothing_a_forecaster_bounds_nobodys_regret() -> None:
    assert theorems(impostor(), DecisionCalibrated()) == set()


def test_a_forecaster_that_hides_its_potential_cannot_declare_a_bound() -> None:
    class Hiding(DecisionCalibrated):
        def diagnostics(self) -> dict[str, float]:
            return {name: value for name, value in super().diagnostics().items() if name != "potential"}

        def guarantees(self) -> Sequence[Guarantee]:
            return DecisionCalibrated.guarantees(self)

    with pytest.raises(StrategyError, match=r"Hiding declares Section 4.2 .* diagnostics have no 'potential'"):
        omnisim.testing.check_forecaster(Hiding(), populations=True)
    table = certified(BestResponse(), Hiding())
    unmet = table[table["theorem"] == "Theorem 4"]
    assert (unmet["hypotheses_met"] == 0).all()
    assert unmet["note"].str.startswith("the potential exceeded e K").all()


@pytest.mark.long
def test_a_tolerance_of_ones_own_breaks_a_hypothesis_and_no_promise() -> None:
    middle = omnisim.forecasters.Published(np.full((400, 1), 0.5))
    stubborn = DecisionCalibrated([middle], combine=False, tolerance=1e6)
    corners = scenario(BestResponse(), stubborn).replace(
        adversary=omnisim.adversaries.WorstCase(), rounds=400, subsequences={"all": None}
    )
    analysis = omnisim.analyze(omnisim.simulate(corners))
    table = analysis.certificates
    assert analysis.trace.diagnostics["potential"].max() > np.e
    assert table["holds"].all()
    rows = table[table["theorem"] == "Section 4.2"]
    assert rows["note"].tolist() == ["the tolerance is fixed: nothing keeps the potential within e K"]
    assert (table[table["theorem"].isin(CALIBRATED)]["hypotheses_met"] == 0).all()


ONE_OF_EACH: Sequence[Guarantee] = [
    KeepsBenchmark(
        theorem="P",
        benchmark=Benchmark.EXPECTED,
        scope=Scope.RUN,
        delta=0.25,
        hypotheses=tuple(Hypothesis),
        unmet="why",
    ),
    BoundsViolation(theorem="T", scope=Scope.SUBSEQUENCES, thresholds=(1.5, 2.0)),
    RegretFromBias(theorem="T", bias="b", swap="s", external="e"),
    BoundsRegret(theorem="H", regret=Regret.SWAP, bound=3.25),
    BoundsCosts(theorem="H", bound=0.0),
    CalibratesDecisions(theorem="S", objectives=Objective.UTILITIES, count=7, base_regret=True, budgeted=False),
    CalibratesSteps(theorem="S", count=7, levels=(0.0, 0.5, 1.0), thresholds=(0.25,)),
]


def test_every_kind_survives_json() -> None:
    assert {type(each) for each in ONE_OF_EACH} == set(KINDS.values())
    for each in ONE_OF_EACH:
        again = from_json(json.loads(json.dumps(as_json(each))))
        assert again == each
        assert type(again) is type(each)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "keeps_faith"}, "its kind is 'keeps_faith': it must be one of keeps_benchmark, "),
        ({"kind": ["keeps_benchmark"]}, r"its kind is \['keeps_benchmark'\]"),
        ({"delta": 1.0}, r"delta of KeepsBenchmark must lie in \[0, 1\), got 1.0"),
        ({"delta": -0.1}, "delta of KeepsBenchmark must be finite and >= 0, got -0.1"),
        ({"delta": "0.1"}, "delta = '0.1': Input should be a valid number"),
        ({"delta": float("nan")}, "must be finite and >= 0, got nan"),
        ({"scope": "now"}, "scope = 'now': Input should be 'all rounds' or 'every subsequence'"),
        ({"benchmark": "expected "}, "benchmark = 'expected '"),
        ({"hypotheses": ["luck"]}, "hypotheses.0 = 'luck'"),
        ({"theorem": ""}, "theorem of KeepsBenchmark is empty"),
        ({"theorem": 3}, "theorem = 3: Input should be a valid string"),
        ({"more": 1}, "more = 1: Unexpected keyword argument"),
    ],
)
def test_what_is_no_statement_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        from_json(as_json(ONE_OF_EACH[0]) | change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BoundsCosts(theorem="x", bound=-1.0), "bound of BoundsCosts must be finite and >= 0, got -1.0"),
        (lambda: BoundsRegret(theorem="x", regret=Regret.SWAP, bound=np.inf), "must be finite and >= 0, got inf"),
        (lambda: BoundsViolation(theorem="x", scope=Scope.RUN, thresholds=(0.0,)), "must be finite and > 0, got 0.0"),
        (lambda: RegretFromBias(theorem="x", bias="", swap="s", external="e"), "bias of RegretFromBias is empty"),
        (lambda: BoundsCosts(theorem="x", bound=1.0, hypotheses=("law known",)), "are members of Hypothesis"),  # type: ignore[arg-type]
        (
            lambda: CalibratesDecisions(theorem="x", objectives=Objective.COORDINATES, count=0, base_regret=False),
            "count of CalibratesDecisions must be finite and >= 1, got 0",
        ),
        (lambda: CalibratesSteps(theorem="x", count=True, levels=(), thresholds=()), "count .* got True"),
        (lambda: CalibratesSteps(theorem="x", count=1, levels=(-1.0,), thresholds=()), "levels .* got -1.0"),
    ],
)
def test_values_that_say_nothing_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        make()


def written(trace: omnisim.Trace, path: Path) -> dict[str, np.ndarray]:
    trace.save(path)
    with np.load(io.BytesIO(path.read_bytes())) as stored:
        return dict(stored)


def rewrite(path: Path, arrays: dict[str, np.ndarray], change: Callable[[dict[str, Any]], None]) -> None:
    header = json.loads(arrays["header"].tobytes())
    change(header)
    np.savez(path, **sealed(arrays | {"header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)}))


def test_declarations_are_read_back_with_the_trace(tmp_path: Path) -> None:
    trace = omnisim.simulate(scenario(SubsequenceFirstViolation(), DecisionCalibrated()))
    trace.save(tmp_path / "trace.npz")
    again = omnisim.load_trace(tmp_path / "trace.npz")
    assert again.policy("agents") == trace.policy("agents")
    assert again.forecaster() == trace.forecaster()
    stated = again.policy("agents").guarantees
    assert stated is not None
    assert {type(each) for each in stated} == {KeepsBenchmark, BoundsViolation, RegretFromBias}
    assert omnisim.analyze(again).certificates.equals(omnisim.analyze(trace).certificates)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("forecast", [], r"about.forecast is \[\]: it must be a table"),
        ("forecast", {"guarantees": 3}, "about.forecast.guarantees is 3: it must be a list"),
        (
            "forecast",
            {"guarantees": [as_json(ONE_OF_EACH[0])]},
            r"guarantees\[0\] is KeepsBenchmark .* about the policy",
        ),
        ("policies", 7, "about.policies is 7: it must be a table"),
        ("policies", {"agents": {"benchmark": "best"}}, "about.policies.agents.benchmark is 'best': it must be one of"),
        (
            "policies",
            {"agents": {"guarantees": [None]}},
            r"policies.agents.guarantees\[0\] is no guarantee: its kind is",
        ),
        ("policies", {"agents": {"guarantees": [as_json(ONE_OF_EACH[6])]}}, "CalibratesSteps .* about a forecaster"),
        (
            "policies",
            {"agents": {"guarantees": [as_json(ONE_OF_EACH[1]) | {"thresholds": [1.0]}]}},
            "with 1 thresholds in a run with 2 subsequences",
        ),
    ],
)
def test_a_record_with_other_declarations_is_refused(place: str, value: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    arrays = written(omnisim.simulate(scenario(FirstViolation())), path)
    rewrite(path, arrays, lambda header: header["about"].update({place: value}))
    with pytest.raises(TraceError, match=message) as refusal:
        omnisim.load_trace(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_record_without_declarations_is_read_and_nothing_is_claimed(version: int, tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    arrays = written(omnisim.simulate(scenario(FirstViolation(), DecisionCalibrated())), path)

    def older(header: dict[str, Any]) -> None:
        about = header["about"]
        header["schema_version"] = version
        about["policies"] = {"agents": {"benchmark": "realized"}}
        about["forecast"] = {"objectives": "coordinates", "weights": "potential", "count": 80}

    rewrite(path, arrays, older)
    trace = omnisim.load_trace(path)
    assert trace.policy("agents").guarantees is None
    assert trace.forecaster().guarantees is None
    table = omnisim.analyze(trace).certificates
    assert set(table["theorem"]) - CHECKS == {"none"}
    (row,) = table[table["theorem"] == "none"].to_dict("records")
    assert row["hypotheses_met"] == 0
    assert row["holds"]
    assert "of a version that did not write down what strategies guarantee" in row["note"]
    omnisim.write_report(omnisim.analyze(trace), tmp_path / "report.html")


def test_the_oldest_record_that_is_kept_is_read_so_too() -> None:
    trace = omnisim.load_trace(GOLDEN / "own_prices.npz")
    assert all(trace.policy(name).guarantees is None for name in trace.records)


def test_what_learners_promise_is_certified_with_the_luck_of_the_draw() -> None:
    """Every learner, on outcomes that change: the rows against sums by hand and the bounds of the docstrings."""
    from omnisim.learners import BlumMansour, DriftPlusPenalty, Hedge, SinhaVaze

    T, N, A, J, delta = ROUNDS, 5, 4, 1, 0.05
    root, log = T**0.5, np.log(N / delta)
    external = np.sqrt(T * log / 2)
    swap = np.sqrt(2 * T * (A * np.log(A) + log))
    costs = np.sqrt(2 * T * np.log(N * J / delta))
    q = np.sqrt(2 * T**1.5 + T * (A / 2 + 4 + J))
    cases: dict[Any, dict[str, float]] = {
        Hedge(): {"external": np.sqrt(T * np.log(A) / 2) + external},
        Hedge("anytime"): {"external": np.sqrt(T * np.log(A)) + external},
        Hedge(0.5): {"external": np.log(A) / 0.5 + 0.5 * T / 8 + external},
        BlumMansour(): {"swap": np.sqrt(T * A * np.log(A) / 2) + swap},
        SinhaVaze(): {
            "external": 2 * np.sqrt(2 * A) * (root + 1) + external,
            "ccv": 4 * np.sqrt(2 * A) * np.log(2 * (1 + 2 * T)) * root + costs,
        },
        DriftPlusPenalty(): {
            "external": root * (A / 4 + 2 + J / 2) + external,
            "ccv": q * (1 + A / 2) + A * root / 2 + costs,
        },
    }
    for learner, expected in cases.items():
        analysis = omnisim.analyze(omnisim.simulate(scenario(learner), seed=2))
        trace, table = analysis.trace, analysis.certificates
        table = table[~table["theorem"].isin(CHECKS)]
        agents, record = trace.records["agents"].population, trace.records["agents"]
        earned = np.einsum("nad,td->tna", agents.utility, trace.outcomes) + agents.offset
        found: dict[str, list[float]] = {"external": [], "swap": [], "ccv": []}
        for n in range(N):
            clean = [a for a in range(A) if (record.violated_at[n, a] == T).all()]
            assert clean
            own = earned[np.arange(T), n, record.actions[:, n]]
            found["external"].append(max(earned[:, n, b].sum() for b in clean) - own.sum())
            found["swap"].append(
                sum(
                    max((earned[record.actions[:, n] == a, n, b] - own[record.actions[:, n] == a]).sum() for b in clean)
                    for a in range(A)
                )
            )
            found["ccv"].append(record.costs[:, n, 0].sum())
        assert len(table) == len(expected)
        for row, (kind, bound) in zip(table.to_dict("records"), expected.items(), strict=True):
            assert row["claim"].lower().startswith(kind)
            assert row["bound"] == pytest.approx(bound, rel=1e-12)
            assert row["measured"] == pytest.approx(max(found[kind]), abs=1e-9)
            assert row["probability"] == 1 - delta
            assert row["hypotheses_met"] == N
            assert row["holds"]


def test_learners_promise_nothing_they_have_no_theorem_for() -> None:
    from omnisim.learners import DriftPlusPenalty, Hedge, SinhaVaze

    assert theorems(DriftPlusPenalty(V=3.0)) == theorems(DriftPlusPenalty(alpha=3.0)) == set()
    assert theorems(overriding(Hedge, "_learn")()) == set()
    rows = certified(SinhaVaze(gradient=0.5))
    rows = rows[~rows["theorem"].isin(CHECKS)]
    assert len(rows) == 2
    assert (rows["hypotheses_met"] == 0).all()
    assert set(rows["note"]) == {"gradient is smaller than sqrt(|A|), so that norms may exceed it"}
    late = omnisim.network.Network(channels=[omnisim.network.Channel("world", "*", delay=2.0)])
    table = omnisim.analyze(omnisim.simulate(scenario(Hedge(), network=late))).certificates
    (row,) = table[table["theorem"] == "Hedge"].to_dict("records")
    assert row["hypotheses_met"] == 0
    assert row["note"] == "messages came late, forecasts from several, or agents came and went"
