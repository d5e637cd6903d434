"""Sentences of the page of a run, against numbers found by loops over its record."""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pytest

from omnisim.analysis import Analysis
from omnisim.arrays import ROUNDING
from omnisim.report.run import facts, forecasts, guarantees, violations, worth
from omnisim.report.run import verdict as verdict_of_a_run
from omnisim.report.run.agents_data import agents_data
from omnisim.report.run.verdict import summary, verdict
from omnisim.report.selection import MOST_SUBSEQUENCES
from omnisim.report.text import number, percent, signed_amount, sortable

SIZES = [{"first": 4, "second": 7}, {"second": 3, "first": 9}, {"only": 5}]


@pytest.fixture(params=range(len(SIZES)))
def drawn(make: Callable[..., Analysis], request: pytest.FixtureRequest) -> Analysis:
    return make(
        populations=SIZES[request.param],
        rounds=30 + request.param,
        constraints=1 + request.param % 2,
        load=True,
        dates=request.param != 1,
        currency="EUR",
        seed=request.param,
        fallback=0.1,
    )


def test_limits(drawn: Analysis) -> None:
    said = list(violations.sentences(drawn))
    everyone = fallbacks = 0
    short = violations.in_short(drawn)
    for name, record in drawn.trace.records.items():
        for j, limit in enumerate(record.constraint_names):
            times, largest, sums = 0, 0.0, [0.0] * record.population.agents
            for costs in record.costs[:, :, j].tolist():
                for n, cost in enumerate(costs):
                    if cost > 0:
                        times, largest, sums[n] = times + 1, max(largest, cost), sums[n] + cost
            pairs = drawn.trace.rounds * record.population.agents
            most, some = sums.index(max(sums)), sum(s > 0 for s in sums)
            expected = (
                f"{name}: “{limit}” was exceeded on {times:,} of {pairs:,} customer days ({percent(times / pairs)}), "
                f"by {number(largest)} cost at most; agent {most} by {number(max(sums))} cost in all, the most of "
                f"{some} customer{'s' if some != 1 else ''}."
            )
            rounds = "day" if drawn.trace.dates is not None else "round"
            agents = re.search(r"(\w+) \w+s \(", said[0])
            assert agents is not None
            assert expected.replace("customer", agents[1]).replace("day", rounds) in said
            assert f"{name} “{limit}” on {times:,} " in short
            assert f"by {number(largest)} cost at most" in short
        everyone += pairs
        fallbacks += int(record.fallback.sum())
    assert violations.fallback_share(drawn) == pytest.approx(fallbacks / everyone)
    assert f"No action was left to choose from on {percent(fallbacks / everyone)} of" in short


def test_certificates(drawn: Analysis) -> None:
    rows = drawn.certificates.to_dict("records")
    said = " ".join(guarantees.sentences(drawn))
    informative = [row for row in rows if row["status"] == "informative"]
    shares = [row["measured"] / row["bound"] for row in informative]
    tightest = informative[int(np.argmax(shares))]
    assert f"{len(informative)} certificates (a theorem’s bound" in said
    assert f"between {percent(min(shares))} and {percent(max(shares))} of the bound" in said
    assert f"closest for {tightest['theorem']} ({tightest['population']} / {tightest['subsequence']}: " in said
    assert f"{number(tightest['measured'])} of {number(tightest['bound'])})" in said
    before = sum(row["basis"] == "before the run" for row in informative)
    assert f"Of these {before} were promised before the run; {len(informative) - before} follow" in said
    below = sum(row["bound"] < row["hindsight"] for row in informative if row["basis"] != "before the run")
    assert f" from its record, {below} of them with a bound below what could have been lost" in said
    checks = sum(row["status"] == "cannot fail" for row in rows)
    assert f"{checks} are met and cannot fail" in said


@pytest.mark.one_in(2)
@pytest.mark.parametrize("seed", range(6))
def test_each_status_is_told_of_where_there_is_one_and_counted(make: Callable[..., Analysis], seed: int) -> None:
    rng = np.random.default_rng(seed)
    analysis = make(populations={"a": 2}, clean=1.0)
    words = {
        "informative": "could have failed and hold",
        "vacuous": "promise nothing over so few rounds (vacuous): ",
        "hypotheses unmet": "promise nothing here: no agent meets the hypotheses of the theorem.",
        "cannot fail": "met and cannot fail: ",
        "violated": "violated; see the top of the page.",
    }
    for kinds in (list(words)[seed : seed + 1], rng.choice(list(words), 2, replace=False), rng.choice(list(words), 4)):
        if not len(kinds):
            continue
        table = analysis.certificates.copy()
        table["status"] = rng.choice(kinds, len(table))
        table["holds"] = table["status"] != "violated"
        forged = dataclasses.replace(analysis)
        forged.__dict__["certificates"] = table
        said = list(guarantees.sentences(forged))
        claims = int((table["status"] != "cannot fail").sum())
        for status, clause in words.items():
            number_of = int((table["status"] == status).sum())
            told = [sentence for sentence in said if clause in sentence]
            assert len(told) == (number_of > 0), status
            if status == "violated" and number_of:
                assert told[0].startswith(f"{number_of} of {claims} certificate{'s' * (claims > 1)} violated")
            elif number_of:
                assert told[0].startswith(f"{number_of} ")
        assert ("No theorem applies beyond the assumptions" in " ".join(said)) == (claims == 0)
        silent = int(table["status"].isin(["vacuous", "hypotheses unmet"]).sum())
        doubts = verdict(forged).reservations
        assert ("no theorem applies" in doubts) == (claims == 0)
        assert (f"{silent} of {claims} guarantees promise nothing" in doubts) == (silent > claims / 2)


