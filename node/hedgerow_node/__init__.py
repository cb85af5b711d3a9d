"""The node: the running program around the pure library `hedgerow_protocol`."""

__version__ = "0.1.0"
