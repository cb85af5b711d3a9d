"""A seed: a node that an institution runs to be found and to keep. What it is stands in a file of its home."""
