"""Every number in the description of a file of prices, by loops over what was written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omnisim.market.inspection import inspected, picture

FIRST, HOUR, BERLIN = np.datetime64("2023-06-01"), pd.Timedelta(hours=1), "Europe/Berlin"


def file_of(folder: Path, prices: np.ndarray, left_out: set[int]) -> Path:
    """Hourly prices from June 1 on; days that are left out lack one hour."""
    stamps = pd.date_range(str(FIRST), periods=prices.size, freq="h")
    rows = pd.DataFrame({"time": stamps, "price EUR/MWh": prices.ravel()})
    path = folder / "a.csv"
    rows[[not (k // 24 in left_out and k % 24 == 5) for k in range(len(rows))]].to_csv(path, index=False)
    return path


@pytest.mark.parametrize("left_out", [set(), {3}, {3, 4, 9}])
def test_facts_of_a_file(tmp_path: Path, left_out: set[int]) -> None:
    """Some prices are 0, some below, and some days are left out between the first and the last."""
    prices = np.random.default_rng(1).uniform(20, 90, (14, 24)).round(2)
    prices[5, :4], prices[7, 2:5] = 0.0, -12.5
    lines, keys = inspected(file_of(tmp_path, prices, left_out), {"missing": "drop_day"} if left_out else {})
    kept = [prices[t] for t in range(14) if t not in left_out]
    every = sorted(float(price) for day in kept for price in day)
    half = len(every) // 2
    middle = (every[half - 1] + every[half]) / 2
    facts = dict(line.strip().split(maxsplit=1) for line in lines[1:] if "day  " not in line)
    between = f" ({len(left_out)} between them left out)" if left_out else ""
    assert facts["days"] == f"2023-06-01 to 2023-06-14, {len(kept)} days{between}"
    assert facts["prices"].endswith(f"lowest -12.5, median {middle:.6g}, highest {every[-1]:.6g}, 3 below 0")
    assert facts["resolution"] == "hour: 24 prices a day"
    text = "\n".join(lines)
    assert f"first day   2023-06-01: {' '.join(f'{price:g}' for price in prices[0])}\n" in text
    assert f"last day    2023-06-14: {' '.join(f'{price:g}' for price in prices[-1])}\n" in text
    mean = [sum(day[hour] for day in kept) / len(kept) for hour in range(24)]
    assert f"{min(mean):.4g} to {max(mean):.4g}" in text
    assert keys["path"] == str(tmp_path / "a.csv")


def test_the_picture_of_quarters_has_one_bar_for_two() -> None:
    bars, low, _, high = picture(np.repeat([10.0, 80.0], 48)).split()
    assert (bars, low, high) == ("▁" * 24 + "█" * 24, "10", "80")


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda t: {"time": t}, "column 'time', 2023-06-01 00:00 to 2023-06-02 23:00 on a clock without changes; open"),
        (lambda t: {"Hour Ending": t + HOUR},
         "column 'Hour Ending', 2023-06-01 01:00 to 2023-06-03 00:00 on a clock without changes; close"),
        (lambda t: {"start": [str(each) for each in t.tz_localize(BERLIN)]},
         "column 'start', 2023-06-01 00:00 to 2023-06-02 23:00 with UTC offsets; open; Europe/Berlin"),
        (lambda t: {"utc": t.tz_localize(BERLIN).tz_convert("UTC").tz_localize(None), "local": t},
         "column 'utc', 2023-05-31 22:00 to 2023-06-02 21:00 on the clock of UTC; open; Europe/Berlin"),
    ],
)  # fmt: skip
def test_what_is_told_of_the_stamps(tmp_path: Path, write: object, told: str) -> None:
    stamps = pd.date_range(str(FIRST), periods=48, freq="h")
    frame = pd.DataFrame(write(stamps) | {"price": np.random.default_rng(1).uniform(20, 90, stamps.size).round(2)})  # type: ignore[operator]
    frame.to_csv(tmp_path / "a.csv", index=False)
    lines, _ = inspected(tmp_path / "a.csv")
    (line,) = [each for each in lines if each.startswith("  stamps")]
    stamps_told, edge, *days = told.split("; ")
    said = f"{stamps_told}; they {edge} their period; the days are those of {''.join(days) or 'that clock'}"
    assert line.split(maxsplit=1)[1] == said
    assert "  choose      the file does not say its currency: set currency ('EUR' here)" in lines


def test_the_clock_of_a_zone_is_told_where_the_stamps_show_it(tmp_path: Path) -> None:
    shown = pd.date_range("2023-10-28", "2023-10-31", freq="h", tz="Europe/Berlin", inclusive="left").tz_localize(None)
    frame = pd.DataFrame({"time": shown, "price EUR/MWh": np.random.default_rng(1).uniform(20, 90, shown.size)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    lines, keys = inspected(tmp_path / "a.csv")
    assert keys["timezone"] == "Europe/Berlin"
    (line,) = [each for each in lines if each.startswith("  stamps")]
    assert line.endswith("on the clock of Europe/Berlin; they open their period; the days are those of Europe/Berlin")
    assert not [each for each in lines if "currency" in each]


def test_quarters_are_told_with_their_first_twelve_and_last_three_prices(tmp_path: Path) -> None:
    prices = np.random.default_rng(1).uniform(20, 90, 2 * 96).round(2)
    frame = pd.DataFrame({"time": pd.date_range(str(FIRST), periods=192, freq="15min"), "ct/kWh": prices})
    frame.to_csv(tmp_path / "a.csv", index=False)
    lines, keys = inspected(tmp_path / "a.csv")
    assert (keys["resolution"], keys["unit"]) == ("15min", "ct/kWh")
    text = "\n".join(lines)
    assert "resolution  15min: 96 prices a day" in text
    assert "column 'ct/kWh' in ct/kWh, times 10: lowest" in text
    for word, day in (("first day   2023-06-01", prices[:96]), ("last day    2023-06-02", prices[96:])):
        shown = [f"{10 * price:g}" for price in day]
        assert f"{word}: {' '.join(shown[:12])} ... {' '.join(shown[-3:])}\n" in text
    mean = [(prices[k] + prices[k + 96]) * 5 for k in range(96)]
    bars = [sum(mean[k : k + 2]) / 2 for k in range(0, 96, 2)]
    heights = [round(7 * (bar - min(bars)) / (max(bars) - min(bars))) for bar in bars]
    assert f"mean day    {''.join('▁▂▃▄▅▆▇█'[height] for height in heights)} {min(mean):.4g} to {max(mean):.4g}" in text
