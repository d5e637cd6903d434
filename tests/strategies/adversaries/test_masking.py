"""Why Algorithm 4 is needed: on Masking, one copy of Algorithm 2 per subsequence lets the violation grow linearly."""

import numpy as np
import pytest
from examples import Suite

import omnisim
from omnisim.adversaries import Masking
from omnisim.elimination import PerSubsequenceThreshold, SubsequenceThreshold
from omnisim.strategies.elimination.base import Elimination

HORIZONS = (128, 512, 2048) if Suite.long else (128, 512)


def run(rule: Elimination, rounds: int, period: int = 2, agents: int = 1, order: int = 1) -> omnisim.Trace:
    masking = Masking(period)
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[masking.population(agents=agents)],
            adversary=masking,
            forecaster=omnisim.forecasters.Climatology(),
            elimination=rule,
            subsequences=dict(list(masking.subsequences(rounds).items())[::order]),
            rounds=rounds,
        )
    )


def violation(trace: omnisim.Trace) -> float:
    return float(omnisim.analyze(trace).agents.query("subsequence == 'tight'")["ccv"].max())


def gamma(length: int, sums: int, delta: float = 0.05) -> float:
    return float(np.sqrt(2 * length * np.log(sums / delta)))


@pytest.mark.one_in(4)
@pytest.mark.sampled
@pytest.mark.parametrize(("period", "order"), [(2, 1), (2, -1), (3, 1)])
def test_violation_grows_linearly_without_attribution_and_not_with_it(period: int, order: int) -> None:
    rows = []
    for rounds in HORIZONS:
        tight = rounds // period
        flawed = run(PerSubsequenceThreshold(), rounds, period, order=order)
        sound = run(SubsequenceThreshold(), rounds, period, order=order)
        # N |A| J L^2 = 1 * 2 * 1 * 4 and L |A| = 4.
        bound = 4 * (1 + gamma(tight, 8))
        rows.append((rounds, violation(flawed), violation(sound), round(bound, 1)))
        assert violation(flawed) == tight
        assert violation(sound) <= bound
    print("T, per-subsequence Algorithm 2, Algorithm 4, its bound:", *rows, sep="\n  ")  # noqa: T201
    slope = np.polyfit(np.log([r[0] for r in rows]), np.log([r[2] for r in rows]), 1)[0]
    assert slope < 0.6
    assert rows[-1][2] < rows[-1][1] / 2


@pytest.mark.long
def test_how_slack_hides_the_violation() -> None:
    flawed, sound = run(PerSubsequenceThreshold(), 2048), run(SubsequenceThreshold(), 2048)
    bold = flawed.eliminated_at["agents"][0, 0]
    all_rounds, tight = bold
    assert (all_rounds, tight < 2048) == (2048, True)
    assert (flawed.actions["agents"] == 0).all()
    assert (sound.eliminated_at["agents"][0, 0] < 2048).all()
    assert (sound.eliminated_at["agents"][0, 1] == 2048).all()
    assert not sound.fallback["agents"].any()


def test_every_agent_has_a_safe_action() -> None:
    trace = run(SubsequenceThreshold(), 512, agents=3)
    population = Masking().population(agents=3)
    assert (population.constraints[0].costs(trace.outcomes)[:, :, 1] == 0).all()
    assert trace.actions["agents"].shape == (512, 3)


def test_a_period_without_slack_is_refused() -> None:
    with pytest.raises(omnisim.OmnisimError, match="period of Masking must be >= 2, got 1"):
        Masking(period=1)
