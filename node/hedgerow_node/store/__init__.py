"""The durable store: messages, the private library, peers and settings in one folder, and the journal beside them.

The only part of the program that writes SQL. `store.Store` opens all of it.
"""
