"""Worth of forecasts to customers: each is played over the same rounds and seeds, and told in money.

:mod:`~omnisim.value.sources` finds the forecasts, :mod:`~omnisim.value.plays` plays them,
:mod:`~omnisim.value.ledger` has what was earned, and the tables of the page are made from it.
"""
