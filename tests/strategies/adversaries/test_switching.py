import numpy as np
import pytest

import omnisim
from omnisim.adversaries import Switching
from omnisim.problem.context import Context

CALM, WILD, HIGH = [[0.5, 0.5]], [[0.0, 0.0], [1.0, 1.0]], [[0.9, 0.8], [0.8, 0.9], [1.0, 1.0]]


def means(adversary: Switching, rounds: int) -> list[float]:
    return [float(adversary.law(Context(t), None, None).mean[0].round(6)) for t in range(rounds)]


def test_laws_take_turns() -> None:
    turns = Switching([CALM, HIGH], period=2)
    assert means(turns, 7) == [0.5, 0.5, 0.9, 0.9, 0.5, 0.5, 0.9]


def test_the_last_law_stays() -> None:
    steps = Switching([CALM, WILD, HIGH], switches=[1, 3], probabilities=[[1.0], [0.75, 0.25], [0.5, 0.5, 0.0]])
    assert means(steps, 6) == [0.5, 0.25, 0.25, 0.85, 0.85, 0.85]


def test_one_law_needs_no_switch() -> None:
    assert means(Switching([CALM], switches=[]), 2) == [0.5, 0.5]


def test_outcomes_come_from_the_law_of_their_segment() -> None:
    population = omnisim.Population("p", [[[0.5, 0.5], [0.0, 0.0]]], [[0.0, 0.5]])
    scenario = omnisim.Scenario(
        populations=[population],
        adversary=Switching([CALM, WILD], switches=[30]),
        forecaster=omnisim.forecasters.ConditionalMean(),
        rounds=60,
    )
    outcomes = omnisim.simulate(scenario, seed=3).outcomes
    assert (outcomes[:30] == 0.5).all()
    # All 30 tosses of a fair coin alike: probability 2^-29.
    assert set(outcomes[30:, 0]) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"laws": [], "period": 1}, "laws of Switching must be at least one support, got none"),
        ({"laws": [CALM, [[0.1]]], "period": 1}, r"laws of Switching have \[2, 1\] coordinates"),
        ({"laws": [CALM, [[0.1, 1.5]]], "period": 1}, r"laws\[1\] of Switching\[0, 1\] is 1.5"),
        ({"laws": [CALM], "period": 0}, "period of Switching must be at least 1 round, got 0"),
        ({"laws": [CALM, WILD]}, "needs period or switches, not both: got None and None"),
        ({"laws": [CALM, WILD], "period": 2, "switches": [1]}, r"not both: got 2 and \[1\]"),
        ({"laws": [CALM, WILD], "switches": [1, 2]}, r"switches of Switching must be 1 rounds.*got \[1, 2\]"),
        ({"laws": [CALM, WILD], "switches": [0]}, r"increasing rounds >= 1, got \[0\]"),
        ({"laws": [CALM, WILD, HIGH], "switches": [4, 4]}, r"increasing rounds >= 1, got \[4, 4\]"),
        ({"laws": [CALM, WILD], "period": 1, "probabilities": [[1.0]]}, "for each of the 2 laws, got 1"),
        ({"laws": [WILD], "period": 1, "probabilities": [[0.5, 0.4]]}, "probabilities must sum to 1"),
    ],
)
def test_bad_parameters_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(omnisim.OmnisimError, match=message):
        Switching(**arguments)


def test_from_a_file(tmp_path) -> None:
    path = tmp_path / "switching.toml"
    path.write_text(
        """
        rounds = 6
        [market]
        source = "synthetic"
        low = 0.0
        high = 100.0
        [adversary]
        kind = "switching"
        laws = [[CALM], [LOW, HIGH]]
        period = 3
        probabilities = [[1.0], [0.25, 0.75]]
        [forecaster]
        kind = "conditional_mean"
        [populations.buyers]
        kind = "energy_buyers"
        agents = 2
        stress_price = 85.0
        """.replace("CALM", str([0.5] * 24))
        .replace("LOW", str([0.0] * 24))
        .replace("HIGH", str([1.0] * 24))
    )
    scenario = omnisim.load_scenario(path)
    predictions = omnisim.simulate(scenario).predictions
    np.testing.assert_allclose(predictions[:, 0], [0.5, 0.5, 0.5, 0.75, 0.75, 0.75])
