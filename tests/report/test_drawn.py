"""What figures draw, against the record: names are told once, and marks lie where they are seen."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from omnisim.analysis import Analysis
from omnisim.report.drawings import Curve, Drawing, Panel
from omnisim.report.figures.agent import agent_course
from omnisim.report.figures.curves import curves


def test_a_name_is_once_in_the_legend_however_many_panels_have_its_curve() -> None:
    x = np.array([1.0, 2.0, 4.0])
    panels = [
        Panel("first", "x", "y", [Curve("a", x, x, colour=0), Curve("b", x, x, colour=1)]),
        Panel("second", "x", "y", [Curve("b", x, x, colour=1), Curve("c", x, x, colour=2)]),
        Panel("third", "x", "y", [Curve("a", x, x, colour=0), Curve("c", x, x, colour=2)]),
    ]
    figure = curves("title", Drawing(panels, "caption", "alt"))
    named = Counter(trace.name for trace in figure.data if trace.name and trace.showlegend is not False)
    assert named == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("agent", [0, 2])
def test_actions_of_an_agent_are_marked_in_its_rounds_and_those_without_a_choice_apart(
    make: Callable[..., Analysis], agent: int
) -> None:
    analysis = make(populations={"one": 3}, rounds=40, fallback=0.3, load=True)
    record = analysis.trace.records["one"]
    figure = agent_course(analysis, "one", agent)
    chosen, without = ({} for _ in range(2))  # the first round of a page is 1
    for t in range(40):
        (without if record.fallback[t, agent] else chosen)[t + 1] = int(record.actions[t, agent])
    assert chosen
    assert without
    for row, expected in ((5, chosen), (6, without)):
        assert dict(zip(figure.data[row].x, figure.data[row].y, strict=True)) == expected
