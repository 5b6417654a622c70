"""How much of an exposure's relation with an outcome runs through a third variable.

Takes: exposure, mediator, outcome (all numeric) and covariates, and a random generator.
Gives: indirect, direct and total effect by linear models, with percentile bootstrap intervals;
how strong unmeasured confounding of mediator and outcome must be to leave nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.models.linear import RANK_TOLERANCE, gram_cholesky
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Weights held at once, resamples times rows: 32 MB.
BLOCK_WEIGHTS = 4_000_000
#: From more people on, the law that bootstrap samples tend to stands for them.
MANY = 8192
#: Less than this share of a variance left, given the other terms, counts as none.
NOTHING_LEFT = RANK_TOLERANCE**2
#: Where the sensitivity curve is evaluated unless told otherwise.
CORRELATIONS = tuple(np.round(np.linspace(-0.9, 0.9, 19), 1))


@dataclass(frozen=True)
class Effect:
    """One effect, outcome units per unit of the exposure.

    `se` is the standard deviation of the bootstrap estimates, `ci_low` and `ci_high` are their
    percentiles; `p` is twice the smaller share of them on one side of 0, the sample itself
    counted as one of them.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float


@dataclass(frozen=True, eq=False)
class Mediation:
    """A linear mediation model and its bootstrap.

    Attributes
    ----------
    indirect, direct, total : Effect
        ``a b``, ``c'`` and their sum.
    proportion, proportion_ci_low, proportion_ci_high : float
        Indirect over total effect. It says little where the interval of the total effect holds
        0, and exceeds 0 to 1 where the two effects are opposed.
    a, a_se : float
        Mediator units per unit of the exposure, and its least-squares standard error.
    b, b_se : float
        Outcome units per unit of the mediator, exposure held equal.
    sobel_se : float
        First-order standard error of ``a b``.
    rho_draws : ndarray, shape (resamples,)
        `Sensitivity.rho_at_zero` in every bootstrap sample.
    n, resamples : int
        Participants, bootstrap samples.
    level : float
        Coverage of the intervals.
    """

    indirect: Effect
    direct: Effect
    total: Effect
    proportion: float
    proportion_ci_low: float
    proportion_ci_high: float
    a: float
    a_se: float
    b: float
    b_se: float
    sobel_se: float
    rho_draws: FloatArray
    n: int
    resamples: int
    level: float


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The indirect effect if mediator and outcome share unmeasured causes.

    Attributes
    ----------
    rho : ndarray, shape (m,)
        Correlation of the errors of the mediator's and the outcome's model.
    indirect : ndarray, shape (m,)
        Indirect effect at each of them.
    rho_at_zero : float
        Correlation at which the indirect effect is 0.
    """

    rho: FloatArray
    indirect: FloatArray
    rho_at_zero: float

    @property
    def r2_at_zero(self) -> float:
        """Product of the shares of both residual variances that an unmeasured cause explains."""
        return self.rho_at_zero**2


def mediation(
    x: npt.ArrayLike,
    m: npt.ArrayLike,
    y: npt.ArrayLike,
    covariates: npt.ArrayLike | None,
    rng: np.random.Generator,
    resamples: int = 2000,
    level: float = 0.95,
) -> Mediation:
    """Indirect effect of x on y through m by the product of two coefficients.

    Parameters
    ----------
    x, m, y : array_like, shape (n,)
        Exposure, mediator, outcome; x may be 0/1.
    covariates : array_like, shape (n, c), or None
        Without intercept, in both models.
    rng : Generator
        For the bootstrap.
    resamples : int
        Bootstrap samples, at least 100.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Mediation

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, too few resamples, or a level
        outside (0, 1).
    NotEstimable
        A singular design; not more participants than coefficients; a mediator or an outcome
        that the other terms determine; or a bootstrap sample in which that happens.

    Notes
    -----
    The models are ``m = i + a x + covariates`` and ``y = j + c' x + b m + covariates``. The
    product is a causal effect only where, given the covariates, nothing unmeasured causes two of
    x, m and y, and x does not modify the effect of m. `sensitivity_to_confounding` says how much
    unmeasured causes of m and y matter.

    A bootstrap sample enters as weights on the rows, so its models need only the weighted
    cross-products: one matrix product for a block of samples. A covariate that is constant within
    a sample is left out of it. Of more people than `MANY`, cross-products are drawn from the normal
    law that those of bootstrap samples tend to, with covariates' coefficients held: what is left
    out is of the order of p / n of the variance.

    References
    ----------
    Imai K, Keele L, Tingley D (2010). Psychol Methods 15:309-334.
    Sobel ME (1982). Sociol Methodol 13:290-312 (standard error of the product).
    """
    if resamples < 100 or not 0 < level < 1:
        raise ValueError(f"expected 100 resamples or more and 0 < level < 1: {resamples}, {level}")
    nuisance, triple = _residualised(x, m, y, covariates)
    paths = _paths(triple.T @ triple)
    df_m = len(nuisance) - nuisance.shape[1] - 1
    if df_m < 2:
        raise NotEstimable(f"too few participants for the models: {len(nuisance)}")
    if paths.left_y <= NOTHING_LEFT * triple[:, 2] @ triple[:, 2]:
        raise NotEstimable("exposure and mediator determine the outcome: nothing is left to chance")
    a_se = np.sqrt(paths.left_m / df_m / paths.left_x)
    b_se = np.sqrt(paths.left_y / (df_m - 1) / paths.left_m)
    a, b, direct = float(paths.a), float(paths.b), float(paths.direct)
    indirect, total = a * b, a * b + direct
    drawn = [_paths(gram) for gram in _resampled_grams(nuisance, triple, rng, resamples)]
    draws_indirect = np.concatenate([one.a * one.b for one in drawn])
    draws_direct = np.concatenate([one.direct for one in drawn])
    draws_total = draws_indirect + draws_direct
    low, high = _percentiles(draws_indirect / draws_total, level)
    return Mediation(
        indirect=_effect(indirect, draws_indirect, level),
        direct=_effect(direct, draws_direct, level),
        total=_effect(total, draws_total, level),
        proportion=indirect / total,
        proportion_ci_low=low,
        proportion_ci_high=high,
        a=a,
        a_se=float(a_se),
        b=b,
        b_se=float(b_se),
        sobel_se=float(np.hypot(a * b_se, b * a_se)),
        rho_draws=np.concatenate([one.rho for one in drawn]),
        n=len(nuisance),
        resamples=resamples,
        level=level,
    )


def sensitivity_to_confounding(
    x: npt.ArrayLike,
    m: npt.ArrayLike,
    y: npt.ArrayLike,
    covariates: npt.ArrayLike | None,
    rho: npt.ArrayLike = CORRELATIONS,
) -> Sensitivity:
    """Indirect effect as a function of the correlation of the two models' errors.

    Parameters
    ----------
    x, m, y, covariates
        As in `mediation`.
    rho : array_like, shape (k,)
        Correlations, between -1 and 1 exclusive; 0 is the assumption of `mediation`.

    Returns
    -------
    Sensitivity
        ``a s_y / s_m (r - rho sqrt((1 - r^2) / (1 - rho^2)))``, where s_m, s_y and r are the
        residual SDs and the correlation of mediator and outcome given exposure and covariates.
        It is 0 at ``rho = r``.

    Raises
    ------
    ValueError
        A rho outside (-1, 1), or input as in `mediation`.
    NotEstimable
        As in `mediation`.

    References
    ----------
    Imai K, Keele L, Yamamoto T (2010). Stat Sci 25:51-71, theorem 4.
    """
    grid = np.asarray(rho, dtype=float)
    if grid.ndim != 1 or not (np.abs(grid) < 1).all():
        raise ValueError("expected a one-dimensional array of correlations between -1 and 1")
    _, triple = _residualised(x, m, y, covariates)
    gram = triple.T @ triple
    paths = _paths(gram)
    left_y = gram[2, 2] - gram[0, 2] ** 2 / gram[0, 0]
    r = float(paths.rho)
    scale = paths.a * np.sqrt(left_y / paths.left_m)
    curve = scale * (r - grid * np.sqrt((1 - r**2) / (1 - grid**2)))
    return Sensitivity(grid, curve, r)


@dataclass(frozen=True, eq=False)
class _Paths:
    """Coefficients and residual sums of squares; numbers, or one of each for every sample."""

    a: FloatArray
    b: FloatArray
    direct: FloatArray
    left_x: FloatArray
    left_m: FloatArray
    left_y: FloatArray

    @property
    def rho(self) -> FloatArray:
        """Correlation of mediator and outcome given exposure and covariates."""
        through = self.b**2 * self.left_m
        return np.asarray(self.b * np.sqrt(self.left_m / (self.left_y + through)))


def _residualised(
    x: npt.ArrayLike, m: npt.ArrayLike, y: npt.ArrayLike, covariates: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Return intercept and covariates made orthonormal, and (x, m, y) less what they explain.

    Neither changes a coefficient of x or m, in the sample or any resample, since what is taken
    away lies in the span of the covariates; the cross-products become well conditioned.
    """
    triple = np.column_stack([np.asarray(one, dtype=float) for one in (x, m, y)])
    others = [] if covariates is None else [np.asarray(covariates, dtype=float)]
    if others and (others[0].ndim != 2 or len(others[0]) != len(triple)):
        raise ValueError(f"covariates {others[0].shape} do not match {len(triple)} rows")
    if not np.isfinite(triple).all():
        raise ValueError("exposure, mediator or outcome holds missing or infinite values")
    design = np.column_stack([np.ones(len(triple)), *others])
    gram_cholesky(design.T @ design)
    basis = np.linalg.qr(design)[0]
    left = triple - basis @ (basis.T @ triple)
    left -= basis @ (basis.T @ left)
    variance = np.einsum("ij,ij->j", left, left)
    whole = np.einsum("ij,ij->j", triple, triple)
    for name, rest, all_of_it in zip(
        ("exposure", "mediator", "outcome"), variance, whole, strict=True
    ):
        if rest <= NOTHING_LEFT * all_of_it:
            raise NotEstimable(f"the {name} does not vary, or not beyond the covariates")
    return basis, left


