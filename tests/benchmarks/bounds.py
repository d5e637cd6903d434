"""How much the certificates of calibrated forecasts say on the shipped one-year scenarios: a bound for each step.

Run it as a script from the checkout, about half a minute, or seconds with ``--quick``::

    python tests/benchmarks/bounds.py [--quick] [SCENARIO ...]

Medians over populations and subsequences, of the agent that a certificate shows. *Shipped* is what the first release
promised of both regrets: 2 L sum over all actions of 2.1214 sqrt(Lambda V) + 4 Lambda + sqrt(2 |S| ln(2 K / delta)).
*Exact* takes the grid of rates, the potential of the run, the actions played and what was drawn. The rows of external
and swap regret are those of their own potentials: promised before the run, for all but 5 % of the agents, and from the
record. *One agent* is what the same potential would promise to a single agent on a single subsequence: that much is due
to the number of rounds, not to the number of agents. Shares are of what could be lost without any promise, before the
run (trivial) and with its outcomes (hindsight). Last, the aims that the bounds are held against.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import omnisim
from omnisim.analysis.expected import expected_bias
from omnisim.analysis.forecast_certificates import calibration_of
from omnisim.game.regret_bounds import external_logarithm, regret_rates, swap_logarithm, worst_regret_bound

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
YEARS = ("calibrated", "merit_order")
"""Those with a decision-calibrated forecast and data that are shipped."""

QUANTILE, DELTA = 0.05, 0.05

QUICK = {"populations.buyers.agents": 8, "rounds": 30}
"""Changes that make a scenario small, where it has what they name."""

BEFORE, RECORD = "before the run", "from the record"
AIMS = (
    ("regret rows informative, before the run", "informative", None, BEFORE, 0.9),
    ("regret rows below hindsight, from the record", "below hindsight", None, RECORD, 0.5),
    ("median external bound / trivial, before the run", "of trivial", "external", BEFORE, -0.25),
    ("median external bound / trivial, from the record", "of trivial", "external", RECORD, -0.25),
    ("median swap bound / trivial, before the run", "of trivial", "swap", BEFORE, -0.5),
    ("median swap bound / trivial, from the record", "of trivial", "swap", RECORD, -0.5),
)
"""What, a column of the rows, of which regret or of all, on which basis, and the aim: at least, or if < 0 at most."""


def shipped(analysis: omnisim.Analysis) -> float:
    """The median bound of the first release, over populations and subsequences, for the agent with the least."""
    trace, calibration = analysis.trace, calibration_of(analysis.trace)
    assert calibration is not None
    assert trace.mixtures is not None
    scale = 1 + math.log(calibration.count * (math.ceil(math.log2(trace.rounds) / 2) + 1))
    found = []
    for name, record in trace.records.items():
        squares = expected_bias(trace, trace.mixtures, name, trace.outcomes).squares
        sizes = trace.active.sum(axis=0)
        sampling = np.sqrt(2 * sizes * math.log(2 * calibration.count / DELTA))
        bound = (2.1214 * np.sqrt(scale * squares) + 4 * scale).max(axis=3) + sampling[:, None, None]
        found.append((2 * record.population.lipschitz * bound.sum(axis=2)).min(axis=1))
    return float(np.median(np.concatenate(found)))


def regret_rows(analysis: omnisim.Analysis) -> pd.DataFrame:
    """The certificates of regret that a forecaster gives, with their shares of what could be lost."""
    found = analysis.certificates
    kind = found["claim"].str.extract(r"^(swap|external|regret\(S\) to)", expand=False)
    found = found.assign(kind=kind.replace("regret(S) to", "to a base"))
    found = found[found["theorem"].str.startswith(("Corollary", "Section 4.1")) & found["kind"].notna()]
    return found.assign(
        **{
            "of trivial": found["bound"] / found["trivial"],
            "of hindsight": found["bound"] / found["hindsight"],
            "below hindsight": found["bound"] < found["hindsight"],
        }
    )


def tables(name: str, changes: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The steps of one scenario, and the aims."""
    scenario = omnisim.load_scenario(SCENARIOS / f"{name}.toml", changes)
    forecaster = scenario.forecaster
    assert isinstance(forecaster, omnisim.forecasters.DecisionCalibrated)
    by_bias = omnisim.forecasters.DecisionCalibrated(forecaster.bases, combine=forecaster.combine, regret=False)
    biased = omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=by_bias)))
    own = omnisim.analyze(omnisim.simulate(scenario))
    rows = [("shipped", "both", shipped(biased), *[math.nan] * 5)]
    for step, analysis in (("exact", biased), ("own potential", own)):
        for (basis, kind), part in regret_rows(analysis).groupby(["basis", "kind"]):
            medians = (part[each].median() for each in ("bound", "measured", "of trivial", "of hindsight"))
            shares = (part[each].mean() for each in ("informative", "below hindsight"))
            rows.append((f"{step}, {basis}", str(kind), *medians, *shares))
    rows += quantiles(own)
    columns = ["step", "regret", "bound", "measured", "of trivial", "of hindsight", "informative", "below hindsight"]
    return pd.DataFrame(rows, columns=columns), aims(regret_rows(own))


def aims(rows: pd.DataFrame) -> pd.DataFrame:
    """What is aimed at, what was reached, and whether that is enough."""
    found = []
    for words, column, kind, basis, aim in AIMS:
        part = rows[(rows["basis"] == basis) & ((rows["kind"] == kind) if kind else True)][column]
        reached = part.median() if kind else part.mean()
        met = reached >= aim if aim > 0 else reached <= -aim
        found.append((words, f"{'at least' if aim > 0 else 'at most'} {abs(aim):g}", reached, "yes" if met else "no"))
    return pd.DataFrame(found, columns=["aim", "is", "reached", "met"])


def quantiles(analysis: omnisim.Analysis) -> Iterator[tuple[object, ...]]:
    """Before the run, for all but a share of the agents, and for one: in units of range and |S|, medians over S."""
    trace, calibration = analysis.trace, calibration_of(analysis.trace)
    assert calibration is not None
    agents = sum(record.population.agents for record in trace.records.values())
    actions = next(iter(trace.records.values())).population.actions
    sizes = trace.active.sum(axis=0).astype(float)
    shared = calibration.regret_pairs / agents
    alone = shared / len(trace.subsequences)
    rates = regret_rates(trace.horizon)
    for words, pairs in ((f"all but {QUANTILE:.0%} of agents", shared / QUANTILE), ("one agent", alone)):
        logarithms = {
            "external": external_logarithm(rates, actions, pairs, math.e),
            "swap": float(swap_logarithm(rates, actions, pairs, math.e, actions)),
        }
        for kind, logarithm in logarithms.items():
            share = worst_regret_bound(sizes, logarithm, rates) / sizes
            known = (float(np.median(share)), math.nan, float((share < 1).mean()), math.nan)
            yield f"{words}, {BEFORE}", kind, math.nan, math.nan, *known


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of each scenario."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", default=YEARS)
    parser.add_argument("--quick", action="store_true", help="few rounds and agents, to see that everything runs")
    chosen = parser.parse_args(arguments)
    for name in chosen.scenarios:
        for found in tables(name, QUICK if chosen.quick else {}):
            sys.stdout.write(f"\n{name}\n")
            sys.stdout.write(found.to_string(index=False, float_format="{:.3g}".format, na_rep="-") + "\n")


if __name__ == "__main__":
    main()
