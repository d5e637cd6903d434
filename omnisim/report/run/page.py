"""The page: assembled from the figures, tables and sentences, and written as one self-contained file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.errors import OutputError, ProblemError
from omnisim.files import atomic_write
from omnisim.refusing import among, one_of, path_of
from omnisim.report import embedding
from omnisim.report.run import facts
from omnisim.report.run.agents_data import AgentsData, agents_data
from omnisim.report.run.certificates import certificate_groups
from omnisim.report.run.figures import agent_frames, shown_figures
from omnisim.report.run.tables import accuracy_table, agent_table, distributions, violation_table
from omnisim.report.run.verdict import verdict
from omnisim.report.template import MOST_BYTES, page_template

MOST_ROWS = 5_000
"""Rows of the table of agents that are embedded."""

MOST_DISTRIBUTIONS = 200
MOST_CERTIFICATES = 200
"""Rows of the other tables."""

_MARGIN = 30_000
"""Bytes of a page that the frames of single agents may take."""

DETAILS = ("command", "versions", "wall_seconds", "agents_file", "comparison", "choices")
"""Keys that ``details`` may have; all of them may be missing."""


def write_report(analysis: Analysis, path: str | Path, *, details: Mapping[str, Any] | None = None) -> None:
    """Write the report of a run as one HTML page that needs nothing else: no network, no other file.

    Parameters
    ----------
    analysis
        Of a run, from :func:`omnisim.analyze`.
    path
        The file to write; it is replaced at once or not at all.
    details
        What the record of the run does not know: ``command`` (a line that gives the same trace where the page
        is), ``versions`` (from package names to versions), ``wall_seconds``, ``agents_file`` (the name of the
        Parquet file of all agents beside the page), ``comparison`` (where the page of the comparison is that the
        run belongs to, relative to this one), and ``choices`` (sentences on what was chosen for the user).

    Raises
    ------
    OutputError
        If the file cannot be written.
    ProblemError
        If ``details`` has a key that is none of these.

    Examples
    --------
    >>> import omnisim, pathlib, tempfile
    >>> scenario = omnisim.Scenario(
    ...     populations=[omnisim.Population("bettors", utility=[[[1.0], [0.0]]], offset=[[0.0, 0.5]])],
    ...     adversary=omnisim.adversaries.Replay([[1.0], [1.0], [0.0], [0.0]]),
    ...     forecaster=omnisim.forecasters.Persistence(lag=1),
    ... )
    >>> analysis = omnisim.analyze(omnisim.simulate(scenario))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "report.html")
    ...     omnisim.write_report(analysis, path)
    ...     path.stat().st_size < 1_500_000
    True
    """
    if not isinstance(analysis, Analysis):
        raise ProblemError(f"write_report needs an Analysis, from analyze, got {type(analysis).__name__}")
    path = path_of("path of write_report", path, OutputError)
    given = {} if details is None else details
    details = dict(one_of("details of write_report", given, Mapping, "a mapping", ProblemError))
    for key in details:
        among("a key in details of write_report", key, DETAILS, ProblemError)
    with atomic_write(path) as file:  # a place that cannot be written is found before anything is drawn
        file.write(render(analysis, details))


def render(analysis: Analysis, details: Mapping[str, Any]) -> bytes:
    """The page as bytes; where it would grow over ``MOST_BYTES``, it holds fewer agents."""
    agents_file = None if details.get("agents_file") is None else str(details["agents_file"])
    context = _context(analysis, details)
    template = page_template("run.html.j2")
    nobody = AgentsData("", [], loaded=False, note="")
    most_rows = MOST_ROWS
    while True:
        agents = agent_table(analysis, most_rows, agents_file)
        page = template.render(context, agents=agents, single=nobody, **_shell(analysis, context, nobody)).encode()
        if len(page) < MOST_BYTES or agents.data["rows"] > most_rows or most_rows < 10:
            break
        most_rows //= 2
    single = agents_data(analysis, MOST_BYTES - len(page) - _MARGIN, agents_file)
    return template.render(context, agents=agents, single=single, **_shell(analysis, context, single)).encode()


def _shell(analysis: Analysis, context: Mapping[str, Any], single: AgentsData) -> dict[str, Any]:
    figures = {name: each.variants for name, each in context["figures"].items()}
    frames = agent_frames(analysis, single.populations) if single.populations else {}
    return embedding.shell(figures | frames, embedding.DRILL_DOWN)


def _context(analysis: Analysis, details: Mapping[str, Any]) -> dict[str, Any]:
    trace = analysis.trace
    return {
        "name": facts.name_of(trace),
        "description": trace.about.get("description"),
        "choices": details.get("choices", ()),
        "what_ran": facts.what_ran(trace),
        "composition": facts.composition(trace),
        "benchmark": facts.benchmark(analysis),
        "provenance": facts.provenance(trace, details),
        "word": units(trace).round,
        "seed": trace.about.get("seed"),
        "command": details.get("command"),
        "comparison": details.get("comparison"),
        "verdict": verdict(analysis),
        "figures": shown_figures(analysis),
        "accuracy": accuracy_table(analysis),
        "violations": violation_table(analysis, MOST_DISTRIBUTIONS),
        "distributions": distributions(analysis, MOST_DISTRIBUTIONS),
        "certificates": certificate_groups(analysis, MOST_CERTIFICATES),
        "population_names": list(trace.records),
        "subsequence_names": list(trace.subsequences),
    }
