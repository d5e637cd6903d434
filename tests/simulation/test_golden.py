"""Without delays and losses a run is what it was before there were networks.

The traces in ``tests/golden`` were written by the version before networks, in schema version 1, on another processor:
two shipped scenarios with fewer agents. Reading them is the test that old files can be read.
"""

from pathlib import Path
from typing import Any

import pytest
from agreement import assert_agree, assert_tables_agree
from many_runs import differences

import omnisim
from omnisim.problem.network import Channel, Network, SmallWorld, Star, Tree

GOLDEN = Path(__file__).parents[1] / "golden"

RUNS: dict[str, dict[str, Any]] = {
    "own_prices": {"populations.buyers.agents": 4, "populations.operators.agents": 3},
    "synthetic_seasonal": {
        "rounds": 40,
        "populations.buyers.agents": 3,
        "populations.factories.agents": 2,
        "populations.operators.agents": 2,
    },
}

NETWORKS = {
    "star": Network(Star(), max_age=0),
    "tree": Network(Tree(2), [Channel(delay=0.0, loss=0.0)]),
    "small world": Network(SmallWorld(2, 0.5)),
}


def simulated(name: str, network: Network | None = None) -> omnisim.Trace:
    return omnisim.simulate(omnisim.load_scenario(name, RUNS[name]).replace(network=network))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_agrees_with_one_of_long_ago_on_another_processor(name: str) -> None:
    trace = simulated(name)
    assert_agree(trace, omnisim.load_trace(GOLDEN / f"{name}.npz"))
    assert trace.messages is None
    for record in trace.records.values():
        assert (record.heard, record.defaulted, record.settled_at, record.present) == (None, None, None, None)


@pytest.mark.parametrize(("name", "network"), [(name, network) for name in RUNS for network in NETWORKS
                                               if (name, network) != ("own_prices", "small world")])  # fmt: skip
def test_an_ideal_network_changes_no_byte(name: str, network: str, tmp_path: Path) -> None:
    # A ring of neighbours needs three populations, which own_prices has not.
    for folder, chosen in {"without": None, "with": NETWORKS[network]}.items():
        (tmp_path / folder).mkdir()
        simulated(name, chosen).save(tmp_path / folder / "trace.npz")
    assert [each for each in differences(tmp_path / "without", tmp_path / "with") if "header" not in each] == []


@pytest.mark.parametrize("name", RUNS)
def test_a_trace_of_schema_version_1_is_analyzed_as_a_run_without_network(name: str) -> None:
    golden = omnisim.load_trace(GOLDEN / f"{name}.npz")
    old, new = omnisim.analyze(golden), omnisim.analyze(simulated(name))
    # Version 1 did not record what was clipped: its money is the one at the clipped prices.
    agents = old.agents.assign(money=new.agents["money"])
    assert_tables_agree(new.agents, agents, golden.rounds)
    assert_tables_agree(
        new.agents[["money_clipped"]], old.agents[["money"]].set_axis(["money_clipped"], axis=1), golden.rounds
    )
    # Nor what its rules guarantee, which no name of a class can tell: nothing is claimed but what is checked always.
    always = new.certificates["theorem"].isin(["Assumption 1", "Section 2"])
    told = old.certificates["theorem"] == "none"
    assert_tables_agree(
        new.certificates[always].reset_index(drop=True), old.certificates[~told].reset_index(drop=True), golden.rounds
    )
    assert old.certificates[told]["population"].tolist() == list(golden.records)
    assert len(old.messages) == 0
