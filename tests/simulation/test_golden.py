"""Without delays and losses a run is what it was before there were networks, byte for byte.

The traces in ``tests/golden`` were written by the version before networks, in schema version 1: two shipped scenarios
with fewer agents. Reading them is the test that old files can be read.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.problem.network import Channel, Network, SmallWorld, Star, Tree
from omnisim.scenario import shipped

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
    "none": None,
    "star": Network(Star(), max_age=0),
    "tree": Network(Tree(2), [Channel(delay=0.0, loss=0.0)]),
    "small world": Network(SmallWorld(2, 0.5)),
}


def bytes_of(trace: omnisim.Trace) -> dict[str, bytes]:
    """Every array that the version before networks recorded."""
    found = {name: getattr(trace, name).tobytes() for name in ("outcomes", "predictions", "active")}
    assert trace.mixtures is not None
    found |= {"mixtures." + name: getattr(trace.mixtures, name).tobytes() for name in ("support", "weights", "starts")}
    found |= {"diagnostics." + name: values.tobytes() for name, values in trace.diagnostics.items()}
    for name, record in trace.records.items():
        for field in ("actions", "fallback", "costs", "violated_at", "eliminated_at", "expected_violated_at"):
            array = getattr(record, field)
            found[f"{name}.{field}"] = b"" if array is None else np.ascontiguousarray(array).tobytes()
        found[f"{name}.utility"] = record.population.utility.tobytes()
    return found


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", RUNS)
def test_an_ideal_network_changes_no_byte(name: str, network: str) -> None:
    scenario = omnisim.load_scenario(shipped.folder() / f"{name}.toml", RUNS[name])
    if network == "small world" and len(scenario.populations) < 3:
        pytest.skip("a ring of neighbours needs three populations")
    trace = omnisim.simulate(scenario.replace(network=NETWORKS[network]) if NETWORKS[network] else scenario)
    golden = omnisim.load_trace(GOLDEN / f"{name}.npz")
    assert bytes_of(trace) == bytes_of(golden)
    assert trace.messages is None
    for record in trace.records.values():
        assert (record.heard, record.defaulted, record.settled_at, record.present) == (None, None, None, None)


@pytest.mark.parametrize("name", RUNS)
def test_a_trace_of_schema_version_1_is_analyzed_as_a_run_without_network(name: str) -> None:
    golden = omnisim.load_trace(GOLDEN / f"{name}.npz")
    fresh = omnisim.simulate(omnisim.load_scenario(shipped.folder() / f"{name}.toml", RUNS[name]))
    old, new = omnisim.analyze(golden), omnisim.analyze(fresh)
    # Version 1 did not record what was clipped: its money is the one at the clipped prices.
    assert old.agents.drop(columns="money").equals(new.agents.drop(columns="money"))
    assert old.agents["money"].equals(new.agents["money_clipped"])
    # Nor what its rules guarantee, which no name of a class can tell: nothing is claimed but what is checked always.
    always = new.certificates["theorem"].isin(["Assumption 1", "Section 2"])
    told = old.certificates["theorem"] == "none"
    assert old.certificates[~told].reset_index(drop=True).equals(new.certificates[always].reset_index(drop=True))
    assert old.certificates[told]["population"].tolist() == list(golden.records)
    assert len(old.messages) == 0
