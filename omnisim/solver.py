"""HiGHS without its voice: where every model of the project comes from."""

from typing import Any

import highspy


class _Quiet(highspy.Highs):
    """The solver announces itself while it is being made, before a caller could ask it not to."""

    def enableCallbacks(self) -> None:  # noqa: N802 (the name is the solver's)
        """Called by the constructor; the announcement comes with it."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def quiet_model() -> Any:
    """A model without rows and columns that prints nothing, neither now nor when it is solved, on one thread.

    A library must leave standard output to the program that uses it; the solver writes there from C, past
    ``sys.stdout``.
    """
    model = _Quiet()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    return model
