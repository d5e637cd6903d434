"""Objectives in blocks of agents: their sums are those over all agents, and do not depend on where blocks are."""

import itertools
import math

import numpy as np
import pytest

import omnisim
from omnisim.game.decision_blocks import DecisionBlocks, DecisionObjectives
from omnisim.game.objectives import DecisionEvents, UtilityDirections
from omnisim.problem import elsewhere
from omnisim.problem.context import Context
from omnisim.problem.elsewhere import blocks, blocks_here
from omnisim.problem.limits import BOX
from omnisim.problem.mixture import Mixture

A, D, L, ROUNDS = 3, 2, 2, 16


def population(name: str, agents: int, seed: int) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    return omnisim.Population(
        name,
        rng.uniform(0.0, 0.5, (agents, A, D)) / D,
        rng.uniform(0.0, 0.5, (agents, A)),
        load=rng.random((agents, A, D)),
        weights=rng.uniform(1.0, 2.0, agents),
        agent_names=[f"{name} {n}" for n in range(agents)],
    )


def objectives(
    populations: list[omnisim.Population],
    kind: type = DecisionEvents,
    events: tuple = (None,),
    bases: int = 0,
    unit: float | None = None,
) -> DecisionObjectives:
    return DecisionObjectives(kind, blocks(populations), L, ROUNDS, events, bases, unit, BOX)


def contexts(populations: list[omnisim.Population], seed: int) -> list[Context]:
    """Rounds with other subsequences and candidates each."""
    rng = np.random.default_rng(seed)
    found = []
    for t in range(ROUNDS):
        candidates = {p.name: rng.random((p.agents, A)) < 0.7 for p in populations}
        for allowed in candidates.values():
            allowed[:, t % A] = True
        found.append(Context(t, np.array([True, t % 2 == 0]), candidates=candidates))
    return found


def played(rng: np.random.Generator) -> tuple[Mixture, np.ndarray]:
    return Mixture(rng.random((2, D)), [0.25, 0.75]), rng.random(D)


def test_a_block_holds_what_its_agents_hold_in_the_same_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "BLOCK", 4)
    crowd = population("crowd", 10, 1)
    found = blocks_here(blocks([crowd]), [crowd])
    assert [each.rows for each in found] == [[("crowd", slice(*pair))] for pair in ((0, 4), (4, 8), (8, 10))]
    for each in found:
        ((_, rows),), block = each.rows, each.agents
        assert block.agents == len(crowd.utility[rows])
        assert np.shares_memory(block.utility, crowd.utility)
        for name in ("utility", "offset", "load", "weights"):
            np.testing.assert_array_equal(getattr(block, name), getattr(crowd, name)[rows])
        assert block.agent_names == crowd.agent_names[rows]
        np.testing.assert_array_equal(block.best_response(np.full(D, 0.3)), crowd.best_response(np.full(D, 0.3))[rows])
    monkeypatch.setattr(elsewhere, "BLOCK", 10)
    (whole,) = blocks_here(blocks([crowd]), [crowd])
    assert whole.rows == [("crowd", slice(0, 10))]
    assert whole.agents.utility is crowd.utility


