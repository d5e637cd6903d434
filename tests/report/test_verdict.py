"""The verdict says what the numbers say: every sentence is recomputed here from the record by another route."""

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy import stats

import omnisim
from omnisim.analysis.units import units
from omnisim.report.clipping import Cut
from omnisim.report.run.facts import what_ran
from omnisim.report.run.verdict import alarming, summary, verdict
from omnisim.report.text import amount
from omnisim.trace import Trace


def said(analysis, heading):
    return " ".join(next((sentences for found, sentences in verdict(analysis).points if found == heading), []))


def money_by_hand(analysis, name):
    """Money of every agent (3, N) in the run, with persistence and with foresight."""
    return days_by_hand(analysis, name).sum(axis=1)


def days_by_hand(analysis, name):
    """The same of every round, (3, T, N), by plain loops over the record."""
    trace, record = analysis.trace, analysis.trace.records[name]
    population = record.population
    truth = trace.outcomes if trace.unclipped_outcomes is None else trace.unclipped_outcomes
    money = np.zeros((3, trace.rounds, population.agents))
    for n in range(population.agents):
        for t in range(trace.rounds):
            utility = [population.utility[n, a] @ truth[t] + population.offset[n, a] for a in range(population.actions)]
            left = record.eliminated_at[n]
            sets = np.flatnonzero(trace.active[t]) if left.shape[1] > 1 else [0]
            free = [a for a in range(population.actions) if any(left[a, k] >= t for k in sets)]
            told = trace.outcomes[t - 1] if t else np.full(truth.shape[1], 0.5)
            guess = [population.utility[n, a] @ told + population.offset[n, a] for a in range(population.actions)]
            played = record.actions[t, n]
            baseline = foresight = played
            if not record.fallback[t, n]:
                baseline, foresight = max(free, key=lambda a: guess[a]), max(free, key=lambda a: utility[a])
            for kind, a in enumerate((played, baseline, foresight)):
                money[kind, t, n] = population.money.scale[n] * utility[a] + population.money.offset[n]
    return money


@pytest.fixture(scope="module")
def clipped(make):
    """A market of 73 days with 40 values beyond the range."""
    return make(
        populations={"buyers": 4, "makers": 3},
        rounds=73,
        dimension=3,
        dates=True,
        currency="EUR",
        beyond=40,
        about={"market": {"currency": "EUR", "low": 0, "high": 100}, "forecaster": "Published"},
    )


