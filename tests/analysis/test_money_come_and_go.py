"""Money of agents that come and go, have money of their own and prices beyond the range: by loops over the record."""

import math
from fractions import Fraction

import numpy as np
import pytest

import omnisim
from omnisim.analysis import sums
from omnisim.problem.churn import Churn

T = 12


@pytest.fixture(scope="module")
def trace() -> omnisim.Trace:
    rng = np.random.default_rng(1)
    prices = rng.uniform(0.05, 0.95, (T, 2))
    prices[3::4, 0] = 1.4  # one coordinate only

    def agents(name: str, count: int, scale: float) -> omnisim.Population:
        return omnisim.Population(
            name, rng.uniform(-0.25, 0.25, (count, 3, 2)), np.full((count, 3), 0.5),
            money=omnisim.Money(scale * rng.uniform(1, 9, count), rng.uniform(-5, 5, count), "EUR"),
            weights=rng.uniform(1, 9, count),
        )  # fmt: skip

    return omnisim.simulate(
        omnisim.Scenario(
            populations=[agents("many", 70, 1.0), agents("few", 3, 0.01)],
            adversary=omnisim.adversaries.Replay(prices.clip(0, 1), unclipped=prices),
            forecaster=omnisim.forecasters.Climatology(),
            subsequences={"all": None, "late even": (np.arange(T) % 2 == 0) | (np.arange(T) == 11)},
            churn={"many": Churn(join=0.4, leave=0.3), "few": Churn(join=0.4, leave=0.3)},
        )
    )


