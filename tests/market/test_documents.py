"""The documents on files of prices name every source and every key."""

import inspect
import re
import tomllib
from pathlib import Path

from omnisim.market import read_prices
from omnisim.market.forecast_files import with_forecast
from omnisim.market.layouts import SOURCES
from omnisim.scenario import registry, shipped

ROOT = Path(__file__).parents[2]


def test_the_table_of_layouts_names_every_source() -> None:
    text = (ROOT / "docs" / "price-files.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert listed == {"ercot_file" if name == "ercot" else name for name in SOURCES}
    assert listed <= set(registry.names("markets"))


def test_the_scenario_for_own_prices_explains_every_key() -> None:
    text = (shipped.folder() / "own_prices.toml").read_text(encoding="utf-8")
    explained = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    keys = set(inspect.signature(read_prices).parameters) - {"source"}
    assert keys <= explained
    own = set(inspect.signature(with_forecast).parameters) - {"market", "name", "source"}
    assert own <= explained | keys


def test_every_key_it_explains_is_one(tmp_path: Path) -> None:
    from omnisim.scenario.schema import Schema

    text = (shipped.folder() / "own_prices.toml").read_text(encoding="utf-8")
    table = text[text.index("\n[market]\n") : text.index("# Forecasts of a vendor")]
    lines = [line.removeprefix("# ") for line in table.splitlines() if re.match(r"(# )?\w+ = ", line)]
    document = {"market": tomllib.loads("\n".join(lines)), "forecaster": {"kind": "persistence"},
                "populations": {"buyers": {"kind": "energy_buyers", "agents": 1}}}  # fmt: skip
    assert Schema().document.model_validate(document)
