"""The owner's pages: plain HTML that needs no script, for one person on this computer (`Pages`)."""

from hedgerow_node.web.pages import Pages

__all__ = ["Pages"]
