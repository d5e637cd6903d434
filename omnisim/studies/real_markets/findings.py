"""What the study expects of decision-calibrated forecasts, and whether the runs agree.

An expectation is met if the whole interval over population seeds is on its side, missed if the whole interval is on the
other, and not judged in between. What must hold in any market is met if it is in all of them, and missed if in one.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.report.results import Finding
from omnisim.report.text import count, listing, number, percent
from omnisim.studies.certificates import certificates
from omnisim.studies.real_markets.contenders import COMBINATION, EVERY, SELECTION, WEAK, calibrated, is_calibrated
from omnisim.studies.real_markets.results import Interval, Results, mean_over, over_seeds

MOST_LOST, MOST_BEHIND, HALVED = 0.5, 0.2, 0.5
"""Per cent of the distance that calibration may cost a base, and by which all bases together may be behind the best in
any one market; and what may remain of the swap regret of weak bases."""

UNIT = "of the distance between climatology and perfect foresight"


def findings(results: Results, *, quick: bool) -> list[Finding]:
    """All findings in the order of the page; ``quick`` runs are too short to judge anything but certificates."""
    found = []
    published = [market for market in results.markets if market in results.published]
    embedded = [market for market in results.markets if market not in results.published]
    for markets in (published, embedded):
        if markets:
            found += [*_group(results, markets, quick)]
    return [*found, *_certificates(results)]


def at_least(interval: Interval, threshold: float) -> bool | None:
    """Whether an interval is above a threshold, below it (False), or on both sides or unknown (None).

    >>> at_least(Interval(1.0, 0.5, 1.5), 0.0), at_least(Interval(1.0, -0.5, 2.5), 0.0)
    (True, None)
    """
    if not math.isfinite(interval.low):
        return None
    return True if interval.low >= threshold else False if interval.high < threshold else None


def at_most(interval: Interval, threshold: float) -> bool | None:
    """Whether an interval is below a threshold, above it (False), or on both sides or unknown (None)."""
    return at_least(Interval(-interval.mean, -interval.high, -interval.low), -threshold)


def everywhere(intervals: Mapping[str, Interval], threshold: float) -> bool | None:
    """Whether all intervals are above a threshold, or one is below it (False).

    >>> everywhere({"a": Interval(1.0, 0.5, 1.5), "b": Interval(0.1, -0.1, 0.3)}, 0.0) is None
    True
    """
    verdicts = [at_least(interval, threshold) for interval in intervals.values()]
    return False if False in verdicts else None if None in verdicts else True


def _group(results: Results, markets: Sequence[str], quick: bool) -> Iterator[Finding]:
    where = "" if markets[0] in results.published else f"{listing(markets)}, embedded prices: "
    pool = "published forecast" if markets[0] in results.published else "simple forecast"

    def finding(subject: str, expected: str, measured: str, holds: bool | None) -> Finding:
        return Finding(f"{where}{subject}", expected, measured, None if quick else holds)

    changes = {market: results.change(market, calibrated(best), best) for market, best in _best(results, markets)}
    worst, intervals = _worst(changes)
    yield finding(
        f"Best {pool} as the only base",
        f"it loses at most {MOST_LOST} % {UNIT} in every market.",
        f"Calibrating the best {pool} changes what agents earn by {_told(intervals)} %{_least(worst, intervals)}.",
        everywhere(intervals, -MOST_LOST),
    )
    yield from _all_bases(results, markets, pool, finding)
    yield from _weak_bases(results, markets, finding)
    yield from _changed(results, markets, finding)


_Make = Callable[[str, str, str, bool | None], Finding]


def _all_bases(results: Results, markets: Sequence[str], pool: str, finding: _Make) -> Iterator[Finding]:
    subject, name = f"Every {pool} as a base", calibrated(EVERY)
    changes = {market: results.change(market, name, results.best(market)) for market in markets}
    mean = over_seeds(mean_over(list(changes.values())))
    if len(markets) > 1:
        yield finding(
            subject,
            "on average over markets it earns at least as much as the best single one, chosen in hindsight.",
            f"On average over {len(markets)} markets it earns {mean} % {UNIT} more than the best single {pool}.",
            at_least(mean, 0.0),
        )
    worst, intervals = _worst(changes)
    yield finding(
        subject,
        f"it is at most {MOST_BEHIND} % behind the best single one in any market.",
        f"Against the best single {pool} it earns {_told(intervals)} % more{_least(worst, intervals)}.",
        everywhere(intervals, -MOST_BEHIND),
    )
    for other, threshold in ((SELECTION, 0.0), (COMBINATION, -MOST_BEHIND)):
        mean = over_seeds(mean_over([results.change(market, name, other) for market in markets]))
        expected = (
            f"at least as much as {other} of the same bases."
            if not threshold
            else f"the guarantee costs at most {-threshold} % against {other}, which has none."
        )
        yield finding(subject, expected, f"{mean} % more than {other}, on average.", at_least(mean, threshold))


def _weak_bases(results: Results, markets: Sequence[str], finding: _Make) -> Iterator[Finding]:
    for base in WEAK:
        subject = f"Weak base: {base}"
        changes = {market: results.change(market, calibrated(base), base) for market in markets}
        worst, intervals = _worst(changes)
        yield finding(
            subject,
            f"never worse than the raw base by more than {MOST_LOST} % in any market.",
            f"Calibrated, it earns {_told(intervals)} % more{_least(worst, intervals)}.",
            everywhere(intervals, -MOST_LOST),
        )
        ratios = [results.regret_ratio(market, base) for market in markets]
        mean = over_seeds(mean_over(ratios))
        yield finding(
            subject,
            "swap regret on the worst subsequence at least halved, on average over markets.",
            f"Swap regret on the worst subsequence is multiplied by {mean}.",
            at_most(mean, HALVED),
        )


def _changed(results: Results, markets: Sequence[str], finding: _Make) -> Iterator[Finding]:
    cells = [(market, name) for market in markets for name in results.changed(market)]
    subject = "Days of changed behaviour"
    if not cells:
        yield finding(subject, "", "No market has enough of them.", None)
        return
    for base in WEAK:
        gains = {
            f"{market} {name}": over_seeds(results.change(market, calibrated(base), base, name))
            for market, name in cells
        }
        mean = over_seeds(mean_over([results.change(market, calibrated(base), base, name) for market, name in cells]))
        least = min(gains, key=lambda cell: np.nan_to_num(gains[cell].mean, nan=np.inf))
        yield finding(
            subject,
            f"calibrating {base} earns something there.",
            f"Calibrating {base} earns {mean} % of the distance on these days more, on average over "
            f"{count(len(cells), 'market and kind of day', 'markets and kinds of day')}; least in {least}: "
            f"{gains[least]} %.",
            at_least(mean, 0.0),
        )
    name = calibrated(EVERY)
    mean = over_seeds(mean_over([results.change(m, name, results.best(m), subsequence) for m, subsequence in cells]))
    yield finding(
        subject,
        "all bases together earn at least as much there as the best single one.",
        f"All bases together earn {mean} % of the distance on these days more than the best single one.",
        at_least(mean, 0.0),
    )


def _certificates(results: Results) -> Iterator[Finding]:
    runs = results.runs
    yield certificates(runs)
    engine = runs[[is_calibrated(name) for name in runs["forecaster"]]]
    largest = float(engine["potential"].max())
    yield Finding(
        "Certificates",
        "Phi / K <= e = 2.718 on every run.",
        f"At most {number(largest)} on {count(len(engine), 'calibrated run')}.",
        bool((engine["potential"] <= math.e).all()),
    )
    everything = engine[engine["forecaster"] == calibrated(EVERY)]
    yield Finding(
        "Certificates",
        "what is tried first is broadcast for as long as the guarantee allows it.",
        f"With all bases, in {percent(float(everything['followed'].mean()))} of the rounds; in the run with the fewest "
        f"such rounds of any base, in {percent(float(engine['followed'].min()))}.",
        None,
    )


def _best(results: Results, markets: Sequence[str]) -> list[tuple[str, str]]:
    return [(market, results.best(market)) for market in markets]


def _worst(changes: Mapping[str, FloatArray]) -> tuple[str, dict[str, Interval]]:
    """The market with the smallest mean (an unknown one is not the smallest), and the interval of each."""
    intervals = {market: over_seeds(change) for market, change in changes.items()}
    return min(intervals, key=lambda market: np.nan_to_num(intervals[market].mean, nan=np.inf)), intervals


def _least(worst: str, intervals: Mapping[str, Interval]) -> str:
    return f", least in {worst}" if len(intervals) > 1 else ""


def _told(intervals: dict[str, Interval]) -> str:
    if len(intervals) == 1:
        return str(next(iter(intervals.values())))
    return listing([f"{interval} ({market})" for market, interval in intervals.items()])
