"""What was done to days that the run does not have is not told on its page."""

import html

import pytest

from omnisim.report.run.page import render


def market_with(note: str) -> dict[str, object]:
    return {"market": {"name": "Nowhere", "currency": "USD", "low": -50, "high": 250, "notes": [note]}}


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("2021-01-05: hour 02 does not exist (clock change), filled by interpolation", True),
        ("2020-11-01: hour 01 occurs twice (clock change), averaged", False),
        ("2021-03-14: hour 02 does not exist (clock change), filled by interpolation", False),
        ("2 missing hours of price filled by interpolation: 2020-01-01 03:00, 2020-01-01 04:00", False),
        ("2 missing hours of price filled by interpolation: 2020-01-01 03:00, 2021-01-20 04:00", True),
        # Which the others are is not said, so it may be about the run.
        ("7 missing hours of price filled by interpolation: 2020-01-01 03:00 and 2 more", True),
        ("1 day with missing hours dropped: 2021-02-30", False),
        ("the rows were not in the order of time and were sorted", True),
    ],
)
def test_notes_about_other_days_are_left_out(note, told, make) -> None:
    analysis = make(populations={"a": 2}, rounds=30, dates=True, about=market_with(note))
    assert (html.escape(note) in render(analysis, {}).decode()) == told
    # Without dates nobody can say.
    analysis = make(populations={"a": 2}, rounds=30, about=market_with(note))
    assert html.escape(note) in render(analysis, {}).decode()
