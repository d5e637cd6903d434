import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from examples import Suite
from scenario_files import prices, write_prices

import omnisim
from omnisim import elimination, forecasters, learners
from omnisim.adversaries import DemandResponse
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.streams import stream

PLANTS = {"wind": {"capacity": 10}, "gas": {"capacity": 10, "cost": 0.3}, "oil": {"capacity": 5, "cost": 0.8}}
LOAD = np.array([[[6.0, 0.0], [0.0, 6.0], [0.0, 0.0]], [[2.0, 1.0], [1.0, 2.0], [0.5, 0.5]]])
"""Two agents, three actions, two hours."""


def population(name: str = "buyers", load: np.ndarray = LOAD) -> omnisim.Population:
    """They pay for what they draw."""
    slope = -load / np.abs(load).sum(axis=2).max()
    return omnisim.Population(name, slope, np.ones(load.shape[:2]), load=load)


def started(populations: list[omnisim.Population], seed: int = 0, **arguments) -> DemandResponse:
    market = DemandResponse(**{"generators": PLANTS, "base_load": [8.0, 8.0], "noise": 0.0, **arguments})
    market.start(stream(seed, "adversary/start"), populations)
    return market


def history(*actions: list[int], name: str = "buyers") -> History:
    return History(np.zeros((len(actions), 2)), np.zeros((len(actions), 2)), {name: np.array(actions)})


