"""Each figure: units on its axes, texts with numbers, nothing a browser would take for markup."""

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from omnisim.analysis import Analysis
from omnisim.errors import ProblemError
from omnisim.report import figures
from omnisim.report.figures.elimination import remaining
from omnisim.report.figures.style import PALETTE
from omnisim.report.run.figures import shown_figures
from omnisim.report.run.verdict import verdict

HOSTILE = "<img src=x onerror=alert(1)>%{x}"

DRAWN: dict[str, tuple[Callable[[Analysis], go.Figure], list[str]]] = {
    "prices": (figures.prices, ["delivery day", "price, USD/MWh"]),
    "forecast_errors": (figures.forecast_errors, ["hour of the delivery day", "error, USD/MWh"]),
    "regrets": (figures.regrets, ["utility in [0, 1] units summed over rounds"]),
    "violations": (figures.violations, ["cost in [−1, 1] units summed over rounds"]),
    "ccv": (lambda a: figures.violations(a, positive=False), ["CCV, cost in [−1, 1] units summed over rounds"]),
    "growth": (lambda a: figures.growth_curves(a, _first(a), "all"), ["days of the subsequence", "cost in [−1, 1]"]),
    "eliminations": (figures.eliminations, ["delivery day", "candidates, %"]),
    "elimination_map": (figures.elimination_map, ["candidate set of (subsequence)"]),
    "plays": (lambda a: figures.plays(a, _first(a)), ["share of all plays, %"]),
    "schedules": (
        lambda a: figures.schedules(a, _first(a), 0),
        ["hour of the delivery day", "MWh in the hour", "USD/MWh"],
    ),
    "energies": (lambda a: figures.energies(a, _first(a), 0), ["energy, MWh a day"]),
    "errors_by_subsequence": (figures.errors_by_subsequence, ["error, USD/MWh"]),
    "certificate_ratios": (figures.certificate_ratios, ["measured, % of the bound"]),
}


def _first(analysis: Analysis) -> str:
    return next(iter(analysis.measures))


