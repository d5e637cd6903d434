"""What figures draw, against the record: names are told once, and marks lie where they are seen."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.analysis.units import units
from omnisim.network import Churn, PresenceInterval
from omnisim.report import figures
from omnisim.report.drawings import Curve, Drawing, HeatMap, Panel, Strip, StripPanel, Strips
from omnisim.report.figures.agent import agent_course, agent_frame
from omnisim.report.figures.certificates import has_ratio
from omnisim.report.figures.curves import curves
from omnisim.report.figures.difference_map import Panel as Differences
from omnisim.report.figures.difference_map import difference_map
from omnisim.report.figures.elimination import _steps
from omnisim.report.figures.heat_map import heat_map
from omnisim.report.figures.plane import Plane, Point, planes
from omnisim.report.figures.strips import strips
from omnisim.report.figures.style import MARGIN_BOTTOM, MARGIN_TOP, blank, stack, with_panel
from omnisim.report.figures.winners import Panel as Winners
from omnisim.report.figures.winners import Row, winners
from omnisim.report.run.figures import shown_figures
from omnisim.report.text import amount, number, percent, signed_amount
from omnisim.trace import Trace


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


def test_regret_of_an_agent_is_drawn_in_its_money(make: Callable[..., Analysis]) -> None:
    """After each day, against the best action so far: no action of these agents ever violates a limit."""
    trace = make(populations={"one": 3}, rounds=40, clean=1.0, currency="EUR", dates=True).trace
    record = trace.records["one"]
    money = omnisim.Money(np.array([2.0, 30.0, 700.0]), np.array([5.0, 0.0, 1.0]), "EUR")
    paid = omnisim.Population("one", record.population.utility, record.population.offset, money=money)
    analysis = omnisim.analyze(
        dataclasses.replace(trace, records={"one": dataclasses.replace(record, population=paid)})
    )
    for n in range(3):
        figure = agent_course(analysis, "one", n)
        u = [[float(paid.utility[n, a] @ y + paid.offset[n, a]) for a in range(paid.actions)] for y in trace.outcomes]
        earned, regret, earnings = [0.0] * paid.actions, [], 0.0
        for t in range(40):
            earned = [total + more for total, more in zip(earned, u[t], strict=True)]
            earnings += u[t][record.actions[t, n]]
            regret.append(float(money.scale[n]) * (max(earned) - earnings))
        assert list(figure.data[4].y) == pytest.approx(regret, rel=1e-3, abs=1e-6)
        assert max(regret) > 0


def test_prices_drawn_in_periods_are_means_of_their_rounds(make: Callable[..., Analysis]) -> None:
    """Also where a period has a round less than others."""
    trace = make(populations={"one": 1}, rounds=40, dimension=3).trace
    figure = figures.prices(omnisim.analyze(trace), most_points=7)
    starts = [40 * i // 7 for i in range(7)]
    parts = [range(start, stop) for start, stop in zip(starts, [*starts[1:], 40], strict=True)]
    assert len({len(part) for part in parts}) == 2
    lowest, highest, realized, forecast = (list(each.y) for each in figure.data)
    for i, part in enumerate(parts):
        paid, said = ([float(v) for t in part for v in values[t]] for values in (trace.outcomes, trace.predictions))
        found = (lowest[i], highest[i], realized[i], forecast[i])
        expected = (min(paid), max(paid), sum(paid) / len(paid), sum(said) / len(said))
        assert found == pytest.approx(expected, rel=1e-3)


def test_the_potential_is_told_with_the_share_of_rounds_of_fewest_evaluations(make: Callable[..., Analysis]) -> None:
    trace = make(populations={"one": 1}, rounds=40).trace
    evaluations = np.array([3.0, 5.0, 3.0, 8.0] * 10)
    given = {"potential": np.linspace(1.0, 2.5, 40), "evaluations": evaluations}
    meta = figures.potential_course(omnisim.analyze(dataclasses.replace(trace, diagnostics=given))).layout.meta
    assert "It ended at 2.5." in meta["caption"]
    assert "4.75 predictions on average; on 50 % of the rounds no more than 3," in meta["caption"].replace("\xa0", " ")
    assert "it ends at 2.5, the budget is 2.718; 4.75 predictions were evaluated per round" in meta["alt"]


def test_growth_tells_how_many_benchmarks_are_empty_at_the_end(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={"one": 12}, rounds=40, clean=0.2)
    record = analysis.trace.records["one"]
    empty = sum(not any(at == 40 for at in record.violated_at[n, :, 0].tolist()) for n in range(12))
    assert 0 < empty < 12
    alt = figures.growth_curves(analysis, "one", "all").layout.meta["alt"]
    assert f"({empty} with an empty benchmark)" in alt


LONG = "x" * 120


def cut(texts: Iterable[str]) -> set[int]:
    """Numbers of characters that are left of a long name in some texts."""
    return {len(found) for text in texts for found in re.findall(r"x{5,}…?", str(text))}


def hovers(figure: go.Figure) -> Iterator[str]:
    """What is said of what a reader points at."""
    for trace in figure.data:
        yield trace.hovertemplate or ""
        if "%{text}" in (trace.hovertemplate or ""):
            yield from trace.text
        if trace.customdata is not None:
            yield from map(str, np.ravel(np.array(trace.customdata, dtype=object)))


def test_a_long_name_is_cut_alike_wherever_it_is_pointed_at() -> None:
    x = np.array([1.0, 2.0, 4.0])
    found = [
        curves("", Drawing([Panel("", "", "", [Curve(LONG, x, x)])], "", "")),
        strips("", Strips([StripPanel("", "", [Strip(LONG, 1.0, (0.0, 2.0), (0.0, 2.0))])], "", "")),
        winners("", [Winners("", [Row(LONG, 1, 1, 1)])], "", ""),
        planes("", [Plane("", [Point(LONG, LONG, 1.0, 1.0, (0, 2), (0, 2))])], {LONG: 0}, [LONG], ("", ""), ("", "")),
    ]
    lengths = [cut(hovers(figure)) for figure in found]
    assert all(len(each) == 1 for each in lengths)
    assert len(set.union(*lengths)) == 1


def test_headings_and_titles_of_axes_are_cut_alike() -> None:
    figure = strips("", Strips([StripPanel(LONG, LONG, [Strip("a", 1.0)])], "", ""))
    assert len(cut([figure.layout.annotations[0].text, figure.layout.xaxis.title.text])) == 1


def panels_of(figure: go.Figure) -> list[tuple[float, float]]:
    """Upper and lower end of each panel, in pixels below the legend."""
    layout = figure.to_plotly_json()["layout"]
    inside = layout["height"] - MARGIN_TOP - MARGIN_BOTTOM
    found = [axis["domain"] for name, axis in layout.items() if name.startswith("yaxis") and "domain" in axis]
    return [((1 - high) * inside, (1 - low) * inside) for low, high in found]


def test_panels_are_as_high_as_asked_for_and_as_far_apart() -> None:
    figure = blank("", 300)
    stack(figure, [100, 50, 70])
    (top, _), *_ = found = panels_of(figure)
    assert top == 0
    assert [round(low - high) for high, low in found] == [100, 50, 70]
    gaps = {round(below - above) for (_, above), (below, _) in pairwise(found)}
    assert len(gaps) == 1
    stack(figure, [100, 50, 70], gap=11, top=22)
    assert [(round(high), round(low)) for high, low in panels_of(figure)] == [(22, 122), (133, 183), (194, 264)]


def test_more_panels_of_curves_are_each_less_high_and_all_together_higher() -> None:
    x = np.array([1.0, 2.0])
    drawn = [panels_of(curves("", Drawing([Panel("", "", "", [Curve("a", x, x)])] * n, "", ""))) for n in range(1, 6)]
    heights = [[round(low - high) for high, low in panels] for panels in drawn]
    assert all(len(set(each)) == 1 for each in heights)
    one, two, three, *many = (each[0] for each in heights)
    assert one > two > three > max(many)
    assert len(set(many)) == 1
    totals = [sum(each) for each in heights]
    assert totals == sorted(totals)


def test_a_strip_has_as_much_room_alone_as_beside_another(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={"one": 9, "two": 5})
    for panel in range(2):
        beside, alone = (panels_of(draw(analysis))[panel] for draw in (figures.regrets, figures.violations))
        assert 2 * (alone[1] - alone[0]) >= beside[1] - beside[0]


@pytest.mark.parametrize("draw", [figures.regrets, figures.violations])
def test_strips_are_at_the_row_of_their_subsequence(make: Callable[..., Analysis], draw: Callable[..., Any]) -> None:
    analysis = make(populations={"one": 21}, clean=1.0, subsequences=("all", "some", "few"))
    figure = draw(analysis)
    measures, axis = analysis.measures["one"], figure.layout.yaxis
    values = {name: getattr(measures, name.replace(" ", "_")) for name in ("swap regret", "external regret")}
    values["CCV+"] = measures.ccv_positive
    points = [trace for trace in figure.data if trace.name]
    assert len(points) == (2 if draw is figures.regrets else 1)
    for trace in points:
        for x, y in zip(trace.x, trace.y, strict=True):
            row = int(np.argmin(np.abs(np.array(axis.tickvals) - y)))
            assert abs(axis.tickvals[row] - y) < 0.25
            k = analysis.trace.subsequences.index(axis.ticktext[row])
            assert x == pytest.approx(np.median(values[trace.name][k]), rel=1e-4)
        assert len(set(trace.y)) == 3
    assert axis.ticktext[int(np.argmax(axis.tickvals))] == "all"  # on top


def test_growth_with_the_root_is_drawn_up_to_the_median_and_only_if_there_is_any(
    make: Callable[..., Analysis],
) -> None:
    analysis = make(populations={"one": 5}, rounds=40, clean=1.0)
    analysis.measures["one"].ccv_positive.flags.writeable = True
    analysis.measures["one"].ccv_positive[:] = 0.0
    record = analysis.trace.records["one"]
    record.costs.flags.writeable = True
    record.costs[:, 1:] = -1.0  # the agent 0 alone violates, so that the median is 0
    figure = figures.growth_curves(analysis, "one", "all")
    regret = float(np.median(analysis.measures["one"].swap_regret[0]))
    guides = [trace for trace in figure.data if trace.line.dash == "dot"]
    assert [trace.yaxis for trace in guides] == ["y"]
    assert any(trace.yaxis == "y2" for trace in figure.data)
    assert guides[0].y == pytest.approx(regret * np.sqrt(np.array(guides[0].x) / 40), rel=1e-4)


def test_money_so_far_is_a_line_and_what_is_under_its_best_an_area(market: Analysis) -> None:
    figure = figures.money_course(market, "makers")
    worth = market.worth["makers"]
    money = np.zeros((3, market.trace.rounds))
    for t in range(market.trace.rounds):
        money[:, t] = (money[:, t - 1] if t else 0.0) + worth.by_round[:, t] / 12
    own, most, drawdown = figure.data
    assert own.y == pytest.approx(money[0] - money[1], rel=1e-4)
    assert most.y == pytest.approx(money[2] - money[1], rel=1e-4)
    best = 0.0
    for t, y in enumerate(drawdown.y):
        best = max(best, money[0, t] - money[1, t])
        assert y == pytest.approx(money[0, t] - money[1, t] - best, rel=1e-4, abs=1e-9)
    assert [trace.fill for trace in figure.data] == [None, None, "tozeroy"]
    assert [trace.fillcolor for trace in (own, most)] == [None, None]
    red, green, blue = (int(drawdown.line.color[i : i + 2], 16) for i in (1, 3, 5))
    assert drawdown.fillcolor.startswith(f"rgba({red},{green},{blue},0.")
    assert [trace.yaxis for trace in figure.data] == ["y", "y", "y2"]


@pytest.mark.parametrize("currency", [None, "EUR"])
def test_the_course_of_an_agent_is_in_its_money(make: Callable[..., Analysis], currency: str | None) -> None:
    figure = agent_frame(make(populations={"one": 3}, currency=currency), "one")
    heads = [note.text for note in figure.layout.annotations]
    assert heads == [
        f"<b>{'money' if currency else 'utility'} so far</b>",
        "<b>regret so far</b>",
        "<b>actions played</b>",
    ]
    assert [figure.layout[axis].title.text for axis in ("yaxis", "yaxis2")] == [currency or "utility"] * 2


def test_schedules_name_the_price_and_the_forecast_in_the_colours_of_their_lines(market: Analysis) -> None:
    figure = figures.schedules(market, "buyers", 3)
    prices, forecast = figure.data[:2]
    words = f'<span style="color:{prices.line.color}"><b>mean price</b></span>'
    words += f' and <span style="color:{forecast.line.color}"><b>mean forecast</b></span>'
    assert words in [note.text for note in figure.layout.annotations]
    unit = units(market.trace)
    assert prices.y[:-1] == pytest.approx(unit.values(market.trace.true_outcomes).mean(axis=0), rel=1e-4)
    assert forecast.y[:-1] == pytest.approx(unit.values(market.trace.true_predictions).mean(axis=0), rel=1e-4)
    record = market.trace.records["buyers"]
    favourite = int(np.bincount(record.actions[:, 3], minlength=4).argmax())
    energy = float(record.population.load[3, favourite].sum())
    times = int((record.actions[:, 3] == favourite).sum())
    used = len(set(record.actions[:, 3].tolist()))
    told = f"agent 3 of buyers used {used} of 4 actions, most often {record.population.action_names[favourite]} "
    told += f"({percent(times / market.trace.rounds)} of the days, {number(energy)} MWh a day)."
    assert told in figure.layout.meta["alt"]


def test_how_often_a_schedule_was_used_is_told_of_the_rounds_in_which_somebody_was_there() -> None:
    utility = np.array([[[0.5], [0.0]], [[0.5], [0.0]]])
    load = np.array([[[2.0], [3.0]]] * 2)
    spans = [PresenceInterval(0, 0, 3), PresenceInterval(0, 9, 15), PresenceInterval(1, 0)]
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("homes", utility, offset=[[0.0, 0.25]] * 2, load=load)],
        adversary=omnisim.adversaries.Replay(np.full((20, 1), 0.5)),
        forecaster=omnisim.forecasters.Published([[0.9]] * 3 + [[0.1]] * 17),
        churn={"homes": Churn(schedule=spans)},
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario))
    told = [figures.schedules(analysis, "homes", agent).layout.meta["alt"].partition("used ")[2] for agent in range(3)]
    # Each time that somebody comes is an agent.
    assert told == [
        "2 of 2 actions, most often action 0 (75 % of the 4 rounds that it was there, 2 MWh a day).",
        "1 of 2 actions, most often action 1 (100 % of the 7 rounds that it was there, 3 MWh a day).",
        "2 of 2 actions, most often action 1 (85 % of the rounds, 3 MWh a day).",
    ]


@pytest.mark.parametrize(("resolution", "periods", "unit"), [("hour", 24, "MWh"), ("30min", 48, "MW")])
def test_loads_are_drawn_as_power_where_periods_are_shorter_than_an_hour(
    make: Callable[..., Analysis], resolution: str, periods: int, unit: str
) -> None:
    """An energy of half an hour is drawn at twice as much power; the sum of the day is energy in either case."""
    market = {"currency": "EUR", "low": 0, "high": 100, "resolution": resolution}
    analysis = make(populations={"a": 2}, dimension=periods, dates=True, load=True, about={"market": market})
    record = analysis.trace.records["a"]
    figure = figures.schedules(analysis, "a", 1)
    _, _, *loads = figure.data
    played = np.bincount(record.actions[:, 1], minlength=4)
    shown = sorted(range(4), key=lambda a: (-played[a], a))
    for a, drawn in zip(shown, loads, strict=True):
        assert list(drawn.x) == [24 * i / periods for i in range(periods + 1)]
        assert drawn.y[:-1] == pytest.approx(record.population.load[1, a] * periods / 24, rel=1e-4)
        assert f" {unit} from hour" in drawn.hovertemplate
    titles = [axis.title.text for axis in figure.select_yaxes()]
    assert ("load, MWh in the hour" if unit == "MWh" else "load, MW") in titles
    energy = float(record.population.load[1, shown[0]].sum())
    assert f"{number(energy)} MWh a day)." in figure.layout.meta["alt"]


def test_marks_of_certificates_are_in_the_row_of_their_theorem_and_populations_apart(market: Analysis) -> None:
    figure = figures.certificate_ratios(market)
    names = list(figure.layout.yaxis.ticktext)
    low, high = sorted(figure.layout.yaxis.range)
    places: dict[str, set[float]] = {}
    for trace in figure.data[:-1]:
        table = market.certificates[has_ratio(market.certificates)]
        rows = table[table["population"] == trace.name].to_dict("records")
        assert trace.x == pytest.approx([100 * row["measured"] / row["bound"] for row in rows], rel=1e-4)
        assert [names[round(y)] for y in trace.y] == [row["theorem"] for row in rows]
        assert all(low < y < high for y in trace.y)
        places[trace.name] = {round(y - round(y), 9) for y in trace.y}
    assert len(places) == 3
    [apart] = zip(*map(sorted, places.values()), strict=True)
    assert len(set(apart)) == 3
    assert sorted(apart) == pytest.approx(sorted(-place for place in apart))


def test_only_promises_with_a_bound_are_among_the_shares_of_bounds(make: Callable[..., Analysis]) -> None:
    """Certificates of every status, measured at 1, 2, 3 ... of 100; a promise without a bound, and a check with one."""
    analysis = make(populations={"a": 2}, subsequences=("all", "hot", "cold"), rounds=20, dimension=2)
    table = analysis.certificates.copy()
    assert len(table) >= 6
    table["measured"], table["bound"] = np.arange(1.0, len(table) + 1), 100.0
    every = ["informative", "cannot fail", "vacuous", "violated", "cannot fail", "informative"]
    table["status"] = [every[i % 6] for i in range(len(table))]
    table.loc[table.index[-1], ["status", "bound"]] = ["informative", 0.0]
    analysis.__dict__["certificates"] = table
    figure = figures.certificate_ratios(analysis)
    promised = [i for i in range(len(table) - 1) if i % 6 not in (1, 4)]
    assert list(figure.data[0].x) == pytest.approx([i + 1 for i in promised])
    alt = figure.layout.meta["alt"]
    closest = table.iloc[promised[-1]]
    assert f"Dot plot of {len(promised)} certificates; the closest" in alt
    assert f"{closest['theorem']} for {closest['scope']} at {promised[-1] + 1} % of it" in alt


def test_which_actions_were_eliminated_and_where(market: Analysis) -> None:
    figure = figures.elimination_map(market)
    for panel, (name, drawn) in enumerate(zip(market.trace.records, figure.data, strict=True)):
        record = market.trace.records[name]
        suffix = "" if panel == 0 else str(panel + 1)
        assert (drawn.xaxis, drawn.yaxis) == (f"x{suffix}", f"y{suffix}")
        assert list(figure.layout[f"yaxis{suffix}"].ticktext) == list(record.population.action_names)
        assert list(figure.layout[f"xaxis{suffix}"].ticktext) == list(market.trace.subsequences)
        for a, row in enumerate(drawn.z):
            for k, share in enumerate(row):
                gone = sum(int(left < market.trace.rounds) for left in record.eliminated_at[:, a, k])
                assert share == pytest.approx(100 * gone / record.population.agents, rel=1e-4)


def test_errors_stand_at_the_time_of_the_day(make: Callable[..., Analysis]) -> None:
    market = {"currency": "EUR", "low": 0, "high": 100, "resolution": "30min"}
    analysis = make(populations={"a": 2}, dimension=48, dates=True, about={"market": market})
    bars, line = figures.forecast_errors(analysis).data
    assert list(bars.x) == list(line.x) == [i / 2 for i in range(48)]
    error = 100 * (analysis.trace.predictions - analysis.trace.outcomes)
    assert bars.y == pytest.approx(np.abs(error).mean(axis=0), rel=1e-4)
    assert line.y == pytest.approx(error.mean(axis=0), rel=1e-4)
    worst = int(np.abs(error).mean(axis=0).argmax())
    assert (
        f"largest at {worst // 2:02d}:{30 * (worst % 2):02d};" in figures.forecast_errors(analysis).layout.meta["alt"]
    )


def test_errors_and_scores_by_subsequence_look_alike(make: Callable[..., Analysis]) -> None:
    values = make(populations={"a": 2}, dimension=1)
    trace = values.trace
    fields = {name: getattr(trace, name) for name in trace.__dataclass_fields__}
    events = omnisim.analyze(Trace(**fields | {"outcomes": np.round(trace.outcomes)}))
    errors, scores = (figures.errors_by_subsequence(analysis) for analysis in (values, events))
    assert errors.layout.xaxis.title.text != scores.layout.xaxis.title.text
    for name in ("bargap", "height", "showlegend", "yaxis"):
        assert errors.layout[name] == scores.layout[name]


def fixed(figure: go.Figure) -> Iterator[tuple[str, str, float, float]]:
    """Axes with a range of numbers: letter, name, and the ends."""
    for name, axis in figure.to_plotly_json()["layout"].items():
        if name[1:5] == "axis" and isinstance((axis.get("range") or [None])[0], int | float):
            yield name[0], name[0] + name[5:], min(axis["range"]), max(axis["range"])


@pytest.fixture(scope="module")
def every(market: Analysis) -> list[go.Figure]:
    return [figure for shown in shown_figures(market).values() for figure in shown.variants]


def test_all_that_is_drawn_lies_within_its_axes(every: list[go.Figure]) -> None:
    seen = 0
    drawn = strips(
        "", Strips([StripPanel("", "", [Strip("a", 1.0, (0.0, 2.0), (-3.0, 2.0)), Strip("b", -1.0)])], "", "")
    )
    bars = winners("", [Winners("", [Row("a", 1, 0, 0), Row("b", 0, 1, 0)])], "", "")
    for figure in [*every, drawn, bars]:
        for letter, axis, low, high in fixed(figure):
            for trace in figure.data:
                if (getattr(trace, f"{letter}axis") or letter) == axis and trace.type != "heatmap":
                    places = [place for place in getattr(trace, letter) or () if isinstance(place, int | float)]
                    assert all(low <= place <= high for place in places)
                    seen += len(places)
            layout = figure.layout[f"{letter}axis{axis[1:]}"]
            assert all(low <= tick <= high for tick in layout.tickvals or () if isinstance(tick, int | float))
    assert seen > 100


def test_those_who_gain_and_those_who_lose_are_drawn_to_the_same_scale() -> None:
    drawn = winners("", [Winners("", [Row("a", 2, 1, 1)])], "", "")
    low, high = drawn.layout.xaxis.range
    assert low == -high
    [loses, gains] = drawn.data
    assert (list(loses.x), list(gains.x)) == ([-25], [50])


def test_panels_below_each_other_move_together_or_not_at_all(every: list[go.Figure]) -> None:
    together = 0
    for figure in every:
        axes = {"x" + name[5:]: axis for name, axis in figure.to_plotly_json()["layout"].items() if name[:5] == "xaxis"}
        led = {name: axis["matches"] for name, axis in axes.items() if axis.get("matches")}
        assert not led or set(led) | set(led.values()) == set(axes)
        assert len(set(led.values())) <= 1
        assert not set(led) & set(led.values())
        together += bool(led)
        shown = [name for name in axes if axes[name].get("showticklabels", True)]
        assert max(axes, key=lambda name: int(name[1:] or 1), default=None) in [*shown, None]
    assert together > 3


def test_one_look_tells_what_all_lines_are_at_a_time(market: Analysis) -> None:
    drawn = [draw(market) for draw in (figures.prices, figures.forecast_errors, figures.eliminations)]
    drawn += [figures.money_course(market, "makers"), agent_frame(market, "makers")]
    assert {figure.layout.hovermode for figure in drawn} == {"x"}


def test_shades_of_maps_have_no_scale_beside_them(market: Analysis) -> None:
    """They grow with the square root; the numbers stand in the cells."""
    differences = np.array([[1.0, -2.0]])
    panel = Differences("", differences, differences > 0, [["", ""]])
    drawn = [
        difference_map("", [panel], ["a"], ["b", "c"], ("", ""), larger_is_better=True),
        heat_map("", HeatMap(["a"], ["b", "c"], np.abs(differences), "", "", "")),
    ]
    assert [figure.data[0].showscale for figure in drawn] == [False, False]
    assert figures.elimination_map(market).layout.coloraxis.showscale is False


def test_names_of_subsequences_are_cut_alike_beside_their_rows(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={"one": 3}, subsequences=("all", LONG))
    drawn = [figures.regrets(analysis), figures.violations(analysis), figures.plays(analysis, "one")]
    drawn.append(figures.errors_by_subsequence(analysis))
    assert len(cut(text for figure in drawn for text in figure.layout.yaxis.ticktext)) == 1


def test_bands_that_reach_below_zero_end_below_the_line_where_the_axis_is_of_logarithms() -> None:
    x, low = np.array([1.0, 2.0, 4.0]), np.array([-1.0, 0.5, 0.0])
    panel = Panel("", "", "", [Curve("a", x, x, low, 2 * x)])
    below, above, line = curves("", Drawing([panel], "", "")).data
    assert all(0 < bottom < y for bottom, y in zip(below.y, line.y, strict=True))
    assert below.y[1] == 0.5
    assert list(above.y) == [2, 4, 8]
    plain = curves("", Drawing([dataclasses.replace(panel, log_y=False)], "", ""))
    assert list(plain.data[0].y) == [-1, 0.5, 0]


@pytest.mark.parametrize("dates", [False, True])
def test_the_deepest_point_under_the_best_is_told(make: Callable[..., Analysis], dates: bool) -> None:
    analysis = make(populations={"one": 4}, currency="EUR", dates=dates)
    by_round = analysis.worth["one"].by_round.copy()
    by_round[0, 40:] = by_round[1, 40:] + 3.0  # what was lost comes back in part
    worth = dataclasses.replace(analysis.worth["one"], by_round=by_round)
    analysis.__dict__["worth"] = {"one": worth}
    best, deepest, when = 0.0, 0.0, 0
    gain = 0.0
    for t in range(60):
        gain += float(worth.by_round[0, t] - worth.by_round[1, t]) / 4
        best = max(best, gain)
        if best - gain > deepest:
            deepest, when = best - gain, t
    day = str(analysis.trace.dates[when]) if dates else f"round {when + 1}"
    alt = figures.money_course(analysis, "one").layout.meta["alt"]
    assert alt.endswith(f"the largest drawdown was {amount(deepest)} on {day}.")
    assert f"ends at {signed_amount(gain)} EUR per agent" in alt
    assert amount(best - gain) != amount(deepest), "it must have risen again"


def test_the_three_actions_played_most_are_told(make: Callable[..., Analysis]) -> None:
    for actions in (2, 3, 6):
        analysis = make(populations={"one": 5}, actions=actions)
        record = analysis.trace.records["one"]
        names = record.population.action_names
        times = Counter(names[a] for a in record.actions.ravel().tolist())
        most = sorted(names, key=lambda name: -times[name])[:3]
        told = [f"{name} {percent(times[name] / record.actions.size)}" for name in most]
        alt = figures.plays(analysis, "one").layout.meta["alt"]
        assert alt == f"Stacked bars; one on all played {', '.join(told[:-1])} and {told[-1]}."


def test_the_end_of_growth_is_told(market: Analysis) -> None:
    measures, k = market.measures["buyers"], market.trace.subsequences.index("hot")
    rounds = int(market.trace.active[:, k].sum())
    alt = figures.growth_curves(market, "buyers", "hot").layout.meta["alt"]
    for words, values in (("swap regret", measures.swap_regret[k]), ("CCV+", measures.ccv_positive[k])):
        known = values[~np.isnan(values)]
        high = number(float(np.quantile(known, 0.95)))
        told = f"{words} after {rounds} days: median {number(float(np.median(known)))}, 95th percentile {high}"
        left = len(values) - len(known)
        assert told + (f" ({left} with an empty benchmark)" if left else "") in alt


def test_bands_of_growth_are_the_middle_half_and_nine_tenths_of_the_agents(make: Callable[..., Analysis]) -> None:
    """Of 41 agents the quantiles at 5, 25, 50, 75 and 95 % are those with 2, 10, 20, 30 and 38 below them."""
    analysis = make(populations={"one": 41}, clean=1.0, rounds=30)
    figure = figures.growth_curves(analysis, "one", "all")
    measures = analysis.measures["one"]
    for suffix, values in (("y", measures.swap_regret[0]), ("y2", measures.ccv_positive[0])):
        low, high, lower, upper, median = [
            trace for trace in figure.data if trace.yaxis == suffix and trace.line.dash != "dot"
        ]
        ordered = np.sort(values)
        ends = [trace.y[-1] for trace in (low, lower, median, upper, high)]
        assert ends == pytest.approx(ordered[[2, 10, 20, 30, 38]], rel=1e-4)
        assert median.customdata[-1] == pytest.approx(ordered[[2, 38]], rel=1e-4)
        assert (low.fill, lower.fill, high.fill, upper.fill) == (None, None, "tonexty", "tonexty")
        shades = [float(trace.fillcolor.rpartition(",")[2].rstrip(")")) for trace in (high, upper)]
        assert shades[0] < shades[1]  # the middle half is dark


def test_populations_that_keep_all_actions_are_told_and_not_drawn(make: Callable[..., Analysis]) -> None:
    trace = make(populations={"some": 3, "none": 4, "others": 2}).trace

    def kept(*names: str) -> Trace:
        records = {
            name: dataclasses.replace(record, eliminated_at=np.full_like(record.eliminated_at, trace.rounds))
            if name in names
            else record
            for name, record in trace.records.items()
        }
        return dataclasses.replace(trace, records=records)

    for names, drawn, told in (
        ((), ("some", "none", "others"), ""),
        (("none",), ("some", "others"), " All actions of none stayed candidates."),
        (("none", "others"), ("some",), " All actions of none and others stayed candidates."),
        (("some", "none", "others"), ("some", "none", "others"), ""),
    ):
        figure = figures.eliminations(omnisim.analyze(kept(*names)))
        headings = [note.text for note in figure.layout.annotations]
        assert [re.findall(r"<b>(.*)</b>", text)[0] for text in headings] == list(drawn)
        caption = figure.layout.meta["caption"]
        assert told in caption
        assert ("stayed candidates" in caption) == bool(told)


@pytest.mark.parametrize(("dimension", "step"), [(2, 1), (12, 1), (13, None)])
def test_up_to_a_dozen_coordinates_have_a_mark_each(
    make: Callable[..., Analysis], dimension: int, step: int | None
) -> None:
    figure = figures.forecast_errors(make(populations={"one": 1}, dimension=dimension))
    assert figure.layout.xaxis.dtick == step


@pytest.mark.long
def test_every_row_adds_the_same_height(make: Callable[..., Analysis]) -> None:
    def names(rows: int) -> tuple[str, ...]:
        return tuple(f"part {k}" for k in range(rows))

    def some_map(rows: int) -> go.Figure:
        values = np.ones((rows, 1))
        panel = Differences("", values, values > 0, [[""]] * rows)
        return difference_map("", [panel], names(rows), ["a"], ("", ""), larger_is_better=True)

    runs = [make(populations={"one": 3}, subsequences=names(rows), clean=1.0) for rows in (1, 2, 3)]
    eliminated = [make(populations={"one": 3}, actions=rows) for rows in (2, 3, 4)]
    grown = [
        [figures.regrets(run) for run in runs],
        [figures.violations(run) for run in runs],
        [figures.elimination_map(run) for run in eliminated],
        [strips("", Strips([StripPanel("", "", [Strip("a", 1.0)] * rows)], "", "")) for rows in (1, 2, 3)],
        [winners("", [Winners("", [Row("a", 1, 1, 1)] * rows)], "", "") for rows in (1, 2, 3)],
        [some_map(rows) for rows in (1, 2, 3)],
    ]
    for few, some, many in grown:
        low, middle, high = (panel[1] - panel[0] for panel in (panels_of(figure)[0] for figure in (few, some, many)))
        assert round(middle - low) == round(high - middle) > 15
    for draw in (figures.errors_by_subsequence, lambda run: figures.plays(run, "one")):
        low, middle, high = (draw(run).layout.height for run in runs)
        assert middle - low == high - middle > 15


def test_texts_in_figures_have_no_arrows(
    every: list[go.Figure], market: Analysis, make: Callable[..., Analysis]
) -> None:
    daily = make(populations={"one": 2}, dimension=1, load=True)
    drawn = [*every, figures.schedules(market, "makers", 1), figures.energies(daily, "one", 0)]
    drawn.append(agent_frame(market, "makers"))
    notes = [note for figure in drawn for note in figure.layout.annotations]
    assert len(notes) > 20
    assert not any(note.showarrow for note in notes)


def test_quantiles_of_a_strip_are_told(market: Analysis) -> None:
    figure = figures.violations(market)
    for name, points in zip(market.measures, [trace for trace in figure.data if trace.name], strict=True):
        for k, text in enumerate(points.text):
            levels = np.quantile(market.measures[name].ccv_positive[k], [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
            least, fifth, low, middle, high, most_of_all, most = map(number, levels.tolist())
            assert text == (
                f"CCV+<br>median {middle}<br>middle half {low} to {high}<br>5–95 % {fifth} to {most_of_all}"
                f"<br>extremes {least} to {most}"
            )


@pytest.mark.parametrize("draw", [figures.regrets, figures.violations])
def test_where_most_agents_are_is_told_in_words(
    market: Analysis, turned: Analysis, draw: Callable[[Analysis], go.Figure]
) -> None:
    """On all days, which come last here; a quantile lies on the straight line between its neighbours."""
    agents = market.agents[market.agents["subsequence"] == "all"]
    words = "swap regret" if draw is figures.regrets else "CCV+"
    column = "swap_regret" if draw is figures.regrets else "ccv_positive"
    alt = draw(turned).layout.meta["alt"]
    for name in market.measures:
        ordered = sorted(agents[agents["population"] == name][column].dropna())
        places = np.arange(len(ordered)) / (len(ordered) - 1)
        low, middle, high = (number(float(np.interp(level, places, ordered))) for level in (0.05, 0.5, 0.95))
        assert f"{name} on all: median {words} {middle}, 90 % of the agents between {low} and {high}." in alt
        assert low != high


def test_gains_of_a_month_are_those_of_its_days(market: Analysis) -> None:
    figure = figures.months(market)
    [drawn] = figure.data
    names, months = list(market.worth), ["2021-01", "2021-02", "2021-03"]
    assert (list(figure.layout.yaxis.ticktext), list(figure.layout.xaxis.ticktext)) == (names, months)
    gains = {(name, month): 0.0 for name in names for month in months}
    for name, worth in market.worth.items():
        for t, day in enumerate(market.trace.dates):
            gains[name, str(day)[:7]] += float(worth.by_round[0, t] - worth.by_round[1, t]) / worth.by_agent.shape[2]
    for i, name in enumerate(names):
        for j, month in enumerate(months):
            z = drawn.z[i][j]
            assert np.sign(z) * z**2 == pytest.approx(gains[name, month], rel=1e-3)
    low, high = min(gains, key=lambda place: gains[place]), max(gains, key=lambda place: gains[place])
    least, most = signed_amount(gains[low]), signed_amount(gains[high])
    told = f"from {least} USD ({low[0]}, {low[1]}) to {most} ({high[0]}, {high[1]})."
    assert figure.layout.meta["alt"].endswith(told)


def test_the_ends_of_errors_by_subsequence_are_told(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={"one": 1}, subsequences=("all", "some", "few"), dimension=2)
    error = analysis.trace.predictions - analysis.trace.outcomes
    parts = {name: error[analysis.trace.active[:, k]] for k, name in enumerate(("all", "some", "few"))}
    absolute = {name: float(np.abs(part).mean()) for name, part in parts.items()}
    mean = {name: float(part.mean()) for name, part in parts.items()}
    worst, most, least = (
        max(absolute, key=absolute.__getitem__),
        max(mean, key=mean.__getitem__),
        min(mean, key=mean.__getitem__),
    )
    ends = f"from {number(mean[least])} on {least} to {number(mean[most])} on {most}."
    assert figures.errors_by_subsequence(analysis).layout.meta["alt"] == (
        f"Bars of the mean absolute error on 3 subsequences, from {number(min(absolute.values()))} to "
        f"{number(absolute[worst])} [0, 1] units, largest on {worst}; the mean error goes {ends}"
    )


@pytest.mark.parametrize("changes", [3, 7, 8, 9, 10, 11, 12, 40])
def test_steps_are_drawn_at_the_changes_or_at_as_many_as_fit(changes: int) -> None:
    left = np.repeat(np.linspace(1.0, 0.0, changes + 1), 3)
    drawn = _steps(left, 10)
    assert len(drawn) <= 10
    assert {0, len(left) - 1} <= set(drawn)
    every_change = {t for t in range(1, len(left)) if left[t] != left[t - 1]}
    assert set(drawn) - {0, len(left) - 1} <= every_change
    assert changes > 8 or every_change <= set(drawn)


@pytest.mark.parametrize(("low", "high", "marked"), [(1.5, 30.0, True), (2.0, 180.0, True), (1.0, 5000.0, False)])
def test_few_decades_have_marks_at_ones_twos_and_fives(low: float, high: float, marked: bool) -> None:
    x = np.array([low, high])
    axis = curves("", Drawing([Panel("", "", "", [Curve("a", x, x)])], "", "")).layout.yaxis
    assert (axis.tickvals is not None) == marked
    if marked:
        expected = [d * 10.0**p for p in range(-3, 6) for d in (1, 2, 5)]
        assert set(axis.tickvals) == {tick for tick in expected if axis.tickvals[0] <= tick <= axis.tickvals[-1]}
        assert axis.tickvals[0] <= low < high <= axis.tickvals[-1]
        assert [float(text.replace(",", "")) for text in axis.ticktext] == pytest.approx(axis.tickvals)
    plain = curves("", Drawing([Panel("", "", "", [Curve("a", x, x)], log_y=False)], "", "")).layout.yaxis
    assert plain.tickvals is None


@pytest.mark.one_in(3)
@pytest.mark.parametrize("rounds", [45, 60, 90, 180, 360])
def test_growth_is_measured_at_every_round_or_at_equal_distances(make: Callable[..., Analysis], rounds: int) -> None:
    """In a run of months of 30 days."""
    figure = shown_figures(make(populations={"one": 2}, rounds=rounds, actions=2, dimension=1))["growth"].variants[0]
    x = next(trace.x for trace in figure.data if trace.line.width == 2)
    assert {after - before for before, after in pairwise(x)} == {1 if rounds <= 60 else rounds // 30}
    assert x[-1] == rounds


def test_a_panel_has_its_height_between_the_margins() -> None:
    layout = with_panel("title", 100).layout
    margin = layout.template.layout.margin
    assert layout.height - margin.t - margin.b == 100


@pytest.mark.parametrize("shift", [0.2, -0.2])
@pytest.mark.parametrize("draw", [figures.errors_by_subsequence, figures.forecast_errors])
def test_captions_say_which_way_a_mean_error_is_off(
    make: Callable[..., Analysis], draw: Callable[[Analysis], go.Figure], shift: float
) -> None:
    trace = make(populations={"one": 1}, dimension=2).trace
    fields = {name: getattr(trace, name) for name in trace.__dataclass_fields__}
    outcomes = 0.25 + trace.outcomes / 2
    figure = draw(omnisim.analyze(Trace(**fields | {"outcomes": outcomes, "predictions": outcomes + shift})))
    (points,) = (each for each in figure.data if str(each.name).startswith("mean error"))
    values = np.array(points.x if draw is figures.errors_by_subsequence else points.y, dtype=float)
    said = dict(
        re.findall(r"(above|below) zero (?:says )?that (?:the forecast|it) was too (high|low)", _caption(figure))
    )
    # The prediction is above the outcome in every round, or below it.
    happened = "high" if shift > 0 else "low"
    assert said.get("above" if (values > 0).all() else "below", happened) == happened
    assert said["above"] == "high"
    assert abs(np.sign(values).sum()) == len(values)


def test_captions_say_which_colour_gains(market: Analysis) -> None:
    figure = figures.months(market)
    said = dict(re.findall(r"(blue|orange) where (?:the forecast|it) (gained|lost)", _caption(figure)))
    (drawn,) = figure.data
    scale = {place: colour.lstrip("#") for place, colour in drawn.colorscale}
    # Gains are positive (test above), and the colour of the largest number is the one that is named for them.
    for place, word in ((0, "lost"), (1, "gained")):
        red, _, blue = (int(scale[place][i : i + 2], 16) for i in (0, 2, 4))
        assert said["blue" if blue > red else "orange"] == word


def test_the_line_of_money_falls_where_the_forecast_lost(market: Analysis) -> None:
    name = next(iter(market.worth))
    figure = figures.money_course(market, name)
    worth = market.worth[name]
    line = next(each for each in figure.data if each.name == "this forecast")
    fell = np.diff(np.array(line.y, dtype=float)) < 0
    lost = worth.by_round[0, 1:] < worth.by_round[1, 1:]
    decided = np.abs(worth.by_round[0, 1:] - worth.by_round[1, 1:]) > 1e-2 * np.abs(worth.by_round).max()
    assert decided.any()
    np.testing.assert_array_equal(fell[decided], lost[decided])
    assert "Where the line falls, the forecast lost money" in _caption(figure)


def _caption(figure: go.Figure) -> str:
    return " ".join(str(figure.layout.meta["caption"]).split())
