"""Does a change leave every page as it was? Make the pages of two checkouts on the same inputs, and compare them.

    python tests/pages_unchanged.py main                         this checkout against the commit ``main``
    python tests/pages_unchanged.py main --only study compare    some pages, by the beginning of their names
    python tests/pages_unchanged.py --record pages.json          keep what the pages of this checkout show
    python tests/pages_unchanged.py pages.json                   compare with what was kept

Pages are the report of every shipped scenario that needs no data of the user's (at few rounds), two comparisons, and
the quick variant of every study, those that read data on made-up files. Of a page everything counts that a reader sees
(words, cells of tables, the data and layout of figures, what is drawn when an agent is chosen) and so does every table
beside it. Left out are run times, memory, versions and the machine. Numbers agree if they differ by at most 1e-9 of
their size; words must be equal. Differences are told one in a line, and there are none if the command ends with 0.
"""

import argparse
import base64
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
ROUNDS = 40
NEEDS_DATA = ("victoria_hot_days",)

TOLERANCE = 1e-9
MOST_TOLD = 25
"""Differences of a page."""

_SHOWN = ("text/plain", "application/json")
"""Types of script elements that hold what a page draws."""
_COST = re.compile(r"second|memory|^time|wall|version|machine|^(?:simulate|analyze) s|slowest", re.IGNORECASE)
_SLOW = re.compile(r"slowest|took longest|most memory")
_COSTS = ("cost",)
"""Figures of what runs cost."""
_TIMED = re.compile(r"[\d.,]+ ?(?:µs|ms|s|seconds|min|MB|GB)\b")


def pages() -> dict[str, list[str]]:
    """What the command line is told, by the name of a page; data are files in the folder ``inputs`` beside the page."""
    scenarios = sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml") if path.stem not in NEEDS_DATA)
    made = {f"run {name}": ["run", name, "--rounds", str(_ROUNDS.get(name, ROUNDS))] for name in scenarios}
    forecasters = "climatology,persistence(lag=7),decision_calibrated"
    market = ["compare", "ercot_day_ahead", "--forecasters", forecasters, "--seeds", "3", "--set", "rounds=60"]
    grid = ["compare", "synthetic_seasonal", "--forecasters", "climatology,persistence", "--seeds", "4"]
    grid += ["--eliminations", "first_violation,best_response", "--set", "rounds=50"]
    made |= {"compare market": [*market, "--jobs", "1"], "compare grid": [*grid, "--jobs", "1"]}
    studies = {
        "crowding": [],
        "scaling": [],
        "panprediction": [],
        "real-markets": ["--data", "inputs/forecasts.parquet"],
        "simulated": [],
        "price-spikes": [],
        "m5": ["--data", "inputs/m5"],
    }
    return made | {
        f"study {name}": ["study", name, "--quick", "--seed", "3", "--jobs", "1", *data]
        for name, data in studies.items()
    }


_ROUNDS = {"own_prices": 28, "panprediction": 250, "panprediction_spikes": 220}
"""Of scenarios that need more, or have fewer."""


def write_inputs(folder: Path) -> None:
    """Write the made-up data that studies read."""
    from made_up_m5 import write_m5
    from made_up_markets import DAYS, hours, made_up_forecasts, made_up_prices

    prices = made_up_prices(seed=0)
    columns = {"price": prices, **made_up_forecasts(prices)}
    named = {name: values.ravel() for name, values in columns.items()}
    frame = pd.DataFrame({"market": "AA", "ts_local": hours(DAYS), "dst_flag": 0, **named})
    frame.to_parquet(folder / "forecasts.parquet", index=False)
    (folder / "m5").mkdir()
    write_m5(folder / "m5", products=150)


def made(checkout: Path, inputs: Path, only: Sequence[str], say: Any = print) -> dict[str, Any]:
    """What the pages of a checkout show, by page."""
    shown = {}
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    for name, arguments in pages().items():
        if only and not any(name.startswith(start) for start in only):
            continue
        say(f"{checkout.name}: {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="omnisim-pages-") as folder:
            (Path(folder) / "inputs").symlink_to(inputs)
            command = [sys.executable, "-m", "omnisim", *arguments, "--out", "page"]
            # From the folder that the page is written to, so that what it says of paths is the same everywhere.
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)  # noqa: S603, PLW1510
            if done.returncode:
                shown[name] = {"refused": done.stderr.strip()}
                continue
            shown[name] = contents(Path(folder) / "page")
    return shown


