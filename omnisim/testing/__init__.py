"""The contract that every strategy keeps, as checks for your own.

Each check drives copies of a strategy by hand, without the simulation, and raises a ``StrategyError`` that
says which rule is broken, in which situation and round. The built-in strategies pass the same checks.

Common to strategies of all four kinds:

- the same start and the same inputs give the same outputs: all randomness comes from what ``start`` is given;
- ``start`` forgets everything, so that a strategy can be used again;
- a deep copy goes its own way, also one made in the middle of a run;
- attributes are all there is to what it remembers: stored in the middle of a run and put into another copy (as
  checkpoints do, where they consist of data), they make that one go on in the same way;
- inputs are left as they were, and may be read-only;
- numbers are finite, and laws are probabilities on [0, 1]^d;
- what they declare in ``guarantees()`` can be put on record, and holds as far as the rounds played decide it.
"""

from omnisim.testing.adversaries import check_adversary
from omnisim.testing.elimination import check_elimination
from omnisim.testing.forecasters import check_forecaster
from omnisim.testing.learners import check_learner
from omnisim.testing.populations import check_population
from omnisim.testing.runs import DIMENSIONS, ROUNDS

__all__ = [
    "DIMENSIONS",
    "ROUNDS",
    "check_adversary",
    "check_elimination",
    "check_forecaster",
    "check_learner",
    "check_population",
]