class TestTheDemand:
    def test_is_the_base_load_and_what_was_done_yesterday(self) -> None:
        market = started([population()], customers=2.0)
        demand = market.demand(Context(2), None, history([2, 2], [0, 1]))
        np.testing.assert_allclose(demand, np.tile([8 + 2 * (6 + 1), 8 + 2 * (0 + 2)], (16, 1)))

    def test_before_anyone_has_acted_is_the_mean_over_actions(self) -> None:
        market = started([population()])
        expected = 8 + LOAD.mean(axis=1).sum(axis=0)
        np.testing.assert_allclose(market.demand(Context(0), None, history())[0], expected)
        np.testing.assert_allclose(market.demand(Context(0), None, None)[0], expected)

    @pytest.mark.parametrize("schedules", ["yesterday", "expected"])
    def test_leaves_out_who_was_not_there(self, schedules: str) -> None:
        market = started([population()], schedules=schedules)
        demand = market.demand(Context(1), omnisim.Mixture.point([0.0, 1.0]), history([0, -1]))
        np.testing.assert_allclose(demand[0], [8 + 6, 8])  # the first buys in the first hour, yesterday as today

    def test_adds_up_over_populations(self) -> None:
        market = started([population(), population("others", 3 * LOAD[:1])])
        actions = {"buyers": np.array([[0, 0]]), "others": np.array([[1]])}
        demand = market.demand(Context(1), None, History(np.zeros((1, 2)), np.zeros((1, 2)), actions))
        np.testing.assert_allclose(demand[0], [8 + 6 + 2 + 0, 8 + 0 + 1 + 18])

    def test_expected_is_what_best_responses_to_the_mixture_draw(self) -> None:
        """With loops over the support, the agents and their candidates."""
        rng = np.random.default_rng(2)
        buyers = omnisim.Population("buyers", -rng.random((4, 3, 2)) / 2, np.ones((4, 3)), load=rng.random((4, 3, 2)))
        market = started([buyers], schedules="expected")
        for _ in range(20):
            mixture = omnisim.Mixture(rng.random((3, 2)), rng.dirichlet(np.ones(3)))
            allowed = rng.random((4, 3)) < 0.6
            allowed[:, 0] |= ~allowed.any(axis=1)
            expected = np.full(2, 8.0)
            for point, probability in zip(mixture.support, mixture.weights, strict=True):
                for n in range(4):
                    worth = {a: buyers.utility[n, a] @ point for a in range(3) if allowed[n, a]}
                    expected += probability * buyers.load[n, max(worth, key=worth.__getitem__)]
            found = market.demand(Context(5, candidates={"buyers": allowed}), mixture, history([0, 0, 0, 0]))
            np.testing.assert_allclose(found[0], expected)

    def test_expected_takes_those_who_do_not_answer_as_they_were_yesterday(self) -> None:
        market = started([population(), population("others", 3 * LOAD[:1])], schedules="expected")
        actions = {"buyers": np.array([[2, 2]]), "others": np.array([[1]])}
        past = History(np.zeros((1, 2)), np.zeros((1, 2)), actions)
        # At prices (0, 1) the first buyer draws (6, 0), the second (0.5, 0.5), the other (18, 0).
        for answering, expected in (
            (None, [8 + 6 + 0.5 + 18, 8 + 0.5]),
            (["buyers"], [8 + 6 + 0.5, 8 + 0.5 + 18]),
            ([], [8 + 0.5, 8 + 0.5 + 18]),
        ):
            demand = market.demand(Context(1, answering=answering), omnisim.Mixture.point([0.0, 1.0]), past)
            np.testing.assert_allclose(demand[0], expected)

    def test_expected_is_what_is_played_by_whoever_answers_and_by_the_others_yesterday(self) -> None:
        """In a run with a learner and with followers of another forecaster: the demand is that of the record."""
        seen = []

        class Watched(DemandResponse):
            def demand(self, context, mixture, history):
                found = super().demand(context, mixture, history)
                seen.append(found[0].copy())
                return found

        names = ("buyers", "learners", "followers", "averagers")
        scenario = omnisim.Scenario(
            populations=[population(name) for name in names],
            adversary=Watched(PLANTS, base_load=[8.0, 8.0], noise=0.0, schedules="expected"),
            forecaster=forecasters.Persistence(),
            other_forecasters={"other": forecasters.Published(np.tile([0.9, 0.1], (30, 1)))},
            elimination={n: learners.Hedge() if n == "learners" else elimination.FirstViolation() for n in names},
            subscriptions={"followers": ["other"], "averagers": ["forecaster", "other"]},
            rounds=30,
        )
        trace = omnisim.simulate(scenario)
        for t in range(1, 30):
            drawn = np.full(2, 8.0)
            for name in names:
                actions = trace.actions[name][t if name == "buyers" else t - 1]
                drawn += LOAD[np.arange(2), actions].sum(axis=0)
            np.testing.assert_allclose(seen[t], drawn)

    def test_the_base_load_has_a_day_a_week_and_a_year(self) -> None:
        idle = omnisim.Population("idle", np.zeros((1, 2, 24)), load=np.zeros((1, 2, 24)))
        market = started([idle], base_load=100.0, base_share=2.0, day=0.25, week=0.1, year=0.2)
        base = np.stack([market.demand(Context(t), None, None)[0] for t in range(1461)])
        assert base.mean() == pytest.approx(200.0, rel=1e-3)  # 1461 rounds are four years, and no whole number of weeks
        assert base[0].argmin() == 4
        assert base[0].argmax() == 16
        assert base[0].max() - base[0].min() == pytest.approx(2 * 0.25 * 200)
        t = 33
        rhythm = 1 + 0.1 * np.sin(2 * np.pi * t / 7) + 0.2 * np.sin(2 * np.pi * t / 365.25)
        np.testing.assert_allclose(base[t], base[0] * rhythm)

    def test_the_base_load_can_be_a_feature(self) -> None:
        market = started([population()], base_load="load forecast", base_share=0.5)
        context = Context(0, features={"load forecast": np.array([10.0, 30.0])})
        still = started([population()], base_load=[0.0, 0.0]).demand(Context(0), None, None)[0]
        np.testing.assert_allclose(market.demand(context, None, None)[0] - still, [5.0, 15.0])
        with pytest.raises(StrategyError, match=r"feature 'load forecast', .* 2 numbers a round: there is no such"):
            market.demand(Context(0), None, None)
        with pytest.raises(StrategyError, match="2 numbers a round: it has 1 numbers"):
            market.demand(Context(0, features={"load forecast": np.ones(1)}), None, None)

    def test_its_deviations_have_the_size_asked_for(self) -> None:
        """4,000 patterns, two coordinates: the variance of a mean of squares of Gaussians is known.

        The estimate of a variance from 4,000 independent draws has relative standard deviation sqrt(2 / 4000) = 2.2 %;
        with each coordinate judged on its own, 14 % is beyond six of them: below 1e-8 for both.
        """
        market = started([population()], noise=0.1, patterns=4000)
        deviations = market.demand(Context(0), None, None) - started([population()]).demand(Context(0), None, None)[0]
        np.testing.assert_allclose((deviations**2).mean(axis=0), (0.1 * 8) ** 2, rtol=0.14)
        assert np.corrcoef(deviations.T)[0, 1] == pytest.approx(0.5, abs=0.1)  # six standard deviations of it are 0.07


