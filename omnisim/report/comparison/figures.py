"""Choice of the figures on the page of a comparison, and the variants a reader can choose from."""

from collections.abc import Callable
from functools import partial

import numpy as np

from omnisim.report.comparison import agents, course, differences
from omnisim.report.comparison.scope import MOST_ROWS, MOST_VARIANTS, Scope, Variants
from omnisim.report.drawings import Strip, StripPanel, Strips
from omnisim.report.figures.strips import strips
from omnisim.report.shown import Shown, left_out, shown
from omnisim.report.text import number


def shown_figures(scope: Scope) -> dict[str, Shown]:
    """All figures of the page that the comparison has something to show in, by name."""
    made: dict[str, Shown] = {}
    differs = len(scope.forecasters) > 1
    parts: tuple[tuple[str, str, str, Callable[[Scope], Variants], bool], ...] = (
        ("leaderboard", f"Difference to {scope.reference}", "Measure", differences.leaderboard, differs),
        ("plane", "Regret and violation", "Setting", course.planes, True),
        ("winners", "Who gains and who loses", "Subsequence", agents.winners, differs),
        ("gains", "By how much", "Subsequence", agents.gains, differs),
        ("growth", "Growth with the rounds", "Population and subsequence", course.growth, True),
        ("map", f"Difference to {scope.reference} by subsequence", "Measure", differences.maps, differs),
        ("bounds", "How much of the bounds was used", "", _bounds, True),
        ("cost", "Time and memory of a run", "", _cost, True),
    )
    for name, title, choice, draw, wanted in parts:
        every = list(draw(scope)) if wanted else []
        if every:
            variants = [(words, figure()) for words, figure in every[:MOST_VARIANTS]]
            made[name] = shown(name, choice, variants, title, left_out(len(variants), len(every)))
    return made


def _bounds(scope: Scope) -> Variants:
    rows = scope.comparison.certificates
    rows = rows[(rows["bound"] > 0) & rows["measured"].notna() & (rows["checked"] < rows["runs"])]
    if not len(rows):
        return
    rows = rows.assign(used=100 * (rows["measured"] / rows["bound"]).astype(float))
    found = []
    claims = rows.groupby("theorem", sort=False)["claim"].nunique()
    for (theorem, claim), used in rows.groupby(["theorem", "claim"], sort=False)["used"]:
        low, middle, high = np.quantile(used, [0.0, 0.5, 1.0]).tolist()
        row = str(theorem) if claims[str(theorem)] == 1 else f"{theorem}: {claim}"
        found.append(Strip(row, middle, outer=(low, high)))
    closest = max(found, key=lambda strip: strip.outer[1])
    caption = (
        "Measured, in per cent of the bound, of the agent and run that came closest to it: point at the median over "
        "forecasters, contexts, populations and subsequences, line from the least to the most. 100 % is the bound. "
        "Certificates with a bound of 0 are in the table only."
    )
    alt = f"Closest to its bound is {closest.label} at {number(closest.outer[1])} % of it."
    panel = StripPanel("", "measured, % of the bound", found)
    yield "", partial(strips, "How much of the bounds was used", Strips([panel], caption, alt))


def _cost(scope: Scope) -> Variants:
    runs = scope.comparison.runs
    runs = runs[runs["status"] == "finished"]
    panels, sentences = [], []
    for key, title, unit in (
        ("seconds", "time", "seconds of a run, simulated and analyzed"),
        ("peak_memory_mb", "memory", "peak of the process, MB"),
    ):
        found = []
        for forecaster in scope.shown_forecasters(MOST_ROWS):
            values = runs.loc[runs["forecaster"] == forecaster, key].dropna().to_numpy()
            if len(values):
                low, first, middle, third, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1]).tolist()
                colour = scope.colour(forecaster)
                found.append(Strip(scope.rows[forecaster], middle, (first, third), (low, high), colour))
                sentences.append(f"{title} of {forecaster}: median {number(middle)}")
        panels.append(StripPanel(title, unit, found))
    caption = (
        "Over the runs: point at the median, thick line over the middle half, thin line from the least to the most. "
        f"Runs that share a machine slow each other down.{scope.omitted(scope.contexts, MOST_ROWS, populations=False)}"
    )
    yield "", partial(strips, "Time and memory of a run", Strips(panels, caption, f"{'; '.join(sentences)}."))
