"""The page: complete, self-contained, safe, small, and right for the least of runs."""

import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import omnisim
from omnisim.errors import OutputError
from omnisim.network import Churn, PresenceInterval
from omnisim.report.run import worth
from omnisim.report.run.certificates import certificate_table
from omnisim.report.run.page import render
from omnisim.report.run.tables import accuracy_table, agent_table, distributions, text_of, violation_table
from omnisim.report.template import MOST_BYTES
from omnisim.report.text import amount

SCRIPT = "</script><script>alert(1)</script>"


class Page(HTMLParser):
    """What a browser would make of the page: elements, and the text of scripts by id."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.words = [], {}, []
        self._open = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self._open = dict(attrs).get("id", f"script {len(self.scripts)}")
            self.scripts[self._open] = ""

    def handle_endtag(self, tag):
        if tag == "script":
            self._open = None

    def handle_data(self, data):
        if self._open:
            self.scripts[self._open] += data
        else:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_of(analysis, **details):
    return Page(render(analysis, details).decode())


@pytest.mark.long
def test_page_says_what_ran_and_how_to_run_it_again(market):
    page = page_of(
        market,
        command="omnisim run market.toml --seed 0",
        versions={"numpy": "2.0.0"},
        wall_seconds=1.25,
        agents_file="agents.parquet",
    )
    for words in (
        "A market",
        "Synthetic prices.",
        "60 days, 2021-01-01 to 2021-03-01",
        "buyers: 30 agents, 4 actions, 1 constraint (limit 0)",
        "omnisim run market.toml --seed 0",
        "numpy 2.0.0",
        "time taken 1.25 s",
        "The range from −50 to 250 USD/MWh, which the theory needs, cuts",
        "(12 of 1,440 values, up to 550 and down to",
        "Two hours were interpolated.",
        "Source: Nobody, CC0",
    ):
        assert words in page.text


@pytest.mark.long
def test_nothing_is_asked_of_the_network(market):
    text = render(market, {}).decode()
    page = Page(text)
    policy = next(found["content"] for tag, found in page.elements if found.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src")
    assert "http" not in policy
    for tag, attributes in page.elements:
        assert not attributes.get("src"), tag
        if "href" in attributes:
            assert attributes["href"].startswith(("#", "data:,"))


@pytest.mark.long
def test_every_figure_has_a_heading_a_caption_and_a_text(market):
    page = page_of(market)
    plots = [attributes for tag, attributes in page.elements if attributes.get("class") == "plot"]
    assert len(plots) == 13
    assert all(plot["role"] == "group" and len(plot["aria-label"]) > 10 for plot in plots)
    for tag in ("figure", "figcaption"):
        assert sum(1 for name, _ in page.elements if name == tag) == 13


@pytest.mark.long
def test_numbers_of_the_table_are_those_of_the_analysis(market):
    check_agents(json.loads(page_of(market).scripts["agents-data"]), market)


def test_agents_are_told_in_money_and_units_of_the_outcome_largest_loss_first(market):
    found = agent_table(market, 10**6, None)
    check_agents(found.data, market)
    units = {column.title.replace("\u00ad", ""): column.unit for column in found.columns if column.title != "money"}
    for title in ("external regret", "swap regret"):
        assert units[title] == "USD"
    assert units["largest bias"] == "USD/MWh, sum"
    assert [column.unit for column in found.columns if column.title == "money"] == [
        "USD more than with persistence",
        "USD",
    ]
    assert found.columns[found.sorted].unit == "USD more than with persistence"
    gains = [row[found.sorted].value for row in found.first]
    assert gains == sorted(gains)
    assert gains[0] == pytest.approx(market.value["gain"].min(), rel=1e-4)
    money = [row[found.sorted + 1].value for row in found.first]
    assert money != sorted(money)


def check_agents(stored, market):
    """All rows of the table of agents, by column, against the frames of the analysis."""
    table = market.agents.merge(market.value.drop(columns="money"), on=["population", "agent", "subsequence"])
    table = table.sort_values("gain", kind="stable")
    assert stored["rows"] == len(table)
    for column in (
        "swap_regret",
        "external_regret",
        "utility",
        "ccv",
        "ccv_positive",
        "bias",
        "money",
        "gain",
        "agent",
    ):
        found = np.array(stored["data"][column], dtype=float)
        expected = table[column].to_numpy(float)
        if column.endswith("_regret"):  # in money
            scale = {name: record.population.money.scale for name, record in market.trace.records.items()}
            expected = expected * [scale[n][a] for n, a in zip(table["population"], table["agent"], strict=True)]
        if column == "bias":
            expected = expected * 300  # USD/MWh
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-8)
    named = [stored["labels"]["population"][code] for code in stored["data"]["population"]]
    assert named == table["population"].astype(str).tolist()


def test_limits_exceeded_are_those_of_the_record(market):
    rows = violation_table(market, 100).rows
    assert len(rows) == 3 * 3
    for population, subsequence, limit, times, of, agents, total, largest, unit in rows:
        record = market.trace.records[population.text]
        member = market.trace.active[:, market.trace.subsequences.index(subsequence.text)]
        over = np.maximum(record.costs[member, :, 0], 0)
        assert (limit.text, unit.text) == ("limit 0", "cost")
        assert (times.value, of.value, agents.value) == ((over > 0).sum(), over.size, (over > 0).any(axis=0).sum())
        np.testing.assert_allclose([total.value, largest.value], [over.sum(), over.max()], rtol=1e-6)


def test_limits_of_one_name_are_one_row_over_agents_that_were_there() -> None:
    """Two agents, two limits of one name, exceeded in each of 20 rounds by 0.1 and 0.3; agents leave after a while."""
    limits = [omnisim.LinearConstraint(np.zeros((2, 1, 1)), np.full((2, 1), cost), name="bill") for cost in (0.1, 0.3)]
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("homes", np.zeros((2, 1, 1)), np.full((2, 1), 0.5), limits)],
            adversary=omnisim.adversaries.Replay(np.full((20, 1), 0.5)),
            forecaster=omnisim.forecasters.Climatology(),
            subsequences={"all": None, "late": np.arange(20) >= 15},
            churn={"homes": Churn(schedule=[PresenceInterval(0, 0, 10), PresenceInterval(1, 0, 12)])},
        )
    )
    present = trace.records["homes"].present
    assert present is not None
    there = int(present.sum())
    assert 20 <= there < 25
    analysis = omnisim.analyze(trace)
    rows = [[each.text for each in row[3:8]] for row in violation_table(analysis, 9).rows]
    assert rows == [[str(2 * there)] * 2 + ["4", f"{0.4 * there:.4g}", "0.3"], ["0", "0", "0", "0", "0"]]
    omnisim.figures.plays(analysis, "homes")  # nobody of them is there late
    assert [row[-1].value for row in distributions(analysis, 9).rows] == [0.5, 0.0]  # in the rounds in which they were


def quantile(values, level):
    """The number below which a share of the others lies: between neighbours, a straight line."""
    ordered = sorted(float(value) for value in values if not np.isnan(value))
    below, part = divmod(level * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + part * (high - low)


def test_distributions_are_quantiles_over_agents(market):
    rows = distributions(market, 100).rows
    assert len(rows) == 3 * 3
    for population, subsequence, *cells in rows:
        agents = market.agents.query("population == @population.text and subsequence == @subsequence.text")
        record = market.trace.records[population.text]
        member = market.trace.active[:, market.trace.subsequences.index(subsequence.text)]
        regret, known = agents["swap_regret"].to_numpy(), agents["swap_regret"].notna().to_numpy()
        lost = np.sort((regret * record.population.money.scale)[known])
        share = (regret / agents["utility"].to_numpy())[known]
        over, earned = agents["ccv_positive"], np.median(agents["money"]) / member.sum()
        expected = [
            member.sum(),
            len(agents),
            (~known).sum(),
            *(quantile(lost, level) for level in (0.5, 0.95, 1.0)),
            100 * np.median(share),
            *(quantile(over, level) for level in (0.5, 0.95, 1.0)),
            100 * record.fallback[member].sum() / (member.sum() * len(agents)),
            earned,
        ]
        np.testing.assert_allclose([cell.value for cell in cells], np.array(expected, dtype=float), rtol=1e-6)
        assert [cells[i].text for i in (3, 4, 5, 11)] == [f"{amount(expected[i])} USD" for i in (3, 4, 5, 11)]
    [few] = {distributions(market, 8).note}
    assert few == "The 3 largest populations and 3 longest subsequences of 3 and 3."


def test_columns_of_numbers_hold_numbers_and_others_texts(market):
    tables = [accuracy_table(market), violation_table(market, 100), distributions(market, 100)]
    tables += [certificate_table(market, 100), worth.table(market)]
    for table in tables:
        assert table.rows
        for index, column in enumerate(table.columns):
            known = [row[index].value for row in table.rows if row[index].value is not None]
            assert all(isinstance(value, str) != column.numeric for value in known), column


@pytest.mark.parametrize("most_rows", [20, 60, 100, 140])
def test_the_best_and_worst_agents_are_listed_where_all_are_too_many(market, most_rows):
    table = agent_table(market, most_rows, None)
    listed = list(zip(table.data["data"]["population"], table.data["data"]["agent"], strict=True))
    assert 0 < len(listed) <= most_rows
    assert table.data["rows"] == len(listed)
    gains = market.value.query("subsequence == 'all'").sort_values("gain", kind="stable")
    each = most_rows // (2 * 3 * 3)
    for index, name in enumerate(market.trace.records):
        own = gains[gains["population"] == name]["agent"].tolist()
        kept = set(own[:each] + own[-each:])
        assert {agent for population, agent in listed if population == index} == kept
        assert len([1 for population, _ in listed if population == index]) == 3 * len(kept)
    words = "best and worst agent" if each == 1 else "best and the worst agents"
    assert f"{each} {words} of each population by money against persistence on all" in table.note


@pytest.mark.parametrize(("agents", "shown"), [(9, 18), (10, 20), (11, 20)])
def test_twenty_rows_of_the_agents_are_shown_at_once(make, agents, shown):
    """Each agent has two: on all rounds, and on the hot ones."""
    table = agent_table(make(populations={"a": agents}), 5_000, None)
    gain = table.data["columns"].index("gain")
    assert (table.data["rows"], len(table.first), table.data["page"]) == (2 * agents, shown, 20)
    assert [row[gain].value for row in table.first] == sorted(table.data["data"]["gain"])[:shown]


def test_agents_are_ranked_on_the_broadest_subsequence_also_where_it_is_not_the_first(market, turned):
    """Listed are the best and worst agents on all days, as if those came first."""
    each = 3
    table = agent_table(turned, each * 2 * 3 * 3, None)
    assert f"{each} best and the worst agents of each population by money against persistence on all" in table.note
    listed = set(zip(table.data["data"]["population"], table.data["data"]["agent"], strict=True))

    def best_and_worst(subsequence):
        gains = market.value[market.value["subsequence"] == subsequence].sort_values("gain")
        own = [gains[gains["population"] == name]["agent"].tolist() for name in market.trace.records]
        return {(index, n) for index, order in enumerate(own) for n in order[:each] + order[-each:]}

    assert listed == best_and_worst("all") != best_and_worst("hot")


def test_accuracy_is_over_the_same_rounds(market):
    truth, forecast = 300 * market.trace.unclipped_outcomes, 300 * market.trace.predictions
    found = {(row[1].text, row[2].text): row for row in accuracy_table(market).rows}
    for k, name in enumerate(market.trace.subsequences):
        member = market.trace.active[1:, k]
        error, repeated = np.abs(forecast - truth)[1:][member], np.abs(np.diff(truth, axis=0))[member]
        row = found[name, "mean absolute error"]
        np.testing.assert_allclose([row[3].value, row[4].value], [error.mean(), repeated.mean()], rtol=1e-6)
        assert (row[5].text, row[6].value) == ("USD/MWh", member.sum())


@pytest.mark.long
def test_the_first_rows_are_written_out(market):
    text = page_of(market).text
    assert text_of(float(f"{market.value['gain'].min():.5g}")) in text


@pytest.mark.long
def test_text_from_scenarios_stays_text(make):
    analysis = make(
        populations={SCRIPT: 3, "b<b>": 2},
        subsequences=("all", SCRIPT + "\u2028"),
        action_names=[SCRIPT, "<a href='https://example.org'>", "c", "d"],
        load=True,
        about={
            "scenario": SCRIPT,
            "description": SCRIPT,
            SCRIPT: SCRIPT,
            "market": {
                "name": SCRIPT,
                "attribution": SCRIPT,
                "notes": [SCRIPT],
                "currency": SCRIPT,
                "low": 0,
                "high": 1,
            },
        },
    )
    details = {"command": SCRIPT, "versions": {SCRIPT: SCRIPT}, "agents_file": SCRIPT}
    text = render(analysis, details).decode()
    assert "<script>alert" not in text
    plain = render(make(populations={"a": 3, "b": 2}, load=True), {}).decode()
    assert len(re.findall("<script", text)) == len(re.findall("<script", plain))
    assert "\u2028" not in Page(text).scripts["agents-data"]
    assert SCRIPT in json.loads(Page(text).scripts["agents-data"])["labels"]["population"]
    assert html.escape(SCRIPT) in text


@pytest.mark.long
def test_a_violated_certificate_is_the_first_thing_said(violated):
    page = page_of(violated)
    body = next(index for index, (tag, _) in enumerate(page.elements) if tag == "body")
    assert page.elements[body + 1] == ("div", {"class": "alarm", "role": "alert"})
    assert f"1 of {len(violated.certificates)} certificates violated" in page.text
    assert "hold" not in page.text.split("What it was worth")[0]


@pytest.mark.whole
def test_size_with_ten_thousand_agents(make):
    analysis = make(
        populations={"a": 4000, "b": 3000, "c": 3000},
        actions=8,
        rounds=40,
        subsequences=("all", "s", "t", "u", "v"),
        load=True,
    )
    text = render(analysis, {"agents_file": "agents.parquet"})
    assert len(text) < MOST_BYTES
    assert "all 50,000 rows are in the file agents.parquet beside this page" in Page(text.decode()).text
    table = agent_table(analysis, 5_000, None)
    assert table.data["rows"] == 3 * 100 * 5
    worst = analysis.value.query("population == 'b' and subsequence == 'all'")["gain"].min()
    assert f"{worst:.5g}" in {f"{value:.5g}" for value in table.data["data"]["gain"] if value is not None}


@pytest.mark.parametrize(
    ("agents", "actions", "rounds"), [(3, 4, 60), pytest.param(30, 30, 300, marks=pytest.mark.long)]
)
@pytest.mark.whole
def test_size_with_many_populations_and_subsequences(agents, actions, rounds, make):
    analysis = make(
        populations={f"population {i}": agents for i in range(10)},
        actions=actions,
        rounds=rounds,
        subsequences=("all", *(f"month {i}" for i in range(40))),
        load=True,
        dates=True,
    )
    text = render(analysis, {})
    assert len(text) < MOST_BYTES
    assert "Drawn are the 12 largest of 41 subsequences and the 8 largest of 10 populations" in Page(text.decode()).text


@pytest.mark.one_in(12)
@pytest.mark.parametrize(
    "least",
    [
        {"populations": {"a": 1}, "actions": 1, "dimension": 1, "constraints": 0, "rounds": 1},
        {"populations": {"a": 1}, "actions": 1, "dimension": 1, "rounds": 1, "clean": 0.0},
        {"populations": {"a": 3, "b": 2}, "clean": 0.0},
        {"populations": {"a": 3}, "constraints": 0, "clean": 1.0},
        {"populations": {"a": 1}, "dimension": 1, "rounds": 2, "load": True, "subsequences": ("all",)},
        {"populations": {"a": 2}, "about": {"market": {"name": "only a name"}}},
        {"populations": {"a": 2}, "about": {"market": "not a table", "seed": None}},
    ],
    ids=["one of each", "one and empty", "all empty", "no constraints", "d = 1", "market name only", "market text"],
)
def test_the_least_of_runs(least, make):
    analysis = make(**least)
    page = page_of(analysis)
    assert "What it was worth" in page.text
    assert "nan" not in page.text.lower().replace("finance", "")
    assert "NaN" not in page.scripts["agents-data"]


@pytest.mark.long
def test_undefined_regret_is_said_and_never_zero(make):
    page = page_of(make(populations={"a": 3}, clean=0.0))
    assert "a: every benchmark on “all” is empty, so regret is undefined." in page.text
    assert json.loads(page.scripts["agents-data"])["data"]["swap_regret"] == [None] * 6


@pytest.mark.whole
def test_write_report_replaces_at_once(market, tmp_path):
    path = tmp_path / "runs" / "report.html"
    omnisim.write_report(market, str(path))
    first = path.read_bytes()
    omnisim.write_report(market, path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_unknown_details_are_refused(market, tmp_path):
    with pytest.raises(ValueError, match="comand"):
        omnisim.write_report(market, tmp_path / "report.html", details={"comand": "x"})


def test_a_place_that_cannot_be_written(market, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        omnisim.write_report(market, tmp_path / "file" / "report.html")


@pytest.mark.long
def test_a_real_run(tmp_path):
    rng = np.random.default_rng(3)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", utility=rng.random((5, 3, 2)) / 2)],
        adversary=omnisim.adversaries.Replay(rng.random((40, 2))),
        forecaster=omnisim.forecasters.Climatology(),
    )
    analysis = omnisim.analyze(omnisim.simulate(scenario, seed=1))
    page = page_of(analysis)
    assert "the same scenario with seed 1 gives the same trace" in page.text
    assert "could have failed and hold" in page.text
