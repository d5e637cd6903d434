"""A run that was killed and goes on ends in the same trace, byte for byte."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from network_instances import population, scenarios
from scenario_files import ALL_ENTRY_POINT, omnisim_command, refusal, write_scenario

import omnisim
from omnisim import adversaries, elimination, forecasters, learners, snapshot
from omnisim.scenario import registry
from omnisim.simulation.books import BooksFile

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

RULES = [
    elimination.BestResponse,
    elimination.FirstViolation,
    elimination.SubsequenceFirstViolation,
    elimination.CumulativeThreshold,
    elimination.SubsequenceThreshold,
    learners.Hedge,
]


class KilledError(Exception):
    """Raised in the place of a signal."""


def contents(trace: omnisim.Trace) -> dict[str, Any]:
    """Every array of a saved trace, as bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.npz"
        trace.save(path)
        with np.load(path) as opened:
            return {name: (opened[name].dtype, opened[name].shape, opened[name].tobytes()) for name in opened.files}


def run_until(scenario: omnisim.Scenario, path: Path, every: int, last: int, seed: int = 0) -> list[int]:
    """Run with checkpoints and be killed after round ``last``; the rounds that were played."""
    played: list[int] = []

    def stop(t: int) -> None:
        played.append(t)
        if t == last:
            raise KilledError

    with pytest.raises(KilledError):
        omnisim.simulate(scenario, seed, stop, omnisim.Checkpoint(path, every))
    return played


