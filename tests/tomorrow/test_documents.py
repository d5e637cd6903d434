"""What the documents of a next day and the lines of the command say, from a run and an eve that are made up."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis import Analysis
from omnisim.commands.tomorrow import _named_file
from omnisim.errors import OmnisimError
from omnisim.simulation.going_on import Eve
from omnisim.tomorrow import command, store
from omnisim.tomorrow.documents import FORECAST, SCHEDULES, Document, documents

LOW, SPAN, DAYS, HORIZON = -20.0, 120.0, 4, 30
DAY = np.datetime64("2024-03-05")
PREDICTION = np.array([0.5, -0.25, 0.25, 1.5])
"""Quarters of the next day: two of them beyond the scale."""

PRICES = [40.0, -50.0, 10.0, 160.0]
WITHIN = [40.0, -20.0, 10.0, 100.0]
TIMES = [f"2024-03-05T{hour:02d}:00" for hour in (0, 6, 12, 18)]
FIXED = 7.0
"""What a MWh costs in each quarter beside its price under the contract of the customers with names."""


def population(name: str, load: np.ndarray, paid: np.ndarray | None, names: list[str] | None) -> omnisim.Population:
    """Customers who pay for their load at the market's price."""
    scale = np.full(len(load), 2.0)
    return omnisim.Population(
        name,
        -SPAN * load / scale[0] / 1000,
        np.full(load.shape[:2], 0.5),
        money=omnisim.Money(1000 * scale, np.zeros(len(load)), "EUR"),
        load=load,
        paid=paid,
        agent_names=names,
    )


@pytest.fixture(scope="module")
def made() -> tuple[Analysis, Eve]:
    """A run of four days, and the eve of the fifth: three customers, of whom one is away."""
    rng = np.random.default_rng(1)
    named = np.round(rng.uniform(-1, 2, (2, 3, 4)), 2)
    others = np.round(rng.uniform(0, 2, (1, 3, 4)), 2)
    populations = [
        population("named", named, FIXED * named, ["Ann", "Bob"]),
        population("others", others, None, None),
    ]
    scenario = omnisim.Scenario(
        name="made up",
        populations=populations,
        adversary=omnisim.adversaries.Replay(rng.random((DAYS, 4))),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.FirstViolation(),
        about={"market": {"currency": "EUR", "low": LOW, "high": LOW + SPAN}},
    )
    trace = omnisim.simulate(scenario, seed=5)
    days = DAY - DAYS + np.arange(DAYS)
    fields = {name: getattr(trace, name) for name in trace.__dataclass_fields__}
    dated = type(trace)(**fields | {"dates": days, "about": {**trace.about, "scenario": "made up", "horizon": HORIZON}})
    actions = {"named": np.array([2, -1]), "others": np.array([1])}
    eve = Eve(DAYS, DAY, PREDICTION, actions, {p.name: p for p in populations})
    return omnisim.analyze(dated), eve


@pytest.fixture(scope="module")
def both(made: tuple[Analysis, Eve]) -> tuple[Document, Document]:
    return documents(*made)


def test_the_forecast(made: tuple[Analysis, Eve], both: tuple[Document, Document]) -> None:
    analysis, _ = made
    content = json.loads(both[0].text)
    assert (both[0].kind, both[0].day) == (FORECAST, "2024-03-05")
    assert [content[key] for key in ("run", "seed", "delivery_day", "currency", "unit", "forecaster")] == [
        *("made up", 5, "2024-03-05", "EUR", "EUR/MWh", "Climatology"),
    ]
    assert content["horizon"] == {
        "days": HORIZON, "played": DAYS, "first_day": "2024-03-01", "last_day": "2024-03-04",
    }  # fmt: skip
    for key, expected in (("time", TIMES), ("price", PRICES), ("within_scale", WITHIN)):
        assert [period[key] for period in content["periods"]] == (
            expected if key == "time" else pytest.approx(expected)
        )
    told = [(row["theorem"], row["measured"], row["bound"], row["holds"]) for row in content["guarantees"]]
    columns = ("theorem", "measured", "bound", "holds")
    expected_rows = (
        analysis.certificates[list(columns)].astype(object).where(analysis.certificates["bound"].notna(), None)
    )
    assert len(told) == len(expected_rows) > 0
    for row, expected_row in zip(told, expected_rows.itertuples(index=False, name=None), strict=True):
        assert row[0] == expected_row[0]
        assert row[3] == expected_row[3]
        assert row[1:3] == pytest.approx(expected_row[1:3]) or row[1:3] == (None, None)


