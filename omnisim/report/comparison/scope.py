"""Extent of a comparison's page: the rows, units and colours that it shows.

A *context* is what forecasters that are compared have in common: an elimination, an adversary and a setting.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from omnisim.comparison.comparison import Comparison
from omnisim.comparison.records import MONEY
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.problem.money import UTILITY
from omnisim.report.figures.style import PALETTE
from omnisim.report.text import amount, count, label, listing, score, shorten, signed_amount, signed_score

AXES = {"elimination": "decision rule", "adversary": "adversary", "setting": "setting"}
"""Columns in which contexts differ, with their names on the page."""

MOST_FORECASTERS, MOST_ROWS = 8, 24
"""Forecasters in a figure that tells them apart by colour, and in one with a row for each."""

MOST_POPULATIONS, MOST_SUBSEQUENCES, MOST_CONTEXTS, MOST_VARIANTS = 4, 8, 6, 16
"""Largest numbers of each that a figure shows, and of variants of it to choose from."""

READS_ALL = "omnisim.load_comparison reads all"
"""Clause on where to find what a figure leaves out."""

Context = tuple[str, str, str]

Variants = Iterator[tuple[str, Callable[[], go.Figure]]]
"""Figures that are drawn when they are called for, with the words they are chosen by."""

_ROW = 27
"""Characters that the label of a row has room for on a phone."""


@dataclass(frozen=True)
class Measure:
    """Names, unit and direction of a measure.

    Attributes
    ----------
    key
        Its column in the frames of a comparison.
    title, unit
        In tables and on axes.
    larger_is_better
        Which direction is good.
    """

    key: str
    title: str
    unit: str
    larger_is_better: bool = False

    @property
    def signed(self) -> Callable[[float], str]:
        """Writes a difference."""
        return signed_amount if self.key in MONEY else signed_score

    @property
    def plain(self) -> Callable[[float], str]:
        """Writes a value."""
        return amount if self.key in MONEY else score


class Scope:
    """A comparison and how it is shown.

    Parameters
    ----------
    comparison
        With at least one finished run.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.about: Mapping[str, Any] = comparison.about
        self.table: pd.DataFrame = comparison.table
        self.reference = str(self.about["reference"])
        self.whole_run = str(self.about["whole_run"])
        self.varied = [name for name in AXES if len(self.table[name].unique()) > 1]

    @cached_property
    def contexts(self) -> list[Context]:
        """All contexts, in the order asked."""
        columns = [self.table[name].tolist() for name in AXES]
        return list(dict.fromkeys(zip(*columns, strict=True)))

    @cached_property
    def forecasters(self) -> list[str]:
        """All forecasters: the reference first, then by their mean rank over the contexts in ``first``."""
        ranks = self.table.groupby(list(AXES), sort=False)[self.first.key].rank(ascending=False)
        order = ranks.groupby(self.table["forecaster"], sort=False).mean().sort_values(kind="stable").index
        return [self.reference, *(str(name) for name in order if name != self.reference)]

    def shown_forecasters(self, most: int = MOST_FORECASTERS) -> list[str]:
        """The forecasters that a figure draws: the reference and the best others."""
        return self.forecasters[:most]

    @cached_property
    def rows(self) -> dict[str, str]:
        """Label of the row of each forecaster: short, and different for each."""
        short = {name: shorten(name, _ROW) for name in self.forecasters}
        texts = list(short.values())
        return {
            name: text if texts.count(text) == 1 else f"{shorten(name, _ROW - 4)} {index + 1}"
            for index, (name, text) in enumerate(short.items())
        }

    def colour(self, forecaster: str) -> int:
        """Index of the colour that a forecaster has in every figure."""
        return self.forecasters.index(forecaster) % len(PALETTE)

    @cached_property
    def populations(self) -> list[str]:
        """The populations that figures draw: those with the most agents, in their own order."""
        agents = {name: each["agents"] for name, each in self.about["populations"].items()}
        largest = sorted(agents, key=lambda name: -agents[name])[:MOST_POPULATIONS]
        return [name for name in agents if name in largest]

    @cached_property
    def subsequences(self) -> list[str]:
        """The subsequences that figures draw: that of the leaderboard, then the first others."""
        return self.ordered_subsequences[:MOST_SUBSEQUENCES]

    @property
    def ordered_subsequences(self) -> list[str]:
        """All subsequences: that of the leaderboard, then the others."""
        return [self.whole_run, *(name for name in self.about["subsequences"] if name != self.whole_run)]

    def omitted(
        self,
        contexts: Sequence[Context],
        most: int = MOST_FORECASTERS,
        *,
        reference: bool = True,
        populations: bool = True,
        subsequences: bool = False,
    ) -> str:
        """A sentence on what a figure leaves out for want of room; empty if that is nothing.

        Parameters
        ----------
        contexts
            Of which it draws all forecasters together.
        most
            Forecasters at most, the reference among them.
        reference
            Whether the reference is drawn, or only what the others differ by from it.
        populations, subsequences
            Whether it draws those that :attr:`populations` and :attr:`subsequences` name.
        """
        parts = []
        ran = self.table[self.table["runs"] > 0]
        able = {name for context in contexts for name in self.of(ran, context)["forecaster"]}
        every = [name for name in self.forecasters if name in able and (reference or name != self.reference)]
        drawn = [name for name in self.shown_forecasters(most) if name in every]
        if len(drawn) < len(every):
            first = f"{self.reference}, then " if self.reference in drawn else ""
            which = f"{first}those that rank best in {self.first.title}"
            parts.append(f"{len(drawn):,} of {len(every):,} forecasters ({which})")
        if populations and len(self.populations) < len(self.about["populations"]):
            of = f"{len(self.populations)} of {len(self.about['populations']):,} populations"
            parts.append(f"{of} (those with the most {self.agent}s)")
        if subsequences and len(self.subsequences) < len(self.ordered_subsequences):
            of = f"{len(self.subsequences)} of {len(self.ordered_subsequences):,} subsequences"
            parts.append(f"{of} ({self.whole_run}, then the first others)")
        return f" Drawn are {listing(parts)}; {READS_ALL}." if parts else ""

    def words(self, context: Sequence[str]) -> str:
        """Label of a context: its differences from the others; empty if there is only one."""
        named = zip(AXES, context, strict=True)
        return ", ".join(text or "as given" for axis, text in named if axis in self.varied)

    def panel(self, population: str) -> str:
        """The heading of a panel about a population, as markup."""
        return f"<b>{label(population)}</b>, {count(self.about['populations'][population]['agents'], 'agent')}"

    def of(self, frame: pd.DataFrame, context: Context, **columns: str) -> pd.DataFrame:
        """The rows of a frame in a context, with the given values in other columns."""
        wanted = dict(zip(AXES, context, strict=True)) | columns
        keep = pd.Series(data=True, index=frame.index)
        for name, value in wanted.items():
            keep &= frame[name] == value
        return frame[keep]

    @cached_property
    def round(self) -> str:
        """``day`` where prices of a market are replayed, ``round`` otherwise."""
        return "day" if "values" in self.about["market"] else "round"

    @cached_property
    def agent(self) -> str:
        """Word for an agent: ``customer`` in a market."""
        return "customer" if (self.comparison.clipping["quantity"] != "outcome").any() else "agent"

    @property
    def per(self) -> str:
        """Reference of sums of money: an agent and a year, or an agent over the run."""
        return f"{self.agent} and year" if self.round == "day" else f"{self.agent} over the run"

    @property
    def over_the_run(self) -> str:
        """Reference of sums over a run: each agent."""
        return f"per {self.agent} over the run"

    @cached_property
    def rounds(self) -> dict[Context, int]:
        """Rounds of a run, by context."""
        finished = self.comparison.runs.query("status == 'finished'")
        rows = keyed(finished.drop_duplicates(list(AXES)), list(AXES))
        return {(key[0], key[1], key[2]): int(row["rounds"]) for key, row in rows.items()}

    def rounds_on(self, context: Context, population: str) -> dict[str, int]:
        """Rounds of each subsequence."""
        grown = self.of(self._last, context, population=population)
        return {str(name): int(rounds) for name, rounds in zip(grown["subsequence"], grown["rounds"], strict=True)}

    @cached_property
    def _last(self) -> pd.DataFrame:
        places = [*AXES, "population", "subsequence"]
        grown = self.comparison.growth_of(["utility"], with_intervals=False)
        return grown.groupby(places, sort=False)["rounds"].max().reset_index()

    @cached_property
    def currencies(self) -> dict[str, str]:
        """Currency of each population; empty where it counts utility."""
        found = {name: str(each["currency"]) for name, each in self.about["populations"].items()}
        return {name: "" if currency == UTILITY else currency for name, currency in found.items()}

    @cached_property
    def currency(self) -> str:
        """Currency common to all populations; empty if they have none or differ."""
        distinct = set(self.currencies.values())
        return distinct.pop() if len(distinct) == 1 else ""

    def factor(self, context: Context, measure: str) -> float:
        """Factor by which sums over a run are multiplied where they are shown: money becomes money of a year."""
        if measure not in MONEY or self.round != "day" or context not in self.rounds:
            return 1.0
        return DAYS_OF_A_YEAR / self.rounds[context]

    def money(self, currency: str) -> Measure:
        """Money, as it is shown."""
        return Measure("money", "money", f"{currency} per {self.per}".strip(), larger_is_better=True)

    @property
    def first(self) -> Measure:
        """Measure by which forecasters are ranked and judged: money, or utility where there is none in common."""
        return self.money(self.currency) if self.currency else self.utility

    @property
    def utility(self) -> Measure:
        """Utility, as it is shown."""
        return Measure("utility", "utility", self.over_the_run, larger_is_better=True)

    def regret(self, kind: str) -> Measure:
        """A regret (``"swap"`` or ``"external"``) in money inside the range, or in utility where there is none."""
        if self.currency:
            return Measure(f"{kind}_regret_money", f"{kind} regret", f"{self.currency} per {self.per}")
        return Measure(f"{kind}_regret", f"{kind} regret", f"utility {self.over_the_run}")

    @cached_property
    def measures(self) -> list[Measure]:
        """Measures in the leaderboard."""
        rows = self.table
        found = [self.utility, self.regret("swap"), self.regret("external")]
        if self.currency and rows["money"].notna().any():
            found.insert(0, self.money(self.currency))
        if (rows["ccv_positive"].fillna(0) != 0).any() or (rows["ccv"].fillna(0) != 0).any():
            found.append(Measure("ccv_positive", "CCV+", f"cost {self.over_the_run}"))
            found.append(Measure("ccv", "CCV", f"cost {self.over_the_run}"))
        return found


def keyed(frame: pd.DataFrame, columns: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of a frame by their values in some columns."""
    records = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return {tuple(row[name] for name in columns): row for row in records}


def unsaid(items: Sequence[object], said: int) -> str:
    """Clause on what a text leaves out that tells of the first items only; empty if it tells of all.

    >>> unsaid("abcde", 3), unsaid("abc", 3)
    ('2 more', '')
    """
    return f"{len(items) - said:,} more" if len(items) > said else ""


def joined(*texts: str) -> str:
    """The texts that are not empty, as the words of a variant."""
    return ", ".join(text for text in texts if text)
