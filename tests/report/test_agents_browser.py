"""Any agent can be chosen on the page of a run: what its script computes is what the analysis says."""

import re
from pathlib import Path

import numpy as np
import pytest
from examples import Suite

import omnisim
from omnisim.analysis.worth import course
from omnisim.report import figures
from omnisim.report.run import agents_data
from omnisim.report.run.page import render
from omnisim.report.template import MOST_BYTES

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

pytestmark = pytest.mark.browser

FEW = {f"populations.{name}.agents": 20 for name in ("buyers", "factories", "operators")}
"""Of whom some are chosen; more take long to draw."""

SCENARIOS = {
    "by the hour": ("ercot_day_ahead", {"rounds": 25, **FEW}),
    "half of the prices clipped": ("own_prices", {"market.high": 60, "populations.buyers.stress_price": 50}),
    "by the day": ("panprediction", {"rounds": 200}),
    "agents that come and go": ("retailers", {"rounds": 24}),
    "late news and fallbacks": ("lossy_broadcast", {"rounds": 30}),
    "spikes": ("price_spikes", {"rounds": 40}),
}
QUICK = ("by the hour", "agents that come and go")
"""Tried in every run of the tests, with one agent of each population; the others, with two, in the long suite."""

NAMES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in SCENARIOS]


@pytest.fixture(scope="module")
def analyses():
    known = {}

    def analysis(name):
        if name not in known:
            scenario, overrides = SCENARIOS[name]
            known[name] = omnisim.analyze(omnisim.simulate(omnisim.load_scenario(scenario, overrides)))
        return known[name]

    return analysis


def choose(page, population, agent):
    """Choose an agent, whoever was chosen before: the page may have been open already."""
    chooser = page.locator("#agent-chooser")
    if chooser.locator("[data-population]").input_value() != population:
        chooser.locator("[data-population]").select_option(population)
    chooser.locator("[data-agent]").fill(str(agent))
    chooser.locator("[data-agent]").press("Enter")
    chooser.locator("[data-agent]").blur()
    expect(page.locator("#agent-said")).to_contain_text(f"Agent {agent} of {population} ")


def drawn_in(page, figure):
    return page.evaluate(
        "name => document.querySelector(`#figure-${name} .plot`).data"
        ".map(t => ({x: t.x, y: t.y, colour: t.type === 'bar' ? t.marker.color[0] : t.line?.color}))",
        figure,
    )


def headings(page, figure):
    return page.evaluate(
        "name => document.querySelector(`#figure-${name} .plot`).layout.annotations.map(a => a.text)", figure
    )


def close(found, expected):
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=2e-4, atol=1e-6)


def some_agents(record, rng):
    """One at random, and the one of whose actions most were lost to its benchmark, but not all."""
    lost = (record.violated_at < len(record.actions)).any(axis=2)
    lost = np.where(lost.all(axis=1), -1, lost.sum(axis=1))
    return sorted({int(rng.integers(record.population.agents)), int(lost.argmax())})


@pytest.mark.sampled
@pytest.mark.parametrize("name", NAMES)
def test_money_and_regret_of_any_agent_are_those_of_the_analysis(name, analyses, written, drawn):
    analysis = analyses(name)
    page = drawn(written(analysis), figures=(), looking=True)
    rng = np.random.default_rng(5)
    for index, (population, record) in enumerate(analysis.trace.records.items()):
        agents = some_agents(record, rng)
        for agent in agents if Suite.long else [agents[index % len(agents)]]:
            choose(page, population, agent)
            compare_with_the_analysis(drawn_in(page, "agent-course"), analysis, population, agent)


def compare_with_the_analysis(found, analysis, population, agent):
    # The last point of each curve against the tables, which are computed by another route.
    row = analysis.agents.query("population == @population and agent == @agent")
    whole = row.loc[row["rounds"].idxmax()]
    scale = analysis.trace.records[population].population.money.scale[agent]
    close([found[i]["y"][-1] for i in range(3)], course(analysis.trace, population, agent).sum(axis=1))
    if np.isfinite(whole["swap_regret"]):
        close(found[3]["y"][-1], scale * whole["swap_regret"])
        close(found[4]["y"][-1], scale * whole["external_regret"])
    else:
        assert found[3]["y"][-1] is None
    # And every point against the figure for notebooks.
    expected = figures.agent_course(analysis, population, agent).data
    for trace_found, trace_expected in zip(found, expected, strict=True):
        assert [str(x) for x in trace_found["x"]] == [str(x) for x in trace_expected.x]
        close(
            [np.nan if y is None else y for y in trace_found["y"]],
            [np.nan if y is None else y for y in trace_expected.y],
        )


