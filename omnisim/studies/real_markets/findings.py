"""Expectations of the study about decision-calibrated forecasts, and whether the runs agree.

An expectation is met if the whole interval of the difference is on its side, missed if the whole interval is on the
other, and not judged in between; intervals are those of :meth:`~omnisim.studies.real_markets.results.Results.compared`.
What must hold in any market is met if it is in all of them, and missed if in one. Regret cannot be resampled by days,
so nothing is judged by it.
"""

from collections.abc import Iterator, Mapping, Sequence

from omnisim.report.study.results import Finding
from omnisim.report.text import count, listing
from omnisim.statistics.intervals import Interval
from omnisim.statistics.paired import mean_of
from omnisim.statistics.verdicts import at_least, everywhere, least
from omnisim.studies.frame import certificates
from omnisim.studies.real_markets.contenders import COMBINATION, EVERY, SELECTION, WEAK, calibrated
from omnisim.studies.real_markets.results import Pair, Results

MOST_LOST, MOST_BEHIND = 0.5, 0.2
"""Per cent of the distance that calibration may cost a base, and by which all may trail the best in a market."""

UNIT = "of the distance between climatology and perfect foresight"


def findings(results: Results) -> list[Finding]:
    """All findings in the order of the page."""
    published = [market for market in results.markets if market in results.published]
    embedded = [market for market in results.markets if market not in results.published]
    found = [finding for markets in (published, embedded) if markets for finding in _group(results, markets)]
    return [*found, certificates(results.runs)]


def _group(results: Results, markets: Sequence[str]) -> Iterator[Finding]:
    where = "" if markets[0] in results.published else f"{listing(markets)}, embedded prices: "
    pool = "published forecast" if markets[0] in results.published else "simple forecast"
    every = calibrated(EVERY)
    known = {market: results.compared(market, results.pairs(market)) for market in markets}

    def of(pair: Mapping[str, Pair]) -> dict[str, Interval]:
        return {market: known[market][pair[market]] for market in markets}

    best = {market: results.best(market) for market in markets}
    changes = of({market: (calibrated(name), name) for market, name in best.items()})
    yield Finding(
        f"{where}Best {pool} as the only base",
        f"it loses at most {MOST_LOST} % {UNIT} in every market.",
        f"Calibrating the best {pool} changes what agents earn by {_told(changes)} %{_least(changes)}.",
        _nowhere_below(changes, -MOST_LOST),
    )
    subject = f"{where}Every {pool} as a base"
    changes = of({market: (every, name) for market, name in best.items()})
    if len(markets) > 1:
        mean = mean_of(list(changes.values()))
        yield Finding(
            subject,
            "on average over markets it earns at least as much as the best single one, chosen in hindsight.",
            f"On average over {len(markets)} markets it earns {mean} % {UNIT} more than the best single {pool}.",
            at_least(mean),
        )
    yield Finding(
        subject,
        f"it is at most {MOST_BEHIND} % behind the best single one in any market.",
        f"Against the best single {pool} it earns {_told(changes)} % more{_least(changes)}.",
        _nowhere_below(changes, -MOST_BEHIND),
    )
    for other, most in ((SELECTION, 0.0), (COMBINATION, MOST_BEHIND)):
        mean = mean_of(list(of(dict.fromkeys(markets, (every, other))).values()))
        yield Finding(
            subject,
            f"the guarantee costs at most {most} % against {other}, which has none."
            if most
            else f"at least as much as {other} of the same bases.",
            f"{mean} % more than {other}, on average.",
            at_least(mean, -most),
        )
    for base in WEAK:
        changes = of(dict.fromkeys(markets, (calibrated(base), base)))
        yield Finding(
            f"{where}Weak base: {base}",
            f"never worse than the raw base by more than {MOST_LOST} % in any market.",
            f"Calibrated, it earns {_told(changes)} % more{_least(changes)}.",
            _nowhere_below(changes, -MOST_LOST),
        )
    yield from _changed(results, markets, f"{where}Days of changed behaviour")


def _changed(results: Results, markets: Sequence[str], subject: str) -> Iterator[Finding]:
    known = {
        (market, name): results.compared(market, results.unusual(market), name)
        for market in markets
        for name in results.changed(market)
    }
    if not known:
        return
    for base in WEAK:
        gains: dict[str, Interval] = {
            f"{market} {name}": found[calibrated(base), base] for (market, name), found in known.items()
        }
        mean, worst = mean_of(list(gains.values())), least(gains)
        yield Finding(
            subject,
            f"calibrating {base} earns something there.",
            f"Calibrating {base} earns {mean} % of the distance on these days more, on average over "
            f"{count(len(known), 'market and kind of day', 'markets and kinds of day')}; least in {worst}: "
            f"{gains[worst]} %.",
            at_least(mean),
        )
    mean = mean_of([found[calibrated(EVERY), results.best(market)] for (market, _), found in known.items()])
    yield Finding(
        subject,
        "all bases together earn at least as much there as the best single one.",
        f"All bases together earn {mean} % of the distance on these days more than the best single one.",
        at_least(mean),
    )


def _nowhere_below(changes: Mapping[str, Interval], threshold: float) -> bool | None:
    return everywhere(at_least(change, threshold) for change in changes.values())


def _least(intervals: dict[str, Interval]) -> str:
    return f", least in {least(intervals)}" if len(intervals) > 1 else ""


def _told(intervals: Mapping[str, Interval]) -> str:
    if len(intervals) == 1:
        return str(next(iter(intervals.values())))
    return listing([f"{interval} ({market})" for market, interval in intervals.items()])
