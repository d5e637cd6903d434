"""Scenarios: what a run needs, in Python or from a TOML file."""
