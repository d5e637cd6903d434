"""The text of the page of the study of price spikes."""

from omnisim.studies.omniprediction.spikes import WINDOW, YEAR

TITLE = "Price spikes from day-ahead forecasts"

DATA = (
    "A forecast of the price becomes a probability through its own past: the share of the errors it made in the same "
    f"hour of the last {WINDOW} days with which the price would be above the threshold. Nothing of the day itself or "
    f"later is used, and no price is clipped. The first year is the first {YEAR} days of the data."
)

METHODS = (
    "For each threshold, the forecast with the least loss on the base sample is its base predictor; the methods make "
    "one prediction of them. The best single model is the one forecast with the least error on the sample. Bands are "
    "over draws and markets together; hours of a day depend on each other, and all draws are judged on the same days, "
    "so that intervals are for these markets and these days."
)

USERS = (
    "A threshold theta stands for a user whose false alarm costs theta and whose miss costs 1 − theta: a battery that "
    "loses little by holding back acts at a low one."
)
