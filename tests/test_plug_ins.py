"""A strategy from elsewhere that fails is named, whatever it raises, and is not taken for a bug of omnisim."""

import dataclasses
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import done
from scenario_files import omnisim_command
from small_comparison import small_scenario

import omnisim
import omnisim.scenario.registry
from omnisim.errors import OmnisimError, StrategyError, StrategyFailedError
from omnisim.interruption import Interrupted
from omnisim.strategies.adversaries.base import Adversary
from omnisim.strategies.forecasters.base import Forecaster

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

CODE = '''
import sys
from dataclasses import dataclass
import numpy as np
import omnisim
from omnisim.market import EnergyBuyers

class Odd(BaseException):
    """Derived from no Exception."""

class Boom(omnisim.forecasters.Forecaster):
    """Raises, in round 2 or when it is made."""

    def __init__(self, what: str = "divide", early: bool = False) -> None:
        self.what = what
        if early:
            self._raise()

    def _predict(self, context):
        if context.round == 2:
            self._raise()
        return np.full(self.service.dimension, 0.5)

    def _raise(self):
        HOW[self.what](self)

@dataclass(frozen=True, kw_only=True)
class Unborn(EnergyBuyers):
    """Agents that fail where they are drawn."""

    def _draw(self, scaling, rng):
        raise LookupError("drawn")

def reraise(_):
    try:
        1 / 0
    except ZeroDivisionError:
        raise ValueError("\\x1b[31mtwo\\nlines")

HOW = {
    "divide": lambda _: 1 / 0,
    "exit": lambda _: sys.exit(5),
    "leave": lambda _: (_ for _ in ()).throw(GeneratorExit()),
    "odd": lambda _: (_ for _ in ()).throw(Odd("so")),
    "end": lambda _: next(iter(())),
    "deep": lambda boom: boom._raise(),
    "file": lambda _: open("/there/is/none"),
    "memory": lambda _: (_ for _ in ()).throw(MemoryError("72 TiB")),
    "numpy": lambda _: np.zeros(3) @ np.zeros(4),
    "again": reraise,
    "interrupt": lambda _: (_ for _ in ()).throw(KeyboardInterrupt()),
}
'''

SAID = {
    "divide": "ZeroDivisionError: division by zero",
    "exit": "SystemExit: 5",
    "leave": "GeneratorExit",
    "odd": "Odd: so",
    "end": "StopIteration",
    "deep": "RecursionError: maximum recursion depth exceeded",
    "file": "FileNotFoundError: [Errno 2] No such file or directory: '/there/is/none'",
    "memory": "MemoryError: 72 TiB",
    "numpy": "ValueError: matmul: ",
    "again": r"ValueError: \x1b[31mtwo lines",
    "interrupt": "KeyboardInterrupt",
}


@pytest.fixture
def boom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the plug-in, where one stands; its traces are written there, too."""
    (tmp_path / "boom_here.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("omnisim.scenario.registry._added", {kind: {} for kind in omnisim.scenario.registry.EXTENSIBLE})
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    sys.modules.pop("boom_here", None)


def with_boom(command: str, what: str, *more: object) -> list[object]:
    chosen = ["--set", "forecaster.kind=boom", "--set", f"forecaster.what={what}", "--plugin", "boom_here"]
    return [command, "synthetic_seasonal", "--rounds", "4", *chosen, *more]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("what", SAID)
def test_the_command_names_it(boom: Path, what: str) -> None:
    answer = omnisim_command(*with_boom("run", what, "--out", boom / "out"))
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    head = "omnisim: synthetic_seasonal: Boom failed in round 2: "
    assert answer.err.startswith(head + SAID[what])
    told = re.search(r"\(_raise, boom_here\.py, line (\d+)\); the full trace is in (\S+)$", answer.err.rstrip())
    assert told is not None
    trace = Path(told[2]).read_text(encoding="utf-8")
    assert "in _raise" in trace
    assert f'boom_here.py", line {told[1]}' in trace
    assert not (boom / "out").exists()


def test_ctrl_c_in_python_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook Python itself raises KeyboardInterrupt, wherever it is: in a strategy of the user as well."""

    class Long(omnisim.forecasters.Forecaster):
        def _predict(self, context: Any) -> Any:
            signal.raise_signal(signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            omnisim.simulate(dataclasses.replace(small_scenario(), forecaster=Long()))
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("what", ["divide", "exit", "odd", "interrupt"])
def test_before_the_first_round_as_well(boom: Path, what: str) -> None:
    answer = omnisim_command(*with_boom("validate", what, "--set", "forecaster.early=true"))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"omnisim: Boom failed in _raise: {SAID[what]} (_raise, boom_here.py, line ")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_agents_that_cannot_be_drawn(boom: Path, command: str) -> None:
    kind = ["--set", "populations.buyers.kind=unborn", "--set", "populations.buyers.agents=3", "--plugin", "boom_here"]
    answer = omnisim_command(command, "synthetic_seasonal", "--rounds", 4, *kind)
    assert (answer.code, answer.out) == (1, "")
    said = "omnisim: Unborn failed in _draw: LookupError: drawn (_draw, boom_here.py, line "
    assert answer.err.startswith(said)


