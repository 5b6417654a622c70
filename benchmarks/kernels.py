"""How long the numeric kernels take on this machine.

Takes: nothing; data are simulated from a fixed seed.
Gives: a line per kernel, the median of five runs in milliseconds.

Run with ``PYTHONPATH=workflow python benchmarks/kernels.py``.
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from igfmood.association.mediation import mediation
from igfmood.association.models.cluster_robust import cluster_robust
from igfmood.association.models.cox import fit_cox
from igfmood.association.models.firth import fit_firth
from igfmood.association.models.linear import ols_hc3
from igfmood.association.models.logistic import fit_logistic
from igfmood.association.models.negative_binomial import fit_negative_binomial
from igfmood.association.models.ordinal import fit_ordinal
from igfmood.normalise.batch import fit_batch
from igfmood.normalise.censoring import fit_censored
from igfmood.normalise.curves.choose import fit_reference
from igfmood.normalise.curves.curve import ReferenceSettings
from igfmood.performance.metrics.discrimination import auc_delong
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


def reference_people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
    """Concentration, age and sex of n healthy people."""
    age = rng.uniform(18, 85, n)
    female = (rng.random(n) < 0.5).astype(float)
    return np.exp(5.6 - 0.012 * age + rng.normal(0, 0.27, n)), age, female


def main() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 50_000)
    score = rng.normal(size=50_000) + 0.5 * y
    pair = np.column_stack([score, score + rng.normal(size=50_000)])
    wide, wider, small = design(rng, 50_000, 8), design(rng, 50_000, 10), design(rng, 5_000, 8)
    outcome = rng.normal(size=50_000)
    event = rng.random(5_000) < 1 / (1 + np.exp(1 - small @ np.full(8, 0.2)))
    yi, vi = rng.normal(-0.7, 0.6, 13), rng.uniform(0.01, 0.5, 13)
    people = {n: reference_people(rng, n) for n in (300, 5_000, 50_000)}
    settings = ReferenceSettings(method="bccg")
    plates = rng.integers(0, 40, 50_000).astype(str)
    value, age, _ = people[50_000]
    below = value < 90
    covariates = np.column_stack([np.ones(50_000), age])
    totals = np.minimum(27, rng.negative_binomial(0.6, 0.16, 50_000))
    years, ill = np.ceil(rng.exponential(8, 50_000) * 12) / 12, rng.random(50_000) < 0.1
    kernels: dict[str, Callable[[], object]] = {
        "auc_delong      n = 50,000, one score": lambda: auc_delong(y, score),
        "auc_delong      n = 50,000, two scores": lambda: auc_delong(y, pair),
        "ols_hc3         n = 50,000, p = 8": lambda: ols_hc3(wide, outcome),
        "ols_hc3         n = 50,000, p = 10": lambda: ols_hc3(wider, outcome),
        "fit_logistic    n = 5,000, p = 8": lambda: fit_logistic(small, event),
        **{
            f"fit_reference   n = {n:,}": lambda n=n: fit_reference(*people[n], settings)
            for n in people
        },
        "fit_batch       n = 50,000, 40 batches": lambda: fit_batch(value, plates, covariates),
        "fit_censored    n = 50,000": lambda: fit_censored(
            np.where(below, np.nan, value), np.full(50_000, 90.0), below, covariates
        ),
        "fit_ordinal     n = 5,000, 28 levels": lambda: fit_ordinal(small[:, 1:], totals[:5_000]),
        "fit_ordinal     n = 50,000, 28 levels": lambda: fit_ordinal(wide[:, 1:], totals),
        "fit_negative_binomial  n = 50,000": lambda: fit_negative_binomial(wide, totals),
        "fit_firth       n = 5,000, p = 8": lambda: fit_firth(small, event),
        "fit_cox         n = 50,000, p = 7": lambda: fit_cox(wide[:, 1:], years, ill),
        "mediation       n = 5,000, 2,000 resamples": lambda: mediation(
            small[:, 1], small[:, 2], outcome[:5_000], small[:, 3:], np.random.default_rng(1)
        ),
        "cluster_robust  n = 50,000, 20 clusters": lambda: cluster_robust(
            wide, outcome, np.arange(50_000) % 20
        ),
        "random_effects  k = 13": lambda: random_effects(yi, vi),
    }
    for name, kernel in kernels.items():
        print(f"{name:42s}{milliseconds(kernel):9.2f} ms")


if __name__ == "__main__":
    main()
