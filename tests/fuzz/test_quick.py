"""A few hostile cases of every kind, always the same; ``python -m tests.fuzz --cases 10000`` runs many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz.cases import CASES, prepared
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

COUNTS = {"scenario": 20, "prices": 15, "trace": 8, "checkpoint": 5, "comparison": 2}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with prepared() as made:
        yield made


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.whole
def test_success_or_a_clear_line(kind: str, folder: Path) -> None:
    @settings(max_examples=COUNTS[kind], derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def cases(data: Any) -> None:
        CASES[kind][0](data.draw, folder)

    cases()
