"""Would the tests notice? Plant one-line faults in a package and run the tests that call the faulty function.

    python tests/mutation.py --quick                    a handful of faults that once survived, for CI (minutes)
    python tests/mutation.py --package analysis         a sample of the faults of a package (an hour or so)
    python tests/mutation.py --package game --mutants 60 --seed 1 --record
    python tests/mutation.py --package game --again --record    those that survived, once there are tests for them

Everything happens in a copy of the repository in a temporary folder. A fault is caught if a test fails. One with
which the tests never end, or cannot be run, was not judged and does not count. Faults that change nothing a test could
see are named one by one, with the reason, in ``mutation_equivalents.toml``, and do not count either. Scores are kept in
``mutation_scores.toml`` with ``--record``: what was caught at first says how good the tests are, what is caught after
tests were written for the survivors says that these are known.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeAlias

import mutation_plugin as plugin
from mutants import Mutant, mutants
from mutation_callers import callers, users
from mutation_warm import Warm

from omnisim.errors import FolderInUseError
from omnisim.output_folder import held

HERE = Path(__file__).parent
ROOT = HERE.parent
EQUIVALENTS, PLANTED, SCORES = (HERE / f"mutation_{name}.toml" for name in ("equivalents", "planted", "scores"))

_CALIBRATED = ["tests/strategies/test_decision_calibrated.py", "tests/strategies/test_step_calibrated.py"]
_HEDGE = ["tests/test_hedge_certificates.py", "tests/test_white_box_regret.py"]
TESTS: dict[str, list[str]] = {
    "analysis": [
        *("tests/analysis", "tests/test_guarantees.py", "tests/test_forged_traces.py", "tests/test_declarations.py"),
        "tests/report/test_run_sentences.py",
        *("tests/simulation/test_network_replay.py", "tests/simulation/test_churn.py", "tests/test_absence.py"),
        *("tests/test_limits.py", "tests/strategies/test_betting.py"),
        *("tests/market/test_signals.py", "tests/test_schedules_command.py", "tests/comparison/test_accuracy.py"),
        *("tests/comparison/test_growth_of.py", "tests/comparison/test_money.py", "tests/trace/test_widths.py"),
        *("tests/strategies/adversaries/test_worst_case.py", *_CALIBRATED, *_HEDGE, "omnisim/analysis"),
    ],
    "comparison": ["tests/comparison", "omnisim/comparison"],
    "statistics": ["tests/statistics", "omnisim/statistics"],
    "report": [
        *(
            "tests/report",
            "tests/test_forged_traces.py",
            "tests/comparison/test_money.py",
            "tests/studies/test_frame.py",
        ),
        *("tests/market/test_customers.py", "omnisim/report"),
    ],
    "game": [
        *("tests/game", "tests/analysis/test_forecast_rows.py", "tests/batch/test_two_player.py", "omnisim/game"),
        *("tests/batch/test_calibrated.py", "tests/batch/test_precision.py", *_CALIBRATED, *_HEDGE),
    ],
    "strategies": [
        *("tests/strategies", "tests/test_contracts.py", "tests/test_guarantees.py", "tests/test_declarations.py"),
        *("tests/analysis/test_against_oracle.py", "tests/test_notebook_objects.py", *_HEDGE, "omnisim/strategies"),
    ],
    "simulation": [
        *("tests/simulation", "tests/analysis/test_against_oracle.py", "tests/test_validate.py", "omnisim/simulation")
    ],
    "batch": ["tests/batch", "omnisim/batch"],
}
"""Where the tests of a package are."""

WHOLE: dict[str, list[str]] = {
    "comparison": ["tests/comparison/test_command.py", "tests/report/comparison/test_drawn_numbers.py"],
    "report": ["tests/report/comparison/test_drawn_numbers.py", "tests/report/comparison/test_comparison_page.py"],
}
"""Files of the whole of which a package's survivors are asked as well when they are planted again."""

