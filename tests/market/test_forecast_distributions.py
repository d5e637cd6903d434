"""Files of quantiles and of ensembles: their layouts, and what is missing, mixed up or known too early in them."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.market.forecast_files import with_forecast

DAYS = 12
FIRST = dt.date(2023, 10, 25)
LEVELS = [0.1, 0.5, 0.9]
STAMPS = pd.date_range(FIRST, periods=DAYS * 24, freq="h")


def market() -> Market:
    prices = np.random.default_rng(9).uniform(20, 90, (DAYS, 24)).round(2)
    return Market("m", np.arange(FIRST, FIRST + dt.timedelta(days=DAYS), dtype="datetime64[D]"), prices)


def quantiles() -> np.ndarray:
    """(D, 24, 3)."""
    return np.sort(np.random.default_rng(1).uniform(20, 90, (DAYS, 24, 3)).round(2), axis=2)


def columns(values: np.ndarray, names: list[str], **more: Any) -> pd.DataFrame:
    flat = values.reshape(-1, values.shape[2])
    return pd.DataFrame({"time": STAMPS, **more, **{name: flat[:, k] for k, name in enumerate(names)}})


def written(path: Path, frame: pd.DataFrame, **keys: Any) -> Path:
    frame.to_csv(path, index=False, **keys)
    return path


def read(source: Any, **keys: Any) -> Market:
    return with_forecast(market(), "ours", source, **keys)


def long(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    return frame.melt("time", var_name=by, value_name="value").sort_values(["time", by])


def wide_and_long() -> pd.DataFrame:
    days = [FIRST + dt.timedelta(days=n) for n in range(DAYS)]
    rows = [[day, level, *quantiles()[d, :, k]] for d, day in enumerate(days) for k, level in enumerate(LEVELS)]
    return pd.DataFrame(rows, columns=["date", "quantile", *(f"H{k}" for k in range(1, 25))])


LAYOUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "columns": (lambda: columns(quantiles(), ["q10", "q50", "q90"]), {}),
    "in any order": (lambda: columns(quantiles()[:, :, ::-1], ["P90", "median", "P10"]), {}),
    "declared": (
        lambda: columns(quantiles(), ["low", "mid", "high"]),
        {"quantiles": {"high": 0.9, "low": 0.1, "mid": 0.5}},
    ),
    "rows": (lambda: long(columns(quantiles(), ["0.1", "0.5", "0.9"]), "quantile"), {}),
    "rows of percent": (
        lambda: long(columns(quantiles(), ["10", "50", "90"]), "what"), {"level_column": "what", "column": "value"},
    ),
    "wide, a row for each level": (wide_and_long, {"wide": True, "level_column": "quantile"}),
}  # fmt: skip


@pytest.mark.one_in(2)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_quantiles(tmp_path: Path, layout: str) -> None:
    make, keys = LAYOUTS[layout]
    found = read(written(tmp_path / "f.csv", make()), **keys)
    one = found.distributions["ours"]
    assert one.levels.tolist() == LEVELS
    np.testing.assert_allclose(one.at(LEVELS), quantiles())
    # Of three quantiles joined by lines: each line by its middle, and 0.1 at each end.
    low, mid, high = np.moveaxis(quantiles(), 2, 0)
    expected = 0.1 * low + 0.4 * (low + mid) / 2 + 0.4 * (mid + high) / 2 + 0.1 * high
    np.testing.assert_allclose(found.forecast("ours"), expected)
    assert found.warnings == market().warnings


@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda frame: frame, {}),
        (lambda frame: frame.rename(columns=str.upper), {"members": ["MEMBER_1", "MEMBER_2", "MEMBER_3"]}),
        (lambda frame: long(frame, "member"), {}),
        (lambda frame: long(frame, "run of"), {"member_column": "run of"}),
    ],
)
def test_layouts_of_ensembles(tmp_path: Path, make: Any, keys: dict[str, Any]) -> None:
    values = np.random.default_rng(3).uniform(20, 90, (DAYS, 24, 3)).round(2)
    frame = make(columns(values, ["member_1", "member_2", "member_3"]))
    found = read(written(tmp_path / "f.csv", frame), **({"column": "value"} if "value" in frame else {}), **keys)
    np.testing.assert_allclose(found.distributions["ours"].members, values)
    np.testing.assert_allclose(found.forecast("ours"), values.mean(axis=2))


def test_other_signs_units_and_clocks(tmp_path: Path) -> None:
    frame = columns(quantiles() / 10, ["q10 [ct/kWh]", "q50 [ct/kWh]", "q90 [ct/kWh]"])
    frame["time"] = STAMPS.tz_localize("Europe/Oslo", ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
    path = written(tmp_path / "f.csv", frame, sep=";", decimal=",")
    found = read(path, unit="ct/kWh", timezone="Europe/Oslo", time="time", missing_forecast="previous")
    # The clock changes on 29 October; the other days are as they were.
    kept = market().dates != np.datetime64("2023-10-29")
    np.testing.assert_allclose(found.distributions["ours"].at(LEVELS)[kept], quantiles()[kept])


def test_of_several_the_last_before_gate_closure_counts(tmp_path: Path) -> None:
    early = columns(quantiles() - 5, ["q10", "q50", "q90"], issued=STAMPS.normalize() - pd.Timedelta(hours=20))
    late = columns(quantiles(), ["q10", "q50", "q90"], issued=STAMPS.normalize() - pd.Timedelta(hours=13))
    path = written(tmp_path / "f.csv", pd.concat([late, early]))
    found = read(path, issued="issued", gate_closure="12:00")
    np.testing.assert_allclose(found.distributions["ours"].at(LEVELS), quantiles())
    found = read(path, issued="issued", gate_closure="05:00")
    np.testing.assert_allclose(found.distributions["ours"].at(LEVELS), quantiles() - 5)


def test_columns_that_are_left_out_are_told(tmp_path: Path) -> None:
    found = read(written(tmp_path / "f.csv", columns(quantiles(), ["q10", "b q50", "q90"])))
    assert found.distributions["ours"].levels.tolist() == [0.1, 0.9]
    assert any("other columns were left out: b q50" in note for note in found.notes)
    several = columns(np.repeat(quantiles(), 2, axis=2)[:, :, :4], ["a q10", "a q90", "b q10", "b q90"])
    with pytest.raises(DataError, match=r"columns of several distributions \('a', 'b'\)"):
        read(written(tmp_path / "f.csv", several))


def test_a_few_quantiles_that_cross_are_sorted_and_told(tmp_path: Path) -> None:
    values = quantiles()
    values[2, 7] = [60.0, 50.0, 70.0]
    found = read(written(tmp_path / "f.csv", columns(values, ["q10", "q50", "q90"])))
    assert found.distributions["ours"].at(LEVELS)[2, 7].tolist() == [50.0, 60.0, 70.0]
    (warning,) = found.warnings
    assert "quantiles cross in 1 of 288 periods" in warning
    assert "the quantile 0.5 is 50 where 0.1 is 60, 2023-10-27 07:00" in warning
    assert "they were sorted" in warning


@pytest.mark.parametrize(("of_six", "sorted_"), [([0, 2, 4], True), ([0, 1, 2, 4], False)])
def test_quantiles_that_cross_in_up_to_half_of_the_periods_are_sorted(of_six: list[int], sorted_: bool) -> None:
    """The worst is where one falls most below the one before it."""
    values = quantiles()
    wrong = values.reshape(-1, 3)
    turned = np.isin(np.arange(len(wrong)) % 6, of_six)
    wrong[turned, 1:] = wrong[turned, :0:-1]
    crossed = [k for k in range(len(wrong)) if wrong[k, 1] > wrong[k, 2]]
    worst = max(crossed, key=lambda k: wrong[k, 1] - wrong[k, 2])
    when = f"{FIRST + dt.timedelta(days=worst // 24)} {worst % 24:02d}:00"
    worst_of = f"the quantile 0.9 is {wrong[worst, 2]:g} where 0.5 is {wrong[worst, 1]:g}, {when}"
    words = (f"quantiles cross in {len(crossed)} of 288 periods", worst_of)
    frame = columns(values, ["q10", "q50", "q90"])
    if sorted_:
        found = read(frame)
        np.testing.assert_array_equal(found.distributions["ours"].at(LEVELS), quantiles())
        assert all(word in found.warnings[0] for word in words)
    else:
        with pytest.raises(DataError) as refused:
            read(frame)
        assert all(word in str(refused.value) for word in words)


def test_what_was_read_of_which_rows_and_columns_is_told() -> None:
    rows = long(columns(quantiles(), ["0.1", "0.5", "0.9"]), "quantile")
    rows["run"] = "a"  # a column of one value tells nothing apart
    found = read(rows.assign(member="x", level="all"), column="value")
    assert "forecast 'ours': 3 levels 0.1 to 0.9 are rows, by 'quantile'" in found.notes
    found = read(columns(quantiles(), ["low", "mid", "high"]), quantiles={"high": 0.9, "low": 0.1, "mid": 0.5})
    assert "forecast 'ours': quantiles are low = 0.1, mid = 0.5, high = 0.9" in found.notes
    rows.iloc[7, 1] = ""
    with pytest.raises(DataError, match="row 8: quantile is empty: a value is needed"):
        read(rows, column="value", level_column="quantile")
    with pytest.raises(DataError, match="quantiles and members are given: one of them says what columns are"):
        read(columns(quantiles(), ["a", "b", "c"]), quantiles={"a": 0.1, "b": 0.9}, members=["a", "b"])


def test_quantiles_in_another_money_than_the_market_are_refused() -> None:
    with pytest.raises(DataError, match=r"'NOK/MWh' .*but currency is 'EUR'|'NOK/MWh' is no unit of EUR"):
        read(columns(quantiles(), ["q10 [NOK/MWh]", "q50 [NOK/MWh]", "q90 [NOK/MWh]"]))


def test_levels_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    """P90 as some in energy mean it: exceeded with 90 %."""
    path = written(tmp_path / "f.csv", columns(quantiles(), ["P90", "P50", "P10"]))
    with pytest.raises(DataError, match=r"cross in 288 of 288 periods .*exceeded with 90 % is the level 0.1"):
        read(path)
    found = read(path, quantiles={"P90": 0.1, "P50": 0.5, "P10": 0.9})
    np.testing.assert_allclose(found.distributions["ours"].at(LEVELS), quantiles())


def test_a_level_that_is_missing_where_others_are_there_is_refused(tmp_path: Path) -> None:
    frame = columns(quantiles(), ["q10", "q50", "q90"])
    frame.loc[[5, 30], "q90"] = np.nan
    for missing in ("error", "previous"):
        with pytest.raises(DataError, match=r"f.csv: line 7: q90 is empty where other columns .*\(2 such lines\)"):
            read(written(tmp_path / "f.csv", frame), missing_forecast=missing)
    rows = long(columns(quantiles(), ["0.1", "0.5", "0.9"]), "quantile")
    rows = rows[~((rows["time"] == STAMPS[5]) & (rows["quantile"] == "0.9"))]
    with pytest.raises(DataError, match=r"nothing of quantile 0.9 for 2023-10-25 \(1 such days\)"):
        read(written(tmp_path / "f.csv", rows), missing_forecast="previous")


def test_days_without_any_take_what_is_declared(tmp_path: Path) -> None:
    frame = columns(quantiles(), ["q10", "q50", "q90"])
    path = written(tmp_path / "f.csv", frame[(STAMPS.date != dt.date(2023, 10, 28))])
    with pytest.raises(DataError, match=r"1 days have no forecast \(2023-10-28\)"):
        read(path)
    found = read(path, missing_forecast="previous").distributions["ours"].at(LEVELS)
    np.testing.assert_allclose(found[3], quantiles()[2])
    np.testing.assert_allclose(found[[0, 1, 2, 4]], quantiles()[[0, 1, 2, 4]])
    other = with_forecast(market(), "point", columns(quantiles()[:, :, 1:2], ["price"]))
    found = with_forecast(other, "ours", path, missing_forecast="point")
    np.testing.assert_allclose(found.distributions["ours"].at(LEVELS)[3], np.repeat(quantiles()[3, :, 1:2], 3, axis=1))
    assert any("as one number without any spread" in note for note in found.notes)


def test_a_quantile_that_is_the_price_is_a_leak(tmp_path: Path) -> None:
    values = np.sort(market().prices[:, :, None] + [[[-9.0, 0.0, 9.0]]], axis=2)
    values[:, :, 0] -= np.random.default_rng(2).exponential(30, (DAYS, 24))
    with pytest.raises(DataError, match=r"'ours: q50' is the price itself"):
        read(written(tmp_path / "f.csv", columns(values, ["q10", "q50", "q90"])))


def test_quantiles_of_quarters_make_none_of_hours(tmp_path: Path) -> None:
    stamps = pd.date_range(FIRST, periods=DAYS * 96, freq="15min")
    values = np.sort(np.random.default_rng(4).uniform(20, 90, (DAYS * 96, 2)), axis=1)
    frame = pd.DataFrame({"time": stamps, "q10": values[:, 0], "q90": values[:, 1]})
    with pytest.raises(DataError, match="quantiles of 15 minutes, the market prices of 60"):
        read(written(tmp_path / "f.csv", frame), resample=True)
    found = read(written(tmp_path / "f.csv", frame.set_axis(["time", "member_1", "member_2"], axis=1)), resample=True)
    hourly = values.reshape(DAYS, 24, 4, 2).mean(axis=2)
    np.testing.assert_allclose(found.distributions["ours"].members, hourly)


BAD: list[tuple[Any, dict[str, Any], str]] = [
    (["q10", "q50", "q90"], {"quantiles": {"q10": 0.1, "q95": 0.95}}, "no column 'q95'"),
    (["q10", "q50", "q90"], {"quantiles": {"q10": 0.1}}, "at least two"),
    (["q10", "q50", "q90"], {"members": ["q10"]}, "two or more different columns"),
    (["q10", "q50", "q90"], {"members": ["q10", "q10"]}, "two or more different columns"),
    (["q10", "q50", "q90"], {"members": ["q10", "q50"], "column": "q10"}, "column is 'q10' beside members"),
    (["q10", "q50", "q90"], {"members": ["q10"], "level_column": "q10"}, "members and level_column are given"),
    (["q1", "q2", "q3"], {}, "may be counted, or percentiles"),
    (["a q10", "a q90", "b"], {"column": "c"}, "no column 'c'"),
    (["a", "b", "c"], {}, "has no column 'ours'"),
    (["q10", "q50", "q90"], {"level_column": "level"}, "no column 'ours'|no column 'level'"),
]


@pytest.mark.parametrize(("names", "keys", "said"), BAD)
def test_what_is_no_distribution_is_refused_in_one_line(
    tmp_path: Path, names: list[str], keys: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        read(written(tmp_path / "f.csv", columns(quantiles(), names)), **keys)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("levels", "said"), [(["0.1", "", "0.9"], "quantile is empty"), (["0.1", "high", "0.9"], "'high' is no level"),
                         (["0.1", "10%", "0.9"], "are both the quantile 0.1"), (["0.5"] * 3, "is always '0.5'")],
)  # fmt: skip
def test_cells_that_are_no_levels_are_refused(tmp_path: Path, levels: list[str], said: str) -> None:
    rows = long(columns(quantiles(), ["a", "b", "c"]), "quantile")
    rows["quantile"] = rows["quantile"].map(dict(zip("abc", levels, strict=True)))
    with pytest.raises(DataError, match=f"f.csv.*{said}"):
        read(written(tmp_path / "f.csv", rows), column="value", level_column="quantile")


@pytest.mark.parametrize("declared", [{}, {"level_column": "quantile"}])
def test_a_level_that_a_period_has_twice_is_named(tmp_path: Path, declared: dict[str, str]) -> None:
    rows = long(columns(quantiles(), ["0.1", "0.5", "0.9"]), "quantile")
    again = rows[(rows["time"] == STAMPS[5]) & (rows["quantile"] == "0.5")]
    rows = pd.concat([rows, again])
    with pytest.raises(
        DataError, match=r"05:00 occurs 2 times, in lines 18, 866: .*; among the rows with quantile 0.5$"
    ):
        read(written(tmp_path / "f.csv", rows), column="value", **declared)
