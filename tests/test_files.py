"""A file is replaced at once or not at all."""

import os
from pathlib import Path

import pytest

from omnisim.errors import OutputError
from omnisim.files import atomic_write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writing_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"
    for content in (b"first", b"second"):
        with atomic_write(path) as file:
            file.write(content)
        assert path.read_bytes() == content
    assert names(path.parent) == ["file.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file.bin"]


def test_an_exception_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "file.bin") as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_nobody_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    with atomic_write(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"


def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with atomic_write(tmp_path / "file.bin"):
        pass
    assert (tmp_path / "file.bin").stat().st_mode == plain.stat().st_mode
    before = os.umask(0o077)
    try:
        with atomic_write(tmp_path / "private.bin"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "private.bin").stat().st_mode & 0o777 == 0o600


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(OutputError, match=r"file.bin: cannot be written: "),
        atomic_write(tmp_path / "file" / "file.bin"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "content").write_text("kept")
    with pytest.raises(OutputError, match=r"folder: cannot be written: "), atomic_write(tmp_path / "folder"):
        pass
    assert names(tmp_path) == ["file", "folder"]
