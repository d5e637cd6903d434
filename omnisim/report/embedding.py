"""Embedded parts of the page: data as JSON, the scripts, and the plotly bundle.

The bundle is plotly.js's partial build for cartesian plots, vendored gzip-compressed in ``assets``. It and the
figures are embedded compressed, in base64, and inflated by the browser (``DecompressionStream``, in every
browser since 2023): 0.66 MB instead of 1.5 MB. Where that is missing the page says so; its text and tables do
not need them.

A content security policy in the page forbids every request, and every script but the ones hashed here; none of them
may turn text into code.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from omnisim.report.figures.style import DARK, MARGIN_BOTTOM, MARGIN_TOP

BUNDLE = "plotly-cartesian-4.1.1.min.js.gz"

SCRIPTS = ("address.js", "texts.js", "tables.js")
DRILL_DOWN = ("address.js", "agents.js", "texts.js", "tables.js")
"""Scripts in the order in which they run when the page is read, on pages without and with agents to choose.

``figures.js`` comes last, after what it draws with.
"""

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def script_json(value: Any) -> Markup:
    r"""JSON that can stand in a ``<script>`` element: pure ASCII, without ``<``, ``>`` and ``&``.

    >>> print(script_json({"name": "</script>"}))
    {"name":"\u003c/script\u003e"}
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return Markup(text)  # noqa: S704 (nothing is left in it that HTML reads)


def compressed(text: str) -> str:
    """Text as gzip in base64; the same text gives the same result."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")


def shell(figures: Mapping[str, Sequence[go.Figure | None]], scripts: Sequence[str] = SCRIPTS) -> dict[str, Any]:
    """Build the parts of a page's frame: policy and scripts, and the figures to be drawn (variants by name)."""
    specs = {name: [figure and figure_spec(figure) for figure in variants] for name, variants in figures.items()}
    drawn = {"figures": specs, "dark": DARK, "margins": MARGIN_TOP + MARGIN_BOTTOM}
    return {
        "specs": compressed(json.dumps(drawn, separators=(",", ":"))),
        "policy": content_security_policy(),
        "scripts": scripts,
        "bundle": bundle(),
    }


def figure_spec(figure: go.Figure) -> dict[str, Any]:
    """Reduce a figure to the parts that the page draws: data, layout without the heading, and the two texts."""
    spec = json.loads(figure.to_json())
    layout = spec["layout"]
    layout.pop("title", None)
    meta = layout.pop("meta")
    return {"data": spec["data"], "layout": layout, "caption": meta["caption"], "alt": meta["alt"]}


def asset(name: str) -> str:
    """A text file of the ``assets`` folder."""
    return (files("omnisim.report") / "assets" / name).read_text(encoding="utf-8")


@cache
def bundle() -> str:
    """The compressed plotly bundle in base64."""
    return base64.b64encode(_bundle_file()).decode("ascii")


@cache
def content_security_policy() -> str:
    """The policy of the page: no request at all, inline styles, and only the scripts of this package."""
    scripts = [asset(name).encode() for name in (*DRILL_DOWN, "figures.js")]
    hashes = [f"'{_sha256(script)}'" for script in (*scripts, gzip.decompress(_bundle_file()))]
    return (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _bundle_file() -> bytes:
    return (files("omnisim.report") / "assets" / BUNDLE).read_bytes()


def _sha256(script: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode("ascii")
