"""Tables as CSV for spreadsheets, which run texts that begin like a formula: those are marked as text.

Pages do the same with the tables that are saved from them (``report/assets/texts.js``).
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_RUN = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Beginnings of texts that a spreadsheet would run, also behind spaces, and in wide letters of Chinese or Japanese."""


def to_csv(frame: "pd.DataFrame") -> bytes:
    r"""The table with a header and without an index, in UTF-8.

    >>> import pandas as pd
    >>> to_csv(pd.DataFrame({"name": ["=1+1", "a"], "gain": [-1.5, 2.0]}))
    b"name,gain\r\n'=1+1,-1.5\r\na,2.0\r\n"
    """
    safe = frame.copy()
    for column in safe.columns[[not _is_number(kind) for kind in safe.dtypes]]:
        safe[column] = safe[column].astype(object).map(as_text, na_action="ignore")
    safe.columns = [as_text(name) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8")


def as_text(cell: Any) -> Any:
    """A cell, marked as text if it is one that a spreadsheet would run.

    >>> as_text("@SUM(A1)"), as_text("a+b"), as_text(-1.0)
    ("'@SUM(A1)", 'a+b', -1.0)
    """
    return f"'{cell}" if isinstance(cell, str) and _RUN.match(cell) else cell


def _is_number(kind: Any) -> bool:
    return kind.kind in "iufb" if hasattr(kind, "kind") else False
