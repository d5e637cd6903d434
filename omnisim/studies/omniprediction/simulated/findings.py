"""Statements of the paper's figures, beside exact errors."""

from collections.abc import Iterator

import pandas as pd

from omnisim.report.study.results import Finding
from omnisim.statistics.verdicts import at_least, everywhere, within
from omnisim.studies.omniprediction.findings import MARGIN, at, by_method, differences, paper_findings, told
from omnisim.studies.omniprediction.methods import DIRECT, TWO_PLAYER
from omnisim.studies.omniprediction.simulated.cases import EXACT

LARGE = 400
"""The least of the sample sizes from which on the paper has the two-player game and direct ensembling level."""


def findings(rows: pd.DataFrame) -> Iterator[Finding]:
    """Findings on the statements of the paper's figures, from exact errors."""
    for rule, here in rows.groupby("rule", sort=False):
        chosen = by_method(here[here["chosen"]])
        yield from paper_findings(chosen, EXACT, str(rule))
        large = [n for n in set(here["n"]) if n >= LARGE]
        (found,) = differences([(at(chosen[TWO_PLAYER], large), at(chosen[DIRECT], large))], EXACT)
        yield Finding(
            f"Two-player and direct, {rule}",
            f"the two are level, within {MARGIN}, from n = {LARGE} on.",
            f"direct less two-player: {told(found)}.",
            everywhere(within(each, -MARGIN, MARGIN) for _, each in found),
        )
        direct = here[here["method"] == DIRECT]
        others = [direct[direct["c"] == c] for c in sorted(direct["c"].unique()) if c > 0]
        found = [each for part in differences([(chosen[DIRECT], other) for other in others], EXACT) for each in part]
        yield Finding(
            f"Constant of direct ensembling, {rule}",
            f"c = 0 is best: no other c has an error smaller by more than {MARGIN}, at any n.",
            "error at another c less error at c = 0, of all n and c: least "
            f"{told([min(found, key=lambda each: each[1].mean)])}.",
            everywhere(at_least(each, -MARGIN) for _, each in found),
        )
