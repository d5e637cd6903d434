"""Sentences on how far the forecasts of a run were off, at the true outcomes."""

from collections.abc import Iterator

from omnisim.analysis import Analysis
from omnisim.analysis.accuracy import BIAS, BRIER, MAE, RANK, SKILL
from omnisim.analysis.units import units
from omnisim.problem.blocks import Block
from omnisim.report.selection import broadest
from omnisim.report.text import count, number, percent
from omnisim.trace import FORECASTER, Trace


def sentences(analysis: Analysis) -> Iterator[str]:
    """Sentences on the forecasts of the prices, then on those of every signal."""
    yield from _forecast_of(analysis, None)
    for block in signals(analysis.trace):
        yield from _forecast_of(analysis, block.name)


def signals(trace: Trace) -> list[Block]:
    """Signals that are no prices with a cap, which say little that the prices do not: tables and figures have them."""
    return [block for block in trace.blocks[1:] if block.cap is None]


def _forecast_of(analysis: Analysis, signal: str | None) -> Iterator[str]:
    """Sentences on the accuracy of the forecasts, of the prices or of a signal."""
    trace = analysis.trace
    unit = units(trace, signal)
    k = trace.subsequences[broadest(trace)]
    table = analysis.accuracy if signal is None else analysis.accuracy_of(signal)
    for name in dict.fromkeys(table["forecaster"]):
        rows = table[(table["forecaster"] == name) & (table["subsequence"] == k)].set_index("measure")
        who = "The forecast" if name == FORECASTER else f"The forecast of {name}"
        if not rows["rounds"].max():
            continue
        over = "" if trace.active[:, trace.subsequences.index(k)].all() else f" on “{k}”"
        same = f" over the same {count(int(rows['rounds'].max()), unit.round)}"
        if BRIER in rows.index:
            score, skill = rows.loc[BRIER], rows.loc[SKILL]
            yield (
                f"{who} is a probability: its Brier score (mean squared distance from what happened){over} was "
                f"{number(score['value'])}, that of repeating the {unit.round} before {number(score['baseline'])}{same}"
                f"{_relation(score['value'], score['baseline'])}; against always forecasting the mean frequency its "
                f"skill was {_percent_signed(float(skill['value']))}."
            )
            continue
        error, bias = rows.loc[MAE], float(rows.loc[BIAS, "value"])
        yield (
            f"{who} missed the {unit.quantity} by {number(error['value'])} {unit.outcome} on average{over}; repeating "
            f"the {unit.round} before would have missed by {number(error['baseline'])}{same}"
            f"{_relation(error['value'], error['baseline'])}."
        )
        if abs(bias) > 0.05 * float(error["value"]):
            yield f"It was too {'high' if bias > 0 else 'low'} by {number(abs(bias))} {unit.outcome} on average."
        if RANK in rows.index and rows.loc[RANK, "rounds"]:
            rank = rows.loc[RANK]
            periods = "hours" if unit.hours in (None, 1) else "periods"
            yield (
                f"It put the {periods} of a {unit.round} in order with a rank correlation of "
                f"{number(rank['value'], 2)} (1 is the true order, repeating the {unit.round} before "
                f"{number(rank['baseline'], 2)})."
                if unit.hours is not None
                else f"Its rank correlation within a {unit.round} was {number(rank['value'], 2)}."
            )


def _relation(value: float, baseline: float) -> str:
    """Relation of a score, of which less is better, to that of the baseline, in words."""
    if not baseline > 0 or abs(value / baseline - 1) < 0.0005:
        return ", the same" if abs(value - baseline) <= 0.0005 * max(abs(baseline), 1e-9) else ""
    return f", {percent(abs(value / baseline - 1))} {'less' if value < baseline else 'more'}"


def _percent_signed(share: float) -> str:
    return f"{percent(abs(share))} {'better' if share > 0 else 'worse'}"