Calls: TypeAlias = dict[str, tuple[float, list[str], dict[str, float]]]
"""Of each test, its seconds, the functions that it calls, and the seconds of what it shares with others, by name."""

MOST_SECONDS = 240.0
"""Of tests for one fault, as they took without it, unless told otherwise; the quickest that call the function first."""


CAUGHT, SURVIVED, ENDLESS, UNUSABLE = "caught", "SURVIVED", "endless", "unusable"
"""What can come of a fault; the tests of the last two never end, or pytest cannot run them, and nothing is known."""

EQUIVALENT, GONE = "equivalent", "gone"
"""What a fault can be besides: one that changes nothing, and one that survived and whose line was taken out."""

Score: TypeAlias = dict[str, Any]
"""Of a package: the seed, numbers of faults, and the names of the survivors."""

_HEADING = """\
# Written by tests/mutation.py --record: faults planted in a package, and how many the tests caught.
# drawn: faults that there was time for, which are the equivalent, the gone, the not_judged and the judged.
# at_first: before anything was done about the survivors of this sample.
# judged, caught: after tests were written for them (--again), and some were found equivalent or their lines taken out.
# A package that is not here has not been judged since the code and the tests were last rearranged.
"""


class Copy:
    """A copy of the repository in which faults are planted."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve() / "copy"  # as what is imported from it is named
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in ("omnisim", "tests", "scenarios", "reports", "docs"):
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "CONTRIBUTING.md"):
            shutil.copy(ROOT / name, self.root / name)
        self._compiled = folder / "compiled"
        paths = f"{self.root}{os.pathsep}{self.root / 'tests'}"
        given = {"PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(self._compiled)}
        self._warm = Warm(self.root, given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._warm.__exit__()

    def run(self, tests: Sequence[str], seconds: float, *more: str, **environment: str) -> int | None:
        """The exit code of pytest; None if it computed for too long."""
        chosen = self.root / "chosen.txt"
        chosen.write_text("\n".join(tests), encoding="utf-8")
        plugins = ["-p", "no:cacheprovider", "-p", "mutation_plugin", "-p", "no:xdist"]
        fixed = ["-q", "-x", *plugins, "-m", "not whole"]  # what the long suite tries by the way is a test as well
        return self._warm.ask([*fixed, *more, f"@{chosen}"], environment, seconds)

    def calls(self, tests: Sequence[str], notes: Path | None) -> Calls:
        """Of each test, its seconds and the functions that it calls; they must pass without a fault.

        What the notes know of a file of tests is not found out again.
        """
        known: dict[str, Calls] = {}
        if notes is not None and notes.exists():
            known = json.loads(notes.read_text(encoding="utf-8"))
        files = sorted({file for path in tests for file in _files(self.root, path)})
        new = [file for file in files if file not in known]
        if new:
            noted = self.root.parent / "calls.json"
            settings = {plugin.TRACE: str(noted), plugin.ROOT: str(self.root)}
            code = self.run(new, 7200, PYTHONDONTWRITEBYTECODE="", **settings)
            if code != 0:
                raise SystemExit(f"the tests fail without any fault (exit code {code}): {' '.join(new)}")
            known |= {file: {} for file in new}
            for test, what in json.loads(noted.read_text(encoding="utf-8")).items():
                known[next(file for file in new if test.startswith(file))][test] = what
            if not any(what[1] for file in new for what in known[file].values()):
                raise SystemExit(f"the tests call nothing of the package as far as can be seen: {' '.join(new)}")
            if notes is not None:
                notes.write_text(json.dumps(known), encoding="utf-8")
        if len(new) < len(files):
            self.run(files, 7200, "--collect-only", PYTHONDONTWRITEBYTECODE="")  # keeps the modules' byte code
        return {test: what for file in files for test, what in known[file].items()}

    def verdict(self, mutant: Mutant, tests: Mapping[str, float], *more: str) -> tuple[str, str]:
        """What comes of the tests, with the seconds they usually take, with the fault, and which of them failed."""
        file = self.root / mutant.module
        healthy, changed_at = file.read_text(encoding="utf-8"), file.stat().st_mtime_ns
        file.write_text(mutant.source, encoding="utf-8")
        failed = self.root.parent / "failed.txt"
        failed.unlink(missing_ok=True)
        given = {"PYTHONDONTWRITEBYTECODE": "1", plugin.FAILED: str(failed)}
        own = self.root.parent / "compiled with the fault"
        if "compiled(" in mutant.source:
            # Compiled callers in other modules do not notice that what they call has changed.
            changed = [f"{Path(file).stem}.*" for file in users(self.root, mutant.module)]
            if self._compiled.exists():
                shutil.copytree(self._compiled, own, ignore=shutil.ignore_patterns(*changed), copy_function=os.link)
            given["NUMBA_CACHE_DIR"] = str(own)
        try:
            code = self.run(list(tests), 15 + 3 * sum(tests.values()), *more, **given)
        finally:
            file.write_text(healthy, encoding="utf-8")
            os.utime(file, ns=(changed_at, changed_at))  # so that what was compiled of it is still known to be
            shutil.rmtree(own, ignore_errors=True)
        if code in (0, 5):
            return SURVIVED, ""
        if code is None:
            return ENDLESS, ""
        if code == 1 and failed.exists():
            return CAUGHT, failed.read_text(encoding="utf-8")
        return (CAUGHT, f"crashed ({code})") if code < 0 else (UNUSABLE, "")


@contextmanager
def copied(folder: Path) -> Iterator[Copy]:
    """A copy in a folder that is held meanwhile: another run there would take the copy away."""
    try:
        with held(folder), Copy(folder) as place:
            yield place
    except FolderInUseError as cause:
        raise SystemExit(f"{cause}, by --notes") from None


def _files(root: Path, path: str) -> list[str]:
    """The files of tests in a folder; a part of the package, whose modules have examples, is one whole."""
    if not path.startswith("tests") or (root / path).is_file():
        return [path]
    return [file.relative_to(root).as_posix() for file in (root / path).rglob("test_*.py")]


def sample(root: Path, package: str, count: int, seed: int) -> list[Mutant]:
    """Faults drawn at random, as many of each module as its share of them all, in the order of the modules."""
    drawn: list[Mutant] = []
    every = [list(mutants(root, module)) for module in sorted((root / "omnisim" / package).rglob("*.py"))]
    total = sum(map(len, every))
    for of_module in every:
        share = min(len(of_module), round(count * len(of_module) / max(1, total)))
        drawn += sorted(random.Random(seed).sample(of_module, share), key=lambda mutant: mutant.line)  # noqa: S311
    return drawn


def planted() -> Iterator[tuple[Mutant, list[str]]]:
    """Faults that once survived, from ``mutation_planted.toml``, with the tests that must notice."""
    for entry in tomllib.loads(PLANTED.read_text(encoding="utf-8"))["fault"]:
        source = (ROOT / entry["module"]).read_text(encoding="utf-8")
        if source.count(entry["before"]) != 1:
            raise SystemExit(f"{PLANTED}: {entry['before']!r} must be once in {entry['module']}")
        faulty = source.replace(entry["before"], entry["after"])
        yield Mutant(entry["module"], entry["why"], 0, 0, entry["after"].strip(), faulty), entry["tests"]


def choose(mutant: Mutant, calls: Calls, root: Path, most_seconds: float = MOST_SECONDS) -> dict[str, float]:
    """The tests that call the faulty function, else what names it, else its module or its users; quickest first."""
    every = {name for what in calls.values() for name in what[1]}
    function, chosen = mutant.place.rpartition(".")[2], Calls()
    for places in (
        lambda: {f"{mutant.module}:{mutant.first_line}"},
        lambda: callers(root, mutant.module, function),
        lambda: {name for name in every if name.startswith(f"{mutant.module}:")},
        lambda: {name for name in every if name.partition(":")[0] in users(root, mutant.module)},
    ):
        if not chosen:
            wanted = places()
            chosen = {test: what for test, what in calls.items() if wanted & set(what[1])}
    kept: dict[str, float] = {}
    paid: set[str] = set()
    quickest = sorted((chosen or calls).items(), key=lambda entry: entry[1][0] + sum(entry[1][2].values()))
    for test, (seconds, _, shared) in quickest:
        more = seconds + sum(each for name, each in shared.items() if name not in paid)
        if not kept or sum(kept.values()) + more <= most_seconds:
            kept[test] = more
            paid |= set(shared)
    return kept


def judge(
    package: str,
    count: int,
    seed: int,
    only: str,
    record: bool,
    notes: Path | None,
    *,
    minutes: float = float("inf"),
    seconds: float = MOST_SECONDS,
    again: bool = False,
) -> int:
    """Run a package's sample, or what there is time for, or its survivors; how many survive and are not equivalent."""
    known = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")) if EQUIVALENTS.exists() else {}
    reasons = {entry["fault"]: entry["reason"] for entry in known.get("equivalent", [])}
    found: dict[str, list[str]] = {word: [] for word in (CAUGHT, SURVIVED, ENDLESS, UNUSABLE, EQUIVALENT, GONE)}
    with tempfile.TemporaryDirectory() as folder, copied(Path(folder) if notes is None else notes.parent) as place:
        calls = place.calls(TESTS[package], notes)
        print(f"{len(calls)} tests, {sum(what[0] for what in calls.values()):.0f} s", flush=True)
        if again:
            drawn, found[GONE] = survivors(place.root, package)
        else:
            drawn = [mutant for mutant in sample(place.root, package, count, seed) if only in mutant.name]
        begun = time.monotonic()
        random.Random(seed).shuffle(drawn)  # noqa: S311 (so that what there is time for is a sample as well)
        for mutant in drawn:
            if time.monotonic() - begun > 60 * minutes and not again:
                break
            if mutant.name in reasons:
                found[EQUIVALENT].append(mutant.name)
                continue
            began, tests = time.perf_counter(), choose(mutant, calls, place.root, seconds)
            word, by = place.verdict(mutant, tests)
            if word == SURVIVED and again and package in WHOLE:
                word, by = place.verdict(mutant, dict.fromkeys(WHOLE[package], 120.0), "-m", "whole")
            found[word].append(mutant.name)
            print(f"{word:8} {time.perf_counter() - began:4.0f} s  {mutant.name} (line {mutant.line}) {by}", flush=True)
    numbers = {word: len(names) for word, names in found.items()}
    total = numbers[CAUGHT] + numbers[SURVIVED]
    print(
        f"{package}: {numbers[CAUGHT]} of {total} faults caught, {100 * numbers[CAUGHT] / max(1, total):.1f} %; "
        + ", ".join(f"{numbers[word]} {word}" for word in (EQUIVALENT, GONE, ENDLESS, UNUSABLE))
    )
    for name in found[SURVIVED]:
        print(f"  {name}")
    if record:
        scores = recorded()
        scores[package] = judged_again(scores[package], found) if again else judged_at_first(seed, found)
        SCORES.write_text(_HEADING + "".join(_table(name, scores[name]) for name in sorted(scores)), encoding="utf-8")
    return numbers[SURVIVED]


