"""Contents that make a parser raise what nobody lists: each is refused in one line that names the file."""

import contextlib
import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import done
from scenario_files import TOY, omnisim_command, refusal, write_scenario

from omnisim.errors import ScenarioError
from omnisim.scenario.toml import refuse_large, refuse_nesting


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_scenario(tmp_path)


DEEP = {
    "lists": "x = " + "[" * 5000 + "]" * 5000,
    "inline tables": "x = " + "{a = " * 5000 + "1" + "}" * 5000,
    "a dotted key": ".".join(["a"] * 5000) + " = 1",
    "the name of a table": "[" + ".".join(["a"] * 5000) + "]",
    "within what there is": "[populations.buyers.churn]\nschedule = " + "[" * 100 + "]" * 100,
}


@pytest.mark.long
@pytest.mark.parametrize("how", DEEP)
def test_toml_that_is_nested(toy: Path, how: str) -> None:
    toy.write_text(f"{DEEP[how]}\n{TOY}" if "=" in DEEP[how].partition("\n")[0] else TOY + DEEP[how], encoding="utf-8")
    line = refusal("validate", toy)
    assert line.startswith(f"{toy}: ")
    assert "is nested" in line
    assert len(line) < 300 + len(str(toy))


@pytest.mark.long
def test_nesting_on_the_command_line(toy: Path) -> None:
    assert "nested" in refusal("validate", toy, "--set", "name=" + "[" * 5000 + "]" * 5000)
    for deep in (200, 5000):
        assert "is nested more than 30 deep" in refusal("validate", toy, "--set", ".".join(["a"] * deep) + "=1")


def test_how_deep_and_how_large_a_value_may_be() -> None:
    for most, refuse in ((30, refuse_nesting), (2**63 - 1, refuse_large), (-(2**63), refuse_large)):
        for beyond in (0, 1 if most > 0 else -1):
            value = most + beyond
            tree: dict[str, Any] = {"a": value}
            for _ in range(value - 1 if refuse is refuse_nesting else 0):
                tree = {"a": tree}
            with pytest.raises(ScenarioError) if beyond else contextlib.nullcontext():
                refuse(tree)


NINES = "9" * 5000


def test_whole_numbers_of_five_thousand_digits(toy: Path) -> None:
    said = "a whole number has more than 4,300 digits"
    toy.write_text(TOY.replace("agents = 2", f"agents = {NINES}"), encoding="utf-8")
    assert refusal("validate", toy) == f"{toy}: is not valid TOML ({said})"
    toy.write_text(TOY, encoding="utf-8")
    assert said in refusal("validate", toy, "--set", f"populations.buyers.agents={NINES}")
    assert "it may have 64" in refusal("validate", toy, "--set", f"populations.buyers.agents={'9' * 4000}")


@pytest.mark.long
def test_such_a_number_in_a_manifest(toy: Path) -> None:
    out = toy.parent / "out"
    assert omnisim_command("run", toy, "--out", out).code == 0
    manifest = (out / "manifest.json").read_text(encoding="utf-8").replace('"seed": 0', f'"seed": {NINES}')
    (out / "manifest.json").write_text(manifest, encoding="utf-8")
    line = refusal("report", out)
    assert line.startswith(
        f"{out / 'manifest.json'}: the manifest is damaged (a whole number has more than 4,300 digits)"
    )


@pytest.mark.one_in(2)
@pytest.mark.parametrize("value", ["[]", "[[1]]", "{}", "[1, 'a']", "true", "2021-01-01", "[[[]]]"])
@pytest.mark.parametrize(
    "key",
    [
        *("populations.buyers.default_action", "populations.buyers.agents", "market.low", "forecaster.lag", "seed"),
        *("rounds", "populations.buyers.stress_price", "network.max_age", "populations.buyers.churn.join"),
        "subsequences.all.value",
    ],
)
def test_anything_where_a_number_is_due(toy: Path, key: str, value: str) -> None:
    if key.startswith("subsequences"):
        toy.write_text(
            TOY + '\n[subsequences.all]\nfeature = "weekday"\noperator = ">="\nvalue = 0\n', encoding="utf-8"
        )
    line = refusal("validate", toy, "--set", f"{key}={value}")
    assert line.startswith(f"{toy}: {key}")


