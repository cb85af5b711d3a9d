"""The command line. Everything heavy is imported by the command that needs it: `hedgerow --help` is quick."""

import gc
import signal
import sys

GARBAGE = 50_000
"""New objects after which Python looks for garbage in circles: at its own 700 it looks again and again at what was
imported, and at every batch of messages."""


def main() -> None:
    """The program `hedgerow`."""
    gc.set_threshold(GARBAGE)
    from hedgerow_node.cli.program import run_program

    code = run_program(sys.argv[1:])
    # All is said: an interruption from here on would only show where Python is.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)
