"""Can the imputations be trusted: chains that agree, and imputed values that look plausible.

Takes: the imputations of one table.
Gives: R-hat of every variable, observed against imputed values, shares that were missing.
"""

from dataclasses import dataclass

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.impute.imputations import Imputations
from igfmood.impute.variables import CATEGORICAL, FloatArray

#: Iterations that must be left after the first half is discarded.
MIN_KEPT = 3
#: Bins of the density between the 1st and 99th centile of all values, people outside in the
#: outermost: coarse, so that nobody's value can be read off.
BINS = 20


@dataclass(frozen=True)
class Convergence:
    """Agreement of the chains on one variable.

    Attributes
    ----------
    variable : str
    rhat_mean, rhat_sd : float
        Potential scale reduction of the mean and of the standard deviation of the imputed
        values; near 1 when the chains cannot be told apart.
    iterations : int
        Iterations used: the second half.
    """

    variable: str
    rhat_mean: float
    rhat_sd: float
    iterations: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Observed against imputed values of one variable.

    Attributes
    ----------
    variable : str
    n_observed, n_censored, n_missing : int
        People with a value, with a value below a limit, and with none.
    share_missing : float
        Share of all people without a value, those below a limit not counted.
    observed_mean, observed_sd, imputed_mean, imputed_sd : float
        Imputed: over all missing people and imputations, those below a limit included. A
        difference is no fault where missing depends on what is observed.
    grid : ndarray, shape (bins + 1,) or (K,)
        Edges of the bins, or the codes of a categorical variable.
    observed_share, imputed_share : ndarray, shape (bins,) or (K,)
        Share of the values in each.
    """

    variable: str
    n_observed: int
    n_censored: int
    n_missing: int
    share_missing: float
    observed_mean: float
    observed_sd: float
    imputed_mean: float
    imputed_sd: float
    grid: FloatArray
    observed_share: FloatArray
    imputed_share: FloatArray


def rhat(trace: FloatArray) -> float:
    """Gelman and Rubin's potential scale reduction factor.

    Parameters
    ----------
    trace : ndarray, shape (iterations, chains)

    Returns
    -------
    float
        1 when no chain ever moves.

    Raises
    ------
    NotEstimable
        One chain, or fewer than `MIN_KEPT` iterations; chains that stand still at different
        places.

    Notes
    -----
    ``sqrt((W (n - 1)/n + B/n) / W)`` for the mean variance W within chains and n times the
    variance B of their means: the classical form, not split and without ranks, which need longer
    chains than imputation uses.

    References
    ----------
    Gelman A, Rubin DB (1992). Stat Sci 7:457-472, section 2.2; Gelman A et al (2013). Bayesian
    Data Analysis, 3rd ed., equations 11.3 and 11.4.
    """
    n, chains = trace.shape
    if chains < 2 or n < MIN_KEPT:
        raise NotEstimable(
            f"convergence needs 2 chains and {MIN_KEPT} iterations in the second half, found "
            f"{chains} and {n}"
        )
    within = float(trace.var(axis=0, ddof=1).mean())
    between = float(trace.mean(axis=0).var(ddof=1))
    if within == 0:
        if between == 0:
            return 1.0
        raise NotEstimable("the chains stand still at different values")
    return float(np.sqrt((n - 1) / n + between / within))


def convergence(imputations: Imputations, name: str) -> Convergence:
    """R-hat of one imputed variable over the second half of the iterations.

    Parameters
    ----------
    imputations : Imputations
    name : str
        A variable with gaps.

    Returns
    -------
    Convergence

    Raises
    ------
    KeyError
        A variable that was not imputed.
    NotEstimable
        As `rhat`.
    """
    kept = slice(imputations.iterations // 2, None)
    mean, sd = imputations.trace_mean[name][kept], imputations.trace_sd[name][kept]
    return Convergence(name, rhat(mean), rhat(sd), len(mean))


def compare(imputations: Imputations, name: str) -> Comparison:
    """Observed against imputed values of one variable with gaps.

    Parameters
    ----------
    imputations : Imputations
    name : str

    Returns
    -------
    Comparison

    Raises
    ------
    KeyError
        A variable that was not imputed.
    """
    variable, imputed = imputations.variable(name), imputations.imputed[name].ravel()
    observed, n = variable.observed, variable.values.size
    censored = 0
    if variable.upper_limit is not None:
        censored = int((~np.isnan(variable.upper_limit)).sum())
    missing = n - observed.size - censored
    if variable.kind in CATEGORICAL:
        grid = np.arange(variable.n_categories, dtype=float)
        edges = np.append(grid, grid[-1] + 1) - 0.5
    else:
        ends = np.quantile(np.concatenate([observed, imputed]), [0.01, 0.99])
        grid = edges = np.linspace(ends[0], ends[1], BINS + 1)
    return Comparison(
        variable=name,
        n_observed=observed.size,
        n_censored=censored,
        n_missing=missing,
        share_missing=missing / n,
        observed_mean=float(observed.mean()),
        observed_sd=float(observed.std(ddof=1)),
        imputed_mean=float(imputed.mean()),
        imputed_sd=float(imputed.std()),
        grid=grid,
        observed_share=_shares(observed, edges),
        imputed_share=_shares(imputed, edges),
    )


def _shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Share of the values in each bin; those beyond the outer edges in the outermost bins."""
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)[0]
    return counts / values.size
