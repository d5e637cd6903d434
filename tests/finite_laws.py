"""Small finite laws of (x, y), base predictors on them, and the losses spelt out."""

from dataclasses import dataclass

import numpy as np

SIMULATED_X = np.array([0.05, 0.45, 0.85])
SIMULATED_MASS = np.array([0.1, 0.6, 0.3])
SIMULATED_CHANCE = np.array([0.3, 0.9, 0.4])
"""The simulated example of Gibbs and Tibshirani (Appendix B.1)."""


def loss(theta, p, y):
    """The weighted 0-1 loss."""
    return theta * (p > theta and y == 0) + (1 - theta) * (p <= theta and y == 1)


def theta(i, m):
    """theta_i, i from 1."""
    return (2 * i - 1) / (2 * m)


@dataclass
class FiniteLaw:
    """Points with probabilities ``mass``, chances of y = 1, and answers of m base predictors, (points, m)."""

    mass: np.ndarray
    chance: np.ndarray
    exceeds: np.ndarray

    @classmethod
    def random(cls, rng, points, m):
        """Base predictors that contradict each other now and then."""
        chance = rng.random(points)
        noise = rng.normal(scale=rng.choice([0.05, 0.3, 1.0]), size=(points, m))
        thetas = np.array([theta(i, m) for i in range(1, m + 1)])
        return cls(rng.dirichlet(np.ones(points)), chance, chance[:, None] + noise > thetas)

    def draw(self, rng, n):
        """A sample: answers (n, m) and outcomes (n,)."""
        points = rng.choice(len(self.mass), size=n, p=self.mass)
        return self.exceeds[points], (rng.random(n) < self.chance[points]).astype(int)

    def excess(self, law):
        """E l_{theta_i}(p, Y) - E l_{theta_i}(f_i, Y), exactly, (m,), of laws (points, m + 1)."""
        m = self.exceeds.shape[1]
        result = np.zeros(m)
        for i in range(1, m + 1):
            at = theta(i, m)
            for x, mass in enumerate(self.mass):
                f = at + 1 / (2 * m) if self.exceeds[x, i - 1] else at - 1 / (2 * m)
                for y, chance in ((0, 1 - self.chance[x]), (1, self.chance[x])):
                    own = sum(law[x, k] * loss(at, k / m, y) for k in range(m + 1))
                    result[i - 1] += mass * chance * (own - loss(at, f, y))
        return result
