"""The notebooks, written here as text: ``python docs/notebooks/make.py`` makes the .ipynb files.

A notebook is a list of cells: text begins with ``#``-less Markdown in a string, code is a string that begins with a line
break.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent

NOTEBOOKS = {
    "houston": [
        "# A year of Houston in ten cells\nWhat was a simple forecast worth to 340 customers?",
        "\nimport omnisim\n\nscenario = omnisim.load_scenario('ercot_day_ahead')\nscenario",
        "\ntrace = omnisim.simulate(scenario)\ntrace.outcomes.shape, trace.predictions.shape",
        "\nanalysis = omnisim.analyze(trace)\nanalysis",
        "Money of each customer, beside acting on yesterday's prices and on the prices that came:",
        "\nanalysis.value.query(\"subsequence == 'all'\").groupby('population')[['money', 'baseline', 'foresight']].mean()",
        "Who loses?",
        "\n(analysis.value.query(\"subsequence == 'all'\").set_index(['population', 'agent'])['gain'] < 0).groupby('population').sum()",
        "Limits, and what theory promised of them:",
        "\nanalysis.certificates.query(\"claim.str.startswith('CCV')\")[['theorem', 'scope', 'measured', 'bound', 'holds']]",
        "The page of all of that:",
        "\nomnisim.write_report(analysis, 'houston.html')",
    ],
    "two_vendors": [
        "# Two vendors' forecasts\nThe same customers follow one, then the other; differences come with intervals.",
        "\nimport numpy as np\nimport omnisim\n\nscenario = omnisim.load_scenario('ercot_day_ahead', {'rounds': 90})",
        "Two forecasts that anybody could sell: yesterday's prices, and those of a week ago.",
        "\ncomparison = omnisim.compare(\n    scenario, forecasters=['persistence', 'persistence(lag=7)', 'ridge_autoregression'], seeds=range(3), jobs=1\n)\ncomparison",
        "\ncomparison.table[['forecaster', 'money', 'difference', 'difference_low', 'difference_high', 'verdict']]",
        "There is no verdict without an interval that leaves out 0. From files: `omnisim value a.csv b.csv --prices prices.csv`.",
    ],
    "own_forecaster": [
        "# A forecaster in thirty lines, against the pool",
        "\nimport numpy as np\nimport omnisim\n\n\nclass ExponentialSmoothing(omnisim.forecasters.Forecaster):\n    \"\"\"Predicts an exponentially weighted mean of past outcomes.\"\"\"\n\n    def __init__(self, rate: float = 0.3) -> None:\n        self.rate = rate\n\n    def _start(self):\n        self._level = np.full(self.service.dimension, 0.5)\n\n    def _predict(self, context):\n        return self._level\n\n    def _update(self, outcome):\n        self._level = self._level + self.rate * (outcome - self._level)\n\n\nExponentialSmoothing()",
        "Does it keep the contract that all forecasters here keep?",
        "\nomnisim.testing.check_forecaster(ExponentialSmoothing())",
        "\nscenario = omnisim.load_scenario('synthetic_seasonal', {'rounds': 60})\ncomparison = omnisim.compare(\n    scenario,\n    forecasters={'mine': ExponentialSmoothing(), 'week': omnisim.forecasters.Persistence(7), 'law': omnisim.forecasters.ConditionalMean()},\n    seeds=range(5),\n    jobs=1,\n)\ncomparison.table[['forecaster', 'utility', 'difference', 'verdict']]",
        "`ConditionalMean` reads the law of the made-up market: nothing beats it in expectation.",
    ],
    "figures_1_and_2": [
        "# Figures 1 and 2 of Gibbs and Tibshirani\nThe simulated example, in its quick variant (few draws): `omnisim study simulated` makes it in full.",
        "\nfrom omnisim import studies\n\nresult = studies.find('simulated')(studies.Options(quick=True, jobs=1))\n[finding.measured for finding in result.findings]",
        "\nnext(iter(result.tables.values())).frame.head(12)",
    ],
    "three_professions": [
        "# One probability for three professions\nA physician, an insurer and a planner read the same probability of a malignant tumour and lose by different mistakes.",
        "\nfrom sklearn.datasets import load_breast_cancer\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.model_selection import train_test_split\n\nfrom omnisim.batch import Panpredictor\n\ndata = load_breast_cancer(as_frame=True)\nX, malignant = data.data[['mean radius', 'mean texture', 'mean smoothness']], data.target == 0\nX, X_new, y, y_new = train_test_split(X, malignant, test_size=0.4, random_state=0)",
        "\nfrom sklearn.compose import make_column_transformer\nfrom sklearn.pipeline import make_pipeline\n\nby_size = make_pipeline(make_column_transformer(('passthrough', ['mean radius'])), LogisticRegression())\nmodel = Panpredictor(\n    groups={'everyone': None, 'coarse': '`mean texture` > 20', 'rough': '`mean smoothness` > 0.1'},\n    comparators={'by size': by_size},\n    random_state=0,\n).fit(X, y)\nmodel.corrections_",
        "A loss is a table: a row for each action, its loss if benign and if malignant.",
        "\nlosses = {\n    'physician': [[0.0, 0.9], [0.1, 0.0]],\n    'insurer': [[0.0, 0.5], [0.5, 0.0]],\n    'planner': [[0.0, 0.2], [0.4, 0.1]],\n}\nmodel.gap_report(X_new, y_new, losses)[['loss', 'group', 'gap', 'low', 'high']]",
    ],
}


def notebook(cells: list[str]) -> dict[str, object]:
    """A notebook of format 4.5 without outputs."""
    made = []
    for number, text in enumerate(cells):
        code = text.startswith("\n")
        lines = text.strip("\n").splitlines(keepends=True)
        cell = {"cell_type": "code" if code else "markdown", "id": f"cell-{number}", "metadata": {}, "source": lines}
        made.append(cell | ({"execution_count": None, "outputs": []} if code else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


if __name__ == "__main__":
    for name, cells in NOTEBOOKS.items():
        (HERE / f"{name}.ipynb").write_text(json.dumps(notebook(cells), indent=1) + "\n", encoding="utf-8")
