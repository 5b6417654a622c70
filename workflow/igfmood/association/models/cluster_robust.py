"""Least squares over few clusters, such as the cohorts of a one-stage model.

Takes: a numeric design matrix (intercept included), an outcome, the cluster of each row, weights.
Gives: coefficients with the CR2 covariance, contrasts with Satterthwaite degrees of freedom.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from igfmood.association.models.linear import Contrast, gram_cholesky
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: A direction with less than this share of its residual variance left is fitted by its cluster
#: alone: it has no adjustment, and generalised inverses leave it out.
SATURATED = 1e-10
#: A contrast is refused when its variance, in the working model, would miss more than this share
#: because it lies in such directions.
OWN_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class ClusterRobustFit:
    """A least-squares fit with its CR2 (bias-reduced linearisation) covariance.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients, outcome units per unit of the column.
    cov : ndarray, shape (p, p)
        CR2 covariance of `beta`. The entries of a coefficient that one cluster alone determines
        are too small; `contrast` refuses it.
    n, n_clusters : int
        Rows and clusters.
    """

    beta: FloatArray
    cov: FloatArray
    n: int
    n_clusters: int
    _pieces: "_Pieces" = field(repr=False)

    def contrast(self, index: int, level: float = 0.95) -> Contrast:
        """Inference on the coefficient at position `index` (counted from 0)."""
        weights = np.zeros(self.beta.size)
        weights[index] = 1.0
        return self.linear_combination(weights, level)

    def linear_combination(self, weights: npt.ArrayLike, level: float = 0.95) -> Contrast:
        """Inference on ``weights @ beta`` by Student t on its own Satterthwaite df.

        Parameters
        ----------
        weights : array_like, shape (p,)
        level : float
            Coverage of the interval.

        Returns
        -------
        Contrast

        Raises
        ------
        ValueError
            `weights` of another length than `beta`.
        NotEstimable
            The combination is determined within one cluster alone, or has no variance.

        Notes
        -----
        df = (sum of eigenvalues)^2 / sum of squared eigenvalues of the matrix of products of the
        clusters' parts in the variance, under independent errors of equal variance.

        References
        ----------
        Bell RM, McCaffrey DF (2002). Survey Methodology 28:169-181, section 4.
        Pustejovsky JE, Tipton E (2018). J Bus Econ Stat 36:672-683, equation 11.
        """
        w = np.asarray(weights, dtype=float)
        if w.shape != self.beta.shape:
            raise ValueError(f"expected {self.beta.size} weights, found shape {w.shape}")
        if not w.any():
            raise NotEstimable("the contrast has no variance (all weights are 0)")
        direction = self._pieces.to_orthonormal.T @ w
        self._pieces.refuse_own(direction)
        df = self._pieces.degrees_of_freedom(direction)
        return student_contrast(float(w @ self.beta), float(w @ self.cov @ w), df, level)


def student_contrast(estimate: float, variance: float, df: float, level: float) -> Contrast:
    """Two-sided t inference on an estimate with `df` degrees of freedom.

    Raises
    ------
    NotEstimable
        The variance is not positive.
    """
    if not variance > 0:
        raise NotEstimable(f"the contrast has no variance ({variance:g})")
    se = float(np.sqrt(variance))
    t = estimate / se
    half_width = float(stdtrit(df, 0.5 + level / 2)) * se
    p = 2 * float(stdtr(df, -abs(t)))
    return Contrast(estimate, se, t, df, p, estimate - half_width, estimate + half_width, level)


def cluster_robust(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    cluster: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
) -> ClusterRobustFit:
    """Ordinary or weighted least squares with the CR2 cluster-robust covariance.

    Residuals of each cluster are stretched so that the covariance is unbiased if errors are
    independent with equal variance (the working model, weights or not); it holds, nearly, when
    they are not.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design matrix with its intercept column, no missing values.
    y : array_like, shape (n,)
        Outcome, no missing values.
    cluster : array_like, shape (n,)
        Label of the cluster of each row.
    weights : array_like, shape (n,), optional
        Positive weights of the rows.

    Returns
    -------
    ClusterRobustFit

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, weights that are not positive.
    NotEstimable
        Not more rows than columns, fewer than two clusters, a rank-deficient design (names the
        column), no residual variance.

    Notes
    -----
    With X in orthonormal coordinates (X' W X = I), cluster g has residual covariance
    ``I - X_g (W X)_g' - (W X)_g X_g' + X_g (X' W^2 X) X_g'``: the identity but for the span of
    X_g and (W X)_g. Its inverse square root is taken in that span, so a cluster of any size costs
    O(n_g p^2). Clusters of equal size are worked together.

    References
    ----------
    Bell RM, McCaffrey DF (2002). Survey Methodology 28:169-181, section 3.
    Pustejovsky JE, Tipton E (2018). J Bus Econ Stat 36:672-683, equations 5-6 (weights) and
    theorem 1 (generalised inverse).
    """
    design, outcome, labels, w = _checked(X, y, cluster, weights)
    n, p = design.shape
    names, codes = np.unique(labels, return_inverse=True)
    if names.size < 2:
        raise NotEstimable(f"cluster-robust errors need at least 2 clusters, found {names.size}")
    if n <= p:
        raise NotEstimable(f"too few rows for {p} coefficients: n = {n}")
    root = np.sqrt(w)[:, None]
    gram_cholesky((design * root).T @ (design * root))
    basis, triangle = np.linalg.qr(design * root)
    to_orthonormal = np.linalg.inv(triangle)
    beta = to_orthonormal @ (basis.T @ (root[:, 0] * outcome))
    residual = outcome - design @ beta
    if float(w @ residual**2) <= 1e-26 * float(w @ outcome**2):
        raise NotEstimable(f"the outcome has no residual variance (n = {n})")
    pieces = _Pieces.of(basis / root, w, residual, codes, tuple(map(str, names)), to_orthonormal)
    scores = pieces.scores @ to_orthonormal.T
    return ClusterRobustFit(beta, scores.T @ scores, n, names.size, pieces)


def _checked(
    X: npt.ArrayLike, y: npt.ArrayLike, cluster: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.generic], FloatArray]:
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    labels = np.asarray(cluster)
    w = np.ones_like(outcome) if weights is None else np.asarray(weights, dtype=float)
    if design.ndim != 2 or {outcome.shape, labels.shape, w.shape} != {design.shape[:1]}:
        raise ValueError(
            f"X {design.shape}, y {outcome.shape}, cluster {labels.shape} and weights {w.shape} "
            "do not match"
        )
    if not all(np.isfinite(part).all() for part in (design, outcome, w)):
        raise ValueError("the design, the outcome or the weights hold missing or infinite values")
    if not (w > 0).all():
        raise ValueError("weights must be positive")
    return design, outcome, labels, w


@dataclass(frozen=True, eq=False)
class _Pieces:
    """What each cluster brings to variance and degrees of freedom, in orthonormal coordinates.

    With A the adjustment and F = A W X of cluster g: `scores` are F'e, shape (G, p); `own` F'F,
    `through_x` X'F and `through_wx` (W X)'F, shape (G, p, p); `saturated` is N'N for N the part
    of W X in the directions that the cluster alone fits.
    """

    scores: FloatArray
    own: FloatArray
    through_x: FloatArray
    through_wx: FloatArray
    saturated: FloatArray
    squared_weights: FloatArray
    to_orthonormal: FloatArray
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        x: FloatArray,
        w: FloatArray,
        residual: FloatArray,
        codes: npt.NDArray[np.intp],
        names: tuple[str, ...],
        to_orthonormal: FloatArray,
    ) -> "_Pieces":
        p, sizes = x.shape[1], np.bincount(codes)
        order, starts = np.argsort(codes, kind="stable"), np.cumsum(sizes) - sizes
        wx = x * w[:, None]
        squared_weights = wx.T @ wx
        scores = np.empty((sizes.size, p))
        own, through_x, through_wx, saturated = np.empty((4, sizes.size, p, p))
        for size in np.unique(sizes):
            same = np.flatnonzero(sizes == size)
            rows = order[starts[same][:, None] + np.arange(size)]
            adjusted, lost = _adjusted(x[rows], wx[rows], squared_weights)
            scores[same] = np.einsum("gnp,gn->gp", adjusted, residual[rows])
            turned = adjusted.swapaxes(1, 2)
            own[same] = turned @ adjusted
            through_x[same] = x[rows].swapaxes(1, 2) @ adjusted
            through_wx[same] = wx[rows].swapaxes(1, 2) @ adjusted
            saturated[same] = lost.swapaxes(1, 2) @ lost
        return cls(
            scores, own, through_x, through_wx, saturated, squared_weights, to_orthonormal, names
        )

    def degrees_of_freedom(self, direction: FloatArray) -> float:
        """Satterthwaite df of the contrast `direction`, shape (p,), in these coordinates.

        The matrix of products is diagonal plus a matrix of rank 2p, so its trace and that of its
        square never need all pairs of clusters.
        """
        p = direction.size
        own = direction @ self.own @ direction
        spread = np.hstack([self.through_x @ direction, self.through_wx @ direction])
        core = np.block([[self.squared_weights, -np.eye(p)], [-np.eye(p), np.zeros((p, p))]])
        shared = np.einsum("gi,ij,gj->g", spread, core, spread)
        product = core @ (spread.T @ spread)
        trace = float((own + shared).sum())
        trace_of_square = float(own @ own + 2 * own @ shared + np.trace(product @ product))
        return trace**2 / trace_of_square

    def refuse_own(self, direction: FloatArray) -> None:
        """Raise if the contrast rests on directions that a cluster alone fits."""
        lost = direction @ self.saturated @ direction
        # The variance of the contrast in the working model, in residual variances.
        share = float(lost.sum() / (direction @ self.squared_weights @ direction))
        if share > OWN_SHARE:
            raise NotEstimable(
                f"cluster {self.names[int(np.argmax(lost))]} alone determines part of the "
                f"contrast: its residuals there are zero whatever the truth, and {share:.0%} of "
                "the variance could not be seen"
            )


def _adjusted(
    x: FloatArray, wx: FloatArray, squared_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """``A wx`` and the part of wx without residual variance, for clusters of one size.

    x and wx have shape (clusters, n_g, p).
    """
    p = x.shape[2]
    basis, triangle = np.linalg.qr(np.concatenate([x, wx], axis=2))
    core = np.block([[squared_weights, -np.eye(p)], [-np.eye(p), np.zeros((p, p))]])
    left_over = np.eye(triangle.shape[1]) + triangle @ core @ triangle.swapaxes(1, 2)
    values, vectors = np.linalg.eigh(left_over)
    kept = values > SATURATED
    stretch = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    axes = basis @ vectors
    along = axes.swapaxes(1, 2) @ wx
    lost = axes @ (np.where(kept, 0.0, 1.0)[:, :, None] * along)
    # The basis spans wx, so nothing of wx is left outside it.
    return axes @ (stretch[:, :, None] * along), lost
