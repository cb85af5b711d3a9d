"""What people can do with a node: every operation, as a typed request and a JSON result (`table.OPERATIONS`).

The API registers them under /api/v1, and the command line calls them in process when no node runs.
"""