class TestThePrice:
    def law(self, market: DemandResponse, t: int = 1, actions: tuple[int, int] = (2, 2), **context) -> np.ndarray:
        return market.law(Context(t, **context), None, history(*[list(actions)] * t)).mean

    def test_by_hand(self) -> None:
        """Wind serves 10 for nothing, gas 10 more: the base is 8, and the actions add (1/2, 1/2), (8, 1) or (1, 8)."""
        market = started([population()])
        np.testing.assert_allclose(self.law(market), [0.0, 0.0])
        np.testing.assert_allclose(self.law(market, actions=(0, 0)), [0.3, 0.0])
        np.testing.assert_allclose(self.law(market, actions=(1, 1)), [0.0, 0.3])

    def test_is_scaled_to_the_prices_of_the_market(self) -> None:
        plants = {"wind": {"capacity": 10, "cost": -30.0}, "gas": {"capacity": 10, "cost": 70.0}}
        market = started([population()], generators=plants, price_range=(-50.0, 150.0))
        np.testing.assert_allclose(self.law(market, actions=(0, 0)), [0.6, 0.1])
        beyond = started([population()], generators=plants, price_range=(0.0, 50.0))
        np.testing.assert_allclose(self.law(beyond, actions=(0, 0)), [1.0, 0.0])

    def test_is_the_cap_where_the_generators_do_not_suffice(self) -> None:
        market = started([population()], customers=10.0)
        np.testing.assert_allclose(self.law(market, actions=(0, 0)), [1.0, 0.3])
        capped = started([population()], customers=10.0, price_cap=0.9)
        np.testing.assert_allclose(self.law(capped, actions=(0, 0)), [0.9, 0.3])

    def test_follows_outages(self) -> None:
        market = started([population()], outages=[{"generator": "wind", "first": 2, "last": 3}])
        assert [float(self.law(market, t)[0]) for t in range(1, 6)] == [0.0, 0.3, 0.3, 0.0, 0.0]

    def test_is_published_as_the_sum_of_what_is_in_service(self) -> None:
        """10 of wind, 10 of gas and 5 of oil in each of two hours; then half of the gas is missing."""
        broken = [{"generator": "gas", "first": 1, "share": 0.5}]
        market = started([population()], outages=broken, publishes=["available_capacity"])
        for t, capacity in enumerate([25.0, 20.0]):
            assert market.publish(Context(t), None)["available_capacity"].tolist() == [capacity, capacity]

    def test_follows_outages_by_date(self) -> None:
        day = dt.date(2021, 2, 15)
        market = started([population()], outages=[{"generator": "wind", "first": day, "last": day, "share": 0.5}])
        dates = [np.datetime64(f"2021-02-{d}") for d in (14, 15, 16)]
        assert [float(self.law(market, t + 1, date=date)[0]) for t, date in enumerate(dates)] == [0.0, 0.3, 0.0]
        with pytest.raises(
            StrategyError, match="a shock is dated 2021-02-15, but the rounds of this run have no dates"
        ):
            self.law(market)

    def test_follows_the_price_of_the_fuel(self) -> None:
        plants = {"wind": {"capacity": 5}, "gas": {"capacity": 10, "cost": 0.1, "fuel": "gas", "heat_rate": 2.0}}
        steps = [{"fuel": "gas", "first": 2, "price": 0.3}, {"fuel": "gas", "first": 4, "price": 0.05}]
        market = started([population()], generators=plants, fuel_prices={"gas": 0.1}, fuel_steps=steps)
        np.testing.assert_allclose([self.law(market, t)[0] for t in range(1, 6)], [0.3, 0.7, 0.7, 0.2, 0.2])

    def test_follows_breakdowns(self) -> None:
        plants = PLANTS | {"wind": {"capacity": 10, "failure_probability": 1.0, "repair_probability": 1.0}}
        market = started([population()], generators=plants)
        assert [float(self.law(market, t)[0]) for t in range(1, 5)] == [0.3, 0.0, 0.3, 0.0]

    def test_breakdowns_change_nothing_else(self) -> None:
        """The deviations of the load come from a stream of their own."""
        risky = {name: table | {"failure_probability": 0.5} for name, table in PLANTS.items()}
        one, other = (started([population()], generators=plants, noise=0.1) for plants in (PLANTS, risky))
        for t in range(1, 4):
            one.law(Context(t), None, history([0, 0])), other.law(Context(t), None, history([0, 0]))
        np.testing.assert_array_equal(*(market.demand(Context(9), None, None) for market in (one, other)))

    @pytest.mark.parametrize("patterns", [1, 64])
    def test_has_a_law_with_equal_weights_on_every_deviation(self, patterns: int) -> None:
        market = started([population()], noise=0.3, patterns=patterns)
        law = market.law(Context(1), None, history([0, 0]))
        demand = market.demand(Context(1), None, history([0, 0]))
        levels = np.select([demand <= 10, demand <= 20, demand <= 25], [0.0, 0.3, 0.8], 1.0)
        np.testing.assert_array_equal(law.support, levels)
        np.testing.assert_array_equal(law.weights, np.full(patterns, 1 / patterns))
        assert patterns == 1 or len(np.unique(levels[:, 0])) > 1


