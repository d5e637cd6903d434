"""Whole numbers are kept and written in narrow types, and nobody's arithmetic on actions overflows for it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.analysis.money import earned
from omnisim.arrays import index_type, narrowed
from omnisim.trace.writing import as_array, digests

ROUNDS = 12


class Policy(omnisim.elimination.BestResponse):
    """A rule that looks at the type of what it is told was played."""

    def settle(self, actions: np.ndarray, outcome: np.ndarray, costs: np.ndarray, active: np.ndarray) -> None:
        """Refuse what would overflow."""
        assert actions.dtype == np.int64
        super().settle(actions, outcome, costs, active)


def run(actions: int, adversary: omnisim.adversaries.Adversary | None = None) -> omnisim.Trace:
    """One agent per action, whose best response in every round is that action, so that every action is played."""
    utility = np.zeros((actions, actions, 2))
    utility[np.arange(actions), np.arange(actions), :] = 0.5
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("all", utility)],
            adversary=adversary or omnisim.adversaries.Replay(np.full((ROUNDS, 2), 0.75)),
            forecaster=omnisim.forecasters.Published(np.full((ROUNDS, 2), 0.75)),
            elimination=Policy(),
            rounds=ROUNDS,
        )
    )


@pytest.mark.parametrize(("actions", "bits"), [(2, 8), (128, 8), (129, 16)])
def test_actions_are_kept_in_the_narrowest_type_that_holds_all_of_them(actions: int, bits: int, tmp_path: Path) -> None:
    trace = run(actions)
    trace.save(tmp_path / "trace.npz")
    expected = np.tile(np.arange(actions), (ROUNDS, 1))
    for found in (trace, omnisim.load_trace(tmp_path / "trace.npz")):
        np.testing.assert_array_equal(found.records["all"].actions, expected)
        assert found.records["all"].actions.dtype.itemsize * 8 == bits
        np.testing.assert_array_equal(found.actions["all"], expected)
        assert found.actions["all"].dtype == np.int64
        # A product that no narrow type holds.
        np.testing.assert_array_equal(found.actions["all"] * 100_000, expected * 100_000)


def test_whole_numbers_are_narrow_in_the_file_and_come_back_wide(recorded_with_law: Path) -> None:
    with np.load(recorded_with_law) as opened:
        assert {opened[name].dtype.itemsize for name in opened if opened[name].dtype.kind == "i"} == {1}
    record = next(iter(omnisim.load_trace(recorded_with_law).records.values()))
    assert {record.violated_at.dtype, record.eliminated_at.dtype} == {np.dtype(np.int64)}


def test_a_file_with_wide_numbers_is_read_as_the_same_record(tmp_path: Path) -> None:
    trace = run(5)
    trace.save(tmp_path / "narrow.npz")
    with np.load(tmp_path / "narrow.npz") as opened:
        arrays = {name: opened[name] for name in opened if name != "digests"}
    wide = {name: array.astype(np.int64) if array.dtype.kind == "i" else array for name, array in arrays.items()}
    assert wide["population0/actions"].nbytes == 8 * arrays["population0/actions"].nbytes
    np.savez_compressed(tmp_path / "wide.npz", **wide, digests=as_array(json.dumps(digests(wide))))
    omnisim.load_trace(tmp_path / "wide.npz").save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "narrow.npz").read_bytes()


class Watching(omnisim.adversaries.Independent):
    """An adversary that asks to see what was played."""

    oblivious = False

    def _law(self, context: Any, mixture: Any, history: Any) -> Any:
        assert history.actions["all"].dtype == np.int64
        return super()._law(context, mixture, history)


def test_what_an_adversary_is_shown_is_wide_and_the_record_narrow() -> None:
    trace = run(3, Watching([[0.75, 0.75]]))
    assert trace.records["all"].actions.dtype == np.int8


def test_money_of_narrow_actions_is_that_of_wide_ones() -> None:
    record = run(129).records["all"]
    outcomes = np.random.default_rng(0).random((ROUNDS, 2))
    narrow, wide = (earned(record.population, x, outcomes) for x in (record.actions, record.actions.astype(np.int64)))
    assert narrow.tobytes() == wide.tobytes()


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 32_768, 32_769, 2**31, 2**31 + 1])
def test_the_narrowest_type_holds_every_index_and_the_next_narrower_does_not(count: int) -> None:
    found = np.iinfo(index_type(count))
    assert found.min <= -1
    assert found.max >= count - 1
    assert found.bits == 8 or 2 ** (found.bits // 2 - 1) < count
    ends = np.array([-1, count - 1])
    assert narrowed(ends).dtype == index_type(count)
    np.testing.assert_array_equal(narrowed(ends), ends)
