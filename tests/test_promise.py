"""What is promised of a run that is computed again: the same words everywhere, and what it hangs on is recorded."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from processors import kernels
from scenario_files import omnisim_command, write_scenario
from threadpoolctl import threadpool_info

import omnisim
from omnisim import reproducibility

ROOT = Path(__file__).parents[1]

PAGE = ROOT / "docs" / "reproducibility.md"


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("text", [PAGE.read_text(encoding="utf-8"), omnisim.simulate.__doc__])
def test_the_promise_is_the_same_in_every_place(text: str) -> None:
    assert reproducibility.PROMISE in words(text)


def test_the_promise_names_the_tolerance_that_is_tested() -> None:
    assert f"agree to {reproducibility.TOLERANCE:g} " in reproducibility.PROMISE


def test_a_manifest_says_what_was_promised_and_what_it_hangs_on(tmp_path: Path) -> None:
    assert omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out").code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["promise"] == reproducibility.PROMISE
    assert manifest["versions"]["numba"] == numba.__version__
    assert manifest["versions"]["numpy"] == np.__version__
    machine = manifest["machine"]
    assert machine["processor"]
    assert machine["processor"] != "unknown"
    told = {(each["library"], each["version"], each["kernel"], each["threading_layer"]) for each in machine["blas"]}
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            known = (pool["internal_api"], pool["version"], pool.get("architecture"), pool.get("threading_layer"))
            assert known in told
    assert str(tmp_path.home()) not in json.dumps(manifest["machine"])


@pytest.mark.long
def test_the_kernel_is_the_one_in_use() -> None:
    if "Haswell" not in kernels():
        pytest.skip("no kernel can be chosen")
    code = "import json; from omnisim.reproducibility import machine; print(json.dumps(machine()))"
    for kernel in ("Haswell", "Nehalem"):
        environment = {**os.environ, "OPENBLAS_CORETYPE": kernel, "NUMBA_CPU_NAME": kernel.lower()}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        machine = json.loads(done.stdout)
        assert {each["kernel"] for each in machine["blas"]} == {kernel}
        assert machine["numba_target"] == kernel.lower()


@pytest.mark.long
def test_a_comparison_keeps_them_for_every_run(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path)
    arguments = ["--forecasters", "persistence", "--seeds", 2, "--jobs", 1, "--out", tmp_path / "out"]
    assert omnisim_command("compare", scenario, *arguments).code == 0
    runs = omnisim.load_comparison(tmp_path / "out").runs
    assert isinstance(runs, pd.DataFrame)
    for versions, machine in zip(runs["versions"], runs["machine"], strict=True):
        assert json.loads(versions) == reproducibility.versions()
        assert json.loads(machine) == reproducibility.machine()


def test_versions_do_not_need_the_package_to_be_installed() -> None:
    assert set(reproducibility.versions()) >= {"python", "omnisim-lab", "numpy", "scipy", "numba", "highspy"}