@pytest.mark.long
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.long)])
def test_a_comparison_records_it_and_goes_on(boom: Path, jobs: int) -> None:
    names = "persistence,boom(what=exit),boom(what=odd),boom(what=divide)"
    arguments = ["synthetic_seasonal", "--forecasters", names, "--seeds", 1, "--set", "rounds=4"]
    arguments = ["compare", *arguments, "--jobs", jobs, "--out", boom / "c", "--plugin", "boom_here"]
    if jobs == 1:
        answer = omnisim_command(*arguments)
        code, err = answer.code, answer.err
    else:
        code, _, err = done(*arguments, cwd=boom)
    assert code == 0
    failed = omnisim.load_comparison(boom / "c").runs.set_index("forecaster")
    assert failed.loc["persistence", "status"] == "finished"
    for what in ("exit", "odd", "divide"):
        error = failed.loc[f"boom(what={what})", "error"]
        assert error.startswith(f"Boom failed in round 2: {SAID[what]} (_raise, boom_here.py, line ")
        assert error in err


class Late(Forecaster):
    """Fails when it learns."""

    def _predict(self, context: Any) -> np.ndarray:
        return np.full(self.service.dimension, 0.5)

    def _update(self, outcome: np.ndarray) -> None:
        raise LookupError("learnt")


class Broken(omnisim.elimination.FirstViolation):
    """Fails where it offers."""

    def _candidates(self, active: np.ndarray) -> Any:
        raise LookupError("offered")


class Dull(Adversary):
    """Fails where it answers."""

    dimension = 2

    def _law(self, *_: Any) -> Any:
        raise LookupError("answered")


class Forgetful(omnisim.learners.Learner):
    """Fails where it learns from what it earned."""

    def _reset(self) -> np.ndarray:
        return self._uniform()

    def _learn(self, utilities: np.ndarray, costs: np.ndarray) -> Any:
        raise LookupError("earned")


def scenario_with(**parts: Any) -> omnisim.Scenario:
    given = small_scenario(rounds=3)
    strategies = {"adversary": given.adversary, "forecaster": given.forecaster, "elimination": given.elimination}
    return omnisim.Scenario(populations=given.populations, rounds=3, **strategies | parts)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"forecaster": Late()},
            r"Late failed in round 0: LookupError: learnt \(_update, test_plug_ins\.py, line \d+\)",
        ),
        ({"elimination": Broken()}, r"Broken failed in round 0: LookupError: offered \(_candidates, "),
        ({"elimination": Forgetful()}, r"Forgetful failed in round 0: LookupError: earned \(_learn, "),
        ({"adversary": Dull()}, r"Dull failed in round 0: LookupError: answered \(_law, "),
    ],
)
def test_in_python_the_cause_is_there(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(StrategyFailedError, match=f"^{said}") as told:
        omnisim.simulate(scenario_with(**parts))
    assert isinstance(told.value, StrategyError)
    assert "raise LookupError" in "".join(traceback.format_exception(told.value))


def test_what_is_ours_or_asked_for_passes() -> None:
    class Stopped(Late):
        def _update(self, outcome: np.ndarray) -> None:
            raise self.error  # type: ignore[attr-defined]

    for error, kind in ((OmnisimError("clear"), OmnisimError), (Interrupted(2), Interrupted)):
        forecaster = Stopped()
        forecaster.error = error  # type: ignore[attr-defined]
        with pytest.raises(kind) as told:
            omnisim.simulate(scenario_with(forecaster=forecaster))
        assert not isinstance(told.value, StrategyFailedError)


def test_what_the_caller_raises_stays_theirs() -> None:
    def on_round(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        omnisim.simulate(small_scenario(rounds=3), on_round=on_round)
