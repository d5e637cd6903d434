"""Formats that are ruled out at a glance are those that could read nothing: pandas is asked about every one of them."""

import itertools

import pandas as pd
import pytest
from examples import Suite

from omnisim.market import moments


def written(pattern: str) -> set[str]:
    """Moments in this format, as people write them, and not quite."""
    found = set()
    for stamp in map(pd.Timestamp, ("2021-01-02 03:04:05", "1999-11-30 23:59:59.25", "2024-05-07 12:00")):
        cell = stamp.strftime(pattern)
        found |= {cell, cell.lower(), cell.upper(), cell.replace("0", ""), cell.replace(" 0", " "), cell[:-1]}
        found |= {cell.replace(" ", "  "), cell.replace(" ", "\t"), cell.replace(".0", "."), f"{cell}0", f"{cell}Z"}
        found.add(stamp.strftime(pattern).replace("02", " 2"))
    return found


@pytest.mark.long
@pytest.mark.sampled
def test_whatever_a_format_reads_has_its_shape() -> None:
    patterns = sorted({
        each
        for day, time in itertools.product(moments._DAYS, moments._CLOCKS)
        for each in (day + time, day + time.replace(" ", "T", 1))
    })  # fmt: skip
    cells = sorted(set().union(*map(written, patterns)))
    assert len(cells) > 1000
    ruled_out = 0
    tried = patterns if Suite.long else patterns[::7]
    for pattern in tried:
        shape = moments._shape(pattern)
        read = pd.to_datetime(pd.Series(cells), format=pattern, errors="coerce").notna()
        assert read.any()
        shaped = [shape.fullmatch(cell) is not None for cell in cells]
        assert not [cell for cell, could, did in zip(cells, shaped, read, strict=True) if did and not could]
        ruled_out += len(cells) - sum(shaped)
    assert ruled_out > 0.9 * len(cells) * len(tried)  # or nothing is gained
