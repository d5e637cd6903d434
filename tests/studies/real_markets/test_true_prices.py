"""What the study tells in money, recomputed from actions, loads and the prices of the market, however many it clips."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from made_up_markets import made_up_market
from made_up_results import SETTINGS, made_up
from market_contests import one_run, played_on

import omnisim
from omnisim.market import Market
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.report.study.page import render
from omnisim.report.text import percent
from omnisim.studies import Options
from omnisim.studies.real_markets import page
from omnisim.studies.real_markets.cases import Plan, case_of
from omnisim.studies.real_markets.contenders import build, calibrated, pool
from omnisim.studies.real_markets.page import assemble, clipping_told, cuts
from omnisim.studies.real_markets.results import collect
from omnisim.studies.real_markets.setting import PAST_DAYS, POPULATIONS, Setting, setting

AGENTS = (4, 3, 3)
DAYS = 30


def market_with(share: float, spike: float) -> Market:
    """A market whose prices are inside the scale, but for a share of the hours played."""
    market = made_up_market(days=PAST_DAYS + DAYS)
    prices = np.clip(market.prices, -20, 120)
    rng = np.random.default_rng(2)
    played = prices[PAST_DAYS:].reshape(-1)
    played[rng.choice(played.size, round(share * played.size), replace=False)] = spike
    prices[PAST_DAYS:] = played.reshape(-1, 24)
    return replace(market, prices=prices)


class Known(SimpleNamespace):
    """A made-up setting, which is one whatever it says."""

    __hash__ = object.__hash__


def earned(known: Setting, name: str, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Per population, money of each day (D, N) by value less load times price, and the scale of each agent (N,)."""
    market = known.market
    trace = omnisim.simulate(known.scenario(AGENTS, build(name, pool(market))), seed=seed)
    paid = market.prices[PAST_DAYS:]
    found = {}
    for population, record in trace.records.items():
        them, agents = record.population, np.arange(record.population.agents)
        at_zero = np.full(24, known.scaling.unclipped(0.0))
        value = them.money.scale[:, None] * (them.utility @ at_zero + them.offset) + them.money.offset[:, None]
        days = [
            value[agents, played] - (them.load[agents, played] * paid[t]).sum(axis=1)
            for t, played in enumerate(record.actions)
        ]
        found[population] = np.array(days), them.money
    return found


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("share", "spike"), [(0.0, 5000.0), (0.01, 5000.0), (0.4, 5000.0), (0.4, -500.0)])
def test_money_and_what_is_earned_are_at_the_prices_of_the_market(share: float, spike: float) -> None:
    known = setting(market_with(share, spike))
    beyond = round(share * DAYS * 24)
    assert known.beyond.clipped == beyond
    measured = one_run(known, "sharp", 7, AGENTS)
    expected = earned(known, "sharp", 7)
    for population in POPULATIONS:
        by_day, _ = expected[population]
        sums = by_day.sum(axis=0) * DAYS_OF_A_YEAR / DAYS
        np.testing.assert_allclose(
            measured.money["AA", "sharp", population][0], sums, rtol=1e-9, atol=1e-9 * np.abs(sums).max()
        )
    scaled = np.concatenate([(days - money.offset) / money.scale for days, money in expected.values()], axis=1)
    np.testing.assert_allclose(
        measured.daily["AA", "sharp"][0], scaled.mean(axis=1), rtol=1e-9, atol=1e-9 * np.abs(scaled).max()
    )
    for row in measured.rows.to_dict("records"):
        active = known.subsequences[row["subsequence"]]
        assert row["earned"] == pytest.approx(
            scaled[active].sum(axis=0).mean(), rel=1e-9, abs=1e-9 * np.abs(scaled).max()
        )
        clipped = (known.market.prices[PAST_DAYS:][active] == spike).any() and beyond > 0
        assert (row["earned"] == pytest.approx(row["utility"], rel=1e-9)) != clipped
        for population, (by_day, _) in expected.items():
            mean = by_day[active].mean()
            assert row[f"money_{population}"] == pytest.approx(mean, rel=1e-9, abs=1e-9 * np.abs(by_day).max())


