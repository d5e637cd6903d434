"""Templates of pages, which escape what is inserted."""

import re
from functools import cache

import jinja2
from markupsafe import Markup, escape

from omnisim.report import embedding

MOST_BYTES = 1_500_000
"""Size that a page stays under."""


def page_template(name: str) -> jinja2.Template:
    """A template of this package, which escapes what is inserted and can insert files of ``assets``."""
    return _environment().get_template(name)


def breakable(text: str) -> Markup:
    """Text whose names may go on in another line after their parts, as hyphenless names do nowhere by themselves.

    >>> str(breakable("ridge_autoregression & persistence(lag=7) & FirstViolation"))
    'ridge_<wbr>autoregression &amp; persistence<wbr>(lag=<wbr>7) &amp; First<wbr>Violation'
    """
    return Markup("<wbr>").join(escape(part) for part in _PARTS.split(str(text)))


_PARTS = re.compile(r"(?<=[_=,/])(?=\S)|(?<=\S)(?=\()|(?<=[a-z])(?=[A-Z])")
"""Places between the parts of a name."""


@cache
def _environment() -> jinja2.Environment:
    """Environment of the templates, made once: it keeps those that it has compiled."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("omnisim.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_json"] = embedding.script_json
    environment.filters["breakable"] = breakable
    # Only files of this package are inserted without escaping.
    environment.globals["asset"] = lambda name: Markup(embedding.asset(name))  # noqa: S704
    return environment
