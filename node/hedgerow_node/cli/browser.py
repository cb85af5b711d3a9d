"""Opening the owner's browser."""

import webbrowser

from hedgerow_node.config import has_screen


def open_browser(link: str) -> None:
    """Open `link` in a browser with windows, if there is one here; the link was printed in any case."""
    if has_screen():
        webbrowser.open(link)
