"""Combine cohorts that were analysed apart, and say how far they disagree.

Takes: one estimate and one sampling variance per study, on one scale.
Gives: a REML random-effects synthesis with Knapp-Hartung interval and prediction interval.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, stdtr, stdtrit

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

MAX_STEPS = 200
STEP_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """A random-effects meta-analysis. Scale: that of the estimates that went in.

    Attributes
    ----------
    mu, se : float
        Mean effect and its Knapp-Hartung standard error.
    se_normal : float
        Standard error from the model alone, as for a normal interval: with few studies that
        happen to agree it can be the larger of the two.
    df : int
        k - 1; of t, of the interval and of the prediction interval.
    t, p : float
        ``mu / se`` and its two-sided p.
    ci_low, ci_high : float
        Interval for the mean effect.
    pi_low, pi_high : float
        Prediction interval: the range for the true effect in a new study.
    tau2, se_tau2 : float
        Between-study variance by REML, and its standard error from the expected information.
    i2 : float
        Percent of the variance that is between studies, 0 to 100, from tau2.
    h2 : float
        Total over sampling variance, 1 or more, from tau2.
    q, q_df, q_p : float, int, float
        Cochran's Q test of homogeneity.
    k : int
        Studies.
    weights : ndarray, shape (k,)
        Random-effects weights as shares; they sum to 1.
    level : float
        Coverage of both intervals.
    """

    mu: float
    se: float
    se_normal: float
    df: int
    t: float
    p: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    se_tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    k: int
    weights: FloatArray
    level: float


def random_effects(yi: npt.ArrayLike, vi: npt.ArrayLike, level: float = 0.95) -> RandomEffects:
    """Random-effects meta-analysis: REML, Knapp-Hartung, prediction interval.

    Parameters
    ----------
    yi : array_like, shape (k,)
        Study estimates, one scale, same direction.
    vi : array_like, shape (k,)
        Their sampling variances (squared standard errors).
    level : float
        Coverage of both intervals.

    Returns
    -------
    RandomEffects

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        One study only; a sampling variance that is not above 0; studies that agree exactly
        (the Knapp-Hartung standard error is then 0); tau2 not found.

    Notes
    -----
    The Knapp-Hartung factor is not truncated at 1: the interval may be narrower than the normal
    one when studies agree better than their sampling errors allow. The prediction interval is
    ``mu +- t(k-1) * sqrt(tau2 + se^2)`` with the Knapp-Hartung `se` (metafor with
    ``test="knha"``); the meta package uses t(k-2). I2 and H2 are computed from tau2 with the
    typical sampling variance, not from Q.

    References
    ----------
    Viechtbauer W (2005). J Educ Behav Stat 30:261-293, equations 15 and 16 (REML).
    Knapp G, Hartung J (2003). Stat Med 22:2693-2710, equation 5.
    Higgins JPT, Thompson SG (2002). Stat Med 21:1539-1558, equations 9 and 10 (typical variance).
    Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). J R Stat Soc A 172:137-159, section 4.
    """
    y, v = _checked(yi, vi)
    k, df = y.size, y.size - 1
    # Measured from the most precise study, whose residual would otherwise be lost to rounding.
    origin = float(y[np.argmin(v)])
    y = y - origin
    tau2 = _reml_tau2(y, v)
    w = 1 / (v + tau2)
    offset, residual, total = _weighted(y, w)
    mu = origin + offset
    se2 = float(w @ residual**2) / (df * total)
    if not se2 > 1e-28 * mu**2:
        raise NotEstimable(
            f"the k = {k} studies give the same estimate ({mu:g}): the Knapp-Hartung standard "
            "error is 0"
        )
    se = float(np.sqrt(se2))
    t, quantile = mu / se, float(stdtrit(df, 0.5 + level / 2))
    reach = quantile * float(np.sqrt(tau2 + se2))
    fixed = 1 / v
    q = float(fixed @ _weighted(y, fixed)[1] ** 2)
    typical = df / _trace_p(fixed)
    return RandomEffects(
        mu=mu,
        se=se,
        se_normal=float(1 / np.sqrt(total)),
        df=df,
        t=t,
        p=2 * float(stdtr(df, -abs(t))),
        ci_low=mu - quantile * se,
        ci_high=mu + quantile * se,
        pi_low=mu - reach,
        pi_high=mu + reach,
        tau2=tau2,
        se_tau2=float(np.sqrt(2 / _trace_pp(w))),
        i2=float(100 * tau2 / (tau2 + typical)),
        h2=float(1 + tau2 / typical),
        q=q,
        q_df=df,
        q_p=float(chdtrc(df, q)),
        k=k,
        weights=w / total,
        level=level,
    )


def leave_one_out(yi: npt.ArrayLike, vi: npt.ArrayLike, level: float = 0.95) -> list[RandomEffects]:
    """Repeat the synthesis without each study in turn.

    Parameters
    ----------
    yi, vi, level
        As in `random_effects`.

    Returns
    -------
    list of RandomEffects, length k
        Element i is the synthesis without study i.

    Raises
    ------
    ValueError, NotEstimable
        As in `random_effects`; fewer than three studies.
    """
    y, v = _checked(yi, vi)
    if y.size < 3:
        raise NotEstimable(f"too few studies to leave one out: k = {y.size} < 3")
    kept = ~np.eye(y.size, dtype=bool)
    return [random_effects(y[rows], v[rows], level) for rows in kept]


def _checked(yi: npt.ArrayLike, vi: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    if y.ndim != 1 or y.shape != v.shape:
        raise ValueError(f"yi {y.shape} and vi {v.shape} do not match")
    if not (np.isfinite(y).all() and np.isfinite(v).all()):
        raise ValueError("yi and vi must be finite: leave studies that are not estimable out")
    if y.size < 2:
        raise NotEstimable(
            f"{'one study only' if y.size else 'no study'}: k = {y.size}, between-study variance "
            "needs at least 2"
        )
    if not (v > 0).all():
        worst = int(np.argmin(v))
        raise NotEstimable(f"study {worst} (counted from 0) has sampling variance {v[worst]:g}")
    return y, v


def _weighted(y: FloatArray, w: FloatArray) -> tuple[float, FloatArray, float]:
    """Weighted mean, residuals from it, sum of weights."""
    total = float(w.sum())
    mu = float(w @ y) / total
    return mu, y - mu, total


def _sum_of_others(w: FloatArray) -> FloatArray:
    """Sum of all weights but the own one, exact also when one weight dwarfs the rest."""
    others = w.sum() - w
    top = int(np.argmax(w))
    others[top] = w[:top].sum() + w[top + 1 :].sum()
    return others


def _trace_p(w: FloatArray) -> float:
    """tr(P) for P = W - ww'/sum(w)."""
    return float(w @ _sum_of_others(w)) / float(w.sum())


