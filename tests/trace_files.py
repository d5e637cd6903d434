"""Records with every kind of array, on disk, to be tampered with."""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

import omnisim
from omnisim.network import Channel, Churn, Exponential, Network
from omnisim.problem.context import Context, History, Past
from omnisim.problem.mixture import Mixture
from omnisim.trace.writing import DIGESTS, as_array, digests

ROUNDS = 12


def everything(seed: int = 3) -> omnisim.Trace:
    """A run with a network, agents that come and go, several forecasters, dates, clipping, bases and limits."""
    rng = np.random.default_rng(4)

    def agents(name: str, actions: int) -> omnisim.Population:
        slope = rng.uniform(-0.2, 0.2, (3, actions, 2))
        limit = omnisim.LinearConstraint(slope, np.full((3, actions), -0.05), unit="EUR", scale=np.ones(3))
        own: dict[str, Any] = (
            {"agent_names": ["A & Co", "B", "C"], "weights": [1.0, 20.0, 0.5]} if name == "firms" else {}
        )
        utility = rng.uniform(-0.2, 0.2, (3, actions, 2))
        return omnisim.Population(name, utility, np.full((3, actions), 0.5), [limit], load=slope, paid=slope, **own)

    prices = rng.uniform(-0.4, 1.4, (ROUNDS, 2))
    outcomes = prices.clip(0.0, 1.0)
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[agents("firms", 2), agents("homes", 4)],
            adversary=omnisim.adversaries.Replay(outcomes, unclipped=prices),
            forecaster=omnisim.forecasters.DecisionCalibrated(
                [omnisim.forecasters.Persistence(), omnisim.forecasters.Climatology()], base_events=True
            ),
            other_forecasters={"second": omnisim.forecasters.Climatology()},
            subscriptions={"homes": ["forecaster", "second"]},
            elimination=omnisim.elimination.SubsequenceFirstViolation(),
            subsequences={"all": None, "even": np.arange(ROUNDS) % 2 == 0},
            dates=np.datetime64("2024-01-01") + np.arange(ROUNDS).astype("timedelta64[D]"),
            churn={"homes": Churn(join=0.3, leave=0.2)},
            network=Network(channels=[Channel(delay=Exponential(0.4), loss=0.1)]),
            past=Past(outcomes, unclipped=prices),
        ),
        seed=seed,
    )


class Beyond(omnisim.adversaries.Independent):
    """Outcomes that were clipped, of a law that is known."""

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> Mixture:
        points = np.array([[1.5, 0.25], [0.5, -0.5]])
        return Mixture(points.clip(0, 1), [0.5, 0.5], points)


def law_known() -> omnisim.Trace:
    """A run with what the other one lacks: expected violations, and predictions that were clipped."""
    limit = omnisim.LinearConstraint(np.full((2, 2, 2), 0.25), np.array([[-0.2, 0.0]] * 2))
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[
                omnisim.Population("firms", np.full((2, 2, 2), 0.25), constraints=[limit], weights=[1.5, 2.0])
            ],
            adversary=Beyond([[0.0, 0.0]]),
            forecaster=omnisim.forecasters.Persistence(),
            rounds=ROUNDS,
        )
    )


def npy(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    """The first bytes of a member that says it has this shape."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def add_zeros(path: Path, name: str, shape: tuple[int, ...]) -> None:
    """Put an array of zeros in an archive, without ever holding or packing all of it.

    A block is packed once and written as often as it takes. The checksum is wrong: nobody should read so far.
    """
    size = 8 * int(np.prod([int(n) for n in shape], dtype=object))
    block, header = bytes(1 << 24), npy(shape)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    begin = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)  # depends on nothing that came before
    times, rest = divmod(size, len(block))
    end = packer.compress(block[:rest]) + packer.flush()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}.npy", begin + times * packed + end)
        member = archive.getinfo(f"{name}.npy")
        member.compress_type, member.file_size = zipfile.ZIP_DEFLATED, len(header) + size


def sealed(arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrays of a file whose digests were made to fit, so that a change of one is noticed by what it contradicts."""
    others = {name: array for name, array in arrays.items() if name != DIGESTS}
    return others | {DIGESTS: as_array(json.dumps(digests(others)))}
