"""Between-study variance: four estimators, and an interval that needs none of them.

Takes: study estimates, their sampling variances and a design (an intercept, or moderators too).
Gives: tau2 by DerSimonian-Laird, Paule-Mandel, ML or REML with its standard error; the Q-profile
interval; the typical sampling variance that turns tau2 into I2 and H2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
#: (log-likelihood, twice the score, its derivative), each for every tau2.
Likelihood = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]

Tau2Estimator = Literal["DL", "PM", "ML", "REML"]

GRID_POINTS = 60
MAX_STEPS = 200


@dataclass(frozen=True, eq=False)
class ErrorContrasts:
    """The k - p combinations of the studies that hold no fixed effect, made independent.

    Under the model they are ``z ~ N(0, lam + tau2)``, so that every estimator is a sum over them.

    Attributes
    ----------
    z : ndarray, shape (k - p,)
        Contrasts, unit of the estimates.
    lam : ndarray, shape (k - p,)
        Their sampling variances, above 0.
    v : ndarray, shape (k,)
        Sampling variances of the studies.
    """

    z: FloatArray
    lam: FloatArray
    v: FloatArray

    @property
    def df(self) -> int:
        """Degrees of freedom, k - p."""
        return self.z.size

    def q(self, tau2: float = 0.0) -> float:
        """Generalised Q statistic; at tau2 = 0 that of Cochran (or the residual one)."""
        return float(np.sum(self.z**2 / (self.lam + tau2)))

    @property
    def typical_variance(self) -> float:
        """Typical sampling variance, (k - p) / tr(P) (Higgins and Thompson 2002, equation 9)."""
        return float(self.df / np.sum(1 / self.lam))


@dataclass(frozen=True)
class Tau2:
    """A between-study variance and its standard error, both in squared units of the estimates."""

    value: float
    se: float


def error_contrasts(y: FloatArray, v: FloatArray, design: FloatArray) -> ErrorContrasts:
    """Project the fixed effects out and rotate what is left to independence.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Estimates and sampling variances, checked.
    design : ndarray, shape (k, p)
        Full column rank, p < k.

    Returns
    -------
    ErrorContrasts

    Notes
    -----
    With K an orthonormal basis of the space orthogonal to the design, the contrasts K'y have
    variance K'VK + tau2 I. The singular values of V^(1/2) K give the eigenvalues of K'VK with
    all their digits, also where one study is far more precise than the rest.

    References
    ----------
    Harville DA (1974). Biometrika 61:383-385 (REML as the likelihood of error contrasts).
    """
    p = design.shape[1]
    # Residuals first: contrasts of large estimates that differ little would lose their digits.
    root = 1 / np.sqrt(v)
    fixed = np.linalg.lstsq(root[:, None] * design, root * y, rcond=None)[0]
    basis = np.linalg.qr(design, mode="complete")[0][:, p:]
    _, singular, rotation = np.linalg.svd(np.sqrt(v)[:, None] * basis, full_matrices=False)
    return ErrorContrasts(rotation @ (basis.T @ (y - design @ fixed)), singular**2, v)


def estimate_tau2(contrasts: ErrorContrasts, estimator: Tau2Estimator) -> Tau2:
    """Estimate the between-study variance.

    Parameters
    ----------
    contrasts : ErrorContrasts
    estimator : {"DL", "PM", "ML", "REML"}
        DerSimonian-Laird, Paule-Mandel, maximum likelihood, restricted maximum likelihood.

    Returns
    -------
    Tau2
        Not below 0.

    Raises
    ------
    ValueError
        An estimator of another name.

    Notes
    -----
    ML and REML give the global maximum on [0, inf): every peak that a grid of 60 points shows is
    climbed, because the likelihood may have two. Standard errors are those of metafor: from the
    expected information (ML, REML), the variance of Q (DL), and that of Q at tau2 (PM).

    References
    ----------
    DerSimonian R, Laird N (1986). Control Clin Trials 7:177-188.
    Paule RC, Mandel J (1982). J Res Natl Bur Stand 87:377-385.
    Viechtbauer W (2005). J Educ Behav Stat 30:261-293, equations 8 to 16.
    """
    if estimator == "DL":
        return _dersimonian_laird(contrasts)
    if estimator == "PM":
        value = _tau2_where_q_is(contrasts, contrasts.df)
        w = 1 / (contrasts.v + value)
        return Tau2(value, float(np.sqrt(2 * w.size**2 / contrasts.df) / w.sum()))
    if estimator == "ML":
        value = _global_maximum(contrasts, lambda tau2: _ml(contrasts, tau2))
        return Tau2(value, float(np.sqrt(2 / np.sum((contrasts.v + value) ** -2))))
    if estimator == "REML":
        value = _global_maximum(contrasts, lambda tau2: _reml(contrasts, tau2))
        return Tau2(value, float(np.sqrt(2 / np.sum((contrasts.lam + value) ** -2))))
    raise ValueError(f"estimator {estimator!r}: expected one of {get_args(Tau2Estimator)}")


def q_profile(contrasts: ErrorContrasts, level: float = 0.95) -> tuple[float, float]:
    """Interval for tau2 by inverting the generalised Q statistic.

    Parameters
    ----------
    contrasts : ErrorContrasts
    level : float
        Coverage, exact when sampling variances are known and effects normal.

    Returns
    -------
    tuple of float
        Limits of tau2; 0 where the limit would be negative. The interval depends on no estimator,
        and may leave an estimate out.

    Raises
    ------
    NotEstimable
        The studies agree better than their sampling errors allow: both limits would be negative.

    References
    ----------
    Viechtbauer W (2007). Stat Med 26:37-52, section 3.
    """
    alpha = 1 - level
    least, most = (float(chdtri(contrasts.df, p)) for p in (1 - alpha / 2, alpha / 2))
    if contrasts.q() < least:
        raise NotEstimable(
            f"the studies agree better than their sampling errors allow (Q = {contrasts.q():.3g} "
            f"on {contrasts.df} df, expected at least {least:.3g}): tau2 has no interval"
        )
    return _tau2_where_q_is(contrasts, most), _tau2_where_q_is(contrasts, least)


def _dersimonian_laird(contrasts: ErrorContrasts) -> Tau2:
    w = 1 / contrasts.lam
    df, trace = contrasts.df, float(w.sum())
    value = max(0.0, (contrasts.q() - df) / trace)
    variance = 2 * df + 4 * value * trace + 2 * value**2 * float(w @ w)
    return Tau2(value, float(np.sqrt(variance)) / trace)


def _tau2_where_q_is(contrasts: ErrorContrasts, target: float) -> float:
    """Solve Q(tau2) = target; 0 if Q is below the target everywhere."""
    squares = contrasts.z**2
    if contrasts.q() <= target:
        return 0.0

    def excess(tau2: float) -> tuple[float, float]:
        u = 1 / (contrasts.lam + tau2)
        terms = squares * u
        return float(terms.sum()) - target, -float(terms @ u)

    # Beyond this Q is below the target, because each of its terms is.
    return _root(excess, 0.0, float(squares.sum()) / target)


def _reml(contrasts: ErrorContrasts, tau2: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    u = 1 / (contrasts.lam + tau2[:, None])
    ratio = contrasts.z**2 * u
    likelihood = 0.5 * (np.log(u) - ratio).sum(axis=1)
    return likelihood, ((ratio - 1) * u).sum(axis=1), ((1 - 2 * ratio) * u * u).sum(axis=1)


def _ml(contrasts: ErrorContrasts, tau2: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    w, u = 1 / (contrasts.v + tau2[:, None]), 1 / (contrasts.lam + tau2[:, None])
    ratio = contrasts.z**2 * u
    likelihood = 0.5 * (np.log(w).sum(axis=1) - ratio.sum(axis=1))
    score = (ratio * u).sum(axis=1) - w.sum(axis=1)
    return likelihood, score, (w * w).sum(axis=1) - 2 * (ratio * u * u).sum(axis=1)


def _global_maximum(contrasts: ErrorContrasts, likelihood: Likelihood) -> float:
    """Climb every peak between grid points, and 0 where the likelihood falls from there."""
    # No score is positive beyond the largest squared contrast.
    top, least = float(np.max(contrasts.z**2)), float(contrasts.lam.min())
    grid = np.concatenate(
        [[0.0], np.geomspace(1e-6 * least, max(top, least), GRID_POINTS), [2 * max(top, least)]]
    )
    score = likelihood(grid)[1]
    peaks = [0.0] if score[0] <= 0 else []

    def slope(tau2: float) -> tuple[float, float]:
        _, value, derivative = likelihood(np.array([tau2]))
        return float(value[0]), float(derivative[0])

    for i in np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0)):
        peaks.append(_root(slope, float(grid[i]), float(grid[i + 1])))
    return peaks[int(np.argmax(likelihood(np.array(peaks))[0]))]


def _root(f: Callable[[float], tuple[float, float]], low: float, high: float) -> float:
    """Root of f, positive at `low` and not at `high`: Newton steps, halved when they leave."""
    x = low
    for _ in range(MAX_STEPS):
        value, derivative = f(x)
        if value > 0:
            low = x
        else:
            high = x
        step = x - value / derivative if derivative < 0 else low
        if not low < step < high:
            step = (low + high) / 2
        if abs(step - x) <= 1e-15 * high:
            return step
        x = step
    return x