def _trace_pp(w: FloatArray) -> float:
    """tr(PP): twice the expected information on tau2."""
    diagonal, squares = w * _sum_of_others(w), w * w
    return float(diagonal @ diagonal + squares @ _sum_of_others(squares)) / float(w.sum()) ** 2


def _score(tau2: float, y: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Twice the REML score at tau2, and tr(PP)."""
    w = 1 / (v + tau2)
    scaled = w * _weighted(y, w)[1]
    return float(scaled @ scaled) - _trace_p(w), _trace_pp(w)


def _log_likelihood(tau2: FloatArray, y: FloatArray, v: FloatArray) -> FloatArray:
    """Restricted log-likelihood up to a constant, for each tau2; shape (m,)."""
    variance = v + tau2[:, None]
    w = 1 / variance
    total = w.sum(axis=1)
    residual = y - ((w @ y) / total)[:, None]
    return -0.5 * (np.log(variance).sum(axis=1) + np.log(total) + (w * residual**2).sum(axis=1))


def _reml_tau2(y: FloatArray, v: FloatArray) -> float:
    """REML estimate of tau2, the global maximum on [0, inf).

    Fisher scoring finds a maximum fast; the restricted likelihood can have two, so a coarse
    grid checks that no other is higher. If scoring stalls or the grid is higher, the score is
    solved in the bracket around the best grid point.
    """
    spread = float(np.ptp(y)) ** 2
    upper = 10 * (spread + float(v.max()))
    grid = np.concatenate([[0.0], np.geomspace(1e-6 * float(v.min()), upper, 60)])
    on_grid = _log_likelihood(grid, y, v)
    found = _fisher_scoring(y, v, start=_dersimonian_laird(y, v))
    if found is not None:
        reached = _log_likelihood(np.array([found]), y, v)[0]
        if reached >= on_grid.max() - 1e-10 * (1 + abs(reached)):
            return found
    return _bracketed(y, v, grid, int(np.argmax(on_grid)))


def _dersimonian_laird(y: FloatArray, v: FloatArray) -> float:
    w = 1 / v
    excess = float(w @ _weighted(y, w)[1] ** 2) - (y.size - 1)
    return max(0.0, excess / _trace_p(w))


def _fisher_scoring(y: FloatArray, v: FloatArray, start: float) -> float | None:
    """Scoring steps, halved until the likelihood does not fall; None if it does not settle."""
    tau2 = start
    here = _log_likelihood(np.array([tau2]), y, v)[0]
    tolerance = STEP_TOLERANCE * float(np.median(v))
    for _ in range(MAX_STEPS):
        score, trace_pp = _score(tau2, y, v)
        step = score / trace_pp
        for _ in range(40):
            proposal = max(0.0, tau2 + step)
            there = _log_likelihood(np.array([proposal]), y, v)[0]
            # Near the maximum the change is below rounding: it must not count as a fall.
            if there >= here - 1e-13 * (1 + abs(here)):
                break
            step /= 2
        else:
            return None
        moved, tau2, here = abs(proposal - tau2), proposal, there
        if moved <= tolerance + STEP_TOLERANCE * tau2:
            return tau2
    return None


def _bracketed(y: FloatArray, v: FloatArray, grid: FloatArray, best: int) -> float:
    """Solve score = 0 between the neighbours of the best grid point."""
    if best == len(grid) - 1:
        raise NotEstimable(f"REML did not find a between-study variance (k = {y.size})")
    low, high = grid[max(best - 1, 0)], grid[best + 1]
    if _score(low, y, v)[0] <= 0:
        if low == 0:
            return 0.0
        raise NotEstimable(f"REML did not find a between-study variance (k = {y.size})")
    if _score(high, y, v)[0] >= 0:
        raise NotEstimable(f"REML did not find a between-study variance (k = {y.size})")
    # Bisection to the last digit; it runs rarely, and needs no import of scipy.optimize.
    while high - low > 1e-15 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _score(middle, y, v)[0] > 0:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)
