"""Public surface of comparisons: the class ``omnisim.Comparison`` and the function ``omnisim.load_comparison``.

A *variant* is a scenario with one choice for each axis of the grid: ``forecaster``, ``elimination``, ``adversary`` and
``setting`` (the text of what ``--set`` gave). A *run* is a variant with a seed. The four labels are columns of every
frame; where nothing was asked for an axis, its label is what the scenario says, or "" for ``setting``.

Forecasters are compared within a *context*, one (elimination, adversary, setting), on the same seeds: the runs of a
seed have the same agents and the same random numbers. The first forecaster is the *reference* unless another is named.

``MEASURES`` are utility, money and money_clipped (larger is better), external_regret and swap_regret, the same in money
(external_regret_money, swap_regret_money), ccv, ccv_positive, bias, fallback_rounds and eliminated (smaller is better).
All are sums over the rounds of the subsequence, as in ``Analysis.agents`` (bias and eliminated are no sums), and the
mean over agents. Money is at the true outcomes; all else, also money_clipped and regrets in money, is at the outcomes
inside the range of the theory. Regrets leave out agents whose benchmark is empty.

.. code-block:: text

    runs          one row per run: run (its digest), LABELS, seed, status ("finished" or "failed"), error, rounds,
                  agents, outcomes (a digest: equal ones met the same market), certificates_listed,
                  certificates_violated, seconds, simulate_seconds, analyze_seconds, peak_memory_mb, omnisim (version),
                  versions and machine (JSON), command (reproduces the run, from inside the folder; "" for a scenario
                  built in Python), and the MEASURES on the whole run, mean over all agents; in the order of variants,
                  then seeds
    table         the leaderboard, one row per variant in the order asked: LABELS, runs (finished), failed, one column
                  per measure with its interval <measure>_low and <measure>_high, on the whole run, mean over all
                  agents; the paired difference of utility to the reference: difference, difference_low,
                  difference_high (together with the others of the table), comparisons, method, verdict; wins, losses,
                  ties (agents, over all seeds, in utility); certificates_violated, seconds (mean of a run),
                  peak_memory_mb (largest)
    means         LABELS, population, subsequence, measure, mean, low, high, seeds, method
    differences   LABELS, reference, population, subsequence, measure, difference, low, high (alone), simultaneous_low,
                  simultaneous_high (together with all others of the measure), comparisons (how many those are),
                  verdict, seeds, method; no rows for the reference itself
    overall       the same on the whole run, mean over all agents (population is "all populations"); a family of its own
    gains         who gains: LABELS, reference, population, subsequence, measure (utility, money or money_clipped),
                  agents (pairs of agent and seed), wins, losses, ties (of money: less than half a cent), the quantiles
                  of the agents' differences: q00, q05, q25, q50, q75, q95, q100, and whose the first of them is:
                  worst_agent, worst_seed
    growth        LABELS, population, subsequence, measure (utility, money, the regrets, also in money, and the CCVs),
                  rounds (of the subsequence so far), mean, low, high, seeds: after growing numbers of rounds; large for
                  many variants, and ``growth_of`` computes only the rows that are wanted
    certificates  LABELS, theorem, claim, scope, population, subsequence, basis (before the run, or from its record),
                  probability (with which the theorem promises the bound; 1: always), runs, and how many of them came
                  out how: held (and could have failed), vacuous (the bound is no lower than what could be lost anyway),
                  unmet (no agent meets the hypotheses), checked (cannot fail), violated; excess (largest measured minus
                  bound), measured and bound there, worst_run (its name)
    accuracy      LABELS, broadcast_by (which of the forecasters of a run), subsequence, measure, value, baseline, unit,
                  rounds: as Analysis.accuracy, mean over seeds
    diebold_mariano  LABELS, reference, loss, unit, rounds, seeds, mean, reference_mean, difference, statistic, p_value,
                  lags: whether the forecast differs in accuracy from the reference's, over the same rounds; losses are
                  means over the seeds that both have; see :func:`~omnisim.statistics.diebold_mariano.diebold_mariano`
    violations    LABELS, population, subsequence, constraint, unit, agents, rounds (of an agent), violated (share of
                  them in which the limit was exceeded), exceeding (share of the agents that ever did), total (excess of
                  an agent over the run, mean over agents), all mean over seeds, and largest (in one round, of all); in
                  the unit of the limit, at the true outcomes
    clipping      LABELS, quantity, unit, low, high (the range of the theory), values, clipped, prices (share cut off
                  their sum), money (share by which it would change), lowest, highest, suggested_low, suggested_high (a
                  range that cuts less; NaN where little is cut): of the run of the variant in which most was cut
    agents        one row per run, population, agent and subsequence: run, LABELS, seed and the columns of
                  Analysis.agents; large, read when first asked for
    about         a dict: name, description, reference, forecasters, eliminations, adversaries, settings (labels, in
                  order), seeds, populations (name -> {"agents", "currency"}), subsequences, whole_run (the subsequence
                  of the leaderboard), market, confidence, resamples, command, omnisim, asked, finished, failed

``method`` says what an interval allows for (:mod:`omnisim.statistics.resampling`): "seeds", "days" (rounds of one
market, in blocks), "seeds and days" (a market replayed under several seeds) or "" (no interval: nothing varied; its
columns are NaN). Of a replayed market, only utility and money can be resampled by days; intervals of the other measures
speak of other agents on the same days: they say "seeds" and lead to no verdict. ``verdict`` is "better", "worse" or
"not separated", from the simultaneous interval only, or "" where there is none.
"""

