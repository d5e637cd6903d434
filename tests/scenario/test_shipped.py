from pathlib import Path

import pytest

from omnisim.errors import ScenarioError
from omnisim.scenario import shipped


def test_a_name_means_a_shipped_file() -> None:
    assert shipped.find("own_prices") == shipped.folder() / "own_prices.toml"


def test_a_path_means_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shipped.find("no/such/file.toml") == Path("no/such/file.toml")  # refused where it is read
    monkeypatch.chdir(tmp_path)
    Path("own_prices").write_text("")
    assert shipped.find("own_prices") == Path("own_prices")


@pytest.mark.parametrize("name", ["nothing", "../scenarios/own_prices", "x" * 5000])
def test_anything_else_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError, match=r"is neither a \.toml file nor a shipped scenario"):
        shipped.find(name)


def test_summaries_are_first_lines() -> None:
    for name, summary in shipped.summaries().items():
        first = (shipped.folder() / f"{name}.toml").read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# {summary}"
