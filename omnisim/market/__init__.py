"""The energy domain: prices and forecasts of real markets, their scaling, and populations that trade."""

from omnisim.market.agents import (
    BudgetedOperators,
    DeferrableLoads,
    ElectricVehicles,
    EnergyBuyers,
    HeatPumps,
    IndustrialLoads,
    Manufacturers,
    MarketAgents,
    Producers,
    SolarStorage,
    SpikeHedgers,
    Storage,
)
from omnisim.market.data import HOURS, Market, Resolution
from omnisim.market.epftoolbox import read_epftoolbox, read_epftoolbox_forecasts
from omnisim.market.ercot import ERCOT_SERIES, load_ercot
from omnisim.market.files import read_price_file, read_prices
from omnisim.market.scaling import Scaling
from omnisim.market.sources import (
    read_caiso,
    read_ember,
    read_energy_charts,
    read_entsoe,
    read_entsoe_py,
    read_epftoolbox2,
    read_ercot,
    read_gridstatus,
    read_nordpool,
    read_nyiso,
    read_omie,
    read_opsd,
    read_pjm,
    read_smard,
)
from omnisim.market.spikes import load_ercot_spikes, spike_contracts

__all__ = [
    "ERCOT_SERIES",
    "HOURS",
    "BudgetedOperators",
    "DeferrableLoads",
    "ElectricVehicles",
    "EnergyBuyers",
    "HeatPumps",
    "IndustrialLoads",
    "Manufacturers",
    "Market",
    "MarketAgents",
    "Producers",
    "Resolution",
    "Scaling",
    "SolarStorage",
    "SpikeHedgers",
    "Storage",
    "load_ercot",
    "load_ercot_spikes",
    "read_caiso",
    "read_ember",
    "read_energy_charts",
    "read_entsoe",
    "read_entsoe_py",
    "read_epftoolbox",
    "read_epftoolbox2",
    "read_epftoolbox_forecasts",
    "read_ercot",
    "read_gridstatus",
    "read_nordpool",
    "read_nyiso",
    "read_omie",
    "read_opsd",
    "read_pjm",
    "read_price_file",
    "read_prices",
    "read_smard",
    "spike_contracts",
]
