"""The page to play with shows what its command computes, and follows its slider."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import omnisim

ROOT = Path(__file__).parents[2]

PAGE = ROOT / "docs" / "demo" / "try.html"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", ROOT / "docs" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored() -> dict[str, list[list[object]]]:
    found = re.search(r"const data = (.*);\n", PAGE.read_text(encoding="utf-8"))
    assert found is not None
    data: dict[str, list[list[object]]] = json.loads(found[1])
    return data


def test_the_page_is_that_of_the_script_with_these_numbers() -> None:
    assert script().page(stored()) == PAGE.read_text(encoding="utf-8")
    assert list(stored()) == list(script().FORECASTERS)


def money(forecaster: dict[str, object]) -> pd.Series:
    """Money of every customer over the whole run, by population and agent."""
    trace = omnisim.simulate(omnisim.load_scenario(script().SCENARIO, {"forecaster": forecaster}))
    agents = omnisim.analyze(trace).agents
    return agents[agents["subsequence"] == "all"].set_index(["population", "agent"])["money"]


@pytest.mark.long
@pytest.mark.parametrize("name", list(script().FORECASTERS))
def test_its_numbers_are_differences_of_two_runs(name: str) -> None:
    """Worth is money of a run with the forecaster less that of a run with persistence, over a year of 365 days."""
    gain = money(script().FORECASTERS[name]) - money({"kind": "persistence", "lag": 1})
    for population, customers, worth, _, fewer in stored()[name]:
        mine = gain if population == "all" else gain[population]
        assert len(mine) == customers
        assert mine.mean() == pytest.approx(worth, rel=1e-6, abs=1e-6)
        assert (mine < -1e-9).sum() == fewer


@pytest.mark.browser
def test_the_slider_chooses_the_forecast(browser) -> None:
    for width in (1100, 390):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        errors: list[str] = []
        tab.on("pageerror", lambda error, told=errors: told.append(str(error)))
        tab.on("console", lambda message, told=errors: told.append(message.text) if message.type == "error" else None)
        tab.goto(PAGE.as_uri())
        for position, (name, rows) in enumerate(stored().items()):
            tab.locator("#which").fill(str(position))
            assert tab.locator("#name").inner_text() == name
            cells = tab.locator("#rows tr:last-child td").all_inner_texts()
            assert cells[0] == "all"
            assert cells[4] == str(rows[-1][4])
            assert float(cells[2].replace("\N{MINUS SIGN}", "-").replace(",", "")) == pytest.approx(
                rows[-1][2], abs=0.51
            )
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert errors == []
        tab.close()
