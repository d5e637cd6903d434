"""Actions of the agents: the frequency of each, and the schedules behind the actions."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray, IntArray
from omnisim.errors import ProblemError
from omnisim.report.figures.elimination import set_name
from omnisim.report.figures.style import (
    AMBER,
    BLUE,
    GREY,
    ORANGE,
    PAGE,
    PALETTE,
    REST,
    blank,
    days,
    describe,
    heading,
    numbers,
    stack,
    translucent,
    with_panel,
)
from omnisim.report.selection import broadest, omitted, shown_subsequences
from omnisim.report.text import count, label, listing, number, percent, shorten
from omnisim.trace import PopulationRecord, Trace

MOST_ACTIONS = 8
MOST_SCHEDULES = 10


def plays(analysis: Analysis, population: str) -> go.Figure:
    """Draw the frequency of each action of the agents of a population, a bar per subsequence."""
    trace = analysis.trace
    measures = analysis.measures[population]
    names = measures.population.action_names
    subsequences = shown_subsequences(trace)
    played = measures.count.sum(axis=1)[subsequences]
    share = 100 * played / np.maximum(played.sum(axis=1, keepdims=True), 1)  # nobody may have been there
    often = sorted(np.argsort(-share.mean(axis=0), kind="stable")[:MOST_ACTIONS].tolist())
    figure = with_panel("Actions played", 34 * len(subsequences) + 40)
    rows = list(range(len(subsequences)))
    for index, a in enumerate(often):
        figure.add_bar(
            y=rows, x=numbers(share[:, a]), orientation="h", name=label(names[a], 24),
            marker={"color": PALETTE[index], "line": {"width": 0.5, "color": PAGE}},
            hovertemplate="%{x:.3g} % of the plays",
        )  # fmt: skip
    if len(often) < len(names):
        rest = np.maximum(share.sum(axis=1) - share[:, often].sum(axis=1), 0)
        figure.add_bar(
            y=rows, x=numbers(rest), orientation="h", name=f"{len(names) - len(often)} others",
            marker={"color": REST}, hovertemplate="%{x:.3g} % of the plays",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.25, showlegend=True)
    figure.update_xaxes(title_text="share of all plays, %", range=[0, 100])
    figure.update_yaxes(
        tickvals=rows, ticktext=[label(trace.subsequences[k], 18) for k in subsequences],
        autorange="reversed", showgrid=False,
    )  # fmt: skip
    k = broadest(trace)
    total = measures.count[k].sum(axis=0)
    order = np.argsort(-total, kind="stable")[:3]
    fallback = measures.fallback_rounds[k].sum() / total.sum()
    caption = (
        f"{population}: how often each action was played, over all agents and the {units(trace).round}s of each "
        f"subsequence. Fallbacks, made with no candidate left: {percent(float(fallback))} of the plays on "
        f"{trace.subsequences[k]}."
    )
    ranked = [f"{names[a]} {percent(float(total[a] / total.sum()))}" for a in order]
    alt = f"Stacked bars; {population} on {trace.subsequences[k]} played {listing(ranked)}."
    return describe(figure, caption + omitted(trace), alt)


def schedules(analysis: Analysis, population: str, agent: int) -> go.Figure:
    """The load of an agent's actions over the day, with how often each was played and when it left.

    Raises
    ------
    ProblemError
        If the population has no load.
    """
    trace = analysis.trace
    record = trace.records[population]
    load, played, shown = _shown_load(record, agent)
    unit = units(trace)
    length = unit.hours or 1.0
    drawn, drawn_in = load / length, "MWh" if length == 1 else "MW"

    figure = blank("Schedules of an agent", 300)
    stack(figure, [80, *[46] * len(shown)], gap=30, top=22)
    hours = [i * length for i in range(load.shape[1] + 1)]
    words = ((BLUE, f"<b>mean {unit.quantity}</b>"), (ORANGE, "<b>mean forecast</b>"))
    heading(figure, 0, " and ".join(f'<span style="color:{colour}">{said}</span>' for colour, said in words))
    for values, colour, dash in ((trace.true_outcomes, BLUE, "solid"), (trace.true_predictions, ORANGE, "dash")):
        _steps(figure, "", hours, unit.values(values).mean(axis=0), colour, unit.outcome, dash=dash)
    low, high = min(0.0, float(drawn[shown].min())), float(drawn[shown].max())
    step = None if unit.hours is None else 6
    pad = 0.06 * (high - low) or 1.0
    layout: dict[str, Any] = {}
    for panel, a in enumerate(shown, start=1):
        suffix = str(panel + 1)
        colour = _colour(trace, record, agent, a)
        name = label(record.population.action_names[a], 24)
        heading(figure, panel, f"<b>{name}</b>, {_played(int(played[a]), trace)}{_left(trace, record, agent, a)}")
        _steps(figure, suffix, hours, drawn[a], colour, drawn_in, fill=True)
        layout[f"yaxis{suffix}"] = {"range": [low - pad, high + pad], "nticks": 3, "zeroline": True}
        layout[f"xaxis{suffix}"] = {"matches": "x", "showticklabels": False, "dtick": step}
    layout[f"yaxis{len(shown) // 2 + 2}"]["title"] = {"text": "load, MWh in the hour" if length == 1 else "load, MW"}
    layout[f"xaxis{len(shown) + 1}"] |= {"showticklabels": True, "title": {"text": "hour of the delivery day"}}
    layout["xaxis"] = {"showticklabels": False, "range": [0, hours[-1]], "dtick": step}
    layout["yaxis"] = {"title": {"text": unit.outcome, "font": {"size": 11}}}
    figure.update_layout(layout)
    how = "hour by hour" if length == 1 else "over the day"
    caption = (
        f"Agent {agent} of {population}: the load of its actions {how}, below zero where energy is given back. "
        f"{_COLOURS}"
    )
    if len(shown) < len(load):
        caption += f" The {len(shown)} of {len(load)} actions played most often."
    return describe(figure, caption, f"Step charts of {_use(trace, record, agent, load, played, len(shown))}")


def energies(analysis: Analysis, population: str, agent: int) -> go.Figure:
    """The energy of an agent's actions where one price holds all day, and how often each was played and when it left.

    Raises
    ------
    ProblemError
        If the population has no load.
    """
    trace = analysis.trace
    record = trace.records[population]
    load, played, shown = _shown_load(record, agent)
    energy = load.sum(axis=1)
    shown = sorted(shown, key=lambda a: energy[a])
    rows = list(range(len(shown)))
    figure = with_panel("Energy of an agent's actions", 46 * len(rows))
    figure.add_bar(
        y=rows, x=numbers(energy[shown]), orientation="h", showlegend=False, width=0.45,
        marker={"color": [_colour(trace, record, agent, a) for a in shown]},
        hovertemplate="%{x:.4g} MWh a day<extra></extra>",
    )  # fmt: skip
    for row, a in enumerate(shown):
        name = label(record.population.action_names[a], 24)
        figure.add_annotation(
            text=f"<b>{name}</b>, {_played(int(played[a]), trace)}{_left(trace, record, agent, a)}",
            x=0, xref="paper", xanchor="left", y=row - 0.24, yanchor="bottom", showarrow=False, align="left",
        )  # fmt: skip
    figure.update_xaxes(title_text="energy, MWh a day", zeroline=True)
    figure.update_yaxes(visible=False, range=[len(rows) - 0.6, -0.8])
    caption = f"Agent {agent} of {population}: the energy its actions draw in a day. {_COLOURS}"
    if len(shown) < len(load):
        caption += f" The {len(shown)} of {len(load)} actions played most often."
    return describe(figure, caption, f"Bars of {_use(trace, record, agent, load, played, len(shown))}")


LEAVING = {"all": BLUE, "some": AMBER, "none": GREY}
"""Colours of actions, by how many candidate sets they stayed in to the end."""

_COLOURS = "Blue actions stayed candidates to the end, amber ones left some candidate sets, grey ones all."


def _shown_load(record: PopulationRecord, agent: int) -> tuple[FloatArray, IntArray, list[int]]:
    # The load of an agent's actions, how often each was played, and those to draw, most played first.
    population = record.population
    if population.load is None:
        raise ProblemError(f"population {population.name!r} has no load: there are no schedules to draw")
    load = population.load[agent]
    own = record.actions[:, agent]
    played = np.bincount(own if record.present is None else own[record.present[:, agent]], minlength=len(load))
    return load, played, np.lexsort((np.arange(len(load)), -played))[:MOST_SCHEDULES].tolist()


def _colour(trace: Trace, record: PopulationRecord, agent: int, action: int) -> str:
    gone = int((record.eliminated_at[agent, action] < trace.rounds).sum())
    return LEAVING["none" if gone == record.eliminated_at.shape[2] else "some" if gone else "all"]


def _use(trace: Trace, record: PopulationRecord, agent: int, load: FloatArray, played: IntArray, drawn: int) -> str:
    favourite = int(played.argmax())
    names = record.population.agent_names
    named = f"agent {agent}" if names is None else f"{names[agent]} (agent {agent})"
    rounds, round_ = int(played.sum()), units(trace).round
    when = f"the {round_}s" if rounds == trace.rounds else f"the {count(rounds, round_)} that it was there"
    return (
        f"{count(drawn, 'schedule')}; {named} of {record.population.name} used "
        f"{int((played > 0).sum())} of {count(len(load), 'action')}, most often "
        f"{record.population.action_names[favourite]} ({percent(played[favourite] / max(1, rounds))} of {when}, "
        f"{number(float(load[favourite].sum()))} MWh a day)."
    )


def _steps(
    figure: go.Figure, suffix: str, hours: list[float], values: FloatArray, colour: str, unit: str,
    *, dash: str = "solid", fill: bool = False,
) -> None:  # fmt: skip
    figure.add_scatter(
        x=hours, y=numbers(np.append(values, values[-1])), mode="lines", showlegend=False,
        line={"shape": "hv", "color": colour, "width": 1.6, "dash": dash},
        fill="tozeroy" if fill else None, fillcolor=translucent(colour, 0.2),
        hovertemplate=f"%{{y:.4g}} {unit} from hour %{{x}}<extra></extra>",
        xaxis=f"x{suffix}", yaxis=f"y{suffix}",
    )  # fmt: skip


def _played(times: int, trace: Trace) -> str:
    if times == 0:
        return "never played"
    return f"{count(times, units(trace).round)} ({percent(times / trace.rounds)})"


def _left(trace: Trace, record: PopulationRecord, agent: int, action: int) -> str:
    left_at: IntArray = record.eliminated_at[agent, action]
    gone = np.flatnonzero(left_at < trace.rounds)
    if len(gone) == 0:
        return ""
    last = int(left_at[gone].max())
    when = days(trace.dates, [last])[0]
    after = f"after {units(trace).round} {when}" if trace.dates is None else str(when)
    if len(gone) == len(left_at):
        return f", out {after}"
    if len(gone) <= 2:
        where = " and ".join(set_name(trace, record, int(k)) for k in gone)
        return f", out on {label(shorten(where, 24))} {after}"
    return f", out on {len(gone)} of {len(left_at)} sets"