def by_hand(trace: omnisim.Trace, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Money (3, T, N) played, with persistence and with foresight; and (T, N) what clipping cost."""
    record = trace.records[name]
    population, money = record.population, record.population.money
    told = np.concatenate([np.full((1, 2), 0.5), trace.outcomes[:-1]])
    found, lost = np.zeros((3, T, population.agents)), np.zeros((T, population.agents))
    for t, n in zip(*np.nonzero(record.actions >= 0), strict=True):
        score = [population.utility[n] @ y + population.offset[n] for y in (told[t], trace.true_outcomes[t])]
        for kind, a in enumerate((record.actions[t, n], score[0].argmax(), score[1].argmax())):
            found[kind, t, n] = score[1][a] * money.scale[n] + money.offset[n]
        cut = population.utility[n, record.actions[t, n]] @ (trace.outcomes[t] - trace.true_outcomes[t])
        lost[t, n] = cut * money.scale[n]
    return found, lost


@pytest.mark.parametrize("block", [1, 60, 1 << 18])
def test_money_of_agents_that_come_and_go(block: int, trace: omnisim.Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_BLOCK", block)
    analysis, shares = omnisim.analyze(trace), []
    for name, record in trace.records.items():
        assert record.present is not None
        assert not record.present.all()
        (money, lost), found = by_hand(trace, name), analysis.worth[name]
        np.testing.assert_array_equal(found.weights, record.population.weights)
        np.testing.assert_allclose(found.by_round, money @ record.population.weights, atol=1e-9)
        np.testing.assert_allclose(found.whole_run, money.sum(axis=1), atol=1e-9)
        table = analysis.agents[analysis.agents["population"] == name]
        value = analysis.value[analysis.value["population"] == name]
        some = np.array([2, 1])
        picked = found.table(trace.subsequences, some)
        assert picked["agent"].tolist() == [2, 2, 1, 1]
        for k, subsequence in enumerate(trace.subsequences):
            member = trace.active[:, k]
            mine = table[table["subsequence"] == subsequence]
            assert mine["rounds"].tolist() == record.present[member].sum(axis=0).tolist()
            np.testing.assert_allclose(mine["money"], money[0, member].sum(axis=0), atol=1e-9)
            np.testing.assert_allclose(mine["money_clipped"], (money[0] + lost)[member].sum(axis=0), atol=1e-9)
            gain = (money[0] - money[1])[member].sum(axis=0)
            np.testing.assert_allclose(value[value["subsequence"] == subsequence]["gain"], gain, atol=1e-9)
            np.testing.assert_allclose(picked[picked["subsequence"] == subsequence]["gain"], gain[some], atol=1e-9)
            grown = analysis.growth(name, subsequence, T)
            for (round_,), rows in grown.groupby(["round"]):
                so_far = money[0][member & (np.arange(T) <= round_)].sum(axis=0)
                np.testing.assert_allclose(rows["money"], so_far, atol=1e-9)
            last = grown[grown["round"] == grown["round"].max()]
            for column in ("utility", "external_regret", "swap_regret", "ccv", "ccv_positive", "money"):
                np.testing.assert_allclose(last[column], mine[column], atol=1e-9)
        shares.append(np.abs(lost.sum(axis=0)).sum() / np.abs(money[0].sum(axis=0)).sum())
    assert shares[0] != pytest.approx(shares[1])
    assert analysis.clipping.money == pytest.approx(max(shares))


@pytest.mark.parametrize("others", [0, 2])
def test_agents_that_earn_nothing_lose_nothing_by_clipping(others: int) -> None:
    """An idle population beside one whose share is a hand count: it earns 3 (0.2 + 1.4), of which 3 x 0.4 was cut."""
    prices = np.array([[0.2], [1.4]])
    populations = [omnisim.Population("idle", np.zeros((3, 2, 1)))]
    if others:
        money = omnisim.Money(np.full(others, 3.0), np.zeros(others), "EUR")
        populations.append(omnisim.Population("sellers", np.ones((others, 1, 1)), money=money))
    scenario = omnisim.Scenario(
        populations=populations,
        adversary=omnisim.adversaries.Replay(prices.clip(0, 1), unclipped=prices),
        forecaster=omnisim.forecasters.Climatology(),
    )
    found = omnisim.analyze(omnisim.simulate(scenario)).clipping
    assert found.money == pytest.approx(0.4 / 1.6 if others else 0.0)
    assert found.prices.share == pytest.approx(0.4 / 1.6)


def test_what_clipping_changes_of_nothing_is_no_share() -> None:
    """A seller at the prices -1 and 1 earns 0 in all, and 1 if -1 were 0; others lose a quarter, 0.4 of 1.6."""
    prices = np.array([[-1.0, 0.2], [1.0, 1.4]])
    of_first, of_second = (
        omnisim.Population(name, [[slope]]) for name, slope in (("a", [1.0, 0.0]), ("b", [0.0, 1.0]))
    )
    for populations, money in (([of_first], np.nan), ([of_second], 0.25), ([of_first, of_second], np.nan)):
        scenario = omnisim.Scenario(
            populations=populations,
            adversary=omnisim.adversaries.Replay(prices.clip(0, 1), unclipped=prices),
            forecaster=omnisim.forecasters.Climatology(),
        )
        found = omnisim.analyze(omnisim.simulate(scenario)).clipping
        assert found.money == pytest.approx(money, nan_ok=True)
        assert found.share == pytest.approx(1.4 / 3.6)  # of the prices


def test_bias_is_over_answers_of_agents_that_were_there() -> None:
    """Late and lost messages, default actions, and agents that come and go."""
    rng = np.random.default_rng(2)
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("homes", rng.uniform(0, 0.5, (4, 3, 2)))],
            adversary=omnisim.adversaries.Replay(rng.random((30, 2))),
            forecaster=omnisim.forecasters.Climatology(),
            churn={"homes": Churn(join=0.4, leave=0.3)},
            network=omnisim.network.Network(
                channels=[omnisim.network.Channel(delay=omnisim.network.Exponential(0.7), loss=0.3)], max_age=1
            ),
            default_actions={"homes": 2},
        )
    )
    record, told = trace.records["homes"], trace.acted_on("homes")
    assert record.defaulted is not None
    assert record.defaulted.any()
    assert (record.actions[~record.defaulted] < 0).any()
    found = omnisim.analyze(trace).measures["homes"].bias[0]
    for n, a in np.ndindex(4, 3):
        answers = (record.actions[:, n] == a) & ~record.defaulted
        expected = np.abs((told - trace.outcomes)[answers].sum(axis=0)).max()
        assert found[n, a] == pytest.approx(expected, abs=1e-12)


def test_scores_are_not_taken_over_from_before_a_fallback() -> None:
    """On odd rounds there are two candidates, on later even ones nothing is left but what was played."""
    population = omnisim.Population(
        "one", [[[1.0], [0.0]]], [[0.0, 0.5]], [omnisim.LinearConstraint([[[0.5], [0.5]]], [[-0.25, -0.25]])]
    )
    even = np.arange(8) % 2 == 0
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Replay([[0.9], [0.1]] * 4),
            forecaster=omnisim.forecasters.Climatology(),
            elimination=omnisim.elimination.SubsequenceFirstViolation(),
            subsequences={"even": even, "odd": ~even},
        )
    )
    assert trace.fallback["one"][2::2].all()
    assert not trace.fallback["one"][1::2].any()
    assert omnisim.analyze(trace).worth["one"].by_agent[1:, 1, 0].tolist() == pytest.approx([0.4, 2.0])


@pytest.mark.parametrize(("rounds", "points"), [(12, 10), (14, 12), (24, 10), (104, 40), (7, 40), (365, 60), (1, 1)])
def test_growth_is_measured_after_even_shares_of_the_rounds(rounds: int, points: int) -> None:
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("one", [[[1.0], [0.0]]])],
            adversary=omnisim.adversaries.Replay(np.linspace(0, 1, rounds)[:, None]),
            forecaster=omnisim.forecasters.Climatology(),
        )
    )
    found = omnisim.analyze(trace).growth("one", "all", points)["rounds"].tolist()
    assert found == sorted({math.ceil(Fraction(rounds * k, points)) for k in range(1, points + 1)})
