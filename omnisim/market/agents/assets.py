"""Assets: agents whose actions are menus of schedules, made by optimization from the prices of the past."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents.base import MarketAgents, Schedules
from omnisim.market.agents.customers import Column, positive
from omnisim.market.agents.devices import Device, Tariff
from omnisim.market.agents.long_term import fixed_limit, out_of_reach
from omnisim.market.agents.menus import MOST_ACTIONS, Menu, best_way, make_menu
from omnisim.market.agents.offers import Offers
from omnisim.market.agents.settlement import Bill
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling
from omnisim.market.signals import Known
from omnisim.problem.constraints import Constraint, LinearConstraint

PLAIN = "plain"
"""Name of the first action, which is for a price that never changes."""

LIMITS: tuple[Column, ...] = (
    positive("peak_mw", "limit: the most that may be drawn in an hour; none if empty"),
    Column("daily_budget", "limit: what the bill and the wear of a day may be, in money of the market; none if empty"),
)
"""Columns of long-term limits that any asset may have."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Asset(MarketAgents):
    """A kind of agents that draws devices; their schedules are found by optimization.

    A subclass provides ``_devices(rng)``, which returns for each agent its device and its size: devices that are the
    same but for their size have one menu. Money of a day is minus the bill, less wear and running cost.

    Parameters
    ----------
    menu
        The most schedules to choose from, 2 to 500.
    captured
        Share, in (0, 1], of what perfect foresight would have earned on the days before the first one played, beyond a
        schedule for a price that never changes: with so much the menu is large enough.
    """

    menu: int = 24
    captured: float = 0.95

    action_names: ClassVar[tuple[str, ...]] = ()

    @property
    def menu_size(self) -> int:
        """The most actions."""
        return self.menu

    def _check(self) -> None:
        self._require(
            "menu", 2 <= self.menu <= MOST_ACTIONS and self.menu % 1 == 0, f"a whole number from 2 to {MOST_ACTIONS}"
        )
        self._require("captured", 0 < self.captured <= 1, "above 0 and at most 1")
        self._check_asset()

    @abc.abstractmethod
    def _check_asset(self) -> None:
        """Refuse parameters of the subclass."""

    @abc.abstractmethod
    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        """The device of each agent, and its size (N,) > 0."""

    def _choices(self, device: Device) -> Sequence[Device]:
        """Ways to run a device, of which the one is taken that would have earned most in the past."""
        return [device]

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        return self._draw_knowing(scaling, rng, None, {})

    def _draw_knowing(
        self, scaling: Scaling, rng: np.random.Generator, past: FloatArray | None, signals: Mapping[str, Known]
    ) -> Schedules:
        if past is None or not len(past):
            raise ProblemError(
                f"{type(self).__name__} makes its menu from the days before the first one played, and there are none: "
                "set market.first_day later than the first day of the data"
            )
        devices, size = self._devices(rng)
        offers = Offers.of(self._terms, self.signal_prices_of(signals), signals, scaling, past)
        alike: dict[bytes, list[int]] = {}
        for n, device in enumerate(devices):
            alike.setdefault(device.scaled(1 / size[n]).key + offers.key(n), []).append(n)
        first = [group[0] for group in alike.values()]
        days = offers.typical(len(alike))
        menus = [self._menu(devices[n].scaled(1 / size[n]), n, *offers.of_agent(n, days)) for n in first]
        actions = max(2, *(menu.needed(self.captured) for menu in menus))
        net, cost, given = (
            np.empty((self.agents, actions, HOURS)), np.empty((self.agents, actions)), np.empty((self.agents, actions)),
        )  # fmt: skip
        earned = np.zeros((2, len(menus)))
        for i, (menu, group) in enumerate(zip(menus, alike.values(), strict=True)):
            kept, sizes = menu.first(actions), size[group]
            net[group] = sizes[:, None, None] * kept.net
            cost[group], given[group] = sizes[:, None] * kept.cost, sizes[:, None] * kept.given
            earned[:, i] = sizes.sum() * (np.array([kept.earned[-1], kept.foresight]) - kept.earned[0])
        constraints, bills = self._limits(net, cost)
        constraints += self._own_limits(devices, net, given)
        least = min(float(menu.first(actions).captured[-1]) for menu in menus)
        total = earned.sum(axis=1)
        share = total[0] / total[1] if total[1] > 0 else 1.0
        past_days = "1 day" if len(days[""]) == 1 else f"{len(days[''])} days"
        note = (
            f"Menu of {actions} schedules, made by optimization from {past_days} before the first one played: on "
            f"these the best of them captures {share:.1%} of what perfect foresight earns beyond the plain schedule "
            f"(for each agent at least {least:.1%}), with prices within the range"
        )
        names = (PLAIN, *(f"schedule {k}" for k in range(1, actions)))
        return Schedules(net, -cost, constraints, names, (note,), bills)

    def _menu(self, device: Device, agent: int, tariff: Tariff, days: FloatArray) -> Menu:
        try:
            way = best_way(self._choices(device), tariff, days)
            return make_menu(way, tariff, days, self.menu, self.captured)
        except ProblemError as cause:
            customers = self._customers
            which = f"agent {agent}" if customers is None else customers.place(agent)
            raise ProblemError(f"{which}: {cause}") from cause

    def _limits(self, net: FloatArray, cost: FloatArray) -> tuple[list[LinearConstraint], list[Bill]]:
        """The limits of the table that any asset may have."""
        nothing = np.full(self.agents, np.nan)
        peak, budget = (self._own(column.name, nothing) for column in LIMITS)
        fixed = [fixed_limit("peak", "MW", net.max(axis=2) - peak[:, None], net)] if np.isfinite(peak).any() else []
        return fixed, [Bill("daily budget", budget, cost)]

    def _check_reach(self, constraints: Sequence[Constraint]) -> list[str]:
        """Notes on limits that no schedule of a menu keeps: menus are made without them, and others may keep them."""
        return [
            f"{self._place(agent)}: {words} (menus are made without a look at limits: other schedules may keep it)"
            for agent, _, words in out_of_reach(constraints)
        ]

    def _own_limits(
        self,
        devices: Sequence[Device],  # noqa: ARG002 (of subclasses, as are the others)
        net: FloatArray,  # noqa: ARG002
        given: FloatArray,  # noqa: ARG002
    ) -> list[LinearConstraint]:
        """Limits of the subclass; ``given`` (N, A) is what the store gives back in MWh a day."""
        return []
