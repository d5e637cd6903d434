"""What a strategy is told once."""

import numpy as np
import pytest

from omnisim.errors import ProblemError
from omnisim.problem.context import Service


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2", np.nan, [2]])
@pytest.mark.parametrize("field", ["dimension", "rounds"])
def test_a_service_has_whole_numbers(field: str, value: object) -> None:
    with pytest.raises(ProblemError, match=f"^{field} of a Service must be a whole number >= 1, got "):
        Service(**{"dimension": 2} | {field: value})  # type: ignore[arg-type]


def test_the_number_of_rounds_may_be_unknown() -> None:
    assert Service(np.int64(3)).rounds is None
