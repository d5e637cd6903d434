"""The network: who hears whom, and what became of the messages."""

from collections import deque

import numpy as np
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.report.figures.style import (
    AMBER,
    BLUE,
    EDGE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PAGE,
    PINK,
    SKY,
    blank,
    describe,
    numbers,
    translucent,
    with_panel,
)
from omnisim.report.text import count, label, listing, number, percent
from omnisim.trace import MessageRecord

MOST_PARTIES = 40
"""Participants drawn; of more populations the first ones."""

MOST_ROWS = 18
"""Populations in the timeline."""

KINDS = {
    "registration": (GREY, "candidates registered"),
    "forecast": (ORANGE, "forecast"),
    "actions": (BLUE, "actions"),
    "settlement": (GREEN, "settlement"),
}
_ROLES = {"world": (INK, "square"), "forecaster": (ORANGE, "diamond"), "relay": (AMBER, "hexagon"),
          "population": (BLUE, "circle")}  # fmt: skip


def network_map(analysis: Analysis) -> go.Figure:
    """The graph of the network in columns: world and forecasters, relays, populations.

    Raises
    ------
    ProblemError
        If the run has no network.
    """
    record = _messages(analysis)
    shown = _drawn(record)
    hidden = len(record.parties) - len(shown)
    depth = _depths(record)
    columns: dict[int, list[int]] = {}
    for node in shown:
        columns.setdefault(depth[node], []).append(node)
    tallest = max(len(nodes) for nodes in columns.values())
    place: dict[int, tuple[float, float]] = {
        node: (d, -(i + 0.5) * tallest / len(nodes)) for d, nodes in columns.items() for i, node in enumerate(nodes)
    }
    figure = blank("Who hears whom", 90 + max(160, 22 * tallest))
    _draw_edges(figure, record, place)
    for role, (colour, symbol) in _ROLES.items():
        nodes = [node for node in shown if record.roles[node] == role]
        if nodes:
            figure.add_scatter(
                x=[place[node][0] for node in nodes], y=numbers([place[node][1] for node in nodes]),
                mode="markers+text", name=role, text=[label(_short(record.parties[node]), 16) for node in nodes],
                textposition="middle right" if role == "population" else "top center", textfont={"size": 11},
                marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 1, "color": PAGE}},
                hovertemplate="%{text}",
            )  # fmt: skip
    last = max(columns)
    figure.update_xaxes(visible=False, range=[-0.45, last + 0.75])
    figure.update_yaxes(visible=False, range=[-tallest - 0.4, 0.9])
    more = f" Drawn are the first {len(shown)} of {len(record.parties):,} participants." if hidden else ""
    caption = (
        "Channels of the network; orange ones delay or lose messages. A mark in the middle of a channel says how much. "
        f"Forecasts run from the forecaster to the populations, settlements from the world.{more}"
    )
    impaired = int(((record.edge_delay > 0) | (record.edge_loss > 0)).sum())
    roles = [count(record.roles.count(role), role) for role in _ROLES if role in record.roles]
    alt = (
        f"Graph of {listing(roles)} with {count(len(record.edges), 'channel')}, {impaired:,} of which delay or lose "
        f"messages; mean delay {number(float(record.edge_delay.mean()))} rounds."
    )
    return describe(figure, caption, alt, "")


