"""Every number in the description of a file of prices, by loops over what was written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omnisim.market.inspection import inspected, picture

FIRST = np.datetime64("2023-06-01")


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
