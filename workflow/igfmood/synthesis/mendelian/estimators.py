"""The effect of an exposure on an outcome, from variants that shift the exposure.

Takes: per-allele associations of the same variants with exposure and outcome (`Associations`).
Gives: estimates under three different assumptions about pleiotropy, and tests of those.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from igfmood.association.wald import wald_contrast
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

RANDOM, FIXED = "IVW, multiplicative random effects", "IVW, fixed effect"
CORRELATED = "IVW, correlated variants, multiplicative random effects"
#: Rounding error of a correlation that is written with six digits, as PLINK does; n of them move
#: an eigenvalue of their matrix by n times that at most (Weyl's inequality).
DIGITS = 1e-6


@dataclass(frozen=True, eq=False)
class Associations:
    """Associations of n variants, per copy of the same allele in both studies.

    Attributes
    ----------
    variants : ndarray of str, shape (n,)
    beta_exposure, se_exposure : ndarray, shape (n,)
        Units of the exposure.
    beta_outcome, se_outcome : ndarray, shape (n,)
        Units of the outcome (log odds for a disease).

    Raises
    ------
    ValueError
        Shapes that differ; a value that is not finite; a standard error that is not positive.
    NotEstimable
        A variant without any association with the exposure.
    """

    variants: npt.NDArray[np.object_]
    beta_exposure: FloatArray
    se_exposure: FloatArray
    beta_outcome: FloatArray
    se_outcome: FloatArray

    def __post_init__(self) -> None:
        numbers = (self.beta_exposure, self.se_exposure, self.beta_outcome, self.se_outcome)
        if any(a.shape != self.variants.shape or a.ndim != 1 for a in numbers):
            raise ValueError(f"shapes differ: {[a.shape for a in (self.variants, *numbers)]}")
        if not all(np.isfinite(a).all() for a in numbers):
            raise ValueError("an association is missing or infinite")
        if not ((self.se_exposure > 0).all() and (self.se_outcome > 0).all()):
            raise ValueError("a standard error is not positive")
        if not self.beta_exposure.all():
            name = self.variants[np.argmin(np.abs(self.beta_exposure))]
            raise NotEstimable(f"variant {name} has no association with the exposure (beta 0)")

    def __len__(self) -> int:
        """Return the number of variants."""
        return len(self.variants)

    def without(self, index: int) -> "Associations":
        """Return the others, one variant left out."""
        return self.only(np.arange(len(self)) != index)

    def only(self, kept: npt.NDArray[np.bool_]) -> "Associations":
        """Return some of the variants."""
        return Associations(
            self.variants[kept], self.beta_exposure[kept], self.se_exposure[kept],
            self.beta_outcome[kept], self.se_outcome[kept],
        )  # fmt: skip


@dataclass(frozen=True)
class MREstimate:
    """One estimate: units of the outcome (log odds) per unit of the exposure.

    `p` is two-sided, by Student t on `df` (normal where infinite).
    """

    method: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    df: float
    n_variants: int


@dataclass(frozen=True)
class Heterogeneity:
    """Disagreement of the variants beyond chance: `q` is chi-square on `df`."""

    q: float
    df: int
    p: float


@dataclass(frozen=True)
class EggerFit:
    """MR-Egger: the slope, the average pleiotropic effect (intercept), Rücker's Q'."""

    slope: MREstimate
    intercept: MREstimate
    heterogeneity: Heterogeneity


def mr_estimate(
    method: str, estimate: float, se: float, df: float, n_variants: int, level: float
) -> MREstimate:
    """Put interval and p to an estimate and its standard error."""
    found = wald_contrast(estimate, se, df, level)
    return MREstimate(
        method, found.estimate, found.se, found.ci_low, found.ci_high, found.p, df, n_variants
    )


def ivw_fixed(data: Associations, level: float = 0.95) -> MREstimate:
    """Inverse-variance weighted mean of the variants' ratios; with one variant, its ratio.

    First-order weights: the uncertainty of the exposure's associations is left out. Every
    variant must be a valid instrument.

    Raises
    ------
    NotEstimable
        No variant.

    References
    ----------
    Burgess S, Butterworth A, Thompson SG (2013). Genet Epidemiol 37:658-665.
    """
    _require(data, 1, "an estimate")
    x, y = data.beta_exposure / data.se_outcome, data.beta_outcome / data.se_outcome
    information = float(x @ x)
    method = FIXED if len(data) > 1 else "Wald ratio"
    return mr_estimate(
        method, float(x @ y) / information, information**-0.5, np.inf, len(data), level
    )


def ivw_random(data: Associations, level: float = 0.95) -> MREstimate:
    """Inverse-variance weighted mean, standard error widened by what the variants disagree.

    Multiplicative random effects: pleiotropy may differ by variant but must be 0 on average.
    The standard error is that of `ivw_fixed` times ``max(1, sqrt(Q / df))``.

    Raises
    ------
    NotEstimable
        Fewer than two variants.

    References
    ----------
    Bowden J et al (2017). Stat Med 36:1783-1802, section 3.
    """
    _require(data, 2, "IVW with random effects")
    fixed, disagreement = ivw_fixed(data, level), cochran_q(data)
    se = fixed.se * max(1.0, float(np.sqrt(disagreement.q / disagreement.df)))
    return mr_estimate(RANDOM, fixed.estimate, se, np.inf, len(data), level)


def ivw_correlated(
    data: Associations, correlation: npt.ArrayLike, level: float = 0.95
) -> tuple[MREstimate, Heterogeneity]:
    """IVW with multiplicative random effects for variants in linkage disequilibrium.

    Parameters
    ----------
    data : Associations
    correlation : array_like, shape (n, n)
        Signed correlation of the variants' allele counts, for the alleles of `data`.

    Raises
    ------
    ValueError
        A matrix of another shape, or no correlation matrix.
    NotEstimable
        Fewer than two variants, or variants that determine one another.

    References
    ----------
    Burgess S, Dudbridge F, Thompson SG (2016). Stat Med 35:1880-1906, equation 5.
    """
    _require(data, 2, "IVW with correlated variants")
    covariance = _outcome_covariance(data, correlation)
    slope, variance, q = _generalised_least_squares(
        data.beta_exposure[:, None], data.beta_outcome, covariance
    )
    df = len(data) - 1
    se = float(np.sqrt(variance[0, 0])) * max(1.0, float(np.sqrt(q / df)))
    estimate = mr_estimate(CORRELATED, float(slope[0]), se, np.inf, len(data), level)
    return estimate, _heterogeneity(q, df)


def cochran_q(data: Associations) -> Heterogeneity:
    """Cochran's Q of the variants' ratios about the IVW mean, first-order weights.

    Raises
    ------
    NotEstimable
        Fewer than two variants.
    """
    _require(data, 2, "a test of heterogeneity")
    slope = ivw_fixed(data).estimate
    residual = (data.beta_outcome - slope * data.beta_exposure) / data.se_outcome
    return _heterogeneity(float(residual @ residual), len(data) - 1)


def mr_egger(data: Associations, level: float = 0.95) -> EggerFit:
    """MR-Egger regression: pleiotropy may have a mean, which is the intercept.

    Valid if the pleiotropic effects are independent of the variants' strength (InSIDE). Variants
    are oriented to raise the exposure; standard errors are widened as in `ivw_random`; t on n - 2.

    Raises
    ------
    NotEstimable
        Fewer than three variants, or all of the same strength.

    References
    ----------
    Bowden J, Davey Smith G, Burgess S (2015). Int J Epidemiol 44:512-525.
    Rücker G et al (2011). Biostatistics 12:122-142, for Q'.
    """
    return _egger(data, np.eye(len(data)), "MR-Egger", level)


def mr_egger_correlated(
    data: Associations, correlation: npt.ArrayLike, level: float = 0.95
) -> EggerFit:
    """MR-Egger for variants in linkage disequilibrium; arguments as in `ivw_correlated`."""
    return _egger(data, correlation, "MR-Egger, correlated variants", level)


def _egger(data: Associations, correlation: npt.ArrayLike, name: str, level: float) -> EggerFit:
    _require(data, 3, "MR-Egger")
    sign = np.sign(data.beta_exposure)
    design = np.column_stack([np.ones(len(data)), sign * data.beta_exposure])
    if np.ptp(design[:, 1]) <= 1e-9 * design[:, 1].max():
        raise NotEstimable("MR-Egger: all variants shift the exposure by the same amount")
    covariance = _outcome_covariance(data, correlation) * np.outer(sign, sign)
    coef, variance, q = _generalised_least_squares(design, sign * data.beta_outcome, covariance)
    df = len(data) - 2
    se = np.sqrt(np.diag(variance)) * max(1.0, float(np.sqrt(q / df)))
    intercept, slope = (
        mr_estimate(label, float(coef[j]), float(se[j]), float(df), len(data), level)
        for j, label in enumerate((f"{name} intercept", name))
    )
    return EggerFit(slope, intercept, _heterogeneity(q, df))


def leave_one_out(data: Associations, level: float = 0.95) -> list[tuple[str, MREstimate]]:
    """`ivw_random` without each variant in turn, under the name of the one left out.

    Raises
    ------
    NotEstimable
        Fewer than three variants.
    """
    _require(data, 3, "leaving one out")
    return [(str(name), ivw_random(data.without(j), level)) for j, name in enumerate(data.variants)]


def _require(data: Associations, least: int, what: str) -> None:
    if len(data) < least:
        raise NotEstimable(f"{what} needs {least} genetic variants, found {len(data)}")


def _heterogeneity(q: float, df: int) -> Heterogeneity:
    return Heterogeneity(q, df, float(chdtrc(df, q)))


def _outcome_covariance(data: Associations, correlation: npt.ArrayLike) -> FloatArray:
    matrix = np.asarray(correlation, dtype=float)
    if matrix.shape != (len(data), len(data)):
        raise ValueError(f"{len(data)} variants, but a correlation matrix {matrix.shape}")
    if not (
        np.isfinite(matrix).all()
        and np.allclose(matrix, matrix.T, atol=1e-6)
        and np.allclose(np.diag(matrix), 1.0)
    ):
        raise ValueError("the correlation matrix is not symmetric with 1 on its diagonal")
    if np.linalg.eigvalsh(matrix)[0] <= len(matrix) * DIGITS:
        apart = np.abs(matrix - np.diag(np.diag(matrix)))
        i, j = divmod(int(np.argmax(apart)), len(data))
        raise NotEstimable(
            "the correlation matrix of the variants is singular: some of them determine another "
            f"(the closest pair: {data.variants[i]} and {data.variants[j]}, r {matrix[i, j]:.3f}); "
            "leave out variants that stand for one another, or take correlations from more people "
            f"than the {len(data)} variants"
        )
    return np.asarray(matrix * np.outer(data.se_outcome, data.se_outcome), dtype=np.float64)


def _generalised_least_squares(
    design: FloatArray, outcome: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Coefficients, their model covariance, and the weighted residual sum of squares."""
    root = np.linalg.cholesky(covariance)
    x, y = np.linalg.solve(root, design), np.linalg.solve(root, outcome)
    variance = np.linalg.inv(x.T @ x)
    coef = variance @ (x.T @ y)
    residual = y - x @ coef
    return coef, variance, float(residual @ residual)
