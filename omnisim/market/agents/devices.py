"""Devices behind a meter for a day: demand, generation that can be curtailed, and a store; and its best schedules.

The schedule of a day is a linear program over its 24 hours, solved by HiGHS. In hour h, with all powers in MW:

.. code-block:: text

    net_h   = demand_h + charge_h - discharge_h - generated_h = drawn_h - fed_in_h          (the meter)
    level_h = retention level_{h-1} + charging charge_h - discharge_h / discharging - drain_h
    charge_h / most charged_h + discharge_h / most discharged_h <= 1                        (one at a time)

Within an hour a store may charge for a part of it and discharge for another: that is the third line, and why the linear
program is exact, also where a negative price makes it worth to lose energy. The day begins and ends at the same level,
so that any schedule may follow any other, and what an agent does on one day takes nothing from what it may do on the
next.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.data import HOURS
from omnisim.products import products
from omnisim.solver import quiet_model

_VARIABLES = ("charge", "discharge", "generated", "drawn", "fed_in", "level")
_ZEROS = np.zeros(HOURS)


@dataclass(frozen=True, eq=False)
class Device:
    """The physics of one asset for a day; arrays are (24,).

    Attributes
    ----------
    charge, discharge
        The most that the store draws and gives back in each hour, in MW at the meter.
    lowest, highest
        Bounds of the level of the store at the end of each hour, in MWh.
    level
        Of the store when the day begins and when it ends, in MWh.
    charging, discharging
        MWh stored per MWh drawn, > 0 (a heat pump stores several), and MWh given back per MWh taken, in (0, 1].
    retention
        Share of the level that is left after an hour, in (0, 1].
    drain
        What the store loses in each hour to what it serves (a trip, heat), in MWh.
    demand, generation
        Power that is drawn in any case, and the most that is generated, in MW.
    wear
        Money per MWh given back by the store.
    running_cost
        Money per MWh generated; negative for a premium.
    """

    charge: FloatArray = field(default_factory=lambda: _ZEROS)
    discharge: FloatArray = field(default_factory=lambda: _ZEROS)
    lowest: FloatArray = field(default_factory=lambda: _ZEROS)
    highest: FloatArray = field(default_factory=lambda: _ZEROS)
    level: float = 0.0
    charging: float = 1.0
    discharging: float = 1.0
    retention: float = 1.0
    drain: FloatArray = field(default_factory=lambda: _ZEROS)
    demand: FloatArray = field(default_factory=lambda: _ZEROS)
    generation: FloatArray = field(default_factory=lambda: _ZEROS)
    wear: float = 0.0
    running_cost: float = 0.0

    def scaled(self, factor: float) -> "Device":
        """Copy of the device at another size: all powers and energies times ``factor``."""
        sizes = ("charge", "discharge", "lowest", "highest", "level", "drain", "demand", "generation")
        return replace(self, **{name: getattr(self, name) * factor for name in sizes})

    @property
    def key(self) -> bytes:
        """Key that equal devices share."""
        values = [np.atleast_1d(getattr(self, name)) for name in self.__dataclass_fields__]
        # Ratios of sizes carry rounding in their last digits.
        return np.array([float(f"{value:.9g}") for value in np.concatenate(values)]).tobytes()


@dataclass(frozen=True, eq=False)
class Plans:
    """Schedules of a device for K days.

    Attributes
    ----------
    net : (K, 24)
        Power drawn in MW, negative when feeding in.
    cost : (K,)
        Wear and running cost of a day, in money.
    flows : (K, 6, 24)
        Charge, discharge, generated, drawn and fed in (MW) and the level at the end of the hour (MWh).
    """

    net: FloatArray
    cost: FloatArray
    flows: FloatArray


@dataclass(frozen=True, eq=False)
class Tariff:
    """Cost of a MWh in each hour: ``share`` of the price and ``fee`` (24,); and ``earns`` with the same share.

    Under the contract spot, share 1, the fees of the hours and nothing; under fixed, share 0, price and fees, and what
    feeding in earns. ``demand`` is charged on each MW of the largest load of the day.
    """

    share: float = 1.0
    fee: FloatArray = field(default_factory=lambda: _ZEROS)
    earns: float = 0.0
    demand: float = 0.0

    @property
    def key(self) -> bytes:
        """Key that equal tariffs share."""
        return np.array([self.share, self.earns, self.demand, *self.fee]).tobytes()

    def money(self, plans: Plans, prices: FloatArray) -> FloatArray:
        """Money of each of K schedules on each of D days with prices (D, 24), (K, D)."""
        drawn, fed_in = np.maximum(plans.net, 0.0), np.maximum(-plans.net, 0.0)
        fixed = plans.cost + (drawn * self.fee).sum(axis=1) - self.earns * fed_in.sum(axis=1)
        fixed = fixed + self.demand * drawn.max(axis=1)
        return np.asarray(-self.share * products(prices, plans.net).T - fixed[:, None])


def best_schedules(device: Device, tariff: Tariff, prices: FloatArray) -> Plans:
    """The schedules that earn most on days with these prices, (K, 24) in money per MWh.

    Raises
    ------
    ProblemError
        If the device cannot do what it must (a trip for which it cannot charge, a room it cannot heat).
    """
    size = _most(device) or 1.0
    model = _model(device.scaled(1 / size), tariff.demand)  # tolerances of the solver are absolute
    fixed = np.concatenate([_ZEROS, np.full(HOURS, device.wear), np.full(HOURS, device.running_cost)])
    columns = np.arange(5 * HOURS, dtype=np.int32)
    flows = np.empty((len(prices), len(_VARIABLES), HOURS))
    for k, day in enumerate(tariff.share * prices):
        costs = np.concatenate([fixed, day + tariff.fee, -(day + tariff.earns)])
        model.changeColsCost(len(columns), columns, costs)
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ProblemError(
                "there is no schedule of a day that keeps the levels of the store: it cannot take up what it must give"
            )
        flows[k] = size * np.reshape(model.getSolution().col_value[: len(_VARIABLES) * HOURS], flows.shape[1:])
    cost = device.wear * flows[:, 1].sum(axis=1) + device.running_cost * flows[:, 2].sum(axis=1)
    return Plans(_tidy(flows[:, 3] - flows[:, 4]), cost, flows)


def _model(device: Device, demand: float) -> Any:
    """The linear program without the costs of energy; the variables of the six kinds, and the largest load last."""
    infinity = highspy.kHighsInf
    highest = np.concatenate(
        [device.charge, device.discharge, device.generation, np.full(2 * HOURS, _most(device)), device.highest]
    )
    lowest = np.concatenate([np.zeros(5 * HOURS), device.lowest])
    lowest[-1] = highest[-1] = device.level  # of the last hour
    one, none = sparse.eye(HOURS), sparse.csr_matrix((HOURS, HOURS))
    before = sparse.eye(HOURS, k=-1) * device.retention
    together = [np.divide(1.0, most, out=np.zeros(HOURS), where=most > 0) for most in (device.charge, device.discharge)]
    blocks: Any = [
        [one, -one, -one, -one, one, none],
        [-device.charging * one, one / device.discharging, none, none, none, one - before],
        [*(sparse.diags(each) for each in together), none, none, none, none],
    ]
    rows = sparse.csr_matrix(sparse.bmat(blocks))
    start = np.zeros(HOURS)
    start[0] = device.retention * device.level
    lower = np.concatenate([-device.demand, start - device.drain, np.full(HOURS, -infinity)])
    upper = np.concatenate([-device.demand, start - device.drain, np.ones(HOURS)])
    model = quiet_model()
    count = len(lowest)
    model.addVars(count, lowest, highest)
    model.addRows(
        len(lower), lower, upper, rows.nnz, rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data
    )
    if demand > 0:
        model.addVar(0.0, infinity)
        model.changeColCost(count, demand)
        for hour in range(HOURS):
            drawn = _VARIABLES.index("drawn") * HOURS + hour
            model.addRow(-infinity, 0.0, 2, np.array([drawn, count], dtype=np.int32), np.array([1.0, -1.0]))
    return model


def _most(device: Device) -> float:
    """The most that can pass the meter in an hour, either way."""
    return float((device.charge + device.discharge + device.generation + device.demand).max())


def _tidy(power: FloatArray) -> FloatArray:
    """Powers without what is only the rounding of the solver."""
    return np.where(np.abs(power) < 1e-9 * max(1.0, float(np.abs(power).max(initial=0.0))), 0.0, power)
