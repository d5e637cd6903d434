"""Forecasts of real electricity markets: what calibrating them for the agents' decisions earns, and what it costs."""
