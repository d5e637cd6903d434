"""One agent over time: what it earned, what it regrets, and what it played.

The page's script fills the same frame for the agent that a reader chooses; its traces are in the order of ``TRACES``.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.growth import growth
from omnisim.analysis.some_agents import one_agent
from omnisim.analysis.units import axis_of_rounds, units
from omnisim.analysis.worth import course
from omnisim.arrays import IntArray
from omnisim.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    blank,
    days,
    describe,
    heading,
    numbers,
    stack,
)
from omnisim.report.selection import broadest
from omnisim.report.text import label, number

TRACES = ("money", "baseline", "foresight", "swap regret", "external regret", "played", "fallback")

MOST_POINTS = 1_500
"""Rounds that are drawn; of longer runs every second, third, ... and the last."""

_ACTION_ROW, _LEAST_ROWS = 15, 4


def agent_course(analysis: Analysis, population: str, agent: int) -> go.Figure:
    """Money and regret of an agent, summed over the rounds so far, and the action it played in each round."""
    trace = analysis.trace
    record, k = trace.records[population], broadest(trace)
    money = course(trace, population, agent).cumsum(axis=1)
    alone = one_agent(trace, population, agent)
    regret = growth(alone, population, trace.subsequences[k], points=int(trace.active[:, k].sum()))
    scale = float(record.population.money.scale[agent])
    there = np.ones(trace.rounds, bool) if record.present is None else record.present[:, agent]
    shown = drawn_rounds(trace.rounds)
    at = np.asarray(days(trace.dates, shown.tolist()), dtype=object)
    figure = agent_frame(analysis, population)
    for row, values in enumerate(money):
        figure.data[row].update(x=at.tolist(), y=numbers(values[shown]))
    kept = np.isin(regret["round"], shown)
    for row, column in ((3, "swap_regret"), (4, "external_regret")):
        values = scale * regret[column].to_numpy()[kept]
        figure.data[row].update(x=days(trace.dates, regret["round"].to_numpy()[kept].tolist()), y=numbers(values))
    played, fallback = record.actions[shown, agent], record.fallback[shown, agent]
    for row, chosen in ((5, there[shown] & ~fallback), (6, there[shown] & fallback)):
        figure.data[row].update(x=at[chosen].tolist(), y=played[chosen].tolist())
    unit = _currency(analysis, population)
    said = f"Agent {agent} of {population} earned {number(float(money[0, -1]))} {unit}".strip()
    return describe(figure, figure.layout.meta["caption"], f"Line charts and marks; {said}.")


def agent_frame(analysis: Analysis, population: str) -> go.Figure:
    """Figure of a single agent without its numbers, which the page's script fills in."""
    trace = analysis.trace
    record, unit = trace.records[population], units(trace)
    actions = record.population.actions
    figure = blank("Money, regret and actions over time", 300)
    stack(figure, [170, 140, _ACTION_ROW * max(_LEAST_ROWS, actions) + 10], gap=46, top=22)
    currency = _currency(analysis, population)
    money = "money" if currency else "utility"
    heading(figure, 0, f"<b>{money} so far</b>")
    heading(figure, 1, "<b>regret so far</b>")
    heading(figure, 2, "<b>actions played</b>")
    for name, colour, dash in (
        ("this forecast", BLUE, "solid"),
        ("persistence", GREY, "dash"),
        ("perfect foresight", GREEN, "dot"),
    ):
        _line(figure, name, colour, dash, "", currency)
    for name, colour, dash in (("swap regret", PINK, "solid"), ("external regret", ORANGE, "dash")):
        _line(figure, name, colour, dash, "2", currency)
    names = [label(action, 20) for action in record.population.action_names]
    for name, colour, symbol in (("played", BLUE, "square"), ("fallback, no candidate left", ORANGE, "x")):
        figure.add_scatter(
            x=[], y=[], mode="markers", name=name, marker={"size": 6, "color": colour, "symbol": symbol},
            hovertemplate="%{x}: action %{y}<extra></extra>", xaxis="x3", yaxis="y3", showlegend=name != "played",
        )  # fmt: skip
    shared: dict[str, Any] = {"matches": "x3", "showticklabels": False}
    figure.update_layout(
        xaxis=shared, xaxis2=shared,
        xaxis3={"title": {"text": axis_of_rounds(trace)}},
        yaxis={"title": {"text": currency or "utility"}, "zeroline": True},
        yaxis2={"title": {"text": currency or "utility"}, "zeroline": True},
        yaxis3={
            "tickvals": list(range(actions)), "ticktext": names, "range": [actions - 0.4, -0.6], "showgrid": False,
            "zeroline": False,
        },
        hovermode="x",
    )  # fmt: skip
    caption = (
        f"Sums over the {unit.round}s so far. Money is settled at the prices that were paid; persistence (the outcomes "
        f"of the {unit.round} before) and perfect foresight are what the same agent would have earned with these "
        "forecasts and the same candidates. Regret, as guarantees count it, takes prices inside the declared range, "
        f"on the {unit.round}s of “{trace.subsequences[broadest(trace)]}”, against the actions that had not violated a "
        "constraint by then; "
        "where none is left it is undefined."
    )
    return describe(figure, caption, f"Line charts and marks for one agent of {population}.")


def drawn_rounds(rounds: int, most: int = MOST_POINTS) -> IntArray:
    """The rounds at which a course is drawn, the last one among them.

    >>> drawn_rounds(4), drawn_rounds(5, 2)
    (array([0, 1, 2, 3]), array([2, 4]))
    """
    step = -(-rounds // most)
    found = np.arange(step - 1, rounds, step)
    return found if len(found) and found[-1] == rounds - 1 else np.append(found, rounds - 1)


def _line(figure: go.Figure, name: str, colour: str, dash: str, suffix: str, currency: str) -> None:
    figure.add_scatter(
        x=[], y=[], mode="lines", name=name, line={"color": colour, "width": 1.8, "dash": dash},
        hovertemplate=f"%{{y:.5g}} {label(currency or 'utility')}", xaxis=f"x{suffix}", yaxis=f"y{suffix}",
    )  # fmt: skip


def _currency(analysis: Analysis, population: str) -> str:
    """Currency of the population; empty where it counts utility."""
    currency = analysis.trace.records[population].population.money.currency
    return "" if currency == "utility" else label(currency)
