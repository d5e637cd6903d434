"""Every number in the figures of a comparison's page, recomputed from its frames."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from examples import Suite
from small_comparison import FORECASTERS, small_scenario

import omnisim
from omnisim.report.comparison import figures as module
from omnisim.report.comparison.course import planes
from omnisim.report.comparison.scope import Scope
from omnisim.report.figures.style import PALETTE
from omnisim.report.shown import Shown
from omnisim.report.text import amount, number, percent, score

pytestmark = pytest.mark.sampled

QUICK = 2
"""Variants of a figure that the quick suite draws."""

YEAR = 365 / 20
OTHERS = ("climatology", "ridge_autoregression")
RULES = ("careful", "careless")


@pytest.fixture(scope="module")
def scope(under_two_rules: omnisim.Comparison) -> Scope:
    return Scope(under_two_rules)


@pytest.fixture(scope="module")
def shown(scope: Scope) -> dict[str, Shown]:
    with mock.patch.object(module, "MOST_VARIANTS", module.MOST_VARIANTS if Suite.long else QUICK):
        return module.shown_figures(scope)


def where(frame: pd.DataFrame, **places: str) -> list[dict[str, Any]]:
    """The rows of a frame at a place."""
    wanted = np.logical_and.reduce([frame[column].to_numpy() == value for column, value in places.items()])
    rows: list[dict[str, Any]] = frame[wanted].to_dict("records")
    return rows


def rows_of(figure: go.Figure, panel: int) -> tuple[list[str], list[tuple[float, list[tuple[float, float]]]]]:
    """Names of the rows of a panel of strips; the point of each, with the ends of its lines, the thin one first."""
    suffix = "" if panel == 0 else str(panel + 1)
    own = [trace for trace in figure.data if trace.yaxis == f"y{suffix}"]
    lines: dict[int, list[tuple[float, float]]] = {}
    for trace in own:
        if trace.mode == "lines":
            assert trace.y[0] == trace.y[1]
            lines.setdefault(trace.y[0], []).append((trace.x[0], trace.x[1]))
    [points] = [trace for trace in own if trace.mode == "markers"]
    assert list(points.y) == list(range(len(points.x)))
    names = list(figure.layout[f"yaxis{suffix}"].ticktext)
    return names, [(x, lines.get(row, [])) for row, x in enumerate(points.x)]


def are_near(found: Sequence[float], expected: Sequence[float]) -> None:
    """To the five digits that are drawn."""
    np.testing.assert_allclose(np.array(found, dtype=float), np.array(expected, dtype=float), rtol=1e-4, atol=1e-9)


def each(shown: Shown) -> Iterator[tuple[str, go.Figure]]:
    return zip(shown.labels, shown.variants, strict=True)


def test_differences_over_the_run(under_two_rules: omnisim.Comparison, shown: dict[str, Shown]) -> None:
    keys = {"swap regret": "swap_regret_money", "external regret": "external_regret_money", "CCV+": "ccv_positive"}
    assert [label for label, _ in each(shown["leaderboard"])][:2] == ["money", "utility"]
    for title, figure in each(shown["leaderboard"]):
        measure = keys.get(title, title.lower())
        factor = YEAR if "money" in measure else 1.0
        for panel, rule in enumerate(RULES):
            rows = where(under_two_rules.overall, elimination=rule, measure=measure)
            rows.sort(key=lambda row: row["difference"], reverse=title in ("money", "utility"))
            names, strips = rows_of(figure, panel)
            assert names == [row["forecaster"] for row in rows]
            for row, (point, lines) in zip(rows, strips, strict=True):
                are_near([point], [factor * row["difference"]])
                ends = [(row["simultaneous_low"], row["simultaneous_high"]), (row["low"], row["high"])]
                known = [(factor * low, factor * high) for low, high in ends if low == low]
                assert len(lines) == len(known)
                for found, expected in zip(lines, known, strict=True):
                    are_near(found, expected)


def test_gains_and_losses_of_agents(under_two_rules: omnisim.Comparison, shown: dict[str, Shown]) -> None:
    populations, best = list(under_two_rules.about["populations"]), Scope(under_two_rules).forecasters[1:]
    names = ["all", *(name for name in under_two_rules.about["subsequences"] if name != "all")][:8]
    places = list(product(names, RULES))[: 16 if Suite.long else QUICK]
    assert shown["gains"].labels == shown["winners"].labels == [", ".join(place) for place in places]
    for kind in ("gains", "winners"):
        for (subsequence, rule), figure in zip(places, shown[kind].variants, strict=True):
            for panel, population in enumerate(populations):
                rows = where(
                    under_two_rules.gains,
                    elimination=rule,
                    subsequence=subsequence,
                    population=population,
                    measure="money",
                )
                rows.sort(key=lambda row: best.index(row["forecaster"]))
                if kind == "gains":
                    _, strips = rows_of(figure, panel)
                    for row, (point, (outer, inner)) in zip(rows, strips, strict=True):
                        are_near([point], [YEAR * row["q50"]])
                        are_near([*outer, *inner], [YEAR * row[key] for key in ("q05", "q95", "q25", "q75")])
                    continue
                lose, gain = [bar for bar in figure.data if bar.yaxis == ("y" if panel == 0 else f"y{panel + 1}")]
                are_near(lose.x, [-100 * row["losses"] / row["agents"] for row in rows])
                are_near(gain.x, [100 * row["wins"] / row["agents"] for row in rows])
                for row in rows:
                    said = f"{population}, {row['forecaster']}: {percent(row['wins'] / row['agents'])} gain"
                    assert said in figure.layout.meta["alt"]


def test_shares_of_bounds(under_two_rules: omnisim.Comparison, shown: dict[str, Shown]) -> None:
    [figure] = shown["bounds"].variants
    names, strips = rows_of(figure, 0)
    shares: dict[tuple[str, str], list[float]] = {}
    for row in under_two_rules.certificates.to_dict("records"):
        if row["bound"] > 0 and row["measured"] == row["measured"] and row["checked"] < row["runs"]:
            shares.setdefault((row["theorem"], row["claim"]), []).append(100 * row["measured"] / row["bound"])
    assert len(names) == len(shares) > 1
    for (theorem, _), found, name, (point, [line]) in zip(shares, shares.values(), names, strips, strict=True):
        assert name.startswith(theorem[:20])
        are_near([point, *line], [np.median(found), min(found), max(found)])
    most = max(max(found) for found in shares.values())
    assert figure.layout.meta["alt"].endswith(f" at {number(most)} % of it.")


def test_time_and_memory(under_two_rules: omnisim.Comparison, shown: dict[str, Shown]) -> None:
    [figure] = shown["cost"].variants
    for panel, (key, title) in enumerate((("seconds", "time"), ("peak_memory_mb", "memory"))):
        names, strips = rows_of(figure, panel)
        assert set(names) == {"persistence", *OTHERS}
        for name, (point, (outer, inner)) in zip(names, strips, strict=True):
            runs = [row[key] for row in where(under_two_rules.runs, forecaster=name)]
            are_near([point], [np.median(runs)])
            are_near([*outer, *inner], [min(runs), max(runs), *np.quantile(runs, [0.25, 0.75])])
            assert f"{title} of {name}: median {number(np.median(runs))}" in figure.layout.meta["alt"]


def test_growth(under_two_rules: omnisim.Comparison, scope: Scope, shown: dict[str, Shown]) -> None:
    titles = (("swap_regret_money", "swap regret"), ("ccv_positive", "CCV+"))
    for words, figure in each(shown["growth"]):
        place, _, rule = words.partition(", ")
        population, _, subsequence = place.partition(" / ")
        panel = 0
        for key, title in titles:
            heads = {note.text for note in figure.layout.annotations}
            if f"<b>{title}</b>" not in heads:
                continue
            suffix = "" if panel == 0 else str(panel + 1)
            panel += 1
            axes = (figure.layout[f"xaxis{suffix}"].title.text, figure.layout[f"yaxis{suffix}"].title.text)
            assert axes[0] == "days of the subsequence"
            assert axes[1] == f"{'cost' if key == 'ccv_positive' else 'USD'} per customer, summed"
            curves = [trace for trace in figure.data if trace.yaxis == f"y{suffix}" and trace.line.width]
            assert curves
            for curve in curves:
                rows = where(
                    under_two_rules.growth,
                    forecaster=curve.name,
                    elimination=rule,
                    population=population,
                    subsequence=subsequence,
                    measure=key,
                )
                are_near(curve.x, [row["rounds"] for row in rows])
                drawn = [np.nan if y is None else y for y in curve.y]
                are_near(drawn, [row["mean"] for row in rows])
                assert curve.line.color == PALETTE[scope.colour(curve.name)]


def test_maps(under_two_rules: omnisim.Comparison, scope: Scope, shown: dict[str, Shown]) -> None:
    populations = list(under_two_rules.about["populations"])
    keys = {"swap regret": "swap_regret_money", "external regret": "external_regret_money", "CCV+": "ccv_positive"}
    for words, figure in each(shown["map"]):
        title, _, rule = words.partition(", ")
        measure = keys.get(title, title.lower())
        factor, separated = YEAR if "money" in measure else 1.0, 0
        for drawn, population in zip(figure.data, populations, strict=True):
            for i, forecaster in enumerate(scope.forecasters[1:]):
                for k, subsequence in enumerate(scope.subsequences):
                    [row] = where(
                        under_two_rules.differences,
                        forecaster=forecaster,
                        elimination=rule,
                        population=population,
                        subsequence=subsequence,
                        measure=measure,
                    )
                    value, shade = factor * row["difference"], drawn.z[i][k]
                    if np.isnan(value):
                        assert shade is None
                        continue
                    are_near([np.sign(shade) * shade**2], [value])
                    bold = row["verdict"] in ("better", "worse")
                    assert drawn.text[i][k].startswith("<b>") == bold
                    separated += bold
                    told = drawn.customdata[i][k]
                    assert told.startswith(f"{forecaster} on {subsequence}<br>")
                    assert told.endswith(f"<br>{row['verdict'] or 'no verdict'}")
            largest = max((abs(z) for row in drawn.z for z in row if z is not None), default=0.0) or 1.0
            are_near([drawn.zmin, drawn.zmax], [-largest, largest])
        cells = "1 cell is" if separated == 1 else f"{separated} cells are"
        assert figure.layout.meta["alt"].endswith(f"{cells} separated from zero.")


@pytest.mark.parametrize("seeds", [pytest.param(1, marks=pytest.mark.long), 2])
def test_points_of_the_plane(seeds: int) -> None:
    """Also those whose intervals are not known, because there is one seed."""
    found = omnisim.compare(small_scenario(), FORECASTERS, seeds=seeds, jobs=1)
    scope = Scope(found)
    ((_, draw),) = planes(scope)
    figure, least = draw(), []
    for panel, population in enumerate(("many", "few")):
        suffix = "" if panel == 0 else str(panel + 1)
        drawn = {}
        for trace in figure.data:
            if trace.xaxis == f"x{suffix}" and trace.text:
                for index, text in enumerate(trace.text):
                    drawn[text.partition("<br>")[0]] = trace, index
        for name, (subsequence, rounds) in product(FORECASTERS, (("all", 24), ("even", 12))):
            places = {"forecaster": name, "population": population, "subsequence": subsequence}
            [regret] = where(found.means, **places, measure="swap_regret_money")
            [violation] = where(found.means, **places, measure="ccv_positive")
            if np.isnan(regret["mean"]) or np.isnan(violation["mean"]):
                assert f"{name} on {subsequence}" not in drawn
                continue
            trace, index = drawn[f"{name} on {subsequence}"]
            are_near([trace.x[index], trace.y[index]], [regret["mean"] / rounds, violation["mean"] / rounds])
            for row, bars in ((regret, trace.error_x), (violation, trace.error_y)):
                ends = [row["high"] - row["mean"], row["mean"] - row["low"]]
                known = [0.0 if np.isnan(end) else end / rounds for end in ends]
                np.testing.assert_allclose([bars.array[index], bars.arrayminus[index]], known, rtol=1e-3, atol=1e-6)
            assert trace.marker.color == PALETTE[scope.colour(name)]
            least.append((violation["mean"] / rounds, regret["mean"] / rounds, name, subsequence))
    lowest, lost, name, subsequence = min(least)
    assert f"for {len(least)} pairs of forecaster and subsequence; least violated is " in figure.layout.meta["alt"]
    assert f"CCV+ {score(lowest)} a round." in figure.layout.meta["alt"]
    assert f" {name} on {subsequence}, swap regret {amount(lost)} EUR," in figure.layout.meta["alt"]
    titles = {figure.layout.xaxis.title.text, figure.layout.yaxis.title.text}
    assert titles == {"swap regret, EUR a round", "CCV+, cost a round"}
    assert figure.layout.xaxis.title.text.startswith("swap regret")
