"""The notebooks run, cell by cell, and what their last lines show can be shown."""

import ast
import json
import sys
import types
from pathlib import Path

import pytest
from documents import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[str]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def shown(value: object) -> str:
    """What a notebook shows of a value: its HTML if it has some, else its text."""
    html = getattr(value, "_repr_html_", None)
    return str(html() if html is not None else repr(value))


def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run all cells in one module, as a kernel does; what the last expression of each shows."""
    module = types.ModuleType("notebook")
    monkeypatch.setitem(sys.modules, "notebook", module)
    namespace = vars(module)
    outputs = []
    for cell in cells(path):
        tree = ast.parse(cell, str(path))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(path), "exec"), namespace)  # noqa: S102 (our own notebook)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), str(path), "eval"), namespace)  # noqa: S307 (likewise)
            outputs.append("" if value is None else shown(value))
    return outputs


def test_there_are_five() -> None:
    assert len(NOTEBOOKS) == 5
    for path in NOTEBOOKS:
        assert all(cell.get("outputs", []) == [] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outputs = run(path, monkeypatch)
    assert outputs
    # No object is shown by its address.
    assert not any("object at 0x" in output for output in outputs)


def test_a_cell_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": ["1 / 0"]}]}))
    with pytest.raises(ZeroDivisionError):
        run(path, monkeypatch)
