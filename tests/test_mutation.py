"""Faults that once survived can still be planted: the code they are planted in goes on changing."""

from pathlib import Path

import pytest
from mutation import PLANTED, planted


def test_each_is_one_change_of_code_that_stands() -> None:
    found = list(planted())
    assert len(found) >= 10
    for mutant, tests in found:
        compile(mutant.source, mutant.module, "exec")
        assert tests


def test_one_that_stands_nowhere_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "planted.toml"
    path.write_text(PLANTED.read_text(encoding="utf-8").replace("used = order[own:]", "used = nowhere"))
    monkeypatch.setattr("mutation.PLANTED", path)
    with pytest.raises(SystemExit, match="'used = nowhere' must be once in"):
        list(planted())
