"""What is read aloud of the figure of differences: against means over the agents of each run."""

import numpy as np
import pytest
from small_comparison import FORECASTERS, small_scenario

import omnisim
from omnisim.report.comparison import differences
from omnisim.report.comparison.scope import Scope
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
            means = of_rule.groupby(["seed", "forecaster"], observed=True)[measure].mean().unstack("forecaster")
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
