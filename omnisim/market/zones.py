"""Names of time zones: checked, with suggestions that know what markets call their clocks."""

import re
import zoneinfo
from typing import TYPE_CHECKING

from omnisim.errors import DataError
from omnisim.suggest import closest

if TYPE_CHECKING:
    import pandas as pd

_MEANT = {
    "cest": "'Europe/Berlin' or the like", "cet/cest": "'Europe/Berlin' or the like",
    "cet / cest": "'Europe/Berlin' or the like", "mez": "'Europe/Berlin' or the like",
    "mesz": "'Europe/Berlin' or the like", "mez/mesz": "'Europe/Berlin' or the like",
    "central european time": "'Europe/Berlin' or the like",
    "bst": "'Europe/London'", "gmt/bst": "'Europe/London'", "uk": "'Europe/London'",
    "eest": "'Europe/Helsinki' or the like", "eet/eest": "'Europe/Helsinki' or the like",
    "west": "'Europe/Lisbon'", "wet/west": "'Europe/Lisbon'",
    "msk": "'Europe/Moscow'", "trt": "'Europe/Istanbul'",
    "aest": "'Australia/Brisbane', which has no summer time, or 'Australia/Sydney'", "aedt": "'Australia/Sydney'",
    "aest/aedt": "'Australia/Sydney'", "awst": "'Australia/Perth'",
    "acst": "'Australia/Darwin', which has no summer time, or 'Australia/Adelaide'", "acdt": "'Australia/Adelaide'",
    "nzst": "'Pacific/Auckland'", "nzdt": "'Pacific/Auckland'",
    "jst": "'Asia/Tokyo'", "kst": "'Asia/Seoul'",
    "ist": "'Asia/Kolkata' (or 'Europe/Dublin')", "sgt": "'Asia/Singapore'",
    "edt": "'America/New_York'", "ept": "'America/New_York'", "est/edt": "'America/New_York'",
    "et": "'America/New_York'", "eastern": "'America/New_York'", "eastern prevailing time": "'America/New_York'",
    "us/eastern prevailing": "'America/New_York'",
    "cst": "'America/Chicago', or 'Etc/GMT+6' for a clock without summer time", "cdt": "'America/Chicago'",
    "cpt": "'America/Chicago'", "cst/cdt": "'America/Chicago'",
    "ct": "'America/Chicago'", "central": "'America/Chicago'",
    "mt": "'America/Denver'", "mdt": "'America/Denver'", "mpt": "'America/Denver'", "mst/mdt": "'America/Denver'",
    "pst": "'America/Los_Angeles', or 'Etc/GMT+8' for a clock without summer time", "pdt": "'America/Los_Angeles'",
    "ppt": "'America/Los_Angeles'", "pst/pdt": "'America/Los_Angeles'", "pt": "'America/Los_Angeles'",
    "pacific": "'America/Los_Angeles'", "brt": "'America/Sao_Paulo'", "clt": "'America/Santiago'",
    "sast": "'Africa/Johannesburg'", "local": "the market's own, such as 'Europe/Oslo'",
}  # fmt: skip
"""Zones for abbreviations of time, in lower case: there is no zone of these names."""

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


def checked_zone(key: str, timezone: str) -> str:
    """The zone of that name, such as ``"Europe/Oslo"``, or of a fixed offset, such as ``"+01:00"``.

    Raises
    ------
    DataError
        If there is none; what was probably meant is named. ``key`` is the one in which it stands.

    Examples
    --------
    >>> checked_zone("timezone", "UTC+01:00"), checked_zone("timezone", "Europe/Oslo")
    ('Etc/GMT-1', 'Europe/Oslo')
    """
    offset = _OFFSET.fullmatch(timezone.strip())
    if offset is not None:
        sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
        if minutes == 0 and hours <= (14 if sign == "+" else 12):
            # These names count westwards.
            return "UTC" if hours == 0 else f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
        raise DataError(f"{key} {timezone!r} is unknown: fixed offsets are whole hours, such as '+01:00'")
    meant = _MEANT.get(timezone.strip().lower())
    try:
        if meant is None:
            zoneinfo.ZoneInfo(timezone)
            return timezone
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise DataError(f"{key} {timezone!r} is unknown: {_question(timezone, meant)}names look like 'Europe/Oslo'")


