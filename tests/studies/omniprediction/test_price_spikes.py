"""What the page of the study says of its markets, and draws of thresholds, by loops over made-up hours and draws."""

import numpy as np
import pandas as pd
import pytest

from omnisim.report.text import number
from omnisim.studies.omniprediction.methods import CALMA, DIRECT
from omnisim.studies.omniprediction.price_spikes import page
from omnisim.studies.omniprediction.price_spikes.cases import FULL, pools_of
from omnisim.studies.omniprediction.spikes import Spikes


def test_methods_are_fitted_on_the_first_year_and_judged_after_it() -> None:
    y, first_year = np.array([0.0, 1.0, 1.0, 0.0]), np.array([True, False, True, False])
    found = pools_of(Spikes("AA", ("one",), y[:, None] / 2, y, first_year, np.arange(4).astype("datetime64[D]")))
    assert [each.tolist() for each in (found.base, found.train, found.judged)] == [[0, 2], [0, 2], [1, 3]]
    assert found.test_points is None


def test_a_market_is_told_by_the_days_after_the_first_year() -> None:
    """One forecast is best in the first year, another after it, when spikes are twice as frequent."""
    rng = np.random.default_rng(3)
    hours, first = 900, 500
    y = (rng.random(hours) < np.where(np.arange(hours) < first, 0.2, 0.4)).astype(float)
    early, late = np.clip(0.8 * y + rng.uniform(0, 0.2, (2, hours)), 0, 1)
    early[first:], late[:first] = rng.random(hours - first), rng.random(first)
    columns = np.column_stack([np.full(hours, 0.35), early, late])
    dates = np.datetime64("2020-03-01") + np.arange(hours) // 24
    told = page._about(Spikes("AA", ("flat", "early", "late"), columns, y, np.arange(hours) < first, dates))
    judged = range(first, hours)
    scores = {name: np.mean([(columns[t, k] - y[t]) ** 2 for t in judged]) for k, name in enumerate(("flat", "early"))}
    scores["late"] = np.mean([(late[t] - y[t]) ** 2 for t in judged])
    frequency = sum(y[:first]) / first
    always = np.mean([(frequency - y[t]) ** 2 for t in judged])
    best, worst = min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__)
    assert (best, worst) == ("late", "early")
    assert told == {
        "market": "AA",
        "first day": "2020-03-01",
        "judged from": str(dates[first]),
        "last day": str(dates[-1]),
        "spikes, first year": pytest.approx(frequency),
        "spikes, judged": pytest.approx(sum(y[first:]) / (hours - first)),
        "best forecast": best,
        "Brier score of the best": pytest.approx(scores[best]),
        "worst forecast": worst,
        "Brier score of the worst": pytest.approx(scores[worst]),
        "Brier score of the first year’s frequency": pytest.approx(always),
        "skill of the best %": pytest.approx(100 * (1 - scores[best] / always)),
    }


def test_excess_by_threshold_is_the_mean_over_draws() -> None:
    rng = np.random.default_rng(8)
    rows = pd.DataFrame(
        {"market": market, "method": method, "draw": draw, "threshold": theta, "excess": rng.normal()}
        for market in ("AA", "BB")
        for method in (CALMA, DIRECT)
        for draw in range(3)
        for theta in (0.25, 0.5, 0.75)
    )
    drawing = page._threshold_chart(rows, FULL).variants[""]
    assert [panel.heading for panel in drawing.panels] == ["AA", "BB"]
    for panel in drawing.panels:
        assert [curve.label for curve in panel.curves] == [CALMA, DIRECT]
        for curve in panel.curves:
            own = rows[(rows["market"] == panel.heading) & (rows["method"] == curve.label)]
            means = [sum(own[own["threshold"] == theta]["excess"]) / 3 for theta in (0.25, 0.5, 0.75)]
            assert list(curve.x) == [0.25, 0.5, 0.75]
            assert list(curve.y) == pytest.approx(means)
            assert f"{panel.heading}, {curve.label}: largest {number(max(means), 2)}" in drawing.alt
