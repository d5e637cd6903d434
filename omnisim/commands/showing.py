"""End of a command that writes a page: its path, and the page itself in a browser, if that is asked for."""

import webbrowser
from pathlib import Path

from omnisim.terminal import complain, say


def show_page(page: Path, *, in_browser: bool) -> None:
    """Say where the page is, and open it; a machine without a browser is told, and is no failure."""
    say(f"{page}")
    if in_browser and not webbrowser.open(page.resolve().as_uri()):
        complain(f"omnisim: warning: no browser was found to open {page} in")
