"""Archives of arrays (``.npz``) that are looked at before they are read, and written as small as is worth its time.

The directory of the archive and the first bytes of every member say how much each array takes in memory. All of that is
checked before anything is allocated, so that a file of a few kilobytes cannot ask for gigabytes.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from omnisim.memory import GIGABYTE, physical_memory, shown

_MEMBER = ".npy"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}

SUSPECT = GIGABYTE
"""Bytes in memory from which the compression of an archive is looked at."""

MOST_COMPRESSED = 100
"""Times that an archive of that size may be larger in memory than on disk.

The record of a run is 5 to 60 times larger, an array of nothing but zeros 1,000 times.
"""


LARGE = 4_000_000
"""Bytes of an array from which it counts how long compressing takes: numbers drawn at random take 30 s a gigabyte."""

_SAMPLES, _SAMPLE = 16, 1 << 15
"""Parts of a large array that are compressed to see whether it shrinks, and bytes of each: a window of the method."""

_SHRINKS = 0.9
"""Part of its bytes that a large array must at most take for being compressed."""


@dataclass(frozen=True)
class Form:
    """Shape and type of an array that was not read yet."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Archive:
    """An ``.npz`` file that is open for reading.

    Parameters
    ----------
    file
        Binary, seekable.

    Attributes
    ----------
    forms
        Shape and type of every array, by name.

    Raises
    ------
    Exception
        Any, if it is damaged or no archive of arrays: to be used inside :func:`omnisim.reading.reading`. ``ValueError``
        if it would take more memory than there is, or is compressed as no record is.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)
        members = self._zip.infolist()
        packed, unpacked = file.seek(0, 2), sum(member.file_size for member in members)
        _refuse_too_large(packed, unpacked)
        self._names: dict[str, str] = {}
        forms: dict[str, Form] = {}
        for member in members:
            name = member.filename.removesuffix(_MEMBER)
            if name in forms:
                raise ValueError(f"it has two arrays named {name!r}")
            with self._zip.open(member) as content:
                forms[name] = _form(name, content, member.file_size)
            self._names[name] = member.filename
        self.forms: Mapping[str, Form] = forms

    def __iter__(self) -> Iterator[str]:
        return iter(self.forms)

    def read(self, name: str) -> np.ndarray:
        """One array."""
        if name not in self._names:
            raise ValueError(f"it has no array {name}")
        with self._zip.open(self._names[name]) as content:
            return np.asarray(np.lib.format.read_array(content, allow_pickle=False))


def write(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write an ``.npz`` file: compressed, but for large arrays that hardly shrink.

    Small arrays are compressed as well as can be, large ones fast, if parts of them show that they shrink.
    """
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            archive.compression, archive.compresslevel = _method(array)
            with archive.open(name + _MEMBER, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _method(array: np.ndarray) -> tuple[int, int | None]:
    """Method and level of compression."""
    if array.nbytes < LARGE:
        return zipfile.ZIP_DEFLATED, None
    # In the order in which it is written, which is that of memory where it can be.
    order = array.T if array.flags.f_contiguous else array
    flat = np.ascontiguousarray(order).reshape(-1).view(np.uint8)
    starts = np.linspace(0, flat.size - _SAMPLE, _SAMPLES).astype(np.int64)
    packed = sum(len(zlib.compress(flat[start : start + _SAMPLE].tobytes(), 1)) for start in starts)
    shrinks = packed <= _SHRINKS * _SAMPLES * _SAMPLE
    return (zipfile.ZIP_DEFLATED, 1) if shrinks else (zipfile.ZIP_STORED, None)


def digest(arrays: Mapping[str, np.ndarray], text: str = "") -> str:
    """SHA-256 of a text and of arrays with their names, shapes and types, in hexadecimal.

    >>> digest({"x": np.zeros(2)}) == digest({"x": np.zeros((2, 1))})
    False
    """
    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def form_of(file: IO[bytes]) -> Form:
    """Shape and type of the array in a ``.npy`` file, from its first bytes.

    Raises
    ------
    Exception
        As :class:`Archive`.
    """
    size = file.seek(0, 2)
    file.seek(0)
    _refuse_too_large(size, size)
    return _form("it", file, size)


def _form(name: str, content: IO[bytes], size: int) -> Form:
    version = np.lib.format.read_magic(content)
    if version not in _HEADERS:
        raise ValueError(f"{name} has version {version} of the format of arrays")
    shape, _, dtype = _HEADERS[version](content)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects: an array of numbers is needed")
    # In Python's whole numbers, which do not overflow.
    needed = dtype.itemsize
    for length in shape:
        needed *= length
    if min(shape, default=0) < 0 or needed != size - content.tell():
        raise ValueError(f"{name} says that it has shape {shape}, but takes {size - content.tell():,} bytes")
    return Form(tuple(shape), dtype)


def _refuse_too_large(packed: int, unpacked: int) -> None:
    memory = physical_memory()
    if memory is not None and unpacked > memory:
        raise ValueError(f"it unpacks to {shown(unpacked)}: this machine has {shown(memory)} of memory")
    if unpacked > SUSPECT and unpacked > MOST_COMPRESSED * packed:
        raise ValueError(
            f"it unpacks to {shown(unpacked)}, {unpacked // max(1, packed):,} times its size: no record of a run does"
        )
