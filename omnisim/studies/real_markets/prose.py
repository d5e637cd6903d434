"""The text of the study's page."""

from omnisim.statistics.resampling import RESAMPLES
from omnisim.studies.real_markets.findings import UNIT
from omnisim.studies.real_markets.setting import (
    FEWEST_MEMBERS,
    HIGH,
    HIGH_QUANTILE,
    LOW,
    PAST_DAYS,
    SPIKE,
    STORM,
    STRESS,
    WINDOW,
)

TITLE = "A guarantee on real markets"

SUMMARY = f"""Earnings and costs of a decision-calibrated forecast on real electricity prices: forecasts that others
published and simple ones, each as it is and as a base of DecisionCalibrated, for energy buyers, factories and operators
who choose a daily schedule. Money is at the prices that were paid. The unit of most numbers is per cent {UNIT}: money
at the true prices, each agent in its own scale, so that a factory counts no more than a household."""

EMBEDDED_ONLY = """No data were given, so this is the market that the package ships, without published forecasts; its
bases are the simple ones."""

LEADERBOARD = f"""Agents follow Algorithm 3. The first {PAST_DAYS} days of a market are not played: forecasters may
learn from them, and the scale is read off them. “calibrated: x” is DecisionCalibrated with the base x alone, in its
default configuration; “calibrated: all” has every forecast that can be chosen as a base, as have Selection and
Combination. Money is what an agent earns more in a year than on climatology, by population: factories are much larger
than the others, and a mean over all agents is mostly theirs. Perfect foresight knows the prices up to the ends of the
scale.

Intervals allow for other agents of the same kinds and for other days of the market, as in every comparison:
{RESAMPLES:,} resamples of population seeds, and of days in blocks of at least a week. A finding is judged by intervals
that hold for all comparisons of its market together."""

REGRET = f"""Regret is utility at prices inside the scale, which is what theory bounds; it cannot be
resampled by days, so that it leads to no verdict. Swap regret compares an agent
with the best it could have done by replacing each schedule it played with another one that never violated a constraint
on the days of the subsequence. Every subsequence is known when a day begins: calendar, forecasts published before, and
yesterday’s prices. High means at least the {HIGH_QUANTILE:.0%} quantile of the {WINDOW} days before; the wind forecast
of DE includes solar power. A subsequence of fewer than {FEWEST_MEMBERS} days is left out."""

AGENTS = """The same agents on the same days with two forecasts. An average hides who pays: each strip is the
distribution over all agents of a kind and all population seeds."""

CHANGED = f"""A market changes its behaviour on days with negative prices or spikes. Which days those will be is known
only afterwards, and the theory asks for subsequences that are known when a day begins. So these are the days after: a
day with an hour below 0, or with a highest price above {SPIKE:g} times the median highest price of the {WINDOW} days
before it. “February 2021” is the date window {STORM[0]} to {STORM[1]} of the winter storm in Texas: a calendar
subsequence, but chosen with hindsight; its prices near 9,000 USD/MWh count as what they were, but for regret, where
they are the highest price of the scale."""

SCALE = f"""Prices become outcomes in [0, 1]. An ordinary price p is the median of the first {PAST_DAYS} days; the scale
runs from {LOW:g} p to {HIGH:g} p, and hours above {STRESS:g} p are stressed, which is when buyers and factories are
limited. ERCOT’s prices tripled after January 2021, so it has the fixed scale of the scenario ercot_day_ahead. Prices
beyond the scale are clipped for what the theory measures, utility and regret; money, and the distances in per cent made
of it, are at the true prices."""

PUBLISHED = """The published forecasts are day-ahead forecasts that existed before the prices did. Those that
epftoolbox distributes are by Lago, Marcjasz, De Schutter and Weron (Applied Energy 293, 2021, 116983): four deep neural
networks and four LASSO regressions that differ in their training, and the mean of each kind."""

COST = """A round of DecisionCalibrated first evaluates what it would like to broadcast: one evaluation if that is
within the tolerance. Otherwise it tries the bases and then solves the minimax step, which takes more."""
