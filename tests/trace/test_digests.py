"""What was changed within its range contradicts nothing: it is noticed because the file says what was written."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import TraceError


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as opened:
        return dict(opened)


def slightly_changed(array: np.ndarray) -> np.ndarray:
    """The same with another last entry: the other truth, one day or one round off, or a billionth."""
    changed = array.copy()
    last = (-1,) * array.ndim
    match array.dtype.kind:
        case "b":
            changed[last] = not changed[last]
        case "f":
            value = changed[last] if np.isfinite(changed[last]) else 1.0
            changed[last] = value + 1e-9 if value < 0.5 else value - 1e-9
        case _:
            changed[last] = changed[last] + (1 if changed[last] <= changed.flat[0] else -1)
    assert changed.tobytes() != array.tobytes()
    return changed


@pytest.mark.long
def test_no_array_can_be_changed_without_a_word(
    recorded: Path, recorded_with_law: Path, tampered: Callable[..., Path]
) -> None:
    silent = []
    for path in (recorded, recorded_with_law):
        for name, array in arrays_of(path).items():
            if name in ("header", "digests") or not array.size:
                continue
            changed = slightly_changed(array)
            forged = tampered(lambda arrays, _, n=name, a=changed: arrays.__setitem__(n, a), path, seal=False)
            with pytest.raises(TraceError) as refused:
                omnisim.load_trace(forged)
            # What it contradicts is told first; otherwise the line names it.
            if "is not what was written" in str(refused.value):
                assert f"({name}: is not what was written)" in str(refused.value)
                silent.append(name)
    assert {"population0/true_costs", "population0/defaulted", "population0/money_scale"} <= set(silent)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["populations"][0].update(currency="USD"),
        lambda header: header["populations"][0]["action_names"].reverse(),
        lambda header: header["about"].update(forecaster="another"),
        lambda header: header["subsequences"].reverse(),
    ],
)
def test_the_header_cannot_be_changed_without_a_word(
    change: Callable[[Any], Any], tampered: Callable[..., Path]
) -> None:
    with pytest.raises(TraceError, match=r"trace\.npz: the trace is damaged \(header: is not what was written\)"):
        omnisim.load_trace(tampered(lambda _, header: change(header), seal=False))


def test_the_digests_are_those_of_names_types_shapes_and_bytes(recorded: Path) -> None:
    arrays = arrays_of(recorded)
    told = json.loads(arrays.pop("digests").tobytes())
    assert told.keys() == arrays.keys()
    for name, array in arrays.items():
        text = f"{name} {array.dtype.str} {array.shape}"
        assert told[name] == hashlib.sha256(text.encode() + array.tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("digests", "says"),
    [
        (None, "it has no digests"),
        (b"[1]", "digests|dictionary|object"),
        (b"{}", "is not what was written"),
        (b'{"header": 3}', "header is 3"),
        (b"{", "damaged"),
    ],
)
def test_digests_that_are_damaged(digests: bytes | None, says: str, recorded: Path, tmp_path: Path) -> None:
    arrays = arrays_of(recorded)
    del arrays["digests"]
    if digests is not None:
        arrays["digests"] = np.frombuffer(digests, dtype=np.uint8)
    np.savez(tmp_path / "trace.npz", **arrays)
    with pytest.raises(TraceError, match=says) as refused:
        omnisim.load_trace(tmp_path / "trace.npz")
    assert "\n" not in str(refused.value)


def test_older_traces_have_none(recorded: Path, tmp_path: Path) -> None:
    arrays = arrays_of(recorded)
    del arrays["digests"]
    header = json.loads(arrays["header"].tobytes()) | {"schema_version": 4}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(tmp_path / "trace.npz", **arrays)
    assert omnisim.load_trace(tmp_path / "trace.npz").rounds == omnisim.load_trace(recorded).rounds


def test_a_trace_that_was_read_and_written_again_is_fine(recorded: Path, tmp_path: Path) -> None:
    omnisim.load_trace(recorded).save(tmp_path / "again.npz")
    again, first = arrays_of(tmp_path / "again.npz"), arrays_of(recorded)
    assert json.loads(again["digests"].tobytes()) == json.loads(first["digests"].tobytes())


def test_true_costs_are_the_costs_where_nothing_was_clipped(recorded: Path, tampered: Callable[..., Path]) -> None:
    arrays = arrays_of(recorded)
    fine = (arrays["unclipped_outcomes"] == arrays["outcomes"]).all(axis=1)
    assert 0 < fine.sum() < len(fine)

    def change(arrays: dict[str, np.ndarray], _: Any) -> None:
        costs = arrays["population1/true_costs"].copy()
        costs[np.flatnonzero(fine)[0]] -= 0.01
        arrays["population1/true_costs"] = costs

    place = np.flatnonzero(fine)[0]
    with pytest.raises(TraceError, match=rf"population1/true_costs\[{place}, 0, 0\] is .*: it must be as in costs"):
        omnisim.load_trace(tampered(change))
