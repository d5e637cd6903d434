"""The figures of the studies: error against the size of the sample, by method and by c."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.study.results import Chart, Table
from omnisim.report.text import listing, number
from omnisim.studies.omniprediction.methods import CALMA, DIRECT, PRINTED, SINGLE, TWO_PLAYER

COLOURS = {CALMA: 0, TWO_PLAYER: 1, DIRECT: 2, SINGLE: 3, PRINTED: 4}
_SIZE, _ERROR = "sample size n", "omniprediction error, loss"
BANDS = "Mean over draws of the sample; bands are one standard deviation to either side, as in the paper."


def by_method(name: str, title: str, rows: pd.DataFrame, measures: Mapping[str, str], caption: str) -> Chart:
    """Error against n at the chosen c: a panel per rule for m, a variant per measure (words -> column)."""
    chosen = rows[rows["chosen"]]
    variants = {}
    for words, measure in measures.items():
        panels, said = [], []
        for rule, group in chosen.groupby("rule", sort=False):
            here = [(method, part) for method, part in group.groupby("method", sort=False)]
            curves = [_curve(part, measure, str(method), COLOURS[str(method)]) for method, part in here]
            panels.append(Panel(str(rule), _SIZE, _ERROR, curves, log_y=False))
            said.append(f"{rule}: {listing([_ends(curve) for curve in curves])}")
        alt = f"Line charts of the {words}. {'; '.join(said)}."
        variants[words] = Drawing(panels, f"{caption} {BANDS}", alt)
    return Chart(name, title, variants, "Measured on")


def by_constant(name: str, title: str, rows: pd.DataFrame, measure: str, caption: str) -> Chart:
    """Error against n for every c: a panel per method with several of them, a variant per rule for m."""
    variants = {}
    for rule, group in rows[rows["c"].notna()].groupby("rule", sort=False):
        panels, said = [], []
        for method, part in group.groupby("method", sort=False):
            if len(part["c"].unique()) == 1:
                continue
            curves = [
                _curve(cell, measure, _labels(group)[rank], rank) for rank, (_, cell) in enumerate(part.groupby("c"))
            ]
            values = listing([f"{c:g}" for c in sorted(part["c"].unique())])
            panels.append(Panel(f"{method}: c = {values}", _SIZE, _ERROR, curves, log_y=False))
            said.append(f"{method}: {listing([_ends(curve) for curve in curves])}")
        variants[str(rule)] = Drawing(panels, f"{caption} {BANDS}", f"Line charts of error by c. {'; '.join(said)}.")
    return Chart(name, title, variants, "Number of thresholds")


def compared(rows: pd.DataFrame, by: Sequence[str], measure: str) -> pd.DataFrame:
    """A row per rule and n, a column per method: means over draws at the chosen c."""
    chosen = rows[rows["chosen"]]
    wide = chosen.pivot_table(index=[*by, "rule", "n"], columns="method", values=measure, sort=False)
    return wide.reset_index().rename_axis(columns=None)


def tables(rows: pd.DataFrame, by: Sequence[str], measures: Sequence[str]) -> dict[str, Table]:
    """Means over draws, and every draw: files beside the page."""
    means = table(rows, by, measures)
    return {
        "means": Table("Means and standard deviations over draws", means, shown=False),
        "errors": Table("Every draw", rows, shown=False),
    }


def table(rows: pd.DataFrame, by: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    """Means and standard deviations over draws."""
    grouped = rows.groupby([*by, "rule", "n", "m", "method", "c"], sort=False, dropna=False)[list(measures)]
    found = grouped.agg(["mean", "std"]).reset_index()
    found.columns = pd.Index([" ".join(part for part in map(str, column) if part) for column in found.columns])
    return found


def _curve(rows: pd.DataFrame, measure: str, label: str, colour: int) -> Curve:
    cells = rows.groupby("n")[measure]
    sizes = [int(str(n)) for n in cells.groups]
    mean = cells.mean().to_numpy(dtype=np.float64)
    spread = cells.std(ddof=1).to_numpy(dtype=np.float64)
    return Curve(label, sizes, mean, mean - spread, mean + spread, colour)


def _labels(rows: pd.DataFrame) -> list[str]:
    most = int(rows.groupby("method")["c"].nunique().max())
    ordinals = ["smallest c", "second c", "third c", "fourth c", "fifth c", "sixth c"]
    return [*ordinals[: most - 1], "largest c"]


def _ends(curve: Curve) -> str:
    x, y = np.asarray(curve.x, dtype=np.float64), np.asarray(curve.y, dtype=np.float64)
    return f"{curve.label} {number(float(y[0]), 2)} at n = {x[0]:,.0f}, {number(float(y[-1]), 2)} at {x[-1]:,.0f}"
