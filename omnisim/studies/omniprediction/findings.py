"""What the paper's figures say of a finite class of forecasts, held against the errors of a study."""

from collections.abc import Iterator

import pandas as pd

from omnisim.report.results import Finding
from omnisim.studies.omniprediction import judging
from omnisim.studies.omniprediction.methods import CALMA, DIRECT, SINGLE, TWO_PLAYER

SMALL = 100
"""The largest sample size that counts as small."""


def ensemble_findings(rows: pd.DataFrame, measure: str, *, quick: bool, where: str = "") -> Iterator[Finding]:
    """CalMA worst, also worse than the best single model; two-player best on small samples; ensembles beat the single.

    ``rows`` has rule, n, method, chosen, draw and the measure; where a draw has several rows of a method (markets),
    their mean counts. Intervals of a finding cover together with probability 95 %. ``where`` is put into the subjects.
    """
    chosen = rows[rows["chosen"]]
    means = chosen.groupby(["rule", "n", "method", "draw"], sort=False)[measure].mean().reset_index()
    for rule, here in means.groupby("rule", sort=False):
        part = {str(method): group for method, group in here.groupby("method", sort=False)}
        sizes = sorted(set(here["n"]))
        others = (TWO_PLAYER, DIRECT, SINGLE)
        for better in others:
            found = judging.differences(part[better], part[CALMA], measure, len(others) * len(sizes))
            yield Finding(
                f"CalMA, {rule}{where}",
                f"CalMA has a larger error than {better} at every n.",
                f"CalMA less {better}: {judging.told(found)}.",
                None if quick else judging.all_above(found),
            )
        small = [n for n in sizes if n <= SMALL]
        found = judging.differences(_at(part[TWO_PLAYER], small), _at(part[DIRECT], small), measure, len(small))
        yield Finding(
            f"Two-player and direct, {rule}{where}",
            f"two-player has the smaller error up to n = {SMALL}.",
            f"direct less two-player: {judging.told(found)}.",
            None if quick else judging.all_above(found),
        )
        for better in (TWO_PLAYER, DIRECT):
            found = judging.differences(_at(part[better], sizes[-1:]), _at(part[SINGLE], sizes[-1:]), measure, 2)
            yield Finding(
                f"Ensembles and single forecasts, {rule}{where}",
                f"{better} has a smaller error than the best single model, on the largest sample.",
                f"best single less {better}: {judging.told(found)}.",
                None if quick else judging.all_above(found),
            )


def _at(rows: pd.DataFrame, sizes: list[int]) -> pd.DataFrame:
    return rows[rows["n"].isin(sizes)]
