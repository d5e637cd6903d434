"""The text of the page of the study of panprediction."""

TITLE = "One predictor for every loss and every group"

SUMMARY = """Panprediction (Balakrishnan, Haghtalab, Hsu, Lee and Zhao): a step-calibrated predictor of a binary
outcome, so that each user who acts on it by best response, with a loss and within a group of their own, does about as
well as with the model that is best for that loss and that group."""

RATES = """A synthetic law whose Bayes predictor is known, so that all errors are exact. In each group one comparator
is the Bayes predictor and wrong elsewhere; the gap of a loss and a group is what its user loses to that comparator,
and the largest over eight losses and all groups is drawn. The derandomized predictor says one level for every point,
as the deterministic one does; it keeps all rounds of its play, as its proof asks."""

SIZES = """Groups of about half of the population each, and comparators that are right in one of them. The guarantee
grows with the square root of the logarithm of their numbers only, which is why many users can be served at once."""

PATIENTS = """A physician decides on a biopsy, a discharge coordinator between three ways to go on, an actuary
reserves a share of the cost. Each of them has three groups of patients and everyone."""

PRICES = """Traders with different losses act on the probability of a price spike: a battery holds back charge, a
factory moves a shift, a retailer hedges nothing, half or all."""

READING = """Models for one loss decide for its user and say 0 or 1; whoever has another loss cannot use them. Models
for one group are logistic regressions fitted there, and wrong elsewhere. Panpredictors are learnt from what all these
models say of rows that they were not fitted on, as their comparators. They start from the comparator of least squared
error, and the first is corrected on sets that are beyond their own noise, as often as rows held out bear, so that what
is good for all is kept; for contrast, one starts from the mean outcome and corrects to one tolerance for all sets.
Multicalibrated predictors correct products of level sets to that tolerance, one from the same base and one from the
mean outcome.

The gap of a pair cannot exceed 2 × the variation of its loss × the step calibration error within its group ÷ P(g): one
error for acting on the prediction and one for acting on the comparator. That holds on every sample, and is no
finding."""
