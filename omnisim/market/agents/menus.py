"""Menus of daily schedules for a device, made from the prices of the past alone.

Candidates are the schedules that are best for typical shapes of prices: the days of the past themselves, and the means
of all groups of them that Ward's clustering forms on its way from single days to one group. They join the menu one by
one, each time the one that adds most money on the past days to the best of those already there (the marginal value of a
submodular function, so the greedy menu of A earns at least 1 - 1/e of what the best menu of A does), until the menu is
full or captures the share asked for of what perfect foresight would have earned on those days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents.devices import Device, Tariff, best_schedules

MOST_ACTIONS = 500
"""Schedules of the largest menu."""

MOST_DAYS = 400
"""Days of the past that a menu is made from at most, evenly spread over the last so many."""

COMPARED = 24
"""Days on which ways to run a device are compared."""

LEAST_DAYS = 30
MOST_PROGRAMS = 20_000
"""Days are fewer, but no fewer than these, where devices are so many that there would be more linear programs."""


@dataclass(frozen=True, eq=False)
class Menu:
    """Schedules of one device in the order of their marginal value; the first is for a price that never changes.

    Attributes
    ----------
    net : (M, 24)
        Power drawn in MW, negative when feeding in.
    cost : (M,)
        Wear and running cost, in money a day.
    given : (M,)
        What the store gives back, in MWh a day.
    earned : (M,)
        Money a day on the days of the past with the first 1, 2, ..., M schedules, had the best been chosen each day.
    foresight
        The same with the best of all schedules.
    """

    net: FloatArray
    cost: FloatArray
    given: FloatArray
    earned: FloatArray
    foresight: float

    @property
    def captured(self) -> FloatArray:
        """Share of what foresight earns beyond the first schedule that the first 1, 2, ..., M earn, (M,)."""
        possible = self.foresight - self.earned[0]
        if possible <= 1e-9 * max(1.0, abs(self.foresight)):
            return np.ones(len(self.earned))  # there is nothing to gain
        return np.asarray((self.earned - self.earned[0]) / possible)

    def needed(self, share: float) -> int:
        """Number of schedules that capture the share; all of them where that is not enough."""
        enough = self.captured >= share - 1e-12
        return int(enough.argmax()) + 1 if enough.any() else len(self.earned)

    def first(self, size: int) -> "Menu":
        """The first ``size`` schedules; where there are fewer, the first one stands in the places left."""
        rows = np.where(np.arange(size) < len(self.net), np.arange(size), 0)
        earned = np.append(self.earned, np.full(max(0, size - len(self.earned)), self.earned[-1]))[:size]
        return Menu(self.net[rows], self.cost[rows], self.given[rows], earned, self.foresight)


def typical_days(past: FloatArray, devices: int) -> FloatArray:
    """The days (D, 24) of the past that menus of so many different devices are made from."""
    recent = past[-MOST_DAYS:]
    most = int(np.clip(MOST_PROGRAMS // (2 * max(1, devices)), LEAST_DAYS, MOST_DAYS))
    if len(recent) <= most:
        return recent
    return np.asarray(recent[np.linspace(0, len(recent) - 1, most).round().astype(int)])


def shapes(days: FloatArray) -> FloatArray:
    """Means of the groups of days (D, 24) that Ward's clustering forms, the single days first: (2 D - 1, 24)."""
    from scipy.cluster.hierarchy import linkage

    if len(days) < 2:
        return days
    centres, sizes = list(days), [1.0] * len(days)
    for first, second in linkage(days, "ward")[:, :2].astype(int):
        size = sizes[first] + sizes[second]
        centres.append((sizes[first] * centres[first] + sizes[second] * centres[second]) / size)
        sizes.append(size)
    return np.stack(centres)


def best_way(ways: Sequence[Device], tariff: Tariff, days: FloatArray) -> Device:
    """Choose, among several ways to run a device, the one that earns most with foresight on a few days of the past.

    Raises
    ------
    ProblemError
        If the device cannot do what it must, in any of the ways.
    """
    few = days[np.linspace(0, len(days) - 1, min(len(days), COMPARED)).round().astype(int)]
    earned: list[tuple[float, Device]] = []
    for way in ways:
        try:
            money = tariff.money(best_schedules(way, tariff, few), few)
        except ProblemError:
            if way is ways[-1] and not earned:
                raise
            continue
        earned.append((float(np.diagonal(money).sum()), way))
    return max(earned, key=lambda pair: pair[0])[1]


def make_menu(device: Device, tariff: Tariff, days: FloatArray, most: int, share: float) -> Menu:
    """The menu of at most ``most`` schedules for a device, from past days (D, 24) in money per MWh.

    Raises
    ------
    ProblemError
        If the device cannot do what it must.
    """
    return _made(_Task(device.key + tariff.key, device, tariff, days), sha256(days.tobytes()).digest(), most, share)


class _Task:
    """Inputs that a menu is made for; equal where the numbers are."""

    def __init__(self, key: bytes, device: Device, tariff: Tariff, days: FloatArray) -> None:
        self.key, self.device, self.tariff, self.days = key, device, tariff, days

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Task) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=6000)
def _made(task: _Task, _days: bytes, most: int, share: float) -> Menu:
    """A scenario is built when it is read, and again when it runs: the second time the menus are there."""
    device, tariff, days = task.device, task.tariff, task.days
    plans = best_schedules(device, tariff, np.vstack([_flat(device, days), shapes(days)]))
    money = tariff.money(plans, days)
    chosen, best = [0], money[0].copy()
    earned = [best.mean()]
    foresight = np.diagonal(money[1:]).copy()  # candidate 1 + i is the best schedule of day i
    enough = share * (foresight.mean() - earned[0])
    while len(chosen) < most and earned[-1] - earned[0] < enough * (1 - 1e-12):
        gains = np.maximum(money - best, 0.0).sum(axis=1)
        most_valuable = int(gains.argmax())
        if gains[most_valuable] <= 1e-9 * max(1.0, float(np.abs(best).sum())):
            break
        chosen.append(most_valuable)
        best = np.maximum(best, money[most_valuable])
        earned.append(best.mean())
    return Menu(
        plans.net[chosen], plans.cost[chosen], plans.flows[chosen, 1].sum(axis=1), np.array(earned), foresight.mean()
    )


def _flat(device: Device, days: FloatArray) -> FloatArray:
    """A price that never changes; where something must be charged, it rises by a trifle, so that sooner is better."""
    usual = max(1.0, abs(float(days.mean())))
    return np.asarray(usual * (1 + 1e-4 * np.arange(days.shape[1]) * bool(device.drain.any())), dtype=np.float64)
