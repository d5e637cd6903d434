"""A row of the table of runs with a value that no run can have: the file and the column are named."""

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scenario_files import refusal
from small_comparison import ROUNDS, compared

import omnisim
from omnisim.comparison.checking import check_runs
from omnisim.comparison.records import RUNS

MOST = 2**31 - 1
NAN = float("nan")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    compared(folder, seeds=1)
    return folder


def put(value: Any, *place: Any) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        inside: Any = row
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = value

    return change


FALSE = {
    "rounds": [put(0, "rounds"), put(MOST, "rounds"), put(ROUNDS - 1, "rounds")],
    "agents": [put(0, "agents"), put(7, "agents")],
    "certificates_violated": [put(MOST, "certificates_violated"), put(1, "certificates_violated")],
    "certificates_listed": [put(MOST, "certificates_listed")],
    "outcomes": [put("", "outcomes")],
    "blocks": [
        put("zz", "blocks", 0, "population"),
        put([], "blocks", 0, "rounds"),
        put([], "blocks", 0, "money"),
        put([4, 4, 4, 4, 4], "blocks", 0, "rounds"),
    ],
    "growth": [
        put([], "growth", 0, "rounds"),
        put("zz", "growth", 0, "subsequence"),
        put(ROUNDS + 1, "growth", 0, "rounds", -1),
        put(ROUNDS, "growth", 0, "rounds", 0),
    ],
    "certificates": [
        *(put(value, "certificates", 9, "measured") for value in (NAN, None, 1e308)),
        *(put(value, "certificates", 9, "bound") for value in (-5.0, NAN, None)),
        *(put(value, "certificates", 9, "probability") for value in (-5.0, 2.0)),
        put("zz", "certificates", 0, "population"),
    ],
    "summary": [
        *(put(sign * 1e308, "summary", 0, name) for name in ("money", "utility", "ccv", "bias") for sign in (1, -1)),
        put(MOST, "summary", 0, "rounds"),
        put(MOST, "summary", 0, "agents"),
        put(MOST, "summary", 0, "defined"),
    ],
}


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("column", "change"), [(column, change) for column, changes in FALSE.items() for change in changes]
)
def test_it_is_refused_by_name(made: Path, column: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = min((made / "runs").glob("*.parquet"))
    rows = pq.read_table(path).to_pylist()
    check_runs(pa.Table.from_pylist(rows, schema=RUNS))
    changed = copy.deepcopy(rows)
    change(changed[0])
    with pytest.raises(ValueError, match=column):
        check_runs(pa.Table.from_pylist(changed, schema=RUNS))


@pytest.mark.parametrize("names", [[], ["all", "all"], ["all", "even", "all"]], ids=str)
def test_populations_and_subsequences_have_different_names(made: Path, names: list[str]) -> None:
    rows = pq.read_table(min((made / "runs").glob("*.parquet"))).to_pylist()
    told = rf"populations or subsequences of a run are {re.escape(str(names))}: different names are needed"
    of_population = dict(rows[0]["populations"][0])
    for changed in (
        rows[0] | {"subsequences": names},
        rows[0] | {"populations": [of_population | {"name": name} for name in names]},
    ):
        with pytest.raises(ValueError, match=told):
            check_runs(pa.Table.from_pylist([changed], schema=RUNS))


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    ("column", "change"),
    [
        pytest.param(column, change, marks=pytest.mark.long if index else ())
        for column, changes in FALSE.items()
        for index, change in enumerate(changes[:2])
    ],
)
def test_the_report_says_which_file_is_damaged(
    made: Path, tmp_path: Path, column: str, change: Callable[[dict[str, Any]], None]
) -> None:
    folder = shutil.copytree(made, tmp_path / "copy")
    path = min((folder / "runs").glob("*.parquet"))
    rows = pq.read_table(path).to_pylist()
    change(rows[0])
    pq.write_table(pa.Table.from_pylist(rows, schema=RUNS), path)
    said = refusal("report", folder)
    assert said.startswith(f"{path}: is damaged (")
    assert column in said
    said_again: list[str] = []
    assert len(compared(folder, seeds=1, say=said_again.append).runs) == len(omnisim.load_comparison(made).runs)
    assert [line.partition(":")[0] for line in said_again] == [str(path)]
