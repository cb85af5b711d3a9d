"""Connections to other nodes: WebSockets that carry whole binary messages, in and out."""
