"""Whether studies differ by what is known about them.

Takes: study estimates, sampling variances, and moderators (assay, mean age, share of women).
Gives: coefficients with Knapp-Hartung inference, the test of all moderators, the residual
heterogeneity and the share of heterogeneity that the moderators explain.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from igfmood.errors import NotEstimable
from igfmood.synthesis.random_effects import checked_studies
from igfmood.synthesis.tau2 import Tau2Estimator, error_contrasts, estimate_tau2

FloatArray = npt.NDArray[np.float64]

INTERCEPT = "intercept"
#: A column counts as dependent when less than this share of its length is left beside the others.
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Coefficient:
    """One coefficient, unit of the estimates per unit of the moderator.

    `df` is that of t, infinity for the normal distribution; `p` is two-sided; `level` is the
    coverage of (`ci_low`, `ci_high`).
    """

    name: str
    estimate: float
    se: float
    df: float
    stat: float
    p: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """A mixed-effects meta-regression.

    Attributes
    ----------
    names : tuple of str, length p
        Coefficients, the intercept first.
    beta : ndarray, shape (p,)
        Coefficients.
    cov : ndarray, shape (p, p)
        Knapp-Hartung covariance of `beta`.
    cov_normal : ndarray, shape (p, p)
        Covariance from the model alone.
    df : int
        k - p.
    k : int
        Studies.
    tau2, se_tau2 : float
        Residual between-study variance and its standard error.
    tau2_total : float
        Between-study variance without moderators, same estimator.
    r2 : float or None
        Percent of `tau2_total` that the moderators explain, not below 0; None where there is
        nothing to explain.
    i2, h2 : float
        From the residual tau2 and the typical sampling variance; I2 in percent.
    qm, qm_df, qm_p : float, int, float
        F test that all coefficients but the intercept are 0, on (`qm_df`, `df`).
    qe, qe_p : float
        Test of residual heterogeneity on `df`, chi-squared.
    estimator : str
        Of tau2.
    level : float
        Coverage of intervals.
    """

    names: tuple[str, ...]
    beta: FloatArray
    cov: FloatArray
    cov_normal: FloatArray
    df: int
    k: int
    tau2: float
    se_tau2: float
    tau2_total: float
    r2: float | None
    i2: float
    h2: float
    qm: float
    qm_df: int
    qm_p: float
    qe: float
    qe_p: float
    estimator: Tau2Estimator
    level: float

    def coefficient(self, name: str) -> Coefficient:
        """Knapp-Hartung inference on one coefficient, t on k - p."""
        return self.linear_combination(np.eye(len(self.names))[self.names.index(name)], name)

    def linear_combination(self, weights: npt.ArrayLike, name: str) -> Coefficient:
        """Knapp-Hartung inference on ``weights @ beta``, t on k - p, under the name given."""
        w = np.asarray(weights, dtype=float)
        b, se = float(w @ self.beta), float(np.sqrt(w @ self.cov @ w))
        half = float(stdtrit(self.df, 0.5 + self.level / 2)) * se
        p = 2 * float(stdtr(self.df, -abs(b) / se))
        return Coefficient(name, b, se, float(self.df), b / se, p, b - half, b + half, self.level)

    def normal_coefficient(self, name: str) -> Coefficient:
        """Inference on one coefficient by the normal distribution."""
        i = self.names.index(name)
        b, se = float(self.beta[i]), float(np.sqrt(self.cov_normal[i, i]))
        half, p = float(ndtri(0.5 + self.level / 2)) * se, 2 * float(ndtr(-abs(b) / se))
        return Coefficient(name, b, se, np.inf, b / se, p, b - half, b + half, self.level)


def moderator_columns(moderators: pd.DataFrame) -> pd.DataFrame:
    """Turn moderators into columns of numbers.

    Parameters
    ----------
    moderators : DataFrame, shape (k, m)
        Numbers, or labels.

    Returns
    -------
    DataFrame
        Numbers as they are; labels as an indicator ``name[label]`` for each label but the most
        frequent one (the first in alphabetical order among several), which is the reference.

    Raises
    ------
    NotEstimable
        A moderator that is missing for a study, or the same for all.
    """
    parts = []
    for name, values in moderators.items():
        if values.isna().any():
            raise NotEstimable(
                f"moderator {name} is missing for {int(values.isna().sum())} of {len(values)} "
                "studies: leave these studies or the moderator out"
            )
        if values.nunique() < 2:
            raise NotEstimable(f"moderator {name} is {values.iloc[0]!r} for all studies")
        if pd.api.types.is_numeric_dtype(values):
            parts.append(values.astype(float).rename(str(name)))
            continue
        labels = values.astype(str)
        counts = labels.value_counts()
        reference = min(counts.index[counts == counts.max()])
        for label in sorted(set(labels) - {reference}):
            parts.append((labels == label).astype(float).rename(f"{name}[{label}]"))
    return pd.concat(parts, axis=1)


def meta_regression(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    columns: pd.DataFrame,
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
) -> MetaRegression:
    """Mixed-effects meta-regression with Knapp-Hartung inference.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    columns : DataFrame, shape (k, p - 1)
        Numeric moderators, as from `moderator_columns`; the intercept is added.
    level : float
        Coverage of intervals.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance.

    Returns
    -------
    MetaRegression

    Raises
    ------
    ValueError
        Shapes that do not match, no moderator, or values that are not finite.
    NotEstimable
        Not more studies than coefficients; a moderator that follows from the others; studies
        that lie exactly on the regression.

    References
    ----------
    Knapp G, Hartung J (2003). Stat Med 22:2693-2710, section 3.
    Raudenbush SW (2009). In Cooper H et al, Handbook of Research Synthesis, chapter 16 (R2).
    """
    y, v = checked_studies(yi, vi)
    design, names = _design(columns, y.size)
    k, p = design.shape
    contrasts = error_contrasts(y, v, design)
    tau2 = estimate_tau2(contrasts, estimator)
    total = estimate_tau2(error_contrasts(y, v, np.ones((k, 1))), estimator).value
    beta, normal = _generalised_least_squares(y, v + tau2.value, design)
    scale = contrasts.q(tau2.value) / (k - p)
    if not scale > 1e-20:
        raise NotEstimable(f"the k = {k} studies lie on the regression: standard errors are 0")
    cov = scale * normal
    f = float(beta[1:] @ np.linalg.solve(cov[1:, 1:], beta[1:])) / (p - 1)
    qe, typical = contrasts.q(), contrasts.typical_variance
    return MetaRegression(
        names=names,
        beta=beta,
        cov=cov,
        cov_normal=normal,
        df=k - p,
        k=k,
        tau2=tau2.value,
        se_tau2=tau2.se,
        tau2_total=total,
        r2=100 * max(0.0, 1 - tau2.value / total) if total > 0 else None,
        i2=100 * tau2.value / (tau2.value + typical),
        h2=1 + tau2.value / typical,
        qm=f,
        qm_df=p - 1,
        qm_p=float(fdtrc(p - 1, k - p, f)),
        qe=qe,
        qe_p=float(chdtrc(k - p, qe)),
        estimator=estimator,
        level=level,
    )


def _design(columns: pd.DataFrame, k: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the design with its intercept, checked to determine every coefficient."""
    values = columns.to_numpy(dtype=float)
    if values.shape[0] != k or values.shape[1] < 1:
        raise ValueError(f"moderators {values.shape} do not match {k} studies")
    if not np.isfinite(values).all():
        raise ValueError("moderators must be finite: leave studies without them out")
    design = np.column_stack([np.ones(k), values])
    names = (INTERCEPT, *(str(name) for name in columns.columns))
    if k <= design.shape[1]:
        raise NotEstimable(f"too few studies for {design.shape[1]} coefficients: k = {k}")
    lengths = np.linalg.norm(design, axis=0)
    if not (lengths > 0).all():
        raise NotEstimable(f"moderator {names[int(np.argmin(lengths))]} is 0 for all studies")
    left = np.abs(np.diag(np.linalg.qr(design / lengths, mode="r")))
    if (left < RANK_TOLERANCE).any():
        dependent = names[int(np.argmax(left < RANK_TOLERANCE))]
        raise NotEstimable(f"moderator {dependent} follows from those before it: leave it out")
    return design, names


def _generalised_least_squares(
    y: FloatArray, variance: FloatArray, design: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Coefficients and their model covariance."""
    root = 1 / np.sqrt(variance)
    q, r = np.linalg.qr(root[:, None] * design)
    inverse = np.linalg.inv(r)
    return inverse @ (q.T @ (root * y)), inverse @ inverse.T
