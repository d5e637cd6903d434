"""``omnisim validate`` says valid exactly where ``omnisim run`` gets going, and tells what was read."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scenario_files import TOY, omnisim_command, prices, refusal, write_scenario

import omnisim
from omnisim.memory import shown
from omnisim.simulation.preparing import Prepared
from omnisim.simulation.trial import trial

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

GRAPH = """<?xml version="1.0" encoding="{}"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">{}</graph></graphml>
"""
NODES = '<node id="world"/><node id="forecaster"/><node id="population/buyers"/>'
EDGES = (
    '<edge source="world" target="forecaster"/><edge source="world" target="population/buyers"/>'
    '<edge source="forecaster" target="population/buyers"/>'
)

REFUSED = {
    "network={topology={kind='graphml', path='nothing.graphml'}}": "is needed",
    "network={topology={kind='graphml', path='prices.csv'}}": "prices.csv: is not valid XML (",
    "network={topology={kind='graphml', path='encoding.graphml'}}": "is not valid XML (unknown encoding: klingon)",
    "network={topology={kind='graphml', path='nodes.graphml'}}": "has no node 'forecaster': available: world",
    "network={topology={kind='graphml', path='edges.graphml'}}": "no path",
    "network={topology={kind='small_world'}}": "needs more than 4 populations, there are 1",
    "network={channels=[{delay={kind='lognormal', median=1.0, sigma=1e9}}]}": "expected delay must be <= 1e+12 rounds",
    "network={channels=[{delay=1e300}]}": "delay must be <= 1e+12 rounds, got 1e+300",
    "network={channels=[{delay={kind='exponential', mean_rounds=1e308}}]}": "must be <= 1e+12 rounds, got 1e+308",
    "network={channels=[{delay={kind='uniform', low=0, high=1e13}}]}": "high of a uniform delay must be <= 1e+12",
    "network={channels=[{sender='nobody'}]}": "fits no edge of the network",
    "forecaster.lag=1000000000000000000000000000000": "forecaster.lag: is a whole number of 100 bits: it may have 64",
    "forecaster={kind='published', model='dnn'}": "names the model 'dnn', of which there is no forecast",
    "market.forecasts=['dnn']": "has no column 'dnn'",
    "populations.buyers.default_action='nap'": "default action of population 'buyers' is 'nap'",
    "populations.buyers.churn={schedule=[{agent=7}]}": "churn of population 'buyers'",
    "elimination={kind='cumulative_threshold', gamma=-1.0}": "gamma must be > 0, got -1",
}

ACCEPTED = [
    "network={topology={kind='graphml', path='good.graphml'}}",
    "network={channels=[{delay=1e12}]}",
    "network={channels=[{delay={kind='exponential', mean_rounds=1e12}}]}",
    "network={channels=[{delay={kind='lognormal', median=1e-300, sigma=37.0}}]}",
    "forecaster.lag=9223372036854775807",
    "populations.buyers.churn={leave=1.0, join=0.5}",
]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, encoding, content in (
        ("good", "utf-8", NODES + EDGES),
        ("encoding", "klingon", NODES + EDGES),
        ("nodes", "utf-8", '<node id="world"/>'),
        ("edges", "utf-8", NODES),
    ):
        (tmp_path / f"{name}.graphml").write_text(GRAPH.format(encoding, content), encoding="utf-8")
    return write_scenario(tmp_path)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("override", REFUSED)
def test_what_run_refuses_is_not_valid(toy: Path, override: str) -> None:
    said = refusal("validate", toy, "--set", override)
    assert REFUSED[override] in said
    assert said == refusal("run", toy, "--out", toy.parent / "out", "--set", override)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("override", ACCEPTED)
def test_what_is_valid_runs(toy: Path, override: str) -> None:
    valid = omnisim_command("validate", toy, "--set", override)
    assert (valid.code, valid.err) == (0, "")
    assert omnisim_command("run", toy, "--out", toy.parent / "out", "--set", override).code == 0


def told(*arguments: object) -> dict[str, list[str]]:
    """What ``validate`` says, by the first word of its lines."""
    answer = omnisim_command("validate", *arguments)
    assert (answer.code, answer.err) == (0, ""), answer
    lines: dict[str, list[str]] = {}
    for line in answer.out.splitlines()[1:]:
        name, _, text = line.strip().partition(" ")
        lines.setdefault(name, []).append(text.strip())
    return lines


def test_it_tells_what_was_read(tmp_path: Path) -> None:
    path = write_scenario(
        tmp_path, TOY.replace("high = 100.0", "high = 50.0\nfirst_day = 2021-01-04").replace("60.0", "40.0")
    )
    said = told(path)
    played = prices()[3:]
    assert said["market"] == ["prices, a price an hour"]
    assert said["read"] == ["10 days, 2021-01-01 to 2021-01-10"]
    assert said["played"] == ["2021-01-04 to 2021-01-10, after 3 days to learn from"]
    ends = f"from {played.min():,.2f} to {played.max():,.2f}, on average {played.mean():,.2f} EUR/MWh"
    assert said["prices"] == [f"168 of the days played: {ends}"]
    beyond, cut = (played > 50).sum(), np.maximum(played - 50, 0).sum() / played.sum()
    words = f"{beyond} prices beyond, and clipping cuts {cut:.2%} off the sum of all"
    assert said["scale"] == [f"0 to 50 EUR/MWh are outcomes 0 to 1; {words}"]
    assert said["population"] == ["buyers: 2 agents, 8 actions, 1 constraint, rule SubsequenceFirstViolation"]
    assert said["subsequence"] == ["all: 7 rounds"]
    assert said["forecaster"] == ["Persistence"]
    assert said["adversary"] == ["Replay"]
    assert len(said["time"]) == 1


def test_it_tells_what_was_done_to_the_data(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    lines = (tmp_path / "prices.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "prices.csv").write_text("\n".join(lines[:-3]), encoding="utf-8")
    said = told(path)
    assert said["read"] == ["9 days, 2021-01-01 to 2021-01-09"]
    assert any("left out" in note for note in said["note"])


def test_prices_that_are_made_up_have_only_a_scale() -> None:
    said = told("synthetic_seasonal", "--rounds", 3, "--seed", 5)
    assert said["market"] == ["synthetic, a price an hour"]
    assert said["scale"] == ["0 to 120 USD/MWh are outcomes 0 to 1"]
    assert said["subsequence"] == ["all: 3 rounds"]
    assert not {"read", "prices", "played"} & set(said)


@pytest.mark.long
@pytest.mark.parametrize("name", ["synthetic_seasonal", "lossy_broadcast"])
def test_the_record_takes_what_it_says(name: str) -> None:
    scenario = omnisim.load_scenario(name, {"rounds": 40})
    size = Prepared(scenario, scenario.seed).record_size
    assert told(name, "--rounds", 40)["memory"] == [f"about {shown(size)} for the record of the run"]
    trace = omnisim.simulate(scenario)
    arrays = [trace.outcomes, trace.predictions, trace.active]
    for record in trace.records.values():
        arrays += [value for value in vars(record).values() if isinstance(value, np.ndarray)]
    # Of mixtures, messages and populations' own numbers it knows nothing.
    assert 0.5 * sum(array.nbytes for array in arrays) <= size <= 2 * sum(array.nbytes for array in arrays)


@pytest.mark.parametrize(
    ("ends", "seconds", "played", "expected"),
    [
        ([0.0, 5.0, 6.0, 8.0], 1e9, 3, 3 * 3 / 2),
        ([0.0, 5.0, 6.0], 0.5, 2, 3 * 1.0),
        ([0.0, 5.0, 5.25, 7.5], 2.0, 3, 3 * 2.5 / 2),
    ],
)
def test_all_rounds_take_what_those_after_the_first_take(
    ends: list[float], seconds: float, played: int, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three rounds, by a clock that tells when each ended; the first, which compiles loops, is not counted."""
    clock = SimpleNamespace(perf_counter=iter(ends).__next__)
    monkeypatch.setattr("omnisim.simulation.trial.time", clock)
    found = trial(Prepared(omnisim.load_scenario("synthetic_seasonal", {"rounds": 3}), 0), seconds)
    assert (found.rounds, found.seconds) == (played, expected)


