"""The page of a study, written as one self-contained file like the report of a run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from omnisim.files import atomic_write
from omnisim.report import embedding, tables
from omnisim.report.drawings import Drawing, HeatMap, Strips
from omnisim.report.figures.curves import curves
from omnisim.report.figures.heat_map import heat_map
from omnisim.report.figures.strips import strips
from omnisim.report.shown import Shown, shown
from omnisim.report.study.results import Chart, Finding, Study, Table
from omnisim.report.template import page_template
from omnisim.report.text import MISSING, count, number

_MANIFEST_ONLY = frozenset({"versions", "machine", "promise", "command", "wall_seconds", "seed"})


def write_study(study: Study, path: str | Path) -> None:
    """Write the page of a study: verdict first, then its sections, then how to run it again.

    Raises
    ------
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> finding = Finding("Flat", "slope 0", "slope 0.01", True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "study.html")
    ...     write_study(Study("s", "A study", "What it is.", [], [finding], [], {}), path)
    ...     path.stat().st_size < 1_500_000
    True
    """
    with atomic_write(Path(path)) as file:
        file.write(render(study))


def render(study: Study) -> bytes:
    """The page as bytes."""
    figures = {chart.name: _shown(chart) for section in study.sections for chart in section.charts}
    context = {
        "study": study,
        "headline": study.headline or headline(study.findings, study.yardstick),
        "tone": _tone(study),
        "groups": list(_groups(study.findings)),
        "figures": figures,
        "tables": {name: _table(table, name) for name, table in study.tables.items() if table.shown},
        "provenance": _provenance(study.about),
        **embedding.shell({name: each.variants for name, each in figures.items()}),
    }
    return page_template("study.html.j2").render(context).encode()


def headline(findings: Any, yardstick: str = "theory") -> str:
    """One sentence on how many findings agree with what they are held against."""
    judged = [finding for finding in findings if finding.holds is not None]
    failed = [finding for finding in judged if not finding.holds]
    left = len(findings) - len(judged)
    rest = f" {count(left, 'more is', 'more are')} not judged." if left else ""
    if not judged:
        return "Nothing was judged." if findings else "This study states no findings."
    if failed:
        return f"{len(failed)} of {count(len(judged), 'finding')} disagree with {yardstick}.{rest}"
    if len(judged) == 1:
        return f"The one finding agrees with {yardstick}.{rest}"
    return f"All {len(judged)} findings agree with {yardstick}.{rest}"


def _tone(study: Study) -> str:
    """Red where a finding disagrees, amber under a warning or where most or the headline is not settled."""
    judged = [finding.holds for finding in study.findings if finding.holds is not None]
    if False in judged:
        return "bad"
    return "good" if study.settled and not study.warnings and 2 * len(judged) >= len(study.findings) else "fair"


def _groups(findings: Any) -> Iterator[tuple[str, list[Finding]]]:
    for subject in dict.fromkeys(finding.subject for finding in findings):
        yield subject, [finding for finding in findings if finding.subject == subject]


def _shown(chart: Chart) -> Shown:
    drawn = [(words, _figure(chart.title, content)) for words, content in chart.variants.items()]
    return shown(chart.name, chart.choice, drawn, chart.title)


def _figure(title: str, content: Drawing | Strips | HeatMap) -> go.Figure:
    if isinstance(content, Strips):
        return strips(title, content)
    if isinstance(content, HeatMap):
        return heat_map(title, content)
    return curves(title, content)


def _table(table: Table, name: str) -> tables.Table:
    frame = table.frame
    columns = [tables.Column(str(key).replace("_", " "), numeric=_numeric(column)) for key, column in frame.items()]
    note = table.note
    if len(frame) > table.most:
        note += f" The first {table.most} of {len(frame):,} rows; all are in {name}.csv beside this page."
    rows = [
        [_cell(value, numeric=column.numeric) for value, column in zip(row, columns, strict=True)]
        for row in frame.head(table.most).itertuples(index=False)
    ]
    return tables.Table(columns, rows, note=note.strip())


def _numeric(column: "pd.Series[Any]") -> bool:
    return bool(is_numeric_dtype(column) and not is_bool_dtype(column))


def _cell(value: Any, *, numeric: bool) -> tables.Cell:
    if not numeric:
        text = {"True": "yes", "False": "no", "None": MISSING}.get(str(value), str(value))
        return tables.Cell(text, text)
    value = float(value)
    if not np.isfinite(value):
        return tables.Cell(MISSING, None)
    whole = value.is_integer() and abs(value) < 1e12
    return tables.Cell(f"{int(value):,}".replace("-", "−") if whole else number(value), float(f"{value:.7g}"))


def _provenance(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [(str(name), str(version)) for name, version in dict(about.get("versions") or {}).items()]
    if isinstance(about.get("wall_seconds"), int | float):
        facts.append(("time taken", f"{number(float(about['wall_seconds']))} s"))
    if "seed" in about:
        facts.append(("seed", str(about["seed"])))
    return facts + [(str(key), str(value)) for key, value in about.items() if key not in _MANIFEST_ONLY]
