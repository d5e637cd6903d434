"""Description of a registered name in two lines: its parameters and its purpose."""

import inspect

from omnisim.errors import ScenarioError
from omnisim.scenario import registry
from omnisim.scenario.table_models import parameters


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