def windows(agents: int = 10) -> omnisim.Population:
    """Identical buyers of one MWh, in the first or the second hour."""
    load = np.tile([[[1.0, 0.0], [0.0, 1.0]]], (agents, 1, 1))
    return omnisim.Population("buyers", -load, np.ones((agents, 2)), load=load)


def crowded(forecaster: Forecaster, rounds: int, agents: int = 10, rule=None, **arguments) -> omnisim.Trace:
    """The cheap generator can serve half of the buyers in either hour: 0.2 for those, 0.7 if all come at once."""
    plants = {"cheap": {"capacity": 100 + agents / 2, "cost": 0.2}, "dear": {"capacity": 100, "cost": 0.7}}
    told = {"generators": plants, "base_load": [100.0, 100.0], "noise": 0.0, "schedules": "expected", **arguments}
    scenario = omnisim.Scenario(
        populations=[windows(agents)],
        adversary=DemandResponse(**told),
        forecaster=forecaster,
        elimination=rule or elimination.BestResponse(),
        rounds=rounds,
    )
    return omnisim.simulate(scenario)


DETERMINISTIC = {
    "persistence": forecasters.Persistence,
    "climatology": forecasters.Climatology,
    "ridge autoregression": forecasters.RidgeAutoregression,
}
"""They commit to a single point, which all buyers follow into the same hour."""


