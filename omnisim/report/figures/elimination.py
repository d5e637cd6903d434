"""Actions that left the candidate sets, over time."""

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray
from omnisim.report.figures.style import DASHES, PALETTE, SHADES, blank, days, describe, heading, numbers, stack
from omnisim.report.selection import MOST_SUBSEQUENCES, omitted, shown_populations, shown_subsequences
from omnisim.report.text import count, label, listing, number, percent
from omnisim.trace import PopulationRecord, Trace

MOST_POINTS = 300
MOST_SETS = 8
MOST_ACTIONS = 16
ONE_SET = "all rounds"
"""Name of the candidate set of a rule that keeps one for all subsequences."""


def eliminations(analysis: Analysis, most_points: int = MOST_POINTS) -> go.Figure:
    """Share of the (agent, action) pairs that are still candidates, over time, per candidate set."""
    trace = analysis.trace
    unit = units(trace)
    every = shown_populations(trace)
    names = [name for name in every if (trace.records[name].eliminated_at < trace.rounds).any()] or every
    figure = blank("Actions still in play", 300)
    stack(figure, [130] * len(names), gap=32, top=22)
    final: list[str] = []
    named: set[str] = set()
    for panel, name in enumerate(names):
        record = trace.records[name]
        suffix = "" if panel == 0 else str(panel + 1)
        heading(figure, panel, f"<b>{label(name)}</b>, {count(record.population.agents, 'agent')} × "
                f"{count(record.population.actions, 'action')}")  # fmt: skip
        for line, k in enumerate(_sets(trace, record, MOST_SETS)):
            left = remaining(record, k, trace.rounds)
            rounds = _steps(left, most_points)
            words = set_name(trace, record, k)
            figure.add_scatter(
                x=days(trace.dates, rounds), y=numbers(100 * left[rounds]),
                mode="lines" if trace.rounds > 1 else "markers",
                name=label(words, 22), legendgroup=label(words, 80), showlegend=words not in named,
                line={"shape": "hv", "width": 1.8, "color": PALETTE[line % len(PALETTE)],
                      "dash": DASHES[line % len(DASHES)]},
                hovertemplate="%{y:.3g} % still candidates", xaxis=f"x{suffix}", yaxis=f"y{suffix}",
            )  # fmt: skip
            named.add(words)
            final.append(f"{name}, {words}: {percent(float(left[-1]))}")
        figure.update_layout(
            {
                f"yaxis{suffix}": {
                    "range": [0, 103],
                    "tickvals": [0, 50, 100],
                    "title": {"text": "candidates, %"},
                },
                f"xaxis{suffix}": {
                    "matches": None if panel == 0 else "x",
                    "showticklabels": panel == len(names) - 1,
                },
            }
        )
    suffix = "" if len(names) == 1 else str(len(names))
    axis = "delivery day" if trace.dates is not None else "rounds played"
    figure.update_layout({f"xaxis{suffix}": {"title": {"text": axis}}}, hovermode="x")
    caption = (
        f"Share of the (agent, action) pairs that are still candidates after each {unit.round}, per cent, for "
        "each candidate set. A step down is an action leaving for good."
    )
    if len(names) < len(every):
        caption += f" All actions of {listing([name for name in every if name not in names])} stayed candidates."
    alt = f"Step curves; still candidates at the end: {'; '.join(final)}."
    return describe(figure, caption + _left_out(trace, names, MOST_SETS), alt)