def _paths(gram: FloatArray) -> _Paths:
    """Solve both models from cross-products (..., 3, 3) of x, m, y given the covariates."""
    xx, xm, xy = gram[..., 0, 0], gram[..., 0, 1], gram[..., 0, 2]
    mm, my, yy = gram[..., 1, 1], gram[..., 1, 2], gram[..., 2, 2]
    a, total = xm / xx, xy / xx
    left_m = mm - a * xm
    _refuse_lost(left_m <= NOTHING_LEFT * mm, "the mediator does not vary beyond the exposure")
    b = (my - a * xy) / left_m
    left_y = yy - total * xy - b**2 * left_m
    return _Paths(a, b, total - a * b, xx, left_m, left_y)


def _resampled_grams(
    nuisance: FloatArray, triple: FloatArray, rng: np.random.Generator, resamples: int
) -> Iterator[FloatArray]:
    """Yield cross-products (block, 3, 3) of x, m, y given the covariates, per bootstrap sample."""
    n, q = nuisance.shape
    if n > MANY:
        yield _limiting_grams(triple, rng, resamples)
        return
    columns = np.column_stack([nuisance * np.sqrt(n), triple])
    rows, cols = np.triu_indices(q + 3)
    products = columns[:, rows] * columns[:, cols]
    block = max(1, BLOCK_WEIGHTS // n)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        # Counts of n draws with replacement are the multinomial weights of the bootstrap.
        drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        gram = np.empty((size, q + 3, q + 3))
        gram[:, rows, cols] = gram[:, cols, rows] = weights.astype(float) @ products
        cross = gram[:, :q, q:]
        # Not every sample holds every level of a covariate: the pseudo-inverse leaves out those
        # that it does not hold.
        inverse = np.linalg.pinv(gram[:, :q, :q], rcond=NOTHING_LEFT, hermitian=True)
        left = gram[:, q:, q:] - np.swapaxes(cross, 1, 2) @ inverse @ cross
        lost = left[:, 0, 0] <= NOTHING_LEFT * gram[:, q, q]
        _refuse_lost(lost, "the exposure does not vary, or not beyond the covariates,")
        yield left


def _limiting_grams(triple: FloatArray, rng: np.random.Generator, resamples: int) -> FloatArray:
    """Cross-products (resamples, 3, 3) with the mean and covariance of those of bootstrap samples.

    As residuals are orthogonal to the covariates, these are of first order in a sample's weights
    as if they were not fitted anew.
    """
    rows, cols = np.triu_indices(3)
    products = triple[:, rows] * triple[:, cols]
    total = products.sum(axis=0)
    spread = np.cov(products, rowvar=False, ddof=0) * len(products)
    drawn = rng.multivariate_normal(total, spread, resamples, method="eigh")
    gram = np.empty((resamples, 3, 3))
    gram[:, rows, cols] = gram[:, cols, rows] = drawn
    return gram


def _refuse_lost(lost: npt.NDArray[np.bool_], what: str) -> None:
    """Raise if something is lost: from the sample, or from some of a block of resamples."""
    if lost.any():
        where = f" in {lost.sum()} of {lost.size} bootstrap samples" if lost.ndim else ""
        raise NotEstimable(f"{what}{where}: too few participants differ")


def _effect(estimate: float, draws: FloatArray, level: float) -> Effect:
    low, high = _percentiles(draws, level)
    fewer = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    p = min(1.0, 2 * (fewer + 1) / (draws.size + 1))
    return Effect(estimate, float(draws.std(ddof=1)), low, high, p)


def _percentiles(draws: FloatArray, level: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