@pytest.mark.parametrize(
    ("status", "one", "two"),
    [
        ("informative", "1 certificate (a theorem’s bound", "2 certificates (a theorem’s bound"),
        ("informative", "could have failed and holds", "could have failed and hold;"),
        ("cannot fail", "1 is met and cannot fail: it checks", "2 are met and cannot fail: they check"),
    ],
)
def test_one_is_told_of_as_one_and_two_as_two(make: Callable[..., Analysis], status: str, one: str, two: str) -> None:
    analysis = make(populations={"a": 2}, clean=1.0)
    for number_of, words in enumerate((one, two), start=1):
        table = analysis.certificates.copy()
        marks = np.full(len(table), "vacuous", dtype=object)
        marks[np.flatnonzero(table["status"] == status)[:number_of]] = status
        table["status"] = marks
        forged = dataclasses.replace(analysis)
        forged.__dict__["certificates"] = table
        said = " ".join(guarantees.sentences(forged))
        assert words in said
        assert (one in said) == (words == one)


@pytest.mark.parametrize("subsequences", [1, 2, MOST_SUBSEQUENCES, MOST_SUBSEQUENCES + 1, MOST_SUBSEQUENCES + 3])
def test_subsequences_are_listed_with_their_rounds(make: Callable[..., Analysis], subsequences: int) -> None:
    trace = make(populations={"a": 1}, subsequences=tuple(f"s{k}" for k in range(subsequences))).trace
    parts = [f"s{k} ({int(trace.active[:, k].sum())})" for k in range(min(subsequences, MOST_SUBSEQUENCES))]
    if subsequences > MOST_SUBSEQUENCES:
        parts.append(f"{subsequences - MOST_SUBSEQUENCES} more")
    word = "subsequence" if subsequences == 1 else "subsequences"
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
    assert facts.composition(trace)[-1] == f"{subsequences} {word}, with their rounds: {listed}"


def test_who_is_worst_off(drawn: Analysis) -> None:
    gains = {
        (name, n): float(of.whole_run[0, n] - of.whole_run[1, n])
        for name, of in drawn.worth.items()
        for n in range(of.whole_run.shape[1])
    }
    worst = min(gains, key=gains.__getitem__)
    assert worth.worst_agent(drawn) == worst
    said = " ".join(worth.sentences(drawn))
    losing = sum(gain < -0.005 for gain in gains.values())
    assert re.search(rf"\b{losing} of {len(gains)} \w+s earned less than with persistence", said)
    for name in drawn.worth if len(drawn.worth) > 1 else ():
        of = [gain for (population, _), gain in gains.items() if population == name]
        assert f"{sum(gain < -0.005 for gain in of)} of {len(of)} {name}" in said
    assert f"The worst off in money is agent {worst[1]} of {worst[0]}: " in said


def test_what_ran(drawn: Analysis) -> None:
    trace = drawn.trace
    found = dict(facts.what_ran(trace))
    if trace.dates is None:
        assert found["Rounds"] == f"{trace.rounds} rounds"
    else:
        assert found["Days"] == f"{trace.rounds} days, {trace.dates[0]} to {trace.dates[-1]}"


def test_forecasts(market: Analysis) -> None:
    """A market whose prices lie between -50 and 250: a unit is 300 USD/MWh; the first day has no day before."""
    trace = market.trace
    told = -50 + 300 * trace.predictions[1:]
    true, before = (-50 + 300 * trace.true_outcomes[at] for at in (slice(1, None), slice(None, -1)))
    missed, repeated = np.abs(told - true).mean(), np.abs(before - true).mean()
    said = list(forecasts.sentences(market))
    assert said[0].startswith(
        f"The forecast missed the price by {number(missed)} USD/MWh on average; repeating the day before would have "
        f"missed by {number(repeated)} over the same 59 days, {100 * (1 - missed / repeated):.0f} % less"
    )
    bias = float((told - true).mean())
    assert said[1] == f"It was too {'high' if bias > 0 else 'low'} by {number(abs(bias))} USD/MWh on average."


