"""A scenario for a file of prices: defaults that fit its market, chosen from the first days, which are not played."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.market.guessing import guess
from omnisim.market.inspection import market_table
from omnisim.market.scaling import fitting
from omnisim.market.several_files import called
from omnisim.scenario.days import WARM_UP
from omnisim.scenario.document import check_document, resolved
from omnisim.scenario.load import build, naming
from omnisim.scenario.scenario import Scenario
from omnisim.scenario.schema import Schema
from omnisim.scenario.toml import overridden, to_toml

_UNREAD = {"source": "file", "path": "prices.csv"}

_OTHER_FILES = ("market.forecast_files", "market.signals")
"""Tables of files beside the prices, which are no keys of how these are read."""

_SUBSEQUENCES: dict[str, Any] = {
    "weekend": {"feature": "weekday", "operator": ">=", "value": 5},
    "dear yesterday": {"feature": "yesterday_price", "operator": ">=", "quantile": 0.8},
    "cheap yesterday": {"feature": "yesterday_price", "operator": "<=", "quantile": 0.2},
}
"""Beside all days; those of which no day is one are left out."""

_STRESSED = 0.9
"""Quantile of the past prices above which hours are stressed, or curtailed."""


def scenario_of_prices(
    path: Path, overrides: Mapping[str, Any] | None = None, customers: tuple[str, Path] | None = None
) -> tuple[Scenario, list[str]]:
    """The scenario that plays the prices of a file, and what the file left open and its market does not warn of.

    Customers' typical price is the median of the prices above 0 of the first days, their stress price the 90 % quantile
    of these days, or a fifth above the typical one if that is more, as far as it lies inside the scale; the scale comes
    from the same days, which are past when the run begins. Subsequences are all days, weekends, and days after dear and
    cheap ones, by quantiles of the last 60 days.

    Parameters
    ----------
    overrides
        From dotted keys to values, put in place of the defaults; those of ``market`` say how the file is read.
    customers
        In place of the default ones: a kind of agents, and a table of theirs.

    Raises
    ------
    ScenarioError, DataError
        If the file cannot be read, or an override does not fit.
    """
    overrides = dict(overrides or {})
    files = {key: value for key, value in overrides.items() if _of_other_files(key)}
    given = market_keys(
        {key.partition(".")[2]: value for key, value in overrides.items() if _of_market(key) and key not in files}
    )
    scale = {key: given.pop(key) for key in ("low", "high") if key in given}
    with naming(path):
        found = guess(path, given)
        table = market_table(path, found)
        days = found.market.days
        first = max(1, min(WARM_UP, days // 4))
        past = found.market.prices[:first]
        positive = past[past > 0]
        typical = _rounded(float(np.median(positive)) if len(positive) else 1.0)
        stress = _rounded(max(float(np.quantile(past, _STRESSED)), 1.2 * typical))
        high = float(scale.get("high", fitting(past)[1]))
        if typical < high <= stress:  # days that are all alike: no hour of the scale would be stressed
            stress = (typical + high) / 2
        tree: dict[str, Any] = {
            "name": called(path, "prices"),
            "description": f"Prices of {path.name}.",
            "market": table | scale,
            "forecaster": {"kind": "ridge_autoregression"},
            "populations": _of_table(*customers, typical)
            if customers
            else _populations(typical, stress, found.market.prices.shape[1]),
            "subsequences": {"all": True, **_SUBSEQUENCES},
        }
        others = {key: value for key, value in overrides.items() if not _of_market(key)}
        tree = overridden(tree, others | files)
        scenario = build(check_document(tree, Schema()), path.resolve().with_suffix(".toml"))
        empty = _empty(scenario, tree["subsequences"])
        if empty:
            tree["subsequences"] = {name: rule for name, rule in tree["subsequences"].items() if name not in empty}
            scenario = build(check_document(tree, Schema()), path.resolve().with_suffix(".toml"))
        scenario.problem(scenario.seed)
    told = scenario.about["market"].get("warnings", ())
    left_out = [f"subsequence {name!r} is left out: no day of the run would be in it" for name in empty]
    return scenario, [choice for choice in found.choices if choice not in told] + left_out


def _empty(scenario: Scenario, chosen: Mapping[str, Any]) -> list[str]:
    """Names of those default subsequences in which no day of the run is, such as those of a file of a few days."""
    ours = [name for name, rule in _SUBSEQUENCES.items() if chosen.get(name) == rule]
    days = {name: scenario.subsequences[name] for name in ours}
    return [name for name, mask in days.items() if isinstance(mask, np.ndarray) and not mask[: scenario.played].any()]


def market_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a file, checked as those of a ``[market]`` table are; dotted ones are tables.

    Raises
    ------
    ScenarioError
        If there is no such key, or its value is of another type.
    """
    tree = overridden({"market": dict(_UNREAD)}, {f"market.{key}": value for key, value in settings.items()})
    rest = {"forecaster": {"kind": "persistence"}, "populations": {"buyers": {"kind": "energy_buyers", "agents": 1}}}
    checked: Any = check_document({**rest, **tree}, Schema())
    return {key: getattr(checked.market, key) for key in tree["market"] if key not in _UNREAD}


def customers_in(populations: Mapping[str, Any], signals: Any, folder: Path) -> dict[str, Any]:
    """Overrides by the customers of another scenario file, and by the signals that they may need.

    Parameters
    ----------
    populations, signals
        Its tables; ``signals`` is None if it has none.
    folder
        Of the file: what paths in it are relative to.

    Raises
    ------
    ScenarioError
        If a key is wrong.
    """
    market = dict(_UNREAD) if signals is None else {**_UNREAD, "signals": signals}
    document = {"market": market, "forecaster": {"kind": "persistence"}, "populations": dict(populations)}
    tree = resolved(check_document(document, Schema()), folder)
    found = {"populations": tree["populations"]}
    return found if signals is None else {**found, "market.signals": tree["market"]["signals"]}


def market_lines(table: Mapping[str, Any]) -> list[str]:
    """A ``[market]`` table as TOML in which each key has one line, so that others can be written below.

    >>> market_lines({"source": "file", "select": {"Bidding zone": "NO1"}})
    ['[market]', 'source = "file"', 'select = { "Bidding zone" = "NO1" }']
    """
    lines = ["[market]"]
    for key, value in table.items():
        inner = [to_toml({name: each}).strip() for name, each in value.items()] if isinstance(value, Mapping) else []
        lines += [f"{key} = {{ {', '.join(inner)} }}"] if inner else to_toml({key: value}).splitlines()
    return lines


def _populations(typical: float, stress: float, a_day: int) -> dict[str, Any]:
    prices = {"typical_price": typical}
    if a_day == 1:
        return {
            "pumps": {"kind": "deferrable_loads", "agents": 30, **prices, "curtailment_price": stress},
            "operators": {"kind": "budgeted_operators", "agents": 30, **prices},
        }
    return {
        "buyers": {"kind": "energy_buyers", "agents": 30, **prices, "stress_price": stress},
        "plants": {"kind": "manufacturers", "agents": 30, **prices, "curtailment_price": stress},
        "operators": {"kind": "budgeted_operators", "agents": 30, **prices},
    }


def _of_table(kind: str, table: Path, typical: float) -> dict[str, Any]:
    return {kind: {"kind": kind, "table": str(table.resolve()), "typical_price": typical}}


def _of_market(key: str) -> bool:
    return key.startswith("market.")


def _of_other_files(key: str) -> bool:
    return any(key == table or key.startswith(f"{table}.") for table in _OTHER_FILES)


def _rounded(price: float) -> float:
    return float(f"{price:.2g}")