class TestWorth:
    def test_the_table_is_that_of_plain_loops(self, clipped):
        rows = verdict(clipped).worth.rows
        assert [row[0].text for row in rows] == ["buyers", "makers", "all"]
        by_hand = {name: money_by_hand(clipped, name) for name in ("buyers", "makers")}
        by_hand["all"] = np.concatenate(list(by_hand.values()), axis=1)
        for name, worth, captured, losing, worst, agents, *money in rows:
            expected = by_hand[name.text]
            own, baseline, foresight = 365 / 73 * expected.mean(axis=1)
            found = [cell.value for cell in (*money, worth)]
            np.testing.assert_allclose(found, [own, baseline, foresight, own - baseline], rtol=1e-5, atol=1e-6)
            assert captured.value == pytest.approx((own - baseline) / (foresight - baseline))
            gains = expected[0] - expected[1]
            assert (agents.value, losing.value) == (expected.shape[1], int((gains < -0.005).sum()))
            assert worst.value == pytest.approx(365 / 73 * gains.min(), rel=1e-5)

    @pytest.mark.parametrize("horizon", [73, 400])
    def test_a_year_is_made_of_the_days_that_were_played(self, make, horizon):
        analysis = make(populations={"buyers": 4}, rounds=73, dates=True, currency="EUR", about={"horizon": horizon})
        own, baseline, foresight = money_by_hand(analysis, "buyers").mean(axis=1)
        [(_, worth, *_, money, repeated, best)] = verdict(analysis).worth.rows
        found = [cell.value for cell in (money, repeated, best, worth)]
        np.testing.assert_allclose(found, [5 * own, 5 * baseline, 5 * foresight, 5 * (own - baseline)], rtol=1e-5)
        assert "Sums over a year are those of 73 days, scaled up." in said(analysis, "Worth")

    def test_the_headline_has_the_sign_of_the_gain(self, clipped):
        sums = np.concatenate([money_by_hand(clipped, name) for name in ("buyers", "makers")], axis=1)
        gain = 365 / 73 * float((sums[0] - sums[1]).mean())
        assert gain < -1  # actions at random
        assert verdict(clipped).headline == (
            f"Acting on Published earned {-gain:.2f} EUR less per customer and year than persistence (acting on the "
            "prices of the day before)."
        )

    def test_a_better_forecast_is_told_as_better(self):
        analysis = informed_buyers(omnisim.forecasters.Published(PRICES))
        sums = money_by_hand(analysis, "buyers")
        gain = float((sums[0] - sums[1]).mean())
        assert gain > 0
        found = verdict(analysis)
        assert f"earned {gain:.2f} utility more per agent over the run than persistence" in found.headline
        assert found.headline.endswith("100 % of what perfect foresight would have added.")
        assert "None of the 3 agents earned less than with persistence." in said(analysis, "Worth")
        assert "weight" not in said(analysis, "Worth")  # each stands for itself

    def test_persistence_is_worth_nothing_more_than_itself(self):
        analysis = informed_buyers(omnisim.forecasters.Persistence())
        found = verdict(analysis)
        assert "earned no more and no less per agent over the run than persistence" in found.headline
        assert found.tone == "fair"
        assert found.reservations[0] == "the forecast was worth no more than persistence"
        assert (analysis.value["gain"] == 0).all()

    def test_the_worst_in_money_and_its_days(self, clipped):
        sums = {name: money_by_hand(clipped, name) for name in ("buyers", "makers")}
        gain, name, agent = min((s[0, n] - s[1, n], name, n) for name, s in sums.items() for n in range(s.shape[1]))
        text = said(clipped, "Worth")
        assert f"The worst off in money is agent {agent} of {name}: −{-gain * 5:,.2f} EUR a year" in text.replace(
            f"{gain * 5:,.0f}".replace("-", "−"), f"{gain * 5:,.2f}".replace("-", "−")
        )
        money = days_by_hand(clipped, name)[:, :, agent]
        change = money[0] - money[1]
        worst = sorted(range(73), key=lambda t: change[t])[:3]
        assert worst != sorted(range(73), key=lambda t: money[0, t])[:3]
        parts = [f"{clipped.trace.dates[t]} ({amount(change[t])})" for t in worst]
        assert f"its worst days were {parts[0]}, {parts[1]} and {parts[2]}." in text
        losing = sum(int((s[0] - s[1] < -0.005).sum()) for s in sums.values())
        assert f"{losing} of 7 customers earned less than with persistence" in text

    def test_the_worst_days_are_those_against_persistence(self):
        """By hand: y, 1 - y or 0.55; a forecast of 0 plays the second, foresight the first in round 2."""
        slopes, offset = np.zeros((2, 3, 1)), np.full((2, 3), 0.5)
        slopes[0, :, 0], offset[0] = [1.0, -1.0, 0.0], [0.0, 1.0, 0.55]
        outcomes = np.array([[0.5], [0.9], [0.8], [0.4]])
        scenario = omnisim.Scenario(
            populations=[omnisim.Population("shops", slopes, offset)],
            adversary=omnisim.adversaries.Replay(outcomes),
            forecaster=omnisim.forecasters.Published(np.zeros_like(outcomes)),
            elimination=omnisim.elimination.BestResponse(),
        )
        text = said(omnisim.analyze(omnisim.simulate(scenario)), "Worth")
        # Persistence plays 0.55, 0.55, y and y: 0.05, 0.45 and 0.6 more, then 0.2 less.
        assert "agent 0 of shops: −0.90 utility over the run" in text
        assert "its worst rounds were round 3 (−0.60), round 2 (−0.45) and round 1 (−0.05)." in text

    def test_no_forecast_earns_more_than_foresight(self, clipped):
        assert (clipped.value["foresight"] >= clipped.value["money"] - 1e-9).all()
        assert (clipped.value["foresight"] >= clipped.value["baseline"] - 1e-9).all()

    def test_five_lines_for_a_terminal(self, clipped):
        lines = summary(clipped)
        assert len(lines) == 5
        assert lines[0] == verdict(clipped).headline
        assert lines[1].startswith("By population, per customer and year: buyers ")


