"""The text of the scaling study's page."""

from omnisim.studies.scaling.findings import FLAT, LINEAR, ROOT, SUBLINEAR

TITLE = "How regret and violation grow"

SUMMARY = """Regret and cumulative constraint violation of many agents against the number of rounds, actions,
subsequences and agents, for every elimination rule, with forecasters that can be fooled and forecasters that are
calibrated for the agents’ decisions, held against what theory says."""

JUDGEMENT = (
    f"regret sqrt(T): slope <= {SUBLINEAR}; linear: >= {LINEAR}; flat: within +-{FLAT}; "
    f"CCV sqrt(T): {ROOT[0]} to {ROOT[1]}"
)

REGRET = """Each agent has plans for outcomes and earns most with the plan closest to what happens. WorstCase reads
the forecaster’s mixture before it chooses the outcome, whoever the forecaster is; Switching alternates between a low
and a high law every 12 rounds. The subsequence “season” holds the rounds of the high law, “late” the second half of
the run. A forecast that is right on average over all rounds, such as Climatology, can still be wrong by a constant on
“season”.

A slope of 1 means that the loss per round does not shrink. A slope below one half is no contradiction: the bounds are
for the worst case, and an adversary may be no match for the forecaster. The interval of a slope covers the spread
over replicates, not a curve that is not straight."""

VIOLATION = """One action always violates, by 0.8 to 1, and is the best response to every prediction. Algorithms 1 and
3 drop it when it first violates (Algorithm 3: in every subsequence by itself); Algorithms 2 and 4 tolerate violations
up to a threshold gamma of order sqrt(T), since an action that is harmless in expectation must survive bad luck."""

MASKING = """The instance that Algorithm 4 was made for. In every second round, a tight one, the attractive action
costs 1; in the others it has slack 1. So its costs over all rounds never add up to a violation."""

SIZES = """At a fixed number of rounds. The bounds on violation grow like |A| and, for Algorithms 3 and 4, like L
|A|; here floor(|A| / 4) actions are tempting. N enters only through the logarithm in gamma, and d not at all."""

LEARNERS = """Sinha and Vaze’s algorithm, drift plus penalty and Hedge work on distributions over actions, one learner
for each agent, and need no forecast; elimination works on forecasts that all agents share."""

RULES = """The instance of the part on regret, with the other three algorithms. Algorithms 2 and 4 compete with BE, the
actions that do not violate in expectation; actions that they have not eliminated yet may earn more than all of BE, so
that swap regret can be negative and its slope 0."""
