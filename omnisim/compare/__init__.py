"""Many runs side by side: the grid, the store of its results, and what can be said about the differences."""
