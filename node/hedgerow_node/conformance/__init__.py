"""Conformance: the numbered rules of the specs put to any program and any node (specs/conformance.md).

It judges from outside. What is expected of single cases stands in the vectors, which nothing of Hedgerow made; what is
expected of a node stands in the checks of `live`, which use the protocol package to speak and never the node's code.
"""
