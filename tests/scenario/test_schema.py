"""The JSON Schema of scenario files: for editors, and for the messages of the loader."""

import json
import tomllib
from typing import Any

import pytest

from omnisim.scenario import registry, shipped
from omnisim.scenario.schema import Schema


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return Schema().json_schema()


def test_survives_json(schema: dict[str, Any]) -> None:
    assert json.loads(json.dumps(schema)) == schema


def test_it_is_a_copy(schema: dict[str, Any]) -> None:
    """The loader's messages are made of the one that is kept."""
    before = json.dumps(schema)
    Schema().json_schema()["properties"].clear()
    assert json.dumps(Schema().json_schema()) == before


def test_has_the_keys_of_a_file(schema: dict[str, Any]) -> None:
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"market", "populations", "forecaster"}
    assert set(schema["properties"]) >= {
        "name", "description", "seed", "rounds",
        "market", "populations", "forecaster", "adversary", "elimination", "subsequences",
    }  # fmt: skip


def test_no_key_names_code(schema: dict[str, Any]) -> None:
    # A scenario file chooses among registered names: nothing in it can name a module, a function or an expression.
    for table in (schema, *schema["$defs"].values()):
        assert not set(table.get("properties", {})) & {"plugin", "plugins", "module", "import", "expression", "code"}


def test_has_a_table_for_every_registered_name(schema: dict[str, Any]) -> None:
    for kind in ("forecasters", "elimination", "adversaries", "populations", "markets"):
        tag = "source" if kind == "markets" else "kind"
        for name in registry.names(kind):
            table = schema["$defs"][f"{tag}_{name}"]
            assert table["properties"][tag]["const"] == name
            assert table["additionalProperties"] is False


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    found = references(schema)
    assert found
    for reference in found:
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.long
def test_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", list(shipped.summaries()))
def test_shipped_scenarios_follow_it(schema: dict[str, Any], name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    tree = tomllib.loads(shipped.find(name).read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(tree, default=str))  # dates are strings in JSON
    jsonschema.Draft202012Validator(schema).validate(plain)
