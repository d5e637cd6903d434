"""What forecasters are worth against the reference, in money per agent and year, by population and in total."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from omnisim.problem.clipping import ALARMING, NOTICED
from omnisim.report.comparison_scope import Context, Scope
from omnisim.report.text import count, listing, number, percent, signed_amount

MOST_FORECASTERS = 3
"""Forecasters that are told of in sentences."""

NOT_SEPARATED = "not separated"


def headline(scope: Scope) -> str:
    """What the forecaster that earns most in the first context is worth; empty without money."""
    for line in _lines(scope, scope.contexts[0], 1):
        return line
    return ""


def sentences(scope: Scope) -> Iterator[str]:
    """The same for the next forecasters and contexts, and who loses."""
    for index, context in enumerate(scope.contexts[:MOST_FORECASTERS]):
        lines = list(_lines(scope, context, MOST_FORECASTERS))
        yield from lines[1:] if index == 0 else lines
    yield from _losing(scope, scope.contexts[0])


def reservations(scope: Scope) -> Iterator[str]:
    """Why a comparison that violates nothing is not told in green."""
    measure = "money" if headline(scope) else "utility"
    rows = scope.comparison.differences
    rows = rows[(rows["measure"] == measure) & (rows["subsequence"] == scope.whole_run)]
    verdicts = [*rows["verdict"], *scope.comparison.overall.query("measure == @measure")["verdict"]]
    judged = [verdict for verdict in verdicts if verdict]
    if not judged:
        yield "no interval can be formed, so nothing is judged"
    elif "better" not in judged:
        yield f"no forecaster is separated from {scope.reference} for the better in {measure}"
    losing = _losers(scope, scope.contexts[0])
    if losing:
        yield losing
    cut = cut_share(scope)
    if cut >= ALARMING:
        yield f"clipping cut {percent(cut)}"
    certificates = scope.comparison.certificates
    if len(certificates):
        silent = int((certificates["held"] + certificates["violated"] == 0).sum())
        if 2 * silent > len(certificates):
            yield f"{silent:,} of {len(certificates):,} guarantees promise nothing"


def notices(scope: Scope) -> Iterator[str]:
    """What must be known before any number is read."""
    market, cut = scope.about["market"], cut_share(scope)
    if cut >= NOTICED:
        text = (
            f"The range from {number(market['low'], 6)} to {number(market['high'], 6)} {market['currency']}/MWh, which "
            f"the theory needs, cuts {percent(cut)} off the sum of the prices ({market['clipped']:,} of "
            f"{market['values']:,} values). Money and errors on this page are at the true prices; utility, regret and "
            "certificates are inside the range"
        )
        if market.get("suggested"):
            low, high = market["suggested"]
            text += f". Less than {percent(NOTICED)} would be cut by low = {number(low, 6)}, high = {number(high, 6)}"
        yield f"{text}."
    warnings = market.get("warnings") if isinstance(market, dict) else None
    yield from (str(warning) for warning in warnings) if isinstance(warnings, list | tuple) else ()


def cut_share(scope: Scope) -> float:
    """Share of the sum of the prices that clipping cuts; 0 where the scenario says nothing about it."""
    market = scope.about["market"]
    cut = market.get("cut") if isinstance(market, dict) else None
    return float(cut) if isinstance(cut, int | float) else 0.0


def _lines(scope: Scope, context: Context, most: int) -> Iterator[str]:
    if not any(scope.currencies.values()) or len(scope.forecasters) < 2:
        return
    places = scope.of(scope.comparison.differences, context, subsequence=scope.whole_run, measure="money")
    totals = scope.of(scope.comparison.overall, context, measure="money").set_index("forecaster")
    order = (
        totals["difference"] if totals["difference"].notna().any() else places.groupby("forecaster")["difference"].sum()
    )
    for name in order.sort_values(ascending=False, kind="stable").index[:most]:
        yield _line(scope, context, str(name), places[places["forecaster"] == name], totals.loc[name])


def _line(scope: Scope, context: Context, name: str, places: pd.DataFrame, total: "pd.Series[Any]") -> str:
    factor = scope.factor(context, "money")
    words = scope.words(context)
    where = f" ({words})" if words else ""
    per = "money per agent and year" if scope.round == "day" else "money per agent over the run"
    parts = [
        f"{row['population']} {signed_amount(factor * row['difference'])} {scope.currencies[row['population']]}"
        f"{_judged(row['verdict'])}"
        for row in places.to_dict("records")
        if scope.currencies[row["population"]]
    ]
    difference = factor * float(total["difference"])
    if difference == difference and len(parts) > 1:
        parts.append(f"in total {signed_amount(difference)} {scope.currency}{_judged(str(total['verdict']))}")
    return f"{name}{where} against {scope.reference}, {per}: {', '.join(parts)}."


def _judged(verdict: str) -> str:
    """In parentheses, whether the interval that holds for all comparisons together leaves out zero."""
    return {"": " (no interval)", NOT_SEPARATED: " (not separated from 0)"}.get(verdict, f" ({verdict})")


def _losers(scope: Scope, context: Context) -> str:
    """How many agents lose with the forecaster of the headline; empty if none does."""
    lines = headline(scope)
    if not lines:
        return ""
    gains = scope.of(scope.comparison.gains, context, subsequence=scope.whole_run, measure="money")
    best = [name for name in scope.forecasters[1:] if lines.startswith(f"{name} ")]
    rows = gains[gains["forecaster"].isin(best[:1])]
    losses, agents = int(rows["losses"].sum()), int(rows["agents"].sum())
    return f"{losses:,} of {count(agents, 'agent')} earn less money with {best[0]}" if losses else ""


def _losing(scope: Scope, context: Context) -> Iterator[str]:
    if len(scope.forecasters) < 2:
        return
    gains = scope.of(scope.comparison.gains, context, subsequence=scope.whole_run, measure="money")
    gains = gains[gains["population"].map(lambda name: scope.currencies.get(name, "") != "").astype(bool)]
    for name in [name for name in scope.forecasters if name in set(gains["forecaster"])][:MOST_FORECASTERS]:
        rows = gains[gains["forecaster"] == name]
        agents, losses = int(rows["agents"].sum()), int(rows["losses"].sum())
        if not losses:
            yield f"{name}: none of {count(agents, 'agent')} earns less money than with {scope.reference}."
            continue
        parts = [
            f"{int(row['losses']):,} of {int(row['agents']):,} {row['population']}" for row in rows.to_dict("records")
        ]
        worst = rows.iloc[int(rows["q00"].to_numpy().argmin())]
        factor = scope.factor(context, "money")
        seeds = len(scope.about["seeds"])
        over = f", counted under each of {seeds:,} seeds" if seeds > 1 else ""
        yield (
            f"{name}: {losses:,} of {count(agents, 'agent')} earn less money than with {scope.reference} "
            f"({listing(parts)}{over}); the worst, of {worst['population']}, "
            f"{signed_amount(factor * float(worst['q00']))} {scope.currencies[worst['population']]}"
            f"{' a year' if scope.round == 'day' else ' over the run'}."
        )
