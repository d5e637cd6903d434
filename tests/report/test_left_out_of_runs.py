"""What the figures and texts of a run's page leave out is told: how many of how many there are, and which."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.problem.network import Channel, Network, Tree
from omnisim.report import figures
from omnisim.report.figures import network
from omnisim.report.run import agents_data
from omnisim.report.run import figures as run_figures
from omnisim.report.selection import left_out


def months(count: int) -> tuple[str, ...]:
    return ("all", *(f"month {index}" for index in range(count - 1)))


def caption(figure: Any) -> str:
    return str(figure.layout.meta["caption"])


@pytest.mark.parametrize(
    ("sets", "told"), [(8, ""), (9, "the 8 largest of 9 subsequences"), (13, "the 8 largest of 13")]
)
def test_candidate_sets_that_are_not_drawn_are_counted(make: Callable[..., Analysis], sets: int, told: str) -> None:
    analysis = make(populations={"one": 2}, subsequences=months(sets), rounds=30, dimension=2)
    figure = figures.eliminations(analysis)
    assert len({trace.name for trace in figure.data}) == min(sets, 8)
    assert told in caption(figure)
    assert ("Drawn are" in caption(figure)) == bool(told)


def test_one_set_for_all_subsequences_leaves_none_out(make: Callable[..., Analysis]) -> None:
    trace = make(populations={"one": 2}, subsequences=months(13), rounds=30, dimension=2).trace
    one = trace.records["one"]
    single = dataclasses.replace(one, eliminated_at=np.ascontiguousarray(one.eliminated_at[..., :1]))
    kept = omnisim.analyze(dataclasses.replace(trace, records={"one": single}))
    for figure in (figures.eliminations(kept), figures.elimination_map(kept)):
        assert "Drawn are" not in caption(figure)


@pytest.mark.parametrize("actions", [16, 17, 20])
def test_actions_that_the_map_leaves_out_are_counted(make: Callable[..., Analysis], actions: int) -> None:
    analysis = make(populations={"one": 2, "two": 3}, actions=actions, rounds=10, dimension=2)
    figure = figures.elimination_map(analysis)
    parts = " and ".join(f"16 of {actions} actions of {name}" for name in ("one", "two"))
    assert (f" Those eliminated most often are drawn: {parts}." in caption(figure)) == (actions > 16)
    assert ("most often" in caption(figure)) == (actions > 16)
    assert {len(trace.y) for trace in figure.data} == {16}


def most(counts: list[float], number: int) -> list[int]:
    """Places of the largest, the first of equal ones, in their own order."""
    return sorted(sorted(range(len(counts)), key=lambda place: (-counts[place], place))[:number])


def test_what_is_drawn_of_much_is_what_there_is_most_of(make: Callable[..., Analysis]) -> None:
    """20 actions, 14 subsequences of other lengths and 10 populations of other sizes, in no order."""
    sizes = [3, 9, 1, 7, 2, 8, 4, 10, 6, 5]
    analysis = make(
        populations={f"p{size}": size for size in sizes}, actions=20, subsequences=months(14), rounds=40, dimension=2
    )
    trace = analysis.trace
    names, lengths = list(trace.subsequences), trace.active.sum(axis=0).tolist()
    shown = [names[k] for k in most(lengths, 12)]
    figure = figures.elimination_map(analysis)
    assert len(figure.data) == 8
    panels = [name for name in trace.records if name not in ("p1", "p2")]
    for panel, name in enumerate(panels):
        record, suffix = trace.records[name], "" if panel == 0 else str(panel + 1)
        left = [float((record.eliminated_at[:, a] < trace.rounds).sum()) for a in range(20)]
        rows = [record.population.action_names[a] for a in most(left, 16)]
        assert list(figure.layout[f"yaxis{suffix}"].ticktext) == rows
        assert list(figure.layout[f"xaxis{suffix}"].ticktext) == shown
        assert f"<b>{name}</b>" in [note.text for note in figure.layout.annotations]
    drawn = figures.plays(analysis, "p9")
    own = trace.records["p9"].actions
    share = [sum((own[trace.active[:, names.index(name)]] == a).mean() for name in shown) for a in range(20)]
    assert [bar.name for bar in drawn.data] == [
        *(trace.records["p9"].population.action_names[a] for a in most(share, 8)), "12 others"
    ]  # fmt: skip
    assert list(drawn.layout.yaxis.ticktext) == shown


@pytest.mark.long
@pytest.mark.parametrize("populations", [9, 8])
def test_populations_that_cannot_be_chosen_are_counted(make: Callable[..., Analysis], populations: int) -> None:
    analysis = make(populations={f"p{index}": 1 for index in range(populations)}, rounds=5, dimension=1, actions=2)
    told = left_out(analysis.trace)
    assert told == ("Left out is the smallest of 9 populations." if populations > 8 else "")
    plays = run_figures.shown_figures(analysis)["plays"]
    assert len(plays.variants) + plays.instead.count("p4") == 8  # which plays one action only
    assert told in plays.instead
    assert ("Left out" in plays.instead) == (populations > 8)


@pytest.mark.long
@pytest.mark.parametrize(("populations", "subsequences"), [(4, 6), (5, 5), (9, 3), (2, 13)])
def test_pairs_whose_growth_is_not_drawn_are_counted(
    make: Callable[..., Analysis], populations: int, subsequences: int
) -> None:
    """24 pairs at most, of 8 populations and 12 subsequences."""
    names = {f"p{index}": 1 for index in range(populations)}
    analysis = make(populations=names, subsequences=months(subsequences), rounds=12, dimension=1, actions=2)
    with mock.patch.object(figures, "growth_curves", lambda *_: figures.eliminations(analysis)):
        growth = run_figures.shown_figures(analysis)["growth"]
    drawn, every = min(24, min(populations, 8) * min(subsequences, 12)), populations * subsequences
    told = (
        f"Left out are {every - drawn} of {every} pairs of a population and a subsequence; those of “all” come first."
    )
    assert (told in growth.instead) == (drawn < every)
    assert ("Left out" in growth.instead) == (drawn < every)
    assert len(growth.variants) == drawn
    assert growth.labels[0].endswith(" / all")


def test_relays_that_are_not_drawn_are_counted_as_well() -> None:
    """Of 45 retailers, the world, the forecaster and a population, 40 that are no population and it are drawn."""
    rng = np.random.default_rng(0)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("one", rng.random((2, 2, 1)))],
        adversary=omnisim.adversaries.Replay(rng.random((3, 1))),
        forecaster=omnisim.forecasters.Persistence(),
        network=Network(Tree(45), [Channel("world", "*", delay=0.1)]),
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario))
    record = analysis.trace.messages
    assert record is not None
    figure = network.network_map(analysis)
    drawn = sum(len(trace.x) for trace in figure.data if trace.mode == "markers+text")
    assert (drawn, len(record.parties)) == (41, 48)
    assert caption(figure).endswith(" Drawn are the first 41 of 48 participants.")


def test_populations_without_agents_to_choose_are_named_or_counted(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={f"p{index}": 1 for index in range(6)}, rounds=3, dimension=1, actions=2)
    told = agents_data._note(analysis, {"p0": np.arange(1)}, "a file")
    assert re.search(r"agents of 5 populations \(p1, p2, p3 and 2 more\) are left out", told)
