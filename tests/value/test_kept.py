"""What was earned is kept seed by seed: an interrupted command goes on, and says what it would have said."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import finish, send, start, wait_for
from scenario_files import omnisim_command
from small_comparison import small_scenario
from value_laboratory import files_of

from omnisim import occupied
from omnisim.errors import OutputError
from omnisim.market.data import Market
from omnisim.studies import directory
from omnisim.value import plays
from omnisim.value.kept import FOLDER, Kept, key_of
from omnisim.value.ledger import Ledger
from omnisim.value.risk import Risk

FEW = [part for name in ("buyers", "plants", "operators") for part in ("--set", f"populations.{name}.agents=2")]
RNG = np.random.default_rng(2)


def entered(risk: Risk | None) -> tuple[Ledger, dict[str, Any]]:
    """A ledger of two seeds, with customers that stand for several, and what was entered."""
    market = Market("m", np.arange(5), RNG.normal(50, 9, (5, 24)), forecasts={"a": np.ones((5, 24))})
    ledger = Ledger.empty(market, ["a", "b"], ["a", "b", "climatology"], 2, risk)
    weights = {"x": np.array([1.0, 10.0, 3.0]), "y": np.array([2.0])}
    names = {"x": ["p", "q", "r"], "y": ["s"]}
    money = {}
    for seed in range(2):
        for player in ledger.players:
            money[player, seed] = {"x": RNG.normal(size=(5, 3)), "y": RNG.normal(size=(5, 1))}
            ledger.enter(player, seed, money[player, seed], weights, names)
    return ledger, money


@pytest.mark.parametrize("risk", [None, Risk(0.6)])
def test_a_ledger_that_was_kept_is_the_same(tmp_path: Path, risk: Risk | None) -> None:
    ledger, _ = entered(risk)
    keeping = Kept(tmp_path, "k")
    other = Ledger.empty(ledger.market, ledger.forecasts, ledger.players, 2, risk)
    for seed in range(2):
        keeping.save(seed, ledger.kept(seed))
        arrays = keeping.load(seed)
        assert arrays is not None
        other.restore(seed, arrays)
    assert (other.agents, other.names) == (ledger.agents, ledger.names)
    for name, each in ledger.weights.items():
        np.testing.assert_array_equal(other.weights[name], each)
    for player in ledger.players:
        np.testing.assert_array_equal(other.daily(player), ledger.daily(player))
        np.testing.assert_array_equal(other.daily(player, "y"), ledger.daily(player, "y"))
        np.testing.assert_array_equal(other.by_customer(player), ledger.by_customer(player))
        if risk is not None:
            np.testing.assert_array_equal(other.worst_daily(player), ledger.worst_daily(player))
    np.testing.assert_array_equal(other.hindsight(), ledger.hindsight())


def test_the_best_forecast_by_hindsight_counts_customers_as_often_as_they_stand_for_one() -> None:
    ledger, money = entered(None)
    found = ledger.hindsight()
    for seed in range(2):
        for t in range(5):
            total = 0.0
            for name, weights in (("x", [1, 10, 3]), ("y", [2])):
                for n, weight in enumerate(weights):
                    total += weight * max(money[player, seed][name][t, n] for player in ("a", "b"))
            assert found[seed, t] == pytest.approx(total / 16 * 365 / 5)


def test_files_that_are_damaged_or_of_other_plays_count_as_none(tmp_path: Path) -> None:
    ledger, _ = entered(None)
    keeping = Kept(tmp_path, "k")
    assert keeping.load(0) is None
    keeping.save(0, ledger.kept(0))
    assert keeping.load(0) is not None
    assert Kept(tmp_path, "another").load(0) is None
    path = tmp_path / FOLDER / "seed-0.npz"
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"nothing", content[:200] + b"x" * 40 + content[240:]):
        path.write_bytes(damaged)
        assert keeping.load(0) is None


def test_a_seed_in_the_place_of_another_counts_as_none(tmp_path: Path) -> None:
    ledger, _ = entered(None)
    keeping = Kept(tmp_path, "k")
    keeping.save(0, ledger.kept(0))
    (tmp_path / FOLDER / "seed-1.npz").write_bytes((tmp_path / FOLDER / "seed-0.npz").read_bytes())
    assert keeping.load(0) is not None
    assert keeping.load(1) is None


def test_sums_that_were_changed_count_as_none(tmp_path: Path) -> None:
    ledger, _ = entered(None)
    keeping = Kept(tmp_path, "k")
    keeping.save(0, ledger.kept(0))
    path = tmp_path / FOLDER / "seed-0.npz"
    with np.load(path) as opened:
        arrays = dict(opened)
    name = next(name for name, array in arrays.items() if array.dtype == np.float64)
    arrays[name] = arrays[name] + 1.0
    np.savez(path, **arrays)
    assert keeping.load(0) is None


def test_plays_are_told_apart_by_all_that_their_numbers_depend_on() -> None:
    scenario = small_scenario().replace(about={"digest": "one"})
    plays_of = [(scenario, ["a", "b"], risk) for risk in (None, Risk(0.9), Risk(0.8), Risk(0.9, 0.5))]
    plays_of += [(scenario, names, None) for names in (["a"], ["a", "c"])]
    plays_of += [(scenario.replace(about={"digest": "another"}), ["a", "b"], None)]
    keys = [key_of(*each) for each in plays_of]
    assert len({*keys}) == len(keys)
    assert keys == [key_of(*each) for each in plays_of]


def test_results_are_those_of_the_whole_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number of seeds, of rounds or of anything else gives other numbers."""
    prices, forecasts = files_of(tmp_path)
    told: list[dict[str, Any]] = []

    def stopped(_folder: Path, about: dict[str, Any], *, force: bool) -> None:
        told.append(about)
        raise OutputError("occupied")

    monkeypatch.setattr(occupied, "check_unoccupied", stopped)
    options = ["--seeds", 3, "--rounds", 15, *FEW[:2]]
    omnisim_command("value", forecasts[0], "--prices", prices, *options, "--jobs", 1, "--out", tmp_path / "out")
    command = shlex.join(["omnisim", "value", forecasts[0], "--prices", str(prices), *map(str, options)])
    assert told == [{"study": "value", "command": command}]


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(out / f"{name}.parquet")


