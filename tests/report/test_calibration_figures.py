"""The figures about a decision-calibrated forecaster."""

import dataclasses
import math

import numpy as np
import pytest

import omnisim
from omnisim.report import figures
from omnisim.report.figures.calibration import _MOST_POINTS, _spread
from omnisim.report.run.figures import shown_figures


@pytest.fixture(scope="module")
def calibrated():
    rng = np.random.default_rng(0)
    utility = rng.random((6, 3, 2)) / 4
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("<b>agents</b>", utility, 0.5 * rng.random((6, 3)))],
        adversary=omnisim.adversaries.WorstCase(),
        forecaster=omnisim.forecasters.DecisionCalibrated(),
        subsequences={"all": None, "odd": np.arange(150) % 2 == 1},
        rounds=150,
    )
    return omnisim.analyze(omnisim.simulate(scenario))


def test_bias_is_drawn_below_its_bound(calibrated):
    figure = figures.bias_bounds(calibrated, "<b>agents</b>")
    points, curve = figure.data
    bound = np.interp(points.x, curve.x, curve.y)
    assert len(points.x) > 10
    assert (np.array(points.y) <= bound).all()
    assert "<b>agents" not in figure.layout.title.text
    assert figure.layout.xaxis.title.text.startswith("V: sum over round")
    assert "units of y" in figure.layout.yaxis.title.text


def test_what_was_never_played_is_no_event():
    """The third action is worse than the others whatever comes, and the first two are played on odd rounds alike."""
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("one", [[[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]], [[0.1, 0.1, 0.0]])],
        adversary=omnisim.adversaries.Replay(np.random.default_rng(1).random((40, 2))),
        forecaster=omnisim.forecasters.DecisionCalibrated(),
        subsequences={"all": None, "odd": np.arange(40) % 2 == 1},
        rounds=40,
    )
    found = omnisim.analyze(omnisim.simulate(scenario))
    played = found.trace.records["one"].actions[:, 0]
    assert set(played) == set(played[1::2]) == {0, 1}
    meta = figures.bias_bounds(found, "one").layout.meta
    # 2 actions on 2 subsequences, in 2 coordinates
    assert meta["caption"].startswith("8 events and coordinates of one in which something was played; drawn are all ")
    assert meta["alt"].startswith("Scatter plot of the bias of 8 decision events of one against their bound")


def test_the_course_of_the_potential_ends_where_the_record_does(calibrated):
    figure = figures.potential_course(calibrated)
    potential, budget, evaluations = figure.data
    assert potential.y[-1] == pytest.approx(calibrated.trace.diagnostics["potential"][-1], rel=1e-4)
    assert budget.y[0] == math.e
    assert min(evaluations.y) >= 1
    assert figure.layout.xaxis2.title.text == "round"
    dates = np.datetime64("2024-03-01") + np.arange(150)
    dated = omnisim.analyze(dataclasses.replace(calibrated.trace, dates=dates))
    assert figures.potential_course(dated).layout.xaxis2.title.text == "delivery day"


@pytest.mark.long
def test_the_page_shows_them_for_a_calibrated_forecaster_only(calibrated, market):
    assert {"bias-bounds", "potential"} <= shown_figures(calibrated).keys()
    assert not {"bias-bounds", "potential"} & shown_figures(market).keys()


def test_of_many_events_those_closest_to_the_bound_are_drawn_in_every_slice_of_v():
    rng = np.random.default_rng(5)
    squares, share = rng.exponential(size=5000), rng.random(5000)
    kept = set(_spread(squares, share).tolist())
    most = _MOST_POINTS // 100
    for part in range(100):
        low, high = part * squares.max() / 100, (part + 1) * squares.max() / 100
        inside = [i for i in range(5000) if low <= squares[i] < high or (part == 99 and squares[i] == squares.max())]
        closest = sorted(inside, key=lambda i: -share[i])[:most]
        assert {i for i in inside if i in kept} == set(closest)
    assert len(_spread(squares[:_MOST_POINTS], share[:_MOST_POINTS])) == _MOST_POINTS
