"""Shares of the theorems' bounds that were used."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from omnisim.analysis import Analysis
from omnisim.analysis.evidence import Status
from omnisim.report.figures.style import INK, PAGE, PALETTE, describe, numbers, with_panel
from omnisim.report.selection import shown_populations
from omnisim.report.text import count, label, percent

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "hexagon")


def has_ratio(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the certificates to draw: promises with a positive bound that some agent meets the hypotheses of."""
    return (table["bound"] > 0) & table["measured"].notna() & (table["status"] != Status.CHECK)


def certificate_ratios(analysis: Analysis) -> go.Figure:
    """Measured over bound of every certificate that has a positive bound, a row per theorem."""
    table = analysis.certificates
    drawn = table[has_ratio(table)]
    theorems = list(dict.fromkeys(drawn["theorem"]))
    figure = with_panel("How much of the bounds was used", 46 * max(1, len(theorems)) + 12)
    names = shown_populations(analysis.trace)
    for index, name in enumerate(names):
        rows = drawn[drawn["population"] == name]
        if not len(rows):
            continue
        # Populations are set apart vertically so that equal ratios do not hide each other.
        nudge = 0.5 * ((index + 0.5) / len(names) - 0.5)
        text = [label(f"on {subsequence}") for subsequence in rows["subsequence"]]
        figure.add_scatter(
            x=numbers(100 * rows["measured"].to_numpy(float) / rows["bound"].to_numpy(float)),
            y=[theorems.index(theorem) + nudge for theorem in rows["theorem"]],
            mode="markers", name=label(name, 22), text=text, hovertemplate="%{x:.3g} % of the bound, %{text}",
            marker={"size": 9, "symbol": _SYMBOLS[index], "color": PALETTE[index], "opacity": 0.8,
                    "line": {"width": 1, "color": PAGE}},
        )  # fmt: skip
    # An invisible point keeps the line of the bound inside the axis.
    figure.add_scatter(x=[104], y=[0], mode="markers", opacity=0, showlegend=False, hoverinfo="skip")
    figure.add_vline(x=100, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.update_xaxes(title_text="measured, % of the bound", zeroline=True)
    figure.update_yaxes(
        tickvals=list(range(len(theorems))), ticktext=[label(theorem) for theorem in theorems],
        range=[len(theorems) - 0.5, -0.5] if theorems else None, showgrid=False,
    )  # fmt: skip
    caption = (
        "One mark per certificate; the dashed line is the bound. Certificates whose bound is 0, those whose "
        "hypotheses no agent meets, and checks of assumptions are in the table only."
    )
    ratios = drawn["measured"].to_numpy(float) / drawn["bound"].to_numpy(float)
    alt = f"Dot plot of {count(len(drawn), 'certificate')}"
    if len(drawn):
        closest = drawn.iloc[int(np.argmax(ratios))]
        alt += (
            f"; the closest to its bound is {closest['theorem']} for {closest['scope']} "
            f"at {percent(float(ratios.max()))} of it"
        )
    return describe(figure, caption, f"{alt}.", "x")
