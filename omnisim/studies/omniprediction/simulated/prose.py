"""The text of the page of the simulated example."""

TITLE = "Omniprediction on a law of three points"

SUMMARY = (
    "Base predictors that are each the best linear function for one threshold loss contradict each other. "
    "Three methods make one predictor of them that should do as well as each on its own loss. This is the "
    "experiment of Gibbs and Tibshirani (Appendix B.1), with the error of the population, exact, beside the "
    "paper’s estimate."
)

PROBLEM = (
    "With P(Y = 1 | x) = 0.3, 0.9 and 0.4 at x = 0.05, 0.45 and 0.85, an answer “above the threshold?” that comes from "
    "one predictor turns from yes to no once as the threshold rises. The best linear functions, one for each "
    "threshold, do not answer like that."
)

METHODS = (
    "CalMA alternates multiaccuracy steps and recalibration; two-player is a game between thresholds and predictions, "
    "whose uniform mixture is used; direct ensembling merges neighbours pairwise. A merge may start in two ways: it "
    "first examines the largest threshold of its lower part, or, as Algorithm 2 is printed, the least of its upper "
    "part. The error is the largest, over the thresholds, of the method’s expected loss less that of the threshold’s "
    "base predictor."
)

CONSTANTS = (
    "c scales the error that CalMA allows, the learning rate of the game, and the buffer of a merge, each times the "
    "square root of ln(m) / n."
)
