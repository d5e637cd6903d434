"""Measures of distributions by loops over days, hours and members, and the section of the page about them."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import spread
from headings import unexplained_on
from page_text import Parsed
from scenario_files import omnisim_command
from value_laboratory import DAYS, PAST, files_of, read

from omnisim.market.data import Market
from omnisim.market.distributions import Distribution
from omnisim.report.text import number, percent
from omnisim.scenario.own_file import scenario_of_prices
from omnisim.value.charts import cost_chart, reliability_chart
from omnisim.value.ledger import Ledger
from omnisim.value.measures import scores
from omnisim.value.plays import market_of
from omnisim.value.probabilistic import common_levels, coverage, descriptions, intervals, scores_by_day, tail_of
from omnisim.value.sources import overrides_of

LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]
RNG = np.random.default_rng(11)
TRUTH = RNG.normal(50, 20, (40, 24))
CENTRE = TRUTH + RNG.normal(0, 10, TRUTH.shape)
QUANTILES = CENTRE[:, :, None] + 9 * np.array([-1.3, -0.7, 0.0, 0.7, 1.3])
MEMBERS = CENTRE[:, :, None] + RNG.normal(0, 8, (*TRUTH.shape, 9))


def ledger() -> Ledger:
    spread = Distribution.of_quantiles(LEVELS, QUANTILES)
    ensemble = Distribution.of_members(MEMBERS)
    market = Market(
        "m",
        np.arange(40) + np.datetime64("2023-01-01"),
        TRUTH,
        forecasts={"quantiles": spread.mean, "ensemble": ensemble.mean, "points": CENTRE},
        distributions={"quantiles": spread, "ensemble": ensemble},
    )
    return Ledger.empty(market, [*market.forecasts], [*market.forecasts], 1)


def loss(quantile: float, truth: float, level: float) -> float:
    return level * (truth - quantile) if truth >= quantile else (1 - level) * (quantile - truth)


def quantile(name: str, t: int, h: int, level: float) -> float:
    if name == "points":
        return float(CENTRE[t, h])
    if name == "quantiles":
        return float(np.interp(level, LEVELS, QUANTILES[t, h]))
    return min(x for x in MEMBERS[t, h] if (MEMBERS[t, h] <= x).mean() >= level - 1e-12)


def test_levels_are_those_on_which_all_say_something() -> None:
    np.testing.assert_allclose(common_levels(ledger()), np.arange(1, 10) / 10)
    assert tail_of(ledger()) == 0.1


@pytest.mark.long
@pytest.mark.parametrize("days", [slice(None), slice(3, 17)])
def test_scores_of_distributions(days: slice) -> None:
    chosen = np.zeros(40, dtype=bool)
    chosen[days] = True
    table = scores(ledger(), chosen)
    for name in ("quantiles", "ensemble", "points"):
        losses, winkler, crps = [], [], []
        for t in np.flatnonzero(chosen):
            for h in range(24):
                y = TRUTH[t, h]
                losses += [loss(quantile(name, t, h, k / 10), y, k / 10) for k in range(1, 10)]
                low, high = quantile(name, t, h, 0.1), quantile(name, t, h, 0.9)
                # Gneiting, Raftery, 2007, equation 43, with alpha = 0.2.
                winkler.append(high - low + (2 / 0.2) * (max(0, low - y) + max(0, y - high)))
                fine = (np.arange(4000) + 0.5) / 4000
                if name == "quantiles":
                    at = np.interp(fine, LEVELS, QUANTILES[t, h])
                    crps.append(2 * np.mean(np.where(y >= at, fine * (y - at), (1 - fine) * (at - y))))
                elif name == "ensemble":
                    own = MEMBERS[t, h]
                    crps.append(np.abs(own - y).mean() - np.abs(own[:, None] - own[None]).mean() / 2)
                else:
                    crps.append(abs(CENTRE[t, h] - y))
        assert table.loc["pinball loss", name] == pytest.approx(np.mean(losses))
        assert table.loc["continuous ranked probability score", name] == pytest.approx(np.mean(crps), rel=1e-4)
        if name == "points":
            assert np.isnan(table.loc["interval score", name])
        else:
            assert table.loc["interval score", name] == pytest.approx(np.mean(winkler))


@pytest.mark.long
def test_shares_at_or_below_each_quantile() -> None:
    table = coverage(ledger())
    # Of nine members, the k-th smallest has the level k / 10: a tenth draw is as likely in any of ten places.
    assert list(table["level"]) == [*LEVELS, *(k / 10 for k in range(1, 10))]
    for row in table.itertuples():
        below = [TRUTH[t, h] <= quantile(row.forecast, t, h, row.level) for t in range(40) for h in range(24)]
        assert row.share_at_or_below == pytest.approx(np.mean(below))
        assert row.low < row.share_at_or_below < row.high
        told = (
            "more than said" if row.low > row.level else "fewer than said" if row.high < row.level else "not separated"
        )
        assert row.verdict == told
    assert len(set(table["verdict"])) > 1


def test_central_intervals() -> None:
    table = intervals(ledger()).set_index("forecast")
    for name, row in table.iterrows():
        inside, widths = [], []
        for t, h in np.ndindex(40, 24):
            low, high = (quantile(str(name), t, h, level) for level in (0.1, 0.9))
            inside.append(low <= TRUTH[t, h] <= high)
            widths.append(high - low)
        assert row["said"] == pytest.approx(0.8)
        assert row["share_inside"] == pytest.approx(np.mean(inside))
        assert row["mean_width"] == pytest.approx(np.mean(widths))


@pytest.mark.one_in(10)
@pytest.mark.parametrize("members", [2, 3, 4, 10, 30, 99])
def test_an_ensemble_is_held_to_what_its_members_can_say(members: int) -> None:
    """Members and prices of one law: every level and the central interval must hold, however few members there are.

    20 markets with up to ten statements each, which hold together with 95 %: five markets or more with one that is told
    to be wrong have a chance below 0.3 %.
    """
    wrong = 0
    for seed in range(20):
        rng = np.random.default_rng([seed, members])
        one = Distribution.of_members(rng.uniform(0, 1, (90, 24, members)))
        market = Market("m", np.arange(90), rng.uniform(0, 1, (90, 24)), forecasts={"f": one.mean},
                        distributions={"f": one})  # fmt: skip
        there = Ledger.empty(market, ["f"], ["f"], 1)
        covered, held = coverage(there), intervals(there)
        ranks = covered["level"] * (members + 1)
        np.testing.assert_allclose(ranks, ranks.round(), atol=1e-9)
        wrong += bool((covered["verdict"] != "not separated").any() or (held["verdict"] != "not separated").any())
        said = held["said"][0]
        beyond = (1 - said) / 2 * (members + 1)
        assert round(beyond) >= 1
        assert beyond == pytest.approx(round(beyond))
    assert wrong <= 4


@pytest.mark.parametrize(("offset", "share", "verdict"), [(5.0, 1.0, "more than said"), (-5.0, 0.0, "fewer than said")])
def test_a_share_of_all_or_nothing_is_judged_too(offset: float, share: float, verdict: str) -> None:
    """Nothing varies: the ends are those that as many full weeks as there are leave, and lie within 0 and 1."""
    levels = [0.1, 0.5, 0.9]
    truth = np.random.default_rng(0).uniform(0, 1, (90, 24))
    one = Distribution.of_quantiles(levels, np.broadcast_to(np.array(levels) + offset, (90, 24, 3)))
    market = Market("m", np.arange(90), truth, forecasts={"f": one.mean}, distributions={"f": one})
    table = coverage(Ledger.empty(market, ["f"], ["f"], 1))
    assert list(table["share_at_or_below"]) == pytest.approx([share] * 3)
    # 12 whole weeks in 90 days, three levels: P(all 12 are full) <= p^12 = 0.05 / 2 / 3.
    least = (0.05 / 6) ** (1 / 12)
    ends = (least, 1.0) if share else (0.0, 1 - least)
    np.testing.assert_allclose(table[["low", "high"]], [ends] * 3)
    inside = [low <= level <= high for level, low, high in zip(levels, table["low"], table["high"], strict=True)]
    assert list(table["verdict"]) == ["not separated" if ok else verdict for ok in inside]
    assert verdict in set(table["verdict"])


def test_a_price_that_is_the_quantile_is_at_it() -> None:
    """Of the 24 prices of a day, 5 are below the first quantile and 6 are it, and none is between the two."""
    truth = np.tile(np.repeat([10.0, 20.0, 40.0], [5, 6, 13]), (30, 1))
    one = Distribution.of_quantiles([0.4, 0.6], np.broadcast_to([20.0, 30.0], (30, 24, 2)))
    market = Market("m", np.arange(30), truth, forecasts={"f": one.mean}, distributions={"f": one})
    table = coverage(Ledger.empty(market, ["f"], ["f"], 1))
    assert list(table["share_at_or_below"]) == pytest.approx([11 / 24] * 2)


def test_ends_of_intervals_of_shares_are_shares() -> None:
    """Nearly all prices below: an interval that is symmetric about the share would pass 1."""
    rng = np.random.default_rng(1)
    truth = rng.uniform(0, 1, (30, 24))
    one = Distribution.of_quantiles([0.2, 0.99], np.broadcast_to([0.004, 0.996], (30, 24, 2)))
    market = Market("m", np.arange(30), truth, forecasts={"f": one.mean}, distributions={"f": one})
    table = coverage(Ledger.empty(market, ["f"], ["f"], 1))
    half = np.maximum(table["high"] - table["share_at_or_below"], table["share_at_or_below"] - table["low"])
    assert table["share_at_or_below"][0] < half[0]  # it would pass 0 ...
    assert table["share_at_or_below"][1] + half[1] > 1  # ... and 1
    assert table["low"][0] == 0.0
    assert table["high"][1] == 1.0


@pytest.mark.long
def test_intervals_of_shares_hold_as_often_as_they_say() -> None:
    """Days that are alike, of a forecaster that is calibrated; the nine levels are one family.

    Of 60 markets, 5 % or fewer should have a level that is told to be wrong; more than 9 have a chance below 0.2 %.
    """
    wrong = 0
    levels = np.arange(1, 10) / 10
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(0, 1, (80, 24))
        one = Distribution.of_quantiles(list(levels), np.broadcast_to(levels, (80, 24, 9)))
        market = Market("m", np.arange(80), truth, forecasts={"f": one.mean}, distributions={"f": one})
        wrong += bool((coverage(Ledger.empty(market, ["f"], ["f"], 1))["verdict"] != "not separated").any())
    assert wrong <= 9


def test_descriptions_say_how_far_the_mean_is_in_doubt() -> None:
    table = descriptions(ledger()).set_index("forecast")
    assert list(table["given"]) == ["5 quantiles, 0.1 to 0.9", "ensemble of 9", "points"]
    inner = np.diff(LEVELS) / 2 @ np.diff(9 * np.array([-1.3, -0.7, 0.0, 0.7, 1.3]))
    assert table.loc["quantiles", "mean_within"] == pytest.approx(inner)
    assert table.loc["quantiles", "mean_more_with_tails"] == pytest.approx(0, abs=1e-9)
    assert table.loc["ensemble", "mean_within"] == 0


def test_points_alone_have_no_measures_of_distributions() -> None:
    market = Market("m", np.arange(40), TRUTH, forecasts={"points": CENTRE})
    alone = Ledger.empty(market, ["points"], ["points"], 1)
    assert scores_by_day(alone) == {}
    assert "pinball loss" not in scores(alone, np.ones(40, dtype=bool)).index


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, np.ndarray]]:
    """Results of a quantile file, a file of rows, an ensemble and points; what was printed; quantiles and members."""
    folder = tmp_path_factory.mktemp("distributions")
    prices, points = files_of(folder)
    rng = np.random.default_rng(1)
    base = pd.read_csv(points[0])
    said = base["forecast"].to_numpy()[:, None]
    quantiles = (said + np.array([-12.0, 1.0, 9.0])).round(3)
    members = (said + rng.normal(0, 9, (len(base), 6))).round(3)
    frame = pd.DataFrame(quantiles, columns=["q10", "q50", "q90"])
    frame.insert(0, "time", base["time"])
    frame.to_csv(folder / "spread.csv", index=False)
    rows = frame.rename(columns={"q10": "0.1", "q50": "0.5", "q90": "0.9"})
    rows.melt("time", var_name="quantile", value_name="price").to_csv(folder / "rows.csv", index=False)
    ensemble = pd.DataFrame(members, columns=[f"member_{k}" for k in range(1, 7)])
    ensemble.insert(0, "time", base["time"])
    ensemble.to_csv(folder / "ensemble.csv", index=False)
    few = [part for name in ("buyers", "plants", "operators") for part in ("--set", f"populations.{name}.agents=2")]
    files = [folder / f"{name}.csv" for name in ("spread", "rows", "ensemble")]
    answer = omnisim_command(
        "value", *files, points[1], "--prices", prices, *few, "--set", f"market.first_day=2023-03-{PAST + 1}",
        "--seeds", 1, "--jobs", 1, "--out", folder / "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert unexplained_on(folder / "out" / "report.html") == {}
    day = lambda values: values.reshape(DAYS, 24, -1)[PAST:]  # noqa: E731
    return folder / "out", answer.out, {"spread": day(quantiles), "ensemble": day(members), "truth": read(prices)}


def test_the_command_plays_means_and_scores_distributions(made: tuple[Path, str, dict[str, np.ndarray]]) -> None:
    out, _, said = made
    table = pd.read_parquet(out / "scores.parquet").set_index("forecast")
    low, mid, high = np.moveaxis(said["spread"], 2, 0)
    mean = 0.1 * low + 0.4 * (low + mid) / 2 + 0.4 * (mid + high) / 2 + 0.1 * high
    truth = said["truth"]
    assert table.loc["spread", "mean absolute error"] == pytest.approx(np.abs(mean - truth).mean())
    assert table.loc["ensemble", "mean absolute error"] == pytest.approx(
        np.abs(said["ensemble"].mean(axis=2) - truth).mean()
    )
    crps = "continuous ranked probability score"
    pairs = np.abs(said["ensemble"][..., None] - said["ensemble"][..., None, :]).mean(axis=(2, 3))
    expected = (np.abs(said["ensemble"] - truth[..., None]).mean(axis=2) - pairs / 2).mean()
    assert table.loc["ensemble", crps] == pytest.approx(expected)
    assert table.loc["blunt", crps] == pytest.approx(table.loc["blunt", "mean absolute error"])
    pd.testing.assert_series_equal(table.loc["spread"], table.loc["rows"], check_names=False)
    choices = pd.read_parquet(out / "choices.parquet")
    assert {crps, "pinball loss", "interval score"} <= set(choices["measure"])
    worth = pd.read_parquet(out / "worth.parquet").set_index("forecast")["worth"]
    assert worth["spread"] == pytest.approx(worth["rows"])


def test_the_page_says_what_distributions_are_and_whether_they_held(
    made: tuple[Path, str, dict[str, np.ndarray]],
) -> None:
    out, _, _ = made
    text = Parsed((out / "report.html").read_bytes()).text
    held = pd.read_parquet(out / "intervals.parquet").set_index("forecast")
    table = pd.read_parquet(out / "scores.parquet").set_index("forecast")
    for name in ("spread", "ensemble"):
        crps = number(table.loc[name, "continuous ranked probability score"])
        said = {"spread": 0.8, "ensemble": 5 / 7}[name]  # six members leave seven places for the price
        assert f"{name} has a CRPS of {crps} EUR/MWh, and its {percent(said)} interval held" in text
        assert f"interval held {percent(held.loc[name, 'share_inside'])} of the prices" in text
    assert "beyond the outermost levels all probability is put on the outermost quantiles" in text
    assert "3 quantiles, 0.1 to 0.9" in text
    assert "it is at or below the k-th smallest in k of M + 1 cases" in text
    for name in ("reliability", "intervals", "distributions"):
        assert (out / f"{name}.csv").exists()


@pytest.mark.long
def test_a_forecast_of_the_wrong_levels_is_refused_in_one_line(tmp_path: Path) -> None:
    prices, points = files_of(tmp_path)
    frame = pd.read_csv(points[0])
    frame = frame.assign(P90=frame["forecast"] - 5, P10=frame["forecast"] + 5).drop(columns="forecast")
    frame.to_csv(tmp_path / "yield.csv", index=False)
    answer = omnisim_command("value", tmp_path / "yield.csv", "--prices", prices, "--out", tmp_path / "out")
    assert answer.code == 1
    (line,) = [each for each in answer.err.splitlines() if "warning:" not in each]
    assert "yield: quantiles cross in" in line
    assert "exceeded with 90 % is the level 0.1" in line


def forecast_file(folder: Path, name: str, **columns: float) -> tuple[Path, Path]:
    """A file of prices, and one of a forecast plus numbers, by the names of its columns."""
    prices, points = files_of(folder)
    base = pd.read_csv(points[0])
    frame = pd.DataFrame({"time": base["time"], **{key: base["forecast"] + more for key, more in columns.items()}})
    frame.to_csv(folder / f"{name}.csv", index=False)
    return prices, folder / f"{name}.csv"


HELD = [
    ({f"P{k}": float(k) for k in range(10, 100, 10)}, {"f": "9 quantiles, 0.1 to 0.9"}),
    ({f"{k}": float(k) for k in range(5, 100, 5)}, {"f": "19 quantiles, 0.05 to 0.95"}),
    (
        {"A": 0.0, "A-lo-80": -9.0, "A-hi-80": 9.0, "B": 1.0, "B-lo-80": -8.0, "B-hi-80": 10.0},
        {"A": "", "B": "", "A quantiles": "2 quantiles, 0.1 to 0.9", "B quantiles": "2 quantiles, 0.1 to 0.9"},
    ),
    ({"q10": -5.0, "q90": 5.0, "mean": 0.0}, {"f": "2 quantiles, 0.1 to 0.9", "mean": ""}),
    ({"dnn_1": 0.0, "dnn_2": 1.0}, {"dnn_1": "", "dnn_2": ""}),
    ({"q50": 0.0}, {"f": ""}),
]
"""Columns of a file, by how much they differ from the forecast, and the forecasts it then holds."""


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("held", "label"), spread(HELD, ("", "my")))
def test_forecasts_that_a_file_holds(tmp_path: Path, held: tuple[dict[str, float], dict[str, str]], label: str) -> None:
    assert_held(tmp_path, *held, label)


@pytest.mark.long
def test_a_file_may_hold_percentiles(tmp_path: Path) -> None:
    assert_held(tmp_path, {f"{k}": float(k) for k in range(1, 100)}, {"f": "99 quantiles, 0.01 to 0.99"}, "")


def assert_held(tmp_path: Path, columns: dict[str, float], expected: dict[str, str], label: str) -> None:
    prices, file = forecast_file(tmp_path, "f", **columns)
    found, names = overrides_of([f"{label}={file}" if label else str(file)], prices, {})
    scenario, _ = scenario_of_prices(prices, found)
    market = market_of(scenario, names)
    given = {name: market.distributions[name].described if name in market.distributions else "" for name in names}
    named = {label if name == "f" else f"{label} {name}": each for name, each in expected.items()}
    assert given == (named if label else expected)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("columns", "key", "described"),
    [
        ({"lower": -5.0, "upper": 5.0}, "quantiles={ lower = 0.1, upper = 0.9 }", "2 quantiles, 0.1 to 0.9"),
        (
            {"q1": -5.0, "q2": 0.0, "q3": 5.0},
            "quantiles={ q1 = 0.25, q2 = 0.5, q3 = 0.75 }",
            "3 quantiles, 0.25 to 0.75",
        ),
        ({"a": -5.0, "b": 5.0}, "members=['a', 'b']", "ensemble of 2"),
    ],
)
def test_columns_of_a_distribution_may_be_declared(
    tmp_path: Path, columns: dict[str, float], key: str, described: str
) -> None:
    prices, file = forecast_file(tmp_path, "f", **columns)
    out = tmp_path / "out"
    arguments = ["value", file, "--prices", prices, "--rounds", 15, "--seeds", 1, "--jobs", 1, "--out", out]
    if "a" not in columns:
        refused = omnisim_command(*arguments)
        assert refused.code == 1
        assert "f.csv: columns " in refused.err
        assert "--set 'market.forecast_files.f.quantiles=" in refused.err
    answer = omnisim_command(*arguments, "--set", f"market.forecast_files.f.{key}")
    assert answer.code == 0, answer.err
    assert list(pd.read_parquet(out / "distributions.parquet")["given"]) == [described]


@pytest.mark.long
def test_cells_of_a_quantile_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    prices, file = forecast_file(tmp_path, "f", q10=-5.0, q90=5.0)
    frame = pd.read_csv(file).assign(q10="n/a?")
    frame.to_csv(file, index=False)
    answer = omnisim_command("value", file, "--prices", prices, "--out", tmp_path / "out")
    assert answer.code == 1
    assert "q10 is 'n/a?': it must be a finite number" in answer.err


@pytest.mark.long
def test_stamps_in_utc_are_on_the_clock_of_the_market(tmp_path: Path) -> None:
    prices, file = forecast_file(tmp_path, "f", q10=-5.0, q90=5.0)
    frame = pd.read_csv(file)
    stamps = pd.DatetimeIndex(pd.to_datetime(frame["time"])).tz_localize("Asia/Tokyo").tz_convert("UTC")
    frame.assign(time=stamps.strftime("%Y-%m-%dT%H:%MZ")).to_csv(tmp_path / "utc.csv", index=False)
    keys = {"market.timezone": "Asia/Tokyo"}
    means = []
    for name in ("f", "utc"):
        found, names = overrides_of([str(tmp_path / f"{name}.csv")], prices, keys)
        scenario, _ = scenario_of_prices(prices, {**found, **keys})
        means.append(market_of(scenario, names).forecasts[name])
    np.testing.assert_allclose(means[0], means[1])


@pytest.mark.parametrize("above", [0.8, 0.1])
def test_the_caption_says_on_which_side_of_a_quantile_prices_were(above: float) -> None:
    """Prices are above the median of the forecast on that share of the days."""
    prices = np.where(np.arange(100) < 100 * above, 30.0, 10.0)
    share = float((prices <= 20.0).mean())
    covered = pd.DataFrame(
        {"forecast": ["one"], "level": [0.5], "share_at_or_below": [share], "low": [share], "high": [share]}
    )
    ((drawn,),) = [[*reliability_chart(covered).variants.values()]]
    (value,) = drawn.panels[0].curves[1].y
    said = dict(
        re.findall(r"(below|above) 0,? (?:prices were above the quantile )?(more|less) often", drawn.caption.lower())
    )
    assert said["below" if value < 0 else "above"] == ("more" if above > 0.5 else "less")


def test_bands_of_shares_are_drawn_as_the_shares_are() -> None:
    """All less the level; the interval is not symmetric about the share."""
    rows = [("one", 0.1, 0.05, 0.02, 0.15), ("one", 0.9, 0.8, 0.6, 0.85), ("two", 0.5, 0.5, 0.3, 0.9)]
    covered = pd.DataFrame(rows, columns=["forecast", "level", "share_at_or_below", "low", "high"])
    ((drawn,),) = [[*reliability_chart(covered).variants.values()]]
    _, *curves = drawn.panels[0].curves
    found = [
        (curve.label, *point) for curve in curves for point in zip(curve.x, curve.y, curve.low, curve.high, strict=True)
    ]
    assert [name for name, *_ in found] == [name for name, *_ in rows]
    for (_, *point), (_, level, *ends) in zip(found, rows, strict=True):
        assert point == pytest.approx([level, *(end - level for end in ends)])


def test_the_caption_says_where_errors_cost_little() -> None:
    """Of two forecasts with the same error the one that is worth more lies above the curve."""
    cost = pd.DataFrame(
        {
            "player": ["made up", "made up", "cheap", "dear"], "made_up": [True, True, False, False],
            "mean_absolute_error": [0.0, 10.0, 5.0, 5.0], "worth": [100.0, 0.0, 80.0, 20.0],
            "low": [99.0, -1.0, 79.0, 19.0], "high": [101.0, 1.0, 81.0, 21.0],
        }
    )  # fmt: skip
    ((drawn,),) = [[*cost_chart(cost, "EUR").variants.values()]]
    curve, *points = drawn.panels[0].curves
    said = dict(re.findall(r"(above|below) the curve errs where it costs (little|much)", drawn.caption)) | dict(
        re.findall(r"one (above|below) where it costs (little|much)", drawn.caption)
    )
    for point, costs in zip(points, ("little", "much"), strict=True):
        on_curve = np.interp(point.x[0], curve.x, curve.y)
        assert said["above" if point.y[0] > on_curve else "below"] == costs