def check(scenario: omnisim.Scenario, every: int, kills: list[int], seed: int = 0) -> None:
    """Killed in these rounds, one after the other, it ends as if nothing had happened."""
    undisturbed = omnisim.simulate(scenario, seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.npz"
        reached = 0
        for last in kills:
            played = run_until(scenario, path, every, last, seed)
            assert played == list(range(reached, last + 1))
            if (last + 1) // every * every:
                reached = min((last + 1) // every, (undisturbed.rounds - 1) // every) * every
        played = []
        resumed = omnisim.simulate(scenario, seed, played.append, omnisim.Checkpoint(path, every))
        assert played == list(range(reached, undisturbed.rounds))
    assert contents(resumed) == contents(undisturbed)


@pytest.mark.long
@examples(24)
@given(scenarios(RULES), st.data())
def test_any_scenario_killed_at_any_moment(scenario: omnisim.Scenario, data: st.DataObject) -> None:
    """Random networks with messages in flight, churn, two forecasters, every sort of rule."""
    rounds = scenario.horizon
    every = data.draw(st.integers(1, rounds), label="every")
    kills = sorted(data.draw(st.sets(st.integers(0, rounds - 1), max_size=3), label="kills"))
    check(scenario, every, kills, seed=data.draw(st.integers(0, 99), label="seed"))


ROUNDS = 30

ONE_COORDINATE = ("omnipredictor", "step_calibrated")
"""Forecasters of a single number."""


def made_with(kind: str, name: str) -> dict[str, Any]:
    """What a strategy cannot do without."""
    base = [forecasters.Persistence(7), forecasters.Climatology()]
    table = np.random.default_rng(5).random((ROUNDS, 2))
    plants = {"wind": {"capacity": 2, "failure_probability": 0.3}, "gas": {"capacity": 9, "cost": 0.7}}
    return {
        ("forecasters", "published"): {"predictions": table},
        ("forecasters", "combination"): {"bases": base},
        ("forecasters", "selection"): {"bases": base},
        ("forecasters", "decision_calibrated"): {"bases": base, "base_events": True},
        ("adversaries", "demand_response"): {"generators": plants, "base_load": 2.0, "schedules": "expected"},
        ("adversaries", "independent"): {"support": table[:4]},
        ("adversaries", "replay"): {"outcomes": table},
        ("adversaries", "outcome_stream"): {"source": table.__iter__, "dimension": 2},
        ("adversaries", "switching"): {"laws": [table[:3], table[3:4]], "period": 4},
        ("adversaries", "seasonal"): {"dimension": 2},
        ("adversaries", "mannor"): {"rounds": ROUNDS},
    }.get((kind, name), {})


def buyers(dimension: int) -> omnisim.Population:
    """Random agents with a load and a limit, some of whose actions violate it."""
    rng = np.random.default_rng(8)
    load = rng.random((3, 4, dimension))
    limit = omnisim.LinearConstraint(load / dimension / 2, np.linspace(-0.7, 0.1, 4) * np.ones((3, 1)))
    return omnisim.Population("buyers", -load / dimension, np.ones((3, 4)), [limit], load=load)


def scenario_with(kind: str, name: str) -> omnisim.Scenario:
    strategy = registry.find(kind, name)(**made_with(kind, name))
    dimension = 1 if name in ONE_COORDINATE else 2
    if kind == "adversaries":
        dimension = strategy.dimension_for([buyers(2)])
    given: dict[str, Any] = {
        "adversaries": adversaries.Independent(np.random.default_rng(2).random((5, dimension))),
        "forecasters": forecasters.Climatology() if kind == "learners" else forecasters.DecisionCalibrated(),
        "elimination": elimination.SubsequenceFirstViolation(),
    }
    given["elimination" if kind == "learners" else kind] = strategy
    return omnisim.Scenario(
        populations=[buyers(dimension)],
        adversary=given["adversaries"],
        forecaster=given["forecasters"],
        elimination=given["elimination"],
        subsequences={"all": None, "even": np.arange(ROUNDS) % 2 == 0},
        rounds=ROUNDS,
    )


FITTING = [
    (kind, name) for kind in ("forecasters", "adversaries", "elimination", "learners") for name in registry.KINDS[kind]
]


@pytest.mark.one_in(24)
@pytest.mark.parametrize(("kind", "name"), FITTING)
def test_every_registered_strategy(kind: str, name: str) -> None:
    check(scenario_with(kind, name), every=4, kills=[9, 21])


def small(rounds: int = 12) -> omnisim.Scenario:
    return omnisim.Scenario(
        populations=[population("a", 2, 1)],
        adversary=adversaries.Independent([[0.0, 1.0], [1.0, 0.25]]),
        forecaster=forecasters.Climatology(),
        rounds=rounds,
    )


class TestTheFile:
    def test_a_run_with_checkpoints_is_the_same_run(self, tmp_path: Path) -> None:
        plain = omnisim.simulate(small())
        kept = omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(tmp_path / "deep" / "state.npz", 5))
        assert contents(plain) == contents(kept)
        assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["state.npz", "state.npz.rounds"]

    def test_there_is_none_before_its_time_nor_after_the_last_round(self, tmp_path: Path) -> None:
        path = tmp_path / "state.npz"
        run_until(small(), path, every=6, last=4)
        assert not path.exists()
        omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 12))
        assert not path.exists()

    def test_there_is_one_every_hundred_rounds_where_nothing_else_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "state.npz"
        kept: list[int] = []

        def look(t: int) -> None:
            if path.exists():
                kept.append(t)
                path.unlink()

        omnisim.simulate(small(102), on_round=look, checkpoint=omnisim.Checkpoint(path))
        assert kept == [99]  # rounds are numbered from 0

    @pytest.mark.parametrize(
        ("changed", "seed", "what"),
        [
            (small(13), 0, "the number of rounds, the agents"),
            (small(), 1, "the seed"),
            (small().replace(populations=[population("a", 2, 5)]), 0, "the agents"),
            (small().replace(populations=[population("a", 2, 1, constrained=False)]), 0, "the agents"),
            (small().replace(forecaster=forecasters.Persistence()), 0, "a strategy or its parameters"),
            (small().replace(forecaster=forecasters.Climatology(window=9)), 0, "a strategy or its parameters"),
            (small().replace(adversary=adversaries.Independent([[0.0, 1.0]])), 0, "a strategy or its parameters"),
        ],
    )
    def test_the_state_of_another_run_is_refused(
        self, tmp_path: Path, changed: omnisim.Scenario, seed: int, what: str
    ) -> None:
        path = tmp_path / "state.npz"
        run_until(small(), path, every=5, last=7)
        with pytest.raises(omnisim.OmnisimError) as caught:
            omnisim.simulate(changed, seed, checkpoint=omnisim.Checkpoint(path, 5))
        assert str(caught.value) == (
            f"{path}: is the state of another run, which differs in {what}: use another folder, or remove it"
        )

    def test_damage_is_refused_in_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "state.npz"
        run_until(small(), path, every=5, last=7)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(omnisim.OmnisimError, match=r"state\.npz: is damaged, or not a state \(") as caught:
            omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))
        assert "\n" not in str(caught.value)

    def test_a_state_that_is_not_what_was_written(self, tmp_path: Path) -> None:
        path = tmp_path / "state.npz"
        run_until(small(), path, every=5, last=7)
        with np.load(path) as opened:
            arrays = dict(opened)
        name = next(name for name, array in arrays.items() if array.dtype == np.float64 and array.size > 4)
        arrays[name] = arrays[name] + 1e-9
        np.savez(path, **arrays)
        with pytest.raises(omnisim.OmnisimError, match=r"state\.npz: is damaged: it is not what was written"):
            omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            (100, r"outcomes\[0, 0\] is 100\.0: every entry must be in \[0, 1\]"),
            (np.nan, r"outcomes\[0, 0\] is nan"),
            (np.zeros((3, 2)), r"world\.outcomes is an array of <f8 of shape \(3, 2\)"),
            (np.zeros((12, 2), dtype=np.int64), r"world\.outcomes is an array of <i8"),
            (None, r"world\.outcomes is no array"),
        ],
    )
    def test_a_state_that_was_written_with_what_no_run_has(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, says: str
    ) -> None:
        """Also where the digest is right: whoever forged it knew how."""
        path, write = tmp_path / "state.npz", snapshot.write

        def forged(file: Any, stored: snapshot.Stored) -> None:
            tree, arrays = stored
            nodes = tree["state"]["nodes"]
            place = nodes[tree["state"]["roots"]["world"]]["attributes"]
            node = nodes[place["outcomes"]["is"]]
            of = nodes[node["of"]]
            if value is None:
                place["outcomes"] = None
            elif isinstance(value, np.ndarray):
                place["outcomes"] = {"is": len(nodes)}
                about = {"dtype": value.dtype.str, "shape": list(value.shape), "writeable": True}
                nodes.append(about | {"array": "own", "data": "forged", "order": [0, 1]})
                arrays["forged"] = value
            else:
                arrays[of["data"]] = np.full_like(arrays[of["data"]], value)
            write(file, stored)

        monkeypatch.setattr(snapshot, "write", forged)
        run_until(small(), path, every=5, last=7)
        monkeypatch.undo()
        with pytest.raises(omnisim.OmnisimError, match=says) as caught:
            omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)

    def test_a_trace_is_not_a_state(self, tmp_path: Path) -> None:
        path = tmp_path / "trace.npz"
        omnisim.simulate(small()).save(path)
        with pytest.raises(omnisim.OmnisimError, match=r"trace\.npz: is damaged, or not a state"):
            omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"path": 3}, "path of Checkpoint must be a path or its text, got 3"),
            ({"path": "x", "every": "y"}, "the rounds between two checkpoints must be >= 1, got 'y'"),
            ({"path": "x", "every": 1.5}, "the rounds between two checkpoints must be >= 1, got 1.5"),
        ],
    )
    def test_types(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(omnisim.OmnisimError, match=f"^{said}$"):
            omnisim.Checkpoint(**given)

    def test_a_path_may_be_a_text_and_a_checkpoint_no_number(self) -> None:
        assert omnisim.Checkpoint("a/b").path == Path("a/b")  # type: ignore[arg-type]
        with pytest.raises(omnisim.OmnisimError, match=r"^checkpoint must be a Checkpoint, got 3$"):
            omnisim.simulate("synthetic_seasonal", checkpoint=3)  # type: ignore[arg-type]

    def test_every_must_be_a_number_of_rounds(self, tmp_path: Path) -> None:
        with pytest.raises(omnisim.OmnisimError, match="rounds between two checkpoints must be >= 1, got 0"):
            omnisim.Checkpoint(tmp_path / "state.npz", 0)


class TestTheRounds:
    """What was played is in a file of its own, beside that of the state."""

    @pytest.mark.parametrize(
        ("array", "value", "says"),
        [
            ("actions", 100, r"actions\[2, 0\] is 100: every entry must be in -1\.\."),
            ("costs", 3.0, r"costs\[2, 0, 0\] is 3\.0: every entry must be in \[-1, 1\]"),
            ("costs", np.nan, r"costs\[2, 0, 0\] is nan"),
        ],
    )
    def test_what_no_run_has_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: str, value: float, says: str
    ) -> None:
        """Also where the digest is right: whoever forged it knew how."""
        path, append = tmp_path / "state.npz", BooksFile.append

        def forged(file: BooksFile, rounds: int) -> str:
            getattr(file._books[0], array)[2] = value
            return append(file, rounds)

        monkeypatch.setattr(BooksFile, "append", forged)
        run_until(small(), path, every=5, last=7)
        monkeypatch.undo()
        assert re.fullmatch(rf"{re.escape(str(path))}: {says}.*", refused(path))

    @pytest.mark.parametrize(
        ("damaged", "says"),
        [
            (lambda content: content[:-1], "state.npz.rounds beside it ends in round 4 of 5"),
            (lambda _: b"", "state.npz.rounds beside it ends in round 0 of 5"),
            (lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:], "is not what was written"),
            (lambda content: content[-20:] + content[:-20], "is not what was written"),
            (None, "state.npz.rounds beside it cannot be read: No such file or directory"),
        ],
    )
    def test_damage_is_refused_in_one_line(
        self, tmp_path: Path, damaged: Callable[[bytes], bytes] | None, says: str
    ) -> None:
        path = tmp_path / "state.npz"
        run_until(small(), path, every=5, last=7)
        rounds = tmp_path / "state.npz.rounds"
        if damaged is None:
            rounds.unlink()
        else:
            rounds.write_bytes(damaged(rounds.read_bytes()))
        line = refused(path)
        assert line.startswith(f"{path}: ")
        assert line.endswith(says)
        assert "\n" not in line

    def test_those_of_another_run_are_refused(self, tmp_path: Path) -> None:
        path, other = tmp_path / "state.npz", tmp_path / "other.npz"
        run_until(small(), path, every=5, last=7)
        run_until(small(), other, every=5, last=7, seed=1)
        (tmp_path / "other.npz.rounds").replace(tmp_path / "state.npz.rounds")
        assert refused(path).endswith("state.npz.rounds beside it is not what was written")

    @pytest.mark.parametrize("more", [3, 20])
    def test_what_was_appended_before_a_state_that_was_never_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
    ) -> None:
        """Killed between the two, once with fewer rounds and once with more than the next state will have."""
        path, write = tmp_path / "state.npz", snapshot.write
        run_until(small(30), path, every=5, last=9)
        size = (tmp_path / "state.npz.rounds").stat().st_size

        def killed(*_: object) -> None:
            raise KilledError

        monkeypatch.setattr(snapshot, "write", killed)
        with pytest.raises(KilledError):
            omnisim.simulate(small(30), 0, None, omnisim.Checkpoint(path, 5 + more))
        monkeypatch.setattr(snapshot, "write", write)
        assert (tmp_path / "state.npz.rounds").stat().st_size > size
        played: list[int] = []
        checkpoint = omnisim.Checkpoint(path, 12)
        resumed = omnisim.simulate(small(30), 0, played.append, checkpoint)
        assert played == list(range(10, 30))
        assert contents(resumed) == contents(omnisim.simulate(small(30)))
        # All that there is are the rounds of the last state, from which it goes on as well.
        assert (tmp_path / "state.npz.rounds").stat().st_size == size // 10 * 24
        played.clear()
        assert contents(omnisim.simulate(small(30), 0, played.append, checkpoint)) == contents(resumed)
        assert played == list(range(24, 30))

    def test_without_a_state_the_file_is_begun_anew(self, tmp_path: Path) -> None:
        path = tmp_path / "state.npz"
        (tmp_path / "state.npz.rounds").write_bytes(b"x" * 100_000)
        check_file = omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))
        record = check_file.records["a"]
        assert (tmp_path / "state.npz.rounds").stat().st_size == 10 * (
            record.fallback[0].nbytes + record.costs[0].nbytes + record.actions[0].nbytes
        )

    def test_states_do_not_grow_with_the_rounds(self, tmp_path: Path) -> None:
        """The numbers of many agents are written once, and into the file that is appended to."""
        sizes = []
        for rounds in (20, 40):
            many = small(rounds).replace(populations=[population("a", 500, 1)])
            path = tmp_path / f"{rounds}.npz"
            omnisim.simulate(many, checkpoint=omnisim.Checkpoint(path, 5))
            sizes.append((path.stat().st_size, (tmp_path / f"{rounds}.npz.rounds").stat().st_size))
        (small_state, few), (large_state, more) = sizes
        assert large_state < 1.3 * small_state
        assert few * 35 == more * 15
        assert few > 15 * 500 * 8

    def test_a_state_holds_little_of_every_agent(self, tmp_path: Path) -> None:
        """Per agent and action, in one subsequence: the sum of its costs, those of the last round, and flags."""
        sizes = []
        for agents in (500, 2_500):
            many = small(20).replace(
                populations=[population("a", agents, 1)],
                adversary=adversaries.Replay(np.random.default_rng(0).random((20, 2))),
                elimination=elimination.FirstViolation(),
            )
            omnisim.simulate(many, checkpoint=omnisim.Checkpoint(tmp_path / f"{agents}.npz", 19))
            sizes.append((tmp_path / f"{agents}.npz").stat().st_size)
        actions = population("a", 1, 1).actions
        assert (sizes[1] - sizes[0]) / (2_000 * actions) < 8 + 8 + 20

    def test_one_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "state.npz.rounds").mkdir()
        with pytest.raises(omnisim.OmnisimError, match=r"state\.npz\.rounds: cannot be written: Is a directory"):
            omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(tmp_path / "state.npz", 5))


