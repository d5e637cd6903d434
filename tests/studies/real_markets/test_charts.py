"""Every number that the figures of the study draw, recomputed from made-up results by loops over seeds and agents."""

import re

import numpy as np
import pytest
from made_up_results import MARKETS, MASKS, PLAYED, SEEDS, best_of, gain, made_up, yearly

from omnisim.report.text import number
from omnisim.studies.real_markets import charts
from omnisim.studies.real_markets.contenders import FORESIGHT, RIDGE, SIMPLE, WEAK, calibrated
from omnisim.studies.real_markets.results import Results
from omnisim.studies.real_markets.setting import POPULATIONS


@pytest.fixture(scope="module")
def made() -> Results:
    return made_up()


def quantile(values: list[float], level: float) -> float:
    """The number below which a share of the others lies: between neighbours, a straight line."""
    ordered = sorted(values)
    below, part = divmod(level * (len(ordered) - 1), 1)
    return ordered[int(below)] + part * (ordered[min(int(below) + 1, len(ordered) - 1)] - ordered[int(below)])


@pytest.mark.parametrize("market", MARKETS)
def test_leaderboard(made: Results, market: str) -> None:
    strips = charts.leaderboard_chart(made).variants[market]
    [panel] = strips.panels
    points = [strip.point for strip in panel.strips]
    assert points == sorted(points, reverse=True)
    best = best_of(made, market)
    shown = {strip.label for strip in panel.strips}
    assert set(PLAYED) - shown == {calibrated(name) for name in ("first", "second") if name != best} | (
        {FORESIGHT} - shown
    )
    for strip in panel.strips:
        assert strip.point == pytest.approx(gain(made, market, strip.label, "climatology"), abs=1e-9)
        if strip.label != "climatology":
            ends = [strip.outer[0], strip.inner[0], strip.point, strip.inner[1], strip.outer[1]]
            assert ends == sorted(ends)
            assert len(set(ends)) == 5
        raw = not strip.label.startswith("calibrated: ")
        assert strip.colour == (1 if not raw else 2 if strip.label in ("Selection", "Combination") else 0)
        assert f"{strip.label} {number(strip.point)}" in strips.alt


@pytest.mark.parametrize("market", MARKETS)
def test_regret_is_a_share_of_the_utility_between_climatology_and_foresight(made: Results, market: str) -> None:
    chart = charts.regret_chart(made).variants[market]
    utility = [float(np.mean(made.sample(market, name, "utility", "all"))) for name in (FORESIGHT, "climatology")]
    assert list(chart.columns) == list(MASKS)
    rows = list(chart.rows)
    bases = list(dict.fromkeys(["climatology", *WEAK, RIDGE, best_of(made, market)]))
    assert rows == [
        *(name for base in bases for name in (base, calibrated(base))), "Selection", "Combination", "calibrated: all"
    ]  # fmt: skip
    for name, values in zip(rows, np.asarray(chart.values), strict=True):
        regrets = [sum(made.sample(market, name, "swap_regret", column)) / SEEDS for column in MASKS]
        np.testing.assert_allclose(values, [100 * each / (utility[0] - utility[1]) for each in regrets])
        assert f"{name} {number(max(values))}" in chart.alt


def test_gains_of_agents_are_shares_of_their_own_distance(made: Results) -> None:
    chart = charts.agents_chart(made)
    assert len(chart.variants) == 2 + len(WEAK) + 1
    for words, strips in chart.variants.items():
        before, after = words.split(" → ")
        assert [panel.heading for panel in strips.panels] == list(POPULATIONS)
        for panel in strips.panels:
            assert [strip.label for strip in panel.strips] == list(MARKETS)
            for strip in panel.strips:
                less = best_of(made, strip.label) if before == "best forecast" else before
                more = calibrated("all") if after == "calibrated on all" else calibrated(less)
                gains = yearly(made, strip.label, more, less, panel.heading)
                distances = yearly(made, strip.label, FORESIGHT, "climatology", panel.heading)
                shares = [100 * g / d for g, d in zip(gains, distances, strict=True) if d > 0.005]
                drawn = [strip.outer[0], strip.inner[0], strip.point, strip.inner[1], strip.outer[1]]
                assert drawn == pytest.approx([quantile(shares, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)])
                low, middle, high = (number(drawn[i]) for i in (0, 2, 4))
                assert f"{panel.heading} in {strip.label} {middle} ({low} to {high})" in strips.alt


def test_gains_on_unusual_days(made: Results) -> None:
    chart = charts.changed_chart(made)
    assert chart is not None
    assert list(chart.variants) == [calibrated(base) for base in (*WEAK, RIDGE, "all")]
    for forecaster, strips in chart.variants.items():
        [panel] = strips.panels
        assert [strip.label for strip in panel.strips] == [f"{market} after a spike" for market in MARKETS]
        for strip, market in zip(panel.strips, MARKETS, strict=True):
            base = forecaster.removeprefix("calibrated: ")
            against = best_of(made, market) if base == "all" else base
            assert strip.point == pytest.approx(gain(made, market, forecaster, against, "after a spike"))
            assert strip.inner[0] < strip.point < strip.inner[1]
        assert re.search("best single forecast" if forecaster == "calibrated: all" else "the raw base", strips.caption)


def test_simple_forecasts_are_shown_in_every_market(made: Results) -> None:
    for market in MARKETS:
        assert set(SIMPLE) <= set(charts.contenders_shown(made, market))
