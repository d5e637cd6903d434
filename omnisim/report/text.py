"""Formats of numbers and names in the report.

Text that a user chose (names of populations, actions, subsequences, scenarios) reaches three languages: HTML,
which the templates escape; JSON inside ``<script>``, which :mod:`omnisim.report.embedding` escapes; and the
pseudo-HTML of plotly (``<b>``, ``<a href>``, ``%{x}``), which :func:`label` escapes.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from omnisim.arrays import ROUNDING
from omnisim.statistics.intervals import Interval
from omnisim.wording import count as count  # noqa: PLC0414 (pages count in these words too)

MISSING = "–"
"""Sign for an undefined number."""


def number(value: float, digits: int = 3) -> str:
    """Round to significant digits and write without exponent.

    >>> number(12345.678), number(0.00123456), number(-2.5), number(float("nan")), number(7)
    ('12,300', '0.00123', '−2.5', '–', '7')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return MISSING
    if abs(value) < ROUNDING:
        return "0"
    return format(Decimal(f"{value:.{digits}g}"), ",f").replace("-", "−")


def amount(value: float) -> str:
    """Money: whole units from 100 on, else two decimals; what rounds to nothing is 0.

    >>> amount(1234.5), amount(-3.14159), amount(0.004), amount(-1e-16), amount(float("nan"))
    ('1,234', '−3.14', '0', '0', '–')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return MISSING
    if abs(value) < 0.005:
        return "0"
    return f"{value:,.0f}".replace("-", "−") if abs(value) >= 100 else f"{value:,.2f}".replace("-", "−")


def signed_amount(value: float) -> str:
    """Format money with :func:`amount`, and a plus sign where the value is above zero.

    >>> signed_amount(12.0), signed_amount(-0.001)
    ('+12.00', '0')
    """
    text = amount(value)
    return f"+{text}" if value > 0 and text not in ("0", MISSING) else text


def score(value: float, digits: int = 3) -> str:
    """Utility, regret or cost, of which a round has about 1 at most: four decimals at most.

    >>> score(123.456), score(0.12345), score(-0.000076), score(0.00123)
    ('123', '0.123', '−0.0001', '0.0012')
    >>> score(0.00004), score(-3e-16)
    ('0', '0')
    """
    return number(round(value, 4), digits) if value == value else MISSING


def signed(value: float, digits: int = 3) -> str:
    """Format a number with :func:`number`, and a plus sign where the value is above zero.

    >>> signed(0.1234), signed(-2.5), signed(0.0)
    ('+0.123', '−2.5', '0')
    """
    text = number(value, digits)
    return f"+{text}" if value > 0 and text not in ("0", MISSING) else text


def signed_score(value: float) -> str:
    """Format a score with :func:`score`, and a plus sign where the value is above zero.

    >>> signed_score(0.00123), signed_score(1e-12)
    ('+0.0012', '0')
    """
    text = score(value)
    return f"+{text}" if value > 0 and text not in ("0", MISSING) else text


def interval(low: float, high: float, write: Callable[[float], str] = signed) -> str:
    """The ends of an interval of differences, each written by ``write``.

    >>> interval(-0.5, 0.25), interval(float("nan"), float("nan"))
    ('[−0.5, +0.25]', '–')
    >>> interval(-1234.5, 1e-9, signed_amount)
    '[−1,234, 0]'
    """
    return MISSING if low != low or high != high else f"[{write(low)}, {write(high)}]"


def with_interval(found: Interval, write: Callable[[float], str] = signed) -> str:
    """A number with the ends of its interval, each written by ``write``.

    >>> with_interval(Interval(0.25, -0.5, 1.0))
    '+0.25 [−0.5, +1]'
    """
    return f"{write(found.mean)} {interval(found.low, found.high, write)}"


def sortable(value: float) -> float | None:
    """The number to sort a cell by: seven digits, without what is left by rounding; None where it is undefined.

    >>> sortable(1 / 3), sortable(-3e-16), sortable(float("nan"))
    (0.3333333, 0.0, None)
    """
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return 0.0 if abs(value) < ROUNDING else float(f"{value:.7g}")


def percent(share: float) -> str:
    """A share in per cent, without claiming 0 or 100 for what is only near.

    >>> percent(0.0213), percent(0.5), percent(1.0), percent(0.99996), percent(0.00001)
    ('2.1 %', '50 %', '100 %', 'over 99.9 %', 'under 0.1 %')
    """
    if share != share:
        return MISSING
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{float(f'{100 * share:.{3 if share > 0.99 else 2}g}'):g} %".replace("-", "−")


def listing(items: Sequence[str]) -> str:
    """Items joined as in a sentence.

    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def few(names: Sequence[str], most: int) -> list[str]:
    """The first names, and how many more there are, as items of a listing.

    >>> few(["a", "b", "c"], 3), few(["a", "b", "c", "d"], 2)
    (['a', 'b', 'c'], ['a', 'b', '2 more'])
    """
    return [*names] if len(names) <= most else [*names[:most], f"{len(names) - most:,} more"]


def shorten(text: str, length: int = 28) -> str:
    """Text of at most ``length`` characters, cut at the end; line breaks become spaces.

    >>> shorten("a name that nobody would want to read twice", 12)
    'a name that…'
    """
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def label(text: str, length: int = 28) -> str:
    """A user's text as it may stand in a plotly figure: shortened, and free of markup and templates.

    >>> label("<b>peak</b> & %{x}")
    '&lt;b&gt;peak&lt;/b&gt; &amp; %&#123;x}'
    """
    safe = shorten(text, length)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("{", "&#123;")):
        safe = safe.replace(character, entity)
    return safe
