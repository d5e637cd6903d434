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
    "au$": "AUD", "nz$": "NZD", "s$": "SGD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "kč": "CZK", "kc": "CZK",
    "ft": "HUF", "forint": "HUF", "fr": "CHF", "sfr": "CHF", "₹": "INR", "inr₹": "INR", "円": "JPY", "₩": "KRW",
    "元": "CNY", "yuan": "CNY", "rmb": "CNY", "₺": "TRY", "₽": "RUB", "₴": "UAH", "лв": "BGN", "kr": "",
    "r$": "BRL", "mxn": "MXN", "zar": "ZAR", "php": "PHP", "ils": "ILS", "clp": "CLP", "cop": "COP", "isk": "ISK",
}  # fmt: skip
"""Names of money, in lower case, and their codes; a plain dollar is that of several countries."""

_HUNDREDTHS = {
    "ct": "", "cts": "", "cent": "", "cents": "", "c": "", "eurocent": "EUR", "eurocents": "EUR", "ct€": "EUR",
    "cteur": "EUR", "p": "GBP", "pence": "GBP", "penny": "GBP", "¢": "$", "usc": "USD", "øre": "", "öre": "", "ore": "",
    "rappen": "CHF",
    "paise": "INR", "gr": "PLN", "€ct": "EUR", "eurct": "EUR", "c€": "EUR",
}  # fmt: skip
"""Names of a hundredth of money, in lower case, and of which, where that is known."""

_CROWNS = ("SEK", "NOK", "DKK", "ISK", "CZK")
_AMONG = {"kr": _CROWNS, "öre": ("SEK",), "øre": ("NOK", "DKK"), "ore": ("SEK", "NOK", "DKK")}
"""Names of money of several countries, and which it can be."""

_NO_MONEY = re.compile(
    r"price|preis|prix|precio|prezzo|pris|cost|value|tariff|rate|lmp|mcp|spp|lbmp|currency", re.IGNORECASE
)
"""Words that may precede "/MWh" where a header names no money."""

_STRANGE = re.compile(
    r"(?P<money>[^\s/\[\]()<>.:,;\d]{1,15})\.?\s*(?:/|\bper\b|\bpro\b)\s*"
    r"(?P<energy>[kmgt]?wh|[kmgt]?j|mmbtu|btu|therms?|[kmg]w)(?![a-z])",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?P<money>(?:[^\W\d_]{1,9}\$?|[€£¥$¢₹₩₺₽₴]|ct€|€ct|c€)\.?(?:\s?(?:€|eur))?)\s*(?:/|\bper\b|\bpro\b|_per_|_)\s*"
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
    among
        Codes of which its currency is one, where only that is known.
    """

    text: str
    currency: str
    factor: float
    among: tuple[str, ...] = ()

    def fits(self, currency: str) -> bool:
        """Whether it can be that currency."""
        if self.among:
            return currency in self.among
        return self.currency in ("", currency) or (self.currency == "$" and currency.endswith("D"))


def parse_unit(text: str) -> Unit | None:
    """The unit that is a whole text, or None.

    >>> parse_unit("ct/kWh"), parse_unit("apples")
    (Unit(text='ct/kWh', currency='', factor=10.0, among=()), None)
    """
    match = _UNIT.fullmatch(text.strip().strip("[]()").strip())
    if match is None:
        return None
    if re.fullmatch("[A-Z]{3}", match["money"]) and match["money"].lower() not in _CURRENCIES:
        return Unit(match[0], match["money"], _rounded(1 / _ENERGY[match["energy"].lower()]))
    return _of(match)


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


def unknown_unit(header: str, currency: str | None) -> str | None:
    """Part of a column's name that looks like money per energy and is no known unit; None if there is none.

    A declared currency settles which money it is per MWh.

    >>> unknown_unit("Preis [Rp/kWh]", None), unknown_unit("EUR/GJ", "EUR"), unknown_unit("Foo/MWh", "EUR")
    ('Rp/kWh', 'EUR/GJ', None)
    >>> unknown_unit("EUR/MWh", None), unknown_unit("Price/MWh", None), unknown_unit("Price per kWh", None)
    (None, None, 'Price per kWh')
    """
    if unit_in(header) is not None:
        return None
    for match in _STRANGE.finditer(re.sub(r"_+", " ", header)):
        whole = match["energy"].lower() == "mwh"
        if not (whole and (currency is not None or _NO_MONEY.search(match["money"]))):
            return match[0].strip()
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
    return None if found in (None, "", "$") else found


def _of(match: re.Match[str]) -> Unit | None:
    money, energy = match["money"].lower().replace(".", "").replace(" ", ""), _ENERGY[match["energy"].lower()]
    text = match[0].strip().strip("_")
    if money in _CURRENCIES:
        return Unit(text, _CURRENCIES[money], _rounded(1 / energy), _AMONG.get(money, ()))
    if money in _HUNDREDTHS:
        return Unit(text, _HUNDREDTHS[money], _rounded(0.01 / energy), _AMONG.get(money, ()))
    for code in ("eur", "€"):
        if money.removesuffix(code) in _HUNDREDTHS:
            return Unit(text, "EUR", _rounded(0.01 / energy))
    return None


def _rounded(factor: float) -> float:
    return float(f"{factor:.12g}")
