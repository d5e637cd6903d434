"""Omniprediction from samples: the experiments of Gibbs and Tibshirani, and the same comparison on real forecasts."""
