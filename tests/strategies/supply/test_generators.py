from pathlib import Path

import numpy as np
import pytest

from omnisim.errors import StrategyError
from omnisim.strategies.supply.generators import from_tables, read_generators


def test_what_a_megawatt_hour_costs() -> None:
    gas, wind = from_tables(
        {"gas": {"capacity": 3, "cost": 2, "fuel": "gas", "heat_rate": 1.5}, "wind": {"capacity": 1}}
    )
    assert gas.marginal_cost({"gas": 40.0, "coal": 1.0}) == 62.0
    assert wind.marginal_cost({}) == 0.0


def test_the_sun_by_hour() -> None:
    sun, wind = from_tables({"sun": {"capacity": 8, "availability": [0, 0.5, 1]}, "wind": {"capacity": 8}})
    np.testing.assert_array_equal(sun.delivers(3), [0, 4, 8])
    np.testing.assert_array_equal(wind.delivers(3), [8, 8, 8])
    with pytest.raises(StrategyError, match="availability of generator 'sun' has 3 numbers: outcomes have 2 coord"):
        sun.delivers(2)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "capacity of generator 'g' is missing: it must be > 0 MWh"),
        ({"capacity": 0}, "capacity of generator 'g' is 0: it must be > 0 MWh"),
        ({"capacity": -3.5}, "capacity of generator 'g' is -3.5: it must be > 0 MWh"),
        ({"capacity": float("nan")}, "capacity of generator 'g' is nan: it must be a finite number"),
        ({"capacity": "much"}, "capacity of generator 'g' is 'much': it must be a finite number"),
        ({"capacity": True}, "capacity of generator 'g' is True: it must be a finite number"),
        ({"capcity": 3}, "generator 'g' has an unknown key 'capcity': did you mean 'capacity'"),
        ({"capacity": 3, "cost": float("inf")}, "cost of generator 'g' is inf: it must be a finite number"),
        ({"capacity": 3, "fuel": "gas"}, "heat_rate of generator 'g' is None: it must be given with its fuel 'gas'"),
        ({"capacity": 3, "fuel": "gas", "heat_rate": 0}, "heat_rate of generator 'g' is 0: it must be > 0"),
        (
            {"capacity": 3, "heat_rate": 2},
            "heat_rate of generator 'g' is 2: it must be left out where there is no fuel",
        ),
        ({"capacity": 3, "fuel": ""}, "fuel of generator 'g' is '': it must be the name of a fuel"),
        ({"capacity": 3, "availability": 1.5}, r"availability of generator 'g'\[0\] is 1.5: .* must lie in \[0, 1\]"),
        ({"capacity": 3, "availability": [0, "x"]}, "availability of generator 'g' must be an array of numbers"),
        ({"capacity": 3, "failure_probability": 2}, "failure_probability of generator 'g' is 2: .* between 0 and 1"),
        ({"capacity": 3, "repair_probability": -1}, "repair_probability of generator 'g' is -1: .* between 0 and 1"),
    ],
)
def test_bad_tables_are_refused(table: dict, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        from_tables({"g": table})


def test_a_market_needs_a_generator() -> None:
    with pytest.raises(StrategyError, match="there are no generators: a market needs at least one to set its price"):
        from_tables({})


def write(folder: Path, text: str) -> Path:
    path = folder / "plants.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_the_same_as_tables(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "name,capacity,cost,fuel,heat_rate,failure_probability\nwind, 10,,,,\n\ngas,20.5,3,gas,1.8,0.01\n",
    )
    tables = {
        "wind": {"capacity": 10.0},
        "gas": {"capacity": 20.5, "cost": 3.0, "fuel": "gas", "heat_rate": 1.8, "failure_probability": 0.01},
    }
    assert [vars(one) for one in read_generators(path)] == [vars(one) for one in from_tables(tables)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,capacity\n", "plants.csv: there are no generators"),
        ("name,capacity\ngas,-1\n", "plants.csv: line 2: capacity of generator 'gas' is -1.0: it must be > 0 MWh"),
        ("name,capacity\ngas,much\n", "plants.csv: line 2: capacity is 'much': it must be a number"),
        ("name,capacity\ngas,1\ngas,2\n", "plants.csv: line 3: repeats the generator 'gas'"),
        ("name,capacity\n,1\n", "plants.csv: line 2: has no cell in the column 'name'"),
        ("name,capacity\ngas,1,2\n", "plants.csv: line 2: has more cells than the header"),
        ("name,capacity,colour\ngas,1,red\n", "plants.csv: line 2: colour is 'red': it must be a number"),
        ("name,size\ngas,1\n", "plants.csv: line 2: generator 'gas' has an unknown key 'size'"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        read_generators(write(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"none\.csv: there is no such file"):
        read_generators(tmp_path / "none.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StrategyError, match=r"binary\.csv: is not a CSV file in UTF-8"):
        read_generators(binary)
