"""Learning from samples: omniprediction for proper losses and panprediction.

Base predictors f_1..f_m, one per threshold theta_i = (i - 1/2) / m, are put together into one predictor that does
about as well as each of them on its threshold loss, and so on every proper loss (Gibbs and Tibshirani). The functions
here read their answers ``exceeds`` (n, m), ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], and outcomes ``y`` (n,).

Names are imported on first use: some of their modules are slow to import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names are in __init__.pyi