class TestCrowding:
    @pytest.mark.parametrize("name", DETERMINISTIC)
    def test_every_single_prediction_defeats_itself(self, name: str) -> None:
        """Whatever the point, everybody comes in the hour it makes look cheaper, and pays 0.7 there.

        So an action loses 0.5 to the other one in every round it is played: the swap regret is exactly T / 2.
        """
        rounds = 64
        trace = crowded(DETERMINISTIC[name](), rounds)
        chosen = trace.actions["buyers"]
        assert (chosen == chosen[:, :1]).all()
        np.testing.assert_allclose(trace.outcomes[np.arange(rounds), chosen[:, 0]], 0.7)
        np.testing.assert_allclose(trace.outcomes[np.arange(rounds), 1 - chosen[:, 0]], 0.2)
        np.testing.assert_allclose(omnisim.analyze(trace).agents["swap_regret"], rounds / 2)

    @pytest.mark.long
    @pytest.mark.sampled
    def test_a_calibrated_forecast_spreads_the_buyers(self) -> None:
        horizons = 2 ** np.arange(6, 11 if Suite.long else 10)
        regrets, paid = [], []
        for rounds in horizons:
            trace = crowded(forecasters.DecisionCalibrated(), int(rounds))
            analysis = omnisim.analyze(trace)
            assert analysis.certificates["holds"].all()
            regrets.append(analysis.agents["swap_regret"].mean())
            paid.append(1 - analysis.agents["utility"].mean() / rounds)
        slope = np.polyfit(np.log(horizons), np.log(np.maximum(regrets, 1)), 1)[0]
        assert slope < 0.75  # 1 for all of the above
        assert regrets[-1] < horizons[-1] / 2 / 10
        assert paid[-1] < 0.5 < 0.7

    @pytest.mark.long
    def test_yesterdays_crowd_is_escaped_by_who_remembers_it(self) -> None:
        """With prices that follow from yesterday's schedules, the price of today is known to who knows what was done.

        Persistence predicts the price that followed from the day before yesterday, so its buyers move every second day
        and pay 0.7 and 0.2 in turn, as much as either hour costs on average: no regret, but nothing gained.
        """
        trace = crowded(forecasters.Persistence(), 400, schedules="yesterday")
        chosen = trace.actions["buyers"][4:, 0]
        np.testing.assert_array_equal(chosen[2:], 1 - chosen[:-2])
        agents = omnisim.analyze(trace).agents
        assert agents["utility"].mean() / 400 == pytest.approx(1 - (0.7 + 0.2) / 2, abs=0.01)
        assert agents["swap_regret"].max() <= 2

    def test_price_takers_meet_no_crowd(self) -> None:
        trace = crowded(forecasters.Persistence(), 30, customers=0.0)
        np.testing.assert_allclose(trace.outcomes, 0.2)