class TestTone:
    def test_good_where_nothing_speaks_against_it(self):
        found = verdict(informed_buyers(omnisim.forecasters.Published(PRICES)))
        assert (found.tone, found.reservations) == ("good", [])

    def test_bad_where_a_certificate_is_violated(self, violated):
        found = verdict(violated)
        assert found.tone == "bad"
        assert not found.holds
        [alarm] = found.alarms
        assert alarm.startswith(str(violated.certificates["theorem"].iloc[-1]))
        assert alarm.endswith("measured 5, bound 3, exceeded by 2; the theorem promises it with certainty.")

    def test_fair_where_agents_have_nothing_to_choose_from(self, make):
        analysis = make(populations={"a": 30}, clean=0.0, fallback=0.05)
        share = 100 * analysis.trace.records["a"].fallback.mean()
        assert share > 1  # else the reservation would be missing for another reason
        found = verdict(analysis)
        assert found.tone == "fair"
        assert f"no action was left to choose from on {share:.2g} % of agent rounds" in found.reservations

    def test_fair_where_no_action_keeps_the_limits(self):
        """Thirty agents all of whose actions violate every day, under a rule that removes nothing."""
        always = omnisim.LinearConstraint(np.zeros((30, 2, 1)), np.full((30, 2), 0.5))
        population = omnisim.Population("a", np.full((30, 2, 1), 0.2), [[0.1, 0.0]] * 30, [always])
        rule = omnisim.elimination.BestResponse()
        scenario = omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Replay(PRICES[:, :1]),
            forecaster=omnisim.forecasters.Published(PRICES[:, :1]),
            elimination=rule,
        )
        found = verdict(omnisim.analyze(omnisim.simulate(scenario)))
        assert found.tone == "fair"
        assert "30 of 30 agents have no action within all limits" in found.reservations

    def test_fair_where_clipping_cuts_much(self, clipped):
        assert any(reservation.startswith("clipping cut ") for reservation in verdict(clipped).reservations)


