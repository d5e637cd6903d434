"""Rows of the table ``runs`` of a comparison, each with the run that it is of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnisim.comparison.records import FINISHED, RUN
from omnisim.comparison.summaries import Index


@dataclass(frozen=True)
class Rows:
    """Rows in the order of variants and seeds, and which run each is."""

    table: pa.Table
    index: Index

    @classmethod
    def of(cls, table: pa.Table, names: Sequence[Sequence[str]]) -> "Rows":
        """Of the runs with these names, by variant and seed; those of others are left out."""
        of_name = {name: (v, s) for v, row in enumerate(names) for s, name in enumerate(row)}
        asked = [i for i, name in enumerate(table[RUN].to_pylist()) if name in of_name]
        table = table.take(pa.array(asked, pa.int64()))
        where = np.array([of_name[name] for name in table[RUN].to_pylist()], dtype=np.int64).reshape(-1, 2)
        # Which files hold which runs depends on what was interrupted when; nothing said of them may.
        order = np.lexsort((where[:, 1], where[:, 0]))
        where = where[order]
        return cls(table.take(pa.array(order)), Index(where[:, 0], where[:, 1], len(names), len(names[0])))

    def finished(self) -> "Rows":
        """Those of runs that did not fail; needs the column ``status``."""
        keep = np.array([status == FINISHED for status in self.table["status"].to_pylist()], dtype=np.bool_)
        index = self.index
        kept = Index(index.variant[keep], index.seed[keep], index.variants, index.seeds)
        return Rows(self.table.filter(pa.array(keep)), kept)