@pytest.mark.parametrize("name", ["by the hour", "by the day"])
def test_schedules_of_any_agent_are_its_own(name, analyses, written, drawn):
    analysis = analyses(name)
    page = drawn(written(analysis), figures=(), looking=True)
    draw = figures.schedules if analysis.trace.outcomes.shape[1] > 1 else figures.energies
    for population, agent in (("operators", 17), ("factories", 3)):
        choose(page, population, agent)
        expected = draw(analysis, population, agent)
        expect(page.locator("#figure-agent-schedules figcaption")).to_have_text(expected.layout.meta["caption"])
        assert headings(page, "agent-schedules") == [a.text for a in expected.layout.annotations]
        for found, wanted in zip(drawn_in(page, "agent-schedules"), expected.data, strict=True):
            close(found["x"], wanted.x)
            close(found["y"], wanted.y)
            assert found["colour"] == (wanted.marker.color[0] if wanted.type == "bar" else wanted.line.color)


def test_sentences_are_those_of_the_numbers(analyses, written, drawn):
    analysis = analyses("half of the prices clipped")
    page = drawn(written(analysis), figures=(), looking=True)
    for agent in (0, 9):
        choose(page, "operators", agent)
        money = course(analysis.trace, "operators", agent)
        total, baseline, foresight = money.sum(axis=1)
        said = page.locator("#agent-said").inner_text()
        assert f"earned {total:,.4g}".replace("-", "−")[:12] in said
        for other, words in ((baseline, "with persistence"), (foresight, "with perfect foresight")):
            sign = "more than" if total > other else "less than" if total < other else "as much as"
            assert f"{sign} {words}" in said
        worst = analysis.trace.dates[money[0].argmin()]
        assert f"Its worst day was {worst}" in said


def test_choosing_is_kept_in_the_address_and_in_the_table(market, written, drawn):
    page = drawn(written(market), figures=())
    first = page.locator("#agents-table tbody tr").nth(3)
    population, agent = first.locator("td").nth(0).inner_text(), first.locator("td").nth(1).inner_text()
    first.locator("a").click()
    expect(page.locator("#agent-said")).to_contain_text(f"Agent {agent} of {population} ")
    expect(page).to_have_url(re.compile(f"agent={population}%2F{agent}$"))
    said = page.locator("#agent-said").inner_text()
    page.reload()
    page.locator("html[data-drawn=true]").wait_for(state="attached")
    assert page.locator("#agent-said").inner_text() == said
    for words in ("Worst", "Best", "Median", "Next", "Previous"):
        page.locator("#agent-chooser").get_by_role("button", name=words).click()
    expect(page.locator("#agent-chooser output")).to_contain_text("median")
    page.locator("[data-agent]").fill("4000")
    page.locator("[data-agent]").blur()
    expect(page.locator("#agent-chooser output")).to_contain_text(f"{population} has agents 0 to")


def test_where_not_all_agents_fit_the_page_says_who_is_there(make, tmp_path: Path, drawn):
    analysis = make(populations={"a": 900, "b": 60}, actions=12, rounds=200, load=True)
    page = render(analysis, {"agents_file": "agents.parquet"})
    assert len(page) < MOST_BYTES
    path = tmp_path / "report.html"
    path.write_bytes(page)
    opened = drawn(path, figures=())
    note = opened.locator("#agent > p").first.inner_text()
    assert "of the 900 agents of a" in note
    assert "agents.parquet" in note
    for words in ("Worst", "Median", "Best"):
        opened.locator("#agent-chooser").get_by_role("button", name=words).click()
        expect(opened.locator("#agent-chooser output")).to_contain_text(words.lower())
    gain = analysis.value.query("population == 'a' and subsequence == 'all'").set_index("agent")["gain"]
    opened.locator("#agent-chooser").get_by_role("button", name="Worst").click()
    assert int(opened.locator("[data-agent]").input_value()) == gain.idxmin()


def test_a_record_too_large_for_the_page_is_named(make):
    analysis = make(populations={"a": 3}, rounds=60)
    found = agents_data.agents_data(analysis, 1_000, None)
    assert found.packed == ""
    assert "analysis.agents" in found.note


def test_a_year_of_five_minute_prices_has_agents_to_choose(make):
    analysis = make(populations={"a": 40}, rounds=365, dimension=288, actions=4, load=True)
    page = render(analysis, {})
    assert len(page) < MOST_BYTES
    assert b"agents-packed" in page
