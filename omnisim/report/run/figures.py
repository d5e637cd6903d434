"""Choice of the figures on the page, and the variants a reader can choose from."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.forecast_certificates import calibration_of
from omnisim.analysis.lateness import at_once
from omnisim.problem.guarantees import Objective
from omnisim.report import figures
from omnisim.report.figures.agent import agent_frame
from omnisim.report.figures.certificates import has_ratio
from omnisim.report.selection import broadest, left_out, shown_populations, shown_subsequences
from omnisim.report.shown import Shown, shown
from omnisim.trace import Trace

MOST_GROWTH = 24
"""Pairs of a population and a subsequence whose growth is embedded."""

_GROWTH_NUMBERS = 20_000_000
"""About how many agent-measurements the growth curves may take: fewer pairs are shown of very large runs."""


def shown_figures(analysis: Analysis) -> dict[str, Shown]:
    """All figures of the page that this run has something to show in, by name."""
    trace = analysis.trace
    made: dict[str, Shown] = {}

    def add(name: str, choice: str, variants: list[tuple[str, go.Figure]], cut: str = "") -> None:
        if variants:
            made[name] = shown(name, choice, variants, cut=cut or (left_out(trace) if choice == "Population" else ""))

    if trace.rounds > 2 and any(np.ptp(worth.by_round, axis=0).any() for worth in analysis.worth.values()):
        add("money", "Population", [(name, figures.money_course(analysis, name)) for name in shown_populations(trace)])
        if trace.dates is not None and len(np.unique(trace.dates.astype("datetime64[M]"))) > 2:
            add("months", "", [("", figures.months(analysis))])
    several = len(trace.blocks) > 1
    series = [(block.name if several else "", block.name if k else None) for k, block in enumerate(trace.blocks)]
    add("prices", "Series" if several else "", [(name, figures.prices(analysis, which)) for name, which in series])
    by = figures.forecast_errors if trace.blocks[0].stop > 1 else figures.errors_by_subsequence
    add("forecast-errors", "Series" if several else "", [(name, by(analysis, which)) for name, which in series])
    add("regrets", "", [("", figures.regrets(analysis))])
    if any(record.costs.shape[2] for record in trace.records.values()):
        kinds = {"CCV+ (violations only)": True, "CCV (slack makes up for violations)": False}
        drawn = [(words, figures.violations(analysis, positive=only)) for words, only in kinds.items()]
        add("violations", "Measure", drawn)
    if trace.rounds > 1:
        pairs, every = _pairs(analysis), len(trace.records) * int(trace.active.any(axis=0).sum())
        cut = f"Left out are {every - len(pairs):,} of {every:,} pairs of a population and a subsequence"
        cut = f"{cut}; those of “{trace.subsequences[broadest(trace)]}” come first." if len(pairs) < every else ""
        add("growth", "Population and subsequence", [_growth(analysis, *pair) for pair in pairs], cut)
    if any((record.eliminated_at < trace.rounds).any() for record in trace.records.values()):
        add("eliminations", "", [("", figures.eliminations(analysis))])
        add("elimination-map", "", [("", figures.elimination_map(analysis))])
    names = shown_populations(trace)
    add("plays", "Population", [(name, figures.plays(analysis, name)) for name in names])
    if trace.messages is not None:
        add("network", "", [("", figures.network_map(analysis))])
        add("message-fates", "", [("", figures.message_fates(analysis))])
        add("timeline", "", [("", figures.timeline(analysis))])
        add("information-age", "Population", [(name, figures.information_age(analysis, name)) for name in names])
    calibration = calibration_of(trace)
    if calibration is not None:
        if calibration.objectives == Objective.COORDINATES:
            certified = [name for name in names if at_once(trace.records[name])]
            add("bias-bounds", "Population", [(name, figures.bias_bounds(analysis, name)) for name in certified])
        if {"potential", "evaluations"} <= set(trace.diagnostics):  # another forecaster may report other numbers
            add("potential", "", [("", figures.potential_course(analysis))])
    if has_ratio(analysis.certificates).any():
        add("certificate-ratios", "", [("", figures.certificate_ratios(analysis))])
    return made


def _pairs(analysis: Analysis) -> list[tuple[str, int]]:
    """The populations and subsequences whose growth is drawn."""
    trace = analysis.trace
    first = broadest(trace)
    order = sorted(shown_subsequences(trace), key=lambda k: k != first)
    names = shown_populations(trace)
    largest = max(trace.records[name].population.utility.size for name in names)
    most = max(len(names), min(MOST_GROWTH, _GROWTH_NUMBERS // (largest * _points(trace))))
    return [(name, k) for k in order for name in names][:most]


def _points(trace: Trace) -> int:
    return 30 if trace.rounds > 60 else trace.rounds


def _growth(analysis: Analysis, name: str, k: int) -> tuple[str, go.Figure]:
    subsequence = analysis.trace.subsequences[k]
    figure = figures.growth_curves(analysis, name, subsequence, _points(analysis.trace))
    return f"{name} / {subsequence}", figure


def agent_frames(analysis: Analysis, populations: Sequence[str]) -> dict[str, list[go.Figure | None]]:
    """The figures of a single agent of each population, by name, which the page's script fills.

    None stands for the schedules of a population without load.
    """
    trace = analysis.trace
    draw = figures.schedules if trace.blocks[0].stop > 1 else figures.energies
    loaded = {name: trace.records[name].population.load is not None for name in populations}
    return {
        "agent-course": [agent_frame(analysis, name) for name in populations],
        "agent-schedules": [draw(analysis, name, 0) if loaded[name] else None for name in populations],
    }
