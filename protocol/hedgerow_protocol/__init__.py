"""The Hedgerow protocol as pure code: bytes, keys, messages and the machines that exchange them.

Nothing in this package does input or output, reads a clock or draws entropy: time is an argument, chance
comes from a `random.Random` that the caller passes, and key material arrives as bytes.
"""
