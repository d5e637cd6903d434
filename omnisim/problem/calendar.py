"""Lengths of the calendar that amounts are stated for."""

DAYS_OF_A_YEAR = 365
"""Days that an amount of a year is of."""
