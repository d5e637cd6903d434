"""Completions that a shell offers: names of scenarios and studies, kinds, and what is registered under them."""

from collections.abc import Iterable
from typing import Any

OTHER_KINDS = ("scenarios", "studies")
"""Kinds that ``omnisim list`` knows beside those of the registry."""


def scenarios_that_begin(incomplete: str) -> list[str]:
    """Shipped scenarios whose names begin so; files are the shell's own business."""
    from omnisim.scenario import shipped

    return _beginning(incomplete, shipped.summaries())


def studies_that_begin(incomplete: str) -> list[str]:
    """Studies whose names begin so."""
    from omnisim.studies import STUDIES

    return _beginning(incomplete, STUDIES)


def kinds_that_begin(incomplete: str) -> list[str]:
    """Kinds that can be listed whose names begin so."""
    return _beginning(incomplete, kinds())


def names_that_begin(ctx: Any, incomplete: str) -> list[str]:
    """Names registered under the kind that was typed that begin so."""
    from omnisim.scenario import registry

    kind = ctx.params.get("kind")
    if kind == "scenarios":
        return scenarios_that_begin(incomplete)
    if kind == "studies":
        return studies_that_begin(incomplete)
    return _beginning(incomplete, registry.names(kind)) if kind in registry.KINDS else []


def kinds() -> list[str]:
    """All that can be listed."""
    from omnisim.scenario import registry

    return [*registry.KINDS, *OTHER_KINDS]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
