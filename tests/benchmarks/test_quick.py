"""The benchmarks run and print their rows; how long anything takes is never asserted."""

import os
import runpy
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

ROWS = {
    "batch.py": ["two-player game", "direct ensembling", "CalMA", "two-player calibrated multiaccuracy",
                 "base predictors, one feature", "O(m) step, compiled loop", "O(m) step, from Python",
                 "HiGHS, highspy, warm", "HiGHS, scipy", "Values differ by"],
    "bounds.py": ["shipped", "own potential, before the run", "own potential, from the record", "one agent",
                  "regret rows informative", "median swap bound"],
    "credit.py": ["hb_west", "calibrated, no base", "lz_south"],
    "changing.py": ["hb_houston", "calibrated, climatology, not combined, intervals", "another law every",
                    "worst case"],
    "compare.py": ["1 process", "2 processes", "80 runs, "],
    "engine.py": ["omnisim, BestResponse", *(f"omnisim, Algorithm {i}" for i in (1, 2, 3, 4)), "Mesa, DataCollector",
                  "AgentPy, recording", "SimPy, a Store per agent", "numpy loop", "N = 30", "N = 60",
                  "in N, from 30 to 60", "in T, from 10 to 20"],
    "history.py": ["BestResponse", "Algorithm 4", "calibrated", "analysis", "Nothing is slower than before"],
    "network.py": ["BestResponse", *(f"Algorithm {i}" for i in (1, 2, 3, 4)), "20 populations, no network",
                   "40 populations, lossy star", "40 populations, small world"],
    "calibration.py": ["published, N = 30", "biased, N = 30", "published, N = 6, d = 1", "N = 9", "N = 18",
                       "published, cutting_planes", "biased, simulated_play", "N = 12", "Copy bandwidth"],
    "million.py": ["N = 60", "N = 60:", "N = 120", "from 60 to 120"],
    "million.py --calibrated": ["N = 60", "N = 120:", "from 60 to 120"],
    "million.py --run": ["N = 60", "N = 120:", "build  simulate  analyze"],
    "million.py --every 4": ["N = 60", "N = 60:", "N = 120", "build  simulate  go on  analyze"],
    "report.py": ["N = 9"],
    "shards.py --shards 2": ["published, 60 agents, 12 rounds", "market, 60", "calibrated, 8,192", "2 shards",
                             "the same bytes"],
    "storage_income.py": ["root mean squared error", "mean absolute error of the shape", "rank correlation"],
    "public.py": ["breast cancer", "logistic regression", "boosting, isotonic", "Postprocessor", "Panpredictor"],
    "public_series.py": ["diabetes, mean", "hb_houston, mean", "mean: "],
    "learning_growth.py": ["DirectOmnipredictor", "DirectRegressor, median", "Postprocessor", "n log n"],
    "large.py": ["two-player game", "direct ensembling"],
    "panprediction.py": ["randomized, |G| = 2, |H| = 2", "deterministic, |G| = 3, |H| = 4",
                         "derandomized, |G| = 2, |H| = 2", "derandomized, |G| = 3, |H| = 4"],
}  # fmt: skip


@pytest.mark.whole
@pytest.mark.parametrize("script", ROWS)
def test_quick_variant_prints_its_rows(
    script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(HERE)
    file, *options = script.split()
    if file == "shards.py":
        pytest.importorskip("distributed", reason="distributed is not installed (extra cluster)")
    monkeypatch.setattr(sys, "argv", [file, "--quick", *options])
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", ""))  # what a script sets goes with it
    runpy.run_path(str(HERE / file), run_name="__main__")
    starts = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for row in ROWS[script]:
        assert any(line.startswith(row) for line in starts), f"no row {row!r} in {starts}"
