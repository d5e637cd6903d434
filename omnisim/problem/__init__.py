"""Pure mathematics: populations, constraints, subsequences, finite laws."""
