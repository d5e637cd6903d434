"""Findings of a comparison, in sentences computed from its numbers; none judges without an interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omnisim.analysis.evidence import Status
from omnisim.comparison.tables import COUNTS
from omnisim.report.comparison import accuracy, limits, worth
from omnisim.report.comparison.scope import Measure, Scope, unsaid
from omnisim.report.comparison.tables import headcount
from omnisim.report.text import count, few, interval, listing, number, percent
from omnisim.statistics.verdicts import NOT_SEPARATED

MOST_SENTENCES = 3
"""Sentences about single forecasters under a heading."""


@dataclass(frozen=True)
class Verdict:
    """Findings of a comparison.

    Attributes
    ----------
    headline
        What the best forecaster is worth in money, or without money which ones are better in utility.
    tone
        ``"bad"`` where a certificate is violated, ``"fair"`` where there are ``reservations``, else ``"good"``.
    reservations
        Why the tone is not good, each a short clause.
    explained
        What the words of the headline mean; empty without money.
    notices, alarms, points
        As in the verdict of a run.
    """

    headline: str
    tone: str
    reservations: list[str]
    explained: str
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
        ("Worth", worth.sentences),
        ("Violations", limits.sentences),
        ("Certificates", _certificates),
        ("Accuracy", accuracy.sentences),
        ("Utility", _utility),
        ("Agents", _agents),
        ("Regret and CCV", _lost),
        ("Intervals", _intervals),
        ("Runs", _runs),
    )
    points = [(heading, sentences) for heading, say in sections if (sentences := list(say(scope)))]
    doubts = list(_reservations(scope))
    return Verdict(
        worth.headline(scope) or headline(scope),
        "bad" if alarms else "fair" if doubts else "good",
        doubts,
        worth.explained(scope),
        list(limits.notices(scope)),
        alarms,
        points,
    )


def summary(scope: Scope) -> list[str]:
    """The verdict in a few lines, for a terminal: worth, who loses, reservations, violations, guarantees."""
    found = verdict(scope)
    points = dict(found.points)
    losing = worth.losers(scope)
    doubts = [f"{'But ' if found.tone == 'fair' else ''}{'; '.join(found.reservations)}."] if found.reservations else []
    return [
        found.headline,
        *([losing] if losing else []),
        *doubts,
        _shortened(points["Violations"]),
        *points["Certificates"],
    ]


def _shortened(sentences: list[str]) -> str:
    more = unsaid(sentences, MOST_SENTENCES)
    return " ".join([*sentences[:MOST_SENTENCES], *([f"The page has {more} on violations."] if more else [])])


def _reservations(scope: Scope) -> Iterator[str]:
    yield from worth.reservations(scope)
    yield from limits.reservations(scope)
    counted = {status: int(scope.comparison.certificates[name].sum()) for name, status in COUNTS.items()}
    silent = counted[Status.VACUOUS] + counted[Status.UNMET]
    claims = silent + counted[Status.INFORMATIVE] + counted[Status.VIOLATED]
    if claims == 0:
        yield "no theorem applies"
    elif 2 * silent > claims:
        yield f"{silent:,} of {claims:,} checks of guarantees promise nothing"
    failed = scope.about["failed"]
    if failed:
        yield f"{failed:,} of {count(scope.about['asked'], 'run')} failed"


def headline(scope: Scope) -> str:
    """Sentence on the forecasters that are better and worse than the reference, or that nothing can be said."""
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
            parts.append(f"{word} than {scope.reference}: {listing(few(names, MOST_SENTENCES))}")
    if not parts:
        return f"No forecaster is separated from {scope.reference} in utility."
    return f"In utility, {'; '.join(parts)}."


def _utility(scope: Scope) -> Iterator[str]:
    if worth.headline(scope):  # else it is the headline itself
        yield headline(scope)
    yield from _measured(scope, [scope.utility])


def _lost(scope: Scope) -> Iterator[str]:
    told = (scope.regret("swap").key, "ccv_positive")
    yield from _measured(scope, [measure for measure in scope.measures if measure.key in told])


def _measured(scope: Scope, measures: Sequence[Measure]) -> Iterator[str]:
    """Sentences on the largest separated differences of each measure, or on their absence."""
    overall = scope.comparison.overall
    unjudged = []
    for measure in measures:
        rows = overall[overall["measure"] == measure.key]
        judged = rows[rows["verdict"] != ""]
        if not len(judged):
            if rows["method"].eq("seeds").any():
                unjudged.append(measure.title)
            continue
        separated = judged[judged["verdict"] != NOT_SEPARATED]
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
    ends = interval(factor * row["simultaneous_low"], factor * row["simultaneous_high"], measure.signed)
    words = scope.words(context)
    where = f" ({words})" if words else ""
    return (
        f"{row['forecaster']}{where}: {measure.title} {measure.signed(factor * row['difference'])} {ends} "
        f"{measure.unit}: {row['verdict']} than {scope.reference}."
    )


def _certificates(scope: Scope) -> Iterator[str]:
    yield headcount(scope)


def _agents(scope: Scope) -> Iterator[str]:
    """Shares of agents that gain and lose in utility; in money that is part of the worth of forecasters."""
    if any(scope.currencies.values()):
        return
    gains = scope.comparison.gains
    rows = gains[(gains["subsequence"] == scope.whole_run) & (gains["measure"] == "utility")]
    counted = rows.groupby("forecaster", sort=False)[["agents", "wins", "losses"]].sum()
    for name in [name for name in scope.forecasters if name in counted.index][:MOST_SENTENCES]:
        agents, wins, losses = (int(counted[key][name]) for key in ("agents", "wins", "losses"))
        yield (
            f"{name}: {percent(wins / agents)} of the {scope.agent}s earn more utility than with {scope.reference}, "
            f"{percent(losses / agents)} less."
        )
    more = len(counted) - MOST_SENTENCES
    if more > 0:
        yield f"{count(more, 'more forecaster is', 'more forecasters are')} in comparison.gains."


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
