"""Does a guarantee on every stretch of days help where markets change? Intervals as subsequences, and what acts.

Run it as a script from the checkout, two minutes, or seconds with ``--quick``::

    python tests/benchmarks/changing.py [--quick]

A forecaster whose regret is small on every interval of 16, 32, 64, ... days that such intervals tile the run with has
small regret on any stretch of days (strongly adaptive; Daniely, Gonen and Shalev-Shwartz, ICML 2015). Here they are
subsequences beside the whole run. Three years of ERCOT, prices whose law changes every 50 days, and an adversary that
reads weights and mixture (of whom nobody has foresight). All under Algorithm 1, whose candidates do not depend on
subsequences, so that only forecasts differ. Earned is utility in per cent of the distance from climatology to foresight
(the mean of the law); regret is swap regret, mean over agents, on all days and on the worst 32 days; acted is on how
many days the minimax step was broadcast.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from credit import QUICK, earned

import omnisim
from omnisim.forecasters import Climatology, ConditionalMean, DecisionCalibrated, Persistence, Published

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "calibrated.toml"
SERIES = ("hb_houston", "hb_west", "lz_south")
SHORTEST, JUDGED, CHANGE = 16, 32, 50
FEW = {"populations.buyers.agents": 40, "populations.factories.agents": 20, "populations.operators.agents": 40}


def intervals(rounds: int, length: int) -> dict[str, np.ndarray]:
    """Intervals of so many rounds one after the other, the last one perhaps shorter."""
    place = np.arange(rounds)
    return {f"{length} from {first}": (place >= first) & (place < first + length) for first in range(0, rounds, length)}


def cover(rounds: int) -> dict[str, np.ndarray]:
    """Intervals of 16, 32, 64, ... rounds."""
    found, length = {}, SHORTEST
    while length < rounds:
        found |= intervals(rounds, length)
        length *= 2
    return found


def markets(quick: bool) -> Iterator[tuple[str, omnisim.Scenario]]:
    """Scenarios by name."""
    for series in SERIES[: 1 if quick else None]:
        changes = {"market.series": series, **(QUICK if quick else FEW)}
        yield series, omnisim.load_scenario(SCENARIO, changes)
    populations, rng = scenario_populations(quick), np.random.default_rng(0)
    laws = [np.clip(rng.uniform(0.2, 0.8, 24) + rng.normal(0, 0.1, (12, 24)), 0, 1) for _ in range(2)]
    rounds = 40 if quick else 400
    for name, adversary in (
        (f"another law every {CHANGE} days", omnisim.adversaries.Switching(laws, period=CHANGE)),
        ("worst case", omnisim.adversaries.WorstCase(dimension=24, reads="weights")),
    ):
        yield (
            name,
            omnisim.Scenario(populations=populations, adversary=adversary, forecaster=Climatology(), rounds=rounds),
        )


def scenario_populations(quick: bool) -> Sequence[omnisim.Population]:
    """The customers of ``calibrated.toml``."""
    return omnisim.load_scenario(SCENARIO, QUICK if quick else FEW).problem(0).populations


def forecasters() -> Iterator[tuple[str, omnisim.forecasters.Forecaster, bool]]:
    """Name, forecaster, and whether intervals are among its subsequences."""
    yield "persistence", Persistence(), False
    for start, kind in (("climatology", Climatology), ("persistence", Persistence)):
        for combine in (True, False):
            name = f"calibrated, {start}{'' if combine else ', not combined'}"
            yield name, DecisionCalibrated([kind()], combine=combine), False
            yield f"{name}, intervals", DecisionCalibrated([kind()], combine=combine), True


def rows(scenario: omnisim.Scenario) -> Iterator[tuple[object, ...]]:
    """What each forecaster earned and regretted."""
    scenario = scenario.replace(elimination=omnisim.elimination.FirstViolation(), subsequences={"all": None})
    base = best = np.nan
    if scenario.adversary.oblivious:
        runs = (omnisim.simulate(scenario.replace(forecaster=each)) for each in (Climatology(), ConditionalMean()))
        base, best = (earned(trace)[0] for trace in runs)
    for name, made, on_intervals in forecasters():
        subsequences = {"all": None} | (cover(scenario.played) if on_intervals else {})
        trace = omnisim.simulate(scenario.replace(forecaster=made, subsequences=subsequences))
        judged = scenario.replace(
            adversary=omnisim.adversaries.Replay(trace.outcomes),
            forecaster=Published(trace.predictions),
            subsequences={"all": None} | intervals(scenario.played, JUDGED),
        )
        agents = omnisim.analyze(omnisim.simulate(judged)).agents
        parts = agents[agents["subsequence"] != "all"].groupby(["population", "agent"])["swap_regret"].max()
        whole = agents[agents["subsequence"] == "all"]["swap_regret"].mean()
        acted = trace.diagnostics.get("intervened", np.zeros(1)).sum()
        yield name, 100 * (earned(trace)[0] - base) / (best - base), whole, parts.mean(), int(acted)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each market."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few days and customers, to see that everything runs")
    chosen = parser.parse_args(arguments)
    for name, scenario in markets(chosen.quick):
        columns = ["forecast", "earned", "regret", f"worst {JUDGED} days", "acted"]
        table = pd.DataFrame(rows(scenario), columns=columns)
        sys.stdout.write(f"{name}\n{table.to_string(index=False, float_format='{:.3g}'.format)}\n")


if __name__ == "__main__":
    main()