class TestCompressed:
    @pytest.fixture
    def packed(self, toy: Path) -> bytes:
        toy.write_text(TOY.replace("prices.csv", "prices.csv.gz"), encoding="utf-8")
        return gzip.compress((toy.parent / "prices.csv").read_bytes(), mtime=0)

    def test_whole(self, toy: Path, packed: bytes) -> None:
        (toy.parent / "prices.csv.gz").write_bytes(packed)
        assert omnisim_command("validate", toy).code == 0

    def test_cut_short_anywhere(self, toy: Path, packed: bytes) -> None:
        for kept in (0, 1, 5, 9, 10, 11, 50, len(packed) // 2, len(packed) - 9, len(packed) - 8, len(packed) - 1):
            (toy.parent / "prices.csv.gz").write_bytes(packed[:kept])
            assert refusal("validate", toy).startswith(f"{toy}: market: prices.csv.gz"), kept

    @pytest.mark.long
    def test_a_wrong_bit_anywhere(self, toy: Path, packed: bytes) -> None:
        rng = np.random.default_rng(1)
        # Behind the ten bytes of the header, some of which nobody reads.
        for place in [0, 1, 2, *rng.integers(10, len(packed), 25).tolist()]:
            wrong = bytearray(packed)
            wrong[place] ^= 1 << int(rng.integers(8))
            (toy.parent / "prices.csv.gz").write_bytes(bytes(wrong))
            assert refusal("validate", toy).startswith(f"{toy}: market: prices.csv.gz"), place


@pytest.mark.long
def test_parquet_files_that_were_swapped(toy: Path) -> None:
    """Good files of other tables: of the agents of a run, of the runs of a comparison, of one without rows."""
    out = toy.parent / "out"
    assert omnisim_command("run", toy, "--out", out).code == 0
    comparison = ["compare", toy, "--forecasters", "persistence,climatology", "--seeds", 1, "--jobs", 1]
    assert omnisim_command(*comparison, "--out", out / "compared").code == 0
    pd.DataFrame({"time": [], "price": []}).to_parquet(out / "empty.parquet")
    for path in [out / "agents.parquet", next((out / "compared" / "runs").iterdir()), out / "empty.parquet"]:
        line = refusal("validate", toy, "--set", f"market.path='{path}'")
        assert line.startswith(f"{toy}: market: ")
        assert path.name in line


@pytest.mark.long
def test_keys_of_a_plan_that_are_gone(toy: Path) -> None:
    out = toy.parent / "out"
    comparison = ["compare", toy, "--forecasters", "persistence,climatology", "--seeds", 1, "--jobs", 1, "--out", out]
    assert omnisim_command(*comparison).code == 0
    plan = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    for key in plan:
        left = {name: value for name, value in plan.items() if name != key}
        (out / "comparison.json").write_text(json.dumps(left), encoding="utf-8")
        answer = omnisim_command("report", out)
        assert answer.code in (0, 1), key  # what is not needed may be gone
        assert answer.err.count("\n") == answer.code, answer


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("NUMBA_NUM_THREADS", "-3"), ("NUMBA_NUM_THREADS", "x"), ("NUMBA_DISABLE_JIT", "no")),
        *(
            pytest.param(variable, value, marks=pytest.mark.long)
            for variable, value in (
                *(("NUMBA_NUM_THREADS", value) for value in ("0", "1e3", " ", "1_0.5")),
                *(("NUMBA_OPT", "x"), ("NUMBA_DEBUG_CACHE", "yes"), ("NUMBA_DISABLE_JIT", "1")),
            )
        ),
    ],
)
@pytest.mark.whole
def test_an_environment_that_libraries_trip_over(toy: Path, variable: str, value: str) -> None:
    for command in (["validate", toy], ["run", toy, "--out", toy.parent / "out"], ["list", "forecasters"]):
        code, said, complaint = done(*command, env={**os.environ, variable: value})
        assert (code, said) == (1, "")
        assert re.match(rf"omnisim: the environment has {variable}=({value}: |'{value}', which numba)", complaint)
        assert complaint.count("\n") == 1


@pytest.mark.whole
def test_a_plug_in_of_the_folder_takes_the_place_of_no_package(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    for name in ("numpy", "pandas", "simpy", "rich"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')\n", encoding="utf-8")
    (tmp_path / "mine.py").write_text(
        "import numpy\nfrom omnisim.strategies.forecasters import Persistence\nclass Mine(Persistence):\n    pass\n",
        encoding="utf-8",
    )
    # As a console script starts, whose folder is that of the script and not the current one.
    options = {"cwd": tmp_path, "before": "import sys; sys.path = [p for p in sys.path if p]"}
    code, said, complaint = done("validate", "toy.toml", "--plugin", "mine", "--set", "forecaster.kind=mine", **options)
    assert (code, complaint) == (0, "")
    assert "  forecaster    Mine\n" in said


def test_a_name_without_end(toy: Path) -> None:
    line = refusal("validate", toy, "--set", f"market.price='{'x' * 100_000}'")
    assert line.startswith(f"{toy}: market: ")
    assert 1000 < len(line) < 2000


def test_no_column_of_days(toy: Path) -> None:
    assert refusal("validate", toy, "--set", "market.date=[]").startswith(f"{toy}: market: ")