@pytest.mark.parametrize(
    ("shares", "money", "noticed", "warned", "data"),
    [
        ((0.01, 0.0099), (0.0, 0.0), ["AA"], [], None),
        ((0.0499, 0.0), (0.0, 0.05), ["AA"], ["BB"], "given"),
    ],
)
def test_a_market_of_which_much_is_cut_is_noticed_or_warned_of(
    monkeypatch: pytest.MonkeyPatch,
    shares: tuple[float, float],
    money: tuple[float, float],
    noticed: list[str],
    warned: list[str],
    data: str | None,
) -> None:
    """By the larger of the shares of the prices and of the money of any run; the others of its runs are cut less."""
    made, settings = made_up(), []
    made.runs["cut"] = 0.0
    for known, share, most in zip(SETTINGS, shares, money, strict=True):
        own = made.runs.index[made.runs["market"] == known.market.name]
        made.runs.loc[own[1], "cut"] = most
        beyond = SimpleNamespace(**vars(known.beyond) | {"share": share, "lowest": -20.0, "suggested": None})
        market = SimpleNamespace(**vars(known.market), attribution="whose")
        left_out = dict.fromkeys(known.left_out, "4 days")
        settings.append(Known(**vars(known) | {"beyond": beyond, "market": market, "left_out": left_out}))
    monkeypatch.setattr(page, "collect", lambda *_: made)
    options = SimpleNamespace(data=data)
    study = assemble([SimpleNamespace(setting=each) for each in settings], [], Plan(3, (4, 2, 3), 42), options)
    for lines, markets in ((study.notices, noticed), (study.warnings, warned)):
        assert [name for line in lines for name in ("AA", "BB") if f"/MWh of {name}, which" in line] == markets
        assert len(lines) == len(markets)
    assert ("No data were given" in study.summary) == (data is None)
    told = [f"{name} {percent(a)} of the prices and {percent(b)} of the money"
            for name, a, b in zip(("AA", "BB"), shares, money, strict=True)]  # fmt: skip
    assert dict(study.facts)["Clipping"] == f"for utility and regret, {' and '.join(told)}"
    assert "Left out (0 in the table): AA: after a spike (4 days)." in study.tables["settings"].note


@pytest.mark.parametrize(("published", "more"), [(0, False), (1, False), (2, True)])
def test_the_best_of_several_forecasts_is_played_calibrated(
    monkeypatch: pytest.MonkeyPatch, published: int, more: bool
) -> None:
    """One forecast is all of them, which was played."""
    market = made_up_market()
    forecasts = dict([*market.forecasts.items()][:published])
    case = case_of(setting(replace(market, forecasts=forecasts)), Plan(1, (2, 2, 2), None), 0)
    monkeypatch.setattr(page, "collect", lambda *_: SimpleNamespace(best=lambda _: "sharp"))
    later = page.best_calibrated([case], [], Plan(1, (2, 2, 2), None), SimpleNamespace())
    assert [each.new for each in later] == [[calibrated("sharp")]] * more


@pytest.mark.whole
def test_the_page_states_what_was_cut_in_each_market() -> None:
    plan = Plan(1, (2, 2, 2), DAYS)
    settings = [setting(replace(market_with(share, 5000.0), name=name)) for name, share in (("AA", 0.0), ("BB", 0.1))]
    options = Options(jobs=1, quick=True)
    done, comparisons = played_on(settings, plan, options)
    results = collect(done, comparisons)
    told = clipping_told(settings, cuts(settings, results))
    for known in settings:
        played = known.market.prices[PAST_DAYS:]
        inside = np.clip(played, known.scaling.low, known.scaling.high)
        assert known.beyond.share == pytest.approx(np.abs(played - inside).sum() / np.abs(played).sum(), abs=1e-12)
        runs = [
            omnisim.analyze(omnisim.simulate(known.scenario(plan.agents, forecaster), seed=0)).clipping.money
            for forecaster in (build(name, pool(known.market)) for name in done[-1].forecasters)
        ]
        assert results.cut(known.market.name) == pytest.approx(max(runs), rel=1e-12)
    assert settings[0].beyond.share == results.cut("AA") == 0
    assert "AA 0 % of the prices and 0 % of the money" in told
    assert f"BB {float(f'{100 * settings[1].beyond.share:.2g}'):g} % of the prices and " in told
    study = assemble(done, comparisons, plan, options)
    assert dict(study.facts)["Clipping"] == told
    [warning] = study.warnings
    assert warning.startswith("The range from ")
    assert "EUR/MWh of BB, which the theory needs, cuts " in warning
    assert 'class="verdict fair"' in render(study).decode()
    table = study.tables["settings"].frame.set_index("market")
    assert table.loc["BB", "cut off the prices %"] == pytest.approx(100 * settings[1].beyond.share)
    assert table.loc["BB", "highest price"] == 5000
    frame = study.tables["leaderboard"].frame
    for row in frame.to_dict("records"):
        for population in POPULATIONS:
            more, less = (results.money[row["market"], name, population] for name in (row["forecaster"], "climatology"))
            assert row[population] == pytest.approx((more - less).mean(), abs=1e-6)
