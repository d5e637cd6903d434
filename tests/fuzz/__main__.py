"""Many hostile cases at once: ``python -m tests.fuzz --cases 10000``.

Each calls the command, in this process, on a scenario, a price file or a record that was changed at random. It must do
its work or refuse in one clear line; whatever else it does is written down, and makes this program end with code 1.
"""

import argparse
import collections
import faulthandler
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.cases import CASES, prepared
from fuzz.judging import UnclearError
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st


def main() -> int:
    """Run the cases that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=[*CASES, "all"], default="all")
    parser.add_argument("--memory", type=float, default=8.0, help="gigabytes that this process may take")
    asked = parser.parse_args()
    faulthandler.enable()
    _limit_memory(asked.memory)
    wrong = 0
    for kind, (_, share) in CASES.items():
        if asked.kind in (kind, "all"):
            count = asked.cases if asked.kind == kind else round(asked.cases * share)
            wrong += _many(kind, count, asked.seed)
    return 1 if wrong else 0


def _many(kind: str, count: int, first: int) -> int:
    """Run cases of a kind; how many of them ended neither with success nor with a clear line."""
    case, _ = CASES[kind]
    ends: collections.Counter[str] = collections.Counter()
    unclear: dict[str, list[str]] = collections.defaultdict(list)
    started, run = time.monotonic(), 0
    with prepared() as folder:

        def once(data: Any) -> None:
            nonlocal run
            run += 1
            try:
                ends[case(data.draw, folder)] += 1
            except UnclearError as cause:
                ends["anything else"] += 1
                said = str(cause)
                if not unclear[_alike(said)]:
                    kept = Path(tempfile.mkdtemp(prefix=f"omnisim-fuzz-{kind}-"))
                    shutil.copytree(folder, kept, dirs_exist_ok=True)
                    print(f"{kind} {run}: {said}; its files are in {kept}", flush=True)
                unclear[_alike(said)].append(said)

        # In batches, so that what was drawn before does not fill the memory.
        for batch in range((count + 999) // 1000):
            options = {"database": None, "deadline": None, "phases": [Phase.generate]}
            many = settings(
                max_examples=min(1000, count - 1000 * batch), suppress_health_check=list(HealthCheck), **options
            )
            try:
                seed(1000 * first + batch)(many(given(st.data())(once)))()
            except Exception:  # noqa: BLE001 (a fault of the fuzzer itself)
                traceback.print_exc()
                ends["fault of the fuzzer"] += 1
    took = time.monotonic() - started
    told = ", ".join(f"{number:,} {end}" for end, number in sorted(ends.items()))
    print(f"{kind}: {sum(ends.values()):,} cases in {took:,.0f} s: {told}", flush=True)
    return ends["anything else"] + ends["fault of the fuzzer"]


def _alike(said: str) -> str:
    """What two failures have in common that are most likely the same."""
    return "".join("0" if c.isdigit() else c for c in said.partition("; please")[0])[:80]


def _limit_memory(gigabytes: float) -> None:
    try:
        import resource
    except ImportError:  # not POSIX
        return
    resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes * 1e9), resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    random.seed(0)
    sys.exit(main())
