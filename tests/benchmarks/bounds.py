"""How much the certificates of calibrated forecasts say on the shipped one-year scenarios: a bound for each step.

Run it as a script from the checkout, about half a minute::

    python tests/benchmarks/bounds.py [SCENARIO ...]

Medians over populations and subsequences, of the agent that a certificate shows. *Shipped* is what the first release
promised of both regrets: 2 L sum over all actions of 2.1214 sqrt(Lambda V) + 4 Lambda + sqrt(2 |S| ln(2 K / delta)).
*Exact* takes the grid of rates, the potential of the run, the actions played and what was drawn. The rows of external
and swap regret are those of their own potentials: promised before the run, for all but 5 % of the agents, and from the
record. Shares are of what could be lost without any promise, before the run (trivial) and with its outcomes
(hindsight).
"""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import omnisim
from omnisim.analysis.expected import expected_bias
from omnisim.analysis.forecast_certificates import calibration_of
from omnisim.game.regret_bounds import external_logarithm, regret_bound, swap_logarithm

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
YEARS = ("calibrated", "merit_order")
"""Those with a decision-calibrated forecast and data that are shipped."""

QUANTILE, DELTA = 0.05, 0.05


def shipped(analysis: omnisim.Analysis) -> float:
    """The median bound of the first release, over populations and subsequences, for the agent with the least."""
    trace, calibration = analysis.trace, calibration_of(analysis.trace)
    assert calibration is not None
    assert trace.mixtures is not None
    scale = 1 + math.log(calibration.count * (math.ceil(math.log2(trace.rounds) / 2) + 1))
    found = []
    for name, record in trace.records.items():
        squares = expected_bias(trace, trace.mixtures, name).squares
        sizes = trace.active.sum(axis=0)
        sampling = np.sqrt(2 * sizes * math.log(2 * calibration.count / DELTA))
        bound = (2.1214 * np.sqrt(scale * squares) + 4 * scale).max(axis=3) + sampling[:, None, None]
        found.append((2 * record.population.lipschitz * bound.sum(axis=2)).min(axis=1))
    return float(np.median(np.concatenate(found)))


def table(name: str) -> pd.DataFrame:
    """The steps of one scenario."""
    scenario = omnisim.load_scenario(SCENARIOS / f"{name}.toml")
    forecaster = scenario.forecaster
    assert isinstance(forecaster, omnisim.forecasters.DecisionCalibrated)
    options = {"bases": forecaster.bases, "combine": forecaster.combine}
    by_bias = omnisim.forecasters.DecisionCalibrated(**options, regret=False)
    biased = omnisim.analyze(omnisim.simulate(scenario.replace(forecaster=by_bias)))
    own = omnisim.analyze(omnisim.simulate(scenario))
    rows = [("shipped", "both", shipped(biased), math.nan, math.nan, math.nan, math.nan, math.nan)]
    for step, analysis in (("exact", biased), ("own potential", own)):
        certificates = analysis.certificates
        for (basis, kind), group in certificates.assign(
            kind=certificates["claim"].str.extract(r"^(swap|external|regret\(S\) to)", expand=False)
        ).groupby(["basis", "kind"]):
            part = group[group["theorem"].str.startswith(("Corollary", "Section 4.1"))]
            if part.empty:
                continue
            rows.append(
                (
                    f"{step}, {basis}",
                    {"regret(S) to": "to a base"}.get(str(kind), str(kind)),
                    part["bound"].median(),
                    part["measured"].median(),
                    (part["bound"] / part["trivial"]).median(),
                    (part["bound"] / part["hindsight"]).median(),
                    part["informative"].mean(),
                    (part["bound"] < part["hindsight"]).mean(),
                )
            )
    rows += quantiles(own)
    columns = ["step", "regret", "bound", "measured", "of trivial", "of hindsight", "informative", "below hindsight"]
    return pd.DataFrame(rows, columns=columns)


def quantiles(analysis: omnisim.Analysis) -> list[tuple[object, ...]]:
    """Before the run, for all but a share of the agents: per |S|, in units of an agent's range; medians over S."""
    trace, calibration = analysis.trace, calibration_of(analysis.trace)
    assert calibration is not None
    agents = sum(record.population.agents for record in trace.records.values())
    actions = next(iter(trace.records.values())).population.actions
    pairs, sizes = calibration.regret_pairs / agents / QUANTILE, trace.active.sum(axis=0).astype(float)
    logarithms = {
        "external": external_logarithm(trace.rounds, actions, pairs, math.e),
        "swap": float(swap_logarithm(trace.rounds, actions, pairs, math.e, actions)),
    }
    nothing = math.nan
    return [
        (f"all but {QUANTILE:.0%} of agents, before", kind, nothing, nothing, float(np.median(share)), nothing,
         float((share < 1).mean()), nothing)
        for kind, logarithm in logarithms.items()
        for share in [regret_bound(sizes, logarithm, trace.rounds) / sizes]
    ]  # fmt: skip


def main() -> None:
    """Print a table for each scenario."""
    for name in sys.argv[1:] or YEARS:
        sys.stdout.write(f"{name}\n")
        sys.stdout.write(table(name).to_string(index=False, float_format="{:.3g}".format, na_rep="-") + "\n")


if __name__ == "__main__":
    main()