def _axis_titles(figure: go.Figure) -> list[str]:
    layout = figure.to_plotly_json()["layout"]
    return [
        axis["title"]["text"]
        for name, axis in layout.items()
        if name[1:].startswith("axis") and axis.get("title", {}).get("text")
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_figure_has_units_and_texts(name, market):
    draw, wanted = DRAWN[name]
    figure = draw(market)
    assert isinstance(figure, go.Figure)
    titles = " | ".join(_axis_titles(figure))
    for words in wanted:
        assert words in titles
    assert figure.layout.title.text
    assert figure.layout.meta["caption"].endswith(".")
    assert any(character.isdigit() for character in figure.layout.meta["alt"])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", DRAWN)
def test_figure_is_plain_rounded_json(name, market):
    text = DRAWN[name][0](market).to_json()
    assert "bdata" not in text
    assert len(text) < 150_000


@pytest.mark.parametrize("name", DRAWN)
def test_names_never_become_plotly_markup(name, make):
    analysis = make(
        populations={HOSTILE: 5},
        subsequences=("all", HOSTILE),
        action_names=[HOSTILE, "b", "c", "d"],
        load=True,
        dates=True,
    )
    spec = DRAWN[name][0](analysis).to_plotly_json()
    spec["layout"].pop("meta")
    text = json.dumps(spec)
    assert "<img" not in text
    assert "%{x}" not in text.replace('from hour %{x}<extra></extra>"', "")


@pytest.mark.long
def test_one_price_a_day_has_no_hours(make):
    market = {"currency": "USD", "low": -50, "high": 250}
    analysis = make(populations={"a": 3}, dimension=1, load=True, dates=True, about={"market": market})
    for shown in shown_figures(analysis).values():
        for figure in shown.variants:
            words = [*_axis_titles(figure), figure.layout.title.text, figure.layout.meta["caption"]]
            words += [figure.layout.meta["alt"], *(trace.hovertemplate or "" for trace in figure.data)]
            assert "hour" not in " ".join(words)
    assert "hour" not in " ".join(said for _, points in verdict(analysis).points for said in points)


def test_energies_are_those_of_the_schedules(make):
    analysis = make(populations={"a": 3}, dimension=1, load=True, action_names=["p", "q", "r", "s"])
    record = analysis.trace.records["a"]
    figure = figures.energies(analysis, "a", 2)
    assert list(figure.data[0].x) == pytest.approx(sorted(record.population.load[2, :, 0]), rel=1e-4)
    played = np.bincount(record.actions[:, 2], minlength=4)
    for action, times in zip("pqrs", played, strict=True):
        assert any(text.text.startswith(f"<b>{action}</b>, {times} round") for text in figure.layout.annotations)
    with pytest.raises(ProblemError, match="population 'a' has no load"):
        figures.energies(make(populations={"a": 1}, dimension=1), "a", 0)


def test_errors_by_subsequence_are_means_over_its_rounds(make):
    trace = make(populations={"a": 2}, dimension=2).trace
    bars, points = figures.errors_by_subsequence(make(populations={"a": 2}, dimension=2)).data
    error = (trace.predictions - trace.outcomes)[trace.active[:, 1]]
    assert bars.x[1] == pytest.approx(np.abs(error).mean(), rel=1e-4)
    assert points.x[1] == pytest.approx(error.mean(), rel=1e-4)


def test_long_runs_are_drawn_in_periods_and_say_so(make):
    analysis = make(populations={"a": 2}, rounds=20_000, dimension=3)
    figure = figures.prices(analysis)
    assert max(len(trace.x) for trace in figure.data) == 600
    assert "600 periods of about 34 rounds" in figure.layout.meta["caption"]
    highest = next(trace for trace in figure.data if trace.fill == "tonexty")
    assert max(highest.y) == pytest.approx(analysis.trace.outcomes.max(), rel=1e-4)
    assert max(len(trace.x) for trace in figures.eliminations(analysis).data) <= 300


def test_periods_are_means_of_the_rounds(make):
    analysis = make(populations={"a": 2}, rounds=10, dimension=2)
    figure = figures.prices(analysis, most_points=5)
    mean = next(trace for trace in figure.data if trace.name == "outcome, mean")
    expected = analysis.trace.outcomes.mean(axis=1).reshape(5, 2).mean(axis=1)
    assert mean.y == pytest.approx(expected, rel=1e-4)


def test_strips_are_the_quantiles_over_agents(make):
    analysis = make(populations={"a": 41}, clean=1.0)
    figure = figures.regrets(analysis)
    median = next(trace for trace in figure.data if trace.name == "swap regret")
    expected = np.median(analysis.measures["a"].swap_regret, axis=1)
    assert median.x == pytest.approx(expected, rel=1e-4)
    # Of 41 agents the 5 %, 25 %, 75 % and 95 % quantiles are those with 2, 10, 30 and 38 below them.
    ordered = np.sort(analysis.measures["a"].swap_regret, axis=1)
    thin, thick = [trace for trace in figure.data if trace.mode == "lines"][:2]
    assert thin.line.width < thick.line.width
    for line, (low, high) in ((thin, (2, 38)), (thick, (10, 30))):
        assert line.x[0::3] == pytest.approx(ordered[:, low], rel=1e-4)
        assert line.x[1::3] == pytest.approx(ordered[:, high], rel=1e-4)
    ends = next(trace for trace in figure.data if trace.marker.symbol == "line-ns")
    assert ends.x == pytest.approx(ordered[:, [0, 40]].reshape(-1), rel=1e-4)


def test_empty_benchmarks_are_counted_in_their_row(make):
    analysis = make(populations={"a": 40}, actions=2, clean=0.5)
    missing = np.isnan(analysis.measures["a"].swap_regret).sum(axis=1)
    assert missing.all()
    texts = [annotation.text for annotation in figures.regrets(analysis).layout.annotations]
    for number in missing:
        assert f"{number} left out" in texts


def test_growth_ends_at_the_measures_of_the_run(market):
    figure = figures.growth_curves(market, "buyers", "hot")
    median = [trace for trace in figure.data if trace.line.width == 2]
    k = market.trace.subsequences.index("hot")
    assert median[0].y[-1] == pytest.approx(np.nanmedian(market.measures["buyers"].swap_regret[k]), rel=1e-4)
    assert median[1].y[-1] == pytest.approx(np.median(market.measures["buyers"].ccv_positive[k]), rel=1e-4)


def test_remaining_counts_the_pairs_still_candidates(market):
    record = market.trace.records["buyers"]
    left = remaining(record, 1, market.trace.rounds)
    for t in (0, 7, market.trace.rounds - 1):
        assert left[t] == pytest.approx((record.eliminated_at[:, :, 1] > t).mean())


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_single_round_has_marks_since_a_line_would_not_be_seen(make, rounds):
    analysis = make(populations={"a": 3}, rounds=rounds)
    candidates = {trace.mode for trace in figures.eliminations(analysis).data}
    prices = {trace.mode for trace in figures.prices(analysis).data}
    assert (candidates, prices) == (({"markers"}, {"lines+markers"}) if rounds == 1 else ({"lines"}, {"lines"}))


def test_plays_sum_to_the_whole(market, make):
    for analysis, name in ((market, "buyers"), (make(populations={"many": 3}, actions=12), "many")):  # 4 drawn as one
        shares = np.array([trace.x for trace in figures.plays(analysis, name).data], dtype=float)
        assert shares.sum(axis=0) == pytest.approx(100, abs=0.01)


def test_rare_actions_are_drawn_together(make):
    analysis = make(populations={"a": 3}, actions=12)
    figure = figures.plays(analysis, "a")
    assert figure.data[-1].name == "4 others"
    assert len(figure.data) == len(PALETTE) + 1


def test_schedules_need_a_load(make):
    with pytest.raises(ProblemError, match="has no load"):
        figures.schedules(make(populations={"a": 1}), "a", 0)


def test_schedule_draws_the_load(market):
    figure = figures.schedules(market, "buyers", 3)
    load = market.trace.records["buyers"].population.load[3]
    played = np.bincount(market.trace.actions["buyers"][:, 3], minlength=len(load))
    drawn = [trace for trace in figure.data if trace.fill == "tozeroy"]
    assert drawn[0].y[:-1] == pytest.approx(load[played.argmax()], rel=1e-4)
