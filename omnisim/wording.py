"""Words for numbers and values, in one short line."""

import numpy as np

_LONGEST = 200
"""Characters of a text."""


def count(value: int, noun: str, plural: str | None = None) -> str:
    """A whole number with its noun.

    >>> count(1, "agent"), count(2500, "agent")
    ('1 agent', '2,500 agents')
    """
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def with_article(noun: str) -> str:
    """A noun, or the name of a class, with the article that goes before it.

    >>> with_article("Adversary"), with_article("Forecaster"), with_article("int"), with_article("Uniform")
    ('an Adversary', 'a Forecaster', 'an int', 'a Uniform')
    """
    return f"{'an' if noun[:1] in tuple('aeioAEIO') else 'a'} {noun}"


def in_short(value: object, longest: int = 60) -> str:
    """Text of a value on one short line: arrays and tables by their shape, what is long by its length.

    >>> in_short(np.zeros((3, 2))), in_short([0] * 500), in_short("a"), in_short(np.array(3))
    ('<array (3, 2)>', '<list of 500>', "'a'", 'array(3)')
    >>> in_short(np.array({"a table": list(range(100))}, dtype=object), 30)
    "array({'a table': [0, 1, 2, 3…"
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"<{'array' if isinstance(value, np.ndarray) else 'table'} {shape}>"
    text = " ".join(repr(value).split())
    if len(text) <= longest:
        return text
    if isinstance(value, str | bytes) or shape == () or not hasattr(value, "__len__"):  # () of an array has no length
        return shortened(text, longest)
    return f"<{type(value).__name__} of {len(value)}>"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """A text whose end is left out where it is too long.

    >>> shortened("Hedge(eta=1.5)", 10)
    'Hedge(eta…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"
