"""What a comparison showed, in sentences computed from its numbers; none judges without an interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omnisim.report import comparison_worth
from omnisim.report.comparison_scope import Measure, Scope
from omnisim.report.comparison_tables import headcount
from omnisim.report.text import count, interval, listing, number, percent, signed

MOST_SENTENCES = 3
"""Sentences about single forecasters under a heading."""


@dataclass(frozen=True)
class Verdict:
    """What a comparison showed.

    Attributes
    ----------
    headline
        What the best forecaster is worth in money, or without money which ones are better in utility.
    tone
        ``"bad"`` where a certificate is violated, ``"fair"`` where there are ``reservations``, else ``"good"``.
    reservations, notices, alarms, points
        As in the verdict of a run.
    """

    headline: str
    tone: str
    reservations: list[str]
    notices: list[str]
    alarms: list[str]
    points: list[tuple[str, list[str]]]

    @property
    def holds(self) -> bool:
        """Whether no certificate is violated."""
        return not self.alarms


def verdict(scope: Scope) -> Verdict:
    """Say what a comparison showed."""
    violated = scope.comparison.certificates.query("violated > 0")
    alarms = [
        f"{row['theorem']} ({row['claim']}) for {row['scope']} with {row['forecaster']}: in {row['violated']} of "
        f"{count(row['runs'], 'run')}, worst in {row['worst_run']}: measured {number(row['measured'], 4)}, bound "
        f"{number(row['bound'], 4)}; the theorem promises it "
        + ("with certainty." if row["probability"] == 1 else f"with probability {number(row['probability'], 4)}.")
        for row in violated.head(10).to_dict("records")
    ]
    if len(violated) > len(alarms):
        alarms.append(f"{len(violated) - len(alarms):,} more; comparison.certificates has all.")
    sections = (
        ("Worth", comparison_worth.sentences),
        ("Separated", _separated),
        ("Earned", _earned),
        ("Accuracy", _accuracy),
        ("Agents", _agents),
        ("Regret and violation", _lost),
        ("Certificates", _certificates),
        ("Intervals", _intervals),
        ("Runs", _runs),
    )
    points = [(heading, sentences) for heading, say in sections if (sentences := list(say(scope)))]
    doubts = list(comparison_worth.reservations(scope))
    return Verdict(
        comparison_worth.headline(scope) or headline(scope),
        "bad" if alarms else "fair" if doubts else "good",
        doubts,
        list(comparison_worth.notices(scope)),
        alarms,
        points,
    )


def summary(scope: Scope) -> list[str]:
    """The headline and who loses, for a terminal."""
    return [comparison_worth.headline(scope) or headline(scope), *comparison_worth.sentences(scope)]


def _separated(scope: Scope) -> Iterator[str]:
    if comparison_worth.headline(scope):  # else it is the headline itself
        yield headline(scope)


def _accuracy(scope: Scope) -> Iterator[str]:
    """Whose errors are smaller, by the Diebold-Mariano test."""
    found = scope.comparison.diebold_mariano
    for row in found.head(MOST_SENTENCES).to_dict("records"):
        context = (row["elimination"], row["adversary"], row["setting"])
        words = f" ({scope.words(context)})" if scope.words(context) else ""
        unit = f" {row['unit']}" if row["unit"] else ""
        start = (
            f"{row['forecaster']}{words}: {row['loss']} {number(row['mean'])}{unit}, {scope.reference} "
            f"{number(row['reference_mean'])}, over the same {count(row['rounds'], scope.round)}"
        )
        if row["p_value"] != row["p_value"]:
            yield f"{start}: the same in every {scope.round}."
            continue
        better = "smaller" if row["difference"] < 0 else "larger"
        chance = "under 0.001" if row["p_value"] < 0.001 else number(row["p_value"], 2)
        yield f"{start}: {better}, with p = {chance} in a Diebold-Mariano test (chance of such a difference by luck)."
    if len(found) > MOST_SENTENCES:
        yield f"{len(found) - MOST_SENTENCES:,} more are in the table of accuracy below."


def headline(scope: Scope) -> str:
    """Which forecasters are better and worse than the reference, or that nothing can be said."""
    others = scope.forecasters[1:]
    if not others:
        return f"{scope.reference} alone: there is nothing to compare it with."
    rows = scope.table[scope.table["forecaster"] != scope.reference]
    judged = rows[rows["verdict"] != ""]
    if not len(judged):
        return "No interval can be formed, so nothing is judged: more seeds or a longer market would allow it."
    contexts = len(scope.contexts)
    parts = []
    for word in ("better", "worse"):
        times = judged[judged["verdict"] == word].groupby("forecaster", sort=False).size()
        names = [
            name if times[name] == contexts else f"{name} ({times[name]} of {contexts})"
            for name in others
            if name in times.index
        ]
        if names:
            shown = names[:MOST_SENTENCES]
            more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
            parts.append(f"{word} than {scope.reference}: {listing([*shown, *more])}")
    if not parts:
        return f"No forecaster is separated from {scope.reference} in utility."
    return f"In utility, {'; '.join(parts)}."


def _earned(scope: Scope) -> Iterator[str]:
    yield from _measured(scope, [measure for measure in scope.measures if measure.larger_is_better])


def _lost(scope: Scope) -> Iterator[str]:
    yield from _measured(
        scope, [measure for measure in scope.measures if measure.key in ("swap_regret", "ccv_positive")]
    )


def _measured(scope: Scope, measures: Sequence[Measure]) -> Iterator[str]:
    """Of each measure the largest differences that are separated, or that there are none."""
    overall = scope.comparison.overall
    unjudged = []
    for measure in measures:
        rows = overall[overall["measure"] == measure.key]
        judged = rows[rows["verdict"] != ""]
        if not len(judged):
            if rows["method"].eq("seeds").any():
                unjudged.append(measure.title)
            continue
        separated = judged[judged["verdict"] != "not separated"]
        order = separated["difference"].abs().sort_values(ascending=False, kind="stable").index
        for row in separated.loc[order[:MOST_SENTENCES]].to_dict("records"):
            yield _said(scope, row, measure)
        yield from _rest(scope, measure, len(judged), len(separated))
    if unjudged:
        yield (
            f"{listing(unjudged)} {'is' if len(unjudged) == 1 else 'are'} not judged: with one replayed market their "
            f"intervals speak of other agents on the same {scope.round}s, not of another market."
        )


def _rest(scope: Scope, measure: Measure, judged: int, separated: int) -> Iterator[str]:
    title = f"{measure.title[0].upper()}{measure.title[1:]}"
    more, left = max(0, separated - MOST_SENTENCES), judged - separated
    if more:
        yield f"{title}: {count(more, 'more difference is', 'more differences are')} separated from zero."
    if left == judged:
        yield f"{title}: none of {count(judged, 'difference')} to {scope.reference} is separated from zero."
    elif left:
        yield f"{title}: {count(left, 'other difference is', 'other differences are')} not separated from zero."


def _said(scope: Scope, row: dict[Any, Any], measure: Measure) -> str:
    context = (row["elimination"], row["adversary"], row["setting"])
    factor = scope.factor(context, measure.key)
    ends = interval(factor * row["simultaneous_low"], factor * row["simultaneous_high"])
    words = scope.words(context)
    where = f" ({words})" if words else ""
    return (
        f"{row['forecaster']}{where}: {measure.title} {signed(factor * row['difference'])} {ends} {measure.unit}: "
        f"{row['verdict']} than {scope.reference}."
    )


def _certificates(scope: Scope) -> Iterator[str]:
    yield headcount(scope)


def _agents(scope: Scope) -> Iterator[str]:
    gains = scope.comparison.gains
    rows = gains[(gains["subsequence"] == scope.whole_run) & (gains["measure"] == "utility")]
    counted = rows.groupby("forecaster", sort=False)[["agents", "wins", "losses"]].sum()
    for name in [name for name in scope.forecasters if name in counted.index][:MOST_SENTENCES]:
        agents, wins, losses = (int(counted[key][name]) for key in ("agents", "wins", "losses"))
        yield (
            f"{name}: {percent(wins / agents)} of the agents earn more utility than with {scope.reference}, "
            f"{percent(losses / agents)} less."
        )
    if len(counted) > MOST_SENTENCES:
        yield f"{len(counted) - MOST_SENTENCES:,} more forecasters are in the figures below."


def _intervals(scope: Scope) -> Iterator[str]:
    overall = scope.comparison.overall
    methods = sorted(set(overall.loc[overall["measure"] == "utility", "method"]) - {""})
    confidence = f"{scope.about['confidence']:.0%}"
    if not methods:
        if len(scope.forecasters) > 1:
            yield "None: one seed and one market leave nothing to resample."
        return
    judged = int(overall.loc[overall["measure"] == "utility", "comparisons"].max())
    seeds = count(len(scope.about["seeds"]), "seed")
    yield (
        f"Every difference is paired: the same seed, agents and outcomes. Intervals come from "
        f"{scope.about['resamples']:,} bootstrap resamples and allow for what varies with {listing(methods)} ({seeds})."
    )
    yield (
        f"A verdict rests on an interval that holds together with {confidence} for the "
        f"{count(judged, 'comparison')} of a measure over the run; populations and subsequences are a family of their "
        "own."
    )


def _runs(scope: Scope) -> Iterator[str]:
    about = scope.about
    missing = about["asked"] - about["finished"] - about["failed"]
    if not about["failed"] and not missing:
        yield f"All {count(about['asked'], 'run')} finished."
        return
    parts = [f"{about['finished']:,} of {count(about['asked'], 'run')} finished"]
    if about["failed"]:
        parts.append(f"{about['failed']:,} failed")
    if missing:
        parts.append(f"{missing:,} have not been run: the same command goes on with them")
    yield f"{', '.join(parts)}."
