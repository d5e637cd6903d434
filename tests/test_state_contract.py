"""The contract suite notices a strategy that remembers more than a checkpoint would hold."""

import copy
from typing import Any

import pytest

from omnisim import testing
from omnisim.errors import StrategyError
from omnisim.forecasters import Climatology, Persistence


class Forgetful(Climatology):
    """Leaves out of its copies what it learnt, except of deep ones."""

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_count": 1}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Forgetful":
        made = type(self).__new__(type(self))
        made.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return made


class Opened(Persistence):
    """Holds something that is no data: it can have no checkpoints, which is not against the contract."""

    def _start(self) -> None:
        super()._start()
        self._pending = map(float, ["1"])


def test_state_beyond_the_attributes_is_noticed() -> None:
    with pytest.raises(StrategyError, match="Forgetful remembers more than its attributes: it differs after they were"):
        testing.check_forecaster(Forgetful())


@pytest.mark.long
def test_what_cannot_be_stored_is_allowed() -> None:
    testing.check_forecaster(Opened(2))
