"""One-line faults that can be planted in a module: what :mod:`mutation` runs the tests against.

A fault replaces one operator, number, name or statement. Annotations, docstrings, messages of exceptions and what only
type checkers read are left alone.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SWAPPED = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.And, ast.Or), (ast.BitAnd, ast.BitOr)),
)
OPERATORS: dict[type, type] = {a: b for pair in _SWAPPED for a, b in (pair, pair[::-1])} | {
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
"""What each operator is taken for."""

_PAIRS = (
    *(("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("any", "all"), ("sum", "mean")),
    *(("zeros", "ones"), ("zeros_like", "ones_like"), ("ceil", "floor")),
)
NAMES = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])} | {"sqrt": "exp", "log": "exp", "cumsum": "cumprod"}
"""Functions and methods that are taken for each other."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault.

    Attributes
    ----------
    module
        Path from the root of the repository.
    place
        The function it is in, ``"module"`` outside of any.
    first_line
        Of that function; 0 outside of any.
    line
        Where it is.
    change
        What is in place of what.
    source
        The faulty module.
    """

    module: str
    place: str
    first_line: int
    line: int
    change: str
    source: str

    @property
    def name(self) -> str:
        """Without the number of the line, so that it stays what it is while others are edited."""
        return f"{self.module}::{self.place}: {self.change}"


def mutants(root: Path, module: Path) -> Iterator[Mutant]:
    """All faults of a module, in the order of its lines."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    path = module.relative_to(root).as_posix()
    seen: dict[str, int] = {}
    for node, place, first_line in _nodes(tree):
        before = ast.unparse(_statement(node))
        for faulty in _faults(node):
            original = copy.copy(node.__dict__)
            node.__dict__.update(faulty)
            source, after = ast.unparse(tree), ast.unparse(_statement(node))
            node.__dict__.clear()
            node.__dict__.update(original)
            change = _shown(before, after)
            count = seen[f"{place}{change}"] = seen.get(f"{place}{change}", 0) + 1
            label = change if count == 1 else f"{change} (number {count})"
            line = getattr(node, "lineno", first_line)
            yield Mutant(path, place, first_line, line, label, source)


def _faults(node: ast.AST) -> Iterator[dict[str, Any]]:
    match node:
        case ast.Compare(ops=[*ops]):
            for i, op in enumerate(ops):
                if type(op) in OPERATORS:
                    yield {"ops": [*ops[:i], OPERATORS[type(op)](), *ops[i + 1 :]]}
        case ast.BinOp(op=op, left=left) | ast.AugAssign(op=op, target=left):
            text = isinstance(left, ast.JoinedStr) or (isinstance(left, ast.Constant) and isinstance(left.value, str))
            if type(op) in OPERATORS and not text:
                yield {"op": OPERATORS[type(op)]()}
        case ast.BoolOp(op=op):
            yield {"op": OPERATORS[type(op)]()}
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield {"op": ast.Not(), "operand": ast.UnaryOp(ast.Not(), operand)}
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            yield {"op": ast.Invert(), "operand": ast.UnaryOp(ast.Invert(), operand)}
        case ast.UnaryOp(op=ast.USub()):
            yield {"op": ast.UAdd()}
        case ast.Constant(value=bool() as value):
            yield {"value": not value}
        case ast.Constant(value=int() as value):
            yield {"value": value + 1}
        case ast.Constant(value=float() as value):
            yield {"value": 1.3 * value if value else 1.0}
        case ast.Call(func=ast.Attribute(attr=attr) as called) if attr in NAMES:
            # Only of what is called: a field of that name would just be missing.
            yield {"func": ast.Attribute(called.value, NAMES[attr], ast.Load())}
        case ast.Name(id=name, ctx=ast.Load()) if name in ("max", "min", "any", "all"):
            yield {"id": NAMES[name]}
        case ast.IfExp(body=body, orelse=orelse):
            yield {"body": orelse, "orelse": body}
        case ast.Expr(value=ast.Call()):
            yield {"value": ast.Constant(None)}


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int]]:
    """Nodes that may be faulty, with the function each is in and its first line."""

    def visit(node: ast.AST, place: str, first_line: int, statement: ast.stmt | None) -> Iterator[Any]:
        if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom) or _for_type_checkers(node):
            return
        if isinstance(node, ast.keyword) and node.arg in (*_SHAPES, *_LAYOUT):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            place = node.name if place == "module" else f"{place}.{node.name}"
        if isinstance(node, ast.FunctionDef):
            # Where the interpreter says that the code begins: at the first decorator.
            first_line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if isinstance(node, ast.stmt):
            statement = node
        if statement is not None:
            node._statement = statement  # type: ignore[attr-defined]
            yield node, place, first_line
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "bases", "keywords") and isinstance(
                node, ast.FunctionDef | ast.ClassDef | ast.AnnAssign | ast.arg
            ):
                continue
            if isinstance(node, ast.Dict) and name == "values":
                keys = (getattr(key, "value", None) for key in node.keys)
                value = [of for key, of in zip(keys, value, strict=True) if key not in _LAYOUT]
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from visit(child, place, first_line, statement)

    yield from visit(tree, "module", 0, None)


def _for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _statement(node: Any) -> ast.AST:
    """What is shown of a fault: the statement it is in, without its body."""
    statement = copy.copy(node._statement)
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if hasattr(statement, name):
            setattr(statement, name, [ast.Pass()] if name == "body" else [])
    if isinstance(statement, ast.FunctionDef):
        statement.decorator_list = []
    return statement


def _shown(before: str, after: str) -> str:
    """What differs, with what stands around it."""
    one, other = (" ".join(text.split()) for text in (before, after))
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    tails = zip(one[first:][::-1], other[first:][::-1], strict=False)
    same = next((i for i, (a, b) in enumerate(tails) if a != b), min(len(one), len(other)) - first)
    begin = max(0, first - _AROUND)
    parts = (text[begin : len(text) - max(0, same - _AROUND)] for text in (one, other))
    return " -> ".join(parts)


_AROUND = 30
"""Characters shown before and after what differs."""

_SHAPES = ("axis", "keepdims", "dtype", "copy", "order", "strict")
"""Keywords that only say how arrays are laid out: faults in them fail at once and say nothing about tests."""

_LAYOUT = (
    "gap",
    "top",
    "height",
    "width",
    "margin",
    "standoff",
    "opacity",
    "font",
    "xanchor",
    "yanchor",
    "orientation",
)
"""Keywords, and keys of plotly, that only say where something is drawn and how large: nothing that is read changes."""
