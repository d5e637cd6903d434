"""Hostile scenario files: tables of whatever is registered, with any parameters; trees and bytes that were changed."""

import datetime as dt
import inspect
import shutil
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tomli_w
from fuzz import values
from fuzz.judging import REFUSAL, SUCCESS, UnclearError, judged
from hypothesis import strategies as st
from scenario_files import prices as made_up_prices
from scenario_files import write_prices

from omnisim.problem.delays import Constant
from omnisim.scenario import registry
from omnisim.scenario.network_tables import DELAYS, TOPOLOGIES
from omnisim.scenario.table_models import parameters, tables_of
from omnisim.strategies.parameters import Written

Draw = Callable[..., Any]

SECTIONS = ("market", "forecaster", "populations", "adversary", "elimination", "subsequences", "network")
KEYS = ["name", "description", "seed", "rounds", *SECTIONS, "other_forecasters", "kind", "source", "agents", "churn",
        "default_action", "subscriptions", "lag", "bases", "path", "first_day", "last_day", "low", "high", "channels",
        "topology", "delay", "loss", "outages", "max_age", "schedule", "feature", "operator", "value", "quantile",
        "window", "model", "features", "forecasts", "resolution", "unit", "", "a.b", "\x1b[0m"]  # fmt: skip

FILES = ["prices.csv", "graph.graphml", "odd.graphml", "nothing.csv", ".", "scenario.toml", "/dev/null", "x" * 300]

GRAPH = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d" for="edge" attr.name="delay"
attr.type="double"/><graph edgedefault="undirected"><node id="world"/><node id="forecaster"/><node id="relay"/>
<node id="population/buyers"/><edge source="world" target="relay"><data key="d">0.5</data></edge>
<edge source="forecaster" target="relay"/><edge source="relay" target="population/buyers"/></graph></graphml>"""

MARKET: dict[str, Any] = {
    "source": "file",
    "path": "prices.csv",
    "low": 0.0,
    "high": 100.0,
    "features": ["load"],
    "forecasts": ["model"],
}
SYNTHETIC: dict[str, Any] = {"source": "synthetic", "low": 0.0, "high": 100.0}
BUYERS: dict[str, Any] = {"kind": "energy_buyers", "agents": 2, "stress_price": 60.0}


def chance(draw: Draw, percent: int) -> bool:
    """True in so many of a hundred cases."""
    return bool(draw(st.sampled_from(range(100))) >= 100 - percent)


def scenario_case(draw: Draw, folder: Path) -> str:
    """One hostile scenario for ``validate``, sometimes with ``run`` beside it: they must agree."""
    prepare(folder)
    path, options = folder / "scenario.toml", ["--rounds", "2"]
    text = tomli_w.dumps(document(draw)).encode("utf-8", "surrogatepass")
    if chance(draw, 5):
        text = values.damaged(draw, text)
    path.write_bytes(text)
    if chance(draw, 10):
        key = ".".join(draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)))
        options += ["--set", f"{key}={_written(draw(values.values))}"]
    if not chance(draw, 4):
        return judged("validate", path, *options)
    found = judged("validate", path, *options)
    shutil.rmtree(folder / "out", ignore_errors=True)
    run = judged("run", path, *options, "--out", folder / "out")
    if found != run:
        raise UnclearError(f"validate: {found}, run: {run}")
    return found


def prepare(folder: Path) -> None:
    """The files that scenarios name."""
    if not (folder / "graph.graphml").exists():
        write_prices(folder / "prices.csv", made_up_prices(4))
        (folder / "graph.graphml").write_text(GRAPH, encoding="utf-8")
        (folder / "odd.graphml").write_text(f'<?xml version="1.0" encoding="klingon"?>{GRAPH}', encoding="utf-8")


def document(draw: Draw) -> dict[str, Any]:
    """A scenario that could be one, and what was changed in it."""
    synthetic = chance(draw, 40)
    tree: dict[str, Any] = {"name": "toy", "rounds": 2}
    tree["market"] = dict(SYNTHETIC if synthetic else MARKET)
    tree["forecaster"] = draw(table("forecasters")) if chance(draw, 60) else {"kind": "persistence"}
    tree["populations"] = {"buyers": dict(BUYERS)}
    if chance(draw, 30):
        tree["populations"]["others"] = draw(table("populations"))
    if synthetic or chance(draw, 10):
        tree["adversary"] = draw(table("adversaries")) if chance(draw, 60) else {"kind": "seasonal"}
    if chance(draw, 50):
        tree["elimination"] = draw(table(draw(st.sampled_from(["elimination", "learners"]))))
    if chance(draw, 25):
        tree["subsequences"] = {"all": True, "some": draw(rule())}
    if chance(draw, 30):
        tree["network"] = draw(network())
    if chance(draw, 25):
        tree["other_forecasters"] = {"second": draw(table("forecasters"))}
        tree["populations"]["buyers"] |= draw(party())
    if chance(draw, 45):
        tree = values.changed(draw, tree, KEYS)
    return tree


@st.composite
def table(draw: Draw, kind: str, *, nested: bool = False) -> dict[str, Any]:
    """A table of a kind, with some parameters that fit their types; in another one there are none inside."""
    names = list(registry.KINDS[kind])
    if nested:
        names = [name for name in names if not any(map(tables_of, parameters(registry.find(kind, name))))]
    name = draw(st.sampled_from(names))
    return {"kind": name, **draw(given_to(registry.find(kind, name)))}


@st.composite
def given_to(draw: Draw, target: Callable[..., Any]) -> dict[str, Any]:
    """Parameters of a class or function: all that must be given, and some that may."""
    found = {}
    for parameter in parameters(target):
        if parameter.name == "agents":
            found["agents"] = draw(st.integers(1, 3))
        elif parameter.default is inspect.Parameter.empty or chance(draw, 20):
            found[parameter.name] = draw(fitting(parameter.annotation))
    return {name: value for name, value in found.items() if value is not None}


def fitting(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a type, mostly harmless ones."""
    if get_origin(annotation) is Annotated:
        form = next((note.form for note in annotation.__metadata__ if isinstance(note, Written)), None)
        if isinstance(form, str):
            return st.lists(table(form, nested=True), max_size=2)
        return fitting(get_args(annotation)[0] if form is None else form)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return st.one_of([fitting(side) for side in inner if side is not type(None)])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (list, Sequence) or (origin is not None and isinstance(origin, type) and issubclass(origin, Sequence)):
        return st.lists(fitting(inner[0]) if inner else values.simple, max_size=3)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(st.sampled_from(values.TEXTS), fitting(inner[1]), max_size=2)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(1, 5) | st.integers(1, 40) | st.integers(-1, 3) | st.sampled_from([30, 2**31, 2**63 - 1]),
        float: st.floats(0, 1) | st.floats(0, 1) | st.floats(0, 150) | st.sampled_from(values.NUMBERS),
        dt.date: st.dates(dt.date(2020, 12, 30), dt.date(2021, 1, 6)),
        str: st.sampled_from(values.TEXTS),
        Path: st.sampled_from(FILES),
    }
    return plain.get(annotation, values.values)


