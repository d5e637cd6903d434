"""Schedules: what every customer drew in every period, and what that brought in.

.. code-block:: text

    population, customer   names; a customer is "<population>/<name>", or its number where it has none, whatever
                           presence interval of it is meant where agents come and go
    time                   when the period begins, on the market's clock, which shows 24 hours every day; null where the
                           rounds have no dates
    round, period          both from 0
    action                 the name of the schedule
    MW, MWh                power and energy drawn in the period, negative when feeding in
    EUR (USD, ...)         what the energy brought in at the market's price of the period: -MWh times price, so that
                           what was bought is negative. The day's money of who pays that price is the sum over its
                           periods and the value of the service
    EUR by contract        what it brought in under the customer's contract: the price of the contract, fees, and what
                           is paid at signals. The day's money is the sum over its periods, the value of the service,
                           and the charge on the largest load. Null where a population says nothing about money

Prices are the true ones, before anything is clipped. Agents that were not there have no rows; nor have populations
whose actions are no schedules.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.analysis.units import market_of
from omnisim.arrays import DateArray, FloatArray, IntArray
from omnisim.errors import TraceError
from omnisim.problem.blocks import Block
from omnisim.problem.money import UTILITY
from omnisim.problem.population import Population
from omnisim.trace import Trace

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 500_000
"""Rows that are in memory at a time, unless one customer's day has more periods than that."""

_MINUTES = 1440


def schedule_tables(trace: Trace, most_rows: int = MOST_ROWS) -> "Iterator[pa.Table]":
    """The schedules of a run, in tables of at most ``most_rows`` rows: by population, then round, customer and period.

    Raises
    ------
    TraceError
        If no action of any population is a schedule.
    """
    names = [name for name, record in trace.records.items() if record.population.load is not None]
    if not names:
        raise TraceError(
            f"no population of this run has schedules ({', '.join(trace.records)}): those of a market do, and others "
            "whose Population is given its load"
        )
    currency = str(market_of(trace).get("currency", trace.records[names[0]].population.money.currency))
    for name in names:
        record = trace.records[name]
        population, customers = record.population, customer_names(trace.about, record.population)
        assert population.load is not None  # noqa: S101 (those without are not among the names)
        periods = population.load.shape[2]
        days = max(1, most_rows // (population.agents * periods))
        agents = max(1, min(population.agents, most_rows // periods))
        for start in range(0, trace.rounds, days):
            rounds = np.arange(start, min(start + days, trace.rounds))
            for first in range(0, population.agents, agents):
                some = np.arange(first, min(first + agents, population.agents))
                actions = record.actions[rounds[:, None], some]
                dates = None if trace.dates is None else trace.dates[rounds]
                yield schedules(
                    population, actions, some, customers, rounds, dates, trace.true_outcomes[rounds], trace.blocks,
                    currency=currency,
                )  # fmt: skip


def customer_names(about: Mapping[str, Any], population: Population) -> list[str]:
    """Name of each row of a population; where agents come and go, a customer has a row per interval of presence."""
    rows = range(population.agents)
    if population.agent_names is not None:
        return [f"{population.name}/{population.agent_name(row)}" for row in rows]
    return [f"{population.name}/{number}" for number in about.get("spells", {}).get(population.name, rows)]


def schedules(
    population: Population,
    actions: IntArray,
    agents: IntArray,
    customers: Sequence[str],
    rounds: IntArray,
    dates: DateArray | None,
    outcomes: FloatArray,
    blocks: Sequence[Block],
    *,
    currency: str,
) -> "pa.Table":
    """The schedules of some agents in some rounds.

    Parameters
    ----------
    population
        With a load.
    actions : (R, n)
        What they played; -1 where one was not there.
    agents : (n,)
        Their indices in the population.
    customers
        N names, see :func:`customer_names`.
    rounds, dates : (R,)
    outcomes : (R, d)
        At which the energy is paid; before they are clipped.
    blocks
        What their coordinates stand for: prices in ``currency`` per MWh first.
    """
    import pyarrow as pa

    assert population.load is not None  # noqa: S101 (callers have asked; this tells the type checker)
    periods = population.load.shape[2]
    r, i = np.nonzero(actions >= 0)
    played, who = actions[r, i], agents[i]
    energy = population.load[who, played]
    several = np.repeat(np.arange(len(r)), periods)
    period = np.tile(np.arange(periods), len(r))
    begins = pa.nulls(len(several), pa.timestamp("s"))
    if dates is not None:
        minutes = (period * _MINUTES // periods).astype("timedelta64[m]")
        begins = pa.array((dates[r][several].astype("datetime64[m]") + minutes).astype("datetime64[s]"))
    ids, of_row = np.unique(np.array(customers, dtype=object), return_inverse=True)
    return pa.table(
        {
            "population": _words(np.zeros(len(several), dtype=np.int64), [population.name]),
            "customer": _words(of_row[who[several]], ids),
            "time": begins,
            "round": pa.array(rounds[r][several].astype(np.int32)),
            "period": pa.array(period.astype(np.int16)),
            "action": _words(played[several], population.action_names),
            "MW": pa.array((energy * (periods / 24)).ravel()),
            "MWh": pa.array(energy.ravel()),
            currency: pa.array((-energy * blocks[0].values(outcomes)[r]).ravel()),
            by_contract(currency): _contracts(population, played, who, outcomes[r], blocks),
        }
    )


def by_contract(currency: str) -> str:
    """Name of the column of money under the contract of the customer."""
    return f"{currency} by contract"


def _contracts(
    population: Population, played: IntArray, who: IntArray, outcomes: FloatArray, blocks: Sequence[Block]
) -> "pa.Array":
    """Money for the energy of the periods under contracts, for R plays at outcomes (R, d), one after another."""
    import pyarrow as pa

    assert population.load is not None  # noqa: S101 (as above)
    periods = population.load.shape[2]
    if population.money.currency == UTILITY or population.dimension != len(blocks) * periods:
        return pa.nulls(len(played) * periods, pa.float64())
    # Money is affine in each coordinate: its slope is minus what is paid for the value, times the span of the values.
    slope = population.utility[who, played] * population.money.scale[who][:, None]
    earned = np.zeros((len(played), periods))
    for block in blocks:
        earned += block.part(slope) / block.span * block.values(outcomes)
    if population.paid is not None:
        earned -= population.paid[who, played]
    return pa.array(earned.ravel())


def _words(codes: IntArray, words: Any) -> "pa.DictionaryArray":
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array([str(word) for word in words]))