class TestClipping:
    SCALE: ClassVar[dict[str, Any]] = {"market": {"currency": "EUR", "low": 0, "high": 100}}

    def test_what_is_cut_off_prices_and_money(self, clipped):
        truth = clipped.trace.unclipped_outcomes
        share = (truth - np.minimum(truth, 1)).sum() / truth.sum()
        assert clipped.clipping.prices.share == pytest.approx(share)
        assert clipped.clipping.prices.clipped == 40
        lost = total = 0.0
        shares = []
        for record in clipped.trace.records.values():
            lost = total = 0.0
            for n in range(record.population.agents):
                at = {}
                for kind, outcomes in (("true", truth), ("clipped", clipped.trace.outcomes)):
                    u = [
                        record.population.utility[n, a] @ y for a, y in zip(record.actions[:, n], outcomes, strict=True)
                    ]
                    u += record.population.offset[n, record.actions[:, n]]
                    at[kind] = (record.population.money.scale[n] * u + record.population.money.offset[n]).sum()
                lost, total = lost + abs(at["true"] - at["clipped"]), total + abs(at["true"])
            shares.append(lost / total)
        assert clipped.clipping.money == pytest.approx(max(shares))
        [notice] = verdict(clipped).notices
        assert f"cuts {100 * share:.2g} % off the sum of the prices (40 of 219 values, up to 200" in notice
        assert list(alarming(clipped)) == [notice]

    @pytest.mark.parametrize("share", [0.0099, 0.01, 0.0499, 0.05, 0.2])
    def test_from_one_per_cent_on_it_is_noticed_and_from_five_on_it_is_told_by_the_command(self, make, share):
        analysis = make(populations={"a": 1}, about={"market": {"currency": "EUR", "low": 0, "high": 100}}, beyond=3)
        clipping = analysis.clipping
        prices = dataclasses.replace(clipping.prices, share=share)
        analysis.__dict__["clipping"] = dataclasses.replace(clipping, prices=prices, money=share / 2)
        assert len(verdict(analysis).notices) == (share >= 0.01)
        assert len(list(alarming(analysis))) == (share >= 0.05)
        said_of_it = [text for text in verdict(analysis).reservations if text.startswith("clipping cut ")]
        assert said_of_it == ([f"clipping cut {100 * share:.2g} %"] if share >= 0.05 else [])
        assert ("cuts" in said(analysis, "Data")) == (share < 0.01)

    @pytest.mark.parametrize(
        ("prices", "money", "told", "alarms"),
        [
            (0.2, np.nan, "cuts 20 % off the sum of the prices (", True),
            (np.nan, 0.2, "cuts prices that are all 0 (", True),
            (0.002, np.nan, "cuts 0.2 % off the sum of the prices (", False),
            (np.nan, np.nan, "cuts prices that are all 0 (", False),
        ],
    )
    def test_what_is_no_share_is_told_in_words(self, make, prices, money, told, alarms):
        analysis = make(populations={"a": 1}, rounds=2, about=self.SCALE, beyond=3)
        clipping = analysis.clipping
        share = dataclasses.replace(clipping.prices, share=prices)
        analysis.__dict__["clipping"] = dataclasses.replace(clipping, prices=share, money=money)
        found = verdict(analysis)
        sentences = [*found.notices, *found.reservations, *dict(found.points).get("Data", ())]
        [sentence] = [each for each in sentences if told in each]
        by = "of agents who earn 0 in all, so that no share of it can be given" if money != money else "by 20 %"
        assert f", which would change the money {by}. Money and errors on this page" in sentence
        assert "–" not in " ".join(sentences)
        assert "nan" not in " ".join(sentences)
        assert bool(list(alarming(analysis))) == alarms
        briefly = Cut.of(analysis.clipping, units(analysis.trace)).briefly
        if alarms:
            assert briefly == (
                "clipping cuts 20 % off the prices" if money != money else "clipping would change the money by 20 %"
            )

    def test_the_range_is_told_to_the_cent(self, make):
        analysis = make(populations={"a": 1}, about={"market": {"currency": "EUR", "low": -12.345, "high": 1234.567}})
        assert "prices lie between −12.345 and 1,234.57 EUR/MWh." in said(analysis, "Data")

    def test_the_mean_price_is_that_of_the_prices_paid(self, clipped):
        prices = 100 * clipped.trace.unclipped_outcomes
        inside = np.minimum(prices, 100)
        assert prices.mean() > inside.mean() + 10
        told = f"The mean price was {amount(prices.mean())} EUR/MWh, from {amount(prices.min())} to 200."
        assert told in said(clipped, "Data")

    def test_nothing_is_noticed_without(self, make):
        analysis = make(populations={"a": 1}, about={"market": {"currency": "EUR", "low": 0, "high": 100}})
        assert verdict(analysis).notices == []
        assert list(alarming(analysis)) == []
        assert "No value had to be clipped: all 1,440 prices lie between 0 and 100 EUR/MWh." in said(analysis, "Data")

    def test_nothing_is_said_of_data_without_a_market(self, make):
        assert said(make(populations={"a": 1}), "Data") == ""

    def test_notes_on_days_outside_the_run_are_left_out(self, make):
        # The run goes from 2021-01-01 to 2021-03-01; of two days, one inside is enough.
        notes = ["2021-01-05: averaged", "2022-01-05: averaged", "a note without a day"]
        notes += ["2020-12-31, 2021-01-01: filled", "2021-03-01, 2021-03-02: filled", "2020-12-30, 2021-03-03: filled"]
        market = {"currency": "EUR", "low": 0, "high": 100, "notes": notes}
        text = said(make(populations={"a": 1}, dates=True, about={"market": market}), "Data")
        assert [note in text for note in notes] == [True, False, True, True, True, False]


