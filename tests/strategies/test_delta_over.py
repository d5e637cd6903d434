"""Delta over the agents of a population, or over all agents of a run, as in the paper: thresholds and what is said."""

import math
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.elimination import CumulativeThreshold, SubsequenceThreshold
from omnisim.errors import StrategyError

AGENTS, T, DELTA = {"few": 2, "many": 6}, 40, 0.08


def population(name: str, actions: int) -> omnisim.Population:
    shape = (AGENTS[name], actions, 1)
    limit = omnisim.LinearConstraint(np.full(shape, 0.5), np.full(shape[:2], -0.25))
    return omnisim.Population(name, np.full(shape, 0.1), constraints=[limit, limit])


def analysis(rule: Any) -> omnisim.Analysis:
    return omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[population("few", 3), population("many", 2)],
                adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
                forecaster=omnisim.forecasters.Climatology(),
                elimination=rule,
                subsequences={"all": None, "late": np.arange(T) >= T // 2},
                rounds=T,
            )
        )
    )


@pytest.mark.parametrize("over", ["population", "run"])
@pytest.mark.parametrize("kind", [CumulativeThreshold, SubsequenceThreshold])
def test_thresholds_and_probabilities_by_hand(kind: Any, over: str) -> None:
    table = analysis(kind(delta=DELTA, delta_over=over)).certificates
    sets = 1 if kind is CumulativeThreshold else 2
    for name, actions in (("few", 3), ("many", 2)):
        sharing = 8 if over == "run" else AGENTS[name]
        kept = table[(table["population"] == name) & table["theorem"].str.startswith("Proposition")]
        expected = 1 - DELTA * AGENTS[name] / sharing
        assert kept["probability"].tolist() == pytest.approx([expected] * sets)
        rows = table[(table["population"] == name) & table["theorem"].isin(["Theorem 2", "Theorem 6"])]
        rows = rows[rows["basis"] == "before the run"]
        assert len(rows) == sets
        for row, size in zip(rows.to_dict("records"), (T, T // 2), strict=False):
            sums = sharing * actions * 2 * sets**2
            assert row["bound"] == pytest.approx(sets * actions * (1 + math.sqrt(2 * size * math.log(sums / DELTA))))


def test_all_populations_together_fail_with_probability_delta_at_most() -> None:
    table = analysis(CumulativeThreshold(delta=DELTA, delta_over="run")).certificates
    kept = table[table["theorem"] == "Proposition 2"]
    assert (1 - kept["probability"]).sum() == pytest.approx(DELTA)


def test_another_word_is_refused() -> None:
    with pytest.raises(StrategyError, match="delta_over is 'all': it must be 'population' or 'run'"):
        CumulativeThreshold(delta_over="all")


@pytest.mark.long
def test_it_is_a_key_of_scenario_files() -> None:
    changes = {"elimination": {"kind": "cumulative_threshold", "delta_over": "run"}, "rounds": 3}
    rule = omnisim.load_scenario("calibrated", changes).elimination_of("buyers")
    assert rule.delta_over == "run"
