"""One predictor for every loss and every group: rates, dependence on the numbers of groups and comparators, data."""
