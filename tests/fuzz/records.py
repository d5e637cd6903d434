"""Hostile records: traces, manifests, checkpoints and comparison folders of which something was changed."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w
from fuzz import values
from fuzz.judging import SUCCESS, UnclearError, judged
from fuzz.scenarios import BUYERS, GRAPH, MARKET
from hypothesis import strategies as st
from scenario_files import omnisim_command, write_prices
from scenario_files import prices as made_up_prices
from trace_files import everything, law_known, sealed

from omnisim.files import atomic_write
from omnisim.simulation.checkpoint import Checkpointer, books_beside
from omnisim.trace.writing import DIGESTS

Draw = Callable[..., Any]

ROUNDS = 6

TREE: dict[str, Any] = {
    "name": "recorded",
    "rounds": ROUNDS,
    "market": MARKET,
    "forecaster": {"kind": "decision_calibrated", "bases": [{"kind": "persistence"}, {"kind": "climatology"}]},
    "other_forecasters": {"second": {"kind": "ridge_autoregression", "window": 14}},
    "populations": {
        "buyers": {**BUYERS, "subscriptions": ["forecaster", "second"], "churn": {"leave": 0.2, "join": 0.5}},
        "others": {"kind": "budgeted_operators", "agents": 2, "elimination": {"kind": "hedge"}},
    },
    "network": {"channels": [{"sender": "world", "receiver": "population/*", "delay": 0.5, "loss": 0.1}]},
}

COMPARED: dict[str, Any] = {
    "name": "compared",
    "rounds": 3,
    "market": MARKET,
    "forecaster": {"kind": "persistence"},
    "populations": {"buyers": BUYERS},
}

ENTRIES: list[Any] = [0, 1, -1, 2, 7, 1e9, -1e9, 0.5, np.nan, np.inf, -np.inf, 2**31, -(2**63), 1e-12, 1e300, True]
TYPES = ["f8", "f4", "f2", "i8", "i4", "i1", "u1", "u8", "?", "c16", "U3", "M8[D]", "m8[s]", ">f8", "S2", "O", "V4"]


@dataclass(frozen=True)
class Made:
    """Folders of a finished run, of one that was killed, and of a comparison, none of them to be written to."""

    run: Path
    killed: Path
    compared: Path
    scenario: Path
    comparison: tuple[Any, ...]


@cache
def made() -> Made:
    """All of them, made once."""
    folder = Path(mkdtemp(prefix="omnisim-fuzz-"))
    write_prices(folder / "prices.csv", made_up_prices(8))
    (folder / "graph.graphml").write_text(GRAPH, encoding="utf-8")
    for name, tree in (("recorded", TREE), ("compared", COMPARED)):
        (folder / f"{name}.toml").write_text(tomli_w.dumps(tree), encoding="utf-8")
    scenario = folder / "recorded.toml"
    assert omnisim_command("run", scenario, "--out", folder / "run").code == 0
    with _killed_after(4):
        assert omnisim_command("run", scenario, "--checkpoint-every", 2, "--out", folder / "killed").code == 130
    assert (folder / "killed" / "checkpoint.npz").exists()
    comparison = ("compare", folder / "compared.toml", "--forecasters", "persistence,climatology", "--seeds", 2)
    assert omnisim_command(*comparison, "--jobs", 1, "--out", folder / "compared").code == 0
    for name, trace in (("everything", everything()), ("law", law_known())):
        (folder / name).mkdir()
        trace.save(folder / name / "trace.npz")
        manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
        manifest |= {key: trace.about.get(key) for key in ("scenario", "seed", "digest", "rounds")}
        manifest["scenario"] = trace.about.get("scenario") or "scenario"
        (folder / name / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Made(folder / "run", folder / "killed", folder / "compared", scenario, comparison)


def trace_case(draw: Draw, folder: Path) -> str:
    """``report`` of a run whose trace or manifest was changed."""
    name = draw(st.sampled_from(["run", "run", "everything", "law"]))
    out = _copied(made().run.parent / name, folder, "trace.npz", "manifest.json")
    if draw(st.integers(0, 4)) == 0:
        _change_json(draw, out / "manifest.json", ["scenario", "seed", "digest", "rounds", "versions", "command"])
    else:
        _change_archive(draw, out / "trace.npz", "header")
    return judged("report", out)


def checkpoint_case(draw: Draw, folder: Path) -> str:
    """``run --checkpoint-every`` that goes on from a state, or from rounds beside it, that was changed."""
    rounds = books_beside(Path("checkpoint.npz")).name
    out = _copied(made().killed, folder, "checkpoint.npz", rounds)
    if draw(st.integers(0, 4)) == 0:
        (out / rounds).write_bytes(values.damaged(draw, (out / rounds).read_bytes()))
    else:
        _change_archive(draw, out / "checkpoint.npz", None)
    return judged("run", made().scenario, "--checkpoint-every", 2, "--out", out)


def comparison_case(draw: Draw, folder: Path) -> str:
    """``report`` of a comparison, or the same comparison again, whose files were changed: the latter repairs them."""
    out = folder / "damaged"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(made().compared, out, ignore=shutil.ignore_patterns("report.html"))
    for _ in range(draw(st.integers(1, 2))):
        files = sorted(path for path in out.rglob("*") if path.is_file())
        path = files[draw(st.integers(0, len(files) - 1))]
        match draw(st.sampled_from(["content", "content", "content", "bytes", "gone", "other", "empty"])):
            case "content" if path.suffix == ".json":
                _change_json(draw, path, ["variants", "seeds", "reference", "confidence", "digest", "forecaster"])
            case "content" if path.suffix == ".parquet":
                _change_parquet(draw, path)
            case "gone":
                path.unlink()
            case "other":
                path.write_bytes(files[draw(st.integers(0, len(files) - 1))].read_bytes())
            case "empty":
                path.write_bytes(b"")
            case _:
                path.write_bytes(values.damaged(draw, path.read_bytes()))
    if draw(st.integers(0, 5)):
        return judged("report", out)
    found = judged(*made().comparison, "--jobs", 1, "--out", out)
    if found == SUCCESS and judged("report", out) != SUCCESS:
        raise UnclearError("a comparison that was repaired cannot be reported")
    return found


def _copied(source: Path, folder: Path, *names: str) -> Path:
    out = folder / "damaged"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in names:
        shutil.copy(source / name, out / name)
    return out


def _change_json(draw: Draw, path: Path, names: list[str]) -> None:
    try:
        tree = json.loads(path.read_bytes())
    except ValueError:
        return
    if draw(st.integers(0, 3)) == 0 or not isinstance(tree, dict | list):
        path.write_bytes(values.damaged(draw, path.read_bytes()))
    else:
        path.write_text(json.dumps(values.changed(draw, tree, names), default=str), encoding="utf-8")


def _change_archive(draw: Draw, path: Path, header: str | None) -> None:
    """Change arrays, the text that describes them, or bytes of an archive."""
    if draw(st.integers(0, 4)) == 0:
        path.write_bytes(values.damaged(draw, path.read_bytes()))
        return
    with np.load(path) as opened:
        arrays = {name: opened[name] for name in opened.files}
    texts = [name for name in arrays if name == header or (header is None and arrays[name].dtype == np.uint8)]
    seals = DIGESTS in arrays and draw(st.booleans())
    if DIGESTS in arrays:
        texts.append(DIGESTS)
    for _ in range(draw(st.integers(1, 3))):
        names = [name for name in arrays if name not in texts]
        name = names[draw(st.integers(0, len(names) - 1))] if names else ""
        match draw(
            st.sampled_from(
                ["entry", "entry", "entry", "entry", "all", "type", "shape", "drop", "add", "swap", "text", "text"]
            )
        ):
            case "text" if texts:
                _change_text(draw, arrays, texts[draw(st.integers(0, len(texts) - 1))])
            case "entry" | "all" as how if name and arrays[name].size:
                arrays[name] = _with_entry(draw, arrays[name], everywhere=how == "all")
            case "type" if name:
                arrays[name] = _converted(arrays[name], draw(st.sampled_from(TYPES)))
            case "shape" if name:
                arrays[name] = _reshaped(draw, arrays[name])
            case "drop" if name:
                del arrays[name]
            case "add":
                arrays[draw(st.sampled_from(["x", "messages/sent", "population9/actions", "bases", "a/../b", ""]))] = (
                    np.ones(3)
                )
            case "swap" if name:
                other = names[draw(st.integers(0, len(names) - 1))]
                arrays[name], arrays[other] = arrays[other], arrays[name]
    with suppress(Exception):  # what cannot be digested is refused before it is
        arrays = sealed(arrays) if seals else arrays
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array)
            archive.writestr(f"{name}.npy", content.getvalue())


def _change_text(draw: Draw, arrays: dict[str, np.ndarray], name: str) -> None:
    try:
        tree = json.loads(arrays[name].tobytes())
    except ValueError:
        return
    names = ["about", "populations", "messages", "subsequences", "rounds", "state", "run", "name", "policies", "kind"]
    text = json.dumps(values.changed(draw, tree, names), default=str).encode()
    arrays[name] = np.frombuffer(text, dtype=np.uint8)


def _with_entry(draw: Draw, array: np.ndarray, *, everywhere: bool) -> np.ndarray:
    result, value = array.copy(), draw(st.sampled_from(ENTRIES))
    places = slice(None) if everywhere else draw(st.integers(0, array.size - 1))
    with np.errstate(all="ignore"):
        try:
            result.reshape(-1)[places] = value
        except (ValueError, OverflowError, TypeError):
            return _converted(array, "f8")
    return result


def _converted(array: np.ndarray, kind: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        try:
            return array.astype(kind)
        except (ValueError, TypeError, RuntimeError):  # the last: days of the calendar in text that is too short
            return array


def _reshaped(draw: Draw, array: np.ndarray) -> np.ndarray:
    match draw(st.sampled_from(["axis", "flat", "cut", "empty", "scalar", "turned", "twice"])):
        case "axis":
            return array[..., None]
        case "flat":
            return array.reshape(-1)
        case "cut" if array.ndim:
            return array[: max(0, len(array) - 1)]
        case "empty":
            return array.reshape(-1)[:0]
        case "scalar" if array.size:
            return np.asarray(array.reshape(-1)[0])
        case "twice" if array.ndim:
            return np.concatenate([array, array])
        case _:
            return array.T


def _change_parquet(draw: Draw, path: Path) -> None:
    try:
        read = pq.read_table(path)
    except (pa.ArrowException, OSError):
        return
    frame = read.to_pandas()
    column = frame.columns[draw(st.integers(0, frame.shape[1] - 1))]
    match draw(st.sampled_from(["entry", "entry", "column", "drop", "rows", "type", "add"])):
        case "entry" if len(frame):
            row = draw(st.integers(0, len(frame) - 1))
            frame = frame.astype({column: object})
            frame.iloc[row, frame.columns.get_loc(column)] = draw(st.sampled_from([*ENTRIES, "", "x", None]))
        case "column":
            frame[column] = draw(st.sampled_from([*ENTRIES, "", "x", None]))
        case "drop":
            frame = frame.drop(columns=column)
        case "rows":
            frame = frame.iloc[draw(st.integers(0, len(frame))) :]
        case "type":
            frame[column] = frame[column].astype(str)
        case "add":
            frame["new"] = 1
    try:
        with atomic_write(path) as file:
            pq.write_table(
                pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(read.schema.metadata), file
            )
    except (pa.ArrowException, OverflowError):
        return  # a column of several types, which no file can hold


def _killed_after(rounds: int) -> Any:
    """Interrupt a run once so many rounds are over."""
    after = Checkpointer.round_is_over

    def stop(checkpointer: Checkpointer, t: int) -> None:
        after(checkpointer, t)
        if t + 1 == rounds:
            raise KeyboardInterrupt

    return mock.patch.object(Checkpointer, "round_is_over", stop)
