"""What is saved is what is read; what cannot be read is refused with one line."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import OutputError, TraceError
from omnisim.trace import SCHEMA_VERSION


def run(dates: bool = True) -> omnisim.Trace:
    rng = np.random.default_rng(2)
    firms = omnisim.Population(
        "firms",
        rng.uniform(-0.1, 0.1, (3, 2, 4)),
        np.full((3, 2), 0.5),
        [omnisim.LinearConstraint(rng.uniform(-0.2, 0.2, (3, 2, 4)), name="budget")],
        action_names=["on", "off"],
        money=omnisim.Money(np.array([1.0, 2.0, 3.0]), np.array([0.0, -1.0, 5.0]), "EUR"),
        load=rng.normal(size=(3, 2, 4)),
    )
    bettors = omnisim.Population("bettors", [[[0.5, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0]]])
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[firms, bettors],
            adversary=omnisim.adversaries.Seasonal(dimension=4),
            forecaster=omnisim.forecasters.Persistence(),
            elimination={
                "firms": omnisim.elimination.SubsequenceFirstViolation(),
                "bettors": omnisim.elimination.BestResponse(),
            },
            subsequences={"all": None, "ü": np.arange(8) % 3 == 0},
            rounds=8,
            dates=np.datetime64("2024-01-01") + np.arange(8).astype("timedelta64[D]") if dates else None,
            about={"source": "made up", "list": [1, 2.5, None]},
        ),
        seed=1,
    )


@pytest.fixture(scope="module")
def trace() -> omnisim.Trace:
    return run()


@pytest.fixture(scope="module")
def written(trace: omnisim.Trace, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("trace") / "trace.npz"
    trace.save(path)
    return path.read_bytes()


def same(found: omnisim.Trace, expected: omnisim.Trace) -> None:
    for name in ("outcomes", "predictions", "active"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    np.testing.assert_array_equal(found.dates, expected.dates)
    assert found.subsequences == expected.subsequences
    assert found.about == expected.about
    assert list(found.records) == list(expected.records)
    for name, record in found.records.items():
        other = expected.records[name]
        assert record.constraint_names == other.constraint_names
        for field in ("actions", "fallback", "costs", "violated_at", "eliminated_at", "expected_violated_at"):
            np.testing.assert_array_equal(getattr(record, field), getattr(other, field))
        for field in ("name", "action_names"):
            assert getattr(record.population, field) == getattr(other.population, field)
        for field in ("utility", "offset", "load"):
            np.testing.assert_array_equal(getattr(record.population, field), getattr(other.population, field))
        np.testing.assert_array_equal(record.population.money.scale, other.population.money.scale)
        np.testing.assert_array_equal(record.population.money.offset, other.population.money.offset)
        assert record.population.money.currency == other.population.money.currency


def test_round_trip(trace: omnisim.Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "deep" / "folder" / "trace.npz")
    again = omnisim.load_trace(tmp_path / "deep" / "folder" / "trace.npz")
    same(again, trace)
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "deep" / "folder" / "trace.npz").read_bytes()


def test_round_trip_without_dates(tmp_path: Path) -> None:
    undated = run(dates=False)
    undated.save(str(tmp_path / "trace.npz"))
    same(omnisim.load_trace(str(tmp_path / "trace.npz")), undated)


def test_a_trace_read_from_a_file_is_analyzed_like_the_run_itself(trace: omnisim.Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "trace.npz")
    expected, found = omnisim.analyze(trace), omnisim.analyze(omnisim.load_trace(tmp_path / "trace.npz"))
    for table in ("agents", "certificates"):
        assert getattr(found, table).equals(getattr(expected, table))


def test_a_trace_read_from_a_file_cannot_be_written_to(trace: omnisim.Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "trace.npz")
    again = omnisim.load_trace(tmp_path / "trace.npz")
    for array in (again.outcomes, again.predictions, again.active, again.actions["firms"], again.costs["firms"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_no_pickled_objects_in_the_file(written: bytes) -> None:
    with np.load(io.BytesIO(written), allow_pickle=False) as stored:
        assert {array.dtype.kind for array in dict(stored).values()} <= set("fiubM")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"absent.npz: there is no such trace"):
        omnisim.load_trace(tmp_path / "absent.npz")


def as_npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def as_npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def header(value: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"outcomes = 3\n", id="text"),
        pytest.param(as_npy(), id="a single array"),
        pytest.param(as_npz(outcomes=np.zeros(3)), id="no header"),
        pytest.param(as_npz(header=header([])), id="a header that is a list"),
        pytest.param(as_npz(header=header({})), id="a header without version"),
        pytest.param(as_npz(header=header({"schema_version": SCHEMA_VERSION})), id="nothing but a version"),
        pytest.param(as_npz(header=np.frombuffer(b"\xff{", dtype=np.uint8)), id="not JSON"),
    ],
)
def test_files_that_are_no_traces(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "trace.npz").write_bytes(content)
    with pytest.raises(TraceError, match=r"trace.npz: the trace is damaged"):
        omnisim.load_trace(tmp_path / "trace.npz")


def test_a_folder_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=f"{tmp_path}: cannot be read: "):
        omnisim.load_trace(tmp_path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short(kept: float, written: bytes, tmp_path: Path) -> None:
    (tmp_path / "trace.npz").write_bytes(written[: int(kept * len(written))])
    with pytest.raises(TraceError, match="the trace is damaged"):
        omnisim.load_trace(tmp_path / "trace.npz")


@pytest.mark.long
def test_a_flipped_bit_is_noticed_or_harmless(written: bytes, trace: omnisim.Trace, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    noticed = 0
    for position in rng.integers(0, len(written), 400):
        damaged = bytearray(written)
        damaged[position] ^= 1 << int(rng.integers(0, 8))
        (tmp_path / "trace.npz").write_bytes(damaged)
        try:
            found = omnisim.load_trace(tmp_path / "trace.npz")
        except TraceError:
            noticed += 1
        else:
            same(found, trace)
    assert noticed > 200


def test_another_schema_version(written: bytes, tmp_path: Path) -> None:
    with np.load(io.BytesIO(written)) as stored:
        arrays = dict(stored)
    known = json.loads(arrays["header"].tobytes())
    arrays["header"] = header(known | {"schema_version": SCHEMA_VERSION + 1})
    (tmp_path / "trace.npz").write_bytes(as_npz(**arrays))
    expected = rf"the trace has schema version {SCHEMA_VERSION + 1}, this omnisim reads {SCHEMA_VERSION}"
    with pytest.raises(TraceError, match=expected):
        omnisim.load_trace(tmp_path / "trace.npz")


def test_an_array_that_is_missing(written: bytes, tmp_path: Path) -> None:
    source = zipfile.ZipFile(io.BytesIO(written))
    with zipfile.ZipFile(tmp_path / "trace.npz", "w") as target:
        for item in source.infolist():
            if item.filename != "population0/costs.npy":
                target.writestr(item, source.read(item))
    with pytest.raises(TraceError, match=r"the trace is damaged .*population0/costs"):
        omnisim.load_trace(tmp_path / "trace.npz")


def test_a_place_that_cannot_be_written(trace: omnisim.Trace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"trace.npz: cannot be written"):
        trace.save(tmp_path / "file" / "trace.npz")
