"""The text of the page of the M5 study."""

TITLE = "Sales of the M5 competition"

TEXT = {
    "products": (
        "A row is a product in a store. The base predictor of a threshold is the forecaster with the least loss on the "
        "base sample; the best single model is the one forecaster with the least error on the sample of the methods. "
        "Where the folder has submissions to the uncertainty track, their quantiles are interpolated as in Appendix H "
        "of the paper; else forecasters made for this project stand in for them, and numbers are not the paper’s."
    ),
    "departments": (
        "A row is a department in a store on a day; Y = 1 if it sold more than the median of its last 28 days. A point "
        "forecast becomes a probability through the team’s own ratios of sales to forecast on the earlier days of the "
        "competition, in all stores, for the same department. Rows of a day depend on each other, and there are few."
    ),
}
