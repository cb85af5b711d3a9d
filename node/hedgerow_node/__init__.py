"""The node: the running program around the pure library `hedgerow_protocol`."""
