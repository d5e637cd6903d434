"""The command ``omnisim tomorrow``: learn the days since, and write what is known of the next one."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from omnisim import run_directory
from omnisim.analysis import Analysis, analyze
from omnisim.errors import OutputError, ScenarioError, TraceError
from omnisim.files import atomic_write
from omnisim.scenario.latest import scenario_with
from omnisim.simulation.going_on import Eve, go_on
from omnisim.simulation.standing import Standing, read_standing
from omnisim.tomorrow import store
from omnisim.tomorrow.documents import FORECAST, SCHEDULES, Document, documents
from omnisim.trace import Trace


@dataclass
class Told:
    """Output of the command: lines, and warnings."""

    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def tomorrow(run_dir: Path, prices: Path, newer: Mapping[str, Mapping[str, Path]], plugins: Sequence[str] = ()) -> Told:
    """Let the run of a folder, which the caller holds, go on to the last day of a file of prices.

    ``newer`` names newer files beside it; see :func:`omnisim.scenario.latest.scenario_with`.

    Raises
    ------
    OmnisimError
        If the folder is not that of a run that can go on, or the file is not one it can go on with.
    """
    started = time.perf_counter()
    path = run_dir / run_directory.STATE
    standing = _standing(run_dir, path)
    assert standing.market is not None  # noqa: S101 (it was read from a file)
    scenario, days = scenario_with(standing.market, standing.scenario, standing.told, prices, newer)
    trace, eve = go_on(scenario, standing, path, days)
    analysis = analyze(trace)
    if not _is_complete(run_dir, days):
        choices = run_directory.read_manifest(run_dir).get("choices", ())
        run_directory.write_run(run_dir, scenario, trace, analysis, time.perf_counter() - started, plugins, choices)
    told = Told(warnings=[*_revised(run_dir, trace, standing.rounds)])
    told.lines.append(_learnt(trace, standing.rounds))
    found = () if eve is None else documents(analysis, eve)
    store.put(run_dir, found)
    _write_files(run_dir / run_directory.TOMORROW, found)
    told.lines += [*_guaranteed(analysis), *_next_day(eve, found), *_without_documents(run_dir, trace, standing.rounds)]
    told.lines += [
        str(run_dir / run_directory.TOMORROW / f"{each.kind}.{form}") for each in found for form in ("json", "csv")
    ]
    return told


def _standing(run_dir: Path, path: Path) -> Standing:
    manifest = run_directory.read_manifest(run_dir)
    if not path.exists():
        raise TraceError(
            f"{run_dir}: has no {path.name}, so this run cannot go on: run it again with --horizon DAYS, which keeps it"
        )
    standing = read_standing(path)
    if standing.market is None or not standing.scenario:
        raise ScenarioError(f"{path}: is the state of a scenario that was built in Python, which has no file of prices")
    told, found = (manifest["scenario"], manifest["seed"]), (standing.scenario.get("name"), standing.scenario["seed"])
    if told != found or standing.rounds < manifest["rounds"]:
        raise TraceError(
            f"{path}: is the state of another run than {run_directory.MANIFEST} tells of, or of an earlier day: of "
            f"{found[0]} with seed {found[1]} after {standing.rounds} days"
        )
    return standing


def _is_complete(run_dir: Path, days: int) -> bool:
    """Whether the files of the run are those of so many days; the page is the last one to be written."""
    return (run_dir / run_directory.REPORT).exists() and run_directory.read_manifest(run_dir)["rounds"] == days


def _write_files(folder: Path, found: Sequence[Document]) -> None:
    """Write the documents as files where they differ; remove those of a day that is over where there is no next one."""
    wanted = {name: content for each in found for name, content in each.files.items()}
    for name in (f"{kind}.{form}" for kind in (FORECAST, SCHEDULES) for form in ("json", "csv")):
        file, content = folder / name, wanted.get(name)
        try:
            if content is None:
                file.unlink(missing_ok=True)
                continue
            if file.exists() and file.read_bytes() == content:
                continue
        except OSError as cause:
            raise OutputError(f"{file}: cannot be replaced: {cause.strerror or cause}") from cause
        with atomic_write(file) as opened:
            opened.write(content)


def _revised(run_dir: Path, trace: Trace, known: int) -> Iterator[str]:
    """A sentence for each day learnt now that was forecast from other data than it has now been played with."""
    if trace.dates is None:
        return
    for t in range(known, trace.rounds):
        text = store.get(run_dir, FORECAST, str(trace.dates[t]))
        if text is None:
            continue
        told = np.array([period["price"] for period in json.loads(text)["periods"]])
        if not np.allclose(told, trace.blocks[0].values(trace.true_predictions[t]), rtol=1e-9, atol=1e-9):
            yield (
                f"{trace.dates[t]}: what was known before it has changed since: the record has the forecast that "
                "follows from the newer file, not the one that was given out"
            )


def _learnt(trace: Trace, known: int) -> str:
    assert trace.dates is not None  # noqa: S101 (a run that goes on is one on days)
    new, last = trace.rounds - known, trace.dates[-1]
    what = "nothing new" if not new else f"{new} day{'' if new == 1 else 's'} learnt"
    return f"{what}: day {trace.rounds} of {trace.horizon} was {last}"


def _without_documents(run_dir: Path, trace: Trace, known: int) -> Iterator[str]:
    """Notice of days learnt now that have no documents, because no call came on the day before."""
    if trace.dates is None:
        return
    days = [str(day) for day in trace.dates[known:] if store.get(run_dir, FORECAST, str(day)) is None]
    if days:
        said = days[0] if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"
        yield f"no documents were written of {said}, which this call learnt: they are of the next day alone"


def _guaranteed(analysis: Analysis) -> Iterator[str]:
    certificates = analysis.certificates
    if not len(certificates):
        return
    hold, say = int(certificates["holds"].sum()), int((certificates["holds"] & certificates["informative"]).sum())
    yield f"guarantees so far: {hold} of {len(certificates)} hold, {say} of them below what could be lost without them"


def _next_day(eve: Eve | None, found: Sequence[Document]) -> Iterator[str]:
    if eve is None:
        yield "the declared horizon ends here: run it again with a longer one for a forecast of the next day"
        return
    periods, customers = found[0].content["periods"], found[1].content["customers"]
    unit, prices = found[0].content["unit"], [period["price"] for period in periods]
    low, high = int(np.argmin(prices)), int(np.argmax(prices))
    yield (
        f"{eve.date}: forecast {np.mean(prices):,.2f} {unit} on average, from {prices[low]:,.2f} at "
        f"{periods[low]['time'][-5:]} to {prices[high]:,.2f} at {periods[high]['time'][-5:]}"
    )
    energy = sum(sum(customer["MWh"]) for customer in customers)
    yield f"{eve.date}: schedules of {len(customers):,} customers, who draw {energy:,.3f} MWh"