def test_the_schedules(made: tuple[Analysis, Eve], both: tuple[Document, Document]) -> None:
    """Power is energy over the six hours of a period, and money is minus the energy at the forecast."""
    _, eve = made
    content = json.loads(both[1].text)
    assert (content["times"], content["delivery_day"], content["currency"]) == (TIMES, "2024-03-05", "EUR")
    assert [each["customer"] for each in content["customers"]] == ["named/Ann", "others/0"]
    for each, action in zip(content["customers"], (2, 1), strict=True):
        load = eve.populations[each["population"]].load
        assert load is not None
        energy = load[0, action].tolist()
        assert each["action"] == eve.populations[each["population"]].action_names[action]
        assert each["MWh"] == energy
        assert each["MW"] == pytest.approx([value / 6 for value in energy])
        paid = -sum(value * price for value, price in zip(energy, PRICES, strict=True))
        assert each["EUR"] == pytest.approx(paid)
        fees = FIXED * sum(energy) if each["population"] == "named" else 0.0
        assert each["EUR by contract"] == pytest.approx(paid - fees)


def test_spreadsheets_say_the_same(both: tuple[Document, Document]) -> None:
    forecast, schedules = (
        list(csv.DictReader(io.StringIO(each.files[f"{each.kind}.csv"].decode("utf-8-sig")))) for each in both
    )
    assert [row["time"] for row in forecast] == TIMES
    for key, expected in (("price", PRICES), ("within_scale", WITHIN)):
        assert [float(row[key]) for row in forecast] == pytest.approx(expected)
    content = json.loads(both[1].text)
    for each in content["customers"]:
        own = [row for row in schedules if row["customer"] == each["customer"]]
        assert [row["time"] for row in own] == TIMES
        assert {(row["population"], row["action"]) for row in own} == {(each["population"], each["action"])}
        for key in ("MW", "MWh"):
            assert [float(row[key]) for row in own] == pytest.approx(each[key])
        for key in ("EUR", "EUR by contract"):
            assert sum(float(row[key]) for row in own) == pytest.approx(each[key])


def test_the_lines_of_the_command(made: tuple[Analysis, Eve], both: tuple[Document, Document]) -> None:
    analysis, eve = made
    forecast, schedules = command._next_day(eve, both)
    assert forecast == (
        f"2024-03-05: forecast {sum(PRICES) / 4:.2f} EUR/MWh on average, from {min(PRICES):.2f} at 06:00 to "
        f"{max(PRICES):.2f} at 18:00"
    )
    drawn = sum(sum(each["MWh"]) for each in both[1].content["customers"])
    assert schedules == f"2024-03-05: schedules of 2 customers, who draw {drawn:,.3f} MWh"
    assert list(command._next_day(None, ())) == [
        "the declared horizon ends here: run it again with a longer one for a forecast of the next day"
    ]
    trace = analysis.trace
    assert command._learnt(trace, 1) == "3 days learnt: day 4 of 30 was 2024-03-04"
    assert command._learnt(trace, 3) == "1 day learnt: day 4 of 30 was 2024-03-04"
    assert command._learnt(trace, 4) == "nothing new: day 4 of 30 was 2024-03-04"
    rows = analysis.certificates.assign(holds=False, informative=False)
    for k in range(len(rows)):
        rows.loc[rows.index[k], ["holds", "informative"]] = [(True, True), (True, False), (False, True)][k % 3]
    forged = Analysis(trace, analysis.measures)
    forged.__dict__["certificates"] = rows
    hold, say = (int((rows["holds"] & also).sum()) for also in (True, rows["informative"]))
    assert list(command._guaranteed(forged)) == [
        f"guarantees so far: {hold} of {len(rows)} hold, {say} of them below what could be lost without them"
    ]
    assert len(rows) > hold > say > 0


