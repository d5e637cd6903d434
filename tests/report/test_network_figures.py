"""The figures of a run on a network, and the page that shows them."""

import json
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.problem.churn import Churn
from omnisim.problem.delays import Exponential, Uniform
from omnisim.problem.network import Channel, Network, SmallWorld, Star, Topology, Tree
from omnisim.report import figures
from omnisim.report.text import percent

HOSTILE = "<img src=x onerror=alert(1)>%{x}"


def analysis(topology: Topology, populations: int, rounds: int = 20) -> Analysis:
    rng = np.random.default_rng(0)
    names = [HOSTILE, *(f"p{i}" for i in range(populations - 1))]
    return omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[
                    omnisim.Population(
                        name,
                        rng.random((2, 2, 3)) / 3,
                        constraints=[omnisim.LinearConstraint(rng.random((2, 2, 3)) / 4, np.full((2, 2), -0.3))],
                    )
                    for name in names
                ],
                adversary=omnisim.adversaries.Replay(rng.random((rounds, 3))),
                forecaster=omnisim.forecasters.Persistence(),
                churn={HOSTILE: Churn(join=0.2, leave=0.2)},
                network=Network(
                    topology,
                    [
                        Channel("forecaster", "*", delay=Exponential(0.3), loss=0.3),
                        Channel("world", "*", delay=Uniform(0, 4)),
                        Channel("*", "world", delay=0.01, loss=0.1),
                    ],
                ),
            )
        )
    )


@pytest.fixture(scope="module", params=[(Star(), 3), (Tree(2), 5), (SmallWorld(2, 0.2), 60)], ids=str)
def networked(request: pytest.FixtureRequest) -> Analysis:
    return analysis(*request.param)


def test_all_parties_lie_where_they_are_seen(networked: Analysis) -> None:
    figure = figures.network_map(networked)
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    drawn = [(x, y) for each in figure.data if "markers" in each.mode for x, y in zip(each.x, each.y, strict=True)]
    assert len(drawn) > 3
    edge = 5 / 22  # half a mark of 10 pixels, in rows of 22
    assert all(left < x < right and bottom + edge < y < top - edge for x, y in drawn)


