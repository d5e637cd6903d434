"""The figures of the study of panprediction."""

import numpy as np
import pandas as pd

from omnisim.report.drawings import Curve, Drawing, HeatMap, Panel
from omnisim.report.study.results import Chart
from omnisim.report.text import listing, number
from omnisim.statistics.slopes import slope_of
from omnisim.studies.panprediction.comparison import losing
from omnisim.studies.panprediction.findings import FLOOR
from omnisim.studies.panprediction.growth import METHODS

_MEASURES = (("gap", "largest gap over losses and groups", "gap, loss"),
             ("step_error", "step calibration error", "error, probability"))  # fmt: skip
_HOW = "Mean over replicates with its 95 % t-interval, computed exactly for the law. Axes are logarithmic."
_THOUSANDTHS = 1000


def rates_chart(growth: pd.DataFrame) -> Chart:
    """Gap and step calibration error against n, for all algorithms."""
    part = growth[growth["part"] == "points"]
    panels, told = [], []
    for measure, heading, axis in _MEASURES:
        curves = [
            Curve.of_means(part[part["method"] == name], measure, "points", name, k) for k, name in enumerate(METHODS)
        ]
        told += [
            f"{heading}, {name}: {slope_of(part[part['method'] == name], measure, 'points', FLOOR)}" for name in METHODS
        ]
        guides = [_guide(curves[0], -0.5, "like n^(−1/2)"), _guide(curves[1], -1 / 3, "like n^(−1/3)")]
        panels.append(Panel(heading.capitalize(), "points n", axis, [*curves, *guides]))
    caption = (
        f"{_HOW} Dotted: the rates of the sample complexities 1/ε² (randomized, derandomized) and 1/ε³ "
        "(deterministic), through the first mean."
    )
    alt = f"Line charts; slopes: {listing(told)}."
    return Chart("rates", "Error against the number of points", {"": Drawing(panels, caption, alt)})


def sizes_chart(growth: pd.DataFrame) -> Chart:
    """Gap and step calibration error against |G| and |H|."""
    variants = {}
    for measure, heading, axis in _MEASURES:
        panels, told = [], []
        for size, symbol in (("groups", "|G|"), ("comparators", "|H|")):
            part = growth[growth["part"] == size]
            curves = [
                Curve.of_means(part[part["method"] == name], measure, size, name, k) for k, name in enumerate(METHODS)
            ]
            sizes = np.asarray(curves[0].x, dtype=np.float64)
            logs = part.groupby(size)["log_size"].first().to_numpy()
            first = float(np.asarray(curves[0].y)[0])
            root = first * np.sqrt(logs / logs[0])
            guide = Curve("like sqrt(ln(2 |G| (|H| + 1)))", sizes, root, colour=-1, dash="dot")
            panels.append(Panel(f"Against {symbol}", f"{size} {symbol}", axis, [*curves, guide]))
            for name in METHODS:
                fitted = slope_of(part[part["method"] == name], measure, "log_size", FLOOR)
                told.append(f"{name} against {symbol} {fitted}")
        most = int(growth.loc[growth["part"] == "groups", "comparators"].max())
        caption = (
            f"{heading.capitalize()} at n = {int(part['points'].iloc[0]):,}. {_HOW} Against |G| there are always "
            f"{most} comparators, of which one is right within each group."
        )
        variants[heading] = Drawing(panels, caption, f"Line charts; exponents in ln(2 |G| (|H| + 1)): {listing(told)}.")
    return Chart("sizes", "Error against the numbers of groups and comparators", variants, "Measure")


def gaps_chart(compared: pd.DataFrame, problem: str, title: str) -> Chart:
    """The gap of every model for every loss and group, held out."""
    rows = compared[compared["part"] == problem]
    pairs = list(dict.fromkeys(zip(rows["loss"], rows["group"], strict=True)))
    models = list(dict.fromkeys(rows["model"]))
    table = rows.pivot_table(index="model", columns=["loss", "group"], values="gap", sort=False)
    values = _THOUSANDTHS * table.reindex(index=models, columns=pd.MultiIndex.from_tuples(pairs)).to_numpy()
    lost = {name: int(losing(group).sum()) for name, group in rows.groupby("model", sort=False)}
    caption = (
        "Loss on held-out data minus that of the comparator which is best there for this loss and group, in "
        "thousandths; comparators are all plain, one-group and one-loss models. Dark is bad. 0 is the pair’s own best."
    )
    alt = "Heat map of gaps. Pairs whose interval is above 0: " + "; ".join(
        f"{name} {lost[name]} of {len(pairs)}, largest gap {number(float(np.nanmax(row)))} thousandths"
        for name, row in zip(models, values, strict=True)
    )
    values = np.round(values) + 0.0  # no negative zeros

    def drawn(kept: list[int], names: list[str]) -> HeatMap:
        return HeatMap(models, names, values[:, kept], "thousandths of loss", caption, f"{alt}.", digits=0)

    variants = {"all": drawn(list(range(len(pairs))), [f"{loss}, {group}" for loss, group in pairs])}
    for chosen in dict.fromkeys(loss for loss, _ in pairs):
        kept = [k for k, (loss, _) in enumerate(pairs) if loss == chosen]
        variants[chosen] = drawn(kept, [pairs[k][1] for k in kept])
    return Chart(f"gaps-{problem}", title, variants, "User")


def _guide(curve: Curve, exponent: float, label: str) -> Curve:
    sizes, values = np.asarray(curve.x, dtype=np.float64), np.asarray(curve.y, dtype=np.float64)
    return Curve(label, sizes, values[0] * (sizes / sizes[0]) ** exponent, colour=-1, dash="dot")
