"""Figures of the differences to the reference: over the run, and by population and subsequence."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from omnisim.report.comparison.scope import (
    MOST_CONTEXTS,
    MOST_ROWS,
    READS_ALL,
    Context,
    Measure,
    Scope,
    Variants,
    joined,
    unsaid,
)
from omnisim.report.drawings import Strip, StripPanel, Strips
from omnisim.report.figures.difference_map import Panel, difference_map
from omnisim.report.figures.strips import strips
from omnisim.report.text import count, label, listing

_INTERVALS = "thick lines are intervals of their own, thin ones hold together"

_TOLD = 4
"""Forecasters of each context that the figure's text tells of."""


def leaderboard(scope: Scope) -> Variants:
    """Differences over the run, a panel per context; a variant per measure, or per context if there are many."""
    few = len(scope.contexts) <= MOST_CONTEXTS
    overall = scope.comparison.overall
    for measure in scope.measures if few else scope.measures[:1]:
        for contexts in [scope.contexts] if few else [[context] for context in scope.contexts]:
            panels, sentences, cut = [], [], {}
            for context in contexts:
                rows = scope.of(overall, context, measure=measure.key)
                rows = rows.sort_values("difference", ascending=not measure.larger_is_better, kind="stable")
                rows = rows[rows["difference"].notna()]
                drawn, factor, words = rows.head(MOST_ROWS), scope.factor(context, measure.key), scope.words(context)
                found = [_difference(scope, row, factor) for row in drawn.to_dict("records")]
                cut[words] = f"{len(drawn)} of {len(rows):,} forecasters" if len(drawn) < len(rows) else ""
                panels.append(StripPanel(words or "the whole run", f"{measure.title}, {measure.unit}", found))
                sentences += [
                    f"{strip.label}{f' ({words})' if words else ''} {_between(strip, measure)}"
                    for strip in found[:_TOLD]
                ]
                sentences += [f"{more}{f' ({words})' if words else ''}" for more in [unsaid(found, _TOLD)] if more]
            if any(panel.strips for panel in panels):
                caption = (
                    f"Difference in {measure.title} to {scope.reference} on the same seeds, mean over all "
                    f"{scope.agent}s; {_INTERVALS} with {scope.about['confidence']:.0%} for all in the figure. "
                    f"{'More' if measure.larger_is_better else 'Less'} is better. Without lines, nothing varied that "
                    f"an interval could be formed from.{_cut(measure, cut)}"
                )
                alt = f"Differences in {measure.title} to {scope.reference}: {'; '.join(sentences)}."
                name = measure.title if few else scope.words(contexts[0])
                yield name, partial(strips, "Difference to the reference", Strips(panels, caption, alt))


def _cut(measure: Measure, panels: Mapping[str, str]) -> str:
    """Sentence on the forecasters that are left out of panels, by the words of each; empty if none is."""
    if not any(panels.values()):
        return ""
    alike = len(set(panels.values())) == 1
    parts = [f"{of}{'' if alike else f' ({words})'}" for words, of in panels.items() if of]
    return f" Drawn are those that are best in {measure.title}: {listing(parts[:1] if alike else parts)}; {READS_ALL}."


def _difference(scope: Scope, row: Mapping[Any, Any], factor: float) -> Strip:
    value, low, high, lowest, highest = (
        factor * row[key] for key in ("difference", "low", "high", "simultaneous_low", "simultaneous_high")
    )
    forecaster = str(row["forecaster"])
    return Strip(scope.rows[forecaster], value, (low, high), (lowest, highest), scope.colour(forecaster))


def _between(strip: Strip, measure: Measure) -> str:
    low, high = strip.outer
    write = measure.signed
    return write(strip.point) + (f" ({write(low)} to {write(high)})" if low == low else "")


def maps(scope: Scope) -> Variants:
    """Differences by population and subsequence; a variant per measure and context."""
    differences = scope.comparison.differences
    others, subsequences = scope.shown_forecasters(MOST_ROWS)[1:], scope.subsequences
    for measure, context in product(scope.measures, scope.contexts):
        rows = scope.of(differences, context, measure=measure.key)
        panels = [
            _map(scope, rows[rows["population"] == population], context, population, measure)
            for population in scope.populations
        ]
        if not any(np.isfinite(panel.differences).any() for panel in panels):
            continue
        separated = int(sum(panel.separated.sum() for panel in panels))
        comparisons = int(rows["comparisons"].max())
        cut = scope.omitted([context], MOST_ROWS, reference=False, subsequences=True)
        caption = (
            f"Difference in {measure.title} to {scope.reference} ({measure.unit}"
            f"{', earned in the rounds of the subsequence' if measure.larger_is_better else ''}), blue where better, "
            "orange where worse. Bold where the interval that holds together with the other "
            f"{count(max(0, comparisons - 1), 'comparison')} of the measure leaves out zero; nothing else is separated "
            f"from it.{cut}"
        )
        alt = (
            f"Heat map of the differences in {measure.title} to {scope.reference} for {listing(scope.populations)} on "
            f"{count(len(subsequences), 'subsequence')}: {count(separated, 'cell is', 'cells are')} separated from "
            "zero."
        )
        yield (
            joined(measure.title, scope.words(context)),
            partial(
                difference_map,
                "Difference by subsequence",
                panels,
                [scope.rows[name] for name in others],
                subsequences,
                (caption, alt),
                larger_is_better=measure.larger_is_better,
            ),
        )


def _map(scope: Scope, rows: pd.DataFrame, context: Context, population: str, measure: Measure) -> Panel:
    factor = scope.factor(context, measure.key)
    others, subsequences = scope.shown_forecasters(MOST_ROWS)[1:], scope.subsequences
    shape = (len(others), len(subsequences))
    values, separated = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    told = [["" for _ in subsequences] for _ in others]
    for row in rows.to_dict("records"):
        if row["forecaster"] in others and row["subsequence"] in subsequences:
            i, k = others.index(row["forecaster"]), subsequences.index(row["subsequence"])
            values[i, k] = factor * row["difference"]
            separated[i, k] = row["verdict"] in ("better", "worse")
            low, high = factor * row["simultaneous_low"], factor * row["simultaneous_high"]
            write = measure.signed
            ends = f"<br>{write(low)} to {write(high)}" if low == low else "<br>no interval"
            told[i][k] = (
                f"{label(others[i], 48)} on {label(subsequences[k], 48)}<br>{write(values[i, k])}{ends}"
                f"<br>{row['verdict'] or 'no verdict'}"
            )
    return Panel(scope.panel(population), values, separated, told)
