"""What another processor changes, on this one with libraries that take it for an older one.

Bytes are compared between processes of one machine. They are the same for every kernel of the linear algebra library,
however wide the registers are; without instructions that multiply and add in one step, numbers agree to the tolerance.
"""

from pathlib import Path

import numpy as np
import pytest
from agreement import TIE, assert_agree, assert_close
from many_runs import RUNS, WITHOUT_STEPS, differences, write_elsewhere
from processors import OF_2008, OF_2013, WHY_NONE, kernels, narrow_registers

import omnisim
from omnisim.reproducibility import TOLERANCE


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All runs on this processor as it is."""
    folder = tmp_path_factory.mktemp("here")
    write_elsewhere(folder, {})
    return folder


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["Nehalem", "Haswell"])
def test_the_kernel_of_the_linear_algebra_library_changes_no_byte(here: Path, tmp_path: Path, kernel: str) -> None:
    if kernel not in kernels():
        pytest.skip(WHY_NONE if not kernels() else f"this processor cannot run the kernel {kernel}")
    write_elsewhere(tmp_path, {"OPENBLAS_CORETYPE": kernel})
    assert differences(here, tmp_path) == []


@pytest.mark.long
def test_narrower_registers_change_no_byte(here: Path, tmp_path: Path) -> None:
    if "Haswell" not in kernels():
        pytest.skip(WHY_NONE if not kernels() else "this processor has no wider ones than those of 2013")
    write_elsewhere(tmp_path, OF_2013 | narrow_registers())
    assert differences(here, tmp_path) == []


@pytest.mark.long
def test_products_that_are_rounded_before_they_are_added_change_no_decision(here: Path, tmp_path: Path) -> None:
    if not kernels():
        pytest.skip(WHY_NONE)
    write_elsewhere(tmp_path, OF_2008 | narrow_registers(), WITHOUT_STEPS)
    for name in WITHOUT_STEPS:
        assert_agree(*(omnisim.load_trace(folder / f"{name}.npz") for folder in (tmp_path, here)))


@pytest.mark.long
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "4", "LANG": "C", "TZ": "Asia/Tokyo"},
    ],
    ids=["one thread", "two threads"],
)
def test_hash_seed_and_threads_change_no_byte(here: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    write_elsewhere(tmp_path, environment)
    assert differences(here, tmp_path) == []


class TestTheComparison:
    """The tests above must be able to fail."""

    @staticmethod
    def tied(actions: list[int], prediction: float = 0.5) -> omnisim.Trace:
        """One agent whose first two actions are worth the same at 1/2, and the last less."""
        population = omnisim.Population("one", [[[0.5], [0.25], [0.0]]], [[0.0, 0.125, 0.125]])
        scenario = omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Replay(np.full((len(actions), 1), 0.5)),
            forecaster=omnisim.forecasters.Published(np.full((len(actions), 1), prediction)),
        )
        trace = omnisim.simulate(scenario)
        record = trace.records["one"]
        record.actions.setflags(write=True)
        record.actions[:, 0] = actions
        return trace

    def test_tied_actions_may_change_places(self) -> None:
        assert_agree(self.tied([0, 1, 0]), self.tied([1, 0, 0]))
        assert_agree(self.tied([1], 0.5 + TOLERANCE), self.tied([0], 0.5 + TOLERANCE))

    @pytest.mark.parametrize(("actions", "prediction"), [([2], 0.5), ([1], 0.5 + 8 * TIE)])
    def test_others_may_not(self, actions: list[int], prediction: float) -> None:
        with pytest.raises(AssertionError, match=r"one: in round 0 agent 0 plays \d, not 0, which is worth"):
            assert_agree(self.tied(actions, prediction), self.tied([0], prediction))

    def test_numbers_may_differ_by_the_tolerance_and_no_more(self) -> None:
        small, large = np.array([0.5, np.nan]), np.array([0.5, 1000.0])
        assert_close("small", small + TOLERANCE / 2, small)
        assert_close("large", large + 500 * TOLERANCE, large)
        for name, array, by in (("small", small, 2 * TOLERANCE), ("large", large, 2000 * TOLERANCE)):
            with pytest.raises(AssertionError, match=f"{name} differs by"):
                assert_close(name, array + by, array)
        with pytest.raises(AssertionError):
            assert_close("missing", np.array([0.5, 1.0]), small)

    def test_a_byte_that_differs_is_named(self, tmp_path: Path) -> None:
        for folder, prediction in (("one", 0.5), ("other", 0.5 + 2**-53)):
            (tmp_path / folder).mkdir()
            self.tied([0], prediction).save(tmp_path / folder / "run.npz")
        assert "run: predictions" in differences(tmp_path / "one", tmp_path / "other")


@pytest.mark.long
def test_every_run_is_written(here: Path) -> None:
    assert {path.stem for path in here.glob("*.npz")} == set(RUNS)
