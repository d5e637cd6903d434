"""Theorems behind the certificates, in words and as formulas, for readers who have not read the papers.

Numbers are those of Bechavod, Lu, Roth; sections are those of this project's account of the theory. A theorem that is
not listed here is shown with its claim as its words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Theorem:
    """Promise of a theorem.

    Attributes
    ----------
    title
        In a few words.
    words
        The bound, in words.
    formula
        The bound, in symbols.
    """

    title: str
    words: str
    formula: str


_BIAS = Theorem(
    "the forecast is hardly biased where it decides something",
    "In the rounds of a subsequence in which an agent plays an action, the errors of the forecast add up to little: "
    "to about the root of the sum V of their expected squares, times the logarithm of the number of such events.",
    "|bias(S, a)| ≤ min over η of Λ / η + η V, Λ = ln(m Φ); for sampled predictions + what draws may add",
)
_SWAP = Theorem(
    "no change of actions would have gained much (swap regret)",
    "What the best change “whenever I played a, I should have played b” would have gained is at most about the root of "
    "the sum V of the squares of the differences, times the logarithm of the number of such changes. A forecaster that "
    "keeps the bias small, and not this itself, bounds it by twice the steepness of the utility times its bounds on "
    "the bias.",
    "before the run, in expectation, swap regret(S) ≤ range · min over η of (ln(m |A|^|A| E e) − |S| ln(1 − η²) / 2) / "
    "artanh(η); from the record, range · min over η of (ln(m |A|^P E Φ/K) + c η² V) / η + what draws may add; or 2 L "
    "Σₐ bound on bias(S, a)",
)
_EXTERNAL = Theorem(
    "no single action would have gained much (external regret)",
    "What the best single action would have gained is at most about the root of the sum V of the squares of the "
    "differences, times the logarithm of the number of agents and actions. A forecaster that keeps the bias small, and "
    "not this itself, bounds it by twice the steepness of the utility times its bounds on the bias.",
    "before the run, in expectation, external regret(S) ≤ range · min over η of (ln(m |A| E e) − |S| ln(1 − η²) / 2) / "
    "artanh(η); from the record, range · min over η of (ln(m |A| E Φ/K) + c η² V) / η + what draws may add; or 2 L "
    "Σₐ bound on bias(S, a)",
)
_FROM_BIAS = Theorem(
    "regret is at most what the bias of the forecast explains",
    "What the best change of actions in hindsight would have gained is at most twice the steepness of the utility "
    "times the sum, over the actions, of how far the forecasts were off in the rounds in which the action was played. "
    "It holds on every record, for any forecaster.",
    "swap regret(S) ≤ 2 L Σₐ ‖Σ_{t ∈ S, aₜ = a} (pₜ − yₜ)‖∞",
)
_KEPT_SURELY = Theorem(
    "no action that never violates is given up",
    "The number of actions that were given up although they never violated a constraint is zero.",
    "B ⊆ Aₜ for all t",
)
_KEPT_LIKELY = Theorem(
    "no action that never violates in expectation is given up",
    "The number of actions that were given up although they never violate a constraint in expectation is zero, with "
    "high probability.",
    "BE ⊆ Aₜ for all t, with probability ≥ 1 − δ",
)

THEOREMS = {
    "Assumption 1": Theorem(
        "utilities are what the theory assumes",
        "Utilities lie between 0 and 1 wherever outcomes do, and change by at most as much as the outcome does. This "
        "is a check of the problem, not a result.",
        "u(a, y) ∈ [0, 1] for y ∈ [0, 1]ᵈ; L = maxₐ ‖Uₐ‖₁ ≤ 1",
    ),
    "Section 2": Theorem(
        "costs are what the theory assumes",
        "The cost of a constraint lies between −1 and 1. This is a check of the problem, not a result.",
        "c(a, y) ∈ [−1, 1]",
    ),
    "Proposition 1": _KEPT_SURELY,
    "Proposition 2": _KEPT_LIKELY,
    "Proposition 3": _KEPT_SURELY,
    "Proposition 4": _KEPT_LIKELY,
    "Theorem 1": Theorem(
        "all violations together stay below a number that does not grow with time",
        "An agent violates a constraint in at most as many rounds as it has actions that ever violate it: each is "
        "given up after its first violation. Where news comes up to D rounds late, each may be played D times more.",
        "CCV⁺ ≤ |A ∖ B|; with delays (1 + D) |A ∖ B| + lost + defaults",
    ),
    "Theorem 2": Theorem(
        "violations less what slack makes up for stay near the threshold",
        "The costs of an agent add up to at most the number of its actions times one more than the threshold γ at "
        "which an action is given up.",
        "CCV ≤ |A| (1 + γ); with delays |A| (1 + γ + D) + lost + defaults",
    ),
    "Theorem 5": Theorem(
        "violations on every subsequence stay below a number that does not grow with time",
        "On each subsequence an agent violates a constraint in at most as many rounds as there are pairs of a "
        "subsequence and an action.",
        "CCV⁺(S) ≤ L |A|, L subsequences; with delays L |A| (1 + D) + lost + defaults",
    ),
    "Theorem 6": Theorem(
        "violations less slack on every subsequence stay near the threshold",
        "On each subsequence the costs of an agent add up to at most the number of pairs of a subsequence and an "
        "action times one more than the threshold γ at which an action is given up.",
        "CCV(S) ≤ L |A| (1 + γ_S), L subsequences; with delays L |A| (1 + γ_S + D) + lost + defaults",
    ),
    **dict.fromkeys(("Theorem 3", "Theorem 7", "Theorem 9", "Theorem 11"), _FROM_BIAS),
    **dict.fromkeys(("Theorem 4", "Theorem 8", "Theorem 10", "Theorem 12"), _BIAS),
    **dict.fromkeys(("Corollary 2", "Corollary 5", "Corollary 7", "Corollary 9"), _SWAP),
    **dict.fromkeys(("Corollary 3", "Corollary 6", "Corollary 8", "Corollary 10"), _EXTERNAL),
    "Section 4.1": Theorem(
        "no agent would have gained much by following one of the base forecasts",
        "What an agent would have earned more, had it followed a base forecast all along, is at most about the root "
        "of the sum V of the squares of the differences.",
        "regret(S) to base b ≤ min over η of Λ / η + η V, Λ = ln(m Φ); for the actions really played + what draws may "
        "add",
    ),
    "Section 4.2": Theorem(
        "the forecaster stayed within its budget",
        "The potential, which adds up how far all K objectives are from their bounds, stays below e times its start. "
        "As long as it does, the bounds on the bias hold whatever the market does.",
        "Φ / K ≤ e",
    ),
    "Section 7": Theorem(
        "the forecast is hardly biased above and below every level",
        "In the rounds in which the forecast is below a level, and a base forecast below a threshold, its errors add "
        "up to about the root of the sum V of their expected squares.",
        "|Σ_{t ∈ S} E 1[pₜ ≤ v] 1[hₜ ≤ w] (yₜ − pₜ)| ≤ min over η of Λ / η + η V, Λ = ln(m Φ)",
    ),
    "Hedge": Theorem(
        "no single action would have gained much more than the draws",
        "What the best single action would have gained is at most about the root of the rounds times the logarithm of "
        "the number of actions, and the luck of the draw.",
        "external regret ≤ √(T ln|A| / 2) with the tuned rate, + √(T ln(N / δ) / 2)",
    ),
    "Blum and Mansour": Theorem(
        "no change of actions would have gained much more than the draws",
        "What the best change of actions would have gained is at most about the root of the rounds times the number of "
        "actions and its logarithm, and the luck of the draw.",
        "swap regret ≤ √(T |A| ln|A| / 2) with the tuned rate, + √(2 T (|A| ln|A| + ln(N / δ)))",
    ),
    "Neely and Yu": Theorem(
        "regret and violations grow slower than the rounds",
        "The learner trades utility against a queue of the violations so far: regret is at most a multiple of the root "
        "of the rounds, violations of their power 3/4, and the luck of the draw.",
        "external regret ≤ √T (|A| / 4 + 2 + J / 2) + √(T ln(N / δ) / 2); CCV ≤ Q (1 + |A| √J / 2) + |A| √T / 2 + "
        "√(2 T ln(N J / δ)), Q² = 2 T √T + T (|A| / 2 + 4 + J)",
    ),
    "Sinha and Vaze": Theorem(
        "regret and violations grow like the root of the rounds",
        "The learner follows the gradient of utility and of violations, the more the more was violated: regret is at "
        "most a multiple of the root of the rounds, violations of that times a logarithm, and the luck of the draw.",
        "external regret ≤ 2 G D (√T + 1) + √(T ln(N / δ) / 2); CCV ≤ 4 G D ln(2 (1 + 2 T)) √T + √(2 T ln(N J / δ))",
    ),
}
"""Theorems by the names that certificates have."""

SYMBOLS = (
    ("A, a, |A|", "the actions of an agent, one of them, and how many there are"),
    ("S, |S|", "the rounds of a subsequence, and how many there are"),
    ("B, BE", "the actions that never violated a constraint, and those that never do in expectation"),
    ("pₜ, yₜ", "forecast and outcome of round t, in the declared range, which is [0, 1]ᵈ"),
    ("CCV, CCV⁺", "the sum of a constraint’s costs, and of its violations, for the worst constraint of an agent"),
    ("L", "the steepness of the utility in the outcome, or the number of subsequences, as the formula says"),
    ("γ, δ", "the threshold at which an action is given up, and the probability with which a promise may fail"),
    (
        "K, m, Λ, V",
        "objectives and rates of the forecaster, 1 + ln(K m), sum of squared expected errors; beside η, m counts the η",
    ),
    ("Φ", "the potential of the forecaster"),
    ("η, c", "rates of the forecaster, and the constant of each (see omnisim.game.regret_bounds)"),
    (
        "E, P, range",
        "5.3 times the pairs of a subsequence and an agent, actions that were played, and the agent’s range of utility",
    ),
    ("T, N, J", "rounds, agents of the population, and constraints"),
    ("G, D", "of learners: the longest gradient, and the widest distance between distributions over actions"),
    ("D, lost, defaults", "the longest delay of news in rounds, news that never came, rounds with a default action"),
)
"""Symbols of the formulas, with their meanings."""

_TYPOGRAPHY = (
    ("<=", "≤"), (">=", "≥"), ("CCV+", "CCV⁺"), ("|A without B|", "|A ∖ B|"), ("gamma_S", "γ_S"), ("gamma", "γ"),
    ("eta^2", "η²"), (" eta", " η"), ("(eta", "(η"), ("Lambda", "Λ"), ("delta", "δ"), ("Phi", "Φ"), ("sqrt(", "√("),
    ("[0, 1]^d", "[0, 1]ᵈ"),
)  # fmt: skip


def typeset(claim: str) -> str:
    """A claim with the symbols of the formulas.

    >>> typeset("CCV+(S) <= L |A| (1 + gamma_S)")
    'CCV⁺(S) ≤ L |A| (1 + γ_S)'
    """
    for plain, symbol in _TYPOGRAPHY:
        claim = claim.replace(plain, symbol)
    return claim


def theorem_of(name: str, claims: Sequence[str] = ()) -> Theorem:
    """Find a theorem by its name; the claims of an unknown one stand for its words and its formula."""
    if name in THEOREMS:
        return THEOREMS[name]
    said = "; ".join(typeset(claim) for claim in claims)
    return Theorem("", said, said)


def anchor_of(name: str) -> str:
    """Identifier in the page of a theorem's formula.

    >>> anchor_of("Section 4.2")
    'formula-section-4-2'
    """
    return "formula-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
