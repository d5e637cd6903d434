"""What the figures and tables of the studies say of made-up errors, by loops over their draws."""

import statistics

import numpy as np
import pandas as pd
import pytest

from omnisim.report.drawings import Drawing
from omnisim.report.text import number
from omnisim.studies.omniprediction import charts
from omnisim.studies.omniprediction.methods import DIRECT, SINGLE

RULES, SIZES, CONSTANTS, DRAWS = ("m = n", "m = 8"), (50, 200), (0.0, 1.0), 5


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Errors of two methods, of which one has constants to choose from."""
    rng = np.random.default_rng(6)
    return pd.DataFrame(
        {"rule": rule, "n": n, "m": 8, "method": method, "c": c, "chosen": method == SINGLE or c == 1.0, "draw": draw}
        | {"error": rng.uniform(0.01, 0.2), "bound": rng.uniform(1, 2)}
        for rule in RULES
        for n in SIZES
        for method, constants in ((DIRECT, CONSTANTS), (SINGLE, (np.nan,)))
        for c in constants
        for draw in range(DRAWS)
    )


def of(rows: pd.DataFrame, measure: str = "error", **wanted: object) -> list[float]:
    """A measure in the rows with such values."""
    keep = np.logical_and.reduce([(rows[name] == value).to_numpy() for name, value in wanted.items()])
    found: list[float] = rows.loc[keep, measure].tolist()
    assert len(found) == DRAWS
    return found


def test_curves_are_means_with_bands_of_one_standard_deviation(rows: pd.DataFrame) -> None:
    chart = charts.by_method("errors", "Errors", rows, {"errors": "error", "bounds": "bound"}, "As said.")
    for words, measure in (("errors", "error"), ("bounds", "bound")):
        drawing = chart.variants[words]
        assert isinstance(drawing, Drawing)
        assert [panel.heading for panel in drawing.panels] == list(RULES)
        for panel in drawing.panels:
            assert [curve.label for curve in panel.curves] == [DIRECT, SINGLE]
            for curve in panel.curves:
                assert list(np.asarray(curve.x)) == list(SIZES)
                y, low, high = (np.asarray(each, dtype=float) for each in (curve.y, curve.low, curve.high))
                told = []
                for k, n in enumerate(SIZES):
                    values = of(rows, measure, rule=panel.heading, n=n, method=curve.label, chosen=True)
                    mean, deviation = statistics.mean(values), statistics.stdev(values)
                    assert [y[k], low[k], high[k]] == pytest.approx([mean, mean - deviation, mean + deviation])
                    told.append(number(mean, 2))
                assert f"{curve.label} {told[0]} at n = 50, {told[1]} at 200" in drawing.alt


def test_curves_by_constant(rows: pd.DataFrame) -> None:
    chart = charts.by_constant("constants", "By c", rows, "error", "As said.")
    for rule in RULES:
        drawing = chart.variants[rule]
        assert isinstance(drawing, Drawing)
        (panel,) = drawing.panels  # of the method that has several
        assert panel.heading == f"{DIRECT}: c = 0 and 1"
        assert [curve.label for curve in panel.curves] == ["smallest c", "largest c"]
        for c, curve in zip(CONSTANTS, panel.curves, strict=True):
            means = [statistics.mean(of(rows, rule=rule, n=n, method=DIRECT, c=c)) for n in SIZES]
            assert np.asarray(curve.y) == pytest.approx(means)


def test_tables_of_means(rows: pd.DataFrame) -> None:
    wide = charts.compared(rows, (), "error").to_dict("records")
    assert len(wide) == len(RULES) * len(SIZES)
    for row in wide:
        for method in (DIRECT, SINGLE):
            values = of(rows, rule=row["rule"], n=row["n"], method=method, chosen=True)
            assert row[method] == pytest.approx(statistics.mean(values))
    for row in charts.table(rows[rows["method"] == DIRECT], (), ("error",)).to_dict("records"):
        values = of(rows, **{name: row[name] for name in ("rule", "n", "m", "method", "c")})
        assert row["error mean"] == pytest.approx(statistics.mean(values))
        assert row["error std"] == pytest.approx(statistics.stdev(values))