def message_fates(analysis: Analysis) -> go.Figure:
    """Draw the fates of the messages of each kind, in per cent of those sent."""
    table = analysis.messages
    figure = with_panel("What became of the messages", 40 * len(table) + 40)
    sent = np.maximum(table["sent"].to_numpy(float), 1)
    parts = {
        "in time": (table["delivered"] - table["late"], GREEN),
        "late": (table["late"], AMBER),
        "lost": (table["lost"], ORANGE),
        "in flight at the end": (table["in_flight"], GREY),
    }
    rows = list(range(len(table)))
    for words, (values, colour) in parts.items():
        figure.add_bar(
            y=rows, x=numbers(100 * values.to_numpy(float) / sent), orientation="h", name=words,
            customdata=[f"{value:,}" for value in values], marker={"color": colour},
            hovertemplate="%{customdata} messages, %{x:.3g} %",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_xaxes(title_text="share of the messages sent, %", range=[0, 100])
    figure.update_yaxes(
        tickvals=rows, ticktext=[f"{kind} ({sum_:,})" for kind, sum_ in zip(table["kind"], table["sent"], strict=True)],
        autorange="reversed", showgrid=False,
    )  # fmt: skip
    caption = (
        "Every message sent was delivered, lost, or still in flight when the run ended; late ones came after the phase "
        "of their round in which they were wanted."
    )
    said = [
        f"{row.kind}: {row.sent:,} sent, {row.late:,} late, {row.lost:,} lost, {row.in_flight:,} in flight"
        for row in table.itertuples()
    ]
    return describe(figure, caption, f"Stacked bars of messages; {'; '.join(said)}.")


def timeline(analysis: Analysis) -> go.Figure:
    """The messages of one round as lines from sending to arrival, a row per population.

    Raises
    ------
    ProblemError
        If the run has no network.
    """
    trace, record = analysis.trace, _messages(analysis)
    log, unit = record.log, units(analysis.trace)
    day = _eventful(record)
    of_day = log.round == day
    ends = np.where(np.isin(log.receiver, _of_role(record, "population")), log.receiver, log.sender)
    rows = [node for node in np.unique(ends[of_day]) if record.roles[node] == "population"]
    hidden, rows = max(0, len(rows) - MOST_ROWS), rows[:MOST_ROWS]
    figure = with_panel(f"The messages of one {unit.round}", 70 + 30 * len(rows))
    latest = float(np.clip(np.max(log.arrived[of_day & np.isfinite(log.arrived)], initial=day + 1.0) - day, 1.0, 2.0))
    offsets = {kind: 0.18 * i - 0.27 for i, kind in enumerate(KINDS)}
    said = []
    for kind, (colour, words) in KINDS.items():
        chosen = np.flatnonzero(of_day & (log.kind == record.kinds.index(kind)) & np.isin(ends, rows))
        height = np.array([rows.index(node) for node in ends[chosen]]) + offsets[kind]
        begin, end = log.sent[chosen] - day, log.arrived[chosen] - day
        lost, later = np.isinf(end), np.isfinite(end) & (end > latest)
        _lines(figure, begin, np.where(lost, begin, np.minimum(end, latest)), height, colour, words)
        for marked, symbol, size, meaning in (
            (~lost & ~later, "circle", 6, "arrived"),
            (lost, "x", 8, "lost"),
            (later, "triangle-right", 9, "comes later"),
        ):
            at = np.where(lost, begin, np.minimum(end, latest))[marked]
            figure.add_scatter(
                x=numbers(at), y=numbers(height[marked]), mode="markers", showlegend=False,
                marker={"size": size, "symbol": symbol, "color": colour},
                customdata=numbers(np.where(np.isfinite(end), end, np.nan)[marked]),
                hovertemplate=f"{words}, {meaning}" + ("" if meaning == "lost" else " at %{customdata:.4g}"),
            )  # fmt: skip
        said.append(f"{words}: {len(chosen):,} shown, {int(lost.sum()):,} lost, {int(later.sum()):,} coming later")
    # Populations decide when they send their actions; the market closes when the outcome is settled.
    for kind, words, side in (("actions", "decision", "right"), ("settlement", "gate closes", "left")):
        times = log.sent[of_day & (log.kind == record.kinds.index(kind))] - day
        if len(times):
            figure.add_vline(x=float(times[0]), line={"color": INK, "width": 1, "dash": "dot"})
            figure.add_annotation(
                x=float(times[0]), y=-0.75, text=words, showarrow=False, font={"size": 10, "color": MUTED},
                xanchor=side, xshift=-3 if side == "right" else 3,
            )  # fmt: skip
    figure.update_xaxes(title_text=f"time since the {unit.round} began, in {unit.round}s", range=[-0.02, latest + 0.04])
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=[label(_short(record.parties[node]), 14) for node in rows],
        range=[len(rows) - 0.4, -1.1], showgrid=False,
    )  # fmt: skip
    name = str(trace.dates[day]) if trace.dates is not None else f"round {day + 1}"
    more = f" {count(hidden, 'population')} more are not drawn." if hidden else ""
    caption = (
        f"Messages about {name}, of those logged the {unit.round} with most that came late or never. A cross is a lost "
        f"message, a triangle one that arrives after the drawing ends.{more}"
    )
    return describe(figure, caption, f"Timeline of messages about {name}: {'; '.join(said)}.", "")


