"""A forecaster of one's own in a scenario, through --plugin."""

import json
from pathlib import Path

import numpy as np
import pytest
from scenario_files import omnisim_commands_elsewhere, prices, refusal, write_scenario

import omnisim

MODULE = '''
import numpy as np

from omnisim.strategies.forecasters.base import Forecaster


class MovingMedian(Forecaster):
    """Predicts the median of the last outcomes."""

    def __init__(self, window: int = 3) -> None:
        if window < 1:
            raise ValueError(f"window must be at least 1, got {window}")
        self.window = window

    def _start(self) -> None:
        self._seen = [np.full(self.service.dimension, 0.5)]

    def _predict(self, context):
        return np.median(self._seen[-self.window :], axis=0)

    def _update(self, outcome) -> None:
        self._seen.append(outcome)
'''

USE = "forecaster={kind='moving_median', window=1}"


@pytest.mark.whole
def test_a_module_in_the_current_folder_is_run_checked_and_listed_like_ours(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    (tmp_path / "medians.py").write_text(MODULE)
    commands = [
        ["run", path.name, "--set", USE, "--out", "out"],
        ["list", "forecasters"],
        ["validate", "--schema"],
        ["validate", path.name, "--set", USE.replace("1", "0")],
    ]
    done, listed, form, bad = omnisim_commands_elsewhere([[*c, "--plugin", "medians"] for c in commands], tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == str(Path("out", "report.html"))
    trace = omnisim.load_trace(tmp_path / "out" / "trace.npz")
    np.testing.assert_allclose(trace.predictions[1:], prices()[:-1] / 100, rtol=1e-15)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["command"] == "omnisim run scenario.toml --plugin medians"

    assert listed.out.endswith("moving_median  window=3\n    Predicts the median of the last outcomes.\n")
    assert json.loads(form.out)["$defs"]["kind_moving_median"]["properties"]["window"]["default"] == 3
    assert bad.code == 1
    assert bad.err == "omnisim: toy.toml: forecaster: window must be at least 1, got 0\n"


def test_is_unknown_without_the_option(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    assert refusal("validate", path, "--set", USE).startswith(f"{path}: forecaster.kind: is 'moving_median': ")


def test_a_module_that_does_not_exist(tmp_path: Path) -> None:
    line = refusal("validate", write_scenario(tmp_path), "--plugin", "no_such_module_anywhere")
    assert line.startswith("--plugin no_such_module_anywhere: cannot be imported: ModuleNotFoundError: ")


def test_a_scenario_file_cannot_name_a_module(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    (tmp_path / "medians.py").write_text("raise SystemExit('imported')")
    for kind in ("medians", "medians:MovingMedian", "medians.MovingMedian", "./medians.py"):
        assert "forecaster.kind: is " in refusal("validate", path, "--set", f"forecaster.kind='{kind}'")
    assert "plugin: unknown key" in refusal("validate", path, "--set", "plugin='medians'")
