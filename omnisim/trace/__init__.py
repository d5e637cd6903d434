"""The immutable record of a run: everything that was said and done, as arrays.

Shapes: T rounds, d coordinates, L subsequences; per population N agents, A actions, J constraints.

.. code-block:: text

    trace.outcomes        (T, d)   what happened, in [0, 1]
    trace.predictions     (T, d)   what was broadcast (as sampled from the forecaster's mixture)
    trace.unclipped_outcomes    (T, d)  the outcomes before they were clipped to [0, 1]; None where nothing was.
    trace.unclipped_predictions (T, d)  the same of the predictions, as far as the forecaster can say; or None.
                                   trace.true_outcomes and trace.true_predictions are these where there are any
    trace.before          (d,)     the last outcome before round 0, before it was clipped; None if nothing is known
    trace.mixtures                 the mixtures committed to: ragged, see Mixtures
    trace.bases           (T, B, d) what the bases of the forecaster predicted, or None
    trace.diagnostics              from names to (T,), what the forecaster said about each round
    trace.other_predictions        from names of further forecasters to (T, d), what they broadcast
    trace.messages                 what became of every message, see MessageRecord; None where all was heard at once
    trace.active          (T, L)   which subsequences were active, bool
    trace.subsequences    L names
    trace.dates           (T,)     delivery days, or None
    trace.records[name]            one PopulationRecord per population:
        .population                utilities, money, loads, names (its constraints are not part of the record)
        .actions          (T, N)   the action played, in the narrowest type of whole numbers
        .fallback         (T, N)   whether the agent had no candidate left, bool
        .costs            (T, N, J) cost of the action played
        .true_costs       (T, N, J) the same at the outcomes before they were clipped; None where nothing was
        .limits           J limits: what a cost stands for in physical units
        .violated_at      (N, A, L) first round of the subsequence in which the action violated, or T
        .expected_violated_at (N, A, L) the same for expected costs; None where the adversary's law is not known
        .eliminated_at    (N, A, K) round after which the action left the candidate set, or T; K = L or 1
        .subscriptions    names of the F forecasters whose predictions it averages
        .heard            (T, F)   round of the prediction of each that was acted on, -1 for none; None: always the last
        .defaulted        (T,)     whether the market closed before the actions came: the default was played; or None
        .settled_at       (T,)     round in which it learned the outcome, T if not by the end, -1 if never; or None
        .present          (T, N)   whether the agent was there; its action is -1 where not; None: always
    trace.about                    names, seed and strategies: JSON; trace.policy(name) and trace.forecaster() read
                                   from it what these guarantee, see omnisim.trace.declarations

``trace.actions[name]``, ``trace.fallback[name]``, ``trace.eliminated_at[name]``, ``trace.costs[name]`` and
``trace.violated_at[name]`` are short for the fields of the records; ``trace.actions`` has them as int64.

On disk it is one ``.npz`` of plain arrays (no pickled objects) with a schema version.
"""

from omnisim.problem.context import FORECASTER
from omnisim.trace.record import LoggedMessages, MessageRecord, Mixtures, PopulationRecord, Trace
from omnisim.trace.storage import load_trace
from omnisim.trace.writing import SCHEMA_VERSION

__all__ = [
    "FORECASTER",
    "SCHEMA_VERSION",
    "LoggedMessages",
    "MessageRecord",
    "Mixtures",
    "PopulationRecord",
    "Trace",
    "load_trace",
]