@pytest.mark.parametrize("block", [2, 3, 7, 9])
def test_sums_of_blocks_are_those_of_every_objective(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights and weighted gain by the formulas of the theory, objective by objective."""
    monkeypatch.setattr(elsewhere, "BLOCK", block)
    populations = [population("few", 2, 1), population("many", 7, 2)]
    part = objectives(populations, events=(None, 0), bases=2)(populations)
    etas = 2.0 ** -np.arange(1, math.ceil(math.log2(ROUNDS) / 2) + 2)
    total: dict[tuple, float] = {}
    squares: dict[tuple, float] = {}

    def events(context: Context, bases: list[np.ndarray], p: np.ndarray, y: np.ndarray) -> dict[tuple, float]:
        """Gains of all objectives that are not 0, those with two sides once."""
        found = {}
        for each in populations:
            allowed = context.candidates[each.name]

            def choice(n: int, at: np.ndarray, each=each, allowed=allowed) -> int:
                scores = each.utility[n] @ at + each.offset[n]
                return int(np.argmax(np.where(allowed[n], scores, -1.0)))

            for n, s in itertools.product(range(each.agents), np.flatnonzero(context.active)):
                own = choice(n, p)
                earned = each.utility[n] @ y + each.offset[n]
                for event, action in ((None, own), (0, choice(n, bases[0]))):
                    for i in range(D):
                        found["bias", event, each.name, n, s, action, i] = p[i] - y[i]
                for b, base in enumerate(bases):
                    found["regret", each.name, n, s, b] = earned[choice(n, base)] - earned[own]
        return found

    def weighted(gains: dict[tuple, float]) -> float:
        found = 0.0
        for key, gain in gains.items():
            up, down = (
                float((etas * np.exp(sign * etas * total.get(key, 0.0) - etas**2 * squares.get(key, 0.0))).mean())
                for sign in (1, -1)
            )
            found += gain * (up - down if key[0] == "bias" else up)
        return found

    def potential() -> float:
        found = 0.0
        for key, gained in total.items():
            for sign in (1, -1) if key[0] == "bias" else (1,):
                found += float(np.exp(sign * etas * gained - etas**2 * squares[key]).mean()) - 1.0
        return found

    rng, measured = np.random.default_rng(3), 0.0
    for context in contexts(populations, 4):
        bases = list(rng.random((2, D)))
        part.prepare(context, bases)
        points, outcome = [rng.random(D), bases[1]], rng.random(D)
        for point, (intercepts, slopes) in zip(points, part.gains(points), strict=True):
            found = float(intercepts.sum() + slopes.sum(axis=(0, 1)) @ outcome)
            assert found == pytest.approx(weighted(events(context, bases, point, outcome)), abs=1e-10)
        mixture, outcome = played(rng)
        mean: dict[tuple, float] = {}
        for weight, point in zip(mixture.weights, mixture.support, strict=True):
            for key, gain in events(context, bases, point, outcome).items():
                mean[key] = mean.get(key, 0.0) + weight * gain
        for key, gain in mean.items():
            total[key] = total.get(key, 0.0) + gain
            squares[key] = squares.get(key, 0.0) + gain**2
        measured += float(part.learn(mixture, outcome).sum())
        assert measured == pytest.approx(potential(), abs=1e-9)


@pytest.mark.parametrize("kind", [DecisionEvents, UtilityDirections])
@pytest.mark.parametrize("cut", [3, 6])
def test_blocks_say_the_same_to_the_last_bit_wherever_they_are(
    kind: type, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "BLOCK", 3)
    few, many = population("few", 2, 1), population("many", 8, 2)
    given = objectives([few, many], kind, (None, 1), 2, 0.5)
    whole = given([few, many])
    parts = [given([few, many.between(0, cut)]), given([many.between(cut, 8)], {"many": cut})]
    assert sum(_bytes(part) for part in parts) == _bytes(whole)
    rng = np.random.default_rng(5)
    for context in contexts([few, many], 6):
        bases, point = list(rng.random((2, D))), rng.random(D)
        whole.prepare(context, bases)
        for part, rows in zip(parts, (slice(0, cut), slice(cut, 8)), strict=True):
            own = {"few": context.candidates["few"], "many": context.candidates["many"][rows]}
            part.prepare(Context(context.round, context.active, candidates=own), bases)
        ((intercepts, slopes),) = whole.gains([point])
        several = [part.gains([point])[0] for part in parts]
        np.testing.assert_array_equal(np.concatenate([b for b, _ in several], axis=1), intercepts)
        np.testing.assert_array_equal(np.concatenate([h for _, h in several], axis=1), slopes)
        mixture, outcome = played(rng)
        rises = [part.learn(mixture, outcome) for part in parts]
        np.testing.assert_array_equal(np.concatenate(rises, axis=1), whole.learn(mixture, outcome))


def _bytes(part: DecisionBlocks) -> int:
    tables = part.tables
    return sum(array.nbytes for arrays in (tables.total, tables.squares, tables.net) for array in arrays)


def test_how_many_there_are_does_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    populations = [population("few", 2, 1), population("many", 7, 2), population("others", 3, 3)]
    expected = 9 * L * (3 * 2 * A * D + 2)
    for block in (1, 4, 100):
        monkeypatch.setattr(elsewhere, "BLOCK", block)
        given = objectives(populations[:2], DecisionEvents, (None, 0, 1), 2, 0.1)
        assert given.count(populations[:2]) == expected
        assert given.mass(populations[:2]) == pytest.approx(expected + 2 * 0.1 * 9 * L)
        part = given(populations)
        assert sum(table.size for table in part.tables.total) == 9 * L * (3 * A * D + 2)
        assert sum(potential.mass for potential in part.beside) == pytest.approx(2 * 0.1 * 9 * L)


def test_every_pair_of_all_populations_counts_the_same() -> None:
    populations = [population("few", 1, 1), population("many", 3, 2), population("crowd", 5000, 3)]
    part = objectives(populations, unit=4.0)(populations)
    assert [each.mass for each in part.beside] == [agents * 2 * 4.0 * L for agents in (1 + 3, 4096, 904)]


@pytest.mark.long
def test_a_run_of_many_blocks_is_that_of_one_but_for_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    scenario = omnisim.Scenario(
        populations=[population("many", 11, 2)],
        adversary=omnisim.adversaries.Independent(rng.random((4, D)), np.full(4, 0.25)),
        forecaster=omnisim.forecasters.DecisionCalibrated([omnisim.forecasters.Persistence()], base_events=True),
        rounds=60,
    )
    alone = omnisim.simulate(scenario)
    monkeypatch.setattr(elsewhere, "BLOCK", 2)
    blocks = omnisim.simulate(scenario)
    np.testing.assert_allclose(blocks.predictions, alone.predictions, atol=1e-9)
    for name, values in alone.diagnostics.items():
        np.testing.assert_allclose(blocks.diagnostics[name], values, atol=1e-9)
