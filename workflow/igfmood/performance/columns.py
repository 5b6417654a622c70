"""From what is known of a person to the columns of a model.

Takes covariates without gaps and the score of the analyte; learns knots and tails from training
people, and gives the columns of anybody. A scikit-learn transformer.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from igfmood.config.prediction import ANALYTE, ANALYTE_FORMS, ANALYTE_SPLINE, ANALYTE_TAILS
from igfmood.errors import NotEstimable
from igfmood.performance.task_data import columns_of
from igfmood.splines import rcs_basis, rcs_knots

FloatArray = npt.NDArray[np.float64]
#: Columns by name, each of shape (n,): a mapping, or a frame.
Known = Mapping[str, FloatArray] | pd.DataFrame

#: Name of the score among the columns that go in.
SCORE = "sds"
#: Knots of covariates, and of the analyte.
_KNOTS, _ANALYTE_KNOTS = 3, 4
#: Centiles of the training controls beyond which a score is in a tail.
_TAILS = (10, 90)


class ModelColumns(TransformerMixin, BaseEstimator):
    """Columns of a logistic or Cox model.

    Parameters
    ----------
    predictors
        Names: covariates, and forms of the analyte.
    splines
        Those that enter as a restricted cubic spline; a line where the training people have too
        few different values.
    steps
        Name of a covariate, or `SCORE`: to multiples of what its knots and tails are rounded,
        where they must not be the value of a person.
    """

    def __init__(
        self, predictors: Sequence[str], splines: Sequence[str] = (),
        steps: Mapping[str, float] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.predictors = predictors
        self.splines = splines
        self.steps = steps

    def fit(self, X: Known, y: npt.ArrayLike) -> Self:
        """Learn knots from all training people, tails from those of class 0.

        Parameters
        ----------
        X
            Covariates as in `task_data.People.predictors`, and the score as `SCORE`.
        y
            Class, shape (n,).

        Raises
        ------
        NotEstimable
            If the score has too few different values for its spline.
        """
        self._learn(X, y)
        return self

    def fit_transform(self, X: Known, y: npt.ArrayLike) -> FloatArray:
        """Learn from people and return their columns, shape (n, p)."""
        return self._stacked(self._learn(X, y), X)

    def transform(self, X: Known) -> FloatArray:
        """Return the columns, shape (n, p), in the order of `get_feature_names_out`."""
        check_is_fitted(self)
        return self._stacked(self._all(X), X)

    def _stacked(self, columns: Mapping[str, FloatArray], X: Known) -> FloatArray:
        return np.column_stack(
            [np.empty((len(X[SCORE]), 0)), *(columns[name] for name in self.kept_)]
        )

    def _learn(self, X: Known, y: npt.ArrayLike) -> dict[str, FloatArray]:
        """Learn from people, and return what there is of them, kept or not."""
        self.knots_: dict[str, list[float]] = {}
        for name in self.predictors:
            if name in self.splines and name in X:
                try:
                    knots = rcs_knots(np.asarray(X[name], dtype=float), _KNOTS)
                except NotEstimable:
                    continue
                self.knots_[name] = self._places(knots, name)
        score = np.asarray(X[SCORE], dtype=float)
        if ANALYTE_SPLINE in self.predictors:
            knots = rcs_knots(score, _ANALYTE_KNOTS)
            self.knots_[ANALYTE_SPLINE] = self._places(knots, SCORE)
        self.tails_: list[float] = []
        if ANALYTE_TAILS in self.predictors:
            tails = np.percentile(score[np.asarray(y) == 0], _TAILS)
            self.tails_ = self._places(tails, SCORE)
        columns = self._all(X)
        # What does not vary among training people has no coefficient.
        self.kept_ = [name for name, values in columns.items() if np.ptp(values) > 0]
        return columns

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns."""
        return np.array(self.kept_, dtype=object)

    def _places(self, values: FloatArray, name: str) -> list[float]:
        """Return rising values, rounded as `steps` says (finer where some would coincide)."""
        step = self.steps.get(name, 0.0)
        while step > 1e-9 * np.ptp(values):
            rounded = np.round(np.round(values / step) * step, 12)
            if (np.diff(rounded) > 0).all():
                return [float(value) for value in rounded]
            step /= 2
        return [float(value) for value in values]

    def _all(self, X: Known) -> dict[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        score = np.asarray(X[SCORE], dtype=float)
        for name in self.predictors:
            if name == ANALYTE:
                found[ANALYTE] = score
            elif name == ANALYTE_SPLINE:
                found |= self._spline_by_sex(score, X)
            elif name == ANALYTE_TAILS:
                low, high = self.tails_
                found["analyte_low"] = (score < low).astype(float)
                found["analyte_high"] = (score > high).astype(float)
            elif name in self.knots_:
                basis = rcs_basis(np.asarray(X[name], dtype=float), self.knots_[name])
                found |= {f"{name}'{i or ''}": basis[:, i] for i in range(basis.shape[1])}
            else:
                found |= {column: np.asarray(X[column], dtype=float) for column in columns_of(name)}
        return found

    def _spline_by_sex(self, score: FloatArray, X: Known) -> dict[str, FloatArray]:
        basis = rcs_basis(score, self.knots_[ANALYTE_SPLINE])
        found = {f"analyte'{i or ''}": basis[:, i] for i in range(basis.shape[1])}
        for sex in columns_of("sex"):
            male = np.asarray(X[sex], dtype=float)
            found |= {
                f"analyte'{i or ''} x {sex}": basis[:, i] * male for i in range(basis.shape[1])
            }
        return found


def uses_analyte(predictors: Sequence[str]) -> bool:
    """Return whether a model uses the analyte in any form."""
    return any(name in ANALYTE_FORMS for name in predictors)