class TestForecast:
    def test_error_and_baseline_over_the_same_rounds(self, market):
        truth, forecast = 300 * market.trace.unclipped_outcomes, 300 * market.trace.predictions
        error, repeated = np.abs(forecast - truth)[1:].mean(), np.abs(truth[1:] - truth[:-1]).mean()
        text = said(market, "Forecast")
        assert f"missed the price by {error:.3g} USD/MWh on average; repeating the day before" in text
        assert (
            f"would have missed by {repeated:.3g} over the same 59 days, {100 * (1 - error / repeated):.2g} % less"
            in text
        )

    def test_the_order_within_a_day_in_two_digits(self, market):
        truth, forecast = market.trace.unclipped_outcomes, market.trace.predictions
        found = [
            np.mean([stats.spearmanr(guess, came).statistic for guess, came in zip(guesses, truth[1:], strict=True)])
            for guesses in (forecast[1:], truth[:-1])
        ]
        own, before = (f"{value:.2g}".replace("-", "−") for value in found)
        told = f"with a rank correlation of {own} (1 is the true order, repeating the day before {before})."
        assert told in said(market, "Forecast")

    @pytest.mark.parametrize(("shift", "word"), [(0.2, "too high"), (-0.2, "too low")])
    def test_the_direction_of_a_bias(self, make, shift, word):
        analysis = make(populations={"a": 1}, dimension=1)
        trace = analysis.trace
        shifted = np.clip(trace.outcomes + shift, 0, 1)
        values = {name: getattr(trace, name) for name in trace.__dataclass_fields__} | {"predictions": shifted}
        bias = (shifted - trace.outcomes)[1:].mean()
        text = said(omnisim.analyze(Trace(**values)), "Forecast")
        assert f"It was {word} by {abs(bias):.3g} [0, 1] units on average." in text

    def test_a_perfect_forecast_has_no_bias(self, make):
        trace = make(populations={"a": 1}, dimension=1).trace
        values = {name: getattr(trace, name) for name in trace.__dataclass_fields__} | {"predictions": trace.outcomes}
        text = said(omnisim.analyze(Trace(**values)), "Forecast")
        assert "missed the outcome by 0 [0, 1] units on average" in text
        assert "too" not in text

    def test_a_probability_is_scored_as_one(self):
        rng = np.random.default_rng(4)
        events = (rng.random((200, 1)) < 0.3).astype(float)
        forecast = np.clip(0.3 + 0.3 * (events - 0.3) + rng.normal(scale=0.1, size=events.shape), 0, 1)
        analysis = informed_buyers(omnisim.forecasters.Published(forecast), events)
        score, repeated = ((forecast - events)[1:] ** 2).mean(), ((events[1:] - events[:-1]) ** 2).mean()
        rate = events[1:].mean()
        skill = 1 - score / (rate * (1 - rate))
        assert skill > 0
        text = said(analysis, "Forecast")
        assert f"Brier score (mean squared distance from what happened) was {score:.3g}" in text
        assert f"that of repeating the round before {repeated:.3g} over the same 199 rounds" in text
        assert f"its skill was {100 * skill:.2g} % better" in text

    def test_a_market_of_events_speaks_of_events(self):
        came = np.random.default_rng(4).integers(0, 2, (20, 1)).astype(float)
        analysis = informed_buyers(
            omnisim.forecasters.Published(0.8 * came),
            came,
            about={"market": {"currency": "EUR", "low": 0, "high": 100}},
        )
        assert said(analysis, "Data") == f"The event came on {int(came.sum())} of 20 rounds."
        assert "than persistence (acting on the events of the round before)" in verdict(analysis).headline
        # A bias of so many events is one of so many units: neither is in money.
        np.testing.assert_array_equal(units(analysis.trace).values(came), came)
        assert dict(what_ran(analysis.trace))["Outcomes"] == "1 coordinate, event (1) or none (0)"


