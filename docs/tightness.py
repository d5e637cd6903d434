"""How tight each certificate is on a real year: the table of docs/theory.md.

Run it from the checkout, about half a minute of processor time::

    python docs/tightness.py

The scenario ``calibrated`` (a year of Houston, 340 customers, five subsequences) is played under each elimination rule. A
row is a theorem and a claim; the figures are the largest share of its bound that was measured over populations and
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
        assert table["holds"].all(), table[~table["holds"]]
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


if __name__ == "__main__":
    print(table())
