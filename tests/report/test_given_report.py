"""A report that somebody wrote: ``OMNISIM_REPORT=path pytest tests/report/test_given_report.py``."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def given():
    path = os.environ.get("OMNISIM_REPORT")
    if not path:
        pytest.skip("OMNISIM_REPORT names no report to open")
    return Path(path).resolve()


def test_it_is_drawn_without_noise_or_requests(fitting, given):
    page = fitting(given)
    assert page.locator(".plot svg.main-svg").count() >= 5
    assert page.locator("table tbody tr").count() > 10