def recorded() -> dict[str, Score]:
    """The scores that are kept, by package."""
    return tomllib.loads(SCORES.read_text(encoding="utf-8")) if SCORES.exists() else {}


def survivors(root: Path, package: str) -> tuple[list[Mutant], list[str]]:
    """The faults that survived when a package was judged, and the names of those whose line is no longer there."""
    names = recorded()[package]["survivors"]
    every = (
        mutant for module in sorted((root / "omnisim" / package).rglob("*.py")) for mutant in mutants(root, module)
    )
    there = {mutant.name: mutant for mutant in every if mutant.name in names}
    return list(there.values()), [name for name in names if name not in there]


def judged_at_first(seed: int, found: Mapping[str, Sequence[str]]) -> Score:
    """The score of a sample, from the names of the faults of each kind."""
    caught, survived = len(found[CAUGHT]), len(found[SURVIVED])
    return {
        "seed": seed,
        "drawn": sum(map(len, found.values())),
        "equivalent": len(found[EQUIVALENT]),
        "gone": 0,
        "not_judged": len(found[ENDLESS]) + len(found[UNUSABLE]),
        "judged_at_first": caught + survived,
        "caught_at_first": caught,
        "judged": caught + survived,
        "caught": caught,
        "survivors": sorted(found[SURVIVED]),
    }


