"""The tables of the study."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.statistics.gains import Gains
from omnisim.studies.real_markets.contenders import CLIMATOLOGY, EVERY, RIDGE, WEAK, calibrated, is_calibrated
from omnisim.studies.real_markets.results import SECONDS, Results
from omnisim.studies.real_markets.setting import ALL, POPULATIONS, Setting


def leaderboard(results: Results, settings: Sequence[Setting]) -> pd.DataFrame:
    """Per market and forecaster, what agents earn more than on climatology, best first."""
    found = []
    for known in settings:
        market = known.market.name
        names = results.rows[results.rows["market"] == market]["forecaster"].drop_duplicates()
        shares = results.compared(market, [(name, CLIMATOLOGY) for name in names])
        rows = [
            {"market": market, "forecaster": name, "% of the distance": share.mean, "low": share.low}
            | {"high": share.high, "currency": known.market.currency}
            | _in_money(results, market, name, CLIMATOLOGY)
            for (name, _), share in shares.items()
        ]
        found += sorted(rows, key=lambda row: -float(str(row["% of the distance"])))
    return pd.DataFrame(found)


def differences(results: Results, settings: Sequence[Setting]) -> pd.DataFrame:
    """The comparisons of the page with both intervals, and what they are worth to an agent in a year."""
    found = []
    for known in settings:
        market = known.market.name
        for (forecaster, reference), change in results.compared(market, results.pairs(market)).items():
            found.append(
                {"market": market, "forecaster": forecaster, "against": reference, "change %": change.mean}
                | {"low": change.low, "high": change.high, "low alone": change.alone.low}
                | {"high alone": change.alone.high, "currency": known.market.currency}
                | _in_money(results, market, forecaster, reference)
            )
    return pd.DataFrame(found)


def _in_money(results: Results, market: str, forecaster: str, reference: str) -> dict[str, float]:
    more = {name: gained(results, market, forecaster, reference, name) for name in POPULATIONS}
    means = {name: float(values.mean()) for name, values in more.items()}
    return means | {"all agents": float(np.concatenate(list(more.values())).mean())}


def gained(results: Results, market: str, forecaster: str, reference: str, population: str) -> FloatArray:
    """Earnings in a year of each agent of a population on one forecaster, less those on another, (R N,)."""
    more, less = (results.money[market, name, population] for name in (forecaster, reference))
    return np.asarray((more - less).ravel())


def switches(results: Results) -> dict[str, Callable[[str], tuple[str, str]]]:
    """Switches of agents between forecasters, in words; each from a market to (forecaster, reference)."""

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
            for population in POPULATIONS:
                more = gained(results, market, *pair(market), population)
                gains = Gains.of(more, paid=True)
                found.append(
                    {"switch": words, "market": market, "population": population}
                    | {"gain %": 100 * gains.wins / len(more), "lose %": 100 * gains.losses / len(more)}
                    | {"5th percentile": gains.quantiles["q05"], "median": gains.quantiles["q50"]}
                    | {"95th percentile": gains.quantiles["q95"], "mean": float(more.mean())}
                )
    return pd.DataFrame(found)


def changed(results: Results) -> pd.DataFrame:
    """Table of the gain from calibration on unusual days."""
    found = []
    for market in results.markets:
        for name in results.changed(market):
            days = int(results.active[market][name].sum())
            for (forecaster, reference), gain in results.compared(market, results.unusual(market), name).items():
                more, less = (results.sample(market, which, "money", name) for which in (forecaster, reference))
                found.append(
                    {"market": market, "subsequence": name, "days": days, "forecaster": forecaster}
                    | {"against": reference, "gain %": gain.mean, "low": gain.low, "high": gain.high}
                    | {"money per agent and day": float((more - less).mean())}
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
            found.append(
                {"market": market, "base": base, "raw": float(before.mean()), "calibrated": float(after.mean())}
                | {"ratio": float(after.mean() / before.mean()) if before.any() else np.nan}
            )
    return pd.DataFrame(found)


def engine(results: Results) -> pd.DataFrame:
    """Table of the calibrated forecasters over all their runs: evaluations, rounds followed, potential, violations."""
    runs = results.runs[[is_calibrated(name) for name in results.runs["forecaster"]]]
    grouped = runs.groupby(["market", "forecaster"], sort=False)
    return pd.DataFrame(
        {
            "runs": grouped.size(),
            "evaluations per round": grouped["evaluations"].mean(),
            "first choice broadcast %": 100 * grouped["followed"].mean(),
            "minimax step broadcast %": 100 * grouped["intervened"].mean(),
            "largest Phi / K": grouped["potential"].max(),
            "certificates": grouped["certificates"].sum(),
            "violated": grouped["violated"].sum(),
        }
    ).reset_index()


def cost(results: Results) -> pd.DataFrame:
    """Seconds that simulating a run took, by forecaster: the one table that differs between machines."""
    seconds = results.runs.groupby(["market", "forecaster"], sort=False)[SECONDS]
    days = (
        results.rows[results.rows["subsequence"] == ALL].groupby(["market", "forecaster"], sort=False)["days"].first()
    )
    return pd.DataFrame({"days": days, "seconds per run": seconds.mean(), "slowest": seconds.max()}).reset_index()