class TestViolations:
    def test_rounds_and_physical_units(self):
        analysis = informed_buyers(omnisim.forecasters.Published(PRICES), limit=True)
        trace = analysis.trace
        record = trace.records["buyers"]
        over = np.maximum(record.costs[:, :, 0], 0) * 50.0
        text = said(analysis, "Violations")
        times = int((over > 0).sum())
        assert times > 0
        assert f"buyers: “budget” was exceeded on {times} of {over.size} agent rounds" in text
        assert (
            f"by {over.max():.3g} EUR at most; agent {over.sum(axis=0).argmax()} by {over.sum(axis=0).max():.3g} EUR"
            in text
        )

    def test_no_constraints_is_said(self, make):
        text = said(make(populations={"a": 2}, constraints=0, clean=1.0), "Violations")
        assert text.startswith("No population has constraints")

    def test_agents_without_a_benchmark_and_their_fallbacks_are_counted(self, make):
        analysis = make(populations={"a": 50}, actions=2)
        measures, record = analysis.measures["a"], analysis.trace.records["a"]
        clean = measures.benchmark.all(axis=0).any(axis=1)
        share = 100 * record.fallback[:, ~clean].mean()
        text = said(analysis, "Violations")
        assert f"{(~clean).sum()} of 50 agents have no action that never violated" in text
        assert f"on {share:.2g} % of their rounds" in text


class TestHindsight:
    def test_regret_of_the_median_agent_is_in_money(self, make):
        analysis = make(populations={"a": 21}, clean=1.0, currency="EUR")
        measures = analysis.measures["a"]
        lost = measures.swap_regret[0] * measures.population.money.scale / measures.rounds[0]
        text = said(analysis, "Hindsight")
        assert text.startswith("What the best change of actions in hindsight would have added on “all” (swap regret")
        assert f"a: {np.median(lost):.2f} EUR a round for the median agent" in text
        assert f"{lost.max():.2f} EUR a round for agent {lost.argmax()}, the most of all." in text

    def test_nothing_that_rounds_to_nothing_is_told(self):
        text = said(informed_buyers(omnisim.forecasters.Published(PRICES)), "Hindsight")
        assert "no agent would have earned more" in text
        assert "e-" not in text


def test_half_of_the_eliminations(market):
    left = np.concatenate([record.eliminated_at.ravel() for record in market.trace.records.values()])
    left = left[left < market.trace.rounds]
    day = int(np.quantile(left, 0.5, method="inverted_cdf"))
    assert f"by {market.trace.dates[day]}, day {day + 1}" in said(market, "Elimination")


@pytest.mark.parametrize(("customers", "is_worth_it"), [(100.0, True), (1.0, False)])
def test_a_sum_over_populations_counts_every_customer(customers: float, is_worth_it: bool) -> None:
    """One agent that stands for several is served well, ten others are misled."""
    outcomes = np.random.default_rng(3).random((40, 4))
    slopes = -0.5 * np.eye(4)
    analysis = omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[
                    omnisim.Population("served", slopes[None, :2], [[0.5, 0.5]], weights=[customers]),
                    omnisim.Population("misled", slopes[None, 2:].repeat(10, axis=0), np.full((10, 2), 0.5)),
                ],
                adversary=omnisim.adversaries.Replay(outcomes),
                forecaster=omnisim.forecasters.Published(np.where([True, True, False, False], outcomes, 1 - outcomes)),
                elimination=omnisim.elimination.BestResponse(),
            )
        )
    )
    served, misled = (money_by_hand(analysis, name) for name in ("served", "misled"))
    total = customers * (served[0] - served[1]).sum() + (misled[0] - misled[1]).sum()
    assert (total > 0.1, total < -0.1) == (is_worth_it, not is_worth_it)
    found = verdict(analysis)
    assert ("the forecast was worth no more than persistence" in found.reservations) == (not is_worth_it)
    assert f"utility {'more' if is_worth_it else 'less'} per agent over the run than persistence" in found.headline


