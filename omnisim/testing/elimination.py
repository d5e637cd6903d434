"""The contract of an elimination rule."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import EmptyCandidatesError, StrategyError
from omnisim.refusing import one_of
from omnisim.signatures import held_to_types
from omnisim.strategies.elimination.base import Elimination
from omnisim.streams import stream
from omnisim.testing.guarantees import check_declared
from omnisim.testing.runs import ROUNDS, ContractError, Output, Play, check_runs, compare
from omnisim.testing.world import random_activity, random_population

_SIZES = ((3, 4, 2, 3), (1, 1, 1, 1), (2, 3, 0, 2))
"""N, A, J, L of the situations tried."""


@held_to_types(StrategyError)
def check_elimination(rule: Elimination, *, rounds: int = ROUNDS) -> None:
    """Check that an elimination rule keeps its contract.

    Beside what all strategies promise: the candidates are a boolean array (N, A), asking for them changes
    nothing, and an action that left a set never returns; ``eliminated_at``, (N, A, K) with K = L or 1, says
    after which round each action left, in accordance with the candidates; and under ``feedback="played"`` the
    costs of other actions make no difference. What it declares in ``guarantees()`` holds on the rounds played, as far
    as they decide it; a rule that overrides a hook of one of ours declares nothing until it says so itself
    (``rule.replaced()`` names what it overrides).

    Parameters
    ----------
    rule
        An instance; it is left as it was.
    rounds
        T >= 1.

    Raises
    ------
    StrategyError
        Naming the rule that is broken, or the argument that is of another type or below 1.

    Examples
    --------
    >>> import omnisim
    >>> omnisim.testing.check_elimination(omnisim.elimination.FirstViolation(feedback="played"))

    A rule that forgives:

    >>> class Forgiving(omnisim.elimination.FirstViolation):
    ...     def _candidates(self, active):
    ...         return super()._candidates(active) | (self.round % 5 == 4)
    >>> omnisim.testing.check_elimination(Forgiving())
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: Forgiving took an action back: its candidates of round 4 are not among those
    of round 2, which has the same subsequences (N = 3, A = 4, J = 2, L = 3)

    One that looks at every eighth round only: it promises nothing, until it boasts of what Algorithm 1 does.

    >>> class Sleepy(omnisim.elimination.FirstViolation):
    ...     def _update(self, actions, costs, active):
    ...         if self.round % 8 == 7:
    ...             super()._update(actions, costs, active)
    >>> omnisim.testing.check_elimination(Sleepy())
    >>> class Boasting(Sleepy):
    ...     def guarantees(self):
    ...         return omnisim.elimination.FirstViolation.guarantees(self)
    >>> omnisim.testing.check_elimination(Boasting())
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: Boasting declares Theorem 1, ...
    """
    one_of("rule of check_elimination", rule, Elimination, "an Elimination", StrategyError)
    if rule.feedback not in ("full", "played"):
        raise StrategyError(f"{type(rule).__name__} has the feedback {rule.feedback!r}: it must be 'full' or 'played'")
    for agents, actions, constraints, subsequences in _SIZES:
        where = f"N = {agents}, A = {actions}, J = {constraints}, L = {subsequences}"
        play = _EliminationPlay(where, (agents, actions, constraints), subsequences, rounds)
        reference = check_runs(rule, play)
        play.check_candidates(type(rule).__name__, reference)
        play.check_guarantees(rule)
        if rule.feedback == "played":
            play.hide_unplayed = True
            compare(
                play.run(copy.deepcopy(rule)),
                reference,
                f"{type(rule).__name__} declares feedback='played', but costs of actions not played matter",
                play,
            )


class _EliminationPlay(Play[Elimination]):
    def __init__(self, where: str, sizes: tuple[int, int, int], subsequences: int, rounds: int) -> None:
        super().__init__(where, rounds)
        rng = stream(0, "elimination")
        agents, actions, constraints = sizes
        self.population = random_population(rng, "agents", agents, actions, 2, constraints)
        self.active = random_activity(rng, rounds, subsequences)
        self.scores = rng.random((rounds, agents, actions))
        # The first agent keeps its first action, the last one loses all; the others something in between.
        level = rng.uniform(-1, 0.1, (agents, actions, constraints))
        level[0, 0], level[-1] = -1, 0.2
        self.costs = np.clip(level + rng.uniform(-0.3, 0.3, (rounds, agents, actions, constraints)), -1, 1)
        self.hide_unplayed = False

    def start(self, strategy: Elimination) -> None:
        with self.giving(strategy, "start", population=self.population, active=self.active) as given:
            strategy.start(given["population"], given["active"])
            self._left_at(strategy, (self.rounds,))

    def step(self, strategy: Elimination, t: int) -> Output:
        shape = self.scores[t].shape
        with self.giving(strategy, f"candidates of round {t}", active=self.active[t]) as given:
            candidates = np.array(_expect_candidates(strategy.candidates(given["active"]), shape))
            if not np.array_equal(strategy.candidates(given["active"]), candidates):
                raise ContractError("asking for the candidates changes them")
            playable = self._playable(strategy, given["active"], candidates)
            self._check_registered(strategy, given["active"], playable)
        actions = np.where(playable, self.scores[t], -np.inf).argmax(axis=1)
        costs = -self.costs[t] if self.other else self.costs[t]
        if self.hide_unplayed:
            seen = np.zeros(shape, dtype=np.bool_)
            seen[np.arange(len(actions)), actions] = True
            costs = np.where(seen[:, :, None], costs, 1.0)
        with self.giving(
            strategy, f"update of round {t}", actions=actions, costs=costs, active=self.active[t]
        ) as given:
            strategy.update(**given)
            left_at = self._left_at(strategy, range(self.rounds + 1))
        return candidates, actions, left_at

    def check_candidates(self, name: str, reference: Sequence[Output]) -> None:
        """Candidates never return, and agree with ``eliminated_at``."""
        last_seen: dict[bytes, int] = {}
        left_at = reference[-1][2]
        for t, (candidates, _, _) in enumerate(reference):
            before = last_seen.get(self.active[t].tobytes(), t)
            if (candidates & ~reference[before][0]).any():
                raise StrategyError(
                    f"{name} took an action back: its candidates of round {t} are not among those of round "
                    f"{before}, which has the same subsequences ({self.where})"
                )
            last_seen[self.active[t].tobytes()] = t
            sets = self.active[t] if left_at.shape[2] == self.active.shape[1] else slice(None)
            if not np.array_equal(candidates, (left_at[:, :, sets] >= t).any(axis=2)):
                raise StrategyError(
                    f"{name} says in eliminated_at something else than its candidates of round {t} ({self.where})"
                )

    def check_guarantees(self, rule: Elimination) -> None:
        """Check the rule's declarations where violations are as large as they can be, and played whenever possible."""
        harsh = copy.copy(self)
        harsh.costs = np.where(self.costs > 0, 1.0, self.costs)
        harsh.scores = harsh.costs.max(axis=3, initial=-1.0)
        used = copy.deepcopy(rule)
        candidates, actions, _ = (np.stack(values) for values in zip(*harsh.run(used), strict=True))
        check_declared(used, self.where, actions, harsh.costs, candidates, self.active)

    def _playable(self, rule: Elimination, active: BoolArray, candidates: BoolArray) -> BoolArray:
        empty = np.asarray(~candidates.any(axis=1))
        try:
            playable, fallback = rule.playable(active)
        except EmptyCandidatesError:
            if rule.on_empty != "error" or not empty.any():
                raise
            return candidates | empty[:, None]
        if empty.any() and rule.on_empty == "error":
            raise ContractError("on_empty='error', but an agent without candidates plays on")
        if not (
            np.array_equal(fallback, empty)
            and np.array_equal(playable[~empty], candidates[~empty])
            and (playable[empty].sum(axis=1) == 1).all()
        ):
            raise ContractError("playable must be the candidates, with one fallback action where there are none")
        return playable

    def _check_registered(self, rule: Elimination, active: BoolArray, playable: BoolArray) -> None:
        with suppress(EmptyCandidatesError):  # already found to be right
            if not np.array_equal(rule.registered(active), playable):
                raise ContractError("the candidates it registers are not those it chooses from")

    def _left_at(self, rule: Elimination, allowed: Sequence[int]) -> Any:
        left_at = rule.eliminated_at
        agents, actions = self.population.agents, self.population.actions
        shapes = [(agents, actions, sets) for sets in {1, self.active.shape[1]}]
        if not isinstance(left_at, np.ndarray) or left_at.shape not in shapes or left_at.dtype.kind not in "iu":
            raise ContractError(f"eliminated_at must be an array of integers (N, A, K), K = L or 1, got {left_at!r}")
        if not np.isin(left_at, allowed).all():
            raise ContractError(
                f"eliminated_at must lie in {min(allowed)}..{max(allowed)}, T standing for never, got {left_at!r}"
            )
        return left_at.copy()


def _expect_candidates(candidates: object, shape: tuple[int, int]) -> BoolArray:
    if not isinstance(candidates, np.ndarray) or candidates.dtype != np.bool_ or candidates.shape != shape:
        raise ContractError(f"candidates must be a boolean array of shape (N, A) = {shape}, got {candidates!r}")
    return candidates
