"""What a comparison says of money, recomputed from the table of all agents, and on random numbers of either sign."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_text import Parsed
from small_comparison import FORECASTERS, compared, small_scenario

import omnisim
from omnisim.report.comparison import worth
from omnisim.report.comparison.page import render
from omnisim.report.comparison.scope import Scope
from omnisim.report.comparison.verdict import summary, verdict
from omnisim.report.comparison.worth import Gain, Worth

OVERRIDES = {
    "rounds": 73,
    "populations.buyers.agents": 6,
    "populations.factories.agents": 4,
    "populations.operators.agents": 5,
}
OTHERS = ("climatology", "ridge_autoregression")


@pytest.fixture(scope="module")
def comparison() -> omnisim.Comparison:
    scenario = omnisim.load_scenario("ercot_day_ahead", OVERRIDES)
    return omnisim.compare(scenario, ["persistence", *OTHERS], seeds=3, jobs=1)


def yearly(comparison: omnisim.Comparison, forecaster: str) -> Any:
    """Differences of money of each agent and seed to persistence, per year, on all days."""
    agents = comparison.agents[comparison.agents["subsequence"] == "all"]
    keys = ["seed", "population", "agent"]
    own = agents[agents["forecaster"] == forecaster].set_index(keys)["money"]
    other = agents[agents["forecaster"] == "persistence"].set_index(keys)["money"]
    return (own - other) * 365 / 73


def said(scope: Scope) -> list[str]:
    """The headline and the sentences on money."""
    found = verdict(scope)
    return [found.headline, *dict(found.points)["Worth"]]


NUMBER = r"[+−]?[\d,]+(?:\.\d+)?"


def parts_of(line: str) -> dict[str, tuple[float, str]]:
    """From a population, or "total", to the money told of it and what is said of it: in parentheses, or of all."""
    of_all = re.search(r"; (?:all of it|nothing of it|no interval) ?(.*)\.$", line)
    common = {"separated from 0": "not separated from 0", "can be formed": "no interval"}
    found = re.findall(rf"(\w+) ({NUMBER}) [A-Z]+(?: \(([^)]*)\))?(?=[,;.])", line)
    assert all(bool(words) != bool(of_all) for _, _, words in found), line
    said_of_all = common.get(of_all[1], of_all[1]) if of_all else ""
    return {
        name: (float(number.replace("−", "-").replace(",", "")), words or said_of_all) for name, number, words in found
    }


def near(told: float, value: float) -> bool:
    """Whether money is told as it is: in whole units from 100 on, else in hundredths."""
    return abs(told - value) <= (0.5 if abs(value) >= 99.5 else 0.005) + 1e-9


def line_of(lines: list[str], forecaster: str) -> str:
    [line] = [line for line in lines if f"{forecaster} against " in line]
    return line


@pytest.mark.long
def test_the_headline_is_by_population_and_in_total(comparison: omnisim.Comparison) -> None:
    lines = said(Scope(comparison))
    totals = {name: yearly(comparison, name).mean() for name in OTHERS}
    best = max(totals, key=lambda name: totals[name])
    assert f"{best} against persistence, per customer and year: buyers " in lines[0]
    assert lines[0].startswith("No forecaster earned more than persistence. ") == (totals[best] < -0.005)
    for name, total in totals.items():
        told = parts_of(line_of(lines, name))
        by_population = yearly(comparison, name).groupby("population", observed=True).mean()
        assert set(told) == {*by_population.index, "total"}
        assert near(told["total"][0], total)
        assert all(near(told[population][0], value) for population, value in by_population.items())


def test_words_in_parentheses_are_those_of_the_simultaneous_interval(comparison: omnisim.Comparison) -> None:
    lines = said(Scope(comparison))
    rows = comparison.differences.query("measure == 'money' and subsequence == 'all'")
    for row in rows.to_dict("records"):
        low, high = row["simultaneous_low"], row["simultaneous_high"]
        word = "better" if low > 0 else "worse" if high < 0 else "not separated from 0"
        assert parts_of(line_of(lines, row["forecaster"]))[row["population"]][1] == word


def test_who_loses_and_the_worst(comparison: omnisim.Comparison) -> None:
    lines = said(Scope(comparison))
    for name in OTHERS:
        gains = yearly(comparison, name)
        losses = int((gains * 73 / 365 < -0.005).sum())
        [line] = [line for line in lines if line.startswith(f"{name}: ")]
        assert f"{name}: {losses} of 45 customers earn less than with persistence" in line
        for population, own in gains.groupby("population", observed=True):
            assert f"{(own * 73 / 365 < -0.005).sum()} of {len(own)} {population}" in line
        seed, population, agent = gains.idxmin()
        told = re.search(rf"customer {agent} of {population} under seed {seed}, ({NUMBER}) USD a year\.", line)
        assert told
        assert near(float(told[1].replace("−", "-").replace(",", "")), gains.min())


def test_tone_and_notices(comparison: omnisim.Comparison) -> None:
    found = verdict(Scope(comparison))
    cut = max(comparison.clipping[share].max() for share in ("prices", "money"))
    assert (cut >= 0.01) == bool(found.notices)
    assert (cut >= 0.05) == any(text.startswith("clipping") for text in found.reservations)
    money = comparison.differences.query("measure == 'money' and subsequence == 'all'")
    judged = {*money["verdict"], *comparison.overall.query("measure == 'money'")["verdict"]}
    best = found.headline.removeprefix("No forecaster earned more than persistence. ").split(" against ")[0]
    losing = int((yearly(comparison, best) * 73 / 365 < -0.005).sum())
    told = f"{losing} of 45 customers earn less with {best} than with persistence"
    assert (told in found.reservations) == (losing > 1)
    told = "no forecaster is separated from persistence for the better in money"
    assert (told in found.reservations) == ("better" not in judged)
    fallback = comparison.table["fallback_rounds"].max() / 73
    assert (fallback > 0.01) == any(text.startswith("no action was left") for text in found.reservations)
    assert found.tone == ("fair" if found.reservations else "good")
    assert (found.holds, found.alarms) == (True, [])
    lines = summary(Scope(comparison))
    assert lines[0] == found.headline
    assert lines[1].startswith(f"{best}: ")
    assert lines[1] in dict(found.points)["Worth"]
    assert all(text in " ".join(lines) for text in found.reservations)


@pytest.fixture(scope="module")
def base() -> omnisim.Comparison:
    return compared(seeds=2)


class TestRandomNumbers:
    """The frames of a comparison with random money in them, of either sign and any size."""

    NAMES = ("mean", "truth")
    POPULATIONS = ("many", "few")

    @staticmethod
    def redrawn(comparison: omnisim.Comparison, seed: int) -> omnisim.Comparison:
        """The same comparison, whose money is random: magnitudes from a tenth of a cent to millions."""
        rng = np.random.default_rng(seed)
        found = omnisim.load_comparison(comparison.folder)
        frames = {name: getattr(comparison, name).copy() for name in ("differences", "overall", "gains")}
        for name in ("differences", "overall"):
            frame = frames[name]
            mine = np.flatnonzero(frame["measure"] == "money")
            value = rng.choice([-1, 1], len(mine)) * 10 ** rng.uniform(-3, 6, len(mine))
            half = np.abs(value) * rng.uniform(0.2, 2, len(mine))
            frame.loc[frame.index[mine], "difference"] = value
            frame.loc[frame.index[mine], "simultaneous_low"] = value - half
            frame.loc[frame.index[mine], "simultaneous_high"] = value + half
            words = np.where(value - half > 0, "better", np.where(value + half < 0, "worse", "not separated"))
            frame.loc[frame.index[mine], "verdict"] = words
        gains = frames["gains"]
        gains["losses"] = rng.integers(0, gains["agents"] + 1)
        gains["losses"] = gains["losses"].where(rng.random(len(gains)) < 0.7, 0)
        gains["q00"] = np.where(gains["losses"] > 0, -(10 ** rng.uniform(-1, 5, len(gains))), 0.5)
        found.__dict__.update(frames)
        return found

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize(
        "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 40))]
    )
    def test_every_sentence_is_true_of_the_sign(self, base: omnisim.Comparison, seed: int) -> None:
        found = self.redrawn(base, seed)
        scope = Scope(found)
        lines = said(scope)
        money = found.differences[
            (found.differences["measure"] == "money") & (found.differences["subsequence"] == "all")
        ]
        means = money.set_index(["forecaster", "population"])["difference"]
        verdicts = money.set_index(["forecaster", "population"])["verdict"]
        overall = found.overall[found.overall["measure"] == "money"].set_index("forecaster")
        gains = found.gains[(found.gains["measure"] == "money") & (found.gains["subsequence"] == "all")]
        best = overall["difference"].idxmax()
        assert f"{best} against last" in lines[0]
        assert lines[0].startswith("No forecaster earned more than last.") == (overall["difference"].max() <= -0.005)
        for name in self.NAMES:
            told = parts_of(line_of(lines, name))
            every = {
                population: (means[name, population], verdicts[name, population]) for population in self.POPULATIONS
            }
            every["total"] = (overall["difference"][name], overall["verdict"][name])
            assert set(told) == set(every)
            for place, (value, word) in every.items():
                number, words = told[place]
                assert near(number, value)
                if abs(value) < 0.0049:
                    assert words == ("not separated from 0" if word == "not separated" else "less than a cent")
                else:
                    assert words == word.replace("not separated", "not separated from 0")
                    assert words != "better" or number > 0
                    assert words != "worse" or number < 0
            own = gains[gains["forecaster"] == name]
            self.check_source(line_of(lines, name), own, means[name], overall["difference"][name])
            self.check_losers(lines, name, own)
        self.check_tone(scope, [*verdicts, *overall["verdict"]], best, gains)

    @staticmethod
    def check_source(line: str, gains: pd.DataFrame, means: "pd.Series[float]", mean: float) -> None:
        """Which population a total comes from: that with the largest part of the sum over agents, if that is half."""
        sums = {row["population"]: row["agents"] * means[row["population"]] for row in gains.to_dict("records")}
        total = sum(sums.values())
        name, most = max(sums.items(), key=lambda item: item[1] / total)
        if "of it from" in line:
            assert re.search(rf" of it from {name}[.;]", line)
            assert 0.5 <= most / total <= 1
        elif "all of it and more" in line:
            assert re.search(rf", all of it and more from {name}[.;]", line)
            assert most / total > 1
        else:
            assert abs(mean) < 0.005 or most / total < 0.5

    @staticmethod
    def check_losers(lines: list[str], name: str, gains: pd.DataFrame) -> None:
        [line] = [line for line in lines if line.startswith(f"{name}: ")]
        losses, agents = gains["losses"].sum(), gains["agents"].sum()
        if not losses:
            assert line == f"{name}: none of {agents} agents earns less than with last."
            return
        assert f"{name}: {losses} of {agents} agents earn{'s' if losses == 1 else ''} less than with last" in line
        worst = gains.loc[gains["q00"].idxmin()]
        whose = f"agent {worst['worst_agent']} of {worst['population']} under seed {worst['worst_seed']}, "
        told = re.search(rf"Most is lost by {whose}({NUMBER}) EUR over the run", line)
        assert told
        assert near(float(told[1].replace("−", "-").replace(",", "")), worst["q00"])

    @staticmethod
    def check_tone(scope: Scope, verdicts: list[str], best: str, gains: pd.DataFrame) -> None:
        found = verdict(scope)
        text = "; ".join(found.reservations)
        assert ("no forecaster is separated from last for the better in money" in text) == ("better" not in verdicts)
        losses = gains.loc[gains["forecaster"] == best, "losses"].sum()
        assert (f"less with {best} than with last" in text) == (losses > 0)
        if found.tone == "good":
            assert "better" in verdicts
            assert losses == 0
            assert scope.comparison.certificates["violated"].sum() == 0


@pytest.mark.one_in(8)
@pytest.mark.parametrize("left", range(7))
def test_verdicts_that_are_missing_are_a_reservation_where_most_are(base: omnisim.Comparison, left: int) -> None:
    """Six differences of money: of two forecasters, for two populations and over the run."""
    found = omnisim.load_comparison(base.folder)
    places = []
    for name in ("differences", "overall"):
        frame = found.__dict__[name] = getattr(base, name).copy()
        mine = (frame["measure"] == "money") & (frame["subsequence"] == "all")
        places += [(frame, row) for row in frame.index[mine]]
    assert len(places) == 6
    for index, (frame, row) in enumerate(places):
        frame.loc[row, "verdict"] = "" if index < left else "better"
    text = "; ".join(verdict(Scope(found)).reservations)
    assert (f"{left} of 6 differences in money are not judged" in text) == (3 < left < 6)
    assert ("no interval can be formed, so nothing is judged" in text) == (left == 6)
    assert "for the better" not in text


def test_a_violated_certificate_is_an_alarm(base: omnisim.Comparison) -> None:
    found = omnisim.load_comparison(base.folder)
    rows = base.certificates
    forged = pd.concat([rows] * (1 + 13 // len(rows)), ignore_index=True).head(13)
    forged["violated"] = np.where(np.arange(13) < 12, 1, 0)
    found.__dict__["certificates"] = forged.assign(measured=5.0, bound=3.0, probability=1.0, runs=2)
    bad = verdict(Scope(found))
    assert (bad.holds, replace(bad, alarms=[]).holds) == (False, True)
    assert bad.tone == "bad"
    assert bad.alarms[0].startswith(f"{forged['theorem'].iloc[0]} ({forged['claim'].iloc[0]}) for ")
    assert ": in 1 of 2 runs, worst in " in bad.alarms[0]
    assert bad.alarms[0].endswith(": measured 5, bound 3; the theorem promises it with certainty.")
    assert bad.alarms[10:] == ["2 more; comparison.certificates has all."]


@pytest.mark.parametrize(("populations", "rest"), [(5, ""), (6, ""), (7, "1 smaller population"), (9, "3 smaller")])
def test_the_six_populations_that_matter_most_are_told(base: omnisim.Comparison, populations: int, rest: str) -> None:
    """What counts is the sum over a population's agents, of either sign, and not the mean of one."""
    scope = Scope(base)
    first = worth.worths(scope, scope.contexts[0])[0]
    sums = [3000, -900, 800, 700, 50, -600, 500, 40, -30][:populations]  # of agents that are 1, 10, 1, 10, ...
    each = [10 if index % 2 else 1 for index in range(populations)]
    gains = [
        replace(first.populations[0], name=f"p{index}", mean=total / count, standing=count)
        for index, (total, count) in enumerate(zip(sums, each, strict=True))
    ]
    line = worth._line(scope, replace(first, populations=gains, mean=1.0))
    largest = sorted(sorted(range(populations), key=lambda index: -abs(sums[index]))[:6])
    assert re.findall(r"\bp\d", line.partition(";")[0]) == [f"p{index}" for index in largest]
    assert (f", and {rest}" in line) == bool(rest)
    assert ("smaller population" in line) == bool(rest)