def information_age(analysis: Analysis, population: str) -> go.Figure:
    """Regret and forecast error against the age of the forecast acted on, for one population."""
    table = analysis.information
    own = table[table["population"] == population]
    names = ["default" if age < 0 else f"{age}" for age in own["age"]]
    figure = blank("What the age of information cost", 300)
    figure.add_bar(
        x=list(range(len(own))), y=numbers(own["external_regret"].to_numpy(float)), name="external regret",
        marker={"color": PINK}, customdata=numbers(own["rounds"].to_numpy()),
        hovertemplate="%{y:.3g} a round over %{customdata} rounds",
    )  # fmt: skip
    figure.add_scatter(
        x=list(range(len(own))), y=numbers(own["error"].to_numpy(float)), mode="lines+markers", name="forecast error",
        line={"color": SKY, "width": 2}, hovertemplate="mean error %{y:.3g}",
    )  # fmt: skip
    unit = units(analysis.trace)
    figure.update_xaxes(
        title_text=f"age of the forecast acted on, {unit.round}s", tickvals=list(range(len(own))), ticktext=names
    )
    figure.update_yaxes(title_text=f"[0, 1] units a {unit.round}", zeroline=True)
    caption = (
        f"{population}: mean over its agents of the external regret in {unit.round}s in which they acted on a forecast "
        "of this age, against the benchmark of the whole run, and the mean absolute error of those forecasts. The "
        "oldest are taken together; “default” are those in which no action of theirs reached the market in time."
    )
    said = [
        f"age {name}: {rounds:,} {unit.round}s, regret {number(lost)}"
        for name, rounds, lost in zip(names, own["rounds"].tolist(), own["external_regret"].tolist(), strict=True)
    ]
    share = percent(float(own.loc[own["age"] > 0, "rounds"].sum() / own["rounds"].sum()))
    return describe(figure, caption, f"Bars for {population}; {'; '.join(said)}; {share} on old forecasts.")


def _messages(analysis: Analysis) -> MessageRecord:
    record = analysis.trace.messages
    if record is None:
        raise ProblemError(
            "this figure needs a run with a network, on whose channels messages travel: this one has none"
        )
    return record


def _of_role(record: MessageRecord, role: str) -> list[int]:
    return [i for i, own in enumerate(record.roles) if own == role]


def _short(party: str) -> str:
    return party.removeprefix("population/")


def _eventful(record: MessageRecord) -> int:
    """The logged round with most messages that came late or never."""
    days = range(record.log.first, record.log.last + 1)
    trouble = (record.late + record.lost).sum(axis=0)
    return max(days, key=lambda t: (int(trouble[t]), -t))


def _drawn(record: MessageRecord) -> list[int]:
    others = [i for i, role in enumerate(record.roles) if role != "population"][:MOST_PARTIES]
    populations = _of_role(record, "population")
    most = max(1, MOST_PARTIES - len(others))
    return [*others, *populations[:most]]


def _depths(record: MessageRecord) -> dict[int, int]:
    """The column of each participant: hops from the forecasters; participants that hear none stand last."""
    heard: dict[int, list[int]] = {}
    for sender, receiver in record.edges.tolist():
        heard.setdefault(sender, []).append(receiver)
    centers = [i for i, role in enumerate(record.roles) if role in ("world", "forecaster")]
    depth = dict.fromkeys(centers, 0)
    waiting = deque(centers[1:])
    while waiting:
        node = waiting.popleft()
        for receiver in heard.get(node, ()):
            if receiver not in depth:
                depth[receiver] = depth[node] + 1
                waiting.append(receiver)
    last = max(depth.values())
    return {i: depth.get(i, last) for i in range(len(record.parties))}


def _draw_edges(figure: go.Figure, record: MessageRecord, place: dict[int, tuple[float, float]]) -> None:
    groups: dict[bool, list[list[float | None]]] = {False: [[], []], True: [[], []]}
    middles: dict[tuple[int, int], list[str]] = {}
    for (a, b), delay, loss in zip(record.edges.tolist(), record.edge_delay, record.edge_loss, strict=True):
        if a not in place or b not in place:
            continue
        xs, ys = groups[bool(delay or loss)]
        xs += [place[a][0], place[b][0], None]
        ys += [place[a][1], place[b][1], None]
        if delay or loss:
            ends = f"{label(_short(record.parties[a]), 18)} → {label(_short(record.parties[b]), 18)}"
            middles.setdefault((min(a, b), max(a, b)), []).append(
                f"{ends}: delay {number(float(delay))}, loss {percent(float(loss))}"
            )
    for impaired, (xs, ys) in groups.items():
        if xs:
            figure.add_scatter(
                x=xs, y=ys, mode="lines", hoverinfo="skip", showlegend=False,
                line={"width": 1.4 if impaired else 1, "color": translucent(ORANGE, 0.45) if impaired else EDGE},
            )  # fmt: skip
    if middles:
        figure.add_scatter(
            x=[(place[a][0] + place[b][0]) / 2 for a, b in middles],
            y=numbers([(place[a][1] + place[b][1]) / 2 for a, b in middles]),
            mode="markers", showlegend=False, marker={"size": 5, "color": translucent(ORANGE, 0.7)},
            text=["<br>".join(words) for words in middles.values()], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip


def _lines(figure: go.Figure, begin: FloatArray, end: FloatArray, height: FloatArray, colour: str, words: str) -> None:
    gap = [None] * len(height)
    xs = [x for ends in zip(numbers(begin), numbers(end), gap, strict=True) for x in ends]
    ys = [y for rows in zip(numbers(height), numbers(height), gap, strict=True) for y in rows]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", name=words, hoverinfo="skip", line={"color": colour, "width": 2.5}, showlegend=True
    )
