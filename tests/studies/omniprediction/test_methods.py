"""The pieces of the omniprediction studies: methods on a sample, pools of rows, and judgement by intervals."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from finite_laws import SIMULATED_CHANCE, SIMULATED_MASS, SIMULATED_X, FiniteLaw

from omnisim.batch import best_single, direct_ensemble, empirical_minimizers, finite_minimizers, two_player
from omnisim.statistics.intervals import Interval
from omnisim.statistics.paired import Difference, over_seeds
from omnisim.studies.omniprediction import findings as judging
from omnisim.studies.omniprediction import finite_class
from omnisim.studies.omniprediction.finite_class import BASE_POINTS, ERROR, Pools, by_threshold, experiment
from omnisim.studies.omniprediction.methods import CALMA, CHOSEN, CONSTANTS, DIRECT, RULES, SINGLE, TWO_PLAYER
from omnisim.studies.omniprediction.simulated import cases as simulated
from omnisim.studies.omniprediction.simulated.findings import findings as simulated_findings
from omnisim.studies.omniprediction.simulated.page import _problem_chart


def test_the_law_is_the_papers() -> None:
    np.testing.assert_array_equal(simulated.SUPPORT, SIMULATED_X)
    np.testing.assert_array_equal(simulated.MASS, SIMULATED_MASS)
    np.testing.assert_array_equal(simulated.CHANCE, SIMULATED_CHANCE)


def test_samples_follow_the_law() -> None:
    """Any of 6 shares of 40,000 draws (of 4,000 at least, given x) off by 0.06: chance < 12 exp(-28.8) (Hoeffding)."""
    x, y = simulated.draw(40_000, np.random.default_rng(1))
    for place, mass, chance in zip(SIMULATED_X, SIMULATED_MASS, SIMULATED_CHANCE, strict=True):
        assert (x == place).mean() == pytest.approx(mass, abs=0.06)
        assert y[x == place].mean() == pytest.approx(chance, abs=0.06)


def test_population_errors_are_exact() -> None:
    """Against a loop over places, outcomes and levels."""
    case = simulated.Case("m = 16", 60, 2, 5)
    rows = pd.DataFrame(simulated.measure(case)).set_index(["method", "c"])
    base_x, base_y = simulated.draw(500, np.random.default_rng([5, 2, 0]))
    x, y = simulated.draw(60, np.random.default_rng([5, 2, 2]))
    base = empirical_minimizers(base_x, base_y, 16)
    truth = FiniteLaw(SIMULATED_MASS, SIMULATED_CHANCE, base.exceeds(SIMULATED_X))
    for method, c, fit in ((TWO_PLAYER, 8.0, two_player), (DIRECT, 0.0, direct_ensemble)):
        law = fit(base.exceeds(x), y, c).mixture(base.exceeds(SIMULATED_X))
        assert rows.loc[(method, c), simulated.EXACT] == pytest.approx(truth.excess(law).max(), abs=1e-12)


def test_the_estimate_is_near_the_population_error() -> None:
    """Each of 16 means of 2,000 excess losses in [-1, 1] is off by 0.15 with chance < 2 exp(-22) (Hoeffding)."""
    rows = pd.DataFrame(simulated.measure(simulated.Case("m = 16", 100, 0, 1)))
    assert (rows[simulated.EXACT] - rows[simulated.ESTIMATE]).abs().max() < 0.15
    assert (rows[simulated.EXACT] != rows[simulated.ESTIMATE]).any()


def test_rules_for_m() -> None:
    assert [RULES["m grows with n"](n) for n in (25, 100, 400, 3200)] == [4, 8, 16, 32]
    assert {RULES["m = 16"](n) for n in (25, 3200)} == {16}
    assert all(CHOSEN[method] in values for method, values in CONSTANTS.items())


@pytest.fixture(scope="module")
def pools() -> Pools:
    rng = np.random.default_rng(6)
    chance = rng.random(2600)
    columns = np.clip(chance[:, None] + rng.normal(scale=[0.05, 0.3, 0.4], size=(2600, 3)), 0, 1)
    y = (rng.random(2600) < chance).astype(float)
    return Pools(columns, y, np.arange(1800), np.arange(1800), np.arange(1800, 2600))


def test_no_row_of_the_base_predictors_is_one_of_the_methods(pools: Pools) -> None:
    base, train, judged = finite_class._drawn(pools, 900, np.random.default_rng(2))
    assert (len(set(base)), len(set(train)), len(set(base) & set(train))) == (BASE_POINTS, 900, 0)
    assert {*base, *train} <= set(range(1800))
    np.testing.assert_array_equal(judged, np.arange(1800, 2600))


def test_the_least_error_of_another_constant_is_told() -> None:
    """Of direct ensembling: more than at c = 0 by 0.02 and 0.05 at n = 100, and by as many times more at larger n."""
    more = {0.0: 0.0, 0.1: 0.02, 0.25: 0.05}
    rows = [
        {"rule": "m = 16", "n": n, "method": method, "c": c, "draw": draw, "chosen": c == 0.0}
        | {simulated.EXACT: 0.1 * k + more[c] * n / 100 + draw / 1000}
        for k, method in enumerate((DIRECT, TWO_PLAYER, CALMA))
        for c in (more if method == DIRECT else (0.0,))
        for n in (100, 200, 400)
        for draw in range(3)
    ]
    constant = [
        each for each in simulated_findings(pd.DataFrame(rows)) if each.subject.startswith("Constant of direct")
    ]
    assert [each.measured for each in constant] == [
        "error at another c less error at c = 0, of all n and c: least 0.02 [–, –] at n = 100."
    ]


def test_the_base_predictors_of_the_figure_turn_from_no_to_yes() -> None:
    drawing = _problem_chart().variants[""]
    turns = 0
    for panel in drawing.panels:
        answers = np.asarray(panel.curves[0].y)
        turns += sum(after > before for before, after in pairwise(answers.tolist()))
    assert f"turn from no to yes {turns} times" in drawing.alt
    assert turns > 0


def test_one_draw_by_hand(pools: Pools) -> None:
    rows = pd.DataFrame(experiment(pools, (50, 200), [4, 1])).set_index(["rule", "n", "method", "c"])
    rng = np.random.default_rng([4, 1])
    base = rng.permutation(pools.base)[:BASE_POINTS]
    rest = np.array(sorted(set(range(1800)) - set(base.tolist())))
    train = rng.permutation(rest)[:200][:50]
    chosen = finite_minimizers(pools.columns[base], pools.y[base], 4)
    high, judged = chosen.exceeds(pools.columns[train]), chosen.exceeds(pools.columns[pools.judged])
    y = pools.y[pools.judged]
    thetas = (np.arange(4) + 0.5) / 4

    def error(exceeds: np.ndarray) -> float:
        return ((thetas - y[:, None]) * (exceeds.astype(float) - judged)).mean(axis=0).max()

    law = two_player(high, pools.y[train], 32.0).mixture(judged)
    exceeds = np.stack([law[:, i + 1 :].sum(axis=1) for i in range(4)], axis=1)
    assert rows.loc[("m grows with n", 50, TWO_PLAYER, 32.0), ERROR] == pytest.approx(error(exceeds))
    single = best_single(pools.columns[train], high, pools.y[train])
    own = pools.columns[pools.judged][:, [single.index]] > thetas
    found = rows.xs(("m grows with n", 50, SINGLE), level=("rule", "n", "method"))[ERROR]
    assert found.tolist() == pytest.approx([error(own)])


def test_the_largest_excess_over_thresholds_is_the_error(pools: Pools) -> None:
    rows = pd.DataFrame(experiment(pools, (300,), [7]))
    error = rows[(rows["rule"] == "m = 16") & rows["chosen"]].set_index("method")[ERROR]
    each = pd.DataFrame(by_threshold(pools, 300, 16, [7]))
    pd.testing.assert_series_equal(each.groupby("method")["excess"].max().sort_index(), error.sort_index(),
                                   check_names=False)  # fmt: skip
    assert each["threshold"].nunique() == 16


def _rows(n: int, errors: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"n": n, "draw": range(len(errors)), "e": errors})


def test_paired_differences_are_judged_together() -> None:
    """Of two pairs at two sizes, by hand: draws are matched by name, and a missing one is left out."""
    rng = np.random.default_rng(3)
    errors = rng.normal(size=(3, 30, 2))
    made = [
        pd.concat([_rows(n, part[:, i].tolist()) for i, n in enumerate((25, 50))]).sample(frac=1, random_state=0)
        for part in errors
    ]
    made[2] = made[2][made[2]["draw"] > 4]
    found = judging.differences([(made[0], made[1]), (made[0], made[2])], "e")
    expected = np.concatenate([errors[1] - errors[0], errors[2] - errors[0]], axis=1)
    expected[:5, 2:] = np.nan
    for (n, each), (size, direct) in zip(
        [item for part in found for item in part], zip((25, 50, 25, 50), over_seeds(expected), strict=True), strict=True
    ):
        assert n == size
        for name in ("mean", "low", "high"):
            assert getattr(each, name) == pytest.approx(getattr(direct, name), abs=1e-12)
            assert getattr(each.alone, name) == pytest.approx(getattr(direct.alone, name), abs=1e-12)
    assert found[0][0][1].mean == pytest.approx((errors[1] - errors[0])[:, 0].mean())


@pytest.mark.parametrize("largest", [50, 100])
def test_ensembles_are_held_against_the_best_single_model_on_the_largest_sample(largest: int) -> None:
    """They are worse by 1 on smaller samples and better by 2 on the largest; all draws of a method differ alike."""
    rng = np.random.default_rng(4)
    noise = rng.normal(size=8)
    rows = pd.DataFrame(
        {
            "rule": "m = 10",
            "n": n,
            "method": method,
            "chosen": True,
            "draw": draw,
            "e": noise[draw] + 0.01 * rng.normal(),
        }
        | ({} if method != SINGLE else {"e": noise[draw] + 0.01 * rng.normal() + (2.0 if n == largest else -1.0)})
        for n in (25, 50, 100)
        if n <= largest
        for method in (CALMA, TWO_PLAYER, DIRECT, SINGLE)
        for draw in range(8)
    )
    found = [each for each in judging.ensemble_findings(rows, "e") if each.subject.startswith("Ensembles and single")]
    assert [each.holds for each in found] == [True, True]
    for each, method in zip(found, (TWO_PLAYER, DIRECT), strict=True):
        assert each.measured.startswith(f"best single less {method}: 2")
        assert each.measured.endswith(f"at n = {largest}.")


def test_the_words_are_of_the_ends_and_the_lowest() -> None:
    def difference(mean: float) -> Difference:
        return Difference(mean, mean - 0.1, mean + 0.1, Interval(mean, mean - 0.05, mean + 0.05), "seeds")

    few = [(n, difference(n / 10)) for n in (1, 2)]
    assert judging.told(few) == "0.1 [0, 0.2] at n = 1 and 0.2 [0.1, 0.3] at n = 2"
    many = [(n, difference(-1.0 if n == 3 else n / 10)) for n in range(1, 6)]
    assert (
        judging.told(many) == "from 0.1 [0, 0.2] at n = 1 to 0.5 [0.4, 0.6] at n = 5; lowest −1 [−1.1, −0.9] at n = 3"
    )
    # The one whose interval reaches lowest is neither of the least mean nor of the least upper end.
    wide = Difference(0.3, -0.5, 1.1, Interval(0.3, 0.0, 0.6), "seeds")
    told = judging.told([*many[:1], (3, wide), (4, difference(0.0)), *many[3:]])
    assert told.endswith("lowest 0.3 [−0.5, 1.1] at n = 3")
    assert (judging.above(few[1:]), judging.above(many)) == (True, False)
    assert judging.above(few) is None  # 0 is an end of the first


@pytest.mark.parametrize(("at_a_hundred", "holds"), [(0.5, True), (-0.5, False)])
def test_samples_of_a_hundred_are_small_and_larger_ones_are_not(at_a_hundred: float, holds: bool) -> None:
    """Two-player is better at 50, so much better at 100, and worse at 200, in each of five draws."""
    gains = {50: 0.5, 100: at_a_hundred, 200: -0.5}
    draws = [(n, draw) for n in gains for draw in range(5)]
    part = {
        TWO_PLAYER: pd.DataFrame([{"n": n, "draw": draw, "e": 1 + draw / 100} for n, draw in draws]),
        DIRECT: pd.DataFrame([{"n": n, "draw": draw, "e": 1 + draw / 50 + gains[n]} for n, draw in draws]),
        CALMA: pd.DataFrame([{"n": n, "draw": draw, "e": 9 + draw / 30} for n, draw in draws]),
    }
    *calma, small = judging.paper_findings(part, "e", "here")
    assert [finding.holds for finding in calma] == [True, True]
    assert (small.holds, "at n = 200" in small.measured) == (holds, False)
