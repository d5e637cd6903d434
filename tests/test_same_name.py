"""Another distribution on the package index is called omnisim, and its module as well: where both are, that is told."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import omnisim
from omnisim.environment import warn_of_same_name


@pytest.mark.parametrize("note", ["omnisim-1.2.3.dist-info", "omnisim-0.1-py3.11.egg-info", "omnisim-2.egg-info"])
def test_the_other_one_is_told_in_one_line(tmp_path: Path, note: str) -> None:
    (tmp_path / note).mkdir()
    with pytest.warns(UserWarning, match=note) as told:
        warn_of_same_name(tmp_path)
    assert len(told) == 1
    line = str(told[0].message)
    assert "\n" not in line
    assert line.endswith("pip uninstall omnisim omnisim-lab, then pip install omnisim-lab")


@pytest.mark.parametrize(
    "note", ["omnisim_lab-0.1.0.dist-info", "omnisim_lab-0.1.egg-info", "omnisimulator-1.dist-info"]
)
def test_ours_and_others_are_not(tmp_path: Path, note: str) -> None:
    (tmp_path / note).mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_same_name(tmp_path)
        warn_of_same_name(tmp_path / "that is not there")


def test_import_tells(tmp_path: Path) -> None:
    """A package folder beside the note of the other distribution, as installers leave them."""
    package = Path(omnisim.__file__).parent
    (tmp_path / "omnisim").mkdir()
    for name in ("__init__.py", "__init__.pyi", "_version.py", "environment.py", "errors.py"):
        shutil.copy(package / name, tmp_path / "omnisim")
    (tmp_path / "omnisim-9.9.dist-info").mkdir()
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import omnisim"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0
    assert done.stderr.count("omnisim-9.9.dist-info") == 1
