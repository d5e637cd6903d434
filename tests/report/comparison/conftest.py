"""A comparison that several files of tests look at."""

import pytest

import omnisim


@pytest.fixture(scope="session")
def under_two_rules(tmp_path_factory: pytest.TempPathFactory) -> omnisim.Comparison:
    """Three forecasters on 20 days of a market, two seeds, under two decision rules."""
    few = {f"populations.{name}.agents": agents for name, agents in (("buyers", 3), ("factories", 2), ("operators", 2))}
    return omnisim.compare(
        omnisim.load_scenario("ercot_day_ahead", {"rounds": 20, **few}),
        ["persistence", "climatology", "ridge_autoregression"],
        seeds=2,
        eliminations={"careful": "subsequence_first_violation", "careless": "best_response"},
        jobs=1,
        out=tmp_path_factory.mktemp("compared"),
        command="again",
    )
