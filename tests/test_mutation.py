"""Faults that once survived can still be planted, and each is met by modules as they are when its tests begin."""

import os
from pathlib import Path

import filelock
import mutation_warm
import pytest
from mutation import (
    CAUGHT,
    ENDLESS,
    EQUIVALENT,
    GONE,
    PLANTED,
    SURVIVED,
    TESTS,
    UNUSABLE,
    Score,
    copied,
    judged_again,
    judged_at_first,
    planted,
    recorded,
)

from omnisim.output_folder import LOCK


def test_each_is_one_change_of_code_that_stands() -> None:
    found = list(planted())
    assert len(found) >= 10
    for mutant, tests in found:
        compile(mutant.source, mutant.module, "exec")
        assert tests


def test_one_that_stands_nowhere_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "planted.toml"
    path.write_text(
        PLANTED.read_text(encoding="utf-8").replace("first, used = order[:own], order[own:]", "used = nowhere")
    )
    monkeypatch.setattr("mutation.PLANTED", path)
    with pytest.raises(SystemExit, match="'used = nowhere' must be once in"):
        list(planted())


def _counted(score: Score) -> None:
    """What was drawn is each of the kinds once, and what was judged survived or was caught."""
    kinds = ("judged", "equivalent", "gone", "not_judged")
    assert score["drawn"] == sum(score[kind] for kind in kinds)
    assert score["judged"] == score["caught"] + len(score["survivors"])
    assert score["caught_at_first"] <= min(score["caught"], score["judged_at_first"])


def test_what_was_caught_at_first_is_kept_when_survivors_are_planted_again() -> None:
    none: dict[str, list[str]] = {word: [] for word in (CAUGHT, SURVIVED, ENDLESS, UNUSABLE, EQUIVALENT, GONE)}
    score = judged_at_first(7, none | {CAUGHT: ["a", "b"], SURVIVED: ["f", "e", "d", "c"], EQUIVALENT: ["g"]})
    assert score["survivors"] == ["c", "d", "e", "f"]
    assert (score["drawn"], score["judged"], score["caught"]) == (7, 6, 2)
    _counted(score)
    again = judged_again(score, none | {CAUGHT: ["c"], SURVIVED: ["d"], EQUIVALENT: ["e"], GONE: ["f"]})
    assert again["survivors"] == ["d"]
    assert (again["judged_at_first"], again["caught_at_first"], again["judged"], again["caught"]) == (6, 2, 4, 3)
    assert (again["drawn"], again["equivalent"], again["gone"]) == (7, 2, 1)
    _counted(again)
    _counted(judged_again(again, none | {ENDLESS: ["d"]}))


def test_the_scores_that_are_kept_add_up() -> None:
    for score in recorded().values():
        _counted(score)


def test_at_least_300_faults_were_judged_and_95_of_100_caught_in_every_package() -> None:
    scores = recorded()
    assert set(scores) == set(TESTS)
    assert sum(score["judged"] for score in scores.values()) >= 300
    for package, score in scores.items():
        assert score["caught"] >= 0.95 * score["judged"], package


def test_a_second_run_with_notes_in_one_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The copy of the first one is left where it is."""
    monkeypatch.setattr("omnisim.output_folder.PATIENCE", 0.0)
    (tmp_path / "copy").mkdir()
    said = pytest.raises(SystemExit, match=r"is in use by another process.* by --notes")
    with filelock.FileLock(tmp_path / LOCK), said as refused, copied(tmp_path):
        pytest.fail("it began")
    assert "\n" not in str(refused.value)
    assert (tmp_path / "copy").is_dir()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.whole
def test_a_process_that_has_the_libraries_sees_what_is_changed_and_ends_what_hangs(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    module, test = tmp_path / "planted_module.py", tmp_path / "test_planted.py"
    test.write_text("import planted_module\ndef test() -> None:\n    assert planted_module.answer() == 42\n")
    given = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    codes = []
    with mutation_warm.Warm(tmp_path, given) as warm:
        for returned in ("42", "43", "42", "next(filter(None, iter(int, 1)))"):
            module.write_text(f"def answer():\n    return {returned}\n")
            codes.append(warm.ask(["-q", "-p", "no:cacheprovider", str(test)], {}, 300.0 if len(codes) < 3 else 5.0))
    assert codes == [0, 1, 0, None]
