"""Many runs side by side: the grid, the store of its results, and what can be said about the differences.

The way of the data: :mod:`choices` (what a user names, as :mod:`notation` reads it) -> :mod:`grid` (every run, with its
digest) -> :mod:`run` (one run measured, by :mod:`omnisim.workers`) -> :mod:`store` (Parquet on disk, in the columns of
:mod:`records`) -> :mod:`summaries`, :mod:`differences` and :mod:`tables` (means, paired differences, counts, with the
intervals of :mod:`omnisim.statistics`) -> :mod:`comparison` (the frames people come for). :mod:`comparing` runs it all.

The package is not called ``compare`` because ``omnisim.compare`` is the function.
"""
