"""Delay lines, which hold messages on their way, and the account of what became of every one.

A message is *sent*; then it is *lost*, or *delivered* when its receiver reads it, or still *in flight* when the run
ends. The counts are kept where each of these happens, so that sent = delivered + lost + in flight is a check on the
code and not a way of computing one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze
from omnisim.simulation.messages import Actions, Forecast, Outcome, Registration
from omnisim.simulation.protocol import PHASE_LENGTH, Phase
from omnisim.trace import LoggedMessages

KINDS: dict[type, tuple[str, Phase]] = {
    Registration: ("registration", Phase.FORECAST),
    Forecast: ("forecast", Phase.ACTION),
    Actions: ("actions", Phase.OUTCOME),
    Outcome: ("settlement", Phase.SETTLEMENT),
}
"""Name of each kind of message that travels, and the phase of its round in which it is due; later ones are late."""

MOST_LOGGED = 60_000
"""Messages whose single fates are kept, for drawing."""


@dataclass
class Count:
    """Fates of the messages of one kind, by the round in which they were sent, (T,) each."""

    sent: IntArray
    delivered: IntArray
    lost: IntArray
    late: IntArray
    delay_lines: list["DelayLine"] = field(default_factory=list)

    @property
    def in_flight(self) -> IntArray:
        """Messages neither lost nor read so far, (T,)."""
        found = np.zeros_like(self.sent)
        for line in self.delay_lines:
            for envelope in line.envelopes:
                found[envelope.round] += int(envelope.waiting.sum())
        return found


class Ledger:
    """The account of all messages of a run.

    Parameters
    ----------
    rounds
        T.
    parties
        Their names, for the log.
    per_round
        About how many messages a round has: single messages are logged in as many rounds as ``MOST_LOGGED`` allows,
        around the middle of the run.
    """

    def __init__(self, rounds: int, parties: Sequence[str], per_round: int) -> None:
        self.parties = {name: i for i, name in enumerate(parties)}
        self.counts = {name: Count(*np.zeros((4, rounds), dtype=np.int64)) for name, _ in KINDS.values()}
        logged = int(np.clip(MOST_LOGGED // max(1, per_round), 1, rounds))
        self._first = (rounds - logged) // 2
        self._last = self._first + logged - 1
        self._log: list[tuple[Any, ...]] = []

    def note(
        self,
        kind: int,
        round: int,  # noqa: A002 (the field's word)
        ends: tuple[IntArray, IntArray],
        sent: FloatArray,
        arrived: FloatArray,
    ) -> None:
        """Log single messages, if this round is logged."""
        if self._first <= round <= self._last:
            self._log.append((np.full(len(sent), kind), np.full(len(sent), round), *ends, sent, arrived))

    def logged(self) -> LoggedMessages:
        """The log, in the order of sending."""
        columns = (
            [np.concatenate(column) for column in zip(*self._log, strict=True)] if self._log else [np.empty(0)] * 6
        )
        kind, round_, sender, receiver = (freeze(column.astype(np.int64)) for column in columns[:4])
        sent, arrived = (freeze(np.asarray(column, dtype=np.float64)) for column in columns[4:])
        return LoggedMessages(kind, round_, sender, receiver, sent, arrived, self._first, self._last)


@dataclass
class Envelope:
    """A message on its way to P receivers, or from P senders to one: when it arrives, and for whom it still waits."""

    round: int
    message: Any
    arrives: FloatArray
    waiting: BoolArray


class DelayLine:
    """Messages in flight between one participant and P others: each can be read from its time of arrival on.

    Parameters
    ----------
    ledger
        The account.
    kind
        Class of the messages.
    senders, receivers
        Names: P of one, and the other side P times the same.
    """

    def __init__(self, ledger: Ledger, kind: type, senders: Sequence[str], receivers: Sequence[str]) -> None:
        name, due = KINDS[kind]
        self._ledger, self._count = ledger, ledger.counts[name]
        self._number = list(ledger.counts).index(name)
        self._due = due * PHASE_LENGTH
        self._ends = tuple(np.array([ledger.parties[end] for end in ends]) for ends in (senders, receivers))
        self._everyone = freeze(np.ones(len(self._ends[0]), dtype=np.bool_))
        self._count.delay_lines.append(self)
        self.size = len(self._everyone)
        self.envelopes: list[Envelope] = []

    def post(self, round: int, message: Any, sent: float, arrives: FloatArray, who: BoolArray | None = None) -> None:  # noqa: A002
        """Put a message on its way; ``who`` (P,) of the ends send or are sent one (None: all)."""
        who = self._everyone if who is None else who
        waiting = who & np.isfinite(arrives)
        posted = int(np.count_nonzero(who))
        self._count.sent[round] += posted
        self._count.lost[round] += int(np.count_nonzero(who & np.isinf(arrives)))
        self._ledger.note(
            self._number, round, (self._ends[0][who], self._ends[1][who]), np.full(posted, sent), arrives[who]
        )
        if waiting.any():
            self.envelopes.append(Envelope(round, message, arrives, waiting))

    def collect(self, now: float) -> list[tuple[Any, BoolArray]]:
        """Messages that have arrived and were not read before, in the order of their rounds, and for whom (P,)."""
        found, kept = [], []
        for envelope in self.envelopes:
            here = envelope.waiting & (envelope.arrives <= now)
            arrived = int(np.count_nonzero(here))
            if arrived:
                self._count.delivered[envelope.round] += arrived
                late = here & (envelope.arrives > envelope.round + self._due)
                self._count.late[envelope.round] += int(np.count_nonzero(late))
                envelope.waiting = envelope.waiting & ~here
                found.append((envelope.message, here))
            if envelope.waiting.any():
                kept.append(envelope)
        self.envelopes = kept
        return found
