"""What a page holds of single agents, unpacked as its format says, against the record; and as much of it as fits."""

import base64
import gzip
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from omnisim.analysis import Analysis
from omnisim.report.run.agents_data import agents_data


def unpacked(packed: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The header and the arrays."""
    data = gzip.decompress(base64.b64decode(packed))
    [length] = struct.unpack("<I", data[:4])
    header = json.loads(data[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    arrays = []
    for place in header["arrays"]:
        assert place["at"] % 8 == 0
        size = int(np.prod(place["shape"]))
        found = np.frombuffer(data, np.dtype(place["type"]).newbyteorder("<"), size, start + place["at"])
        arrays.append(found.reshape(place["shape"]))
    last = header["arrays"][-1]
    end = start + last["at"] + arrays[-1].nbytes
    assert len(data) == -(-end // 8) * 8
    return header, arrays


def gains(analysis: Analysis, name: str) -> np.ndarray:
    """Money of each agent more than with persistence, by the table of agents."""
    value = analysis.value
    own = value[(value["population"] == name) & (value["subsequence"] == "all")]
    return own.sort_values("agent")["gain"].to_numpy()


@pytest.mark.parametrize("way", ["market", "turned"])
def test_all_agents_where_they_fit(way: str, request: pytest.FixtureRequest) -> None:
    """The subsequence of all days is the first, or the last: regret and ranks are on it in both cases."""
    market: Analysis = request.getfixturevalue(way)
    found = agents_data(market, 10**6, None)
    header, arrays = unpacked(found.packed)
    trace = market.trace
    k = trace.subsequences.index("all")
    np.testing.assert_allclose(arrays[header["outcomes"]], trace.unclipped_outcomes, rtol=1e-6)
    np.testing.assert_array_equal(arrays[header["active"]], trace.active[:, k])
    assert header["dates"] == [str(day) for day in trace.dates]
    assert [each["name"] for each in header["populations"]] == found.populations == list(trace.records)
    for each in header["populations"]:
        record, gain = trace.records[each["name"]], gains(market, each["name"])
        population = record.population
        assert each["agents"] == list(range(population.agents))
        assert each["size"] == population.agents
        assert (each["worst"], each["best"]) == (gain.argmin(), gain.argmax())
        assert (gain < gain[each["median"]]).sum() in (len(gain) // 2 - 1, len(gain) // 2)
        assert (each["currency"], each["names"]) == ("USD", None)
        assert each["actionNames"] == list(population.action_names)
        assert each["sets"] == list(trace.subsequences)
        for n in range(population.agents):
            np.testing.assert_array_equal(arrays[each["choices"]][n, 0], record.actions[:, n] + 1)
            np.testing.assert_array_equal(arrays[each["fallback"]][n], record.fallback[:, n])
            np.testing.assert_allclose(arrays[each["utility"]][n], population.utility[n], rtol=1e-6)
            np.testing.assert_allclose(arrays[each["offset"]][n], population.offset[n])
            np.testing.assert_allclose(arrays[each["load"]][n], population.load[n], rtol=1e-5)
            np.testing.assert_array_equal(arrays[each["left"]][n], record.eliminated_at[n])
            np.testing.assert_array_equal(arrays[each["lasts"]][n], record.violated_at[n, :, k])
            np.testing.assert_allclose(arrays[each["scale"]][n], population.money.scale[n])
            np.testing.assert_allclose(arrays[each["fixed"]][n], population.money.offset[n])
    assert found.loaded


@pytest.mark.parametrize("room", [60_000, 120_000, 240_000])
def test_as_many_as_fit_from_both_ends(make: Callable[..., Analysis], room: int) -> None:
    analysis = make(populations={"many": 700, "more": 300}, rounds=30, currency="EUR")
    found = agents_data(analysis, room, None)
    assert room / 2 < len(found.packed) <= room
    header, _ = unpacked(found.packed)
    for each in header["populations"]:
        gain, kept = gains(analysis, each["name"]), len(each["agents"])
        assert 3 < kept < each["size"]
        assert f"{kept:,} of the {each['size']:,} agents of {each['name']}" in found.note
        order = np.argsort(gain, kind="stable").tolist()
        assert {order[0], order[-1], each["median"]} <= set(each["agents"])
        # Those left out are in the middle, but for the median itself.
        others = [agent for agent in order if agent != each["median"]]
        left = [place for place, agent in enumerate(others) if agent not in each["agents"]]
        assert left == list(range(left[0], left[-1] + 1))
        assert abs(left[0] - (len(others) - 1 - left[-1])) <= 1
    share = [len(each["agents"]) / each["size"] for each in header["populations"]]
    assert share[0] == pytest.approx(share[1], abs=0.01)
