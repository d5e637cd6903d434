"""Settings of Sphinx for the manual: ``sphinx-build -W docs build/site``."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from omnisim import __version__  # noqa: E402 (the checkout comes first)

project = "omnisim"
author = "The omnisim authors"
copyright = "2026, The omnisim authors"  # noqa: A001 (a name of Sphinx)
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_extra_path = ["demo"]  # try.html
html_static_path = ["static"]
html_css_files = ["site.css"]
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


_EVERYDAY = """
    action; agent; basis; benchmark; bias; bound; box; captured; claim; contract; could be lost; customer day; d;
    default; delta; eta; excess; feature; gain; gamma; hypotheses; informative; interval; lag; level; limit; loss;
    member; mixture; money; note; of foresight; paired; potential; prediction; probability; quantile; reference;
    resolution; round; scale; scenario; scope; seed; shape; signal; skill; spike; T, N, A, J, L; theorem; trivial;
    weight; worth
"""

EVERYDAY = {" ".join(word.split()) for word in _EVERYDAY.split(";")}
"""Words of the glossary that are also used in their everyday sense: pages link them where they mean the other one."""

_NO_LINKS = (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.raw, nodes.math, nodes.comment)


class GlossaryLinks(SphinxTransform):
    """Links the first use of each word of the glossary on every page, so that no author has to remember it."""

    default_priority = 5  # before references are resolved

    def apply(self, **_: Any) -> None:
        """Change the text of the page."""
        here = self.env.docname
        if here == "glossary" or here.startswith("reference/python"):
            return
        words = {form: word for word in glossary_words() if word not in EVERYDAY for form in (word, f"{word}s")}
        seen = {each["reftarget"] for each in self.document.findall(addnodes.pending_xref) if each["reftype"] == "term"}
        longest_first = sorted(words, key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w+-])", re.IGNORECASE)
        lower = {form.lower(): word for form, word in words.items()}
        for text in list(self.document.findall(nodes.Text)):
            if any(isinstance(each, (*_NO_LINKS, addnodes.pending_xref)) for each in _ancestors(text)):
                continue
            parts: list[Any] = []
            end, told = 0, str(text)
            for found in pattern.finditer(told):
                word = lower[found[0].lower()]
                if word not in seen:
                    seen.add(word)
                    link = addnodes.pending_xref(
                        "", refdomain="std", reftype="term", reftarget=word, refexplicit=True, refwarn=True, refdoc=here
                    )
                    link += nodes.inline("", found[0], classes=["xref", "std", "std-term"])
                    parts += [nodes.Text(told[end : found.start()]), link]
                    end = found.end()
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(told[end:])])


def _ancestors(node: Any) -> Iterator[Any]:
    while node.parent is not None:
        node = node.parent
        yield node


def glossary_words() -> list[str]:
    """The words that docs/glossary.md explains."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    inside = text.partition("```{glossary}")[2].partition("```")[0]
    return [line for line in inside.splitlines() if line and not line.startswith(" ")]


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_transform(GlossaryLinks)
    app.connect("autodoc-skip-member", not_ours)
    app.connect("autodoc-process-docstring", bars_are_bars)
