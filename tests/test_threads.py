"""Threads of libraries that compute: how many they may take in a block, those included that are loaded late."""

import json
import subprocess
import sys

import pytest

LATE = """
import json, sys
import numpy
from threadpoolctl import threadpool_info
from omnisim.threads import at_most_threads

def threads():
    return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

with at_most_threads(1):
    early = threads()
import scipy.linalg
before = threads()
with at_most_threads(1):
    inside = threads()
print(json.dumps([early, before, inside, threads()]))
"""


@pytest.mark.long
def test_a_library_that_came_with_a_later_import_is_limited_too() -> None:
    """SciPy's linear algebra is a library of its own, which is there only once SciPy is."""
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    early, before, inside, after = json.loads(done.stdout)
    if set(early) == set(before):
        pytest.skip("one library serves both")
    assert set(early) < set(inside) == set(before)
    assert {*early.values(), *inside.values()} == {1}
    assert after == before