DURING_TABLES = ("report.html", "scenario.toml", "manifest.json", "worth.parquet")
DURING_THE_PAGE = ("report.html",)


@pytest.mark.parametrize(
    ("jobs", "lost"), [(1, DURING_TABLES), pytest.param(2, DURING_THE_PAGE, marks=pytest.mark.long)]
)
@pytest.mark.whole
def test_a_command_that_ended_early_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, lost: tuple[str, ...]
) -> None:
    prices, forecasts = files_of(tmp_path)
    arguments = ["value", *forecasts[:2], "--prices", prices, *FEW, "--rounds", 15, "--seeds", 3, "--jobs", jobs]
    assert omnisim_command(*arguments, "--out", tmp_path / "whole").code == 0
    out = tmp_path / "parts"
    assert omnisim_command(*arguments, "--out", out).code == 0
    for name in (*lost, f"{FOLDER}/seed-1.npz"):
        (out / name).unlink()
    played: list[int] = []
    genuine = plays.each_result

    def counting(function: Any, tasks: Any, *rest: Any) -> Any:
        played.extend(seed for _, seed, _ in tasks)
        return genuine(function, tasks, *rest)

    monkeypatch.setattr(plays, "each_result", counting)
    answer = omnisim_command(*arguments, "--out", out)
    assert answer.code == 0, answer.err
    assert set(played) == {1}
    for name in ("worth", "customers", "combinations", "errors", "choices"):
        pd.testing.assert_frame_equal(table(out, name), table(tmp_path / "whole", name))
    played.clear()
    more = [4 if each == 3 else each for each in arguments]
    assert omnisim_command(*more, "--out", out, "--force").code == 0
    assert set(played) == {3}
    played.clear()
    # Other prices are other plays, under the same names.
    frame = pd.read_csv(prices)
    frame.loc[frame.index[-30:], "price EUR/MWh"] += 1
    frame.to_csv(prices, index=False)
    assert omnisim_command(*more, "--out", out).code == 0
    assert set(played) == {0, 1, 2, 3}


@pytest.mark.whole
def test_what_says_whose_results_these_are_comes_before_what_another_command_would_not_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices, forecasts = files_of(tmp_path)
    arguments = ["value", *forecasts[:1], "--prices", prices, *FEW, "--rounds", 15, "--seeds", 1, "--jobs", 1]
    for failing in ("manifest.json", "scenario.toml"):
        genuine = directory.atomic_write

        def ending(path: Path, failing: str = failing, genuine: Any = genuine) -> Any:
            if path.name == failing:
                raise OutputError("killed")
            return genuine(path)

        monkeypatch.setattr(directory, "atomic_write", ending)
        out = tmp_path / failing
        assert omnisim_command(*arguments, "--out", out).code == 1
        assert not (out / "report.html").exists()
        monkeypatch.setattr(directory, "atomic_write", genuine)
        answer = omnisim_command(*arguments, "--out", out)
        assert answer.code == 0, answer.err


@pytest.mark.whole
def test_an_interruption_says_how_to_go_on(tmp_path: Path) -> None:
    prices, forecasts = files_of(tmp_path)
    out = tmp_path / "out"
    running = start("value", *forecasts, "--prices", prices, *FEW, "--seeds", 100, "--jobs", 1, "--out", out)
    wait_for(running, (out / FOLDER / "seed-1.npz").exists)
    send(running, "SIGINT")
    code, _, said = finish(running)
    assert code == 130, said
    seeds = len([*(out / FOLDER).glob("seed-*.npz")])
    assert f"the same command goes on after {seeds} seeds" in " ".join(said.split())
