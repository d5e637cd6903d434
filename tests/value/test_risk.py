"""Customers who mind bad days: what they choose, what they earn, and what is told of it, by loops and brute force."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from headings import unexplained_on
from price_files import earned_by_day
from scenario_files import omnisim_command
from value_laboratory import DAYS, HIGH, LOW, PAST, files_of, read

import omnisim
from omnisim.errors import ScenarioError
from omnisim.market import Scaling
from omnisim.market.distributions import Distribution
from omnisim.report.text import signed_amount
from omnisim.scenario.own_file import scenario_of_prices
from omnisim.value.averse_plays import Averse, play_averse, preferences
from omnisim.value.plays import _averse, market_of, played
from omnisim.value.risk import Risk, mean_of_worst, terms_of_worst
from omnisim.value.risk_tables import changes, risks, said
from omnisim.value.scenarios import FEWEST_DAYS, MOST_DAYS, positions_of, scenarios_of
from omnisim.value.sources import overrides_of

RNG = np.random.default_rng(21)


def worst_by_definition(money: np.ndarray, level: float) -> float:
    """The mean of the worst share of equally likely amounts, each of which may count in part."""
    left, total = (1 - level) * len(money), 0.0
    for each in sorted(money):
        counted = min(1.0, left)
        total, left = total + counted * each, left - counted
    return total / ((1 - level) * len(money))


@pytest.mark.parametrize("level", [0.01, 0.3, 0.5, 0.75, 0.9, 0.93, 0.999])
@pytest.mark.parametrize("size", [1, 2, 7, 10, 40])
def test_the_mean_of_the_worst(level: float, size: int) -> None:
    money = RNG.normal(size=(3, size)).round(1)  # with ties
    found = mean_of_worst(money, level)
    for row, value in zip(money, found, strict=True):
        assert value == pytest.approx(worst_by_definition(row, level))
        # Rockafellar, Uryasev, 2000: the maximum over q, which is at one of the amounts.
        best = max(q - np.maximum(0, q - row).mean() / (1 - level) for q in row)
        assert value == pytest.approx(best)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.97])
def test_terms_have_the_mean_of_the_worst(level: float) -> None:
    money = RNG.normal(size=(53, 4)).round(1)
    found = terms_of_worst(money, level).mean(axis=0)
    np.testing.assert_allclose(found, [worst_by_definition(money[:, n], level) for n in range(4)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("var:0.9", "must be cvar:LEVEL"), ("cvar", "must be cvar:LEVEL"), ("cvar:x", "must be cvar:LEVEL"),
        ("cvar:0.9:0.5:1", "must be cvar:LEVEL"), ("cvar:90", "strictly between 0 and 1"),
        ("cvar:1", "strictly between"), ("cvar:0", "strictly between"), ("cvar:nan", "strictly between"),
        ("cvar:0.9:0", "weight must be > 0"), ("cvar:0.9:2", "weight must be > 0"), ("cvar:0.9:nan", "weight must be"),
    ],
)  # fmt: skip
def test_what_is_no_risk(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Risk.of(text)


def test_members_are_days_as_they_are() -> None:
    members = RNG.normal(size=(5, 3, 4))
    for day, own in zip(scenarios_of(Distribution.of_members(members), np.zeros((5, 3))), members, strict=True):
        np.testing.assert_array_equal(day, own)


def some_quantiles(days: int) -> tuple[Distribution, np.ndarray]:
    centre = RNG.normal(50, 10, (days, 3, 1))
    one = Distribution.of_quantiles([0.1, 0.5, 0.9], centre + np.array([-10.0, 0.0, 15.0]))
    common = RNG.normal(0, 12, (days, 1))
    return one, centre[:, :, 0] + common * np.array([1.0, 0.9, -1.0]) + RNG.normal(0, 2, (days, 3))


@pytest.mark.parametrize("t", [FEWEST_DAYS, 57, 129])
def test_quantiles_hang_together_as_the_positions_of_days_before(t: int) -> None:
    one, truth = some_quantiles(130)
    day = scenarios_of(one, truth)[t]
    count = min(t, MOST_DAYS)
    assert day.shape == (3, count)
    positions = positions_of(one, truth)
    for h in range(3):
        own = [positions[s, h] for s in range(t - count, t)]
        for m in range(count):
            rank = sum(other < own[m] for other in own)
            level = (rank + 0.5) / count
            assert day[h, m] == pytest.approx(one.at([level])[t, h, 0])
    # The second period goes with the first, the third against it.
    together = np.corrcoef(day)
    assert together[0, 1] > 0.5
    assert together[0, 2] < -0.5


def test_before_there_are_enough_days_all_periods_are_at_the_same_level() -> None:
    one, truth = some_quantiles(FEWEST_DAYS + 1)
    days = scenarios_of(one, truth)
    levels = (np.arange(MOST_DAYS) + 0.5) / MOST_DAYS
    for t in range(FEWEST_DAYS):
        np.testing.assert_allclose(days[t], one.at(levels)[t])
    assert days[FEWEST_DAYS].shape == (3, FEWEST_DAYS)


def test_no_day_uses_its_own_price_or_a_later_one() -> None:
    one, truth = some_quantiles(60)
    before = scenarios_of(one, truth)
    for t in (0, 25, 40):
        other = truth.copy()
        other[t:] = RNG.normal(0, 100, other[t:].shape)
        after = scenarios_of(one, other)
        for s in range(t + 1):
            np.testing.assert_array_equal(before[s], after[s])
    assert not np.array_equal(before[50], after[50])


@pytest.mark.parametrize("weight", [1.0, 0.4])
def test_preferences(weight: float) -> None:
    utility = RNG.uniform(-0.1, 0.1, (4, 5, 3))
    population = omnisim.Population("p", utility, offset=np.full((4, 5), 0.5))
    scenarios, forecast = RNG.normal(0.5, 1, (3, 11)), RNG.uniform(size=3)
    found = preferences(population, Risk(0.7, weight), forecast, scenarios)
    for n, a in np.ndindex(4, 5):
        amounts = np.array([utility[n, a] @ scenarios[:, m] + 0.5 for m in range(11)])
        expected = weight * worst_by_definition(amounts, 0.7) + (1 - weight) * (utility[n, a] @ forecast + 0.5)
        assert found[n, a] == pytest.approx(expected)


def ensemble_in(folder: Path) -> tuple[Path, Path, np.ndarray]:
    """A file of prices, one of an ensemble that sometimes fears an evening peak, and its members (T, 24, M)."""
    prices, points = files_of(folder)
    base = pd.read_csv(points[0])
    rng = np.random.default_rng(8)
    members = base["forecast"].to_numpy()[:, None] + rng.normal(0, 6, (len(base), 8))
    members.reshape(DAYS, 24, 8)[:, 17:21, 0] += 150
    frame = pd.DataFrame(members.round(3), columns=[f"member_{k}" for k in range(1, 9)])
    frame.insert(0, "time", base["time"])
    frame.to_csv(folder / "ensemble.csv", index=False)
    return prices, folder / "ensemble.csv", members.round(3).reshape(DAYS, 24, 8)[PAST:]


def scenario_in(folder: Path, **more: object) -> tuple[omnisim.Scenario, list[str], np.ndarray]:
    prices, file, members = ensemble_in(folder)
    found, names = overrides_of([str(file)], prices, {})
    keys: dict[str, object] = {
        "market.low": LOW, "market.high": HIGH, "market.first_day": dt.date(2023, 3, PAST + 1),
        "populations.buyers.agents": 3, "populations.plants.agents": 2, "populations.operators.agents": 4,
    }  # fmt: skip
    scenario, _ = scenario_of_prices(prices, {**found, **keys, **more})
    return scenario, names, members


@pytest.mark.long
def test_who_hears_one_day_only_does_what_the_risk_neutral_do(tmp_path: Path) -> None:
    """Under the same constraints: all that may come is the mean."""
    scenario, _, _ = scenario_in(tmp_path)
    forecast = np.asarray(scenario.forecasts["ensemble"])
    heard = Averse(Risk(0.9), forecast, [np.repeat(day[:, None], 3, axis=1) for day in forecast])
    chosen = play_averse(scenario, 1, heard)
    trace = omnisim.simulate(scenario.replace(forecaster=omnisim.forecasters.Published(model="ensemble")), 1)
    left = 0
    for name, record in trace.records.items():
        np.testing.assert_array_equal(chosen[name][1], record.actions)
        left += int((record.eliminated_at < trace.rounds).sum())
    assert left > 0, "the rules must have something to eliminate"


@pytest.mark.long
@pytest.mark.parametrize("risk", [pytest.param(Risk(0.9), marks=pytest.mark.long), Risk(0.75, 0.5)])
def test_what_is_earned_and_what_the_worst_days_bring_in(tmp_path: Path, risk: Risk) -> None:
    """Every action is tried on every member, and every day is paid at the prices of the file."""
    scenario, names, members = scenario_in(tmp_path, **{"elimination.kind": "best_response"})
    market = market_of(scenario, names)
    ledger = played(scenario, market, names, [], seeds=2, jobs=1, risk=risk)
    prices = Scaling(LOW, HIGH)
    paid = read(tmp_path / "prices.csv")
    means = np.clip((members.mean(axis=2) - LOW) / (HIGH - LOW), 0, 1) * (HIGH - LOW) + LOW
    neutral, averse = [], []
    for seed in range(2):
        trace = omnisim.simulate(scenario.replace(forecaster=omnisim.forecasters.Published(model="ensemble")), seed)
        for record in trace.records.values():
            neutral.append(earned_by_day(record, paid, prices))
            population = record.population
            load = population.load
            worth = population.offset * population.money.scale[:, None] + population.money.offset[:, None]
            worth = worth + LOW * load.sum(axis=2)  # money at a price of 0
            own = np.zeros((len(paid), population.agents))
            for t in range(len(paid)):
                for n in range(population.agents):
                    best, chosen = -np.inf, 0
                    for a in range(population.actions):
                        amounts = np.array([worth[n, a] - load[n, a] @ members[t, :, m] for m in range(8)])
                        value = risk.weight * worst_by_definition(amounts, risk.level)
                        value += (1 - risk.weight) * (worth[n, a] - load[n, a] @ means[t])
                        if value > best + 1e-7 * max(1, abs(best) if np.isfinite(best) else 1):
                            best, chosen = value, a
                    own[t, n] = worth[n, chosen] - load[n, chosen] @ paid[t]
            averse.append(own)
    assert any((a != b).any() for a, b in zip(neutral, averse, strict=True))
    days, customers = len(paid), 9
    table = changes(ledger).set_index("forecast").loc["ensemble"]
    earned = [sum(each.sum() for each in money) / 2 / customers * 365 / days for money in (neutral, averse)]
    assert table["earned"] == pytest.approx(earned[1] - earned[0], rel=1e-6, abs=1e-6)
    worst = [
        sum(worst_by_definition(each[:, n], risk.level) for each in money for n in range(each.shape[1])) / 2 / customers
        for money in (neutral, averse)
    ]
    assert table["worst_days"] == pytest.approx(worst[1] - worst[0], rel=1e-6, abs=1e-6)
    rows = risks(ledger).set_index(["forecast", "customers"])
    assert rows.loc[("ensemble", "risk-neutral"), "worst_days"] == pytest.approx(worst[0], rel=1e-6)
    assert rows.loc[("ensemble", "risk-averse"), "worst_days"] == pytest.approx(worst[1], rel=1e-6)
    base = rows.loc[("climatology", "risk-neutral"), "worst_days"]
    assert rows.loc[("ensemble", "risk-averse"), "worst_days_more"] == pytest.approx(
        worst[1] - base, rel=1e-6, abs=1e-6
    )
    told = said(changes(ledger), risk, "EUR")
    assert f"with ensemble {signed_amount(table['earned'])} EUR per customer and year" in told
    assert f"{signed_amount(table['worst_days'])} EUR a day" in told


@pytest.mark.long
def test_contracts_with_a_cap_are_settled_at_each_member_with_the_cap(tmp_path: Path) -> None:
    """What a member may cost is min(member, cap): the evening peak that one member fears concerns the others only."""
    caps = [np.inf, 55.0, 90.0]
    (tmp_path / "customers.csv").write_text("name,contract,price_cap_per_mwh\na,spot,\nb,capped,55\nc,capped,90\n")
    keys: dict[str, object] = {"populations.buyers.table": str(tmp_path / "customers.csv")}
    scenario, names, members = scenario_in(tmp_path, **keys, **{"elimination.kind": "best_response"})
    market = market_of(scenario, names)
    heard = _averse(scenario, market, ["ensemble"], Risk(0.9))["ensemble"]
    population, actions = play_averse(scenario, 0, heard)["buyers"]
    load, utility = population.load, population.utility
    lows = [block["low"] for block in scenario.about["market"]["blocks"]]
    at_zero = population.offset * population.money.scale[:, None] + population.money.offset[:, None]
    spot = []
    for n, cap in enumerate(caps):
        own = utility[n, :, 24 * n : 24 * (n + 1)]  # blocks are in the order of these customers
        assert np.count_nonzero(utility[n]) == np.count_nonzero(own)
        worth = at_zero[n] + lows[n] * load[n].sum(axis=1)
        for t in range(len(actions)):
            cvar = [
                worst_by_definition(
                    np.array([worth[a] - load[n, a] @ np.minimum(members[t, :, m], cap) for m in range(8)]), 0.9
                )
                for a in range(population.actions)
            ]
            assert cvar[actions[t, n]] == pytest.approx(max(cvar), rel=1e-9, abs=1e-9)
        spot.append([np.argmax([
            worst_by_definition(np.array([worth[a] - load[n, a] @ members[t, :, m] for m in range(8)]), 0.9)
            for a in range(population.actions)
        ]) for t in range(len(actions))])  # fmt: skip
    assert (np.array(spot[1]) != actions[:, 1]).any(), "the cap must change what a customer does"


@pytest.mark.long
def test_the_command(tmp_path: Path) -> None:
    prices, file, _ = ensemble_in(tmp_path)
    few = [part for name in ("buyers", "plants", "operators") for part in ("--set", f"populations.{name}.agents=2")]
    answer = omnisim_command(
        "value", file, tmp_path / "sharp.csv", "--prices", prices, *few, "--seeds", 1, "--jobs", 1,
        "--risk", "cvar:0.8", "--out", tmp_path / "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    table = pd.read_parquet(tmp_path / "out" / "risk_changes.parquet").iloc[0]
    assert f"with ensemble {signed_amount(table['earned'])} EUR per customer and year" in answer.out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "worst 20 % of days" in page
    assert unexplained_on(tmp_path / "out" / "report.html") == {}
    assert "not affine in the prices" in page
    rows = pd.read_parquet(tmp_path / "out" / "risk.parquet")
    assert [*zip(rows["forecast"], rows["customers"], strict=True)] == [
        *((name, "risk-neutral") for name in ("ensemble", "sharp", "climatology", "perfect foresight")),
        ("ensemble", "risk-averse"),
    ]
    worth = pd.read_parquet(tmp_path / "out" / "worth.parquet").set_index("forecast")["worth"]
    assert rows["worth"][0] == pytest.approx(worth["ensemble"])
    assert "ensemble, risk-averse" not in worth.index


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{points}", "--risk", "cvar:0.9"], "--risk: all forecasts are points"),
        (["{ensemble}", "--risk", "cvar:9"], "risk is 'cvar:9': the level must lie strictly between 0 and 1"),
        (
            ["{ensemble}", "--risk", "cvar:0.9", "--set", "elimination.kind=hedge"],
            "elimination of 'buyers': is a learner",
        ),
        (["{ensemble}", "--risk", "cvar:0.9", "--set", "network.max_age=3"], "network: is declared"),
    ],
)
def test_what_cannot_be_minded_is_refused_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    prices, file, _ = ensemble_in(tmp_path)
    filled = [each.format(points=tmp_path / "sharp.csv", ensemble=file) for each in arguments]
    answer = omnisim_command("value", *filled, "--prices", prices, "--seeds", 1, "--jobs", 1, "--out", tmp_path / "out")
    assert answer.code == 1
    (line,) = [each for each in answer.err.splitlines() if "warning:" not in each]
    assert said in line
