"""Many runs side by side: the grid, the store of its results, and what can be said about the differences.

The way of the data: :mod:`choices` (what a user names) -> :mod:`grid` (every run, with its digest) -> :mod:`run` (one
run measured, by :mod:`omnisim.workers`) -> :mod:`store` (Parquet on disk) -> :mod:`summaries` and :mod:`statistics`
(means, paired differences, intervals) -> :mod:`comparison` (the frames people come for).

The package is not called ``compare`` because ``omnisim.compare`` is the function.
"""