def test_the_last_day_is_the_one_that_is_kept_unless_another_is_asked_for(
    both: tuple[Document, Document], tmp_path: Path
) -> None:
    later = [Document(each.kind, "2024-03-06", each.content, each.table) for each in both]
    earlier = [Document(each.kind, "2024-02-29", {"day": each.kind}, each.table) for each in both]
    for day in (both, later, earlier):
        assert store.put(tmp_path, day)
    assert not store.put(tmp_path, earlier)
    assert store.days(tmp_path) == ["2024-02-29", "2024-03-05", "2024-03-06"]
    for kind, each in ((FORECAST, later[0]), (SCHEDULES, later[1])):
        assert store.get(tmp_path, kind) == each.text
        assert store.get(tmp_path, kind, "2024-02-29") == json.dumps({"day": kind})
        assert store.get(tmp_path, kind, "2024-03-07") is None
    revised = Document(FORECAST, "2024-02-29", {"day": "another"}, both[0].table)
    assert store.put(tmp_path, [revised])
    assert store.get(tmp_path, FORECAST, "2024-02-29") == revised.text
    assert store.get(tmp_path, SCHEDULES, "2024-02-29") == earlier[1].text


def test_a_day_that_was_forecast_otherwise_is_told(made: tuple[Analysis, Eve], tmp_path: Path) -> None:
    """What was given out is the forecast itself, also beyond the scale of the theory."""
    trace = made[0].trace
    said = trace.predictions + np.array([0.0, -1.2, 1.3, 0.0])
    fields = {name: getattr(trace, name) for name in trace.__dataclass_fields__}
    trace = type(trace)(**fields | {"unclipped_predictions": said})
    assert trace.dates is not None
    for t, moved in enumerate((0.0, 0.5, 0.0)):
        prices = [{"price": LOW + SPAN * float(y) + moved} for y in said[t]]
        content = {"periods": prices}
        day = str(trace.dates[t])
        store.put(tmp_path, [Document(kind, day, content, pd.DataFrame()) for kind in (FORECAST, SCHEDULES)])
    told = list(command._revised(tmp_path, trace, 0))
    assert [each[:10] for each in told] == [str(trace.dates[1])]
    assert not list(command._revised(tmp_path, trace, 2))
    said = "no documents were written of {}, which this call learnt: they are of the next day alone"
    for known in (0, 3):
        assert list(command._without_documents(tmp_path, trace, known)) == [said.format("2024-03-04")]
    none = list(command._without_documents(tmp_path / "none", trace, 1))
    assert none == [said.format("3 days from 2024-03-02 to 2024-03-04")]
    assert not list(command._without_documents(tmp_path / "none", trace, DAYS))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, ""),
        ({"rounds": 5}, ""),  # of a call that was killed before it wrote the manifest
        ({"rounds": 3}, "is the state of another run than manifest.json tells of, or of an earlier day: of toy with "),
        ({"scenario": {"name": "toy", "seed": 6}}, "is the state of another run than manifest.json tells of"),
        ({"scenario": {"name": "other", "seed": 2}}, "of other with seed 2 after 4 days"),
        ({"market": None}, "is the state of a scenario that was built in Python, which has no file of prices"),
    ],
)
def test_the_state_that_a_run_goes_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], said: str
) -> None:
    path = tmp_path / "state.npz"
    standing = SimpleNamespace(**{"market": "days", "scenario": {"name": "toy", "seed": 2}, "rounds": 4} | state)
    monkeypatch.setattr(command.run_directory, "read_manifest", lambda _: {"scenario": "toy", "seed": 2, "rounds": 4})
    monkeypatch.setattr(command, "read_standing", lambda _: standing)
    with pytest.raises(OmnisimError, match=r"has no state\.npz, so this run cannot go on: run it again with --horizon"):
        command._standing(tmp_path, path)
    path.touch()
    if not said:
        assert command._standing(tmp_path, path) is standing
        return
    with pytest.raises(OmnisimError) as caught:
        command._standing(tmp_path, path)
    assert said in str(caught.value)


@pytest.mark.parametrize(("option", "key"), [("forecasts", "forecast_files"), ("signals", "signals")])
def test_newer_files_have_the_names_of_the_scenario(option: str, key: str) -> None:
    assert _named_file(option, "ours=new.csv") == ("ours", Path("new.csv"))
    for text in ("new.csv", "=new.csv", "ours="):
        with pytest.raises(OmnisimError) as caught:
            _named_file(option, text)
        assert str(caught.value) == f"--{option} {text}: must have the form NAME=FILE, NAME as in market.{key}"
