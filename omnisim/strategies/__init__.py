"""Forecasters, elimination rules and adversaries: pure algorithms that know nothing of the simulation."""
