"""A quick run of the scaling study through the command line, made once: in the quick suite with fewer replicates."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from examples import Suite
from headings import unexplained_on
from scenario_files import omnisim_command

from omnisim.studies.scaling.page import STUDY

ONE = {2**exponent: 1 for exponent in (4, 5, 6)}
TWO = {2**exponent: 1 for exponent in (4, 5)}
SMALLER = dataclasses.replace(
    STUDY.quick,
    regret=ONE,
    beside=TWO,
    independent=TWO,
    rules=TWO,
    violation=ONE,
    masking=ONE,
    learners=TWO,
    sizes_rounds=16,
)
"""Every case of the quick variant, with one replicate and fewer rounds."""


@dataclass(frozen=True)
class Written:
    """What ``omnisim study scaling --quick`` printed and left in its folder."""

    folder: Path
    printed: list[str]

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    @property
    def manifest(self) -> dict[str, object]:
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    @property
    def page(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("studies") / "scaling"
    quick = STUDY.quick
    object.__setattr__(STUDY, "quick", quick if Suite.long else SMALLER)
    try:
        answer = omnisim_command("study", "scaling", "--quick", "--seed", 3, "--jobs", 1, "--out", folder)
    finally:
        object.__setattr__(STUDY, "quick", quick)
    assert (answer.code, answer.err) == (0, "")
    assert unexplained_on(folder / "report.html") == {}
    return Written(folder, answer.out.splitlines())