PLACES = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "Europe/Istanbul", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "America/Santiago", "Australia/Sydney",
    "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth", "Pacific/Auckland", "Asia/Tokyo", "Asia/Seoul",
    "Asia/Singapore", "Asia/Manila", "Asia/Kolkata", "Africa/Johannesburg",
)  # fmt: skip
"""A zone for each clock that markets keep."""


def zone_of_offsets(instants: "pd.Series", shown: "pd.Series") -> str | None:
    """The zone whose clock shows ``shown`` (naive) at ``instants`` (in UTC), or None.

    A clock that is that of UTC throughout tells no zone: it need not be a market's.

    >>> import pandas as pd
    >>> instants = pd.Series(pd.to_datetime(["2021-01-01", "2021-07-01"], utc=True))
    >>> zone_of_offsets(instants, pd.Series(pd.to_datetime(["2021-01-01 02:00", "2021-07-01 03:00"])))
    'Europe/Helsinki'
    """
    known = (instants.notna() & shown.notna()).to_numpy()
    here, there = instants[known], shown[known]
    if here.empty or here.dt.tz is None or (here.dt.tz_localize(None).to_numpy() == there.to_numpy()).all():
        return None
    for zone in PLACES:
        if (here.dt.tz_convert(zone).dt.tz_localize(None).to_numpy() == there.to_numpy()).all():
            return zone
    return None


def zone_changing_on(day: str) -> str | None:
    """The first of the markets' zones whose clock changes on that day, or None.

    >>> zone_changing_on("2023-10-29"), zone_changing_on("2023-03-12"), zone_changing_on("2023-06-01")
    ('Europe/Berlin', 'America/New_York', None)
    """
    import pandas as pd

    start = pd.Timestamp(day)
    for zone in PLACES:
        ends = [(start + pd.Timedelta(days=n)).tz_localize(zone, nonexistent="shift_forward") for n in (0, 1)]
        if ends[1] - ends[0] != pd.Timedelta(days=1):
            return zone
    return None


def clocks_like(clock: "pd.Series") -> tuple[list[str], str]:
    """Zones whose clock changes a naive clock shows, and the evidence; no zone where it shows none of those there are.

    >>> import pandas as pd
    >>> autumn = pd.date_range("2021-10-30", "2021-11-01", freq="h", tz="Europe/Berlin").tz_localize(None)
    >>> clocks_like(pd.Series(autumn))
    (['Europe/Berlin'], 'what the autumn change of Europe/Berlin repeats is there twice')
    """
    import numpy as np
    import pandas as pd

    if clock.dt.tz is not None or len(clock) < 2:
        return [], ""
    index = pd.DatetimeIndex(clock.sort_values().unique())
    twice = pd.DatetimeIndex(clock[clock.duplicated()].unique())
    hours = pd.date_range(index[0].ceil("h"), index[-1], freq="h")
    found, against, evidence = [], "", ""
    for zone in PLACES:
        there = hours.tz_localize(zone, nonexistent="NaT", ambiguous=np.ones(len(hours), dtype=bool))
        skipped = hours[there.isna()]
        doubled = hours[hours.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()]
        if not len(skipped) and not len(doubled):
            continue
        absent, repeated = ~skipped.isin(index), doubled.isin(twice)
        if absent.all() and repeated.all():
            found.append(zone)
            said = [f"what the spring change of {found[0]} leaves out is not there"] * bool(len(skipped))
            said += [f"what the autumn change of {found[0]} repeats is there twice"] * bool(len(doubled))
            evidence = evidence or " and ".join(said)
        elif not absent.any() and not repeated.any():
            seen = ["the hour that spring leaves out is present"] * bool(len(skipped))
            seen += ["the hour that autumn repeats is there once"] * bool(len(doubled))
            against = against or " and ".join(seen)
    return found, evidence or against


def _question(timezone: str, meant: str | None) -> str:
    if meant is not None:
        return f"did you mean {meant}? "
    known = zoneinfo.available_timezones()
    places = {name.rpartition("/")[2].replace("_", " ").lower(): name for name in sorted(known) if "/" in name}
    hint = places.get(timezone.strip().replace("_", " ").lower())
    if hint is None and len(timezone) > 4:
        hint = closest(timezone, [name for name in known if "/" in name and not name.startswith(("Etc/", "posix"))])
    return f"did you mean {hint!r}? " if hint else ""
