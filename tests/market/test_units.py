"""Units in headers: those that are known are converted, what only looks like one is refused with the key."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import read_prices
from omnisim.market.guessing import guess
from omnisim.market.units import currency_in, currency_of, parse_unit, unit_in

PRICES = np.random.default_rng(8).uniform(20, 90, 72).round(2)


def file_of(folder: Path, header: str) -> Path:
    path = folder / "a.csv"
    stamps = pd.date_range("2023-06-01", periods=72, freq="h").strftime("%Y-%m-%d %H:%M")
    path.write_text(f"time;{header}\n" + "\n".join(f"{t};{p}" for t, p in zip(stamps, PRICES, strict=True)))
    return path


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "header",
    ["Rp/kWh", "Preis [Rp./kWh]", "mills/kWh", "apples/kWh", "Price per kWh", "EUR/GJ", "EUR/MMBtu", "EUR/MW",
     "€/therm", "Foo/MWh", "price_xyz_per_kwh", "Price (Kz/MWh)"],
)  # fmt: skip
def test_what_looks_like_a_unit_and_is_not_known_is_refused(tmp_path: Path, header: str) -> None:
    path = file_of(tmp_path, header)
    for read in (read_prices, guess):
        with pytest.raises(DataError, match="declare unit") as caught:
            read(path)
        assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(read_prices(path, unit="EUR/MWh").prices.ravel(), PRICES)
    market = read_prices(path, unit="IDR/kWh")
    np.testing.assert_allclose(market.prices.ravel(), 1000 * PRICES)
    assert market.currency == "IDR"


def test_the_currency_settles_money_per_megawatt_hour(tmp_path: Path) -> None:
    market = read_prices(file_of(tmp_path, "Foo/MWh"), currency="FOO")
    np.testing.assert_array_equal(market.prices.ravel(), PRICES)
    assert market.currency == "FOO"


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("header", "currency", "factor"),
    [
        ("Kč/MWh", "CZK", 1),
        ("Spot [AU$/MWh]", "AUD", 1),
        ("NZ$/MWh", "NZD", 1),
        ("Rappen/kWh", "CHF", 10),
        ("Ft/kWh", "HUF", 1000),
        ("₹/kWh", "INR", 1000),
        ("システムプライス(円/kWh)", "JPY", 1000),
        ("Pris öre/kWh", "SEK", 10),
    ],
)
def test_money_of_many_countries(tmp_path: Path, header: str, currency: str, factor: int) -> None:
    path = file_of(tmp_path, header)
    market = guess(path).market
    np.testing.assert_allclose(market.prices.ravel(), factor * PRICES)
    assert market.currency == currency
    if factor != 1:
        with pytest.raises(DataError, match="set unit = "):
            read_prices(path)
    else:
        assert read_prices(path).currency == currency


@pytest.mark.parametrize("written", ["EUR/{}", "EUR per {}", "price_eur_per_{}", "ct/{}"])
def test_energies_are_powers_of_a_thousand(written: str) -> None:
    """What costs 1 a kWh costs 1,000 a MWh, and what costs 1 a TWh a millionth."""
    parse = unit_in if "price" in written else parse_unit
    for energy, power in (("Wh", 2), ("kWh", 1), ("MWh", 0), ("GWh", -1), ("TWh", -2)):
        found = parse(written.format(energy))
        assert found is not None
        assert found.factor == pytest.approx((0.01 if "ct" in written else 1) * 1000.0**power, rel=1e-12)


@pytest.mark.parametrize(("header", "currency", "factor"), [("kr/kWh", "DKK", 1000), ("Pris øre/kWh", "DKK", 10)])
def test_money_of_several_countries_is_asked_about(tmp_path: Path, header: str, currency: str, factor: int) -> None:
    path = file_of(tmp_path, header)
    unit = header.rsplit(maxsplit=1)[-1]
    with pytest.raises(DataError, match=r"no unit of EUR: set currency = '(SEK|NOK)'"):
        read_prices(path, unit=unit)
    market = read_prices(path, unit=unit, currency=currency)
    np.testing.assert_allclose(market.prices.ravel(), factor * PRICES)
    assert market.currency == currency
    assert any("set currency" in choice for choice in guess(path).choices)


@pytest.mark.parametrize("header", ["Price/MWh", "LMP per MWh", "price", "Germany/Luxembourg"])
def test_names_that_are_no_units_are_read(tmp_path: Path, header: str) -> None:
    np.testing.assert_array_equal(read_prices(file_of(tmp_path, header)).prices.ravel(), PRICES)


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        ("$/MWh", "USD AUD CAD NZD SGD"),
        ("A$/MWh", "AUD"),
        ("kr/MWh", "SEK NOK DKK CZK"),
        ("øre/kWh", "NOK DKK"),
        ("öre/kWh", "SEK"),
        ("ct/kWh", "EUR USD AUD CAD NZD SGD GBP SEK NOK DKK CZK CHF"),
        ("eurocent/kWh", "EUR"),
        ("Rappen/kWh", "CHF"),
    ],
)
def test_a_unit_fits_the_currencies_that_it_can_be_of(header: str, fits: str) -> None:
    currencies = ["EUR", "USD", "AUD", "CAD", "NZD", "SGD", "GBP", "SEK", "NOK", "DKK", "CZK", "CHF"]
    unit = unit_in(header)
    assert unit is not None
    assert [currency for currency in currencies if unit.fits(currency)] == [c for c in currencies if c in fits.split()]


KNOWN = {
    "EUR": "€ eur Euro euros", "GBP": "£ gbp", "USD": "US$ usd", "AUD": "aud A$ AU$", "CAD": "cad C$ CA$",
    "NZD": "nzd NZ$", "SGD": "sgd S$", "HKD": "HK$", "TWD": "NT$", "CHF": "chf Fr SFr", "PLN": "pln zł",
    "CZK": "czk Kč Kc", "HUF": "huf Ft", "RON": "ron lei", "JPY": "jpy yen ¥ 円", "CNY": "cny yuan rmb 元",
    "INR": "inr Rs ₹", "KRW": "krw ₩", "TRY": "try TL ₺", "RUB": "rub ₽", "UAH": "uah ₴", "BGN": "bgn лв",
    "BRL": "brl R$", "NOK": "nok", "SEK": "sek", "DKK": "dkk",
}  # fmt: skip
HUNDREDTHS = {
    "EUR": "eurocent ct€ cteur €ct eurct c€", "GBP": "p pence penny", "USD": "USc", "CHF": "Rappen", "INR": "paise",
    "PLN": "gr", "": "ct cent cents c", "$": "¢",
}  # fmt: skip


def test_money_and_its_code() -> None:
    for code, names in KNOWN.items():
        for name in names.split():
            found = parse_unit(f"{name}/MWh")
            assert found is not None, name
            assert (found.currency, found.factor, found.fits(code)) == (code, 1.0, True)
            assert currency_of(f" [{name}] ") == code


def test_hundredths_of_money_per_kilowatt_hour_are_ten_per_megawatt_hour() -> None:
    for code, names in HUNDREDTHS.items():
        for name in names.split():
            found = parse_unit(f"{name}/kWh")
            assert found is not None, name
            assert (found.currency, found.factor) == (code, 10.0)


def test_a_dollar_or_a_code_of_no_country_that_is_known() -> None:
    assert currency_of("$") is None
    assert currency_of("kr") is None
    found = parse_unit("XAU/kWh")
    assert found is not None
    assert (found.currency, found.factor) == ("XAU", 1000.0)
    assert currency_in("SpotEUR in DKK") is None  # two codes say none
    assert currency_in("EUR and EUR") == currency_in("EUR")
