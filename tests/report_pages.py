"""One page of each kind, written once: what all pages have in common is tested on these."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
from small_comparison import compared

import omnisim
from omnisim.report.drawings import Curve, Drawing, HeatMap, Panel, Strip, StripPanel, Strips
from omnisim.report.study.page import write_study
from omnisim.report.study.results import Chart, Finding, Section, Study, Table


def run(scenario: str, **overrides: object) -> Callable[[Path], None]:
    """The page of a run of a shipped scenario."""

    def write(path: Path) -> None:
        loaded = omnisim.load_scenario(scenario, {key.replace("__", "."): value for key, value in overrides.items()})
        omnisim.write_report(omnisim.analyze(omnisim.simulate(loaded)), path, details={"agents_file": "agents.parquet"})

    return write


def comparison(path: Path) -> None:
    """The page of a comparison."""
    omnisim.write_comparison(compared(seeds=4), path)


def study(path: Path) -> None:
    """The page of a study with every kind of figure."""
    x = np.array([64.0, 128.0, 256.0, 512.0])
    curves = [Curve(f"a method with a rather long name {i}", x, (i + 1) * np.sqrt(x), colour=i) for i in range(4)]
    panels = [
        Panel(f"panel {i}", "rounds of the run, in which something happened", "regret, utility in [0, 1] units", curves)
        for i in range(3)
    ]
    bars = [Strip(f"row {i}", i - 1.5, (i - 2.0, i - 1.0), (i - 2.5, i - 0.5), i) for i in range(5)]
    panel = StripPanel("the whole run", "difference in utility per agent, over the run", bars)
    strips = Strips([panel], "Strips.", "Strips of five rows.")
    values = np.arange(12.0).reshape(3, 4)
    heat = HeatMap(["one", "two", "three"], ["a column", "b", "c", "d"], values, "utility", "Map.", "A heat map.")
    flat = Drawing([Panel("p", "x", "y", [Curve("zero", x, 0 * x)], log_y=False)], "Flat.", "A line at zero.")
    drawn = {"few": Drawing(panels[:1], "One.", "A panel."), "all": Drawing(panels, "Three.", "Three panels.")}
    charts = [
        Chart("curves", "Curves", drawn, "Panels"),
        Chart("strips", "Strips", {"": strips}),
        Chart("map", "Map", {"": heat}),
        Chart("flat", "Flat", {"": flat}),
    ]
    frame = pd.DataFrame({"name": list("abcdef"), "value": [0.5, 12, 150, -3, np.nan, 20], "good": [True] * 6})
    for name in ("a measure", "another measure", "a third measure", "a fourth measure"):
        frame[name] = np.arange(6.0) ** 3
    tables = {"results": Table("Results", frame), "more": Table("More results", frame.head(3))}
    findings = [Finding("Flat", "slope 0", "slope 0.01", True), Finding("Steep", "slope 1", "slope 0.5", False)]
    sections = [Section("first", "First", ["Text."], charts, list(tables))]
    write_study(Study("s", "A study", "What it is.", [("runs", "6")], findings, sections, tables, {}), path)


PAGES: dict[str, Callable[[Path], None]] = {
    "run": run("ercot_day_ahead", rounds=40),
    "run with a certified forecaster": run("calibrated", rounds=24),
    "run with a network": run("lossy_broadcast", rounds=40),
    "run with one price a day": run("panprediction_spikes", rounds=220),
    "comparison": comparison,
    "study": study,
}


@cache
def page(kind: str) -> Path:
    """Path of the page of a kind."""
    path = Path(mkdtemp(prefix="omnisim-pages-")) / "report.html"
    PAGES[kind](path)
    return path
