"""The energy domain: prices and forecasts of real markets, their scaling, and populations that trade."""

from omnisim.market.agents import BudgetedOperators, EnergyBuyers, Manufacturers, MarketAgents
from omnisim.market.data import HOURS, Market
from omnisim.market.epftoolbox import read_epftoolbox, read_epftoolbox_forecasts
from omnisim.market.ercot import ERCOT_SERIES, load_ercot
from omnisim.market.files import read_prices
from omnisim.market.scaling import Scaling

__all__ = [
    "ERCOT_SERIES",
    "HOURS",
    "BudgetedOperators",
    "EnergyBuyers",
    "Manufacturers",
    "Market",
    "MarketAgents",
    "Scaling",
    "load_ercot",
    "read_epftoolbox",
    "read_epftoolbox_forecasts",
    "read_prices",
]