DRAWN = {
    "network_map": (figures.network_map, []),
    "message_fates": (figures.message_fates, ["share of the messages sent, %"]),
    "timeline": (figures.timeline, ["time since the round began, in rounds"]),
    "information_age": (
        lambda a: figures.information_age(a, HOSTILE),
        ["age of the forecast acted on, rounds", "[0, 1] units a round"],
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_figure_has_units_and_texts_and_no_markup(name: str, networked: Analysis) -> None:
    draw, wanted = DRAWN[name]
    figure = draw(networked)
    assert isinstance(figure, go.Figure)
    spec = figure.to_plotly_json()["layout"]
    titles = [axis["title"]["text"] for key, axis in spec.items() if key[1:5] == "axis" and axis.get("title")]
    assert set(wanted) <= set(titles)
    assert figure.layout.title.text
    assert figure.layout.meta["caption"].endswith(".")
    assert any(character.isdigit() for character in figure.layout.meta["alt"])
    assert not any(note.showarrow for note in figure.layout.annotations)
    drawn = json.loads(figure.to_json())
    drawn["layout"].pop("meta")  # plain text, which the page escapes
    assert "<img" not in json.dumps(drawn)


def test_names_of_a_column_of_the_map_have_a_line_each(networked: Analysis) -> None:
    figure = figures.network_map(networked)
    columns: dict[float, list[float]] = {}
    for trace in figure.data:
        if trace.mode == "markers+text":
            for x, y in zip(trace.x, trace.y, strict=True):
                columns.setdefault(x, []).append(y)
    bottom, top = figure.layout.yaxis.range
    assert len(columns) > 1
    for heights in columns.values():
        assert np.diff(sorted(heights)).min(initial=1.0) >= 1 - 1e-4  # of the axis, which has a unit for each line
        assert np.mean(heights) == pytest.approx(np.mean(next(iter(columns.values()))))  # beside the middle of others
    longest = max(map(len, columns.values()))
    assert top - bottom >= longest
    assert figure.layout.height >= 22 * longest


def test_the_timeline_shows_each_message_once(networked: Analysis) -> None:
    record = networked.trace.messages
    assert record is not None
    figure = figures.timeline(networked)
    marks = sum(len(trace.x) for trace in figure.data if trace.mode == "markers")
    shown = len(figure.layout.yaxis.ticktext)
    populations = len(networked.trace.records)
    if shown == populations:
        day = max(range(networked.trace.rounds), key=lambda t: (int((record.late + record.lost)[:, t].sum()), -t))
        # All but the settlement with the forecaster concern a population.
        assert marks == record.sent[:, day].sum() - 1
    else:
        assert shown == 18
        assert f"{populations - shown} populations more" in figure.layout.meta["caption"]


def test_the_map_draws_every_channel_between_the_parties_it_shows(networked: Analysis) -> None:
    record = networked.trace.messages
    assert record is not None
    figure = figures.network_map(networked)
    lines = sum(len(trace.x) // 3 for trace in figure.data if trace.mode == "lines")
    named = sum(len(trace.x) for trace in figure.data if trace.mode == "markers+text")
    if named == len(record.parties):
        assert lines == len(record.edges)
    else:
        assert named == 40
        assert f" Drawn are the first 40 of {len(record.parties)} participants." in figure.layout.meta["caption"]


def test_shares_of_messages_add_up(networked: Analysis) -> None:
    figure = figures.message_fates(networked)
    total = np.sum([[float(x) for x in bar.x] for bar in figure.data], axis=0)
    np.testing.assert_allclose(total, 100, rtol=1e-3)


def test_bars_are_the_ages_of_their_population(networked: Analysis) -> None:
    figures_of = {name: figures.information_age(networked, name) for name in list(networked.trace.records)[:3]}
    assert len(figures_of) == 3
    for name, figure in figures_of.items():
        own = [row for row in networked.information.to_dict("records") if row["population"] == name]
        regret, error = figure.data
        assert list(figure.layout.xaxis.ticktext) == ["default" if row["age"] < 0 else str(row["age"]) for row in own]
        for drawn, column in ((regret, "external_regret"), (error, "error")):
            values = [np.nan if y is None else y for y in drawn.y]
            np.testing.assert_allclose(values, [row[column] for row in own], rtol=1e-4, atol=1e-9)
        assert list(regret.customdata) == [row["rounds"] for row in own]
        old = sum(row["rounds"] for row in own if row["age"] > 0) / sum(row["rounds"] for row in own)
        assert figure.layout.meta["alt"].endswith(f"; {percent(old)} on old forecasts.")


def test_bars_are_the_fates_of_each_kind_of_message(networked: Analysis) -> None:
    record = networked.trace.messages
    assert record is not None
    figure = figures.message_fates(networked)
    fates = {bar.name: bar for bar in figure.data}
    assert list(fates) == ["in time", "late", "lost", "in flight at the end"]
    for row, kind in enumerate(record.kinds):
        sent, late, lost = (int(getattr(record, name)[row].sum()) for name in ("sent", "late", "lost"))
        assert figure.layout.yaxis.ticktext[row] == f"{kind} ({sent:,})"
        for name, number_of in (("late", late), ("lost", lost)):
            assert fates[name].x[row] == pytest.approx(100 * number_of / max(sent, 1), rel=1e-4)
            assert fates[name].customdata[row] == f"{number_of:,}"


def test_lines_of_the_timeline_are_in_the_row_of_their_population(networked: Analysis) -> None:
    figure = figures.timeline(networked)
    names, (bottom, top) = list(figure.layout.yaxis.ticktext), figure.layout.yaxis.range
    assert list(figure.layout.yaxis.tickvals) == list(range(len(names)))
    assert bottom > len(names) - 1
    assert top < 0
    for trace in figure.data:
        rows = {round(y) for y in trace.y if y is not None}
        assert rows <= set(range(len(names)))
        assert all(abs(y - round(y)) < 0.5 for y in trace.y if y is not None)


def test_populations_that_are_not_drawn_are_counted(networked: Analysis) -> None:
    record = networked.trace.messages
    assert record is not None
    figure = figures.network_map(networked)
    drawn = sum(len(trace.x) for trace in figure.data if trace.mode == "markers+text")
    left = len(record.parties) - drawn
    told = f" Drawn are the first {drawn} of {len(record.parties)} participants."
    assert figure.layout.meta["caption"].endswith(told) == (left > 0)
    assert ("Drawn are" in figure.layout.meta["caption"]) == (left > 0)


def test_the_decision_and_the_gate_stand_at_their_times() -> None:
    found = analysis(Star(), 1)
    record, figure = found.trace.messages, figures.timeline(found)
    assert record is not None
    log = record.log
    trouble = (record.late + record.lost).sum(axis=0)
    day = max(range(log.first, log.last + 1), key=lambda t: (trouble[t], -t))
    first: dict[str, float] = {}
    for about, kind, sent in zip(log.round, log.kind, log.sent, strict=True):
        if about == day:
            first.setdefault(record.kinds[kind], float(sent) - day)
    named = {note.text: note.x for note in figure.layout.annotations}
    assert named == pytest.approx({"decision": first["actions"], "gate closes": first["settlement"]})
    assert sorted(line.x0 for line in figure.layout.shapes) == pytest.approx(sorted(named.values()))
    assert found.trace.dates is None
    assert f" about round {day + 1}, of those logged" in figure.layout.meta["caption"]


def test_messages_of_a_round_that_are_lost_or_come_later_are_counted() -> None:
    found = analysis(Tree(2), 5)
    record = found.trace.messages
    assert record is not None
    log, figure = record.log, figures.timeline(found)
    trouble = (record.late + record.lost).sum(axis=0)
    day = max(range(log.first, log.last + 1), key=lambda t: (trouble[t], -t))
    end = figure.layout.xaxis.range[1] - 0.04
    arrived: dict[str, list[float]] = {kind: [] for kind in record.kinds}
    for about, kind, sender, receiver, at in zip(
        log.round, log.kind, log.sender, log.receiver, log.arrived, strict=True
    ):
        if about == day and "population" in (record.roles[sender], record.roles[receiver]):
            arrived[record.kinds[kind]].append(at - day)
    words, late = {"registration": "candidates registered"}, 0
    for kind, times in arrived.items():
        lost = sum(bool(np.isinf(at)) for at in times)
        later = sum(bool(np.isfinite(at)) and at > end + 1e-9 for at in times)
        told = f"{words.get(kind, kind)}: {len(times)} shown, {lost} lost, {later} coming later"
        assert told in figure.layout.meta["alt"]
        late += later
    assert late > 0


@pytest.mark.one_in(3)
def test_the_page_has_a_part_about_the_network_where_there_is_one(networked: Analysis, tmp_path: Path) -> None:
    omnisim.write_report(networked, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<section id="network">' in page
    assert HOSTILE not in page


@pytest.mark.whole
def test_a_page_without_network_has_no_such_part(tmp_path: Path, market: Analysis) -> None:
    omnisim.write_report(market, tmp_path / "report.html")
    assert 'id="network"' not in (tmp_path / "report.html").read_text(encoding="utf-8")
