"""The text of the page of the crowding study."""

from omnisim.studies.crowding.cases import CROWDED, EMPTY

TITLE = "Crowding: many buyers on one forecast"

SUMMARY = """Where the buyers who follow a forecast are many, it moves the price it predicts: hours that it calls cheap
become dear because everybody comes. One prediction for all then defeats itself. A decision-calibrated forecaster
commits to a mixture, finds one under which nobody would rather have acted otherwise, and its guarantee holds here as
against any other adversary."""

HOURS = f"""Each buyer needs one MWh in one of two hours. The cheap generator serves the base load and half of the
buyers; if all come at once the price of that hour is {CROWDED:g}, and {EMPTY:g} in the other. The market clears on what
the forecaster’s mixture makes the buyers do. Whatever single point is predicted, all buyers come in the hour it makes
look cheaper: it is the dear one, in every round, and the swap regret is (0.7 − 0.2) T = T / 2."""

MARKET = """The shipped scenario merit_order: seven kinds of generators, an outage, random breakdowns, dearer gas, and
40 buyers who differ in their worth of flexibility. With 0 customers each they are price takers. A slow forecast such as
Climatology moves nobody, and so crowds nobody."""
