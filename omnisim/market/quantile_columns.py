"""Columns of a file of forecasts that are quantiles, and of which level, or the members of an ensemble."""

import itertools
import re
from collections.abc import Mapping, Sequence

from omnisim.errors import DataError

MEDIAN = 0.5

_LOW, _HIGH = "low", "high"
"""Ends of a central interval."""

_PERCENT, _HALF, _ALL = 100, 50, 99
"""Per cent, of a half, and how many whole ones lie strictly between 0 and 100."""

_NUMBER = r"(\d+[.,]\d+|[.,]\d+|0_\d+|\d{1,3})"
_WORDS = r"(?:quantile|percentile|prctile|pctl|pct|perc|tau|q|p)"
_NAMED = (
    re.compile(rf"(?P<before>.*?)(?<![a-z0-9]){_WORDS}[\s_=:-]*{_NUMBER}\s*(?P<percent>%?)", re.IGNORECASE),
    re.compile(rf"(?P<before>.*?)(?<![\w.,]){_NUMBER}(?:st|nd|rd|th)?\s*(?P<percent>%|{_WORDS}\b)", re.IGNORECASE),
)
_BARE = re.compile(rf"(?P<before>){_NUMBER}(?P<percent>)")
_INTERVAL = re.compile(
    r"(?P<before>.*?)(?<![a-z0-9])(?P<side>lo|low|lower|hi|high|upper)[\s_-]*(\d{1,2}(?:\.\d+)?)\s*%?", re.IGNORECASE
)
_MEDIAN = re.compile(r"(?P<before>.*?)(?<![a-z0-9])median", re.IGNORECASE)
_UNIT = re.compile(r"\s*[\[(][^\[\]()]*[\])]\s*$|\s+\S+/[kM]Wh$")

_MEMBER = re.compile(
    r"(?P<before>.*?)(?<![a-z0-9])(?:ensemble[\s_-]*member|ens[\s_-]*mem(?:ber)?|ensemble|ens|member|mem|scenario|scen|"
    r"realization|realisation|trajectory|path|sample|simulation|sim|draw)[\s_#-]*\d+",
    re.IGNORECASE,
)

_LEVELS = re.compile(r"(quantile|percentile|tau|alpha|level|prob|probability)s?([\s_-]*levels?)?", re.IGNORECASE)
_MEMBERS = re.compile(
    r"(ensemble|ens|member|scenario|realization|realisation|trajectory|path|sample|simulation|sim|draw|number)"
    r"([\s_-]*(member|id|no|nr|number|index))?",
    re.IGNORECASE,
)


