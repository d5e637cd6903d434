"""The export of schedules, against a recomputation from the record by plain loops over the file of prices."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scenario_files import TOY, omnisim_command, refusal, write_scenario

import omnisim
from omnisim.analysis import schedules
from omnisim.analysis.money import money_by_round
from omnisim.run_directory import read_run

pytestmark = [pytest.mark.usefixtures("without_pages"), pytest.mark.sampled]

# Two kinds of agents on a range of prices that clips most of them: money is settled at the true ones.
CLIPPED = TOY.replace("high = 100.0", "high = 61.0") + "[populations.plants]\nkind = 'manufacturers'\nagents = 3\n"
CLIPPED += "curtailment_price = 50.0\n"


def exported(folder: Path, text: str, *options: str, days: int = 10) -> tuple[pd.DataFrame, omnisim.Trace]:
    """The file of a run, and the record of the run."""
    answer = omnisim_command("run", write_scenario(folder, text, days), "--out", folder / "out", *options)
    assert answer.code == 0, answer
    told = omnisim_command("schedules", folder / "out")
    assert (told.code, told.err) == (0, "")
    frame = pd.read_parquet(folder / "out" / "schedules.parquet")
    assert told.out.splitlines() == [f"{len(frame):,} rows", str(folder / "out" / "schedules.parquet")]
    return frame, read_run(folder / "out")[0]


def prices_of(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8") as file:
        return {row["time"]: float(row["price"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("most_rows", [schedules.MOST_ROWS, 100, pytest.param(1, marks=pytest.mark.long)])
def test_every_row_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_rows: int) -> None:
    """Also if groups hold a part of the customers of a day, or a part of one's day would be too much."""
    monkeypatch.setattr(schedules.schedule_tables, "__defaults__", (most_rows,))
    frame, trace = exported(tmp_path, CLIPPED)
    names = ["population", "customer", "time", "round", "period", "action", "MW", "MWh", "EUR", "EUR by contract"]
    assert list(frame.columns) == names
    np.testing.assert_allclose(frame["EUR by contract"], frame["EUR"], rtol=1e-9, atol=1e-9)  # all pay the price
    groups = pq.ParquetFile(tmp_path / "out" / "schedules.parquet").metadata
    assert all(groups.row_group(i).num_rows <= max(24, most_rows) for i in range(groups.num_row_groups))
    paid = prices_of(tmp_path / "prices.csv")
    rows = {(row.customer, f"{row.time:%Y-%m-%d %H:%M}"): row for row in frame.itertuples()}
    assert len(rows) == len(frame) == 10 * 5 * 24
    for name, record in trace.records.items():
        assert record.population.load is not None
        for (t, n), action in np.ndenumerate(record.actions):
            for hour in range(24):
                day = f"2021-01-{t + 1:02d} {hour:02d}:00"
                row, energy = rows[f"{name}/{n}", day], float(record.population.load[n, action, hour])
                assert (row.population, row.round, row.period) == (name, t, hour)
                assert row.action == record.population.action_names[action]
                assert (row.MW, row.MWh) == (energy, energy)
                assert pytest.approx(-energy * paid[day], rel=1e-9, abs=1e-12) == row.EUR


def test_a_day_adds_up_to_its_money_less_the_value_of_the_service(tmp_path: Path) -> None:
    frame, trace = exported(tmp_path, CLIPPED)
    assert trace.unclipped_outcomes is not None
    for name, record in trace.records.items():
        bills = frame[frame["population"] == name].pivot_table("EUR", "round", "customer", aggfunc="sum").to_numpy()
        # What is paid for nothing at all: the schedule's money if energy were free.
        low, span = trace.scale
        free = np.full(24, (0.0 - low) / span)
        money = record.population.money
        agents = np.arange(record.population.agents)
        values = np.array([money.scale * u + money.offset for u in record.population.utilities(free).T]).T
        service = values[agents, record.actions]
        np.testing.assert_allclose(bills + service, money_by_round(trace, name), rtol=1e-9, atol=1e-9)


@pytest.mark.long
def test_energy_of_a_quarter_of_an_hour(tmp_path: Path) -> None:
    hourly, _ = exported(tmp_path / "hour", TOY)
    text = TOY.replace('path = "prices.csv"', 'path = "prices.csv"\nresolution = "15min"\nresample = true')
    quarters, _ = exported(tmp_path / "quarters", text)
    assert sorted(set(quarters["time"].dt.minute)) == [0, 15, 30, 45]
    keys = ["customer", quarters["time"].dt.floor("h")]
    again = quarters.groupby(keys).agg({"MW": "mean", "MWh": "sum", "EUR": "sum"}).reset_index()
    same = hourly.sort_values(["customer", "time"])
    for column in ("MW", "MWh", "EUR"):
        np.testing.assert_allclose(again[column], same[column], rtol=1e-9, atol=1e-12)


