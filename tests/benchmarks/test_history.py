"""The recorded history: the loop does the same as omnisim, and a verdict follows from medians and spreads."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import omnisim

HERE = Path(__file__).parent


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.syspath_prepend(HERE)
    return runpy.run_path(str(HERE / "history.py"))


def test_the_loop_plays_what_omnisim_plays(history: dict) -> None:
    scenario = history["standard_load"](60, 50)
    trace = omnisim.simulate(scenario)
    played = history["bare_loop"](scenario.problem(0), trace.predictions, trace.outcomes)
    assert played.keys() == trace.actions.keys()
    for name, actions in played.items():
        np.testing.assert_array_equal(actions, trace.actions[name])


@pytest.mark.parametrize(
    ("new", "earlier", "slower"),
    [
        (9.0, [], False),
        (2.4, [(2.0, 1.8, 2.3)], False),  # passes of one commit were 0.5 apart
        (2.6, [(2.0, 1.8, 2.3)], True),
        (2.9, [(2.0, 1.9, 2.0), (2.1, 2.0, 2.1), (2.8, 2.7, 2.8)], False),  # medians were 0.8 apart
        (3.0, [(2.0, 1.9, 2.0), (2.1, 2.0, 2.1), (2.8, 2.7, 2.8)], True),
        (1.0, [(2.0, 1.9, 2.0)], False),
    ],
)
def test_slower_is_above_the_median_by_more_than_the_spread(
    new: float, earlier: list[tuple[float, float, float]], slower: bool, history: dict
) -> None:
    known = [dict(zip(("median", "least", "largest"), each, strict=True)) for each in earlier]
    assert history["is_slower"]({"median": new}, known) == slower


@pytest.mark.whole
def test_lines_are_appended_and_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(HERE)
    file = tmp_path / "history.jsonl"
    monkeypatch.setattr(sys, "argv", ["history.py", "--quick", "--file", str(file)])
    for earlier in (0, 1):
        runpy.run_path(str(HERE / "history.py"), run_name="__main__")
        assert f"processor time, {earlier} earlier" in capsys.readouterr().out
    first, second = map(json.loads, file.read_text().splitlines())
    assert first.keys() == second.keys() == {"commit", "date", "size", "versions", "ratios"}
    nothing = {"median": 0, "least": 0, "largest": 0}
    file.write_text(json.dumps(first | {"ratios": dict.fromkeys(first["ratios"], nothing)}))
    runpy.run_path(str(HERE / "history.py"), run_name="__main__")
    assert "Slower than before: BestResponse, Algorithm 1" in capsys.readouterr().out
