"""What is read aloud of the figure of differences: against means over the agents of each run."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_comparison import FORECASTERS, small_scenario

import omnisim
from omnisim.commands import comparing
from omnisim.report.comparison import differences
from omnisim.report.comparison import scope as scope_module
from omnisim.report.comparison.scope import AXES, Measure, Scope
from omnisim.report.text import signed_amount, signed_score

RULES = {"careful": "subsequence_first_violation", "careless": "best_response"}


@pytest.fixture(scope="module", params=[1, 2])
def compared(request: pytest.FixtureRequest) -> omnisim.Comparison:
    """Under one decision rule, and under two, which are named then."""
    rules = dict(list(RULES.items())[: request.param])
    return omnisim.compare(small_scenario(), FORECASTERS, seeds=3, eliminations=rules, jobs=1)


@pytest.mark.long
def test_each_forecaster_is_named_with_its_rule_and_difference(compared: omnisim.Comparison) -> None:
    scope = Scope(compared)
    agents = compared.agents[compared.agents["subsequence"] == "all"].astype({"forecaster": object})
    rules = list(dict.fromkeys(agents["elimination"]))
    shown = dict(differences.leaderboard(scope))
    assert set(shown) == {measure.title for measure in scope.measures}
    for measure in ("money", "utility"):
        alt = shown[measure]().layout.meta["alt"]
        assert alt.startswith(f"Differences in {measure} to last: ")
        told = alt.partition(": ")[2].rstrip(".").split("; ")
        expected = []
        for rule in rules:
            of_rule = agents[agents["elimination"] == rule]
            means = of_rule.groupby(["seed", "forecaster"], observed=True)[measure].mean().unstack("forecaster")  # noqa: PD010
            change = means.sub(means["last"], axis=0).mean().drop("last").sort_values(ascending=False)
            write = signed_amount if measure == "money" else signed_score
            where = f" ({rule})" if len(rules) > 1 else ""
            expected += [(f"{name}{where} ", write(value), value) for name, value in change.items()]
        assert len(told) == len(expected)
        for sentence, (start, written, value) in zip(told, expected, strict=True):
            assert sentence.startswith(f"{start}{written}")
            ends = sentence.removeprefix(f"{start}{written}")
            row = compared.overall[(compared.overall["measure"] == measure)]
            row = row[np.isclose(row["difference"], value, rtol=1e-6)].iloc[0]
            low, high = row["simultaneous_low"], row["simultaneous_high"]
            assert ends == (f" ({write(low)} to {write(high)})" if low == low else "")


@pytest.mark.parametrize("several", [False, True])
def test_the_lines_for_a_terminal(monkeypatch: pytest.MonkeyPatch, several: bool) -> None:
    """The interval is the one that holds together with the others, where there are any."""
    columns = ["forecaster", "difference", "simultaneous_low", "simultaneous_high", "low", "high", "verdict", "method"]
    rows = [("mean", 2.0, 0.5, 3.5, 1.0, 3.0, "better", "seeds"), ("none", 1.0, *[np.nan] * 4, "", "")]
    rows += [("last", -4.0, -9.0, 1.0, -8.0, -0.5, "not separated", "days")] * several
    same = dict.fromkeys(AXES, "")
    overall = pd.DataFrame(rows, columns=columns).assign(**same, measure="utility", comparisons=1 + several)
    names = ["ref", *overall["forecaster"]]
    table = pd.DataFrame({"forecaster": names, "utility": [10.0, 12.0, 11.0, 6.0][: len(names)]}).assign(**same)
    about = {"confidence": 0.95, "reference": "ref"}
    first = Measure("utility", "utility", "per agent", larger_is_better=True)
    monkeypatch.setattr(
        scope_module, "Scope", lambda _: SimpleNamespace(first=first, varied=[], factor=lambda *_: 10.0)
    )
    lines = comparing.leaderboard(SimpleNamespace(about=about, overall=overall, table=table))
    expected = [
        "utility, per agent, and the difference to ref with a 95% interval",
        f"  {'ref':<4}  {'100':>12}",
        f"  {'mean':<4}  {'120':>12}  +20 [+5, +35]  better",
        f"  {'none':<4}  {'110':>12}  +10  no interval",
        *[f"  {'last':<4}  {'60':>12}  −40 [−90, +10]  not separated"] * several,
    ]
    assert lines[:-1] == expected
    assert lines[-1] == (
        "  the 2 intervals hold together with 95%; allowed for is what varies with days and with seeds"
        if several
        else "  allowed for is what varies with seeds"
    )


def test_an_interrupted_comparison_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "Store", lambda _: SimpleNamespace(progress=lambda: (3, 8)))
    results: Any = SimpleNamespace(are_complete=False)
    said = comparing._how_to_go_on(Path("out"), results, planned=True)
    assert said == "3 of 8 runs are finished and kept in out: the same command goes on from there"
