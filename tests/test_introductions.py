"""Objects introduce themselves in one line, and can be compared and hashed."""

import numpy as np
import pytest

import omnisim


@pytest.fixture(scope="module")
def scenario() -> omnisim.Scenario:
    rng = np.random.default_rng(0)
    return omnisim.Scenario(
        populations=[omnisim.Population("bettors <b>", utility=rng.random((3, 2, 2)) / 2)],
        adversary=omnisim.adversaries.Replay(rng.random((20, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        name="bets & <more>",
        about={"scenario": "bets & <more>"},
    )


@pytest.fixture(scope="module")
def trace(scenario: omnisim.Scenario) -> omnisim.Trace:
    return omnisim.simulate(scenario)


def test_reprs_are_one_short_line(scenario: omnisim.Scenario, trace: omnisim.Trace) -> None:
    for told, words in (
        (scenario, "Replay against Climatology, 20 rounds, populations bettors <b>"),
        (trace, "20 rounds, 2 coordinates, 3 agents in 1 populations"),
        (trace.mixtures, "20 rounds: 20 points"),
        (trace.records["bettors <b>"], "20 rounds, 3 agents, 2 actions, 0 constraints"),
        (omnisim.analyze(trace), "<Analysis of <Trace of 'bets & <more>'"),
    ):
        text = repr(told)
        assert words in text
        assert len(text) < 250
        assert "\n" not in text


def test_objects_can_be_compared_and_hashed(scenario: omnisim.Scenario, trace: omnisim.Trace) -> None:
    again = omnisim.simulate(scenario)
    for one, other in ((trace, again), (scenario, scenario.replace(seed=1)), (trace.mixtures, again.mixtures)):
        assert one == one
        assert one != other
        assert len({one, other}) == 2


def test_a_notebook_shows_money_by_population(trace: omnisim.Trace) -> None:
    shown = omnisim.analyze(trace)._repr_html_()
    assert "<table" in shown
    assert "bettors &lt;b&gt;" in shown
    assert "bets &amp; &lt;more&gt;" in shown
    assert "<b>" not in shown
