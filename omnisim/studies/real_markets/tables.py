"""The tables of the study."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.studies.real_markets.cases import Measured
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, EVERY, RIDGE, WEAK, calibrated, is_calibrated
from omnisim.studies.real_markets.results import Results, comparisons, over_days, over_seeds
from omnisim.studies.real_markets.setting import ALL, POPULATIONS, Setting

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

UNCHANGED = 0.005
"""Money per year, half a cent: agents whose income changes by less are counted as unchanged."""


def leaderboard(results: Results, settings: Sequence[Setting]) -> pd.DataFrame:
    """Per market and forecaster, what agents earn more than on climatology, best first."""
    currency = {known.market.name: known.market.currency for known in settings}
    found = []
    for market in results.markets:
        names = results.rows[results.rows["market"] == market]["forecaster"].drop_duplicates()
        rows = []
        for name in names:
            share = over_seeds(results.change(market, name, CLIMATOLOGY))
            more = {p: gained(results, market, name, CLIMATOLOGY, p) for p in POPULATIONS}
            rows.append(
                {
                    "market": market,
                    "forecaster": name,
                    "% of the distance": share.mean,
                    "low": share.low,
                    "high": share.high,
                    "currency": currency[market],
                    **{population: float(values.mean()) for population, values in more.items()},
                    "all agents": float(np.concatenate(list(more.values())).mean()),
                }
            )
        found += sorted(rows, key=lambda row: -float(str(row["% of the distance"])))
    return pd.DataFrame(found)


def differences(results: Results, settings: Sequence[Setting], seed: int) -> pd.DataFrame:
    """The comparisons of the page with both intervals, and what they are worth to an agent in a year."""
    currency = {known.market.name: known.market.currency for known in settings}
    found = []
    for market in results.markets:
        for forecaster, reference in comparisons(results, market):
            agents = over_seeds(results.change(market, forecaster, reference))
            days = over_days(results, market, forecaster, reference, seed)
            more = {p: gained(results, market, forecaster, reference, p) for p in POPULATIONS}
            found.append(
                {
                    "market": market,
                    "forecaster": forecaster,
                    "against": reference,
                    "change %": agents.mean,
                    "low over agents": agents.low,
                    "high over agents": agents.high,
                    "low over days": days.low,
                    "high over days": days.high,
                    "currency": currency[market],
                    **{population: float(values.mean()) for population, values in more.items()},
                    "all agents": float(np.concatenate(list(more.values())).mean()),
                }
            )
    return pd.DataFrame(found)


def gained(results: Results, market: str, forecaster: str, reference: str, population: str) -> FloatArray:
    """What each agent of a population earns more in a year on one forecaster than on another, (R N,)."""
    more, less = (results.money[market, name, population] for name in (forecaster, reference))
    return np.asarray((more - less).ravel())


def switches(results: Results) -> dict[str, Callable[[str], tuple[str, str]]]:
    """What agents may switch from and to, in words; from a market to (forecaster, reference)."""

    def best_to_all(market: str) -> tuple[str, str]:
        return calibrated(EVERY), results.best(market)

    def best_to_calibrated(market: str) -> tuple[str, str]:
        return calibrated(results.best(market)), results.best(market)

    found: dict[str, Callable[[str], tuple[str, str]]] = {
        "best forecast → calibrated on all": best_to_all,
        "best forecast → itself calibrated": best_to_calibrated,
    }
    for base in (*WEAK, RIDGE):
        found[f"{base} → itself calibrated"] = lambda _, base=base: (calibrated(base), base)  # type: ignore[misc]
    return found


def switching(results: Results) -> pd.DataFrame:
    """Shares of agents that gain and lose by each switch, and quantiles of what they gain."""
    found = []
    for words, pair in switches(results).items():
        for market in results.markets:
            forecaster, reference = pair(market)
            for population in POPULATIONS:
                gains = gained(results, market, forecaster, reference, population)
                low, _, middle, _, high = np.quantile(gains, QUANTILES)
                found.append(
                    {
                        "switch": words,
                        "market": market,
                        "population": population,
                        "gain %": 100 * float((gains > UNCHANGED).mean()),
                        "lose %": 100 * float((gains < -UNCHANGED).mean()),
                        "5th percentile": low,
                        "median": middle,
                        "95th percentile": high,
                        "mean": float(gains.mean()),
                    }
                )
    return pd.DataFrame(found)


def changed(results: Results) -> pd.DataFrame:
    """What calibration earns on unusual days."""
    found = []
    for market in results.markets:
        for name in results.changed(market):
            days = int(results.rows.query("market == @market and subsequence == @name")["days"].iloc[0])
            for base in (*WEAK, RIDGE, EVERY):
                reference = results.best(market) if base == EVERY else base
                gain = over_seeds(results.change(market, calibrated(base), reference, name))
                money = [results.sample(market, which, "money", name) for which in (calibrated(base), reference)]
                found.append(
                    {
                        "market": market,
                        "subsequence": name,
                        "days": days,
                        "forecaster": calibrated(base),
                        "against": reference,
                        "gain %": gain.mean,
                        "low": gain.low,
                        "high": gain.high,
                        "money per agent and day": float((money[0] - money[1]).mean()),
                    }
                )
    columns = ["market", "subsequence", "days", "forecaster", "against"]
    return pd.DataFrame(found, columns=[*columns, "gain %", "low", "high", "money per agent and day"])


def regret(results: Results) -> pd.DataFrame:
    """Swap regret of every forecaster on every subsequence, means over population seeds."""
    columns = ["days", "swap_regret", "swap_regret_largest", "undefined"]
    return results.rows.groupby(["market", "forecaster", "subsequence"], sort=False)[columns].mean().reset_index()


def worst_regret(results: Results) -> pd.DataFrame:
    """Swap regret on the worst subsequence before and after calibration."""
    found = []
    for market in results.markets:
        for base in dict.fromkeys([*WEAK, RIDGE, results.best(market)]):
            before, after = (results.worst_regret(market, name) for name in (base, calibrated(base)))
            ratio = over_seeds(results.regret_ratio(market, base))
            found.append(
                {
                    "market": market,
                    "base": base,
                    "raw": float(before.mean()),
                    "calibrated": float(after.mean()),
                    "ratio": ratio.mean,
                    "low": ratio.low,
                    "high": ratio.high,
                }
            )
    return pd.DataFrame(found)


def engine(results: Results) -> pd.DataFrame:
    """Of each calibrated forecaster over all its runs: evaluations, rounds followed, potential, certificates."""
    runs = results.runs[[is_calibrated(name) for name in results.runs["forecaster"]]]
    grouped = runs.groupby(["market", "forecaster"], sort=False)
    return pd.DataFrame(
        {
            "runs": grouped.size(),
            "evaluations per round": grouped["evaluations"].mean(),
            "first choice within tolerance %": 100 * grouped["followed"].mean(),
            "largest Phi / K": grouped["potential"].max(),
            "certificates": grouped["certificates"].sum(),
            "violated": grouped["violated"].sum(),
        }
    ).reset_index()


def cost(results: Results, measured: Sequence[Measured]) -> pd.DataFrame:
    """Seconds that simulating a run took, by forecaster: the one table that differs between machines."""
    timed = results.runs.assign(seconds=[result.seconds for result in measured])
    seconds = timed.groupby(["market", "forecaster"], sort=False)["seconds"]
    days = (
        results.rows[results.rows["subsequence"] == ALL].groupby(["market", "forecaster"], sort=False)["days"].first()
    )
    return pd.DataFrame({"days": days, "seconds per run": seconds.mean(), "slowest": seconds.max()}).reset_index()