@pytest.mark.parametrize(("tick", "played"), [(0.25, 5), (0.5, 3), (0.125, 9), (1.5, 2)])
def test_rounds_are_played_for_a_second_after_the_first(
    tick: float, played: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(perf_counter=(tick * i for i in itertools.count()).__next__)
    monkeypatch.setattr("omnisim.simulation.trial.time", clock)
    found = trial(Prepared(omnisim.load_scenario("synthetic_seasonal", {"rounds": 12}), 0))
    assert (found.rounds, found.seconds) == (played, 12 * tick)


def test_as_many_rounds_are_played_as_are_needed() -> None:
    scenario = omnisim.load_scenario("synthetic_seasonal", {"rounds": 12})
    assert trial(Prepared(scenario, 0), seconds=0.0).rounds == 2
    assert trial(Prepared(scenario, 0), seconds=1e9).rounds == 12
    one = trial(Prepared(omnisim.load_scenario("synthetic_seasonal", {"rounds": 1}), 0))
    assert one.rounds == 1
    assert one.seconds > 0


def test_warnings_and_the_rounds_of_subsequences_are_told(toy: Path) -> None:
    """Ten days from a Friday on, whose prices are a small part of the scale."""
    weekend = "subsequences={all=true, weekend={feature='weekday', operator='>=', value=5}}"
    answer = omnisim_command("validate", toy, "--set", "market.high=100000", "--set", weekend)
    assert answer.code == 0
    assert answer.err.startswith("omnisim: warning: nearly all prices lie between ")
    told = [line.split(maxsplit=1)[1] for line in answer.out.splitlines() if line.startswith("  subsequence")]
    assert told == ["all: 10 rounds", "weekend: 4 rounds"]