@pytest.mark.parametrize(
    ("currencies", "said"),
    [
        (("EUR", "EUR"), None),
        (("EUR", "USD"), "the forecast was worth no more than persistence in USD"),
    ],
)
def test_money_of_several_currencies_is_not_added_up(currencies: tuple[str, str], said: str | None) -> None:
    """The first population gains ten times as much as the second loses; in one currency they gain together."""
    outcomes = np.random.default_rng(3).random((40, 4))
    slopes = -0.5 * np.eye(4)
    told = np.where([True, True, False, False], outcomes, 1 - outcomes)
    analysis = omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[
                    omnisim.Population(
                        name, slopes[None, part], [[0.5, 0.5]], money=omnisim.Money([scale], [0.0], currency)
                    )
                    for name, part, scale, currency in zip(
                        ("served", "misled"), (slice(0, 2), slice(2, 4)), (100.0, 1.0), currencies, strict=True
                    )
                ],
                adversary=omnisim.adversaries.Replay(outcomes),
                forecaster=omnisim.forecasters.Published(told),
                elimination=omnisim.elimination.BestResponse(),
            )
        )
    )
    served, misled = (money_by_hand(analysis, name) for name in ("served", "misled"))
    assert (served[0] - served[1]).sum() > 1 > -0.1 > (misled[0] - misled[1]).sum()
    reservations = [text for text in verdict(analysis).reservations if "no more than persistence" in text]
    assert reservations == ([] if said is None else [said])


PRICES = np.random.default_rng(8).random((40, 2))


def informed_buyers(forecaster, outcomes=PRICES, *, limit=False, about=None):
    """Three agents that buy in one of the coordinates; with a limit on the bill that some prices break."""
    dimension = outcomes.shape[1]
    slopes = -np.eye(dimension + 1)[:, :dimension] * 0.5
    constraints = []
    if limit:
        constraints = [
            omnisim.LinearConstraint(
                np.abs(slopes)[None].repeat(3, axis=0), np.full((3, dimension + 1), -0.05), "budget", unit="EUR",
                scale=[50.0] * 3,
            )
        ]  # fmt: skip
    population = omnisim.Population(
        "buyers",
        utility=slopes[None].repeat(3, axis=0),
        offset=np.array([[0.5] * dimension + [0.3]]).repeat(3, axis=0) + np.array([[0.0], [0.05], [0.1]]),
        constraints=constraints,
    )
    return omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[population],
                adversary=omnisim.adversaries.Replay(outcomes),
                forecaster=forecaster,
                elimination=omnisim.elimination.FirstViolation() if limit else omnisim.elimination.BestResponse(),
                about=about or {},
            )
        )
    )


def test_half_of_two_eliminations_had_happened_with_the_first() -> None:
    limit = omnisim.LinearConstraint([[[1.0], [0.5], [0.0]]], [[-0.4, -0.45, -0.5]])
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("one", [[[0.0], [0.0], [0.0]]], [[0.9, 0.5, 0.1]], [limit])],
            adversary=omnisim.adversaries.Replay([[0.5], [0.1], [0.1], [0.95], [0.1]]),
            forecaster=omnisim.forecasters.Climatology(),
            elimination=omnisim.elimination.FirstViolation(),
        )
    )
    assert trace.records["one"].eliminated_at[0, :, 0].tolist() == [0, 3, 5]
    sentences = [each for _, found in verdict(omnisim.analyze(trace)).points for each in found]
    empty = "67 % of the places in candidate sets were empty by the end"  # two of three
    assert f"{empty}; half of these eliminations had happened by round 1." in sentences
