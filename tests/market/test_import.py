import os
import subprocess
import sys
from pathlib import Path

import pytest

import omnisim.market


def test_everything_public_exists() -> None:
    assert len(omnisim.market.__all__) == len(set(omnisim.market.__all__))
    for name in omnisim.market.__all__:
        assert hasattr(omnisim.market, name)


@pytest.mark.long
def test_importing_the_market_does_not_import_pandas() -> None:
    code = "import sys, omnisim.market; print('pandas' in sys.modules or 'pyarrow' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(  # noqa: S603 - this interpreter, a fixed line of code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "False"