def quantile_columns(names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Columns of quantiles and their levels, in increasing order, by the prefix of their names.

    Read are ``q10``, ``P90``, ``q0.1``, ``price_q05``, ``0.1``, ``10%``, ``quantile 0.1``, ``5th percentile``,
    ``median``, ``lo-80`` and ``hi-80`` (the bounds of a central interval of 80 %). A single column is none: a forecast
    of one level is a point.

    Raises
    ------
    DataError
        If the levels are in doubt, such as those of q1, q2, q3; or are none; or one is there twice.

    Examples
    --------
    >>> quantile_columns(["time", "q90", "q10", "mean", "median"])
    {'': {'q10': 0.1, 'median': 0.5, 'q90': 0.9}}
    >>> quantile_columns(["a-lo-80", "a-hi-80", "b q0.025", "b q0.975"])
    {'a': {'a-lo-80': 0.1, 'a-hi-80': 0.9}, 'b': {'b q0.025': 0.025, 'b q0.975': 0.975}}
    """
    found: dict[str, dict[str, tuple[str, str]]] = {}
    medians: dict[str, str] = {}
    for name in names:
        plain = _UNIT.sub("", name.strip())
        if match := _MEDIAN.fullmatch(plain):
            medians[_before(match)] = name
            continue
        if match := _INTERVAL.fullmatch(plain):
            found.setdefault(_before(match), {})[name] = (match[3], _LOW if match["side"][0] in "lL" else _HIGH)
            continue
        match = next((m for each in (*_NAMED, _BARE) if (m := each.fullmatch(plain))), None)
        if match:
            kind = "%" if match["percent"] else ""
            found.setdefault(_before(match), {})[name] = (match[2], kind)
    return {
        before: _in_order(_levels(texts) | ({medians[before]: MEDIAN} if before in medians else {}))
        for before, texts in found.items()
        if len(texts) + (before in medians) > 1
    }


def checked_levels(levels: Mapping[str, float]) -> dict[str, float]:
    """Columns and their levels in increasing order, as they were declared.

    Raises
    ------
    DataError
        If there are fewer than two, one is not strictly between 0 and 1, or two are equal.
    """
    if len(levels) < 2:
        raise DataError(f"quantiles is {dict(levels)}: a distribution needs at least two; one is a point (column)")
    for name, level in levels.items():
        if not 0 < level < 1:
            raise DataError(f"quantiles.{name} is {level:g}: a level must lie strictly between 0 and 1, such as 0.1")
    return _in_order(levels)


def member_columns(names: Sequence[str]) -> dict[str, list[str]]:
    """Columns of the members of an ensemble, two or more, by the prefix of their names.

    >>> member_columns(["time", "member_1", "member_2", "dnn_1", "dnn_2"])
    {'': ['member_1', 'member_2']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        if match := _MEMBER.fullmatch(_UNIT.sub("", name.strip())):
            found.setdefault(_before(match), []).append(name)
    return {before: columns for before, columns in found.items() if len(columns) > 1}


def names_levels(name: str) -> bool:
    """Whether a column is called as one that holds the level of each row.

    >>> names_levels("quantile"), names_levels("quantile_level"), names_levels("q10")
    (True, True, False)
    """
    return _LEVELS.fullmatch(name.strip()) is not None


def names_members(name: str) -> bool:
    """Whether a column is called as one that holds the member of each row."""
    return _MEMBERS.fullmatch(name.strip()) is not None


def levels_in(cells: Sequence[str]) -> dict[str, float]:
    """The levels that different cells of a column of levels hold, in increasing order.

    Raises
    ------
    DataError
        If one is none, or two are equal.

    >>> levels_in(["0.9", "0.1"]), levels_in(["10%", "q90"]), levels_in(["2.5", "50.0", "97.5"])
    ({'0.1': 0.1, '0.9': 0.9}, {'10%': 0.1, 'q90': 0.9}, {'2.5': 0.025, '50.0': 0.5, '97.5': 0.975})
    """
    texts: dict[str, tuple[str, str]] = {}
    medians = [cell for cell in cells if cell.lower() == "median"]
    for cell in cells:
        match = next((m for each in (*_NAMED, _BARE) if (m := each.fullmatch(cell.strip()))), None)
        if match is not None:
            texts[cell] = (match[2], "%" if match["percent"] else "")
        elif cell not in medians:
            raise DataError(f"{cell!r} is no level: it must be such as 0.1, 10% or q10")
    return _in_order(_each_level(texts) | dict.fromkeys(medians, MEDIAN), "levels")


def _levels(texts: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    whole = [int(text) for text, kind in texts.values() if text.isdigit() and not kind]
    example = ", ".join(f"{name!r} = 0.1" for name in [*texts][:1])
    hint = f"say which levels they are: quantiles = {{ {example}, ... }}"
    if len(whole) == len(texts) and len(whole) < _ALL and sorted(whole) == list(range(1, len(whole) + 1)):
        raise DataError(f"columns {_listing(texts)} may be counted, or percentiles: {hint}")
    three = [text for text, _ in texts.values() if text.isdigit() and len(text) == 3]
    if max(map(int, three), default=_PERCENT + 1) <= _PERCENT and any(text[0] == "0" for text in three):
        raise DataError(f"columns {_listing(texts)} may be per cent or per mille: {hint}")
    return _each_level(texts)


def _each_level(texts: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    """Levels of numbers that were written alike: whole ones are per cent, and all are if one is more than 1."""
    numbers = {name: text.replace(",", ".").replace("_", ".") for name, (text, _) in texts.items()}
    percent = any("." in number and float(number) > 1 for number in numbers.values())
    plain = [float(numbers[name]) for name, (_, kind) in texts.items() if not kind]
    if percent and len(plain) == len(texts) and min(plain) < 1 and max(plain) < _HALF:
        raise DataError(
            f"{_listing(texts)} are no levels, each strictly between 0 and 1, and if they are per cent, none "
            f"is above {max(plain):g} %: write a % sign behind them if they are"
        )
    mille = any(number.isdigit() and int(number) > _PERCENT for number in numbers.values())
    found = {}
    for name, (_, kind) in texts.items():
        number, value = numbers[name], float(numbers[name])
        if kind in (_LOW, _HIGH):
            level = (1 - value / 100) / 2
            level = level if kind == _LOW else 1 - level
        elif mille and number.isdigit() and len(number) == 3:
            level = value / 1000
        else:
            level = value / 100 if percent or kind == "%" or number.isdigit() else value
        if not 0 < level < 1:
            raise DataError(f"{name!r} is the level {level:g}: levels of quantiles lie strictly between 0 and 1")
        found[name] = round(level, 12)
    return found


def _in_order(levels: Mapping[str, float], what: str = "columns") -> dict[str, float]:
    ordered = dict(sorted(levels.items(), key=lambda item: item[1]))
    names = [*ordered]
    for one, other in itertools.pairwise(names):
        if ordered[one] == ordered[other]:
            raise DataError(f"{what} {one!r} and {other!r} are both the quantile {ordered[one]:g}: one is needed")
    return ordered


def _before(match: "re.Match[str]") -> str:
    return match["before"].strip(" _-.:/")


def _listing(names: Mapping[str, object]) -> str:
    shown = [*names]
    return ", ".join(shown[:4]) + (" ..." if len(shown) > 4 else "")
