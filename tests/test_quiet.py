"""The library leaves standard output and standard error to the program that calls it.

Calls are made in another process: the solver writes from C, past ``sys.stdout``, and once in a process. In the quick
suite all of them are made in one, and in the long suite each in one of its own.
"""

import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

import omnisim

START = """
import sys, numpy as np, omnisim
from pathlib import Path
from omnisim import batch
folder = sys.argv[1]
rng = np.random.default_rng(0)
scenario = omnisim.Scenario(
    populations=[omnisim.Population("p", rng.random((6, 4, 3)) / 3)],
    adversary=omnisim.adversaries.Independent(rng.random((5, 3))),
    forecaster=omnisim.forecasters.DecisionCalibrated(tolerance=1e-3),
    rounds=12,
)
x, y = rng.random((24, 3)), rng.integers(0, 2, 24)
"""

CALLS = {
    "simulate with the minimax step": "omnisim.simulate(scenario)",
    "a shipped scenario": "omnisim.analyze(omnisim.simulate(omnisim.load_scenario('calibrated', {'rounds': 6})))",
    "analyze and write_report": """
analysis = omnisim.analyze(omnisim.simulate(scenario))
analysis.agents, analysis.certificates
omnisim.write_report(analysis, folder + "/report.html")""",
    "compare and write_comparison": """
comparison = omnisim.compare(scenario, ["decision_calibrated", "climatology"], seeds=2, jobs=1, out=folder)
omnisim.write_comparison(comparison, folder + "/report.html")
omnisim.load_comparison(folder).table""",
    "compare in two processes": """
if __name__ == "__main__":
    omnisim.compare(scenario, ["decision_calibrated", "climatology"], seeds=2, jobs=2, out=folder)""",
    "linear_minimizers": "batch.linear_minimizers(x, y, m=2, time_limit=5.0)",
    "a classifier": "batch.TwoPlayerOmnipredictor('linear', m=2, random_state=0).fit(x, y).predict(x)",
    "a regressor": "batch.DirectRegressor('linear', m=2, random_state=0).fit(x, rng.random(24)).predict(x)",
    "traces and checkpoints": """
trace = omnisim.simulate(scenario, checkpoint=omnisim.Checkpoint(Path(folder, "checkpoint.npz"), 4))
trace.save(folder + "/trace.npz")
omnisim.load_trace(folder + "/trace.npz")""",
}


ALONE = "compare in two processes"
"""Workers import what a script is, so that it has to be short; what workers say is tested beside them as well."""


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(CALLS.keys() - {ALONE}, id="all"),
        *(pytest.param({call}, id=call, marks=pytest.mark.long) for call in CALLS),
    ],
)
@pytest.mark.whole
def test_library_calls_print_nothing(calls: Collection[str], tmp_path: Path) -> None:
    script = tmp_path / "call.py"
    script.write_text("\n".join([START, *(code for call, code in CALLS.items() if call in calls)]), encoding="utf-8")
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_models_of_the_solver_are_made_in_one_place() -> None:
    package = Path(omnisim.__file__).parent
    makers = [path.name for path in package.rglob("*.py") if re.search(r"highspy\.Highs\b", path.read_text("utf-8"))]
    assert makers == ["solver.py"]
