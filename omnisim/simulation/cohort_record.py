"""The record of a cohort, cut into those of its populations."""

from collections.abc import Sequence
from dataclasses import dataclass

from omnisim.arrays import BoolArray, IntArray, index_type
from omnisim.simulation.books import Books
from omnisim.simulation.cohorts import Cohort
from omnisim.trace import PopulationRecord


@dataclass(frozen=True, eq=False)
class CohortRecord:
    """Arrays with a row for each agent of a cohort, R in all.

    Attributes
    ----------
    cohort
        The populations.
    books
        What was played, and what it cost.
    violated_at : (R, A, L)
    eliminated_at : (R, A, K)
    expected_violated_at : (R, A, L) or None
        None where laws are not known.
    subscriptions
        The forecasters it heard.
    present : (T, R) or None
        Rows that were there; None for all.
    """

    cohort: Cohort
    books: Books
    violated_at: IntArray
    eliminated_at: IntArray
    expected_violated_at: IntArray | None
    subscriptions: Sequence[str]
    present: BoolArray | None

    def by_population(self) -> dict[str, PopulationRecord]:
        """The record of each population, by name."""
        books, expected = self.books, self.expected_violated_at
        records = {}
        for index, name, rows in self.cohort.each():
            population = self.cohort.populations[index]
            records[name] = PopulationRecord(
                population=population.without_constraints(),
                constraint_names=population.constraint_names,
                limits=population.limits,
                actions=books.actions[:, rows].astype(index_type(self.cohort.actions), copy=False),
                fallback=books.fallback[:, rows],
                costs=books.costs[:, rows],
                violated_at=self.violated_at[rows],
                expected_violated_at=None if expected is None else expected[rows],
                eliminated_at=self.eliminated_at[rows],
                subscriptions=tuple(self.subscriptions),
                present=None if self.present is None else self.present[:, rows],
            )
        return records
