"""Figures of tables of probabilities, against the tables, which are made by another part of the package."""

import numpy as np
import pandas as pd
import pytest

from omnisim import batch, figures
from omnisim.problem.losses import SquaredLoss

RNG = np.random.default_rng(0)
P = RNG.random(400)
Y = (RNG.random(400) < np.where(P > 0.5, P, P / 2)).astype(float)
FRAME = pd.DataFrame({"sex": np.where(RNG.random(400) < 0.5, "f", "m")})
LOSSES = {"misses": [[0.0, 0.9], [0.1, 0.0]], "squares": SquaredLoss()}


def drawn(figure, name):
    """Points of the line of that name."""
    (line,) = [each for each in figure.data if each.name == name]
    return np.array(line.x, dtype=float), np.array(line.y, dtype=float)


@pytest.mark.parametrize("bins", [5, None])
def test_a_reliability_diagram_has_the_bins_of_the_table(bins):
    table = batch.reliability_table(P, Y, bins=bins)
    figure = figures.reliability_diagram(table)
    x, y = drawn(figure, "rate")
    np.testing.assert_allclose(x, table["mean prediction"], rtol=1e-4)
    np.testing.assert_allclose(y, table["rate"], rtol=1e-4)
    low, high = (np.array(each.y, dtype=float) for each in figure.data if each.line.width == 0)
    np.testing.assert_allclose(low, np.clip(table["rate"] - 1.96 * table["deviation"], 0, 1), rtol=1e-4)
    np.testing.assert_allclose(high, np.clip(table["rate"] + 1.96 * table["deviation"], 0, 1), rtol=1e-4)
    assert figure.layout.xaxis.title.text == "mean prediction [probability]"
    assert figure.layout.yaxis.title.text == "rate of outcomes 1 [share]"
    gain = ((P - Y) ** 2).mean() - batch.brier_decomposition(P, Y, bins=bins).score
    assert abs(gain) < 1e-12
    assert f"{len(table)} bins" in figure.layout.meta["caption"]


def test_a_murphy_diagram_has_the_band_and_counts_where_it_leaves_zero():
    table = batch.murphy_difference(P, np.full(400, 0.5), Y, replicates=50)
    figure = figures.murphy_diagram(table)
    x, y = drawn(figure, "first less second")
    np.testing.assert_allclose(x, table["theta"], rtol=1e-4)
    np.testing.assert_allclose(y, table["difference"], rtol=1e-4, atol=1e-9)
    assert figure.layout.xaxis.title.text == "threshold [probability]"
    below = sum(high < 0 for high in table["high"])
    assert below > 0
    assert f"below zero at {below} of them" in figure.layout.meta["alt"]


@pytest.mark.parametrize("replicates", [0, 30])
def test_a_regret_map_has_a_cell_per_group_and_loss_and_names_the_largest(replicates):
    models = {"flat": np.full(400, 0.4), "turned": 1 - P}
    table = batch.regret_table(P, Y, LOSSES, models, FRAME, replicates=replicates)
    plain = batch.regret_table(P, Y, LOSSES, models, FRAME)
    figure = figures.regret_map(table)
    (cells,) = figure.data
    assert [list(row) for row in cells.text] == [[f"{value:.3f}" for value in row] for row in plain.to_numpy()]
    loss = plain.max().idxmax()
    group = plain[loss].idxmax()
    assert f"for {group} and {loss}" in figure.layout.meta["alt"]
    assert ("interval" in figure.layout.meta["alt"]) == (replicates > 0)
    assert "mean loss" in cells.hovertemplate
