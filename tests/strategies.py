"""Outcomes and predictions that tests of measures draw."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def predictions(draw, smallest=2, most=12):
    """Outcome with both classes, and risks on a coarse grid within (0, 1), so that ties are common.

    Not all risks are equal.
    """
    n1, n0 = draw(st.integers(smallest, most)), draw(st.integers(smallest, most))
    n = n1 + n0
    steps = st.lists(st.integers(1, 19), min_size=n, max_size=n)
    grid = draw(steps.filter(lambda found: len(set(found)) > 1))
    order = draw(st.permutations(range(n)))
    y = np.repeat([1, 0], [n1, n0])
    return y[np.array(order)], np.array(grid) / 20


def simulated(rng, n, strength=1.0, intercept=-0.5):
    """Outcome and its true risk."""
    log_odds = intercept + strength * rng.normal(size=n)
    p = 1 / (1 + np.exp(-log_odds))
    return (rng.random(n) < p).astype(int), p


def coverage(truth, interval, runs):
    """Share of runs whose interval (function of a generator) holds the truth."""
    found = [interval(np.random.default_rng(seed)) for seed in range(runs)]
    return np.mean([low <= truth <= high for low, high in found])
