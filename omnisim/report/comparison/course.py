"""Figures of regret and violation: against each other, and as they grow with the rounds."""

from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from omnisim.report.comparison.scope import AXES, Context, Scope, Variants, joined, keyed
from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.figures.curves import curves
from omnisim.report.figures.plane import Plane, Point
from omnisim.report.figures.plane import planes as drawn
from omnisim.report.text import count, score


def planes(scope: Scope) -> Variants:
    """Swap regret beside CCV+, a panel per population; a variant per context; nothing if none is violated."""
    means = scope.comparison.means
    forecasters = scope.shown_forecasters()
    regret = scope.regret("swap")
    wanted = means[means["measure"].isin([regret.key, "ccv_positive"]) & means["forecaster"].isin(forecasters)]
    if not (wanted.loc[wanted["measure"] == "ccv_positive", "mean"] > 0).any():
        return
    subsequences, unit = scope.subsequences, scope.currency or "utility"
    for context in scope.contexts:
        panels = [
            Plane(scope.panel(population), _points(scope, wanted, context, population, subsequences))
            for population in scope.populations
        ]
        points = [point for panel in panels for point in panel.points]
        if not points:
            continue
        caption = (
            f"One point per forecaster (colour) and subsequence (symbol): what is lost and what is violated in a "
            f"{scope.round} of the subsequence, mean over {scope.agent}s and seeds, with intervals of "
            f"{scope.about['confidence']:.0%}. Down and left is better. Swap regret is what would have been earned "
            "more by replacing actions with ones that never violate a limit, at outcomes inside the range of the "
            f"theory; CCV+ (cumulative violation) is in cost, of which a {scope.round} has at most 1. "
            f"{scope.agent.capitalize()}s without such an action have no regret and are left out."
            f"{scope.omitted([context], subsequences=True)}"
        )
        best = min(points, key=lambda point: (point.violation, point.regret))
        alt = (
            f"Scatter plot of swap regret and CCV+ for {count(len(points), 'pair')} of forecaster and subsequence; "
            f"least violated is {best.forecaster} on {best.subsequence}, swap regret {regret.plain(best.regret)} "
            f"{unit}, CCV+ {score(best.violation)} a {scope.round}."
        )
        axes = (f"swap regret, {unit} a {scope.round}", f"CCV+, cost a {scope.round}")
        colours = {name: scope.colour(name) for name in forecasters}
        yield (
            scope.words(context),
            partial(drawn, "Regret and violation", panels, colours, subsequences, axes, (caption, alt)),
        )


def _points(
    scope: Scope, means: pd.DataFrame, context: Context, population: str, subsequences: list[str]
) -> list[Point]:
    rounds = scope.rounds_on(context, population)
    rows = scope.of(means, context, population=population)
    by_place, regret_key = keyed(rows, ["forecaster", "subsequence", "measure"]), scope.regret("swap").key
    found = []
    for forecaster, subsequence in product(scope.shown_forecasters(), subsequences):
        if subsequence not in rounds or (forecaster, subsequence, regret_key) not in by_place:
            continue
        regret, violation = (
            [by_place[forecaster, subsequence, key][end] / rounds[subsequence] for end in ("mean", "low", "high")]
            for key in (regret_key, "ccv_positive")
        )
        if np.isfinite([regret[0], violation[0]]).all():
            intervals = (regret[1], regret[2]), (violation[1], violation[2])
            found.append(Point(forecaster, subsequence, regret[0], violation[0], *intervals))
    return found


def growth(scope: Scope) -> Variants:
    """Swap regret and CCV+ after growing numbers of rounds; a variant per subsequence, population and context."""
    keys = [scope.regret("swap").key, "ccv_positive"]
    grown = scope.comparison.growth_of(keys, {"forecaster": scope.shown_forecasters()}, with_intervals=False)
    told = keys if (grown.loc[grown["measure"] == "ccv_positive", "mean"] > 0).any() else keys[:1]
    grown = grown[grown["measure"].isin(told)]
    found = grown.groupby(["subsequence", "population", *AXES], sort=False).agg({"rounds": "nunique", "mean": "count"})
    courses = set(found.index[(found["rounds"] > 1) & (found["mean"] > 0)])
    for subsequence, population, context in product(scope.ordered_subsequences, scope.populations, scope.contexts):
        if (subsequence, population, *context) in courses:
            words = joined(f"{population} / {subsequence}", scope.words(context))
            yield words, partial(_growth, scope, subsequence, population, context, told)


def _growth(scope: Scope, subsequence: str, population: str, context: Context, keys: list[str]) -> go.Figure:
    regret = scope.regret("swap")
    growing = {
        regret.key: ("swap regret", f"{scope.currency or 'utility'} per {scope.agent}, summed", regret.plain),
        "ccv_positive": ("CCV+", f"cost per {scope.agent}, summed", score),
    }
    among = {axis: [each] for axis, each in zip(AXES, context, strict=True)}
    among |= {"forecaster": scope.shown_forecasters(), "population": [population], "subsequence": [subsequence]}
    rows = scope.comparison.growth_of(keys, among)
    panels, sentences = [], []
    for key in keys:
        title, unit, write = growing[key]
        lines = []
        for forecaster in scope.shown_forecasters():
            own = rows[(rows["forecaster"] == forecaster) & (rows["measure"] == key)]
            if own["mean"].notna().any():
                low, high = own["low"].to_numpy(), own["high"].to_numpy()
                lines.append(
                    Curve(forecaster, own["rounds"].to_numpy(), own["mean"].to_numpy(), low, high,
                          scope.colour(forecaster))
                )  # fmt: skip
                sentences.append(f"{title} of {forecaster} {write(float(own['mean'].iloc[-1]))}")
        if lines:
            panels.append(Panel(title, f"{scope.round}s of the subsequence", unit, lines, log_x=False, log_y=False))
    caption = (
        f"{population} on {subsequence}: mean over {scope.agent}s and seeds, with bands of "
        f"{scope.about['confidence']:.0%} over seeds. A curve that flattens means that less and less is lost in a "
        f"{scope.round}.{scope.omitted([context], populations=False)}"
    )
    alt = f"Growth for {population} on {subsequence}; at the end: {'; '.join(sentences)}."
    return curves("Growth with the rounds", Drawing(panels, caption, alt))
