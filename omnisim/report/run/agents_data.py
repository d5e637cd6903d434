"""Data of single agents in the page, so that a reader can choose any of them.

The page's script computes an agent's money and regret from its actions, its utilities and the outcomes, by the same
formulas as the analysis; what it needs is embedded as numbers, compressed:

.. code-block:: text

    length of the header, 4 bytes; the header as JSON; zeros up to a multiple of 8; the arrays, each at such a multiple

Where not all agents fit, the page holds the worst, the best and the median of each population, and then those next to
the ends.
"""

import base64
import gzip
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.analysis import Analysis
from omnisim.analysis.benchmark import benchmark_of
from omnisim.analysis.units import units
from omnisim.analysis.worth import choices
from omnisim.arrays import FloatArray, IntArray
from omnisim.report.figures.actions import LEAVING
from omnisim.report.figures.elimination import set_name
from omnisim.report.figures.style import translucent
from omnisim.report.selection import broadest, ranked, shown_populations
from omnisim.report.text import count, few, listing

MOST_BYTES = 450_000
"""Largest size of the agents' data in a page, in bytes."""

_MOST_NUMBERS = 40_000_000
"""Numbers that are compressed at most, whatever fits: more would take longer than the rest of the page."""

_SAMPLE = 24
"""Agents of a population from which the room that one takes is estimated."""

_ALIGNED = 8


@dataclass(frozen=True)
class AgentsData:
    """The agents that a page holds.

    Attributes
    ----------
    packed
        In base64; empty where nothing fits.
    populations
        Names of the populations to choose from.
    loaded
        Whether any of them has loads, and so schedules to draw.
    note
        Which agents the page holds, and where the others are.
    """

    packed: str
    populations: list[str]
    loaded: bool
    note: str


def agents_data(analysis: Analysis, room: int, agents_file: str | None) -> AgentsData:
    """Pack as many agents as fit into ``room`` bytes of a page, and name the file that has all of them."""
    trace = analysis.trace
    names = shown_populations(trace)
    order = {name: _order(analysis, name) for name in names}
    room = min(room, MOST_BYTES)
    share = min(1.0, _estimate(analysis, order, room))
    packed = ""
    while share > 0:
        kept = {name: _kept(order[name], share) for name in names}
        packed = _pack(analysis, kept)
        if len(packed) <= room:
            break
        smallest = all(len(kept[name]) <= _LEAST for name in names)
        share, packed = (0.0 if smallest else share * min(0.9, 0.95 * room / len(packed))), ""
    where = f"the file {agents_file} beside this page" if agents_file else "analysis.agents"
    if not packed:
        note = f"Single agents cannot be chosen on this page: their record is too large for it. All are in {where}."
        return AgentsData("", [], loaded=False, note=note)
    loaded = any(trace.records[name].population.load is not None for name in names)
    return AgentsData(packed, names, loaded, _note(analysis, kept, where))


_LEAST = 3
"""Agents of a population that are kept first: the worst, the best and the median."""


def _note(analysis: Analysis, kept: Mapping[str, IntArray], where: str) -> str:
    trace = analysis.trace
    parts = []
    for name, agents in kept.items():
        total = trace.records[name].population.agents
        if len(agents) < total:
            parts.append(f"{len(agents):,} of the {total:,} agents of {name}")
    missing = [name for name in trace.records if name not in kept]
    if not parts and not missing:
        return "Any agent can be chosen, by its population and its number, or by a click on its number in the table."
    said = []
    if parts:
        said.append(
            f"To choose from are {listing(parts)}: the worst, the best and the median in money against persistence, "
            "and those next to the ends"
        )
    if missing:
        said.append(f"agents of {count(len(missing), 'population')} ({listing(few(missing, 3))}) are left out")
    return f"{'; '.join(said)}. The numbers of all agents are in {where}, and their actions in the trace."


