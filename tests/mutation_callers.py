"""Which functions call which, by what is written in them, for :mod:`mutation`: no tracer sees compiled ones called."""

import ast
import functools
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """A function as it is written: its place, whether it is compiled, and the names in it."""

    file: str
    first_line: int
    name: str
    compiled: bool
    names: frozenset[str]


def callers(root: Path, module: str, function: str) -> set[str]:
    """File and first line of functions that name this one of a module, or a compiled one that does."""
    found: set[str] = set()
    asked, pending = {(module, function)}, [(module, function)]
    while pending:
        of, name = pending.pop()
        for file in (of, *_naming(root, of)):
            for each in functions(root, file):
                if name not in each.names or each.name == name:
                    continue
                found.add(f"{file}:{each.first_line}")
                if each.compiled and (file, each.name) not in asked:
                    asked.add((file, each.name))
                    pending.append((file, each.name))
    return found


def users(root: Path, module: str) -> set[str]:
    """A module and those of the package that use it, through others too."""
    found, pending = {module}, [module]
    while pending:
        new = {file for file in _naming(root, pending.pop()) if file.startswith("omnisim/")} - found
        found |= new
        pending += new
    return found


@functools.cache
def functions(root: Path, file: str) -> tuple[Function, ...]:
    """The functions of a file, methods and inner ones included."""
    found = []
    for node in ast.walk(ast.parse(_text(root, file))):
        if isinstance(node, ast.FunctionDef):
            first_line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            compiled = any("compiled(" in ast.unparse(decorator) for decorator in node.decorator_list)
            inside = list(ast.walk(node))
            names = {each.id for each in inside if isinstance(each, ast.Name)}
            names |= {each.attr for each in inside if isinstance(each, ast.Attribute)}
            found.append(Function(file, first_line, node.name, compiled, frozenset(names)))
    return tuple(found)


@functools.cache
def _naming(root: Path, module: str) -> tuple[str, ...]:
    """Files that import a module: ``from a.b import c`` and ``from a.b.c import`` for a/b/c.py."""
    package, _, stem = module.removesuffix(".py").replace("/", ".").rpartition(".")
    importing = re.compile(rf"{re.escape(package)}(\.{stem}\b| import [^\n]*\b{stem}\b)")
    files = (file.relative_to(root).as_posix() for part in ("omnisim", "tests") for file in (root / part).rglob("*.py"))
    return tuple(file for file in files if file != module and importing.search(_text(root, file)))


@functools.cache
def _text(root: Path, file: str) -> str:
    return (root / file).read_text(encoding="utf-8")
