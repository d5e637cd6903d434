"""Units of prices, as keys and headers write them: money per energy, and how many of it one of currency/MWh is."""

import re
from dataclasses import dataclass

_ENERGY = {"wh": 1e-6, "kwh": 1e-3, "mwh": 1.0, "gwh": 1e3, "twh": 1e6}
"""Energies in MWh."""

_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gbp": "GBP", "us$": "USD", "usd": "USD",
    "$": "$", "aud": "AUD", "a$": "AUD", "cad": "CAD", "c$": "CAD", "nzd": "NZD", "sgd": "SGD", "chf": "CHF",
    "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "zł": "PLN", "czk": "CZK", "huf": "HUF", "ron": "RON",
    "lei": "RON", "bgn": "BGN", "hrk": "HRK", "rsd": "RSD", "try": "TRY", "tl": "TRY", "uah": "UAH", "rub": "RUB",
    "jpy": "JPY", "yen": "JPY", "¥": "JPY", "inr": "INR", "rs": "INR", "cny": "CNY", "krw": "KRW", "brl": "BRL",
    "r$": "BRL", "mxn": "MXN", "zar": "ZAR", "php": "PHP", "ils": "ILS", "clp": "CLP", "cop": "COP", "isk": "ISK",
}  # fmt: skip
"""Names of money, in lower case, and their codes; a plain dollar is that of several countries."""

_HUNDREDTHS = {
    "ct": "", "cts": "", "cent": "", "cents": "", "c": "", "eurocent": "EUR", "eurocents": "EUR", "ct€": "EUR",
    "cteur": "EUR", "p": "GBP", "pence": "GBP", "penny": "GBP", "¢": "$", "usc": "USD", "øre": "", "öre": "", "ore": "",
    "paise": "INR", "gr": "PLN", "€ct": "EUR", "eurct": "EUR", "c€": "EUR",
}  # fmt: skip
"""Names of a hundredth of money, in lower case, and of which, where that is known."""

_UNIT = re.compile(
    r"(?P<money>(?:[a-zøöł]{1,9}\$?|[€£¥$¢]|r\$|us\$|a\$|c\$|ct€|€ct|c€)\.?(?:\s?(?:€|eur))?)\s*(?:/|\bper\b|\bpro\b|_per_|_)\s*"
    r"(?P<energy>[kmgt]?wh)(?:r|e|el)?(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unit:
    """Money per energy.

    Attributes
    ----------
    text
        As it was written.
    currency
        Its code; ``"$"`` for a dollar of unknown country, ``""`` for hundredths of unknown money.
    factor
        How much one of it is in money per MWh.
    """

    text: str
    currency: str
    factor: float

    def fits(self, currency: str) -> bool:
        """Whether it can be that currency."""
        return self.currency in ("", currency) or (self.currency == "$" and currency.endswith("D"))


def parse_unit(text: str) -> Unit | None:
    """The unit that is a whole text, or None.

    >>> parse_unit("ct/kWh"), parse_unit("EUR/MWh"), parse_unit("apples")
    (Unit(text='ct/kWh', currency='', factor=10.0), Unit(text='EUR/MWh', currency='EUR', factor=1.0), None)
    """
    match = _UNIT.fullmatch(text.strip().strip("[]()").strip())
    return None if match is None else _of(match)


def unit_in(header: str) -> Unit | None:
    """The unit somewhere in the name of a column, or None.

    >>> unit_in("Germany/Luxembourg [€/MWh] Original resolutions").currency, unit_in("price_ct_per_kwh").factor
    ('EUR', 10.0)
    """
    flat = re.sub(r"_+", " ", header)
    for text in (header, re.sub(r"\b(per|pro)\b", "/", flat, flags=re.IGNORECASE), flat.replace(" ", "/")):
        for match in _UNIT.finditer(text):
            found = _of(match)
            if found is not None:
                return found
    return None


def currency_in(header: str) -> Unit | None:
    """The money that the name of a column names by its code, in capitals and without an energy, or None.

    >>> currency_in("SpotPriceDKK").currency, currency_in("price (USD)").currency, currency_in("CADENCE")
    ('DKK', 'USD', None)
    """
    parts = re.findall(r"(?<![A-Z])[A-Z]{3}(?![A-Za-z])", header)
    found = [part for part in parts if part in set(_CURRENCIES.values())]
    return Unit(found[0], found[0], 1.0) if len(set(found)) == 1 else None


def currency_of(text: str) -> str | None:
    """The code of a currency that a whole text names, such as a cell of a column of currencies, or None."""
    found = _CURRENCIES.get(text.strip().strip("[]()").lower())
    return None if found in (None, "$") else found


def _of(match: re.Match[str]) -> Unit | None:
    money, energy = match["money"].lower().replace(".", "").replace(" ", ""), _ENERGY[match["energy"].lower()]
    text = match[0].strip().strip("_")
    if money in _CURRENCIES:
        return Unit(text, _CURRENCIES[money], _rounded(1 / energy))
    if money in _HUNDREDTHS:
        return Unit(text, _HUNDREDTHS[money], _rounded(0.01 / energy))
    for code in ("eur", "€"):
        if money.removesuffix(code) in _HUNDREDTHS:
            return Unit(text, "EUR", _rounded(0.01 / energy))
    return None


def _rounded(factor: float) -> float:
    return float(f"{factor:.12g}")
