"""What a scenario file says about networks, forecasters and churn, and how it is refused."""

from pathlib import Path

import numpy as np
import pytest
from scenario_files import TOY, omnisim_command, refusal, write_scenario

import omnisim
from omnisim.problem.delays import Constant, Exponential
from omnisim.problem.network import Channel, Network, Tree
from omnisim.scenario.toml import to_toml

NETWORKED = (
    TOY
    + """\
subscriptions = ["week", "forecaster"]
default_action = 1
churn = { leave = 0.1, schedule = [{ agent = 0, first = 2 }] }

[populations.operators]
kind = "budgeted_operators"
agents = 2

[other_forecasters.week]
kind = "persistence"
lag = 7

[network]
topology = { kind = "tree", retailers = 1 }
max_age = 4

[[network.channels]]
sender = "forecaster"
delay = { kind = "exponential", mean_rounds = 0.2 }
loss = 0.25
outages = [[3, 4]]

[[network.channels]]
sender = "world"
receiver = "retailer/*"
delay = 2
"""
)


@pytest.fixture
def networked(tmp_path: Path) -> Path:
    return write_scenario(tmp_path, NETWORKED)


def test_what_is_built(networked: Path) -> None:
    scenario = omnisim.load_scenario(networked)
    assert scenario.network == Network(
        Tree(1),
        [
            Channel("forecaster", "*", Exponential(0.2), 0.25, [(3, 4)]),
            Channel("world", "retailer/*", Constant(2.0)),
        ],
        max_age=4,
    )
    assert scenario.subscriptions == {"buyers": ["week", "forecaster"]}
    assert scenario.default_actions == {"buyers": 1}
    assert scenario.churn["buyers"].leave == 0.1
    assert list(scenario.forecasters) == ["forecaster", "week"]


def test_the_resolved_file_gives_the_same_trace(networked: Path, tmp_path: Path) -> None:
    scenario = omnisim.load_scenario(networked)
    (tmp_path / "resolved.toml").write_text(to_toml(scenario.source), encoding="utf-8")
    again = omnisim.load_scenario(tmp_path / "resolved.toml")
    assert again.network == scenario.network
    first, second = omnisim.simulate(scenario), omnisim.simulate(again)
    for name, record in first.records.items():
        for field in ("actions", "heard", "settled_at", "costs"):
            np.testing.assert_array_equal(getattr(record, field), getattr(second.records[name], field))


@pytest.mark.long
def test_it_runs_from_the_command_line(networked: Path, tmp_path: Path) -> None:
    answer = omnisim_command("run", networked, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert omnisim_command("report", tmp_path / "out").code == 0


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "network.topology.kind='ring'",
            "network.topology.kind: is 'ring': available: graphml, small_world, star, tree",
        ),
        ("network.topology.retailer=3", "network.topology.retailer: unknown key: did you mean 'retailers'?"),
        ("network.topology.retailers=0", "network: retailers of a tree must be at least 1, got 0"),
        ("network.channel=[]", "network.channel: unknown key: did you mean 'channels'?"),
        ("network.channels=[{loss=2.0}]", "network: channel '*' -> '*': loss must be a probability in [0, 1], got 2.0"),
        ("network.channels=[{delay=-1}]", "must be a number of rounds >= 0, got -1.0"),
        ("network.channels=[{delay='x'}]", "network.channels.0.delay: must be a number of rounds, or a table"),
        ("network.channels=[{delay={kind='expo'}}]", "network.channels.0.delay.kind: is 'expo': did you mean"),
        ("network.channels=[{delay={kind='uniform', low=2.0, high=1.0}}]", "low of a uniform delay is 2.0, above high"),
        ("network.channels=[{outages=[[3,1]]}]", "an outage is a pair of its first and last round"),
        ("network.channels=[{sender='nobody'}]", "'nobody' -> '*' fits no edge of the network"),
        ("network.max_age=-1", "max_age of a network must be >= 0 rounds, got -1"),
        ("network.topology={kind='graphml', path='no.graphml'}", "no.graphml does not exist: a GraphML file is needed"),
        ("populations.buyers.churn={leave=2.0}", "leave of a churn must be a probability in [0, 1], got 2.0"),
        (
            "populations.buyers.churn={schedule=[{agent=7}]}",
            "names agent 7 from round 0: there are 2 agents",
        ),
        ("populations.buyers.subscriptions=['x']", "subscriptions of population 'buyers' has 'x'"),
        ("populations.buyers.subscriptions=[]", "must be a list of one or more different forecasters, got []"),
        ("populations.buyers.default_action='sleep'", "default action of population 'buyers' is 'sleep'"),
        ("populations.buyers.default_action=99", "default action of population 'buyers' is 99: it has actions 0 to"),
        ("other_forecasters.world={kind='persistence'}", "other_forecasters has the name 'world'"),
        ("other_forecasters.week.lag=0", "other_forecasters.week: lag of Persistence must be at least 1 round, got 0"),
        ("other_forecasters.week.lags=1", "other_forecasters.week.lags: unknown key: did you mean 'lag'?"),
    ],
)
def test_what_is_refused_in_one_line(networked: Path, override: str, message: str) -> None:
    line = refusal("run", networked, "--out", networked.parent / "out", "--set", override)
    assert message in line
    assert not (networked.parent / "out").exists()