def judged_again(score: Score, found: Mapping[str, Sequence[str]]) -> Score:
    """A score after tests were written for the survivors; what was caught at first stays what it was.

    A survivor that is now called equivalent, or whose line is gone, no longer counts as judged; one with which the
    tests never end or cannot be run still counts as a survivor.
    """
    left = sorted([*found[SURVIVED], *found[ENDLESS], *found[UNUSABLE]])
    caught = score["caught"] + len(found[CAUGHT])
    return score | {
        "equivalent": score["equivalent"] + len(found[EQUIVALENT]),
        "gone": score["gone"] + len(found[GONE]),
        "judged": caught + len(left),
        "caught": caught,
        "survivors": left,
    }


def quick() -> int:
    """Plant the faults that once survived; the number that do so again."""
    survivors = 0
    with tempfile.TemporaryDirectory() as folder, copied(Path(folder)) as place:
        for mutant, tests in planted():
            word, _ = place.verdict(mutant, dict.fromkeys(tests, 60.0))
            survivors += word != CAUGHT
            print(f"{word:8} {mutant.place}: {mutant.change} ({mutant.module})", flush=True)
    return survivors


def _table(package: str, score: Score) -> str:
    """A table of TOML; the survivors are a line each."""
    names = "".join(f"\n    {json.dumps(name, ensure_ascii=False)}," for name in score["survivors"])
    numbers = "".join(f"{key} = {value}\n" for key, value in score.items() if key != "survivors")
    return f"\n[{package}]\n{numbers}survivors = [{names}{chr(10) if names else ''}]\n"


