r"""Terms that late, lost and missing messages add to the bounds on violation.

Let the settlement of every round that is not lost reach a population within D rounds of its own: the outcome of round t
is learnt in the settlement phase of round t + D or before, so that it counts from round t + D + 1 on. (Settlements
that were still in flight when the run ended count as learnt in round T.) Let m settlements be lost,
and let the default action be played in q rounds (of S, where the claim is about S).

**Algorithm 1**, whatever the forecaster: CCV+ <= \|A without B\| (1 + D) + m + q.

*Proof.* A default action costs at most 1 a round, q in all. Of the other plays with a positive cost, at most m had
their settlement lost, since an agent plays once a round. Any other such play is of an action a outside B in a round t
whose settlement arrives. Let s be the first of these rounds for a. Its settlement shows that a violates, so a is no
candidate after round s + D, and the plays of a that are left are in rounds s, ..., s + D: at most 1 + D, at a cost of
at most 1 each. Sum over a outside B; actions of B never violate. With D = m = q = 0 this is Theorem 1. |_|

**Algorithm 3**: CCV+(S) <= L \|A\| (1 + D) + m + q. *Proof.* The same for pairs of an action a and a set A_k: in a
round of S_k in which a in A_k is played and violates, with s the first such round whose settlement arrives, a is not in
A_k after round s + D. Every play is made from some active A_k, so it is counted for at least one of L \|A\| pairs. |_|

**Algorithm 2**: CCV <= \|A\| (1 + gamma + D) + m + q. *Proof.* Until a leaves, its known sums stay <= gamma; the
one that makes it leave adds at most 1. Plays of a not known by then, and not lost, are in the D rounds before: at most
D. **Algorithm 4**: CCV(S) <= L \|A\| (1 + gamma_S + D) + m + q. *Proof.* A play is attributed when its settlement is
learnt, to a set that still holds a, so the attributed sums of a pair (a, k) stay <= 1 + gamma_S. A play of a from A_k
that is not attributed to any set was settled after a had left A_k: it is in the D rounds before that, at most D for
each pair. |_|

No action of B or B(S) is ever removed, since only violations that happened remove actions (Propositions 1 and 3). That
no action of BE is removed (Propositions 2 and 4) needs the news in the order of the rounds: then the known costs of an
action are a martingale's partial sums, thinned by losses that do not depend on the outcomes. Out of order they are not,
and nothing is promised.

Regret (Theorems 3, 7, 9 and 11) follows from the bias of the predictions *acted on*, however old: a default action adds
at most 1 a round, so swap regret(S) <= 2 L sum of biases + q.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.by_value import ByValue
from omnisim.trace import FORECASTER, PopulationRecord

LOST = -1
"""Mark, in the record, of a settlement that never comes."""


@dataclass(frozen=True, eq=False, repr=False)
class Lateness(ByValue):
    """Lateness of a population's news.

    Attributes
    ----------
    delay
        D.
    lost
        m.
    in_order
        Whether it learnt of the rounds in their order.
    defaulted : (T,)
        Rounds in which the default action was played.
    """

    delay: int
    lost: int
    in_order: bool
    defaulted: BoolArray

    @property
    def none(self) -> bool:
        """Whether everything came in time."""
        return not (self.delay or self.lost or self.defaulted.any())

    def defaults(self, active: BoolArray) -> FloatArray:
        """Number q of default rounds on each subsequence of (T, L), (L,)."""
        return np.asarray(active[self.defaulted].sum(axis=0), dtype=np.float64)


def lateness(record: PopulationRecord) -> Lateness:
    """Measure the lateness of a population's news from its record."""
    rounds = len(record.actions)
    if record.settled_at is None or record.defaulted is None:
        return Lateness(0, 0, True, np.zeros(rounds, dtype=np.bool_))
    came = record.settled_at != LOST
    learnt = record.settled_at[came]
    delays = learnt - np.flatnonzero(came)
    return Lateness(
        int(delays.max(initial=0)),
        int(np.count_nonzero(~came)),
        bool((np.diff(learnt) >= 0).all()),
        record.defaulted,
    )


def at_once(record: PopulationRecord) -> bool:
    """Whether the agents always acted on this round's prediction of the first forecaster, and on nothing else.

    Bounds of calibrated forecasters speak about events of the mixtures committed to, with the candidates that the
    forecaster knew of and an update after every round. With late messages, several forecasters, or agents that come and
    go, nothing is claimed.
    """
    alone = record.subscriptions == (FORECASTER,)
    return alone and record.heard is None and record.present is None