def contents(folder: Path) -> dict[str, Any]:
    """Everything that a reader of the folder of a run, comparison or study sees, as plain JSON values."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.parquet")):
        frame = pd.read_parquet(path)
        kept = [name for name in frame.columns if not _COST.search(str(name))]
        # In a JSON table a number that is none is null, and texts stay what they are.
        found[path.stem] = json.loads(frame[kept].to_json(orient="split", index=False, double_precision=15))
    if (folder / "certificates.json").exists():
        found["certificates"] = json.loads((folder / "certificates.json").read_text(encoding="utf-8"))
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    return found | {"words": list(page.told()), "tables": page.tables, "drawn": page.drawn}


class Page(HTMLParser):
    """Words, tables and drawn data of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.drawn: list[Any] = []
        self._kind: str | None = ""
        self._in_table = False
        self.feed(text)

    def told(self) -> Iterator[str]:
        """The words outside of tables, without what depends on the machine."""
        skip = False
        for words in self.words:
            if skip or _COST.search(words):
                skip = not skip and len(words) < 30
                continue
            yield _TIMED.sub("#", words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self._kind = dict(attrs).get("type") or "code"
        elif tag == "style":
            self._kind = "code"
        elif tag == "table":
            self._in_table = True
            self.tables.append([])
        elif tag == "tr" and self._in_table:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self._in_table:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._kind = ""
        elif tag == "table":
            self._in_table = False
            self.tables[-1] = _without_costs(self.tables[-1])

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._kind in _SHOWN:
            self.drawn += _unpacked(data)
        elif self._kind or not text:
            return
        elif self._in_table and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] = f"{self.tables[-1][-1][-1]} {text}".strip()
        else:
            self.words.append(text)


def _unpacked(data: str) -> list[Any]:
    try:
        return [json.loads(data)]
    except ValueError:
        unpacked = gzip.decompress(base64.b64decode(data)).decode(errors="replace")
    try:
        drawn = json.loads(unpacked)
    except ValueError:
        return []  # the drawing library itself
    if isinstance(drawn, dict) and isinstance(drawn.get("figures"), dict):
        drawn["figures"] = {name: each for name, each in drawn["figures"].items() if name not in _COSTS}
    return [drawn]


def _without_costs(rows: list[list[str]]) -> list[list[str]]:
    dropped = {i for i, heading in enumerate(rows[0] if rows else []) if _COST.search(heading)}
    # A run may be listed because it was the slowest.
    kept = [row for k, row in enumerate(rows) if k == 0 or not any(_SLOW.search(cell) for cell in row)]
    return [[_TIMED.sub("#", cell) for i, cell in enumerate(row) if i not in dropped] for row in kept]


def differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """One line for each place where two JSON values differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if "refused" in after:
            yield f"{where}: was not made: {after['refused']}"
        if "bdata" in before and "bdata" in after:
            before, after = ({**each, "bdata": _numbers(each)} for each in (before, after))
        for key in dict.fromkeys([*before, *after]):
            if key in before and key in after:
                yield from differences(before[key], after[key], f"{where}/{key}")
            else:
                yield f"{where}/{key}: {'is new' if key in after else 'is gone'}"
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{where}: {len(before)} entries, now {len(after)}: {_short(before)} -> {_short(after)}"
            return
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{where}/{i}")
    elif _number(before) and _number(after):
        if not math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            yield f"{where}: {before!r} -> {after!r}"
    elif before != after:
        yield f"{where}: {_short(before)} -> {_short(after)}"


def _numbers(array: Mapping[str, Any]) -> list[Any]:
    # How plotly writes arrays.
    found: list[Any] = np.frombuffer(base64.b64decode(array["bdata"]), dtype=array["dtype"]).tolist()
    return [None if isinstance(each, float) and math.isnan(each) else each for each in found]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]} ..."


def main() -> int:
    """Compare, or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", nargs="?", help="a commit, or a file made with --record")
    parser.add_argument("--record", metavar="FILE", type=Path, help="write what the pages of this checkout show")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="pages whose names begin so")
    given = parser.parse_args()
    if (given.base is None) == (given.record is None):
        parser.error("give either a commit or file to compare with, or --record FILE")
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="omnisim-pages-") as folder:
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        write_inputs(inputs)
        if given.record is not None:
            given.record.write_text(json.dumps(made(ROOT, inputs, given.only)), encoding="utf-8")
            return 0
        if given.base.endswith(".json"):
            before = json.loads(Path(given.base).read_text(encoding="utf-8"))
        else:
            before = _made_of_commit(given.base, Path(folder) / "base", inputs, given.only)
        return told(before, made(ROOT, inputs, given.only))


def _made_of_commit(commit: str, folder: Path, inputs: Path, only: Sequence[str]) -> dict[str, Any]:
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)  # noqa: S603
    try:
        return made(folder, inputs, only)
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)  # noqa: S603


def told(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Print where pages differ; 1 if any does."""
    worst = 0
    for name, content in after.items():
        if name not in before:
            print(f"{name}: is new")
            continue
        found = list(differences(before[name], content))
        print(f"{name}: {'unchanged' if not found else f'{len(found)} differences'}")
        for line in found[:MOST_TOLD]:
            print(f"    {line}")
        worst = max(worst, int(bool(found)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
