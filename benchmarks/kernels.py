"""How long the numeric kernels take on this machine.

Takes: nothing; data are simulated from a fixed seed.
Gives: a line per kernel, the median of five runs in milliseconds.

Run with ``PYTHONPATH=workflow python benchmarks/kernels.py``.
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from igfmood.association.linear import ols_hc3
from igfmood.performance.discrimination import auc_delong
from igfmood.performance.logistic import fit_logistic
from igfmood.synthesis.random_effects import random_effects

RUNS = 5


def milliseconds(kernel: Callable[[], object]) -> float:
    """Median time of one call, after one that is not counted."""
    kernel()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        kernel()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def design(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    """Intercept and p - 1 normal columns."""
    return np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])


def main() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 50_000)
    score = rng.normal(size=50_000) + 0.5 * y
    pair = np.column_stack([score, score + rng.normal(size=50_000)])
    wide, wider, small = design(rng, 50_000, 8), design(rng, 50_000, 10), design(rng, 5_000, 8)
    outcome = rng.normal(size=50_000)
    event = rng.random(5_000) < 1 / (1 + np.exp(1 - small @ np.full(8, 0.2)))
    yi, vi = rng.normal(-0.7, 0.6, 13), rng.uniform(0.01, 0.5, 13)
    kernels: dict[str, Callable[[], object]] = {
        "auc_delong      n = 50,000, one score": lambda: auc_delong(y, score),
        "auc_delong      n = 50,000, two scores": lambda: auc_delong(y, pair),
        "ols_hc3         n = 50,000, p = 8": lambda: ols_hc3(wide, outcome),
        "ols_hc3         n = 50,000, p = 10": lambda: ols_hc3(wider, outcome),
        "fit_logistic    n = 5,000, p = 8": lambda: fit_logistic(small, event),
        "random_effects  k = 13": lambda: random_effects(yi, vi),
    }
    for name, kernel in kernels.items():
        print(f"{name:42s}{milliseconds(kernel):9.2f} ms")


if __name__ == "__main__":
    main()
