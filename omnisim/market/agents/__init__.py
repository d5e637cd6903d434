"""Populations of market participants: a specification with a few parameters in units, built into agents."""

from omnisim.market.agents.base import MarketAgents, Schedules
from omnisim.market.agents.buyers import EnergyBuyers
from omnisim.market.agents.deferrable import DeferrableLoads
from omnisim.market.agents.flexible import ElectricVehicles, HeatPumps
from omnisim.market.agents.hedgers import SpikeHedgers
from omnisim.market.agents.industrial import IndustrialLoads
from omnisim.market.agents.limits import CurtailmentEnergy, Held, StressedLoad
from omnisim.market.agents.manufacturers import Manufacturers
from omnisim.market.agents.operators import BudgetedOperators
from omnisim.market.agents.retailers import Retailers
from omnisim.market.agents.solar import Producers, SolarStorage
from omnisim.market.agents.storage import Storage

__all__ = [
    "BudgetedOperators",
    "CurtailmentEnergy",
    "DeferrableLoads",
    "ElectricVehicles",
    "EnergyBuyers",
    "HeatPumps",
    "Held",
    "IndustrialLoads",
    "Manufacturers",
    "MarketAgents",
    "Producers",
    "Retailers",
    "Schedules",
    "SolarStorage",
    "SpikeHedgers",
    "Storage",
    "StressedLoad",
]
