"""Text of cells -> numbers: decimal and thousands signs, signs of money, and what stands for a missing value.

Nothing is guessed that could be two numbers. Without a declared ``decimal`` the cells of all columns that are used
decide together; a declared one is taken at its word, and a cell that then could still mean something else is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ","]

MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "#n/a n/a", "#na", "n/e", "nan", "nat", "null", "(null)", "none", "-", "--",
     "---", "–", "—", "<na>", "\\n", "#value!", "#ref!", "?", "missing"}
)  # fmt: skip
"""Cells, in lower case, that stand for a missing value."""

SENTINELS = frozenset(float(sign * int("9" * digits)) for digits in (3, 4, 5, 6, 7) for sign in (1, -1)) - {999.0}
"""Numbers that programs write where they have none; 999 is an ordinary price of a scarce hour."""

MONEY = {"€": "EUR", "£": "GBP", "$": ""}
"""Signs of money that may stand before or after a number; a dollar is that of several countries."""

_GROUPS = {".": r"\.", ",": ",", " ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]"}
"""Patterns of the signs of thousands."""


@dataclass(frozen=True)
class Signs:
    """Signs in written numbers: ``thousands`` is ``""`` where no sign groups the digits."""

    decimal: Decimal
    thousands: str

    def plain(self, cell: str) -> str:
        """A cell as Python writes the number; anything else stays something that is no number.

        >>> Signs(",", ".").plain("-1.234,5"), Signs(".", "").plain("€ 12.50"), Signs(".", "").plain("1,234.5")
        ('-1234.5', '12.50', '1,234.5')
        """
        text = unsigned(cell)
        if self.thousands:
            if not _grouped(self.decimal, self.thousands).fullmatch(text):
                return text if self.decimal == "." else text.replace(".", "?").replace(",", ".")
            text = re.sub(_GROUPS[self.thousands], "", text)
        elif self.decimal == "," and "." in text:
            return text.replace(".", "?")
        return text.replace(",", ".") if self.decimal == "," else text


def unsigned(cell: str) -> str:
    """A cell without signs of money, percent or typographic minus around the number.

    >>> unsigned("\N{MINUS SIGN}12.5"), unsigned("$ -3"), unsigned("1 234")
    ('-12.5', '-3', '1 234')
    """
    text = cell.strip().replace("\N{MINUS SIGN}", "-").replace("\u2013", "-")
    if text[:1] in MONEY or text[-1:] in MONEY or text[1:2] in MONEY:
        text = re.sub(r"^([-+]?)\s*[€£$]\s*([-+]?)", r"\1\2", re.sub(r"\s*[€£$]$", "", text))
    return text


def declared_signs(decimal: str | None, thousands: str | None) -> str | None:
    """Fault in declared signs, or None."""
    if decimal not in (None, ".", ","):
        return f"decimal is {decimal!r}: it must be '.' or ','"
    if thousands not in (None, "", *_GROUPS):
        return f"thousands is {thousands!r}: it must be one of '.', ',', ' ', \"'\" or '' for none"
    if thousands and thousands == (decimal or thousands):
        return f"thousands is {thousands!r}, as is decimal: they must differ" if decimal else None
    return None


def signs_of(cells: Iterable[str], decimal: Decimal | None, thousands: str | None) -> Signs:
    """Infer the signs with which the numbers among some cells are written; declared ones are taken as declared.

    Raises
    ------
    ValueError
        If cells contradict each other. The message says what to declare.

    Examples
    --------
    >>> signs_of(["12,50", "-3,1"], None, None)
    Signs(decimal=',', thousands='')
    >>> signs_of(["1.234,50", "7"], None, None)
    Signs(decimal=',', thousands='.')
    """
    if decimal is not None:
        return Signs(decimal, thousands or "")
    if thousands in (".", ","):
        return Signs("," if thousands == "." else ".", thousands)
    evidence: dict[tuple[str, str], str] = {}
    loose: dict[str, str] = {}
    spaced, plain, ungrouped = "", "", False
    for cell in cells:
        text = unsigned(cell)
        plainly = _UNGROUPED.fullmatch(text) is not None  # nearly all cells, and then nothing else has to be tried
        group = "" if plainly else next((group for group in " '" if _spaced(group).fullmatch(text)), "")
        if group:
            spaced, text = group, re.sub(_GROUPS[group], "", text)
        marks = [character for character in text if character in ".,"]
        if not marks or not _NUMERIC.fullmatch(text):
            whole = re.fullmatch(r"[-+]?\d+", text) is not None
            plain = plain or (cell if whole else "")
            ungrouped = ungrouped or (whole and len(text.lstrip("+-0")) > 3)
            continue
        if group:
            evidence.setdefault((marks[-1], group), cell)
        elif len(set(marks)) == 2:
            evidence.setdefault((marks[-1], marks[0]), cell)
        elif len(marks) > 1:
            evidence.setdefault(("," if marks[0] == "." else ".", marks[0]), cell)
        elif re.fullmatch(r"[-+]?[1-9]\d{0,2}[.,]\d{3}", text):
            loose.setdefault(marks[0], cell)
        else:
            evidence.setdefault((marks[0], ""), cell)
    decimals = {mark for mark, _ in evidence}
    if len(decimals) > 1:
        (first, *_), (second, *_) = ([cell for (mark, _), cell in evidence.items() if mark == each] for each in ".,")
        raise ValueError(f"{first!r} and {second!r} have different decimal signs: declare decimal and thousands")
    groups = {group for _, group in evidence if group}
    found = next(iter(decimals), None)
    group = thousands if thousands is not None else next(iter(groups), spaced)
    if found is None:
        found = next(iter(loose), ".")
        if len(loose) > 1:
            first, second = loose.values()
            raise ValueError(f"{first!r} and {second!r} have different decimal signs: declare decimal and thousands")
        if loose and not ungrouped and thousands is None:
            raise ValueError(_either(loose[found], found, plain))
    elif not group:
        other = "," if found == "." else "."
        if other in loose:
            raise ValueError(
                f"{loose[other]!r} beside {next(iter(evidence.values()))!r} is either grouped by thousands or has "
                "another decimal sign: declare decimal and thousands"
            )
    return Signs("," if found == "," else ".", group or "")


def _either(cell: str, mark: str, plain: str) -> str:
    """The question about numbers of which each sign has three digits behind it, the likelier answer first."""
    text = unsigned(cell)
    answers = [
        f"thousands = {mark!r} ({text.replace(mark, '')}, as {plain!r} without a sign suggests)",
        f"decimal = {mark!r} ({text.replace(mark, '.')})",
    ]
    if not plain:  # all have three digits behind the sign, as decimals of a fixed number do
        answers = [
            f"decimal = {mark!r} ({text.replace(mark, '.')})",
            f"thousands = {mark!r} ({text.replace(mark, '')})",
        ]
    return (
        f"{cell!r} can be two numbers, and no sign is followed by other than three digits: set {' or '.join(answers)}"
    )


def ambiguous(cell: str, signs: Signs) -> str:
    """Hint at the meaning of a cell that is no number under the signs, as the end of a message; "" if there is none."""
    text = unsigned(cell)
    other = "," if signs.decimal == "." else "."
    if signs.thousands == "" and re.fullmatch(rf"[-+]?\d{{1,3}}(\{other}\d{{3}})+", text):
        whole = text.replace(other, "")
        return (
            f": {text!r} is {whole} with thousands = {other!r}, or {text.replace(other, '.')} with decimal = "
            f"{other!r}: declare which"
        )
    if other in text and signs.decimal in text:
        return f" (with thousands = {other!r} it would be one)"
    if re.fullmatch(rf"[-+]?\d+\{other}\d+", text):
        return f" (with decimal = {other!r} it would be one)"
    for group in _GROUPS:
        if group in " '" and _spaced(group).fullmatch(text):
            return f" (with thousands = {group!r} it would be one)"
    if re.fullmatch(r"\(.*\)", text):
        return " (parentheses are not read as a minus)"
    return ""


_UNGROUPED = re.compile(r"[-+]?\d+([.,]\d+)?")
_NUMERIC = re.compile(r"[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?")


def _spaced(group: str) -> re.Pattern[str]:
    return re.compile(rf"[-+]?\d{{1,3}}({_GROUPS[group]}\d{{3}})+([.,]\d+)?")


def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(rf"[-+]?(\d{{1,3}}({_GROUPS[thousands]}\d{{3}})+|\d+)(\{decimal}\d*)?")
