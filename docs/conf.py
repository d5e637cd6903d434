"""Settings of Sphinx for the manual: ``sphinx-build -W docs build/site``."""

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from omnisim import __version__  # noqa: E402 (the checkout comes first)

project = "omnisim"
author = "The omnisim authors"
copyright = "2026, The omnisim authors"  # noqa: A001 (a name of Sphinx)
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_extra_path = ["demo"]  # try.html
html_theme = "furo"
html_title = "omnisim"
html_domain_indices = False
html_copy_source = False
html_show_sphinx = False
pygments_style = "tango"

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types and shapes
autodoc_class_signature = "mixed"
autodoc_default_options = {"members": True, "inherited-members": False}
suppress_warnings = ["ref.python"]  # several classes have an attribute of the same name; each is shown where it is
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Columns", "params_style")]

_LITERAL = re.compile(r"(``.*?``)")


def bars_are_bars(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:  # noqa: ARG001
    """In our docstrings |A| is a size; Sphinx would take it for a substitution."""
    block = None  # indentation of the line that opened a literal block
    for i, line in enumerate(lines):
        indentation = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indentation <= block:
            block = None
        if block is None and not line.lstrip().startswith((">>>", "...")):
            parts = _LITERAL.split(line)
            lines[i] = "".join(part if part.startswith("``") else part.replace("|", r"\|") for part in parts)
        if (block is None and line.rstrip().endswith("::")) or line.lstrip().startswith(".. code-block"):
            block = indentation


def not_ours(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:  # noqa: ARG001
    """Leave out what scikit-learn adds to estimators, whose docstrings refer to its own manual."""
    return True if str(getattr(obj, "__module__", "")).startswith("sklearn.") else None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-skip-member", not_ours)
    app.connect("autodoc-process-docstring", bars_are_bars)
