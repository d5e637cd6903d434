"""The page of a study, and its results as plain data."""