@pytest.mark.parametrize(
    ("means", "standing", "source"),
    [((3.0, -1.0), (1, 1), "all of it and more from a"), ((3.0, 1.0), (1, 5), "62 % of it from b")],
)
def test_a_total_comes_from_where_most_customers_gain(
    base: omnisim.Comparison, means: tuple[float, float], standing: tuple[int, int], source: str
) -> None:
    """Of two populations of as many agents, which stand for so many customers each."""
    scope = Scope(base)
    first = worth.worths(scope, scope.contexts[0])[0]
    gains = [
        replace(first.populations[0], name=name, mean=mean, standing=number, verdict="", agents=4)
        for name, mean, number in zip("ab", means, standing, strict=True)
    ]
    total = sum(mean * number for mean, number in zip(means, standing, strict=True)) / sum(standing)
    assert f", {source}; no interval" in worth._line(scope, replace(first, populations=gains, mean=total, verdict=""))


def test_one_seed_and_one_population_need_no_words_for_more() -> None:
    scenario = small_scenario()
    alone = scenario.replace(populations=list(scenario.populations)[:1])
    lines = said(Scope(omnisim.compare(alone, FORECASTERS, seeds=1, jobs=1)))
    assert not any("in total" in line or "seeds" in line for line in lines)
    assert any("of 4 agents" in line for line in lines)