class TestTheGuarantees:
    """They hold against any law that depends on the past and the mixture: on every run, whatever comes of it."""

    @pytest.mark.one_in(6)
    @pytest.mark.parametrize("schedules", ["yesterday", "expected"])
    @pytest.mark.parametrize(
        "rule", [elimination.FirstViolation(), elimination.SubsequenceThreshold(), elimination.CumulativeThreshold()]
    )
    def test_certificates_hold(self, schedules: str, rule: elimination.Elimination) -> None:
        rng = np.random.default_rng(4)
        load = rng.random((6, 4, 3))
        limit = omnisim.LinearConstraint(load / 3, np.linspace(-0.9, 0.0, 4) * np.ones((6, 1)), name="bill")
        buyers = omnisim.Population("buyers", -load / 3, np.ones((6, 4)), [limit], load=load)
        plants = {
            name: table | {"failure_probability": 0.1, "repair_probability": 0.4} for name, table in PLANTS.items()
        }
        for forecaster in (forecasters.DecisionCalibrated(), forecasters.Climatology()):
            scenario = omnisim.Scenario(
                populations=[buyers, omnisim.Population("learners", -load / 3, np.ones((6, 4)), load=load)],
                adversary=DemandResponse(plants, base_load=[4.0, 9.0, 16.0], noise=0.1, schedules=schedules),
                forecaster=forecaster,
                elimination={"buyers": rule, "learners": learners.Hedge()},
                subsequences={"all": None, "even": np.arange(120) % 2 == 0},
                rounds=120,
            )
            trace = omnisim.simulate(scenario)
            analysis = omnisim.analyze(trace)
            assert len(analysis.certificates) > 3
            assert analysis.certificates["holds"].all()
            assert set(trace.outcomes.ravel()) == {0.0, 0.3, 0.8, 1.0}

    @pytest.mark.long
    def test_the_same_seed_gives_the_same_market(self) -> None:
        runs = [crowded(forecasters.DecisionCalibrated(), 40, noise=0.1) for _ in range(2)]
        np.testing.assert_array_equal(runs[0].outcomes, runs[1].outcomes)
        np.testing.assert_array_equal(runs[0].actions["buyers"], runs[1].actions["buyers"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"generators": {}}, "there are no generators"),
        ({"generators": None}, "there are no generators"),
        ({"generator_file": Path("x.csv")}, "takes generators or a generator_file, not both"),
        ({"generators": {"gas": {"capacity": -1}}}, "capacity of generator 'gas' is -1: it must be > 0 MWh"),
        (
            {"generators": {"gas": {"capacity": 1, "fuel": "gas", "heat_rate": 2}}},
            "generator 'gas' burns 'gas', which has no price in fuel_prices",
        ),
        ({"base_load": -1.0}, r"base_load of DemandResponse\[0\] is -1: every entry must lie in \[0, inf\]"),
        ({"base_load": [1.0, "x"]}, r"base_load\[1\] of DemandResponse must be a number.*, got 'x'"),
        ({"noise": -0.1}, "noise of DemandResponse must be >= 0, got -0.1"),
        ({"customers": float("nan")}, "customers of DemandResponse must be a finite number, got nan"),
        ({"base_share": 0.0}, "base_share of DemandResponse must be > 0, got 0.0"),
        ({"patterns": 0}, "patterns of DemandResponse must be >= 1, got 0"),
        ({"schedules": "tomorrow"}, "schedules of DemandResponse is 'tomorrow': it must be 'yesterday' or 'expected'"),
        ({"price_range": (1.0, 1.0)}, r"price_range of DemandResponse must be increasing, got \(1.0, 1.0\)"),
        (
            {"fuel_prices": {"gas": "dear"}},
            r"fuel_prices\['gas'\] of DemandResponse must be a number.*, got 'dear'",
        ),
        ({"outages": [{"generator": "sun", "first": 1}]}, "outage of 'sun': there is no such generator"),
        ({"fuel_steps": [{"fuel": "gas", "first": 1, "price": 2.0}]}, "fuel step of 'gas': there is no such fuel"),
    ],
)
def test_bad_parameters_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        DemandResponse(**{"generators": PLANTS, "base_load": 1.0, **arguments})


def test_what_does_not_fit_the_populations_is_refused() -> None:
    with pytest.raises(StrategyError, match="population 'p' has no load: DemandResponse adds the agents' schedules"):
        started([omnisim.Population("p", [[[0.5]]])])
    with pytest.raises(StrategyError, match="base_load of DemandResponse has 3 numbers: outcomes have 2 coordinates"):
        started([population()], base_load=[1.0, 2.0, 3.0])
    with pytest.raises(StrategyError, match="availability of generator 'sun' has 3 numbers: outcomes have 2"):
        started([population()], generators={"sun": {"capacity": 1, "availability": [0, 1, 0]}})
    with pytest.raises(StrategyError, match="DemandResponse has the dimension of its populations: start it with some"):
        _ = DemandResponse(PLANTS).dimension
    with pytest.raises(StrategyError, match="answers to the forecaster's mixture: it has no law without"):
        started([population()], schedules="expected").law(Context(0), None, None)


SCENARIO = """
rounds = 6
[market]
source = "synthetic"
low = 0.0
high = 200.0
[adversary]
kind = "demand_response"
base_load = 1.0
noise = 0.0
fuel_prices = { gas = 20.0 }
fuel_steps = [{ fuel = "gas", first = 3, price = 40.0 }]
GENERATORS
[forecaster]
kind = "persistence"
[populations.buyers]
kind = "energy_buyers"
agents = 2
"""

