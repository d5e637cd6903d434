"""The contract of an adversary."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.refusing import one_of
from omnisim.signatures import held_to_types
from omnisim.strategies.adversaries.base import Adversary
from omnisim.streams import stream
from omnisim.testing.runs import DIMENSIONS, ROUNDS, Output, Play, check_runs, compare, law_of
from omnisim.testing.world import SITUATIONS, TestWorld


@held_to_types(StrategyError)
def check_adversary(adversary: Adversary, *, rounds: int | None = None, features: Sequence[str] = ()) -> None:
    """Check that an adversary keeps its contract.

    Beside what all strategies promise: it chooses a law on [0, 1]^d, d its ``dimension``, in every round up to
    its ``horizon``, and refuses rounds beyond it with a ``StrategyError``; and it publishes the features that it
    declares. If it is ``oblivious``, law and features depend on the context alone: not on the mixture, the history, or
    what it was asked before.

    Parameters
    ----------
    adversary
        An instance; it is left as it was.
    rounds
        T >= 1; its horizon, or 30 if that is shorter or there is none.
    features
        Names of what the context must have for this adversary to work at all.

    Raises
    ------
    StrategyError
        Naming the rule that is broken, or the argument that is of another type or below 1.

    Examples
    --------
    >>> import omnisim
    >>> omnisim.testing.check_adversary(omnisim.adversaries.Independent([[0.0], [1.0]]))

    One that answers to the forecaster, but does not say so:

    >>> class Spiteful(omnisim.adversaries.Independent):
    ...     def _law(self, context, mixture, history):
    ...         return [0.0] if mixture is None else [float(mixture.mean[0] < 0.5)]
    >>> omnisim.testing.check_adversary(Spiteful([[0.0], [1.0]]))
    Traceback (most recent call last):
    ...
    omnisim.errors.StrategyError: Spiteful declares itself oblivious, but its law depends on more than the
    context, first in round 0 (d = 1, registered populations)
    """
    one_of("adversary of check_adversary", adversary, Adversary, "an Adversary", StrategyError)
    name, horizon = type(adversary).__name__, adversary.horizon
    if horizon is not None and horizon < 1:
        raise StrategyError(f"{name} has the horizon {horizon}: it must be >= 1")
    if rounds is None:
        rounds = ROUNDS if horizon is None else min(ROUNDS, horizon)
    for dimension in _dimensions(adversary):
        for situation in ("registered populations", "everything"):
            where = f"d = {dimension}, {situation}"
            around = TestWorld(dimension, rounds, features, (), SITUATIONS[situation])
            play = _AdversaryPlay(where, around, dimension, rounds)
            reference = check_runs(adversary, play)
            if adversary.oblivious:
                rule = f"{name} declares itself oblivious, but its law depends on more than the context"
                compare(play.backwards(copy.deepcopy(adversary)), reference, rule, play)
            if horizon is not None:
                _check_refusal(adversary, play, horizon)


def _dimensions(adversary: Adversary) -> Sequence[int]:
    """Dimensions that it takes from the populations, or the one it declares."""
    asked = {d: adversary.dimension_for(_populations(d)) for d in DIMENSIONS}
    followed = [d for d, answer in asked.items() if answer == d]
    if followed:
        return followed
    declared = min(asked.values())
    if declared < 1:
        raise StrategyError(f"{type(adversary).__name__} has the dimension {declared}: it must be >= 1")
    return [declared]


def _populations(dimension: int) -> Sequence[Population]:
    return TestWorld(dimension, 1, (), (), SITUATIONS["registered populations"]).populations


def _check_refusal(adversary: Adversary, play: "_AdversaryPlay", horizon: int) -> None:
    beyond = copy.deepcopy(adversary)
    play.start(beyond)
    try:
        beyond.law(Context(round=horizon), play.mixtures[0], play.history(0))
    except StrategyError:
        return
    except Exception as cause:
        raise StrategyError(
            f"{type(adversary).__name__} has {horizon} rounds: it must refuse round {horizon} with a StrategyError, "
            f"but raises {type(cause).__name__}: {cause}"
        ) from cause
    raise StrategyError(
        f"{type(adversary).__name__} has {horizon} rounds: it must refuse round {horizon} with a StrategyError, "
        "but plays on"
    )


class _AdversaryPlay(Play[Adversary]):
    def __init__(self, where: str, around: TestWorld, dimension: int, rounds: int) -> None:
        super().__init__(where, rounds)
        self.contexts, self._populations = around.contexts, around.populations
        rng = stream(0, "mixtures")
        self.mixtures = [Mixture(rng.random((3, dimension)), rng.dirichlet(np.ones(3))) for _ in range(rounds)]
        self._predictions = np.stack([mixture.sample(rng) for mixture in self.mixtures])
        self._actions = {p.name: rng.integers(0, p.actions, (rounds, p.agents)) for p in self._populations}
        self._outcomes = np.empty((rounds, dimension))
        self._rng, self._played = rng, 0

    def start(self, strategy: Adversary) -> None:
        with self.giving(strategy, "start", populations=self._populations) as given:
            strategy.start(stream(0, "adversary"), given["populations"])

    def history(self, t: int) -> History:
        """Record of the rounds before t, as the adversary is given it."""
        actions = {name: actions[:t] for name, actions in self._actions.items()}
        return History(self._outcomes[:t], self._predictions[:t], actions)

    def step(self, strategy: Adversary, t: int) -> Output:
        context, history = replace(self.contexts[t], candidates={}), None
        if not strategy.oblivious:
            context, history = self.contexts[t], self.history(t)
        context, published = self._published(strategy, context, history)
        mixture = self.mixtures[t - 1 if self.other else t]
        with self.giving(strategy, f"law of round {t}", context=context, mixture=mixture, history=history) as given:
            law = strategy.law(**given)
            chosen = law_of(law, self._outcomes.shape[1])
        if self._played == t:  # what happened in the first run is the history of all of them
            self._outcomes[t] = law.sample(self._rng)
            self._played += 1
        return (*chosen, *published)

    def _published(self, strategy: Adversary, context: Context, history: History | None) -> tuple[Context, Output]:
        """The context with what the adversary publishes, and that."""
        with self.giving(strategy, f"publish of round {context.round}", context=context, history=history) as given:
            features = strategy.publish(**given)
        return replace(context, features={**context.features, **features}), tuple(features.values())

    def backwards(self, strategy: Adversary) -> list[Output]:
        """Answers before anything has happened, asked for from the last round to the first."""
        self.start(strategy)
        answers = []
        for t in reversed(range(self.rounds)):
            context, published = self._published(strategy, replace(self.contexts[t], candidates={}), None)
            with self.giving(strategy, f"law of round {t} before anyone has acted", context=context) as given:
                answers.append((*law_of(strategy.law(given["context"], None, None)), *published))
        return answers[::-1]