def test_who_was_away_has_no_rows_and_comes_back_under_the_same_name(tmp_path: Path) -> None:
    text = TOY + "[populations.buyers.churn]\nleave = 0.4\njoin = 0.5\n"
    frame, trace = exported(tmp_path, text, days=40)
    record = trace.records["buyers"]
    assert record.present is not None
    spells = trace.about["spells"]["buyers"]
    assert len(spells) > 2
    there = {(f"buyers/{spells[n]}", t) for t, n in zip(*np.nonzero(record.present), strict=True)}
    assert there == set(zip(frame["customer"], frame["round"], strict=True))
    assert len(frame) == 24 * len(there)


def test_customers_of_a_table_go_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("name,daily_energy_mwh\nbakery,0.2\nschool,1.0\n", encoding="utf-8")
    frame, trace = exported(tmp_path, TOY.replace("agents = 2", 'table = "customers.csv"'), days=2)
    assert trace.records["buyers"].population.agent_names == ("bakery", "school")
    assert frame["customer"].tolist() == [
        f"buyers/{name}" for _ in range(2) for name in ("bakery", "school") for _ in range(24)
    ]


def test_energy_and_money_of_half_an_hour_under_each_contract(tmp_path: Path) -> None:
    """Power is twice the energy of half an hour; fees are paid on what is drawn, beside the price of the contract."""
    (tmp_path / "customers.csv").write_text(
        "name,daily_energy_mwh,contract,fixed_price_per_mwh,fee_07_20_per_mwh\na,2,spot,,25\nb,1,fixed,80,3\n",
        encoding="utf-8",
    )
    text = TOY.replace("agents = 2", 'table = "customers.csv"')
    text = text.replace('path = "prices.csv"', 'path = "prices.csv"\nresolution = "30min"\nresample = true')
    frame, trace = exported(tmp_path, text, days=3)
    load, actions = trace.records["buyers"].population.load, trace.records["buyers"].actions
    assert load is not None
    paid = prices_of(tmp_path / "prices.csv")
    assert len(frame) == 3 * 2 * 48
    assert sorted(set(frame["time"].dt.minute)) == [0, 30]
    for row in frame.to_dict("records"):
        n, price = "ab".index(row["customer"][-1]), paid[f"{row['time']:%Y-%m-%d %H}:00"]
        energy = float(load[n, actions[row["round"], n], row["period"]])
        fee = (25.0, 3.0)[n] if 7 <= row["time"].hour < 20 else 0.0
        assert (row["MWh"], row["MW"]) == (energy, energy * 2)
        assert row["EUR"] == pytest.approx(-energy * price)
        assert row["EUR by contract"] == pytest.approx(-energy * ((price, 80.0)[n] + fee))
    drawn = frame.groupby(["customer", "round"], observed=True)["MWh"].sum()
    assert (drawn > 0).all()


def test_rounds_without_dates_have_no_time(tmp_path: Path) -> None:
    market = "[market]\nsource = 'synthetic'\nlow = 0.0\nhigh = 100.0\ncurrency = 'USD'\n"
    text = market + "[adversary]\nkind = 'seasonal'\ndimension = 24\n" + TOY[TOY.index("[forecaster]") :]
    frame, trace = exported(tmp_path, "rounds = 3\n" + text)
    assert frame["time"].isna().all()
    assert frame["round"].tolist() == np.repeat([0, 1, 2], 48).tolist()
    paid = trace.prices[frame["round"], frame["period"]]
    np.testing.assert_allclose(frame["USD"], -frame["MWh"] * paid, rtol=1e-12)


def test_a_run_without_schedules(tmp_path: Path) -> None:
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("bettors", [[[0.5]]])],
        adversary=omnisim.adversaries.Replay([[0.5]]),
        forecaster=omnisim.forecasters.Persistence(),
    )
    with pytest.raises(omnisim.OmnisimError, match=r"no population of this run has schedules \(bettors\)"):
        next(schedules.schedule_tables(omnisim.simulate(scenario)))
    assert "is not a run directory" in refusal("schedules", tmp_path)


@pytest.mark.long
def test_an_old_export_goes_when_the_run_is_replaced(tmp_path: Path) -> None:
    exported(tmp_path, TOY)
    other = tmp_path / "toy.toml"
    assert omnisim_command("run", other, "--seed", 5, "--force", "--out", tmp_path / "out").code == 0
    assert not (tmp_path / "out" / "schedules.parquet").exists()
