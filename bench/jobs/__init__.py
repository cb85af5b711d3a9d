"""The jobs: each measures one thing and returns its `Outcome`."""
