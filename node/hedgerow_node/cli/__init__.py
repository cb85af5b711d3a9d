"""The command line. Everything heavy is imported by the command that needs it: `hedgerow --help` is quick."""

import sys


def main() -> None:
    """The program `hedgerow`."""
    from hedgerow_node.cli.program import run_program

    sys.exit(run_program(sys.argv[1:]))
