"""Figures 1 and 2 of Gibbs and Tibshirani (Appendix B.1): a law of three points, with exact population errors."""
