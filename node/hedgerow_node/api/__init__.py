"""The local API: every operation as JSON over HTTP, for programs of the owner (specs/13-local-api.md)."""
