"""The days that a run has seen and those that have come since, as one market: what a run that goes on plays.

Days that were played stay as they were: what a newer file says of them must agree. The scale, the past and everything
else that was chosen before the first day stay with them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError, ScenarioError
from omnisim.market.data import MINUTES, Market
from omnisim.scenario.document import check_document
from omnisim.scenario.load import build, naming, read_market, with_forecasts, with_signals
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.schema import Schema
from omnisim.scenario.toml import overridden
from omnisim.suggest import nearest

_SAME = 1e-9
"""Relative difference up to which two files say the same number; the one that was played is kept."""


def scenario_with(
    played: Market, tree: Mapping[str, Any], told: str, prices: Path, newer: Mapping[str, Mapping[str, Path]]
) -> tuple[Scenario, int]:
    """The scenario of a run with the days that have come since, and how many of its days are over.

    The day after them is a round as well, of which only what is known beforehand counts, unless the horizon ends.

    Parameters
    ----------
    played
        The days that the run has seen.
    tree
        Its resolved scenario.
    told
        How keys of it were chosen.
    prices
        File of prices, in the form of the one that the run was made with: all days, or those since, which may overlap.
    newer
        By ``"forecasts"`` and ``"signals"``: from names of such files in the scenario to newer ones. Of forecasts the
        days since will do; signals have all days.

    Raises
    ------
    DataError, ScenarioError
        One line that names the file and what is wrong with it.
    """
    document = _document(tree, prices, newer)
    folder = prices.parent
    with naming(prices):
        latest = read_market(document.market, folder)
        whole = _joined(played, latest, gaps=getattr(document.market, "missing", None) == "drop_day")
        first_day = document.market.first_day
        before = 0 if first_day is None else int(np.searchsorted(whole.dates, np.datetime64(first_day)))
        days = whole.days - before
        if days > document.horizon:
            raise DataError(
                f"{whole.dates[-1]} would be day {days} of a run whose horizon is {document.horizon} days, and its "
                "guarantees end there: run it again with a longer horizon"
            )
        ahead = int(days < document.horizon)
        if ahead:
            whole = _begun(whole)
    with naming("market"):
        whole = _with_forecast_files(whole, played, document.market, folder)
        whole = with_signals(whole, document.market, folder, ahead)
        _refuse_other_signals(played, whole)
    # The document says "all there are": how many that is today is no part of what the run is.
    return build(document, prices, whole, ahead, told), days


def _document(tree: Mapping[str, Any], prices: Path, newer: Mapping[str, Mapping[str, Path]]) -> Any:
    table = tree.get("market", {})
    if "path" not in table:
        raise ScenarioError(
            f"the market of the run is {table.get('source')!r}, which is not read from a file: only a run on a file of "
            "prices can go on with a newer one"
        )
    kept = {key: value for key, value in tree.items() if key != "rounds"}
    kept["market"] = {key: value for key, value in table.items() if key != "last_day"}
    kept["market"]["path"] = str(prices.absolute())
    for option, key, what in (("forecasts", "forecast_files", "file of forecasts"), ("signals", "signals", "signal")):
        files, given = table.get(key, {}), newer.get(option, {})
        for name in given:
            if name not in files:
                raise ScenarioError(f"--{option} {name}: the run has no such {what}{nearest(name, files)}")
        kept["market"][key] = {
            name: {**own, "path": str(given[name].absolute())} if name in given else own for name, own in files.items()
        }
    return check_document(overridden(kept, {}), Schema())


def _joined(played: Market, latest: Market, *, gaps: bool) -> Market:
    """The days played and those that have come since; ``gaps``: days may be missing in the file, by its policy."""
    first, last = latest.dates[0], latest.dates[-1]
    end = played.dates[-1]
    if last < end:
        raise DataError(f"ends on {last}, before the last day that the run has played, {end}: a newer file is needed")
    if latest.currency != played.currency:
        raise DataError(f"is in {latest.currency}, and the run in {played.currency}")
    _refuse_contradictions(played, latest)
    come = latest.dates > end
    if come.any():
        next_day, begins = end + np.timedelta64(1, "D"), latest.dates[come][0]
        if begins > next_day and not (gaps and first <= next_day):
            raise DataError(f"begins on {begins}, and the run has played up to {end}: {next_day} is missing")
    is_all = first <= played.dates[0]
    return Market(
        latest.name if is_all else played.name,
        np.concatenate([played.dates, latest.dates[come]]),
        np.concatenate([played.prices, latest.prices[come]]),
        played.currency,
        {name: np.concatenate([played.features[name], each[come]]) for name, each in latest.features.items()},
        {name: np.concatenate([played.forecasts[name], each[come]]) for name, each in latest.forecasts.items()},
        latest.next_day,
        latest.attribution if is_all else played.attribution,
        latest.notes if is_all else tuple(dict.fromkeys([*played.notes, *latest.notes])),
        latest.warnings if is_all else tuple(dict.fromkeys([*played.warnings, *latest.warnings])),
    )


def _refuse_other_signals(played: Market, whole: Market) -> None:
    """Refuse signals that say something else of the days that were played."""
    for name, signal in whole.signals.items():
        if name in played.signals:
            before = played.signals[name].series
            wrong = np.argwhere(~np.isclose(before, signal.series[: played.days], rtol=_SAME, atol=_SAME))
            if len(wrong):
                day = played.dates[wrong[0][0]]
                raise DataError(f"signals.{name}: its values of {day} are not those that the run has played")


def _refuse_contradictions(played: Market, latest: Market) -> None:
    """Refuse a file that says something else of the days that were played than what they were played with."""
    end, begin = played.dates[-1], max(latest.dates[0], played.dates[0])
    own = played.dates[played.dates >= begin]
    theirs = latest.dates[(latest.dates >= begin) & (latest.dates <= end)]
    absent, added = np.setdiff1d(own, theirs), np.setdiff1d(theirs, own)
    if len(absent):
        raise DataError(f"has no {absent[0]}, which the run has played")
    if len(added):
        raise DataError(f"has {added[0]}, which was missing when the run played the days around it")
    ours, others = played.dates >= begin, np.isin(latest.dates, theirs)
    columns: list[tuple[str, FloatArray, FloatArray]] = [("price", played.prices, latest.prices)]
    columns += [(repr(name), played.features[name], each) for name, each in latest.features.items()]
    columns += [(repr(name), played.forecasts[name], each) for name, each in latest.forecasts.items()]
    for what, before, now in columns:
        known, said = before[ours], now[others]
        wrong = np.argwhere(~np.isclose(known, said, rtol=_SAME, atol=_SAME))
        if len(wrong):
            day, period = wrong[0]
            minutes = int(period) * MINUTES[played.resolution]
            raise DataError(
                f"the {what} of {own[day]} {minutes // 60:02d}:{minutes % 60:02d} is {said[day, period]:g}, and the "
                f"run has played it as {known[day, period]:g} ({len(wrong):,} such values): days that were played "
                "cannot change"
            )


def _begun(market: Market) -> Market:
    """The market with the day after its last one: what is known of it, and for its prices what nobody looks at."""
    day = market.dates[-1] + np.timedelta64(1, "D")
    unknown = [name for name in (*market.features, *market.forecasts) if name not in market.next_day]
    if unknown:
        raise DataError(
            f"has no {unknown[0]} for {day}, the day after the last one with prices: it is known before the prices of "
            "that day, so add its rows, with the price left empty"
        )

    def longer(columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: np.concatenate([values, market.next_day[name][None]]) for name, values in columns.items()}

    return replace(
        market,
        dates=np.append(market.dates, day),
        prices=np.concatenate([market.prices, market.prices[-1:]]),
        features=longer(market.features),
        forecasts=longer(market.forecasts),
        next_day={},
    )


def _with_forecast_files(market: Market, played: Market, table: Any, folder: Path) -> Market:
    """The market with the forecasts of files of their own: as they were played, and for the days since."""
    since = int(np.searchsorted(market.dates, played.dates[-1], side="right"))
    if not table.forecast_files or since == market.days:
        return replace(market, forecasts={**market.forecasts, **_only(played, table.forecast_files)})
    first: dt.date = market.dates[since].item()
    found = with_forecasts(market, table.model_copy(update={"first_day": first, "last_day": None}), folder)
    return replace(
        found,
        forecasts={
            name: np.concatenate([played.forecasts[name], values[since:]]) for name, values in found.forecasts.items()
        },
        distributions={},  # a run plays their means
    )


def _only(played: Market, names: Mapping[str, Any]) -> dict[str, FloatArray]:
    return {name: played.forecasts[name] for name in names}