import shutil
import weakref
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from omnisim.arrays import BoolArray
from omnisim.comparison.differences import Statistics, gains
from omnisim.comparison.grid import LABELS, run_name
from omnisim.comparison.records import (
    FAILED,
    FINISHED,
    GROWING,
    LARGER_IS_BETTER,
    MEASURES,
    NESTED,
    RUN,
    RUNS,
    SEED,
)
from omnisim.comparison.store import Store
from omnisim.comparison.summaries import ALL, Curves, Rows, Summaries, curves, summaries, table_of, with_pooled
from omnisim.comparison.tables import Losses, accuracy, certificates, cut, limits, paired_tests
from omnisim.errors import ScenarioError, TraceError
from omnisim.problem.money import UTILITY
from omnisim.statistics.intervals import CONFIDENCE
from omnisim.statistics.resampling import NONE, RESAMPLES, Resampler
from omnisim.statistics.verdicts import NO_VERDICT

_PLAIN = [name for name in RUNS.names if name not in (*NESTED, "subsequences")]

_SHORT = [name for name in RUNS.names if name not in ("growth", "blocks", "certificates", "losses")]
"""Columns that are read together and kept: opening the files of many runs takes longer than reading such columns."""
_PLACE = ("population", "subsequence")


class Comparison:
    """The results of many runs; frames are computed when first asked for, and described at the top of this module.

    Made by :func:`omnisim.compare` and :func:`omnisim.load_comparison`. The frames must not be changed.

    Attributes
    ----------
    folder
        Where the runs are kept; a temporary one, which goes with this object, if no folder was asked for.
    """

    def __init__(self, folder: Path, plan: dict[str, Any] | None = None) -> None:
        # The plan in the folder is that of the last command; who has asked is answered from what was asked.
        self.folder = folder
        self._store = Store(folder)
        self._plan = self._store.read_plan() if plan is None else plan
        self._labels = [tuple(variant[name] for name in LABELS) for variant in self._plan["variants"]]
        self._seeds: list[int] = self._plan["seeds"]

    @classmethod
    def in_temporary_folder(cls, folder: Path, plan: dict[str, Any]) -> "Comparison":
        """A comparison whose folder goes with it."""
        comparison = cls(folder, plan)
        weakref.finalize(comparison, shutil.rmtree, folder, ignore_errors=True)
        return comparison

    def __repr__(self) -> str:
        return f"<Comparison of {len(self._labels)} variants on {len(self._seeds)} seeds in {self.folder}>"

    @cached_property
    def about(self) -> dict[str, Any]:
        """Description of the comparison: its plan, its labels and the numbers of runs."""
        axes = ("forecasters", "eliminations", "adversaries", "settings")
        labels = {axis: list(dict.fromkeys(label[i] for label in self._labels)) for i, axis in enumerate(axes)}
        status = self.runs["status"].value_counts()
        known = {key: value for key, value in self._plan.items() if key not in ("variants", "schema_version")}
        some = FINISHED in status
        first: Mapping[str, Any] = self._first_finished if some else {"populations": (), "subsequences": []}
        return {
            **known,
            **labels,
            "populations": {
                each["name"]: {"agents": each["agents"], "currency": each["currency"]} for each in first["populations"]
            },
            "subsequences": first["subsequences"],
            "whole_run": self._whole_run if some else "",
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "asked": len(self._labels) * len(self._seeds),
            "finished": int(status.get(FINISHED, 0)),
            "failed": int(status.get(FAILED, 0)),
        }

    @cached_property
    def table(self) -> pd.DataFrame:
        """The leaderboard: one row per variant."""
        means = self._statistics.means
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
        for name, nothing in (("method", NONE), ("verdict", NO_VERDICT)):
            rows[name] = rows[name].astype(object).where(rows[name].notna(), nothing)
        return rows

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run that finished or failed."""
        rows = self._run_rows(_PLAIN)
        frame: pd.DataFrame = rows.table.to_pandas()
        for i, name in enumerate(LABELS):
            frame[name] = [self._labels[v][i] for v in rows.index.variant]
        some = (frame["status"] == FINISHED).any()
        for measure in MEASURES:
            if some:
                frame[measure] = self._summaries.measures[measure][rows.index.variant, rows.index.seed, -1]
            else:
                frame[measure] = np.nan
        return frame[[*_PLAIN, *MEASURES]]

    @cached_property
    def means(self) -> pd.DataFrame:
        """Means over agents and seeds, by population, subsequence and measure."""
        means = self._statistics.means
        return means[means["population"] != ALL].reset_index(drop=True)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Paired differences to the reference, by population, subsequence and measure."""
        return self._statistics.differences

    @cached_property
    def overall(self) -> pd.DataFrame:
        """Paired differences to the reference on the whole run, mean over all agents, by measure."""
        return self._statistics.overall

    @cached_property
    def gains(self) -> pd.DataFrame:
        """Numbers of agents that gain and lose against the reference, and amounts."""
        finished = set(self.runs.loc[self.runs["status"] == FINISHED, RUN])
        names = [[name if name in finished else None for name in row] for row in self._names]
        some = any(any(row) for row in names)
        found = self._first_finished["populations"] if some else ()
        paid = {each["name"] for each in found if each["currency"] != UTILITY}
        return gains(
            self._store, self._labels, names, self._statistics.pairs, self._plan["reference"], self._seeds, paid
        )

    @cached_property
    def growth(self) -> pd.DataFrame:
        """Growth, with the rounds of a subsequence, of the measures that are sums."""
        return self.growth_of()

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
        _refuse_unknown("measures", measures, GROWING)
        _refuse_unknown("among", among or {}, (*LABELS, *_PLACE))
        grown = self._grown
        variants = _among(self._labels, LABELS, among or {})
        places = _among(grown.places, _PLACE, among or {})
        return self._statistics.growth(grown, variants[:, None] & places, measures, with_intervals)

    @cached_property
    def _grown(self) -> Curves:
        rows = self._finished(["growth"])
        return curves(rows.index, rows.table["growth"], GROWING)

    @cached_property
    def certificates(self) -> pd.DataFrame:
        """Results of the theorems' checks, over all runs of a variant."""
        rows = self._finished(["certificates"])
        of_row, frame = table_of(rows.table["certificates"])
        return certificates(frame, rows.index.variant[of_row], rows.table[RUN].to_numpy()[of_row], self._labels)

    @cached_property
    def accuracy(self) -> pd.DataFrame:
        """Accuracy of forecasts at the true outcomes, beside that of persistence over the same rounds."""
        rows = self._finished(["accuracy"])
        of_row, frame = table_of(rows.table["accuracy"])
        return accuracy(frame, rows.index.variant[of_row], self._labels)

    @cached_property
    def diebold_mariano(self) -> pd.DataFrame:
        """Diebold-Mariano tests of each forecaster's accuracy against that of the reference."""
        rows = self._finished(["losses", "loss", "loss_unit", "rounds"])
        found: list[dict[int, Losses]] = [{} for _ in self._labels]
        where = zip(rows.index.variant, rows.index.seed, strict=True)
        for (variant, seed), row in zip(where, rows.table.to_pylist(), strict=True):
            values = np.asarray(row["losses"], dtype=np.float64)
            found[variant][seed] = Losses(row["loss"], row["loss_unit"], row["rounds"], values)
        return paired_tests(found, self._statistics.pairs, self._labels, self._plan["reference"])

    @cached_property
    def violations(self) -> pd.DataFrame:
        """Frequency and size of violations of limits, in their own units at the true outcomes."""
        rows = self._finished(["violations"])
        of_row, frame = table_of(rows.table["violations"])
        return limits(frame, rows.index.variant[of_row], self._labels)

    @cached_property
    def clipping(self) -> pd.DataFrame:
        """Parts of outcomes and money that clipping to the range of the theory cut off."""
        rows = self._finished(["clipping"])
        of_row, frame = table_of(rows.table["clipping"])
        return cut(frame, rows.index.variant[of_row], self._labels)

    @cached_property
    def agents(self) -> pd.DataFrame:
        """Every agent of every run on every subsequence."""
        rows = self._finished([])
        columns = [name for name in self._store.agents_columns if name not in (RUN, *LABELS, SEED)]
        tables, heads = [], []
        where = zip(rows.index.variant, rows.index.seed, strict=True)
        read = self._store.read_agents(rows.table[RUN].to_pylist(), columns)
        for (variant, seed), (name, table) in zip(where, read, strict=True):
            tables.append(table)
            heads.append((name, variant, self._seeds[seed], len(table)))
        whole = pa.concat_tables(tables).unify_dictionaries() if tables else self._store.no_agents(columns)
        texts = [name for name in columns if pa.types.is_string(whole.schema.field(name).type)]
        for name in texts:
            whole = whole.set_column(columns.index(name), name, whole[name].dictionary_encode().unify_dictionaries())
        lengths = [length for *_, length in heads]
        front: dict[str, Any] = {RUN: pd.Categorical(np.repeat([name for name, *_ in heads], lengths))}
        for i, name in enumerate(LABELS):
            front[name] = pd.Categorical(np.repeat([self._labels[v][i] for _, v, *_ in heads], lengths))
        front[SEED] = np.repeat([seed for _, _, seed, _ in heads], lengths)
        every: pd.DataFrame = pd.concat([pd.DataFrame(front), whole.to_pandas()], axis=1)
        return every

    @cached_property
    def _names(self) -> list[list[str]]:
        return [[run_name(variant["digest"], seed) for seed in self._seeds] for variant in self._plan["variants"]]

    def _run_rows(self, columns: list[str]) -> Rows:
        """Rows of the runs that were asked for, and which those are."""
        wanted = list(dict.fromkeys([RUN, "status", *columns]))
        if not set(wanted) <= set(_SHORT):
            return Rows.of(self._store.read_runs(wanted), self._names)
        return Rows(self._short_rows.table.select(wanted), self._short_rows.index)

    @cached_property
    def _short_rows(self) -> Rows:
        return Rows.of(self._store.read_runs(_SHORT), self._names)

    def _finished(self, columns: list[str]) -> Rows:
        return self._run_rows(columns).finished()

    @cached_property
    def _first_finished(self) -> Mapping[str, Any]:
        rows = self._finished(["populations", "subsequences", "rounds"]).table
        if not len(rows):
            raise TraceError(f"{self.folder}: no run of the comparison is finished: nothing can be compared")
        first: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
        return first

    @cached_property
    def _whole_run(self) -> str:
        """The first subsequence with every round, or else the first."""
        first = self._first_finished
        table = self._finished(["summary"]).table
        rounds = {each["subsequence"]: each["rounds"] for each in table["summary"][0].as_py()}
        whole = [name for name, count in rounds.items() if count == first["rounds"]]
        return str((whole or first["subsequences"])[0])

    @cached_property
    def _summaries(self) -> Summaries:
        rows = self._finished(["summary"])
        currencies = {each["currency"] for each in self._first_finished["populations"]}
        return summaries(rows.index, rows.table["summary"], self._whole_run, money=len(currencies) == 1)

    @cached_property
    def _statistics(self) -> Statistics:
        rows = self._finished(["outcomes"])
        markets: list[set[str]] = [set() for _ in self._labels]
        for variant, outcomes in zip(rows.index.variant, rows.table["outcomes"].to_pylist(), strict=True):
            markets[variant].add(outcomes)

        def read_blocks() -> Any:
            blocks = self._finished(["blocks"])
            return with_pooled(curves(blocks.index, blocks.table["blocks"], LARGER_IS_BETTER), self._summaries)

        return Statistics(
            self._labels,
            self._plan["reference"],
            self._summaries,
            np.array([len(found) <= 1 for found in markets]),
            read_blocks,
            CONFIDENCE,
            Resampler(len(self._seeds)),
        )

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
        rows = rows[(rows["measure"] == "utility") & (rows["subsequence"] == self._whole_run)]
        won: pd.DataFrame = rows.groupby(list(LABELS), sort=False)[["wins", "losses", "ties"]].sum()
        return won

    def _cost(self) -> pd.DataFrame:
        finished = self.runs[self.runs["status"] == FINISHED].groupby(list(LABELS), sort=False)
        return finished.agg(
            certificates_violated=("certificates_violated", "sum"),
            seconds=("seconds", "mean"),
            peak_memory_mb=("peak_memory_mb", "max"),
        )


def _refuse_unknown(argument: str, given: Iterable[str], known: Sequence[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ScenarioError(f"growth_of: {argument}: {unknown[0]!r} is not one of {', '.join(known)}")


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
    return Comparison(Path(folder))
