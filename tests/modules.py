"""The modules of the package as text and as trees, which nobody changes."""

import ast
import functools
from pathlib import Path

import omnisim

ROOT = Path(omnisim.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


@functools.cache
def parsed(module: Path) -> ast.Module:
    """The tree of a module."""
    return ast.parse(module.read_text(encoding="utf-8"))
