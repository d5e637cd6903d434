"""A made-up folder of the data of the M5 competition, in the documented layout."""

from pathlib import Path

import numpy as np
import pandas as pd

from omnisim.studies.omniprediction.m5_data import ACTUALS, HOME_MADE, SALES, TEAMS

STORES, DEPARTMENTS = ("CA_1", "TX_2"), ("FOODS_1", "HOBBIES_2")


def write_m5(folder: Path, products: int = 3) -> None:
    """Two stores, two departments with some products each, three teams."""
    rng = np.random.default_rng(4)
    items = [(f"{d}_{k:03d}", d, s) for s in STORES for d in DEPARTMENTS for k in range(1, products + 1)]
    sales = pd.DataFrame(items, columns=["item_id", "dept_id", "store_id"])
    days = {f"d_{day}": rng.poisson(3.0, len(items)) for day in range(1914, 1970)}
    sales = pd.concat([sales, pd.DataFrame(days)], axis=1)
    sales.to_parquet(folder / SALES, index=False)
    totals = sales.groupby(sales["store_id"] + "/" + sales["dept_id"])[list(days)].sum()
    renamed = {f"d_{1941 + f}": f"F{f}" for f in range(1, 29)}
    actuals = totals.rename(columns=renamed)[list(renamed.values())].rename_axis("series").reset_index()
    actuals.assign(level=9).to_parquet(folder / ACTUALS, index=False)
    teams = []
    for rank in (1, 2, 3):
        said = actuals.copy()
        said[list(renamed.values())] *= rng.lognormal(0, 0.3 * rank, size=(len(actuals), 28))
        teams.append(said.assign(level=9, rank=rank, team=f"team {rank}"))
    pd.concat(teams).to_parquet(folder / TEAMS, index=False)
    sold = sales[["d_1948", "d_1955", "d_1962"]].to_numpy()
    np.savez(
        folder / HOME_MADE, prob_sell=rng.integers(0, 10_001, (4, len(items), 3)).astype(np.uint16), sold=sold >= 1
    )
