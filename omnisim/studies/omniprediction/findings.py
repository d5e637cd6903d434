"""Statements of the paper's figures about methods, beside the errors of a study."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from omnisim.report.study.results import Finding
from omnisim.report.text import listing, number
from omnisim.statistics.paired import Difference, over_seeds
from omnisim.statistics.verdicts import at_least, everywhere
from omnisim.studies.omniprediction.methods import CALMA, DIRECT, SINGLE, TWO_PLAYER

MARGIN = 0.01
"""Difference of errors, in units of loss, within which two methods are level."""

SMALL = 100
"""The largest sample size that counts as small."""


def differences(pairs: Sequence[tuple[pd.DataFrame, pd.DataFrame]], measure: str) -> list[list[tuple[int, Difference]]]:
    """Error in ``worse`` less that in ``better``, for each pair (better, worse) at each n, paired by draw.

    Both have columns n, draw and ``measure``; a draw names the sample, so that methods on it are compared with each
    other. The intervals of all pairs hold together.
    """
    tables = []
    for pair in pairs:
        better, worse = (rows.set_index(["draw", "n"])[measure].unstack("n") for rows in pair)  # noqa: PD010
        tables.append(worse - better)
    every = iter(over_seeds(pd.concat(tables, axis=1).to_numpy(dtype=float)))
    return [[(int(n), next(every)) for n in table.columns] for table in tables]


def told(found: Sequence[tuple[int, Difference]]) -> str:
    """The differences in words: of many, those of the smallest and largest sample and the one that reaches lowest."""
    words = [
        f"{number(each.mean, 2)} [{number(each.low, 2)}, {number(each.high, 2)}] at n = {n:,}" for n, each in found
    ]
    if len(found) <= _FEW:
        return listing(words)
    ends = f"from {words[0]} to {words[-1]}"
    lowest = min(range(len(found)), key=lambda k: found[k][1].low)
    return ends if lowest in (0, len(found) - 1) else f"{ends}; lowest {words[lowest]}"


_FEW = 4


def above(found: Sequence[tuple[int, Difference]]) -> bool | None:
    """Whether every difference is above 0."""
    return everywhere(at_least(each) for _, each in found)


def ensemble_findings(rows: pd.DataFrame, measure: str, *, where: str = "") -> Iterator[Finding]:
    """CalMA worst, also worse than the best single model; two-player best on small samples; ensembles beat the single.

    ``rows`` has rule, n, method, chosen, draw and the measure; where a draw has several rows of a method (markets),
    their mean counts. Intervals of a finding cover together with probability 95 %. ``where`` is put into the subjects.
    """
    chosen = rows[rows["chosen"]]
    means = chosen.groupby(["rule", "n", "method", "draw"], sort=False)[measure].mean().reset_index()
    for rule, here in means.groupby("rule", sort=False):
        part = by_method(here)
        yield from paper_findings(part, measure, f"{rule}{where}")
        last = sorted(set(here["n"]))[-1:]
        ensembles = (TWO_PLAYER, DIRECT)
        gained = differences([(at(part[better], last), at(part[SINGLE], last)) for better in ensembles], measure)
        for better, found in zip(ensembles, gained, strict=True):
            yield Finding(
                f"Ensembles and single forecasts, {rule}{where}",
                f"{better} has a smaller error than the best single model, on the largest sample.",
                f"best single less {better}: {told(found)}.",
                above(found),
            )


def paper_findings(part: Mapping[str, pd.DataFrame], measure: str, where: str) -> Iterator[Finding]:
    """Statements of Figures 1 and 3, from the rows of each method: CalMA worst, two-player best on small samples."""
    others = [method for method in (TWO_PLAYER, DIRECT, SINGLE) if method in part]
    worst = differences([(part[better], part[CALMA]) for better in others], measure)
    for better, found in zip(others, worst, strict=True):
        yield Finding(
            f"CalMA, {where}",
            f"CalMA has a larger error than {better} at every n.",
            f"CalMA less {better}: {told(found)}.",
            above(found),
        )
    small = [n for n in set(part[DIRECT]["n"]) if n <= SMALL]
    (found,) = differences([(at(part[TWO_PLAYER], small), at(part[DIRECT], small))], measure)
    yield Finding(
        f"Two-player and direct, {where}",
        f"two-player has the smaller error up to n = {SMALL}.",
        f"direct less two-player: {told(found)}.",
        above(found),
    )


def by_method(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each method."""
    return {str(method): group for method, group in rows.groupby("method", sort=False)}


def at(rows: pd.DataFrame, sizes: Sequence[int]) -> pd.DataFrame:
    """The rows of some sample sizes."""
    return rows[rows["n"].isin(sizes)]
