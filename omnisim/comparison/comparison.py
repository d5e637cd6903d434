"""Public surface of comparisons: the class ``omnisim.Comparison`` and the function ``omnisim.load_comparison``.

What the frames hold is described in :mod:`omnisim.comparison`.
"""

import shutil
import weakref
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.comparison.differences import gains
from omnisim.comparison.finished import PLAIN, Finished
from omnisim.comparison.grid import LABELS
from omnisim.comparison.records import FAILED, FINISHED, GROWING, MEASURES
from omnisim.comparison.summaries import ALL
from omnisim.comparison.tables import Losses, accuracy, certificates, cut, limits, paired_tests
from omnisim.display import as_html
from omnisim.errors import ScenarioError, TraceError
from omnisim.frames import handed_out
from omnisim.problem.money import UTILITY
from omnisim.refusing import among as named
from omnisim.refusing import path_of
from omnisim.signatures import held_to_types
from omnisim.statistics.intervals import CONFIDENCE
from omnisim.statistics.resampling import NONE, RESAMPLES
from omnisim.statistics.verdicts import NO_VERDICT
from omnisim.wording import count, in_short, shortened

_PLACE = ("population", "subsequence")


class Comparison:
    """The results of many runs; frames are computed when first asked for, and described in :mod:`omnisim.comparison`.

    Made by :func:`omnisim.compare` and :func:`omnisim.load_comparison`. Each reader of a frame gets a copy.

    Attributes
    ----------
    folder
        Where the runs are kept; a temporary one, which goes with this object, if no folder was asked for.
    """

    def __init__(self, folder: Path, plan: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self._finished = Finished(folder, plan)
        self._labels, self._seeds = self._finished.labels, self._finished.seeds

    @classmethod
    def in_temporary_folder(cls, folder: Path, plan: dict[str, Any]) -> "Comparison":
        """A comparison whose folder goes with it."""
        comparison = cls(folder, plan)
        weakref.finalize(comparison, shutil.rmtree, folder, ignore_errors=True)
        return comparison

    def __repr__(self) -> str:
        size = f"{count(len(self._labels), 'variant')} on {count(len(self._seeds), 'seed')}"
        return shortened(f"<Comparison of {size} in {self.folder}>")

    def _repr_html_(self) -> str:
        """Table of what each variant earned, for notebooks."""
        varied = [label for label in LABELS if len(set(self.table[label])) > 1] or ["forecaster"]
        currencies = {each["currency"] for each in self.about["populations"].values()}
        sentence = (
            f"Comparison of {self.about['name']}: money per agent{''.join(f' in {each}' for each in currencies)} with "
            f"intervals, and the verdict on utility against {self.about['reference']}. omnisim.write_comparison makes "
            "its page."
        )
        return as_html(sentence, self.table[[*varied, "runs", "money", "money_low", "money_high", "verdict"]])

    @handed_out
    def about(self) -> dict[str, Any]:
        """Description of the comparison: its plan, its labels and the numbers of runs."""
        axes = ("forecasters", "eliminations", "adversaries", "settings")
        labels = {axis: list(dict.fromkeys(label[i] for label in self._labels)) for i, axis in enumerate(axes)}
        status = self.runs["status"].value_counts()
        known = {key: value for key, value in self._finished.plan.items() if key not in ("variants", "schema_version")}
        some = FINISHED in status
        first: Mapping[str, Any] = self._finished.first if some else {"populations": (), "subsequences": []}
        return {
            **known,
            **labels,
            "populations": {
                each["name"]: {key: each[key] for key in ("agents", "standing", "currency")}
                for each in first["populations"]
            },
            "subsequences": first["subsequences"],
            "whole_run": self._finished.whole_run if some else "",
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "asked": len(self._labels) * len(self._seeds),
            "finished": int(status.get(FINISHED, 0)),
            "failed": int(status.get(FAILED, 0)),
        }

    @handed_out
    def table(self) -> pd.DataFrame:
        """The leaderboard: one row per variant."""
        means = self._finished.statistics.means
        means = means[means["population"] == ALL]
        rows = pd.DataFrame(self._labels, columns=list(LABELS))
        runs = self.runs.groupby(list(LABELS), sort=False)
        counted = runs["status"].agg(
            runs=lambda status: (status == FINISHED).sum(), failed=lambda status: (status == FAILED).sum()
        )
        rows = rows.join(counted, on=list(LABELS)).fillna({"runs": 0, "failed": 0})
        rows = rows.astype({"runs": int, "failed": int})
        for measure in MEASURES:
            of_measure = means[means["measure"] == measure]
            for column, suffix in (("mean", ""), ("low", "_low"), ("high", "_high")):
                rows[measure + suffix] = of_measure[column].to_numpy()
        for part in (self._against_reference(), self._won(), self._cost()):
            rows = rows.join(part, on=list(LABELS))
        counts = ("comparisons", "wins", "losses", "ties")
        rows = rows.astype(dict.fromkeys(counts, "Int64"))  # missing where there is nothing to count
        for name, nothing in (("method", NONE), ("verdict", NO_VERDICT)):
            rows[name] = rows[name].astype(object).where(rows[name].notna(), nothing)
        return rows

    @handed_out
    def runs(self) -> pd.DataFrame:
        """One row per run that finished or failed."""
        rows = self._finished.with_failed(PLAIN)
        frame: pd.DataFrame = rows.table.to_pandas()
        for i, name in enumerate(LABELS):
            frame[name] = [self._labels[v][i] for v in rows.index.variant]
        some = (frame["status"] == FINISHED).any()
        for measure in MEASURES:
            if some:
                frame[measure] = self._finished.summaries.measures[measure][rows.index.variant, rows.index.seed, -1]
            else:
                frame[measure] = np.nan
        return frame[[*PLAIN, *MEASURES]]

    @handed_out
    def means(self) -> pd.DataFrame:
        """Means over agents and seeds, by population, subsequence and measure."""
        means = self._finished.statistics.means
        return means[means["population"] != ALL].reset_index(drop=True)

    @handed_out
    def differences(self) -> pd.DataFrame:
        """Paired differences to the reference, by population, subsequence and measure."""
        return self._finished.statistics.differences

    @handed_out
    def overall(self) -> pd.DataFrame:
        """Paired differences to the reference on the whole run, mean over all agents, by measure."""
        return self._finished.statistics.overall

    @handed_out
    def gains(self) -> pd.DataFrame:
        """Numbers of agents that gain and lose against the reference, and amounts."""
        names = self._finished.finished_names()
        some = any(any(row) for row in names)
        found = self._finished.first["populations"] if some else ()
        paid = {each["name"] for each in found if each["currency"] != UTILITY}
        return gains(
            self._finished.store,
            self._labels,
            names,
            self._finished.statistics.pairs,
            self._finished.plan["reference"],
            self._seeds,
            paid,
        )

    @handed_out
    def growth(self) -> pd.DataFrame:
        """Growth, with the rounds of a subsequence, of the measures that are sums."""
        return self.growth_of()

    @held_to_types(ScenarioError)
    def growth_of(
        self,
        measures: Sequence[str] = GROWING,
        among: Mapping[str, Collection[str]] | None = None,
        *,
        with_intervals: bool = True,
    ) -> pd.DataFrame:
        """Some rows of ``growth``, without the work for the others.

        Parameters
        ----------
        measures
            Some of those of ``growth``.
        among
            From LABELS, ``population`` and ``subsequence`` to the values they may have; those left out may have any.
        with_intervals
            If False, ``low`` and ``high`` are NaN.

        Raises
        ------
        ScenarioError
            If there is no such measure or column.
        """
        if len(measures) == 0:
            raise ScenarioError(f"measures of growth_of must be some of {', '.join(GROWING)}, got none")
        for name in measures:
            named("a measure of growth_of", name, GROWING, ScenarioError)
        for name, values in (among or {}).items():
            named("a column of growth_of", name, (*LABELS, *_PLACE), ScenarioError)
            if isinstance(values, str) or not isinstance(values, Collection):
                raise ScenarioError(f"among[{name!r}] of growth_of must be a list of names, got {in_short(values)}")
        grown = self._finished.grown
        variants = _among(self._labels, LABELS, among or {})
        places = _among(grown.places, _PLACE, among or {})
        return self._finished.statistics.growth(grown, variants[:, None] & places, measures, with_intervals)

    @handed_out
    def certificates(self) -> pd.DataFrame:
        """Results of the theorems' checks, over all runs of a variant."""
        frame, variant, runs = self._finished.nested("certificates")
        return certificates(frame, variant, runs, self._labels)

    @handed_out
    def accuracy(self) -> pd.DataFrame:
        """Accuracy of forecasts at the true outcomes, beside that of persistence over the same rounds."""
        frame, variant, _ = self._finished.nested("accuracy")
        return accuracy(frame, variant, self._labels)

    @handed_out
    def diebold_mariano(self) -> pd.DataFrame:
        """Diebold-Mariano tests of each forecaster's accuracy against that of the reference."""
        rows = self._finished.rows("losses", "loss", "loss_unit", "rounds")
        found: list[dict[int, Losses]] = [{} for _ in self._labels]
        where = zip(rows.index.variant, rows.index.seed, strict=True)
        for (variant, seed), row in zip(where, rows.table.to_pylist(), strict=True):
            values = np.asarray(row["losses"], dtype=np.float64)
            found[variant][seed] = Losses(row["loss"], row["loss_unit"], row["rounds"], values)
        return paired_tests(found, self._finished.statistics.pairs, self._labels, self._finished.plan["reference"])

    @handed_out
    def violations(self) -> pd.DataFrame:
        """Frequency and size of violations of limits, in their own units at the true outcomes."""
        frame, variant, _ = self._finished.nested("violations")
        return limits(frame, variant, self._labels)

    @handed_out
    def clipping(self) -> pd.DataFrame:
        """Parts of outcomes and money that clipping to the range of the theory cut off."""
        frame, variant, _ = self._finished.nested("clipping")
        return cut(frame, variant, self._labels)

    @handed_out
    def agents(self) -> pd.DataFrame:
        """Every agent of every run on every subsequence."""
        return self._finished.agents()

    @held_to_types(TraceError)
    def observed(self, name: str) -> FloatArray:
        """Numbers that whoever ran the grid had kept of every run under this name, (V, S, K); NaN where one is missing.

        Raises
        ------
        TraceError
            If a finished run has none.
        """
        return self._finished.observed(name)

    def _against_reference(self) -> pd.DataFrame:
        overall = self.overall
        rows = overall[overall["measure"] == "utility"].set_index(list(LABELS))
        kept = {
            "difference": "difference",
            "simultaneous_low": "difference_low",
            "simultaneous_high": "difference_high",
            "comparisons": "comparisons",
            "method": "method",
            "verdict": "verdict",
        }
        return rows[list(kept)].rename(columns=kept)

    def _won(self) -> pd.DataFrame:
        rows = self.gains
        rows = rows[(rows["measure"] == "utility") & (rows["subsequence"] == self._finished.whole_run)]
        won: pd.DataFrame = rows.groupby(list(LABELS), sort=False)[["wins", "losses", "ties"]].sum()
        return won

    def _cost(self) -> pd.DataFrame:
        finished = self.runs[self.runs["status"] == FINISHED].groupby(list(LABELS), sort=False)
        return finished.agg(
            certificates_violated=("certificates_violated", "sum"),
            seconds=("seconds", "mean"),
            peak_memory_mb=("peak_memory_mb", "max"),
        )


def _among(rows: Sequence[tuple[str, ...]], names: Sequence[str], among: Mapping[str, Collection[str]]) -> BoolArray:
    kept = [
        all(name not in among or text in among[name] for name, text in zip(names, row, strict=True)) for row in rows
    ]
    return np.array(kept, dtype=np.bool_)


def load_comparison(folder: Path | str) -> Comparison:
    """Read a comparison that was written by ``omnisim compare`` or :func:`omnisim.compare`.

    A comparison that was interrupted can be read too: it has the runs that are finished.

    Raises
    ------
    TraceError
        If the folder is not that of a comparison, or a file in it is damaged.
    """
    return Comparison(path_of("folder of load_comparison", folder, TraceError))
