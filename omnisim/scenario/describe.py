"""Description of a registered name: in two lines, or parameter by parameter.

Names and defaults are those of the schema of scenario files. The meaning of a parameter, with its unit and range, is
read off the section "Parameters" of the docstring (numpy style), where it is stated once.
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from omnisim.errors import ScenarioError
from omnisim.scenario import registry
from omnisim.scenario.table_models import parameters

_WIDTH = 110


def describe(kind: str, name: str) -> tuple[str, str]:
    """The name with its parameters and defaults, and the first sentence of its documentation.

    Of a plug-in that fails to load, the name and why.

    Examples
    --------
    >>> describe("forecasters", "persistence")[0]
    'persistence  lag=1'
    """
    try:
        target = registry.find(kind, name)
        given = parameters(target)
    except ScenarioError as cause:
        return name, str(cause)
    shown = [
        parameter.name if parameter.default is inspect.Parameter.empty else f"{parameter.name}={parameter.default!r}"
        for parameter in given
    ]
    paragraph = (inspect.getdoc(target) or "").partition("\n\n")[0]
    return "  ".join([name, *shown]), " ".join(paragraph.split())


def explain(kind: str, name: str) -> list[str]:
    r"""Lines about a registered name: what it is, and what each parameter means that a scenario file can give.

    Raises
    ------
    ScenarioError
        If there is no such name, or it is that of a plug-in that fails to load.

    Examples
    --------
    >>> print("\n".join(explain("forecasters", "climatology")[2:4]))
    window = None
        In rounds, >= 1; None for all.
    """
    target = registry.find(kind, name)
    meanings = meanings_of(kind, target)
    lines = [name, *_wrapped(_plain((inspect.getdoc(target) or "").partition("\n\n")[0]))]
    given = parameters(target)
    for parameter in given:
        needed = parameter.default is inspect.Parameter.empty
        lines.append(f"{parameter.name}{', which must be given' if needed else f' = {parameter.default!r}'}")
        lines.extend(_wrapped(meanings.get(parameter.name, "(its documentation does not say)")))
    if not given:
        lines.append("It has no parameters.")
    return lines


def meanings_of(kind: str, target: Callable[..., Any]) -> dict[str, str]:
    """Meanings of the parameters of a class or function, by its docstring and those of what it is derived from."""
    sources: list[object] = list(reversed(target.__mro__[:-1])) if inspect.isclass(target) else [target]
    if kind == "markets":
        # Readers of files hand on the keys that they do not have themselves.
        from omnisim.market.files import read_prices

        sources = [read_prices, *sources]
    found: dict[str, str] = {}
    for source in sources:
        found |= dict(_parameters_section(inspect.cleandoc(source.__doc__ or "")))
    return found


def _parameters_section(text: str) -> Iterator[tuple[str, str]]:
    """Name and meaning of each entry of the section "Parameters"."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", text, re.DOTALL | re.MULTILINE)
    if section is None:
        return
    entries = re.findall(r"^(\S[^\n]*)\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] + "\n", re.MULTILINE)
    for names, meaning in entries:
        for name in names.partition(" : ")[0].split(","):
            yield name.strip(" *"), _plain(meaning)


def _plain(text: str) -> str:
    """A text of a docstring without the marks of reStructuredText, in one line."""
    text = re.sub(r":\w+(?::\w+)?:`~?([^`]+)`", lambda found: found[1].removeprefix("omnisim."), text)
    return " ".join(text.replace("``", "").split())


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