def _order(analysis: Analysis, name: str) -> IntArray:
    """The agents in the order in which they are kept: worst, best, median, and then the others from both ends."""
    worst_first = ranked(analysis.worth[name], broadest(analysis.trace))[::-1]
    size = len(worst_first)
    ends = np.empty(size, dtype=np.int64)
    ends[0::2], ends[1::2] = worst_first[: (size + 1) // 2], worst_first[::-1][: size // 2]
    median = worst_first[size // 2]
    ahead = list(dict.fromkeys([*ends[:2].tolist(), int(median)]))
    return np.concatenate([ahead, ends[~np.isin(ends, ahead)]])


def _kept(order: IntArray, share: float) -> IntArray:
    """The first agents of an order, by their numbers."""
    return np.sort(order[: max(_LEAST, int(np.ceil(share * len(order))))])


def _estimate(analysis: Analysis, order: Mapping[str, IntArray], room: int) -> float:
    """About the share of the agents that fits; 1 where all do."""
    trace = analysis.trace
    total = sum(len(agents) for agents in order.values())
    if total <= _SAMPLE * len(order):
        return 1.0
    few = {name: np.sort(agents[:_SAMPLE]) for name, agents in order.items()}
    alone = len(_pack(analysis, {name: agents[:1] for name, agents in few.items()}))
    sampled = len(_pack(analysis, few))
    extra = max(1, sum(map(len, few.values())) - len(few))
    fits = max(0.0, room - alone) / max(1.0, (sampled - alone) / extra)
    numbers = sum(
        trace.records[name].population.utility.size + 3 * trace.rounds * len(agents) for name, agents in order.items()
    )
    return min(fits / total, _MOST_NUMBERS / numbers)


def _pack(analysis: Analysis, kept: Mapping[str, IntArray]) -> str:
    trace, unit = analysis.trace, units(analysis.trace)
    k = broadest(trace)
    arrays: list[np.ndarray] = []
    placed: list[dict[str, Any]] = []

    def put(values: np.ndarray) -> int:
        """Keep an array and return its number."""
        at = sum(_padded(known.nbytes) for known in arrays)
        arrays.append(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")))
        placed.append({"type": values.dtype.str[1:], "shape": list(values.shape), "at": at})
        return len(arrays) - 1

    header = {
        "outcomes": put(trace.true_outcomes.astype(np.float32)),
        "active": put(trace.active[:, k].astype(np.uint8)),
        "dates": None if trace.dates is None else [str(day) for day in trace.dates],
        "word": unit.round,
        "colours": {how: (colour, translucent(colour, 0.2)) for how, colour in LEAVING.items()},
        "populations": [_population(analysis, name, agents, put) for name, agents in kept.items()],
        "arrays": placed,
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    data = struct.pack("<I", len(text)) + text
    data += bytes(_padded(len(data)) - len(data))
    body = b"".join(array.tobytes() + bytes(_padded(array.nbytes) - array.nbytes) for array in arrays)
    return base64.b64encode(gzip.compress(data + body, compresslevel=6, mtime=0)).decode("ascii")


def _population(analysis: Analysis, name: str, agents: IntArray, put: Any) -> dict[str, Any]:
    trace = analysis.trace
    record, k = trace.records[name], broadest(trace)
    population = record.population
    order = ranked(analysis.worth[name], k)
    chosen = choices(trace, name, agents)
    _, violated_at = benchmark_of(trace, name)
    # As the figures draw it: in MW where periods are shorter than an hour.
    power = None if population.load is None else population.load[agents] / (units(trace).hours or 1.0)
    utility, load, ratio = _utility_and_load(population.utility[agents], power)
    sets = record.eliminated_at.shape[2]
    return {
        "name": name,
        "size": population.agents,
        "currency": population.money.currency,
        "actionNames": list(population.action_names),
        "sets": [set_name(trace, record, i) for i in range(sets)],
        "worst": int(order[-1]),
        "best": int(order[0]),
        "median": int(order[(len(order) - 1) // 2]),
        "agents": agents.tolist(),
        "names": None if population.agent_names is None else [population.agent_names[n] for n in agents],
        # Agent by agent, so that what one needs lies together; one more than the action, 0 where it was absent.
        "choices": put((chosen.transpose(2, 0, 1) + 1).astype(_smallest(population.actions + 1))),
        "fallback": put(record.fallback[:, agents].T.astype(np.uint8)),
        "utility": put(utility),
        "offset": put(population.offset[agents].astype(np.float64)),
        "load": None if load is None else put(load),
        "loadOverUtility": None if ratio is None else put(ratio),
        "lasts": put(violated_at[agents, :, k].astype(_smallest(trace.rounds + 1))),
        "left": put(record.eliminated_at[agents].astype(_smallest(trace.rounds + 1))),
        "scale": put(population.money.scale[agents].astype(np.float64)),
        "fixed": put(population.money.offset[agents].astype(np.float64)),
    }


def _utility_and_load(
    utility: FloatArray, load: FloatArray | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Utilities (n, A, d) and loads; only a factor per agent where loads are proportional to utilities."""
    small = utility.astype(np.float32)
    if load is None:
        return small, None, None
    if load.shape != utility.shape:  # outcomes have signals behind the prices
        return small, load.astype(np.float32), None
    flat, drawn = utility.reshape(len(utility), -1), load.reshape(len(load), -1)
    squares = (flat * flat).sum(axis=1)
    ratio = np.divide((flat * drawn).sum(axis=1), squares, out=np.zeros(len(flat)), where=squares > 0)
    if np.allclose(flat * ratio[:, None], drawn, rtol=1e-6, atol=1e-9 * np.abs(drawn).max(initial=1.0)):
        return small, None, ratio
    return small, load.astype(np.float32), None


def _smallest(values: int) -> Any:
    """The smallest type that holds so many values."""
    return np.uint8 if values <= 1 << 8 else np.uint16 if values <= 1 << 16 else np.uint32


def _padded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
