"""The frame of every study: a plan, independent cases, what is measured of each, and the page that is made of it.

A study is a :class:`Frame`. It says which cases there are, how one is measured, and how findings, sections and tables
follow from all measurements; running the cases on several processes, the quick variant and what is not judged there
are the same for all.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import pandas as pd

from omnisim.errors import ScenarioError
from omnisim.report.study.results import Finding, Study
from omnisim.report.text import count
from omnisim.studies import Options, Progress
from omnisim.workers import each_result

Plan = TypeVar("Plan")
Case = TypeVar("Case")
Result = TypeVar("Result")

QUICK = "This is the quick variant: it shows that the study works, and is too small to judge anything but certificates."


@dataclass(frozen=True, kw_only=True)
class Frame(Generic[Plan, Case, Result]):
    """A study; called with :class:`~omnisim.studies.Options` it is run.

    Attributes
    ----------
    name, shows
        What it is called, and what it shows, in one line.
    full, quick
        How much is run in the two variants.
    cases
        All cases of a plan. Replicate r of a study with seed s has the seed 1000 s + r; what is compared has the same
        seeds.
    play
        The results of cases, in their order: :func:`measured` each by itself, or
        :func:`~omnisim.studies.contests.compared`.
    assemble
        The study from its cases and their results, in the same order.
    more
        Cases that follow from the results of the first ones.
    reads_data
        Whether it is about files that the user may give.
    """

    name: str
    shows: str
    full: Plan
    quick: Plan
    cases: Callable[[Plan, Options], Sequence[Case]]
    play: Callable[[Sequence[Case], Options, Progress], list[Result]]
    assemble: Callable[[Sequence[Case], Sequence[Result], Plan, Options], Study]
    more: Callable[[Sequence[Case], Sequence[Result], Plan, Options], Sequence[Case]] | None = None
    reads_data: bool = False

    def __call__(self, options: Options) -> Study:
        """Run all cases, and put the study together.

        Raises
        ------
        ScenarioError
            If data are given to a study that reads none.
        """
        if not self.reads_data and options.data is not None:
            raise ScenarioError(f"the study {self.name!r} reads no data: leave out --data {options.data}")
        plan = self.quick if options.quick else self.full
        cases = list(self.cases(plan, options))
        shown = _Shown(options.progress)
        results = self.play(cases, options, shown)
        if self.more is not None:
            later = list(self.more(cases, results, plan, options))
            shown.before = shown.total
            results += self.play(later, options, shown)
            cases += later
        study = self.assemble(cases, results, plan, options)
        return unjudged(study) if options.quick else study


class _Shown:
    """Progress of what is played in several parts, each of which counts from 0."""

    def __init__(self, progress: Progress | None) -> None:
        self.before = self.total = 0
        self._progress = progress

    def __call__(self, done: int, total: int) -> None:
        self.total = self.before + total
        if self._progress is not None:
            self._progress(self.before + done, self.total)


def measured(
    measure: Callable[[Case], Result], cost: Callable[[Case], int]
) -> Callable[[Sequence[Case], Options, Progress], list[Result]]:
    """Play cases that are independent of each other: each is measured by itself, in some process.

    Parameters
    ----------
    measure
        What is kept of a case; called in another process: a function of a module.
    cost
        About how long a case takes beside the others, such as its rounds. The costliest start first, so that no process
        ends up alone with one.
    """

    def play(cases: Sequence[Case], options: Options, progress: Progress) -> list[Result]:
        order = sorted(range(len(cases)), key=lambda index: -cost(cases[index]))
        results: dict[int, Result] = {}
        done, total = 0, sum(map(cost, cases))
        with closing(each_result(measure, [(cases[index],) for index in order], options.jobs)) as found:
            for place, result in found:
                index = order[place]
                results[index] = result
                done += cost(cases[index])
                progress(done, total)
        return [results[index] for index in range(len(cases))]

    return play


def unjudged(study: Study) -> Study:
    """The study as its quick variant tells it: only what holds on runs of any length is judged."""
    findings = [finding if finding.exact else replace(finding, holds=None) for finding in study.findings]
    return replace(study, notices=[QUICK, *study.notices], findings=findings)


def certificates(runs: pd.DataFrame) -> Finding:
    """Finding on violated certificates, from the columns ``certificates`` and ``violated`` of all runs."""
    total, violated = int(runs["certificates"].sum()), int(runs["violated"].sum())
    return Finding(
        "Certificates",
        "none is violated, but for those that hold with probability 95 %.",
        f"{violated:,} of {count(total, 'certificate')} on {count(len(runs), 'run')} violated.",
        violated == 0,
        exact=True,
    )


def rows_of(results: Sequence[Sequence[dict[str, Any]]]) -> pd.DataFrame:
    """The rows of all cases in one frame."""
    return pd.DataFrame([row for rows in results for row in rows])


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each on one line."""
    return [" ".join(part.split()) for part in text.split("\n\n")]
