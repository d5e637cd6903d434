"""A small scenario on ten days of made-up prices, and the command line called the way a shell calls it."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from omnisim.__main__ import command

FIRST_DAY, DAYS = "2021-01-01", 10

TOY = """\
name = "toy"

[market]
source = "file"
path = "prices.csv"
low = 0.0
high = 100.0

[forecaster]
kind = "persistence"

[populations.buyers]
kind = "energy_buyers"
agents = 2
stress_price = 60.0
"""

ALL_ENTRY_POINT = [sys.executable, "-c", "from omnisim.cli import main; main()"]
"""The command in a process of its own, to which arguments are appended."""


def prices(days: int = DAYS, seed: int = 7) -> np.ndarray:
    """Prices (days, 24) between 10 and 90, to the cent."""
    return np.random.default_rng(seed).uniform(10, 90, (days, 24)).round(2)


def published(values: np.ndarray) -> np.ndarray:
    """A forecast of prices that knows half of what moves them, to the cent."""
    wrong = np.random.default_rng(values.size).uniform(-5, 5, values.shape)
    return (values / 2 + 20 + wrong).round(2)


def write_prices(path: Path, values: np.ndarray, first_day: str = FIRST_DAY) -> Path:
    """A CSV file with these prices, a feature ``load`` and a published forecast ``model``."""
    hours = pd.date_range(first_day, periods=values.size, freq="h")
    frame = pd.DataFrame({"time": hours.strftime("%Y-%m-%d %H:%M"), "price": values.ravel()})
    frame["load"] = 1000.0 + np.arange(values.size) % 100
    frame["model"] = published(values).ravel()
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return path


def write_scenario(folder: Path, text: str = TOY, days: int = DAYS) -> Path:
    """``toy.toml`` and ``prices.csv`` in a folder."""
    write_prices(folder / "prices.csv", prices(days))
    path = folder / "toy.toml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def omnisim_command(*arguments: object) -> Answer:
    """Call the entry point of the ``omnisim`` command in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["omnisim", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            command()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def omnisim_commands_elsewhere(
    commands: Sequence[Sequence[object]], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> list[Answer]:
    """Call the entry point for each of these commands, one after the other, in one process of their own.

    It is a fresh one with another current folder or environment, and starting it costs more than most commands do.
    """
    code = (
        "import json, sys; sys.path.append(sys.argv[1]); from scenario_files import omnisim_command\n"
        "print(json.dumps([vars(omnisim_command(*command)) for command in json.loads(sys.argv[2])]))"
    )
    given = json.dumps([[str(argument) for argument in command] for command in commands])
    done = subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, "-c", code, str(Path(__file__).parent), given],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        check=True,
    )
    assert done.stderr == ""
    return [Answer(**answer) for answer in json.loads(done.stdout)]


def refusal(*arguments: object) -> str:
    """The one line that a command answers to bad input, without ``omnisim: `` in front."""
    answer = omnisim_command(*arguments)
    assert answer.code == 1, answer
    assert answer.out == ""
    assert answer.err.startswith("omnisim: ")
    assert answer.err.count("\n") == 1, answer.err
    assert answer.err.endswith("\n")
    return answer.err.removeprefix("omnisim: ").rstrip("\n")