def refused(path: Path) -> str:
    with pytest.raises(omnisim.OmnisimError) as caught:
        omnisim.simulate(small(), checkpoint=omnisim.Checkpoint(path, 5))
    return str(caught.value)


class Library(forecasters.Climatology):
    """Holds an object whose state nobody here knows how to store."""

    def _start(self) -> None:
        super()._start()
        self._file = (Path(__file__)).open("rb")  # noqa: SIM115
        self._file.close()


class Noting(forecasters.Persistence):
    """A plug-in with a class of its own."""

    def _update(self, outcome: np.ndarray) -> None:
        super()._update(outcome)
        self.note = Note(outcome)


class Note:
    def __init__(self, outcome: np.ndarray) -> None:
        self.outcome = outcome


def test_a_plug_in_that_another_forecaster_is_made_of() -> None:
    check(small().replace(forecaster=forecasters.Combination(bases=[Noting(), forecasters.Climatology()])), 4, [9])


def test_a_strategy_that_cannot_be_stored_is_refused_before_the_first_round(tmp_path: Path) -> None:
    played: list[int] = []
    with pytest.raises(omnisim.OmnisimError, match=r"forecaster 'forecaster'._file is a _io:BufferedReader"):
        scenario = small().replace(forecaster=Library())
        omnisim.simulate(scenario, None, played.append, omnisim.Checkpoint(tmp_path / "state.npz", 5))
    assert played == []


