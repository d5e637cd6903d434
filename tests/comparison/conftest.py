"""The small comparison, which nobody changes."""

import pytest
from small_comparison import compared

import omnisim


@pytest.fixture(scope="session")
def comparison() -> omnisim.Comparison:
    return compared()
