"""Archives are compressed where that makes them smaller, and read back as they were."""

import io
import zipfile

import numpy as np
import pytest

from omnisim.archives import LARGE, Archive, write

RNG = np.random.default_rng(0)
MANY = LARGE // 8 + 1_000

DRAWN = RNG.random(MANY)
"""A large array that hardly shrinks; the next ones are noise for a sixteenth, and all but a little."""
WITH_NOISE = np.where(np.arange(MANY) < MANY // 16, DRAWN, 0.5)
WITH_ORDER = np.where(np.arange(MANY) < 2_000, 0.5, DRAWN)


def written(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    write(file, arrays)
    return file.getvalue()


def methods(content: bytes) -> dict[str, int]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {member.filename: member.compress_type for member in archive.infolist()}


def test_large_arrays_are_compressed_only_if_they_shrink() -> None:
    found = methods(written({"drawn": DRAWN, "noise": WITH_NOISE, "order": WITH_ORDER, "few": DRAWN[:100]}))
    assert found == {
        "drawn.npy": zipfile.ZIP_STORED,
        "noise.npy": zipfile.ZIP_DEFLATED,
        "order.npy": zipfile.ZIP_STORED,
        "few.npy": zipfile.ZIP_DEFLATED,
    }


def test_small_ones_are_written_as_numpy_writes_them() -> None:
    arrays = {"a": RNG.random((30, 4)), "b/c": np.arange(12, dtype=np.int8), "none": np.zeros((0, 3))}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    assert written(arrays) == file.getvalue()


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["C", "F", "apart", "one number", "bool"])
def test_whatever_their_layout_they_come_back(name: str) -> None:
    table = DRAWN[: MANY // 1_000 * 1_000].reshape(-1, 1_000)
    given = {
        "C": table,
        "F": np.asfortranarray(table),
        "apart": np.repeat(table, 2, axis=0)[::2, ::-1],
        "one number": np.array(3.0),
        "bool": np.resize(RNG.random(1_000) < 0.5, (3, LARGE)),
    }[name]
    for content in (written({"it": given}), numpys({"it": given})):
        read = Archive(io.BytesIO(content)).read("it")
        np.testing.assert_array_equal(read, given)
        assert read.dtype == given.dtype


def test_parts_all_over_the_array_are_looked_at() -> None:
    """Rows of noise in turn with rows of zeros, and noise at one end only."""
    table = np.zeros((128, MANY // 128))
    table[::16] = RNG.random((8, table.shape[1]))
    ends = {"last": np.where(np.arange(MANY) > MANY // 2, DRAWN, 0.0), "first": WITH_NOISE}
    found = methods(written({"rows": table, "columns": np.asfortranarray(table.T), **ends}))
    assert set(found.values()) == {zipfile.ZIP_DEFLATED}


def numpys(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()
