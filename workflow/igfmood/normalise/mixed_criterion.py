"""Profiled deviance of a linear mixed model, from cross-products of each group.

Takes: outcome, fixed and random design and the group of each row; then any candidate covariance.
Gives: the deviance with its slope, and the coefficients and predictions that go with it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Columns whose part independent of the others is below this share of their length are dependent.
_RANK = 1e-7


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """All that the likelihood needs of the data.

    The fixed design is replaced by an orthonormal basis, the outcome by its least-squares
    residual and the random design by one with z'z = n I: sums of squares then lose no digits to
    origin or unit.

    Attributes
    ----------
    zz : ndarray, shape (groups, q, q)
    zx : ndarray, shape (groups, q, p)
    zr : ndarray, shape (groups, q)
    rr : float
        Residual sum of squares of least squares.
    r_factor : ndarray, shape (p, p)
        Upper triangle with ``x = basis @ r_factor``.
    beta_ols : ndarray, shape (p,)
    unwhiten : ndarray, shape (q, q)
        Random effects in data coordinates = ``unwhiten @`` whitened ones.
    groups : tuple of str
    effects : tuple of str
        What each column of z is: "intercept", "slope", "effect 3".
    rms : ndarray, shape (q,)
        Root mean square of each column of z.
    n : int
    """

    zz: FloatArray
    zx: FloatArray
    zr: FloatArray
    rr: float
    r_factor: FloatArray
    beta_ols: FloatArray
    unwhiten: FloatArray
    groups: tuple[str, ...]
    effects: tuple[str, ...]
    rms: FloatArray
    n: int

    @property
    def p(self) -> int:
        """Columns of the fixed design."""
        return self.zx.shape[2]

    @property
    def q(self) -> int:
        """Columns of the random design."""
        return self.zx.shape[1]


def cross_products(
    y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike, group: npt.ArrayLike
) -> CrossProducts:
    """Reduce the data to cross-products per group; see `CrossProducts`.

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Fewer than two groups, a rank-deficient design, no group with more rows than random
        effects, too few groups that can tell the random effects apart, no residual variation.
    """
    outcome, fixed, random, labels = _checked(y, x, z, group)
    names, codes = np.unique(labels, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    outcome, fixed, random = outcome[order], fixed[order], random[order]
    starts = np.searchsorted(codes[order], np.arange(names.size))
    n, p = fixed.shape
    if names.size < 2:
        raise NotEstimable(f"random effects need at least 2 groups, found {names.size}")
    if n <= p:
        raise NotEstimable(f"too few rows for {p} fixed effects: n = {n}")
    basis, r_factor = np.linalg.qr(fixed)
    _refuse_dependent(r_factor, fixed, "fixed")
    _, z_factor = np.linalg.qr(random)
    _refuse_dependent(z_factor, random, "random")
    unwhiten = np.linalg.inv(z_factor) * np.sqrt(n)
    white = random @ unwhiten
    residual = outcome - basis @ (basis.T @ outcome)
    residual -= basis @ (basis.T @ residual)  # once more, against rounding
    rr = float(residual @ residual)
    if rr <= 1e-20 * float(outcome @ outcome):
        raise NotEstimable(f"the outcome has no residual variation (n = {n})")
    zz = np.add.reduceat(white[:, :, None] * white[:, None, :], starts)
    _refuse_unidentified(zz, n)
    return CrossProducts(
        zz=zz,
        zx=np.add.reduceat(white[:, :, None] * basis[:, None, :], starts),
        zr=np.add.reduceat(white * residual[:, None], starts),
        rr=rr,
        r_factor=r_factor,
        beta_ols=np.linalg.solve(r_factor, basis.T @ outcome),
        unwhiten=unwhiten,
        groups=tuple(str(name) for name in names),
        effects=_effect_names(random),
        rms=np.sqrt(np.mean(random**2, axis=0)),
        n=n,
    )


def _checked(
    y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike, group: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.generic]]:
    outcome, fixed, random = (np.asarray(part, dtype=float) for part in (y, x, z))
    labels = np.asarray(group)
    n = outcome.size
    shapes = f"y {outcome.shape}, x {fixed.shape}, z {random.shape}, group {labels.shape}"
    if (
        outcome.ndim != 1
        or fixed.ndim != 2
        or random.ndim != 2
        or {len(fixed), len(random), labels.size} != {n}
        or labels.ndim != 1
    ):
        raise ValueError(f"shapes do not match: {shapes}")
    if not all(np.isfinite(part).all() for part in (outcome, fixed, random)):
        raise ValueError("missing or infinite values in y, x or z: leave such rows out first")
    return outcome, fixed, random, labels


def _refuse_dependent(r_factor: FloatArray, design: FloatArray, which: str) -> None:
    left = np.abs(np.diag(r_factor))
    dependent = left <= _RANK * np.linalg.norm(design, axis=0)
    if dependent.any() or left.size < design.shape[1]:
        column = int(np.argmax(dependent))
        raise NotEstimable(
            f"singular {which} design: column {column} (counted from 0) is zero or a linear "
            "combination of the columns before it"
        )


def _refuse_unidentified(zz: FloatArray, n: int) -> None:
    """Within-group variation must be left over, and two groups must know all random effects."""
    q = zz.shape[1]
    eigenvalues = np.linalg.eigvalsh(zz)
    # Against a typical row of the whitened design (z'z = n I), 1e-10 is rounding.
    ranks = np.sum(eigenvalues > 1e-10 * np.maximum(1.0, eigenvalues[:, -1:]), axis=1)
    if n <= ranks.sum():
        raise NotEstimable(
            f"no residual degrees of freedom: {n} rows for {int(ranks.sum())} random effects in "
            f"{len(zz)} groups; some group needs more than {q} rows"
        )
    full = int(np.sum(ranks == q))
    if full < 2:
        raise NotEstimable(
            f"too few groups whose rows tell the {q} random effects apart: {full} < 2"
        )


def _effect_names(random: FloatArray) -> tuple[str, ...]:
    constant = np.ptp(random, axis=0) == 0
    slopes = int(np.sum(~constant))
    return tuple(
        "intercept" if flat else "slope" if slopes == 1 else f"effect {j + 1}"
        for j, flat in enumerate(constant)
    )


@dataclass(frozen=True, eq=False)
class Point:
    """The criterion at one covariance.

    Attributes
    ----------
    deviance : float
        Minus twice the (restricted) log-likelihood.
    slope : ndarray, shape (q, q)
        Derivative of the deviance by the relative covariance (whitened), symmetric.
    sigma2 : float
        Residual variance, profiled.
    coefficients : ndarray, shape (p,)
        Generalised least squares on the orthonormal basis, beyond least squares.
    information : ndarray, shape (p, p)
        Of `coefficients`, in units of 1 / `sigma2`.
    """

    deviance: float
    slope: FloatArray
    sigma2: float
    coefficients: FloatArray
    information: FloatArray


@dataclass(frozen=True, eq=False)
class Criterion:
    """Profiled (restricted) deviance as a function of the relative covariance of random effects.

    Everywhere `factor` is lower-triangular, shape (q, q), with relative covariance (whitened, in
    units of the residual variance) ``factor @ factor.T``.
    """

    products: CrossProducts
    reml: bool

    def evaluate(self, factor: FloatArray) -> Point:
        """Deviance and slope at `factor`.

        With V = I + Z G Z' and P the residual projection, the slope by G is
        ``Z' V^-1 Z - Z' V^-1 r r' V^-1 Z / sigma2 - Z' V^-1 X (X' V^-1 X)^-1 X' V^-1 Z``, the last
        term for REML alone.
        """
        data = self.products
        core, log_det = self._core(factor)
        # V^-1 = I - Z core Z', so every z'V^-1(.) of a group is (.) minus z'z core (.).
        through = data.zz @ core
        core_zx = core @ data.zx
        information = np.eye(data.p) - _stacked(data.zx).T @ _stacked(core_zx)
        moment = -_stacked(core_zx).T @ data.zr.ravel()
        core_zr = np.einsum("gij,gj->gi", core, data.zr)
        coefficients = np.asarray(np.linalg.solve(information, moment), dtype=np.float64)
        rss = data.rr - float(np.vdot(data.zr, core_zr)) - float(moment @ coefficients)
        df = data.n - data.p if self.reml else data.n
        sigma2 = rss / df
        deviance = log_det + df * (1 + np.log(2 * np.pi * sigma2))
        zvx = data.zx - through @ data.zx
        zvr = data.zr - np.einsum("gij,gj->gi", through, data.zr) - zvx @ coefficients
        zvz = (data.zz - through @ data.zz).sum(axis=0)
        slope = zvz - zvr.T @ zvr / sigma2
        if self.reml:
            deviance += np.linalg.slogdet(information)[1]
            deviance += 2 * float(np.sum(np.log(np.abs(np.diag(data.r_factor)))))
            weighted = zvx @ np.linalg.inv(information)
            slope = slope - np.einsum("gip,gjp->ij", weighted, zvx)
        slope = (slope + slope.T) / 2
        return Point(float(deviance), slope, sigma2, coefficients, information)

    def fixed_effects(self, factor: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of x, shape (p,), and their covariance over the residual variance."""
        point = self.evaluate(factor)
        back = np.linalg.inv(self.products.r_factor)
        beta = self.products.beta_ols + back @ point.coefficients
        return beta, back @ np.linalg.inv(point.information) @ back.T

    def predictions(self, factor: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Best linear unbiased predictions and relative variances of their errors.

        Both of shape (groups, q), in the coordinates of z.
        """
        data, point = self.products, self.evaluate(factor)
        core, _ = self._core(factor)
        relative = factor @ factor.T
        zvx = data.zx - data.zz @ core @ data.zx
        white = np.einsum("gkj,gj->gk", core, data.zr - data.zx @ point.coefficients)
        from_beta = relative @ zvx
        error = core + from_beta @ np.linalg.inv(point.information) @ from_beta.swapaxes(1, 2)
        error = data.unwhiten @ error @ data.unwhiten.T
        return white @ data.unwhiten.T, np.diagonal(error, axis1=1, axis2=2)

    def _core(self, factor: FloatArray) -> tuple[FloatArray, float]:
        """``factor (I + factor' z'z factor)^-1 factor'`` of each group, and log det V."""
        inner = np.eye(len(factor)) + factor.T @ self.products.zz @ factor
        log_det = float(np.linalg.slogdet(inner)[1].sum())
        return factor @ np.linalg.solve(inner, np.broadcast_to(factor.T, inner.shape)), log_det


def _stacked(blocks: FloatArray) -> FloatArray:
    """Rows of all groups one under the other."""
    return blocks.reshape(-1, blocks.shape[-1])