@pytest.mark.parametrize("value", [0.0, ROUNDING / 2, ROUNDING, 2 * ROUNDING, -ROUNDING, 0.3])
def test_what_is_written_as_nothing_is_sorted_as_nothing(value: float) -> None:
    assert (number(value) == "0") == (sortable(value) == 0)


def test_amounts() -> None:
    assert signed_amount(2.0).startswith("+")
    assert signed_amount(-2.0).startswith("−")
    assert signed_amount(0.0) == "0"


@pytest.mark.parametrize("count", [2, 8, 12])
def test_populations_whose_agents_are_left_out_are_counted_and_the_first_three_named(
    make: Callable[..., Analysis], count: int
) -> None:
    names = [f"p{i}" for i in range(count)]
    found = agents_data(make(populations=dict.fromkeys(names, 3), rounds=10), 10**6, "agents.parquet")
    missing = [name for name in names if name not in found.populations]
    if not missing:
        assert "Any agent can be chosen" in found.note
        return
    first = [*missing[:3], *([f"{len(missing) - 3} more"] if len(missing) > 3 else [])]
    written = first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}"
    plural = "s" if len(missing) > 1 else ""
    assert f"agents of {len(missing)} population{plural} ({written}) are left out" in found.note.lower()
    assert "the file agents.parquet beside this page" in found.note


def test_rows_of_agents_are_numbered_through_all_populations(drawn: Analysis) -> None:
    count = sum(len(record.population.utility) for record in drawn.trace.records.values())
    assert drawn.agents.index.tolist() == list(range(count * len(drawn.trace.subsequences)))


def test_who_earns_less_is_counted_in_the_table(drawn: Analysis) -> None:
    for row in worth.table(drawn).rows:
        names = [*drawn.worth] if row[0].text == worth.TOTAL else [row[0].text]
        gains = [own - other for name in names for own, other in drawn.worth[name].whole_run[:2].T.tolist()]
        losing = sum(gain < -0.005 for gain in gains)
        assert (row[3].text, row[3].value) == (f"{losing}", losing)
        assert (row[5].text, row[5].value) == (f"{len(gains)}", len(gains))


def test_of_many_populations_six_are_told_of_and_the_others_counted(make: Callable[..., Analysis]) -> None:
    found = summary(make(populations={f"p{k}": 1 for k in range(8)}, currency="EUR"))[1]
    assert found.endswith(", and 2 more populations.")
    assert [f" p{k} " in found for k in range(8)] == [True] * 6 + [False] * 2


@pytest.mark.parametrize("some", [("first",), ("second",), ()])
def test_what_hindsight_would_have_added_is_explained_where_it_is_anything(
    make: Callable[..., Analysis], monkeypatch: pytest.MonkeyPatch, some: tuple[str, ...]
) -> None:
    monkeypatch.setattr(verdict_of_a_run, "_regret_of", lambda _, name: (f"{name}: told.", name in some))
    first, *others = verdict_of_a_run._regret(make(populations={"first": 2, "second": 2}))
    explained = first.startswith("What the best change of actions in hindsight would have added on ")
    assert (explained, len(others)) == (bool(some), 1 + bool(some))


def test_who_had_an_action_and_fell_back_all_the_same_is_told_of(make: Callable[..., Analysis]) -> None:
    analysis = make(populations={"a": 50}, actions=2, fallback=0.3)
    fallback, benchmark = analysis.trace.records["a"].fallback, analysis.measures["a"].benchmark
    clean = [n for n in range(50) if any(benchmark[:, n, a].all() for a in range(2))]
    assert 0 < len(clean) < 50
    share = sum(int(fallback[:, n].sum()) for n in clean) / (len(clean) * len(fallback))
    assert share != fallback.mean()
    told = [sentence for sentence in violations.sentences(analysis) if sentence.startswith("Agents that had one")]
    assert told == [f"Agents that had one fell back on {percent(share)} of their rounds."]


def test_a_run_that_is_not_over_and_agents_who_come_and_go_are_told_of(make: Callable[..., Analysis]) -> None:
    trace = make(populations={"a": 3}, rounds=9).trace
    fields = {name: getattr(trace, name) for name in trace.__dataclass_fields__}
    told = type(trace)(**fields | {"about": {**trace.about, "horizon": 30, "spells": {"a": [0, 2, 0]}}})
    assert dict(facts.what_ran(told))["Rounds"] == "round 9 of 30 that are declared"
    assert facts.composition(told)[0].startswith("a: 2 agents in 3 presence intervals, ")
    assert dict(facts.what_ran(trace))["Rounds"] == "9 rounds"
    assert facts.composition(trace)[0].startswith("a: 3 agents, ")
