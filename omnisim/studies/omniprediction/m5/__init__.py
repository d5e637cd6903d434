"""Sales of the M5 competition: Figures 3 and 4 of Gibbs and Tibshirani, and a variant with real competitors."""
