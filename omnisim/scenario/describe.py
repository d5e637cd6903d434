"""What a registered name takes and does, in two lines."""

import inspect

from omnisim.scenario import registry
from omnisim.scenario.schema import parameters


def describe(kind: str, name: str) -> tuple[str, str]:
    """The name with its parameters and defaults, and the first sentence of its documentation.

    Examples
    --------
    >>> describe("forecasters", "persistence")[0]
    'persistence  lag=1'
    """
    target = registry.find(kind, name)
    shown = [
        parameter.name if parameter.default is inspect.Parameter.empty else f"{parameter.name}={parameter.default!r}"
        for parameter in parameters(target)
    ]
    paragraph = (inspect.getdoc(target) or "").partition("\n\n")[0]
    return "  ".join([name, *shown]), " ".join(paragraph.split())
