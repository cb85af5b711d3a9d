"""Texts as pictures in the terminal, to be scanned."""

import sys


def draw_code(words: str) -> None:
    """Draw `words` as a QR code."""
    import segno

    segno.make(words, error="l", micro=False).terminal(sys.stdout, compact=True)