def main() -> int:
    """Exit code 1 if a fault survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", choices=sorted(TESTS))
    parser.add_argument("--mutants", type=int, default=100, help="how many faults")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", default="", help="faults whose name contains this text")
    parser.add_argument(
        "--notes", type=Path, help="file in which to keep which test calls what, and beside it what was compiled"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no fault after so many")
    parser.add_argument("--seconds", type=float, default=MOST_SECONDS, help="most of tests for one fault")
    parser.add_argument("--record", action="store_true", help=f"keep the score in {SCORES.name}")
    parser.add_argument("--again", action="store_true", help=f"only those that {SCORES.name} names as survivors")
    parser.add_argument("--quick", action="store_true", help="only faults that once survived")
    given = parser.parse_args()
    if given.quick:
        return int(quick() > 0)
    if given.package is None:
        parser.error("give --package, or --quick")
    if given.record and given.only:
        parser.error("--only is no sample, of which a score could be recorded")
    if given.again and given.package not in recorded():
        parser.error(f"{SCORES.name} knows nothing of {given.package}, of which --again could plant the survivors")
    chosen = (
        given.package,
        given.mutants,
        given.seed,
        given.only,
        given.record,
        given.notes and given.notes.resolve(),
    )
    return int(judge(*chosen, minutes=given.minutes, seconds=given.seconds, again=given.again) > 0)


if __name__ == "__main__":
    sys.exit(main())
