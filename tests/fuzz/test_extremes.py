"""Every number that a scenario can hold, as large, as small and as odd as it can be written."""

import copy
import types
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
import tomli_w
from fuzz.cases import prepared
from fuzz.judging import judged
from fuzz.scenarios import BUYERS, MARKET, SYNTHETIC, prepare

from omnisim.problem.delays import Delay
from omnisim.scenario import registry
from omnisim.scenario.network_tables import DELAYS
from omnisim.scenario.table_models import parameters

EXTREMES: dict[type, list[Any]] = {
    int: [0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 10**30],
    float: [0.0, -1.0, 5e-324, 1e-300, 1e9, 1e18, 1e300, 1.7976931348623157e308, -1.7976931348623157e308,
            float("nan"), float("inf"), float("-inf"), 1e6],
}  # fmt: skip

NEEDED: dict[str, Any] = {
    "support": [[0.5] * 24, [0.25] * 24],
    "laws": [[[0.5] * 24], [[0.25] * 24]],
    "bases": [{"kind": "persistence"}],
    "agents": 2,
    "period": 2,
    "rounds": 1.0,
    "mean_rounds": 1.0,
    "median": 1.0,
    "sigma": 1.0,
    "low": 0.5,
    "high": 1.0,
    "generators": {"wind": {"capacity": 5.0, "marginal_cost": 1.0}, "gas": {"capacity": 50.0, "marginal_cost": 40.0}},
}


def numbers(annotation: Any) -> set[type]:
    """Which numbers a parameter takes."""
    if get_origin(annotation) is Annotated:
        return numbers(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return {kind for side in get_args(annotation) for kind in numbers(side)}
    return {annotation} & {int, float}


def targets() -> list[tuple[str, str, Any]]:
    found = [
        (kind, name, registry.find(kind, name))
        for kind in ("forecasters", "elimination", "learners", "adversaries", "populations")
        for name in registry.KINDS[kind]
        if name not in ("outcome_stream", "replay")
    ]
    return found + [("delay", name, target) for name, target in DELAYS.items()]


def document(kind: str, table: dict[str, Any]) -> dict[str, Any]:
    """A scenario with this table."""
    tree: dict[str, Any] = {
        "rounds": 2,
        "market": dict(MARKET),
        "forecaster": {"kind": "persistence"},
        "populations": {"buyers": dict(BUYERS)},
    }
    match kind:
        case "forecasters":
            tree["forecaster"] = table
        case "elimination" | "learners":
            tree["elimination"] = table
        case "adversaries":
            tree |= {"adversary": table, "market": dict(SYNTHETIC)}
        case "populations":
            tree["populations"]["buyers"] = table
        case "delay":
            tree["network"] = {"channels": [{"delay": table}]}
    return tree


@pytest.mark.long
@pytest.mark.parametrize(("kind", "name", "target"), targets(), ids=lambda each: each if isinstance(each, str) else "")
def test_every_number(kind: str, name: str, target: Any) -> None:
    given = parameters(target)
    assert kind != "delay" or issubclass(target, Delay)
    table = {"kind": name} | {each.name: NEEDED[each.name] for each in given if each.default is each.empty}
    if name == "demand_response":
        table["generators"] = NEEDED["generators"]
    with prepared() as folder:
        prepare(folder)
        for parameter in given:
            for value in [value for form in numbers(parameter.annotation) for value in EXTREMES[form]]:
                tree = copy.deepcopy(document(kind, {**table, parameter.name: value}))
                path = Path(folder) / "scenario.toml"
                path.write_text(tomli_w.dumps(tree), encoding="utf-8")
                try:
                    judged("validate", path)
                except Exception as cause:
                    raise AssertionError(f"{parameter.name} = {value}: {cause}") from cause
