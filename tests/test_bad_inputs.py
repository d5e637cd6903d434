"""Each bad input a scenario can have is refused with one line that names it, before anything runs."""

from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import OmnisimError, ProblemError, ScenarioError, StrategyError
from omnisim.problem.context import Past

T = 6
OUTCOMES = np.full((T, 2), 0.5)


def agents(name: str = "agents", dimension: int = 2, **changes: Any) -> omnisim.Population:
    return omnisim.Population(**{"name": name, "utility": np.full((1, 2, dimension), 0.25)} | changes)


def run(**changes: Any) -> omnisim.Trace:
    made = {name: value() if callable(value) else value for name, value in changes.items()}
    settings: dict[str, Any] = {
        "populations": [agents()],
        "adversary": omnisim.adversaries.Replay(OUTCOMES),
        "forecaster": omnisim.forecasters.Climatology(),
    }
    return omnisim.simulate(omnisim.Scenario(**settings | made))


class Publishing(omnisim.adversaries.Replay):
    published = ("load",)


def marked(row: int, value: float) -> np.ndarray:
    table = OUTCOMES.copy()
    table[row, 1] = value
    return table


def test_the_scenario_itself_is_fine() -> None:
    assert run().rounds == T


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        # Not numbers, or numbers where there can be none.
        (
            {"adversary": lambda: omnisim.adversaries.Replay(marked(3, np.nan))},
            StrategyError,
            r"outcomes of Replay\[3, 1\] is nan: every entry must be a finite number",
        ),
        (
            {"forecaster": lambda: omnisim.forecasters.Published(marked(3, np.inf))},
            StrategyError,
            r"predictions of Published\[3, 1\] is inf: every entry must be a finite number",
        ),
        (
            {"populations": lambda: [agents(utility=[[[0.5, np.nan]]])]},
            ProblemError,
            r"utility of population 'agents'\[0, 0, 1\] is nan",
        ),
        ({"rounds": 0}, ScenarioError, "rounds of scenario 'scenario' must be a whole number >= 1, got 0"),
        ({"rounds": -1}, ScenarioError, "rounds of scenario 'scenario' must be a whole number >= 1, got -1"),
        ({"seed": -1}, StrategyError, "seed must be an integer >= 0, got -1"),
        (
            {"declared_horizon": T - 1},
            ScenarioError,
            f"horizon of scenario 'scenario' is {T - 1}: it must be a whole number >= rounds, {T}",
        ),
        # Outside [0, 1].
        (
            {"adversary": lambda: omnisim.adversaries.Replay(marked(3, 1.01))},
            StrategyError,
            r"outcomes of Replay\[3, 1\] is 1.01: every entry must lie in \[0, 1\]",
        ),
        (
            {"adversary": lambda: omnisim.adversaries.Replay(marked(3, -0.01))},
            StrategyError,
            r"outcomes of Replay\[3, 1\] is -0.01: every entry must lie in \[0, 1\]",
        ),
        (
            {"forecaster": lambda: omnisim.forecasters.Published(marked(0, 45.0))},
            StrategyError,
            r"predictions of Published\[0, 1\] is 45: every entry must lie in \[0, 1\]",
        ),
        (
            {"forecasts": {"lasso": marked(2, 2.0)}},
            ScenarioError,
            r"forecast 'lasso'\[2, 1\] is 2: every entry must lie in \[0, 1\]",
        ),
        # Neither numbers nor days.
        (
            {"features": {"load": ["x"] * T}},
            ScenarioError,
            r"feature 'load' must be numbers of shape \(T,\) or \(T, k\)",
        ),
        ({"features": {"load": 3.0}}, ScenarioError, r"feature 'load' must have shape \(T, k\), got \(\)"),
        ({"dates": ["nonsense"]}, ScenarioError, "dates must be days such as 2021-12-31, one for each round"),
        ({"rounds": 1.5}, ScenarioError, "rounds of scenario 'scenario' must be a whole number >= 1, got 1.5"),
        ({"about": {"x": object()}}, ScenarioError, "about of scenario 'scenario' must be plain JSON values"),
        (
            {"past": lambda: Past(np.full((3, 3), 0.5))},
            ScenarioError,
            "past outcomes .*: 3 coordinates, outcomes have 2",
        ),
        (
            {"past": lambda: Past(np.full((3, 2), 7.0))},
            ProblemError,
            r"past outcomes\[0, 0\] is 7: every entry must lie",
        ),
        # More rounds than data.
        ({"rounds": T + 1}, ScenarioError, f"asks for {T + 1} rounds: the adversary Replay has only {T} of them"),
        (
            {"features": {"load": np.ones(T - 1)}},
            ScenarioError,
            f"asks for {T} rounds: feature 'load' has only {T - 1}",
        ),
        ({"forecasts": {"dnn": OUTCOMES[:2]}}, ScenarioError, f"asks for {T} rounds: forecast 'dnn' has only 2"),
        ({"dates": ["2024-01-01"]}, ScenarioError, f"asks for {T} rounds: dates has only 1 of them"),
        (
            {"forecaster": lambda: omnisim.forecasters.Published(OUTCOMES[:4])},
            StrategyError,
            f"Published has predictions for 4 rounds: the run has {T}",
        ),
        (
            {"adversary": lambda: omnisim.adversaries.Independent([[0.5, 0.5]])},
            ScenarioError,
            "does not say how many rounds to run, and its adversary Independent has no end: set rounds",
        ),
        # Utilities and costs outside their range.
        (
            {"populations": lambda: [agents(utility=[[[0.5, 0.75]]])]},
            ProblemError,
            r"the utility of action 0 of agent 0 ranges over \[0, 1.25\] .* must stay in \[0, 1\]",
        ),
        (
            {"populations": lambda: [agents(constraints=[omnisim.LinearConstraint(np.full((1, 2, 2), -0.75))])]},
            ProblemError,
            r"the cost of action 0 of agent 0 ranges over \[-1.5, 0\] .* must stay in \[-1, 1\]",
        ),
        # Subsequences.
        ({"subsequences": {}}, ProblemError, "there must be at least one subsequence"),
        (
            {"subsequences": {"all": None, "hot": np.zeros(T, dtype=bool)}},
            ProblemError,
            f"subsequence 'hot' is empty: it is active in none of the {T} rounds",
        ),
        (
            {"subsequences": {"even": np.arange(T) % 2 == 0}},
            ProblemError,
            r"round 1 is in no subsequence \(3 such rounds\): together they must cover all rounds",
        ),
        (
            {
                "subsequences": {"all": None, "hot": omnisim.Rule("temprature", ">", 30.0)},
                "features": {"temperature": np.ones(T)},
            },
            ProblemError,
            r"the feature 'temprature', which does not exist: did you mean 'temperature'\?",
        ),
        # Names and sizes that do not fit.
        (
            {"populations": lambda: [agents("twins"), agents("twins")]},
            ScenarioError,
            "several populations named 'twins': names must differ",
        ),
        ({"populations": []}, ScenarioError, "has no population: it needs at least one"),
        (
            {"populations": lambda: [agents(dimension=3)]},
            ScenarioError,
            "population 'agents' has utilities of 3 coordinates: the adversary Replay plays 2",
        ),
        (
            {"elimination": {"agent": omnisim.elimination.BestResponse()}},
            ScenarioError,
            r"elimination names the population 'agent': did you mean 'agents'\?",
        ),
        (
            {
                "populations": lambda: [agents(), agents("more")],
                "elimination": {"more": omnisim.elimination.BestResponse()},
            },
            ScenarioError,
            "elimination has no rule for the population 'agents'",
        ),
        (
            {"elimination": "best_respons"},
            ScenarioError,
            r"'best_respons' is not among the elimination: did you mean 'best_response'\?",
        ),
        (
            {"subscriptions": {"agents": ["forecaster", "forecaster"]}},
            ScenarioError,
            r"subscriptions of population 'agents' must be a list of one or more different forecasters, got \['fore",
        ),
        (
            {"adversary": lambda: Publishing(OUTCOMES), "features": {"load": np.ones(T)}},
            ScenarioError,
            "the adversary publishes the feature 'load', which is among features as well",
        ),
        (
            {"forecasts": {"lasso": np.full((T, 3), 0.5)}},
            ScenarioError,
            "forecast 'lasso' of scenario 'scenario': 3 coordinates, outcomes have 2",
        ),
        (
            {"forecaster": lambda: omnisim.forecasters.Published(np.full((T, 1), 0.5))},
            StrategyError,
            "Published has predictions of 1 coordinate: outcomes have 2",
        ),
    ],
)
def test_one_line_that_names_it(changes: dict[str, Any], error: type[OmnisimError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        run(**changes)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, ValueError)