TABLES = """
[adversary.generators.gas]
capacity = 10.0
cost = 2.0
fuel = "gas"
heat_rate = 1.5
"""


class TestFromAFile:
    def write(self, folder: Path, generators: str, text: str = SCENARIO) -> Path:
        path = folder / "market.toml"
        path.write_text(text.replace("GENERATORS", generators), encoding="utf-8")
        return path

    def test_prices_are_on_the_scale_of_the_market(self, tmp_path: Path) -> None:
        trace = omnisim.simulate(omnisim.load_scenario(self.write(tmp_path, TABLES)))
        np.testing.assert_allclose(trace.outcomes[:, 0] * 200, [32.0, 32.0, 32.0, 62.0, 62.0, 62.0])

    def test_generators_can_come_from_a_csv_file(self, tmp_path: Path) -> None:
        (tmp_path / "plants.csv").write_text("name,capacity,cost,fuel,heat_rate\ngas,10,2,gas,1.5\n", encoding="utf-8")
        by_file = omnisim.load_scenario(self.write(tmp_path, 'generator_file = "plants.csv"'))
        by_table = omnisim.load_scenario(self.write(tmp_path, TABLES))
        np.testing.assert_array_equal(omnisim.simulate(by_file).outcomes, omnisim.simulate(by_table).outcomes)

    def test_a_generator_can_be_changed_from_the_command_line(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, TABLES)
        scenario = omnisim.load_scenario(path, {"adversary.generators.gas.cost": 12.0})
        assert omnisim.simulate(scenario).outcomes[0, 0] * 200 == pytest.approx(42.0)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (("capacity = 10.0", "capacity = -10.0"), "market.toml: adversary: capacity of generator 'gas' is -10.0"),
            (("capacity = 10.0", "capacity = true"), "market.toml: adversary.generators.gas.capacity: must be"),
            (("capacity", "capasity"), "market.toml: adversary: generator 'gas' has an unknown key 'capasity'"),
            (("first = 3", "first = 3.5"), "market.toml: adversary: first of the fuel step of 'gas' is 3.5"),
            (("base_load = 1.0", "price_range = [0.0, 1.0]"), "market.toml: adversary.price_range: unknown key"),
            ((TABLES, ""), "market.toml: adversary: there are no generators"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, change: tuple[str, str], message: str) -> None:
        text = SCENARIO.replace("GENERATORS", TABLES).replace(*change)
        with pytest.raises(omnisim.OmnisimError) as caught:
            omnisim.load_scenario(self.write(tmp_path, "", text))
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_the_base_load_can_be_a_column_and_shocks_can_be_dated(self, tmp_path: Path) -> None:
        """Half of a load of 1000 to 1099 MWh, gas for 510 of them; the fuel is dearer from the fourth day on."""
        write_prices(tmp_path / "prices.csv", prices())
        shocks = TABLES.replace("10.0", "510.0") + "[adversary.generators.oil]\ncapacity = 900.0\ncost = 150.0\n"
        market = """source = "file"\npath = "prices.csv"\nfeatures = ["load"]"""
        text = SCENARIO.replace('source = "synthetic"', market).replace("base_load = 1.0", 'base_load = "load"')
        text = text.replace("first = 3", "first = 2021-01-04").replace("noise = 0.0", "noise = 0.0\nbase_share = 0.5")
        trace = omnisim.simulate(omnisim.load_scenario(self.write(tmp_path, shocks, text)))
        hours = np.arange(6 * 24).reshape(6, 24)
        # The two agents draw less than a MWh, so hours with a base load of 510 on the spot are left out.
        base = 0.5 * (1000 + hours % 100)
        clear = np.abs(base - 510) > 1
        expected = np.where(base > 510, 150.0, np.where(hours < 72, 32.0, 62.0))
        np.testing.assert_allclose((200 * trace.outcomes)[clear], expected[clear])
