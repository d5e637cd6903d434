"""The figures of the study."""

import numpy as np

from omnisim.report.drawings import HeatMap, Strip, StripPanel, Strips
from omnisim.report.study.results import Chart
from omnisim.report.text import listing, number
from omnisim.statistics.gains import HALF_A_CENT
from omnisim.studies.real_markets.contenders import (
    CLIMATOLOGY,
    COMBINATION,
    EVERY,
    FORESIGHT,
    RIDGE,
    SELECTION,
    SIMPLE,
    WEAK,
    calibrated,
    is_calibrated,
)
from omnisim.studies.real_markets.results import Results
from omnisim.studies.real_markets.setting import POPULATIONS
from omnisim.studies.real_markets.tables import gained, switches

_RAW, _CALIBRATED, _BESIDE = 0, 1, 2
"""Colours of raw forecasts, calibrated ones, and what else uses several."""

_COLOURS = "Blue: raw forecasts; orange: calibrated; green: other ways to use all of them."


def contenders_shown(results: Results, market: str) -> list[str]:
    """All forecasters of a market, but of those calibrated on one published forecast only that on the best."""
    best, pool = results.best(market), results.pools[market]
    raw = dict.fromkeys([*SIMPLE, *pool])
    bases = dict.fromkeys([EVERY, best, *SIMPLE])
    return [*raw, SELECTION, COMBINATION, *map(calibrated, bases)]


def leaderboard_chart(results: Results) -> Chart:
    """Draw the earnings of agents on each forecast, in per cent of the distance, a variant per market."""
    variants = {}
    for market in results.markets:
        shares = results.compared(market, [(name, CLIMATOLOGY) for name in contenders_shown(results, market)])
        strips = [
            Strip(name, share.mean, (share.alone.low, share.alone.high), (share.low, share.high), _colour(name))
            for (name, _), share in shares.items()
        ]
        strips.sort(key=lambda strip: -strip.point)
        caption = (
            "Money at the true prices, every agent in its own scale: 0 is climatology, 100 perfect foresight. Point: "
            "mean over population seeds; thick line: its 95 % interval over the agents drawn and the days; thin line: "
            f"that which holds for all forecasts together. {_COLOURS}"
        )
        told = listing([f"{strip.label} {number(strip.point)}" for strip in strips])
        panel = StripPanel(market, "earned, % of climatology to foresight", strips)
        variants[market] = Strips([panel], caption, f"Leaderboard of {market}: {told}.")
    return Chart("leaderboard", "What agents earn on each forecast", variants, "Market")


def regret_chart(results: Results) -> Chart:
    """Swap regret per subsequence before and after calibration, a variant per market."""
    variants = {}
    for market in results.markets:
        best = results.best(market)
        bases = dict.fromkeys([CLIMATOLOGY, *WEAK, RIDGE, best])
        rows = [name for base in bases for name in (base, calibrated(base))]
        rows += [SELECTION, COMBINATION, calibrated(EVERY)]
        columns = results.subsequences(market)
        scale = 100 / results.distance(market, measure="utility").mean()
        values = [
            [scale * results.sample(market, name, "swap_regret", column).mean() for column in columns] for name in rows
        ]
        worst = {name: float(np.nanmax(row)) for name, row in zip(rows, values, strict=True)}
        told = listing([f"{name} {number(value)}" for name, value in worst.items()])
        caption = (
            "Swap regret summed over the days of each subsequence, mean over agents and population seeds, in per cent "
            "of the utility between climatology and perfect foresight over all days, both at prices inside the scale; "
            "an agent that did better than its benchmark counts as 0. Each forecast stands above its calibrated "
            "version."
        )
        alt = f"Heat map of swap regret in {market}; on the worst subsequence: {told}."
        variants[market] = HeatMap(rows, columns, values, "% of the distance", caption, alt, digits=1)
    return Chart("regret", "Swap regret by subsequence", variants, "Market")


def agents_chart(results: Results) -> Chart:
    """Draw the gains and losses of agents by switching: distributions, a panel per population."""
    variants = {}
    for words, pair in switches(results).items():
        panels, told = [], []
        for population in POPULATIONS:
            strips = []
            for market in results.markets:
                gains = gained(results, market, *pair(market), population)
                distance = gained(results, market, FORESIGHT, CLIMATOLOGY, population)
                known = distance > HALF_A_CENT
                if not known.any():
                    continue
                low, quarter, middle, half, high = np.quantile(
                    100 * gains[known] / distance[known], (0.05, 0.25, 0.5, 0.75, 0.95)
                )
                strips.append(Strip(market, middle, (quarter, half), (low, high)))
                told.append(f"{population} in {market} {number(middle)} ({number(low)} to {number(high)})")
            panels.append(StripPanel(population, "gain, % of the agent’s own distance", strips))
        caption = (
            "What agents earn more in a year after switching, at the true prices, in per cent of what each would earn "
            "more on perfect foresight than on climatology (agents who would earn no more are left out); all "
            "population seeds. Point: median; thick line: middle half; thin line: 5th to 95th percentile. Each panel "
            "has its own scale. In money: the table."
        )
        variants[words] = Strips(panels, caption, f"Median gain and 5th to 95th percentile: {'; '.join(told)}.")
    return Chart("agents", "Who gains and who loses by switching", variants, "Switch")


def changed_chart(results: Results) -> Chart | None:
    """Draw the gain from calibration on unusual days; None if there are none."""
    known = {
        f"{market} {name}": results.compared(market, results.unusual(market), name)
        for market in results.markets
        for name in results.changed(market)
    }
    variants = {}
    for base in (*WEAK, RIDGE, EVERY) if known else ():
        gains = {where: found[pair] for where, found in known.items() for pair in found if pair[0] == calibrated(base)}
        strips = [Strip(where, gain.mean, (gain.low, gain.high), colour=_CALIBRATED) for where, gain in gains.items()]
        against = "the best single forecast" if base == EVERY else "the raw base"
        caption = (
            f"What {calibrated(base)} earns at the true prices less what {against} does, in per cent of what lies "
            "between climatology and perfect foresight on these days. Thick line: 95 % interval over the agents drawn "
            "and the days, together with the other forecasters."
        )
        told = listing([f"{strip.label} {number(strip.point)} %" for strip in strips])
        panel = StripPanel(calibrated(base), "gain, % of the distance", strips)
        variants[calibrated(base)] = Strips([panel], caption, f"Gains on unusual days: {told}.")
    return Chart("changed", "Gains on days of changed behaviour", variants, "Forecaster") if variants else None


def _colour(name: str) -> int:
    if is_calibrated(name):
        return _CALIBRATED
    return _BESIDE if name in (SELECTION, COMBINATION) else _RAW
