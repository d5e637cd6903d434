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
    drawn = json.loads(figure.to_json())
    drawn["layout"].pop("meta")  # plain text, which the page escapes
    assert "<img" not in json.dumps(drawn)


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
        assert f"{len(record.parties) - 40} more populations are not" in figure.layout.meta["caption"]


def test_shares_of_messages_add_up(networked: Analysis) -> None:
    figure = figures.message_fates(networked)
    total = np.sum([[float(x) for x in bar.x] for bar in figure.data], axis=0)
    np.testing.assert_allclose(total, 100, rtol=1e-3)


def test_the_page_has_a_part_about_the_network_where_there_is_one(networked: Analysis, tmp_path: Path) -> None:
    omnisim.write_report(networked, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<section id="network">' in page
    assert HOSTILE not in page


def test_a_page_without_network_has_no_such_part(tmp_path: Path, market: Analysis) -> None:
    omnisim.write_report(market, tmp_path / "report.html")
    assert 'id="network"' not in (tmp_path / "report.html").read_text(encoding="utf-8")
