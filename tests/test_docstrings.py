"""Docstrings begin with one line that says what a thing is, or what a function does."""

import ast
import inspect
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from modules import MODULES, ROOT, parsed

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

FRAGMENTS = {"What", "Of", "Those", "That", "Who", "Whose", "By", "How", "Why", "Which", "Where", "When", "From"}
"""First words of summaries that say something about a thing in place of what it is."""

LONGEST = 120


class Documented(NamedTuple):
    """A module, class, function or assigned name, with its docstring (None if it has none)."""

    name: str
    type: ast.expr | None
    docstring: str | None
    is_public: bool


def documented(tree: ast.Module) -> Iterator[Documented]:
    """Everything in a module that has a docstring or must have one."""
    yield Documented("the module", None, ast.get_docstring(tree), True)
    yield from _inside(tree, "", is_public=True)


def _inside(parent: ast.AST, prefix: str, *, is_public: bool) -> Iterator[Documented]:
    before: ast.AST | None = None
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name, own = f"{prefix}{node.name}", is_public and not node.name.startswith("_")
            returns = None if isinstance(node, ast.ClassDef) else node.returns
            # Functions inside of functions are nobody's to call.
            reached = own and not isinstance(parent, FUNCTIONS)
            yield Documented(name, returns, ast.get_docstring(node), reached)
            yield from _inside(node, f"{name}.", is_public=reached and isinstance(node, ast.ClassDef))
        elif isinstance(node, ast.Expr) and isinstance(before, ast.Assign | ast.AnnAssign):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                declared = before.annotation if isinstance(before, ast.AnnAssign) else None
                target = before.target if isinstance(before, ast.AnnAssign) else before.targets[0]
                name = f"{prefix}{ast.unparse(target)}"
                yield Documented(name, declared, inspect.cleandoc(node.value.value), is_public)
        elif isinstance(node, ast.stmt):
            yield from _inside(node, prefix, is_public=is_public)
        before = node


def faults(tree: ast.Module) -> Iterator[str]:
    """Sentences on the docstrings of a module that are missing, or whose first line is not a summary."""
    for name, declared, docstring, is_public in documented(tree):
        if not docstring:
            if is_public:
                yield f"{name} has no docstring"
            continue
        summary = docstring.partition("\n\n")[0].rstrip()
        first = summary.split()[0].strip(",:;")
        if first in FRAGMENTS or (first == "Whether" and not (declared and "bool" in ast.unparse(declared).lower())):
            yield f"{name} begins with {first!r}: say what it is, or what it does: {summary}"
        if "\n" in summary or len(summary) > LONGEST:
            yield f"{name} is longer than a line: {summary}"
        if not summary.endswith((".", ":")):
            yield f"{name} ends without a period: {summary}"


def test_docstrings_begin_with_a_summary() -> None:
    trees = {module.relative_to(ROOT): parsed(module) for module in MODULES}
    assert len(trees) > 1
    found = [f"{module}: {fault}" for module, tree in trees.items() for fault in faults(tree)]
    assert not found, "\n".join(found)


def module_with(text: str) -> ast.Module:
    """A module with a docstring of its own, and this."""
    return ast.parse(f'"""A module."""\n{text}')


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """What is earned."""',
        'class A:\n    """A thing."""\n    @property\n    def _b(self):\n        """Of the money."""',
        'class A:\n    """A thing."""\n    b = 1\n    """How many there are."""',
        'NAMES = ()\n"""Those that are known."""',
        'if True:\n    KINDS: dict[str, int] = {}\n    """Which there are."""',
        'def _f():\n    def g():\n        """When it arrives."""',
        'def f() -> list[str]:\n    """Whether there are any."""',
        'LIMIT = 1\n"""Whether it holds."""',
        'def f():\n    """The money,\n    and its unit."""',
        f'def f():\n    """{"Long " * 30}line."""',
        'def f():\n    """The money"""',
        "def f(): ...",
        "class A: ...",
        'class A:\n    """A thing."""\n    async def b(self): ...',
    ],
)
def test_a_fault_would_be_noticed(text: str) -> None:
    assert len(list(faults(module_with(text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'def f() -> bool:\n    """Whether it is known."""',
        'def f() -> "BoolArray":\n    """Whether each is known, (N,)."""',
        'class A:\n    """A thing."""\n    fixed: ClassVar[bool] = True\n    """Whether it is fixed."""',
        'def f():\n    """Howitzers, in the field:\n\n    What follows is free.\n    """',
        "def _f(): ...",
        "class _A:\n    def b(self): ...",
        'def f():\n    """The money."""\n    def g(): ...',
        'class A:\n    """A thing."""\n    def __init__(self): ...',
    ],
)
def test_a_summary_is_let_pass(text: str) -> None:
    assert not list(faults(module_with(text)))


def test_a_module_without_a_docstring_would_be_noticed() -> None:
    assert list(faults(ast.parse("x = 1"))) == ["the module has no docstring"]
