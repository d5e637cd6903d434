"""Intervals, paired differences, fits and verdicts: one laboratory for every page.

:mod:`blocks` says which rounds are resampled together, :mod:`resampling` how estimates vary over seeds and over the
days of a market, :mod:`intervals` what follows for one number and for many together, :mod:`verdicts` what an interval
says, :mod:`paired` the differences of studies, :mod:`gains` who gains and who loses, :mod:`slopes` how fast something
grows, and :mod:`diebold_mariano` whether two forecasts differ in accuracy.

Whether one forecaster is better than another is answered in one way: their difference on the same seeds, with an
interval that allows for all that varied and holds together with those of the other comparisons of the page.
"""
