"""Price spikes: the comparison of Gibbs and Tibshirani where the base class is real, published price forecasts."""
