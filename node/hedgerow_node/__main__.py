"""`python -m hedgerow_node`: the same as the program `hedgerow`."""

from hedgerow_node.cli import main

if __name__ == "__main__":
    main()
