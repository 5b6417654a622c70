"""Least squares of a log concentration on assay batch and on what batches must not remove.

Takes: the batch of each person and a protected design.
Gives: adjusted level, spread and degrees of freedom of each batch, or a refusal where batch and
the protected design cannot be told apart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import DataError, NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
StrArray = npt.NDArray[np.str_]

#: Largest squared canonical correlation of batches with the protected design; 0.9 is a variance
#: inflation of 10, above which batch and diagnosis are not told apart.
MAX_CONFOUNDING = 0.9


@dataclass(frozen=True, eq=False)
class BatchLevels:
    """One outcome, by batch, adjusted to the mean of the protected design.

    Attributes
    ----------
    level : ndarray, shape (batches,)
        Adjusted mean of each batch.
    sd : ndarray, shape (batches,)
        Residual SD of each, missing where nothing is left to estimate it from.
    df : ndarray, shape (batches,)
        Residual degrees of freedom of each, sum over the batch of 1 - leverage.
    """

    level: FloatArray
    sd: FloatArray
    df: FloatArray


@dataclass(frozen=True, eq=False)
class BatchLayout:
    """Who is in which batch, and the protected design between and within batches.

    Attributes
    ----------
    code : ndarray of int, shape (n,)
        Position of each person's batch.
    n : ndarray of int, shape (batches,)
    within : ndarray, shape (n, r)
        Protected design centred within batch, orthonormal columns.
    between : ndarray, shape (batches, r)
        Batch means of the protected design, overall mean 0, in the coordinates of `within`.
    """

    code: IntArray
    n: IntArray
    within: FloatArray
    between: FloatArray

    def sums(self, x: FloatArray) -> FloatArray:
        """Sum over each batch, shape (batches,)."""
        return np.bincount(self.code, x, self.n.size).astype(np.float64)

    def weighted_mean(self, x: FloatArray) -> float:
        """Mean of one value a batch, weighted by people."""
        return float(self.n @ x / self.n.sum())

    def levels(self, y: FloatArray, scale: FloatArray) -> BatchLevels:
        """Adjusted level and residual SD of each batch, by weighted least squares.

        Parameters
        ----------
        y : ndarray, shape (n,)
            Outcome.
        scale : ndarray, shape (batches,)
            Spread of each batch, in any unit; weights are its inverse squares. They are equal
            within a batch, so that the batch means stay plain means.
        """
        means = self.sums(y) / self.n
        centred = y - means[self.code]
        weight = scale[self.code] ** -2.0
        weighted = self.within * weight[:, None]
        inverse = np.linalg.inv(weighted.T @ self.within)
        coefficients = inverse @ (weighted.T @ centred)
        squares = self.sums((centred - self.within @ coefficients) ** 2)
        df = self.n - 1 - self.sums(np.sum((weighted @ inverse) * self.within, axis=1))
        variance = np.divide(squares, df, where=df > 0.5, out=np.full(self.n.size, np.nan))
        return BatchLevels(means - self.between @ coefficients, np.sqrt(variance), df)

    def variance_of_levels(self) -> FloatArray:
        """Variance of each level (equal scales) from the weighted mean of all, over sigma^2."""
        batches = self.n.size
        cov = np.diag(1 / self.n) + self.between @ self.between.T
        contrast = np.eye(batches) - self.n / self.n.sum()
        variance: FloatArray = np.einsum("ij,jk,ik->i", contrast, cov, contrast)
        return variance


def batch_layout(code: IntArray, protected: FloatArray, names: StrArray) -> BatchLayout:
    """Lay out batches against a protected design.

    Parameters
    ----------
    code : ndarray of int, shape (n,)
        Position of each person's batch in `names`; every batch has somebody.
    protected : ndarray, shape (n, p)
        No missing values. An intercept and dependent columns are harmless.
    names : ndarray of str, shape (batches,)

    Returns
    -------
    BatchLayout

    Raises
    ------
    NotEstimable
        Fewer than two batches; too few people; batch confounded with `protected`.
    """
    if names.size < 2:
        raise NotEstimable(f"batches are compared, but there is only {names.size}")
    n = np.bincount(code, minlength=names.size)
    centred = protected - protected.mean(axis=0)
    # To unit length, so that what is small is small against its own unit; 0 stays 0.
    length = np.linalg.norm(centred, axis=0)
    noise = 1e-10 * np.linalg.norm(protected, axis=0)
    centred = np.divide(centred, length, where=length > noise, out=np.zeros_like(centred))
    basis, singular, _ = np.linalg.svd(centred, full_matrices=False)
    basis = basis[:, singular > 1e-7]
    means = np.array([np.bincount(code, column, names.size) / n for column in basis.T])
    means = means.T.reshape(names.size, basis.shape[1])
    _refuse_confounded(means, n, names)
    within = basis - means[code]
    root = np.linalg.cholesky(within.T @ within)
    within = np.linalg.solve(root, within.T).T
    if code.size <= names.size + basis.shape[1]:
        raise NotEstimable(
            f"too few people ({code.size}) for {names.size} batches and {basis.shape[1]} "
            "protected columns"
        )
    return BatchLayout(code, n, within, np.linalg.solve(root, means.T).T)


def _refuse_confounded(means: FloatArray, n: IntArray, names: StrArray) -> None:
    """Compare the between-batch share of the protected design with `MAX_CONFOUNDING`."""
    if not means.shape[1]:
        return
    shares, directions = np.linalg.eigh((means * n[:, None]).T @ means)
    if shares[-1] <= MAX_CONFOUNDING:
        return
    worst = names[int(np.argmax(n * (means @ directions[:, -1]) ** 2))]
    raise NotEstimable(
        f"batch is confounded with the protected variables (squared canonical correlation "
        f"{shares[-1]:.2f} > {MAX_CONFOUNDING}, batch {str(worst)!r} most): who is ill, or how "
        "old, can be read from the batch, so a batch effect cannot be told from theirs"
    )


def positive(value: npt.ArrayLike) -> FloatArray:
    """Concentrations as an array, shape (n,); a value that is not positive is refused.

    Raises
    ------
    DataError
        Names the first row whose value has no logarithm.
    ValueError
        Not one-dimensional.
    """
    values = np.asarray(value, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"expected a one-dimensional array, found shape {values.shape}")
    wrong = (values <= 0) | np.isinf(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"row {row} (counted from 0): concentration {values[row]:g}, expected a positive "
            "number; mark values below the detection limit rather than enter 0"
        )
    return values


def batch_labels(batch: npt.ArrayLike, n: int) -> StrArray:
    """Batches as an array of str, shape (n,); a missing one is unknown, "".

    Raises
    ------
    ValueError
        Another length than `n`.
    """
    raw = np.asarray(batch)
    if raw.shape != (n,):
        raise ValueError(f"expected {n} batches, found shape {raw.shape}")
    if raw.dtype.kind == "U":
        return raw
    return np.where(pd.isna(raw), "", raw.astype(str))


def batch_codes(labels: StrArray) -> tuple[IntArray, StrArray]:
    """Position of each batch among the sorted names, -1 for "", and those names.

    By hashing: sorting half a million strings takes seconds.
    """
    code, names = pd.factorize(labels.astype(object), sort=True)
    unknown = int(names.size > 0 and names[0] == "")
    return code.astype(np.int64) - unknown, names[unknown:].astype(str)


def complete_rows(values: FloatArray, protected: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Rows with a concentration and every protected variable, shape (n,).

    Raises
    ------
    ValueError
        `protected` is not of shape (n, p).
    """
    design = np.asarray(protected, dtype=float)
    if design.ndim != 2 or len(design) != values.size:
        raise ValueError(f"value {values.shape} and protected {design.shape} do not match")
    return np.isfinite(values) & np.isfinite(design).all(axis=1)