@st.composite
def rule(draw: Draw) -> dict[str, Any]:
    """The rule of a subsequence."""
    names = ["load", "weekday", "month", "yesterday_price", "price_forecast", "day_of_year", "nothing"]
    found: dict[str, Any] = {
        "feature": draw(st.sampled_from(names)),
        "operator": draw(st.sampled_from(["<", ">=", "==", "in", "~"])),
    }
    found["value" if chance(draw, 60) else "quantile"] = draw(st.integers(-1, 8) | st.floats(0, 1) | values.simple)
    if chance(draw, 30):
        found["window"] = draw(st.integers(-1, 70))
    return found


@st.composite
def network(draw: Draw) -> dict[str, Any]:
    """A network, with any topology and channels."""
    kind = draw(st.sampled_from(list(TOPOLOGIES)))
    found: dict[str, Any] = {"topology": {"kind": kind, **draw(given_to(TOPOLOGIES[kind]))}}
    parties = st.sampled_from(
        ["*", "world", "forecaster", "population/*", "population/buyers", "relay", "retailer/0", ""]
    )
    for _ in range(draw(st.integers(0, 2))):
        law = draw(st.sampled_from(list(DELAYS)))
        channel = {"sender": draw(parties), "receiver": draw(parties)}
        channel["delay"] = {"kind": law, **draw(given_to(DELAYS.get(law, Constant)))}
        channel["loss"] = draw(st.floats(0, 1)) if chance(draw, 90) else draw(values.simple)
        if draw(st.booleans()):
            channel["outages"] = draw(st.lists(st.lists(st.integers(-1, 4), max_size=3), max_size=2))
        found.setdefault("channels", []).append(channel)
    if draw(st.booleans()):
        found["max_age"] = draw(st.integers(-1, 3))
    return found


@st.composite
def party(draw: Draw) -> dict[str, Any]:
    """What a population may say about its part in a network."""
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["subscriptions"] = draw(st.lists(st.sampled_from(["forecaster", "second", "third"]), max_size=2))
    if draw(st.booleans()):
        found["default_action"] = draw(st.integers(-1, 9) | st.sampled_from(["evening", "nap", []]))
    if draw(st.booleans()):
        found["churn"] = {
            key: draw(st.floats(0, 1)) for key in draw(st.lists(st.sampled_from(["join", "leave", "initial"])))
        }
    return found


def _written(value: Any) -> str:
    return tomli_w.dumps({"a": value}).partition("=")[2].strip()


__all__ = ["REFUSAL", "SUCCESS", "document", "prepare", "scenario_case"]
