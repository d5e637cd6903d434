"""What a page says, without what only a browser reads."""

from html.parser import HTMLParser
from typing import Any


class Parsed(HTMLParser):
    """The elements and the words of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self._goes_on = False
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._goes_on = tag == "wbr"  # a place to break within a name
        if self._goes_on:
            return
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._goes_on:
            self.words[-1] += data
        elif not self._inside:
            self.words.append(data)
        self._goes_on = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())
