"""HTML that objects show of themselves in a notebook: a sentence and a table."""

import html

import pandas as pd

_MOST_ROWS = 40
"""Rows of a table that is shown whole; of a longer one the first and last are."""


def as_html(sentence: str, table: pd.DataFrame, *, header: bool = True) -> str:
    """A sentence above a table without its index; text is escaped, numbers have two digits after the point.

    >>> print(as_html("Prices < 0.", pd.DataFrame({"price": [-1250.0]})).splitlines()[0])
    <p>Prices &lt; 0.</p><table border="1" class="dataframe">
    """
    shown = table.to_html(index=False, header=header, max_rows=_MOST_ROWS, float_format="{:,.2f}".format)
    return f"<p>{html.escape(sentence)}</p>{shown}"
