"""The page that shows in a minute what omnisim answers: a slider over three forecasters, for the same customers.

Run it from the checkout, some seconds of processor time::

    python docs/demo.py

It writes ``docs/demo/try.html``: one file with all numbers in it, which asks the network for nothing.
"""

import json
from pathlib import Path
from typing import Any

import omnisim

PAGE = Path(__file__).parent / "demo" / "try.html"

SCENARIO = "ercot_day_ahead"

FORECASTERS = {
    "the same weekday a week ago": {"kind": "persistence", "lag": 7},
    "the day before": {"kind": "persistence", "lag": 1},
    "a ridge regression": {"kind": "ridge_autoregression"},
}
"""Of the slider, from left to right."""


def shown(forecaster: dict[str, Any]) -> list[list[Any]]:
    """A row for each population: name, customers, worth, share of foresight captured, how many earn less.

    Worth is money per customer and year more than by acting on the prices of the day before, in USD at true prices.
    """
    scenario = omnisim.load_scenario(SCENARIO, {"forecaster": forecaster})
    value = omnisim.analyze(omnisim.simulate(scenario)).value
    value = value[value["subsequence"] == "all"]
    years = scenario.played / 365
    found = []
    for name, rows in [*value.groupby("population", sort=False), ("all", value)]:
        possible = (rows["foresight"] - rows["baseline"]).sum()
        worth = rows["gain"].sum()
        found.append([name, len(rows), worth / len(rows) / years, worth / possible, int((rows["gain"] < 0).sum())])
    return found


def page(data: dict[str, list[list[Any]]]) -> str:
    """The whole page."""
    return TEMPLATE.replace("DATA", json.dumps(data).replace("<", "\\u003c")).replace("LAST", str(len(data) - 1))


TEMPLATE = """<!doctype html>
<!-- Written by docs/demo.py: change that script, and run it. -->
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>omnisim in a minute</title>
<style>
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b2430; }
input { width: 100%; } table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: right; padding: 0.3rem; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; } output { font-weight: bold; } small { color: #555; }
@media (max-width: 30rem) { table { font-size: 0.8em; } }
</style>
<h1>What is a forecast worth?</h1>
<p>340 customers in Houston choose a schedule every day from July 2021 to June 2022, all on the same forecast of
tomorrow's prices. Move the slider to give them another one.</p>
<label for="which">Forecast: <output id="name" for="which"></output></label>
<input id="which" type="range" min="0" max="LAST" value="LAST" step="1">
<p id="told" aria-live="polite"></p>
<table><thead><tr><th>customers<th>how many<th>worth, USD<th>of foresight<th>earn less</thead>
<tbody id="rows"></tbody></table>
<p><small>Worth is money per customer and year, at the true prices, more than by acting on the prices of the day before;
"of foresight" its share of what knowing the prices would have added. One year, one hub, customers drawn once: no claim
about other years.</small></p>
<script>
const data = DATA;
const names = Object.keys(data), slider = document.getElementById("which");
const sign = x => x < 0 ? "\\u2212" : x > 0 ? "+" : "";
const money = x => sign(x) + Math.abs(x).toLocaleString("en-US", { maximumFractionDigits: 0 });
const percent = x => (x < 0 ? "\\u2212" : "") + Math.round(Math.abs(100 * x)) + " %";
function show() {
  const name = names[slider.value], rows = data[name], all = rows[rows.length - 1];
  slider.setAttribute("aria-valuetext", name);
  document.getElementById("name").textContent = name;
  document.getElementById("told").textContent = Math.abs(all[2]) < 0.5
    ? "This is the forecast that the others are held against."
    : `Worth ${money(all[2])} USD per customer and year; ${all[4]} of ${all[1]} customers earn less.`;
  document.getElementById("rows").replaceChildren(...rows.map(row => {
    const line = document.createElement("tr");
    for (const text of [row[0], row[1], money(row[2]), percent(row[3]), row[4]]) {
      const cell = document.createElement("td");
      cell.textContent = text;
      line.append(cell);
    }
    return line;
  }));
}
slider.addEventListener("input", show);
show();
</script>
</html>
"""


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page({name: shown(forecaster) for name, forecaster in FORECASTERS.items()}), encoding="utf-8")
    print(PAGE)
