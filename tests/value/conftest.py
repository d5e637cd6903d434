"""What the tests of ``omnisim value`` share."""

import pytest
from value_laboratory import Laboratory, laboratory_in


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return laboratory_in(tmp_path_factory.mktemp("value"))