def elimination_map(analysis: Analysis) -> go.Figure:
    """Share of the agents for which each action had left each candidate set at the end."""
    trace = analysis.trace
    names = shown_populations(trace)
    figure = blank("Which actions were eliminated", 300)
    shown = {name: _most_eliminated(trace.records[name], trace.rounds) for name in names}
    same_sets = len({trace.records[name].eliminated_at.shape[2] for name in names}) == 1
    stack(figure, [23 * len(shown[name]) for name in names], gap=34 if same_sets else 54)
    sentences = []
    for panel, name in enumerate(names):
        record = trace.records[name]
        suffix = "" if panel == 0 else str(panel + 1)
        sets, actions = _sets(trace, record), shown[name]
        gone = 100 * (record.eliminated_at[:, actions][:, :, sets] < trace.rounds).mean(axis=0)
        heading(figure, panel, f"<b>{label(name)}</b>")
        figure.add_heatmap(
            z=numbers(gone), x=list(range(len(sets))), y=list(range(len(actions))), coloraxis="coloraxis",
            xgap=2, ygap=2, texttemplate="%{z:.0f}", hovertemplate="%{z:.4g} % of the agents<extra></extra>",
            xaxis=f"x{suffix}", yaxis=f"y{suffix}",
        )  # fmt: skip
        action_names = record.population.action_names
        figure.update_layout(
            {
                f"yaxis{suffix}": {
                    "tickvals": list(range(len(actions))),
                    "ticktext": [label(action_names[a], 20) for a in actions],
                    "autorange": "reversed",
                    "showgrid": False,
                },
                f"xaxis{suffix}": {
                    "tickvals": list(range(len(sets))),
                    "ticktext": [label(set_name(trace, record, k), 14) for k in sets],
                    "showgrid": False,
                    "showticklabels": not same_sets or panel == len(names) - 1,
                },
            }
        )
        a, k = (int(i) for i in np.unravel_index(gone.argmax(), gone.shape))
        sentences.append(
            f"{name}: {action_names[actions[a]]} most often, for {number(gone[a, k])} % of the agents "
            f"on {set_name(trace, record, sets[k])}"
            if gone[a, k] > 0
            else f"{name}: none"
        )
    scale = {"colorscale": [[0, SHADES[0]], [0.5, SHADES[1]], [1, SHADES[2]]], "cmin": 0, "cmax": 100}
    figure.update_layout(
        coloraxis={**scale, "showscale": False},
        **{f"xaxis{'' if len(names) == 1 else len(names)}_title_text": "candidate set of (subsequence)"},
    )
    caption = (
        "Per cent of the agents for which the action had left the candidate set by the end of the run: 0 is light, "
        "100 is dark."
    )
    cut = [
        f"{len(actions)} of {trace.records[name].population.actions:,} actions of {name}"
        for name, actions in shown.items()
        if len(actions) < trace.records[name].population.actions
    ]
    if cut:
        caption += f" Those eliminated most often are drawn: {listing(cut)}."
    alt = f"Heat map of actions eliminated by the end; {'; '.join(sentences)}."
    return describe(figure, caption + _left_out(trace, names, MOST_SUBSEQUENCES), alt)


def remaining(record: PopulationRecord, k: int, rounds: int) -> FloatArray:
    """Share of the (agent, action) pairs still in candidate set k after each of the rounds, (T,)."""
    left_at = record.eliminated_at[:, :, k].reshape(-1)
    leaving = np.bincount(left_at[left_at < rounds], minlength=rounds)
    return np.asarray(1 - leaving.cumsum() / len(left_at))


def _steps(left: FloatArray, most_points: int) -> list[int]:
    # The rounds at which the curve changes, and its ends; evenly thinned if there are too many.
    changes = np.flatnonzero(np.diff(left)) + 1
    if len(changes) > most_points - 2:
        changes = changes[np.linspace(0, len(changes) - 1, most_points - 2).astype(int)]
    return np.unique([0, *changes.tolist(), len(left) - 1]).tolist()  # type: ignore[no-any-return]


def set_name(trace: Trace, record: PopulationRecord, k: int) -> str:
    """The subsequence a candidate set belongs to."""
    return trace.subsequences[k] if record.eliminated_at.shape[2] > 1 else ONE_SET


def _left_out(trace: Trace, names: list[str], most: int) -> str:
    """A sentence on what a figure leaves out that draws so many sets at most of rules that keep several."""
    several = any(trace.records[name].eliminated_at.shape[2] > 1 for name in names)
    return omitted(trace, most if several else len(trace.subsequences))


def _sets(trace: Trace, record: PopulationRecord, most: int = MOST_SUBSEQUENCES) -> list[int]:
    return shown_subsequences(trace, most) if record.eliminated_at.shape[2] > 1 else [0]


def _most_eliminated(record: PopulationRecord, rounds: int) -> list[int]:
    gone = (record.eliminated_at < rounds).mean(axis=(0, 2))
    return sorted(np.argsort(-gone, kind="stable")[:MOST_ACTIONS].tolist())
