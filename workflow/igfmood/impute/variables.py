"""What imputation is told about a table: its variables, and columns computed from them.

Takes: values with gaps, the model each is imputed by, limits below which a value is known to lie.
Gives: checked variables for the chained equations, or why a variable cannot be imputed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

Kind = Literal["normal", "pmm", "logistic", "multinomial", "censored"]
CATEGORICAL = ("logistic", "multinomial")
#: Observed rows that a regression needs beyond its coefficients.
SPARE_ROWS = 2


@dataclass(frozen=True, eq=False)
class Variable:
    """One column of the table.

    Attributes
    ----------
    name : str
    kind : {"normal", "pmm", "logistic", "multinomial", "censored"}
        Model of the missing values: linear with normal draws; predictive mean matching (values
        of observed people only); 0/1; codes 0 ... K-1; linear with normal draws where some
        values are only known to lie below a limit. It also says how the column enters the
        other models: codes as K - 1 indicators, all else as it stands.
    values : ndarray, shape (n,)
        Values, NaN where missing. Scale as it should be modelled (log of a skewed analyte).
    upper_limit : ndarray, shape (n,), optional
        Only for "censored": in rows whose value is NaN but known to lie below a limit, that
        limit on the scale of `values`; NaN elsewhere.
    predictors : tuple of str, optional
        Variables and passive columns that predict this one; all (but passive columns computed
        from it) if not given.
    """

    name: str
    kind: Kind
    values: FloatArray
    upper_limit: FloatArray | None = None
    predictors: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check shapes and codes."""
        values = np.array(self.values, dtype=float)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.name}: unknown kind {self.kind!r}")
        if values.ndim != 1 or np.isinf(values).any():
            raise ValueError(f"{self.name}: expected one column without infinite values")
        seen = values[~np.isnan(values)]
        if self.kind in CATEGORICAL and not ((seen >= 0) & (seen == np.floor(seen))).all():
            raise ValueError(f"{self.name}: codes must be 0, 1, 2 ...")
        if self.kind == "logistic" and (seen > 1).any():
            raise ValueError(f"{self.name}: a logistic variable is coded 0 and 1")
        if (self.upper_limit is not None) != (self.kind == "censored"):
            raise ValueError(f"{self.name}: limits belong to kind 'censored', and only there")
        if self.upper_limit is not None:
            limit = np.array(self.upper_limit, dtype=float)
            if limit.shape != values.shape or (~np.isnan(limit) & ~np.isnan(values)).any():
                raise ValueError(f"{self.name}: limits are for rows whose value is NaN")
            if np.isinf(limit).any():
                raise ValueError(f"{self.name}: a limit is infinite; NaN means that there is none")
            limit.flags.writeable = False
            object.__setattr__(self, "upper_limit", limit)

    @property
    def missing_rows(self) -> IndexArray:
        """Rows to impute, those below a limit included; ascending."""
        return np.flatnonzero(np.isnan(self.values))

    @property
    def observed(self) -> FloatArray:
        """The values that are there, in the order of the rows."""
        return self.values[~np.isnan(self.values)]

    @property
    def n_categories(self) -> int:
        """Categories of a categorical variable: highest observed code + 1."""
        return int(self.observed.max()) + 1

    def require_estimable(self, n_predictors: int) -> None:
        """Refuse to impute what the observed values cannot support.

        Raises
        ------
        NotEstimable
            Nothing observed; one value only; fewer rows than the model's coefficients need; a
            category that nobody was observed in.
        """
        seen = self.observed
        remedy = "leave the variable out of the imputation or its models"
        if seen.size == 0:
            raise NotEstimable(f"{self.name} cannot be imputed: nobody has a value; {remedy}")
        if (seen == seen[0]).all():
            raise NotEstimable(
                f"{self.name} cannot be imputed: all {seen.size} observed values are "
                f"{seen[0]:g}; {remedy}"
            )
        needed = n_predictors + 1 + SPARE_ROWS
        if seen.size < needed:
            raise NotEstimable(
                f"{self.name} cannot be imputed: {seen.size} people have a value and its model "
                f"with {n_predictors} predictors needs {needed}; give fewer predictors or leave "
                "the variable out"
            )
        if self.kind in CATEGORICAL:
            counts = np.bincount(seen.astype(np.intp))
            if not counts.all():
                raise NotEstimable(
                    f"{self.name} cannot be imputed: nobody is observed in category "
                    f"{int(np.argmin(counts))}; number the categories that occur"
                )


@dataclass(frozen=True)
class Passive:
    """Columns computed from variables, renewed whenever one of these is imputed.

    Attributes
    ----------
    name : str
        Name by which `Variable.predictors` refers to it.
    inputs : tuple of str
        Variables it is computed from.
    function : callable
        Takes the inputs by name, each of shape (rows,), and gives (rows,) or (rows, k). Row by
        row: it is called on any subset of the rows, so it must not use means or ranks of the
        rows it is given (knots and centres are fixed beforehand).
    """

    name: str
    inputs: tuple[str, ...]
    function: Callable[[Mapping[str, FloatArray]], FloatArray]

    def evaluate(self, columns: Mapping[str, FloatArray]) -> FloatArray:
        """Value on some rows, shape (rows, k).

        Raises
        ------
        ValueError
            A result of another number of rows, or one that is not finite.
        """
        inputs = {name: columns[name] for name in self.inputs}
        rows = len(next(iter(inputs.values())))
        result = np.asarray(self.function(inputs), dtype=float)
        result = result[:, None] if result.ndim == 1 else result
        if result.ndim != 2 or len(result) != rows or not np.isfinite(result).all():
            raise ValueError(
                f"passive column {self.name}: expected {rows} rows of finite values, "
                f"found shape {result.shape}"
            )
        return result
