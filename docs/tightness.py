"""How tight each certificate is on a real year: the page docs/tightness.md.

Run it from the checkout, about twenty seconds of processor time::

    python docs/tightness.py > docs/tightness.md

The scenario ``calibrated`` (a year of Houston, 340 customers, five subsequences) is played under each elimination rule.
A row is a theorem and a claim; the figures are the largest share of its bound that was measured over populations and
subsequences, and the least share of what could be lost without any promise that the bound is.
"""

import omnisim

RULES = {
    "first_violation": "Algorithm 1",
    "cumulative_threshold": "Algorithm 2",
    "subsequence_first_violation": "Algorithm 3",
    "subsequence_threshold": "Algorithm 4",
}


def rows() -> list[tuple[str, str, str, str, str, str]]:
    """Algorithm, theorem, claim, basis, largest measured share of the bound and least share of what could be lost."""
    found = []
    for rule, algorithm in RULES.items():
        scenario = omnisim.load_scenario("calibrated", {"elimination.kind": rule})
        table = omnisim.analyze(omnisim.simulate(scenario)).certificates
        if not table["holds"].all():
            raise SystemExit(table[~table["holds"]].to_string())
        stated = table[(table["hypotheses_met"] > 0) & ~table["theorem"].isin(["Assumption 1", "Section 2"])]
        for (theorem, claim, basis), group in stated.groupby(["theorem", "claim", "basis"], sort=False):
            bounded = group[group["bound"] > 0]
            tight = (bounded["measured"] / bounded["bound"]).max() if len(bounded) else float("nan")
            told = (bounded["bound"] / bounded["trivial"]).min() if len(bounded) else float("nan")
            found.append((algorithm, theorem, claim, basis, _percent(tight), _percent(told)))
    return found


def _percent(share: float) -> str:
    if share != share:
        return ""
    return f"{share:.2%}" if share < 0.01 else f"{share:.0%}"


def table() -> str:
    """The rows as Markdown."""
    lines = ["| rule | theorem | claim | bound known | measured of bound | bound of what could be lost |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows()]
    return "\n".join(lines)


INTRODUCTION = """\
# How tight the bounds are

On a real year: the scenario `calibrated` (Houston, July 2021 to June 2022, 340 customers, five subsequences) under each
elimination rule, made by `python docs/tightness.py`. *Measured of bound* is the largest share of a bound that was used,
over populations and {term}`subsequences <subsequence>`; *bound of what could be lost* the least share that the bound is
of what could be lost without any promise: above 100 % it is {term}`vacuous` everywhere, and the page of a run says so.
[Theory](theory.md) says what the theorems are. The law of real prices is not known, so Propositions 2 and 4 (benchmarks
in expectation) say nothing here.
"""


if __name__ == "__main__":
    print(INTRODUCTION)
    print(table())
