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