@pytest.mark.long
def test_without_money_nothing_is_said_of_it() -> None:
    rng = np.random.default_rng(0)
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", utility=rng.random((4, 3, 2)) / 2)],
        adversary=omnisim.adversaries.Independent(rng.random((5, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        rounds=30,
    )
    found = verdict(Scope(omnisim.compare(scenario, ["persistence", "climatology"], seeds=3, jobs=1)))
    assert "Worth" not in dict(found.points)
    assert "money" not in found.headline
    assert found.explained == ""


@pytest.mark.long
def test_populations_in_different_currencies_have_no_total() -> None:
    rng = np.random.default_rng(1)
    populations = [
        omnisim.Population(
            name, rng.random((3, 3, 2)) / 2, money=omnisim.Money(rng.uniform(100, 300, 3), np.zeros(3), currency)
        )
        for name, currency in (("here", "EUR"), ("there", "USD"))
    ]
    scenario = omnisim.Scenario(
        populations=populations,
        adversary=omnisim.adversaries.Independent(rng.random((5, 2))),
        forecaster=omnisim.forecasters.Climatology(),
        rounds=30,
    )
    comparison = omnisim.compare(scenario, ["persistence", "climatology", "conditional_mean"], seeds=3, jobs=1)
    for line in said(Scope(comparison)):
        assert "total" not in line
        if " against " in line:
            assert re.search(r"here \S+ EUR \(.*there \S+ USD \(", line)


@pytest.mark.whole
def test_nothing_that_is_only_rounding_is_written(base: omnisim.Comparison) -> None:
    """Where every difference is a few units in the last place."""
    frames = {name: getattr(base, name).copy() for name in ("differences", "overall", "gains", "table")}
    for name, frame in frames.items():
        columns = [each for each in frame.columns if frame[each].dtype == float and each not in ("seconds", "bound")]
        if name == "table":
            columns = [each for each in columns if "regret" in each or "difference" in each or "ccv" in each]
        frame[columns] *= -3e-16
    found = omnisim.load_comparison(base.folder)
    found.__dict__.update(frames)
    text = Parsed(render(found)).text
    # Names of runs hold hexadecimal digits before a seed.
    written = re.sub(r"\b[0-9a-f]{10}(-\d+)?\b", "", text)
    assert not re.search(r"(?<!\w)[-−+]0(?![\d.,])|(?<![\d.,])0\.0+(?![\d])|\de-\d|0\.0000\d", written)
    assert not re.search(r'data-v="-0(\.0*)?"', render(found).decode())


PLACE = ("", "", "")


def gain(name: str, mean: float, standing: float = 1.0, worst: float = -1.0, whose: tuple[int, int] = (0, 0)) -> Gain:
    return Gain(name, "EUR", mean, (mean - 1, mean + 1), "better", standing, 10, 1, worst, whose)


def test_most_of_a_total_comes_from_who_earns_most_of_its_sign() -> None:
    """50 - 80 + 40, of which the second takes more than any other gives."""
    found = Worth("f", PLACE, [gain("a", 5, 10), gain("b", -8, 10), gain("c", 4, 10)], 1 / 3, (0.0, 1.0), "better")
    assert found.source == ("a", pytest.approx(50 / 10))


def test_of_many_populations_those_that_make_most_of_the_sum_are_told() -> None:
    gains = [gain(f"p{k}", 10.0 + k) for k in range(6)] + [gain("many", 0.5, 1000.0)]
    scope = SimpleNamespace(words=lambda _: "", reference="ref", per="customer and year")
    line = worth._line(scope, Worth("f", PLACE, gains, 1.0, (0.0, 2.0), "better"))
    assert line.startswith("f against ref, per customer and year: p1 +11.00 EUR, ")
    assert ", many +0.50 EUR, and 1 smaller population; in total +1.00 EUR" in line


def test_who_loses_most_need_not_be_of_who_gains_least() -> None:
    gains = [gain("a", 5.0, worst=-9.0, whose=(3, 1)), gain("b", -2.0, worst=-4.0, whose=(7, 2))]
    scope = SimpleNamespace(agent="customer", round="day")
    line = worth._worst(scope, Worth("f", PLACE, gains, 1.0, (0.0, 2.0), "better"))
    assert line == "Most is lost by customer 3 of a under seed 1, −9.00 EUR a year."


@pytest.mark.parametrize(("rounds", "said"), [(30, "30 days, scaled up."), (730, "730 days, scaled down."), (365, "")])
def test_sums_are_scaled_to_a_year(monkeypatch: pytest.MonkeyPatch, rounds: int, said: str) -> None:
    monkeypatch.setattr(worth, "worths", lambda *_: [1])
    scope = SimpleNamespace(contexts=[PLACE], rounds={PLACE: rounds}, round="day", per="customer and year")
    scope.__dict__.update(agent="customer", reference="ref", about={"confidence": 0.95})
    end = worth.explained(scope).partition(" hold together with 95%.")[2]
    assert end == (f" Sums over a year are those of {said}" if said else "")


@pytest.mark.parametrize(
    ("verdicts", "overall", "said"),
    [
        (["better", "", ""], "", ["3 of 4 differences in utility are not judged"]),
        (["better", "worse", ""], "", []),
        (["worse", "", ""], "not separated", ["no forecaster is separated from ref for the better in utility"]),
        (["", "", ""], "", ["no interval can be formed, so nothing is judged"]),
    ],
)
def test_what_is_not_judged_is_a_reservation(
    monkeypatch: pytest.MonkeyPatch, verdicts: list[str], overall: str, said: list[str]
) -> None:
    """Of three differences of populations and one of all; another measure and subsequence are no part of it."""
    monkeypatch.setattr(worth, "worths", lambda *_: [])
    rows = pd.DataFrame({"measure": "utility", "subsequence": "all", "verdict": verdicts})
    others = pd.DataFrame({"measure": ["ccv", "utility"], "subsequence": ["all", "few"], "verdict": ["", ""]})
    whole = pd.DataFrame({"measure": ["utility", "ccv"], "verdict": [overall, ""]})
    comparison = SimpleNamespace(differences=pd.concat([rows, others]), overall=whole)
    scope = SimpleNamespace(contexts=[PLACE], comparison=comparison, whole_run="all", reference="ref")
    assert list(worth.reservations(scope)) == said
