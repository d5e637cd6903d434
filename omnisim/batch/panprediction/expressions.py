"""Groups written as expressions over the columns of a table: ``sex == 'f' and age > 60``.

A grammar of its own, read here token by token; nothing is ever evaluated as Python.

    either     = both ("or" both)*
    both       = one ("and" one)*
    one        = "not" one | "(" either ")" | operand [comparison operand]* | operand ["not"] "in" "(" operand, ... ")"
    operand    = number | 'text' | true | false | a column: its name, or `any name` between backticks

Comparisons are ==, !=, <, <=, >, >=, and may be chained: ``18 <= age < 60``. Missing values compare as false.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import ProblemError

Node: TypeAlias = Callable[[Any], Any]

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")|`(?P<column>[^`]+)`"
    r"|(?P<word>[^\W\d]\w*)|(?P<sign>==|!=|<=|>=|<|>|\(|\)|,|-))"
)
_DEEPEST = 50
"""Nested parentheses and negations beyond this are refused rather than run out of stack."""


class Expression:
    """A group as an expression; call it with a data frame.

    Instances compare equal by their text, can be pickled and copied, and hold no code.

    Parameters
    ----------
    text
        In the grammar above.

    Raises
    ------
    ProblemError
        If it does not follow the grammar; on a call, if there is no such column, or values cannot be compared.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"sex": ["f", "m", "f"], "age": [71, 64, 20]})
    >>> Expression("sex == 'f' and age > 60")(people)
    array([ True, False, False])
    >>> Expression("not (age < 65) or sex in ('m', 'd')")(people)
    array([ True,  True, False])
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._node = _Reader(text).read()

    def __call__(self, X: Any) -> BoolArray:
        """Evaluate the expression: True at the rows (n,) of a data frame that belong to the group."""
        if not hasattr(X, "columns"):
            raise ProblemError(f"group {self.text!r} is an expression over named columns: give them as a data frame")
        try:
            found = self._node(X)
        except TypeError as error:
            raise ProblemError(f"group {self.text!r} compares what cannot be compared: {error}") from error
        return _truth(found, len(X), self.text)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[type["Expression"], tuple[str]]:
        return Expression, (self.text,)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth = text, 0, 0
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise ProblemError(f"group {text!r} has {text[at:].strip()[:1]!r} where no expression has it")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def read(self) -> Node:
        node = self.either()
        if self.place < len(self.tokens):
            raise self.wrong("an end, 'and' or 'or'")
        return node

    def either(self) -> Node:
        nodes = [self.both()]
        while self.takes("or"):
            nodes.append(self.both())
        return _joined(nodes, np.logical_or, self.text)

    def both(self) -> Node:
        nodes = [self.one()]
        while self.takes("and"):
            nodes.append(self.one())
        return _joined(nodes, np.logical_and, self.text)

    def one(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ProblemError(f"group {self.text[:40]!r}... is nested more than {_DEEPEST} deep")
        node = self._one()
        self.depth -= 1
        return node

    def _one(self) -> Node:
        if self.takes("not"):
            inner = self.one()
            return lambda X: ~_truth(inner(X), len(X), self.text)
        if self.takes("("):
            inner = self.either()
            self.must(")")
            return inner
        left = self.operand()
        negated = self.takes("not")
        if negated or self.next == "in":
            self.must("in")
            return self.members(left, negated)
        parts: list[Node] = []
        while self.next in _COMPARISONS and self.kind == "sign":
            compare = _COMPARISONS[self.take()]
            right = self.operand()
            parts.append(_comparison(left, compare, right))
            left = right
        return _joined(parts, np.logical_and, self.text) if parts else left

    def members(self, left: Node, negated: bool) -> Node:
        self.must("(")
        among = [self.operand()]
        while self.takes(","):
            among.append(self.operand())
        self.must(")")
        inside = _joined([_comparison(left, operator.eq, one) for one in among], np.logical_or, self.text)
        return (lambda X: ~inside(X)) if negated else inside

    def operand(self) -> Node:
        if self.place == len(self.tokens):
            raise self.wrong("a column, a number or a 'text'")
        sign = -1.0 if self.takes("-") else 1.0
        kind, token = self.kind, self.next
        if kind == "number":
            self.place += 1
            number = sign * float(token)
            return lambda X: number  # noqa: ARG005 (constants are asked like columns)
        if sign < 0:
            raise self.wrong("a number after '-'")
        if kind == "text":
            self.place += 1
            return lambda X: token[1:-1]  # noqa: ARG005
        if kind == "word" and token.lower() in ("true", "false"):
            self.place += 1
            return lambda X: token.lower() == "true"  # noqa: ARG005
        if kind == "column" or (kind == "word" and token not in ("and", "or", "not", "in")):
            self.place += 1
            return _column(token, self.text)
        raise self.wrong("a column, a number or a 'text'")

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    @property
    def next(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][1]

    def takes(self, token: str) -> bool:
        found = self.next == token and self.kind in ("word", "sign")
        self.place += found
        return found

    def must(self, token: str) -> None:
        if not self.takes(token):
            raise self.wrong(repr(token))

    def wrong(self, expected: str) -> ProblemError:
        found = repr(self.next) if self.place < len(self.tokens) else "its end"
        return ProblemError(f"group {self.text!r} has {found} where {expected} is expected")


def _column(name: str, text: str) -> Node:
    def read(X: Any) -> Any:
        if name not in X.columns:
            raise ProblemError(f"group {text!r} names the column {name!r}, which is not there")
        column = X[name]
        if str(column.dtype) == "category":
            # Whole numbers have none that says that it is missing.
            column = column.astype(object if column.isna().any() else column.cat.categories.dtype)
        return column.to_numpy()

    return read


def _comparison(left: Node, compare: Callable[[Any, Any], Any], right: Node) -> Node:
    def decide(X: Any) -> Any:
        here, there = left(X), right(X)
        known = ~(_missing(here) | _missing(there))
        if np.all(known):
            found = compare(here, there)
        else:
            rows = np.broadcast_to(known, len(X))
            found = np.zeros(len(X), dtype=np.bool_)
            here, there = (side[rows] if np.ndim(side) else side for side in (here, there))
            found[rows] = compare(here, there)
        return np.broadcast_to(np.asarray(found, dtype=np.bool_), len(X))

    return decide


def _missing(values: Any) -> Any:
    import pandas as pd

    return pd.isna(values)


def _joined(nodes: list[Node], join: Any, text: str) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    return lambda X: join.reduce([_truth(node(X), len(X), text) for node in nodes])


def _truth(found: Any, rows: int, text: str) -> BoolArray:
    values = np.asarray(found)
    if values.dtype != np.bool_ and not (values.dtype.kind in "iuf" and np.isin(values, (0, 1)).all()):
        raise ProblemError(f"group {text!r} is no yes or no: compare its columns with something")
    return np.array(np.broadcast_to(values.astype(np.bool_), rows))
