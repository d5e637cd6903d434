"""Miniature files of known sources, with invented prices, and what their days must be.

The files are written from (moment in UTC, price) pairs by code that knows nothing of the readers; what a day must look
like is computed from the same pairs with the standard library's zones. Headers are those of real files.
"""

import datetime as dt
import json
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np

Pairs = list[tuple[dt.datetime, float]]

EUROPE = {"spring": dt.date(2023, 3, 25), "autumn": dt.date(2023, 10, 28)}
AMERICA = {"spring": dt.date(2023, 3, 11), "autumn": dt.date(2023, 11, 4)}


def pairs_of(zone: str, first: dt.date, days: int = 3, minutes: int = 60, seed: int = 3) -> Pairs:
    """Prices of each period from the first midnight of the zone on, across a clock change."""
    place = zoneinfo.ZoneInfo(zone)
    rng = np.random.default_rng(seed)
    start, stop = (
        dt.datetime.combine(first + dt.timedelta(days=n), dt.time(), tzinfo=place).astimezone(dt.UTC) for n in (0, days)
    )
    count = int((stop - start) / dt.timedelta(minutes=minutes))
    return [(start + k * dt.timedelta(minutes=minutes), round(float(rng.uniform(-40, 160)), 2)) for k in range(count)]


def days_of(pairs: Pairs, zone: str, a_day: int = 24) -> np.ndarray:
    """What the days must be: repeated periods averaged, those that do not exist interpolated."""
    place = zoneinfo.ZoneInfo(zone)
    cells: dict[tuple[dt.date, int], list[float]] = {}
    for moment, price in pairs:
        local = moment.astimezone(place)
        cells.setdefault((local.date(), (60 * local.hour + local.minute) * a_day // 1440), []).append(price)
    days = sorted({day for day, _ in cells})
    table = np.array([[np.mean(cells.get((day, k), [np.nan])) for k in range(a_day)] for day in days]).ravel()
    known = np.flatnonzero(~np.isnan(table))
    return np.interp(np.arange(len(table)), known, table[known]).reshape(len(days), a_day)


def local(moment: dt.datetime, zone: str) -> dt.datetime:
    return moment.astimezone(zoneinfo.ZoneInfo(zone))


def comma(price: float) -> str:
    return f"{price:.2f}".replace(".", ",")


def end_of(moment: dt.datetime, zone: str, minutes: int = 60) -> dt.datetime:
    return local(moment + dt.timedelta(minutes=minutes), zone)


BERLIN, BRUSSELS, CHICAGO, NEW_YORK = "Europe/Berlin", "Europe/Brussels", "America/Chicago", "America/New_York"


def entsoe_old(pairs: Pairs, zone: str) -> str:
    rows = ['"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|DE-LU"']
    for moment, price in pairs:
        start = local(moment, zone)
        stop = start.replace(tzinfo=None) + dt.timedelta(hours=1)
        rows.append(f'"{start:%d.%m.%Y %H:%M} - {stop:%d.%m.%Y %H:%M}","{price:.2f}","EUR",""')
    return "\n".join(rows)


def entsoe_utc(pairs: Pairs, zone: str) -> str:
    return "\n".join(
        ['"MTU (UTC)","Day-ahead Price [EUR/MWh]","Currency","BZN|DE-LU"']
        + [
            f'"{m:%d.%m.%Y %H:%M} - {m + dt.timedelta(hours=1):%d.%m.%Y %H:%M}","{price}","EUR",""'
            for m, price in pairs
        ]
    )


def entsoe_new(pairs: Pairs, zone: str) -> str:
    """Two sequences in one file, and stamps of the change with a mark of summer time."""
    head = "MTU (CET/CEST),Area,Sequence,Day-ahead Price (EUR/MWh),Intraday Period (CET/CEST),Intraday Price (EUR/MWh)"
    rows = [head]
    for moment, price in pairs:
        start, stop = local(moment, zone), end_of(moment, zone)
        near = start.dst() != stop.dst() or start.fold or start.replace(fold=1).dst() != start.dst()
        marks = [f" ({x.tzname()})" if near else "" for x in (start, stop)]
        mtu = f"{start:%d/%m/%Y %H:%M:%S}{marks[0]} - {stop:%d/%m/%Y %H:%M:%S}{marks[1]}"
        rows.append(f"{mtu},BZN|DE-LU,Sequence Sequence 1,{price},,")
        rows.append(f"{mtu},BZN|DE-LU,Sequence Sequence 2,{price + 7},,")
    return "\n".join(rows)


def smard_german(pairs: Pairs, zone: str) -> str:
    head = (
        "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Berechnete Auflösungen;"
        "∅ Anrainer DE/LU [€/MWh] Berechnete Auflösungen"
    )
    return "\ufeff" + "\n".join(
        [head]
        + [
            f"{local(m, zone):%d.%m.%Y %H:%M};{end_of(m, zone):%d.%m.%Y %H:%M};{comma(price)};{comma(price + 3)}"
            for m, price in pairs
        ]
    )


def smard_english(pairs: Pairs, zone: str) -> str:
    def said(moment: dt.datetime) -> str:
        return f"{moment:%b} {moment.day}, {moment:%Y} {moment.hour % 12 or 12}:{moment:%M} {moment:%p}"

    return "\n".join(
        ["Start date;End date;Germany/Luxembourg [€/MWh] Calculated resolutions"]
        + [f"{said(local(m, zone))};{said(end_of(m, zone))};{price:.2f}" for m, price in pairs]
    )


def smard_before_2022(pairs: Pairs, zone: str) -> str:
    return "\n".join(
        ["Datum;Anfang;Ende;Deutschland/Luxemburg [€/MWh] Originalauflösungen"]
        + [
            f"{local(m, zone):%d.%m.%Y};{local(m, zone):%H:%M};{end_of(m, zone):%H:%M};{comma(price)}"
            for m, price in pairs
        ]
    )


def energy_charts(pairs: Pairs, zone: str) -> str:
    rows = ['"Datum (MEZ)","Day Ahead Auktion (DE-LU)","CO2 Emissionszertifikate, Auktion DE"']
    rows.append('"","Preis (EUR/MWh, EUR/tCO2)","Preis (EUR/MWh, EUR/tCO2)"')
    rows += [f"{local(m, zone).isoformat(timespec='minutes')},{price}," for m, price in pairs]
    return "\n".join(rows)


def energy_charts_json(pairs: Pairs, zone: str) -> str:
    return json.dumps(
        {
            "license_info": "CC BY 4.0",
            "unix_seconds": [int(m.timestamp()) for m, _ in pairs],
            "price": [price for _, price in pairs],
            "unit": "EUR / MWh",
            "deprecated": False,
        }
    )


def opsd(pairs: Pairs, zone: str) -> str:
    rows = ["utc_timestamp,cet_cest_timestamp,AT_load_actual_entsoe_transparency,DE_LU_price_day_ahead"]
    rows += [f"{m:%Y-%m-%dT%H:%M:%SZ},{local(m, zone):%Y-%m-%dT%H:%M:%S%z},5000,{price}" for m, price in pairs]
    return "\n".join(rows)


def elspot(pairs: Pairs, zone: str) -> str:
    rows = ["Elspot Prices in EUR/MWh;;;;", "Data was last updated 31-12-2023;;;;", ";Hours;SYS;SE1;Oslo"]
    for moment, price in pairs:
        start = local(moment, zone)
        rows.append(
            f"{start:%d-%m-%Y};{start.hour:02d} - {start.hour + 1:02d};"
            f"{comma(price)};{comma(price + 1)};{comma(price + 2)}"
        )
        if end_of(moment, zone).hour == start.hour + 2:
            rows.append(f"{start:%d-%m-%Y};{start.hour + 1:02d} - {start.hour + 2:02d};;;")
    return "\n".join(rows)


def omie(pairs: Pairs, zone: str) -> str:
    rows, numbers = ["MARGINALPDBC;"], {}
    for moment, price in pairs:
        day = local(moment, zone).date()
        numbers[day] = numbers.get(day, 0) + 1
        rows.append(f"{day:%Y;%m;%d};{numbers[day]};{price + 2:.2f};{price:.2f};")
    return "\n".join([*rows, "*"])


def ember(pairs: Pairs, zone: str) -> str:
    rows = ["Country,ISO3 Code,Datetime (UTC),Datetime (Local),Price (EUR/MWhe)"]
    rows += [f"Finland,FIN,{m:%Y-%m-%d %H:%M:%S},{local(m, zone):%Y-%m-%d %H:%M:%S},{price}" for m, price in pairs]
    return "\n".join(rows)


def ercot(pairs: Pairs, zone: str) -> str:
    rows = ["DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"]
    for m, price in pairs:
        start = local(m, zone)
        rows.append(f"{start:%m/%d/%Y},{start.hour + 1:02d}:00,HB_NORTH,{price},{'Y' if start.fold else 'N'}")
    return "\n".join(rows)


def ercot_of_a_year(pairs: Pairs, zone: str) -> str:
    rows = ['"Delivery Date","Hour Ending","Repeated Hour Flag","Settlement Point","Settlement Point Price"']
    for m, price in pairs:
        start = local(m, zone)
        rows.append(f"{start:%m/%d/%Y},{start.hour + 1:02d}:00,{'Y' if start.fold else 'N'},LZ_WEST,{price}")
        rows.append(f"{start:%m/%d/%Y},{start.hour + 1:02d}:00,{'Y' if start.fold else 'N'},HB_PAN,{price + 4}")
    return "\n".join(rows)


def pjm(pairs: Pairs, zone: str) -> str:
    def said(moment: dt.datetime) -> str:
        return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"

    rows = [
        "datetime_beginning_utc,datetime_beginning_ept,pnode_id,pnode_name,type,system_energy_price_da,total_lmp_da"
    ]
    rows += [f"{said(m)},{said(local(m, zone))},51288,WESTERN HUB,HUB,{price - 1},{price}" for m, price in pairs]
    return "\n".join(rows)


def nyiso(pairs: Pairs, zone: str) -> str:
    rows = ['"Time Stamp","Name","PTID","LBMP ($/MWHr)","Marginal Cost Losses ($/MWHr)"']
    for m, price in pairs:
        rows += [
            f'"{local(m, zone):%m/%d/%Y %H:%M}","{n}",6175,{price + k},0.4' for k, n in enumerate(("N.Y.C.", "WEST"))
        ]
    return "\n".join(rows)


def caiso(pairs: Pairs, zone: str) -> str:
    head = "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,"
    rows = [head + "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"]
    for kind, off in (("MCC", 5.0), ("LMP", 0.0)):
        for m, price in pairs:
            stop = m + dt.timedelta(hours=1)
            day, hour = local(m, zone).date(), local(m, zone).hour + 1
            node = "TH_SP15_GEN-APND"
            rows.append(
                f"{m:%Y-%m-%dT%H:%M:%S}-00:00,{stop:%Y-%m-%dT%H:%M:%S}-00:00,{day},{hour},0,{node},{node},{node},DAM,"
                f"{kind},{kind}_PRC,{node},ALL,1,{price + off:.2f},1"
            )
    return "\n".join(rows)


def gridstatus(pairs: Pairs, zone: str) -> str:
    rows = ["Time,Interval Start,Interval End,Market,Location,Location Type,LMP,Energy,Congestion,Loss"]
    for m, price in pairs:
        start, stop = local(m, zone).isoformat(sep=" "), end_of(m, zone).isoformat(sep=" ")
        rows.append(f"{start},{start},{stop},DAY_AHEAD_HOURLY,CAPITL,Zone,{price},{price - 1},0.0,1.0")
    return "\n".join(rows)


def entsoe_py(pairs: Pairs, zone: str) -> str:
    return "\n".join([",0"] + [f"{local(m, zone).isoformat(sep=' ')},{price}" for m, price in pairs])


def epftoolbox2(pairs: Pairs, zone: str) -> str:
    rows = ["datetime,load_actual,price,is_holiday"]
    return "\n".join(rows + [f"{local(m, zone).isoformat(sep=' ')},{1000 + k},{p},0" for k, (m, p) in enumerate(pairs)])


CASES: dict[str, tuple[str, str, str, Callable[[Pairs, str], str], dict[str, Any]]] = {
    "entsoe old": ("entsoe", "a.csv", BRUSSELS, entsoe_old, {}),
    "entsoe in UTC": ("entsoe", "a.csv", BRUSSELS, entsoe_utc, {}),
    "entsoe new": ("entsoe", "a.csv", BRUSSELS, entsoe_new, {}),
    "smard": ("smard", "a.csv", BERLIN, smard_german, {}),
    "smard English": ("smard", "a.csv", BERLIN, smard_english, {}),
    "smard before 2022": ("smard", "a.csv", BERLIN, smard_before_2022, {}),
    "energy-charts": ("energy_charts", "a.csv", BERLIN, energy_charts, {}),
    "energy-charts JSON": ("energy_charts", "a.json", BERLIN, energy_charts_json, {}),
    "opsd": ("opsd", "a.csv", BERLIN, opsd, {}),
    "elspot": ("nordpool", "a.csv", "Europe/Oslo", elspot, {}),
    "omie": ("omie", "marginalpdbc_2023.1", "Europe/Madrid", omie, {}),
    "ember": ("ember", "a.csv", "Europe/Helsinki", ember, {}),
    "ercot": ("ercot", "a.csv", CHICAGO, ercot, {}),
    "ercot of a year": ("ercot", "a.csv", CHICAGO, ercot_of_a_year, {"select": {"Settlement Point": "LZ_WEST"}}),
    "pjm": ("pjm", "a.csv", NEW_YORK, pjm, {}),
    "nyiso": ("nyiso", "a.csv", NEW_YORK, nyiso, {"select": {"Name": "N.Y.C."}}),
    "caiso": ("caiso", "a.csv", "America/Los_Angeles", caiso, {}),
    "gridstatus": ("gridstatus", "a.csv", NEW_YORK, gridstatus, {}),
    "entsoe-py": ("entsoe_py", "a.csv", BERLIN, entsoe_py, {}),
    "epftoolbox2": ("epftoolbox2", "a.csv", "Europe/London", epftoolbox2, {}),
}
