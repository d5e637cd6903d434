"""Figures of who gains and who loses: shares of agents, and how much they gain."""

from collections.abc import Iterator
from functools import partial
from itertools import product

import pandas as pd

from omnisim.report.comparison.scope import AXES, MOST_ROWS, Context, Scope, Variants, joined, unsaid
from omnisim.report.drawings import Strip, StripPanel, Strips
from omnisim.report.figures.strips import strips
from omnisim.report.figures.winners import Panel, Row
from omnisim.report.figures.winners import winners as bars
from omnisim.report.text import percent

_TOLD = 3
"""Forecasters of each population that a figure's text tells of."""


def winners(scope: Scope) -> Variants:
    """Draw the numbers of agents that gain and lose, a panel per population; a variant per subsequence and context."""
    money = any(scope.currencies.values())
    for words, rows, context in _gained(scope, "money" if money else "utility"):
        panels, sentences = [], []
        for population in scope.populations:
            own = rows[rows["population"] == population]
            found = [
                Row(scope.rows[row["forecaster"]], row["wins"], row["losses"], row["ties"])
                for row in own.to_dict("records")
            ]
            panels.append(Panel(scope.panel(population), found))
            sentences += [
                f"{population}, {row.label}: {percent(row.wins / row.agents)} gain, "
                f"{percent(row.losses / row.agents)} lose"
                for row in found[:_TOLD]
            ]
            sentences += [f"{population}: {more}" for more in [unsaid(found, _TOLD)] if more]
        caption = (
            f"Share of the {scope.agent}s, over all seeds, that earn more (blue) or less (orange) "
            f"{'money' if money else 'utility'} than the same {scope.agent}s do with {scope.reference}; what is "
            "missing to 100 % is the same with both. A share says how many, not how much, and comes without an "
            f"interval: {scope.agent}s of one market are not independent."
            f"{scope.omitted([context], MOST_ROWS, reference=False)}"
        )
        alt = f"Shares of {scope.agent}s that gain and lose against {scope.reference}: {'; '.join(sentences)}."
        yield words, partial(bars, "Who gains and who loses", panels, caption, alt, scope.agent)


def gains(scope: Scope) -> Variants:
    """Draw the gains and losses of agents, in money if there is any; a variant per subsequence and context."""
    money = any(scope.currencies.values())
    key = "money" if money else "utility"
    for words, rows, context in _gained(scope, key):
        panels, sentences = [], []
        for population in scope.populations:
            own = rows[rows["population"] == population].to_dict("records")
            found = [
                Strip(
                    scope.rows[row["forecaster"]],
                    row["factor"] * row["q50"],
                    (row["factor"] * row["q25"], row["factor"] * row["q75"]),
                    (row["factor"] * row["q05"], row["factor"] * row["q95"]),
                    scope.colour(row["forecaster"]),
                )
                for row in own
            ]
            currency = scope.currencies[population]
            measure = scope.money(currency) if currency else scope.utility
            unit = measure.unit if currency else f"utility {measure.unit}"
            panels.append(StripPanel(population, unit, found))
            sentences += [
                f"{population}, {strip.label}: median {measure.signed(strip.point)}" for strip in found[:_TOLD]
            ]
            sentences += [f"{population}: {more}" for more in [unsaid(found, _TOLD)] if more]
        caption = (
            f"Distribution over {scope.agent}s and seeds of what each gains against {scope.reference}: point at the "
            "median, thick line over the middle half, thin line from the 5th to the 95th percentile. These are "
            f"different {scope.agent}s, not an interval of confidence."
            f"{scope.omitted([context], MOST_ROWS, reference=False)}"
        )
        alt = f"Distributions of the gains of {scope.agent}s against {scope.reference}: {'; '.join(sentences)}."
        yield words, partial(strips, "By how much", Strips(panels, caption, alt))


def _gained(scope: Scope, measure: str) -> Iterator[tuple[str, pd.DataFrame, Context]]:
    gains = scope.comparison.gains
    gains = gains[(gains["measure"] == measure) & gains["forecaster"].isin(scope.shown_forecasters(MOST_ROWS)[1:])]
    gains = gains.sort_values("forecaster", key=lambda names: names.map(scope.forecasters.index), kind="stable")
    found = dict(iter(gains.groupby(["subsequence", *AXES], sort=False)))
    for subsequence, context in product(scope.ordered_subsequences, scope.contexts):
        if (subsequence, *context) in found:
            rows = found[subsequence, *context].assign(factor=scope.factor(context, measure))
            yield joined(subsequence, scope.words(context)), rows, context