class TestTheCommand:
    def test_a_finished_run_leaves_no_state(self, tmp_path: Path) -> None:
        folder = tmp_path / "out"
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", folder, "--checkpoint-every", 3)
        assert (answer.code, answer.err) == (0, "")
        assert not list(folder.glob("checkpoint*"))
        assert (folder / "report.html").exists()

    def test_it_goes_on_and_says_so(self, tmp_path: Path) -> None:
        path, folder = write_scenario(tmp_path), tmp_path / "out"
        run_until(omnisim.load_scenario(path), folder / "checkpoint.npz", every=3, last=7)
        answer = omnisim_command("run", path, "--out", folder, "--checkpoint-every", 3)
        assert answer.code == 0
        assert answer.err == f"omnisim: going on from {folder / 'checkpoint.npz'}\n"
        undisturbed = omnisim.simulate(omnisim.load_scenario(path))
        assert contents(omnisim.load_trace(folder / "trace.npz")) == contents(undisturbed)
        assert not list(folder.glob("checkpoint*"))

    def test_bad_numbers_are_refused(self, tmp_path: Path) -> None:
        line = refusal("run", write_scenario(tmp_path), "--out", tmp_path / "out", "--checkpoint-every", 0)
        assert line.endswith("the rounds between two checkpoints must be >= 1, got 0")

    @pytest.mark.long
    def test_killed_by_a_signal_at_some_moment(self, tmp_path: Path) -> None:
        """SIGKILL, again and again, whenever there is a newer state: no moment is chosen, any may be hit."""
        arguments = ["--rounds", "150", "--set", "populations.buyers.agents=40", "--checkpoint-every", "1"]
        command = ["run", "synthetic_seasonal", *arguments, "--out", str(tmp_path / "out")]
        state, killed, seen = tmp_path / "out" / "checkpoint.npz", 0, 0.0
        for _ in range(2):
            process = subprocess.Popen([*ALL_ENTRY_POINT, *command], stderr=subprocess.DEVNULL)  # noqa: S603
            while process.poll() is None:
                changed = state.stat().st_mtime_ns if state.exists() else 0
                if changed > seen:
                    seen = changed
                    time.sleep(0.05)
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    killed += process.returncode == -signal.SIGKILL
                time.sleep(0.005)
        assert killed > 0
        done = subprocess.run([*ALL_ENTRY_POINT, *command], capture_output=True, text=True, check=True)  # noqa: S603
        assert done.stdout.endswith(f"{tmp_path / 'out' / 'report.html'}\n")
        leftovers = {path.name for path in (tmp_path / "out").iterdir()}
        assert "checkpoint.npz" not in leftovers
        undisturbed = omnisim.simulate(
            omnisim.load_scenario("synthetic_seasonal", {"rounds": 150, "populations.buyers.agents": 40})
        )
        assert contents(omnisim.load_trace(tmp_path / "out" / "trace.npz")) == contents(undisturbed)
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["rounds"] == 150
