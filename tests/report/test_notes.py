"""What was done to days that the run does not have is not told on its page."""

import html

import pytest

from omnisim.report.run.page import render

NOTES = {
    "2021-01-05: hour 02 does not exist (clock change), filled by interpolation": True,
    "2020-11-01: hour 01 occurs twice (clock change), averaged": False,
    "2021-03-14: hour 02 does not exist (clock change), filled by interpolation": False,
    "2 missing hours of price filled by interpolation: 2020-01-01 03:00, 2020-01-01 04:00": False,
    "2 missing hours of price filled by interpolation: 2020-01-01 03:00, 2021-01-20 04:00": True,
    # Which the others are is not said, so it may be about the run.
    "7 missing hours of price filled by interpolation: 2020-01-01 03:00 and 2 more": True,
    "1 day with missing hours dropped: 2021-02-30": False,
    "the rows were not in the order of time and were sorted": True,
}
"""Notes, and whether they are about the 30 days from 2021-01-01."""

MARKET = {"market": {"name": "Nowhere", "currency": "USD", "low": -50, "high": 250, "notes": list(NOTES)}}


def told(page: bytes) -> dict[str, bool]:
    return {note: html.escape(note) in page.decode() for note in NOTES}


@pytest.mark.long
def test_notes_about_other_days_are_left_out(make) -> None:
    assert told(render(make(populations={"a": 2}, rounds=30, dates=True, about=MARKET), {})) == NOTES
    # Without dates nobody can say.
    assert all(told(render(make(populations={"a": 2}, rounds=30, about=MARKET), {})).values())
