"""Gaps of predictors, filled by what is learned in training data alone.

Takes predictors with gaps; learns their joint normal distribution from the training part, and
draws what is missing of anybody from what is known of that person. No outcome is used, so that a
new person is treated as those the model was built from.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Steps of the EM algorithm, and the change of a mean or covariance (in SDs) that ends it.
_MOST_STEPS, _TOLERANCE = 200, 1e-6
#: Share of the variance that is added to it, so that columns that go together stay apart.
_RIDGE = 1e-6


class JointNormal(TransformerMixin, BaseEstimator):
    """Draws of missing predictors from their joint normal distribution.

    Categories count as numbers, and what is drawn for them is not rounded: rounding biases
    (Allison 2005). A column with one value in the training part is filled with it; one that is
    nowhere known there stays missing.

    References
    ----------
    Schafer JL (1997). Analysis of Incomplete Multivariate Data, section 5.3 (EM).
    Sisk R et al (2023). Stat Methods Med Res 32:1461-1477 (predictors imputed without the outcome).
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn mean and covariance by maximum likelihood, gaps taken as missing at random.

        Raises
        ------
        NotEstimable
            If the algorithm does not converge.
        """
        values = X.to_numpy(float)
        self.columns_ = list(X.columns)
        known = np.isfinite(values)
        self.center_ = np.full(values.shape[1], np.nan)
        self.scale_ = np.zeros(values.shape[1])
        for j in np.flatnonzero(known.any(axis=0)):
            column = values[known[:, j], j]
            self.center_[j], self.scale_[j] = column.mean(), column.std()
            if np.ptp(column) == 0:
                self.center_[j], self.scale_[j] = column[0], 0.0
        self.varies_ = self.scale_ > 0
        self.mean_, self.cov_ = _em(self._standardised(values))
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Fill gaps with their expectation, as for a person who is to be predicted."""
        return self.draw(X, None)

    def draw(self, X: pd.DataFrame, noise: FloatArray | None) -> pd.DataFrame:
        """Fill gaps with draws, or with their expectation where there is no noise.

        Parameters
        ----------
        X
            The columns learned from, n rows.
        noise : ndarray, shape (n, columns), optional
            Standard normal numbers, so that what is drawn for a person depends on nobody else.
        """
        check_is_fitted(self)
        values = X.to_numpy(float)
        gaps = ~np.isfinite(values)
        if not gaps.any():
            return X
        filled = np.tile(self.center_, (len(values), 1))
        own = None if noise is None else noise[:, self.varies_]
        drawn = _filled(self._standardised(values), self.mean_, self.cov_, own)
        filled[:, self.varies_] += drawn * self.scale_[self.varies_]
        return pd.DataFrame(np.where(gaps, filled, values), columns=X.columns, index=X.index)

    def _standardised(self, values: FloatArray) -> FloatArray:
        """Return the columns that vary in the training part, with mean 0 and SD 1 there."""
        own = self.varies_
        return np.asarray((values[:, own] - self.center_[own]) / self.scale_[own], dtype=np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, for `set_output`."""
        return np.array(self.columns_, dtype=object)


def _patterns(values: FloatArray) -> list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]]:
    """What is known, and the rows of whom that is known of."""
    known = np.isfinite(values)
    # One whole number for each pattern, in the order of its columns.
    code = known @ (2.0 ** np.arange(known.shape[1])[::-1])
    codes, first = np.unique(code, return_index=True)
    return [
        (known[row], np.flatnonzero(code == one)) for one, row in zip(codes, first, strict=True)
    ]


def _em(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of standardised columns with gaps.

    A step needs sums and cross products of each pattern of gaps alone, whatever the people.
    """
    n, p = values.shape
    mean, cov = np.zeros(p), np.eye(p)
    complete = np.isfinite(values).all()
    sums = []
    for known, rows in _patterns(values):
        own = values[np.ix_(rows, known)]
        sums.append((known, len(rows), own.sum(axis=0), own.T @ own))
    for _ in range(_MOST_STEPS):
        moved, spread = np.zeros(p), np.zeros((p, p))
        for known, count, total, products in sums:
            gaps = ~known
            slopes = _regression(cov, known)
            # From what is known of a person, all of it against `mean`: itself, or its regression.
            filling = np.zeros((p, int(known.sum())))
            filling[known], filling[gaps] = np.eye(filling.shape[1]), slopes.T
            here = mean[known]
            crossed = np.outer(total, here)
            about = products - crossed - crossed.T + count * np.outer(here, here)
            moved += filling @ (total - count * here)
            spread += filling @ about @ filling.T
            left = cov[np.ix_(gaps, gaps)] - cov[np.ix_(gaps, known)] @ slopes
            spread[np.ix_(gaps, gaps)] += count * left
        step = moved / n
        new_cov = spread / n - np.outer(step, step)
        new_cov[np.diag_indices(p)] += _RIDGE
        change = max(np.abs(step).max(initial=0), np.abs(new_cov - cov).max(initial=0))
        mean, cov = mean + step, new_cov
        if complete or change < _TOLERANCE:
            return mean, cov
    raise NotEstimable(f"the joint distribution of the predictors needs over {_MOST_STEPS} steps")


def _regression(cov: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    """Slopes of the missing columns on the known ones."""
    slopes = np.linalg.solve(cov[np.ix_(known, known)], cov[np.ix_(known, ~known)])
    return np.asarray(slopes, dtype=np.float64)


def _filled(
    values: FloatArray, mean: FloatArray, cov: FloatArray, noise: FloatArray | None
) -> FloatArray:
    filled = values.copy()
    for known, rows in _patterns(values):
        gaps = ~known
        if not gaps.any():
            continue
        slopes = _regression(cov, known)
        expected = mean[gaps] + (values[np.ix_(rows, known)] - mean[known]) @ slopes
        if noise is not None:
            left = cov[np.ix_(gaps, gaps)] - cov[np.ix_(gaps, known)] @ slopes
            root = np.linalg.cholesky((left + left.T) / 2 + _RIDGE * np.eye(int(gaps.sum())))
            expected = expected + noise[np.ix_(rows, gaps)] @ root.T
        filled[np.ix_(rows, gaps)] = expected
    return filled
