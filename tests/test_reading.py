"""What goes wrong with a content is told in one line; a mistake in a line of omnisim stays what it is."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples import spread
from small_comparison import compared

import omnisim
from omnisim.comparison import store
from omnisim.errors import DataError, TraceError
from omnisim.reading import reading

MISTAKES = {
    "undefined": NameError,
    "(lambda: late)()": NameError,
    "None.rows": AttributeError,
    "1 + 'a'": TypeError,
    "len(5)": TypeError,
}


def line(code: str, module: str) -> None:
    """Run a line as if it stood in a module."""
    exec(code, {"__name__": module})  # noqa: S102 (the lines above)


@pytest.mark.parametrize(("code", "kind"), MISTAKES.items())
def test_a_mistake_of_ours_is_no_damaged_file(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind), reading("prices.csv", DataError):
        line(code, "omnisim.market.readers")


@pytest.mark.parametrize("code", MISTAKES)
@pytest.mark.parametrize("module", ["pandas.io", "omnisimilar", "my_plug_in"])
def test_what_a_library_raises_is_about_the_file(code: str, module: str) -> None:
    with pytest.raises(DataError, match=r"^prices\.csv: cannot be read \("), reading("prices.csv", DataError):
        line(code, module)


@pytest.mark.parametrize("code", ["[][0]", "{}['a']", "int('a')", "1 / 0", "raise EOFError"])
def test_what_a_content_lacks_is_about_the_file_wherever_it_is_noticed(code: str) -> None:
    with pytest.raises(DataError, match=r"^prices\.csv: cannot be read \("), reading("prices.csv", DataError):
        line(code, "omnisim.market.readers")


@pytest.mark.parametrize(("code", "kind"), MISTAKES.items())
def test_of_a_content_of_any_form_only_names_are_ours(code: str, kind: type[Exception]) -> None:
    expected = NameError if kind is NameError else DataError
    with pytest.raises(expected), reading("state.npz", DataError, of_any_form=True):
        line(code, "omnisim.snapshot.decoder")


@pytest.mark.long
def test_a_mistake_in_a_check_of_a_comparison_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared(tmp_path, seeds=1)
    planted: dict[str, object] = {"__name__": "omnisim.comparison.checking"}
    exec("def check_runs(table, name=None):\n    return tabel", planted)  # noqa: S102
    monkeypatch.setattr(store, "check_runs", planted["check_runs"])
    with pytest.raises(NameError, match="tabel"):
        omnisim.load_comparison(tmp_path).runs  # noqa: B018


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    compared(folder, seeds=1)
    return folder


COLUMNS = [
    *(("runs", name) for name in ("run", "rounds", "clipping")),
    *(("agents", name) for name in ("run", "utility", "population")),
]


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("column", "value"), spread(COLUMNS, [5, "five", [1.5], {"a": None}, None, b"\xff", True]))
def test_a_column_of_another_type_is_read_or_refused(
    column: tuple[str, str], value: object, tmp_path: Path, made: Path
) -> None:
    folder, name = column
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    path = min((tmp_path / folder).glob("*.parquet"))
    table = pq.read_table(path)
    place = table.schema.get_field_index(name)
    changed = pa.array([value] * len(table))
    pq.write_table(table.set_column(place, name, changed), path)
    try:
        comparison = omnisim.load_comparison(tmp_path)
        assert len(comparison.table) == 3
        assert set(comparison.agents["run"]) == set(comparison.runs["run"])
    except TraceError as refused:
        assert str(refused).startswith(f"{path}: is damaged")
    else:
        assert pa.types.is_primitive(changed.type) or name == "population"


@pytest.mark.parametrize("tree", [[], 5, None, "text", {}, {"tree": 1}, {"digest": 1, "tree": []}])
def test_a_state_of_any_form_is_refused_in_a_line(tree: object, tmp_path: Path) -> None:
    from omnisim.simulation.standing import read_standing

    path = tmp_path / "state.npz"
    np.savez(path, json=np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8))
    with pytest.raises(TraceError, match=r"state\.npz: is damaged"):
        read_standing(path)
