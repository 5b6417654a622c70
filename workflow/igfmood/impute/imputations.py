"""The m completed tables, stored as the values that were missing.

Takes: what the chains drew.
Gives: any completed table, the traces of the chains, predictors that had to be left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from igfmood.impute.variables import FloatArray, Passive, Variable


@dataclass(frozen=True)
class DroppedPredictor:
    """A design column that a model could not use.

    Attributes
    ----------
    variable : str
        The variable that was being imputed.
    predictor : str
        Label of the column: constant, or a linear combination of the predictors before it, in
        the rows where `variable` is known.
    share : float
        Share of the model's fits in which it was left out.
    """

    variable: str
    predictor: str
    share: float


@dataclass(frozen=True, eq=False)
class Imputations:
    """Multiple imputations of one table.

    Attributes
    ----------
    variables : tuple of Variable
        As given; observed values are taken from here and never change.
    passive : tuple of Passive
    m, iterations : int
        Completed tables (one chain each), and rounds through the variables.
    imputed : dict of str to ndarray, shape (n_missing, m)
        For every variable with gaps its imputed values, in the order of
        `Variable.missing_rows`.
    trace_mean, trace_sd : dict of str to ndarray, shape (iterations, m)
        Mean and standard deviation (divisor: their number) of the imputed values after every
        iteration; of codes, where the variable is categorical.
    dropped : tuple of DroppedPredictor
    """

    variables: tuple[Variable, ...]
    passive: tuple[Passive, ...]
    m: int
    iterations: int
    imputed: Mapping[str, FloatArray]
    trace_mean: Mapping[str, FloatArray]
    trace_sd: Mapping[str, FloatArray]
    dropped: tuple[DroppedPredictor, ...]

    def variable(self, name: str) -> Variable:
        """Return the variable of this name; a KeyError if there is none."""
        for candidate in self.variables:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def completed(self, index: int) -> dict[str, FloatArray]:
        """Completed table number `index` (counted from 0).

        Returns
        -------
        dict of str to ndarray
            Every variable, shape (n,), and every passive column computed from them, shape (n,)
            or (n, k). The arrays are the caller's own.

        Raises
        ------
        IndexError
            `index` not in 0 ... m - 1.
        """
        if not 0 <= index < self.m:
            raise IndexError(f"completed table {index} of {self.m}")
        columns = {}
        for variable in self.variables:
            values = variable.values.copy()
            if variable.name in self.imputed:
                values[variable.missing_rows] = self.imputed[variable.name][:, index]
            columns[variable.name] = values
        for passive in self.passive:
            found = passive.evaluate(columns)
            columns[passive.name] = found[:, 0] if found.shape[1] == 1 else found
        return columns


def left_out(counts: Mapping[tuple[str, str], int], fits: int) -> tuple[DroppedPredictor, ...]:
    """Share of `fits` in which each predictor was left out of each model."""
    return tuple(
        DroppedPredictor(variable, predictor, count / fits)
        for (variable, predictor), count in sorted(counts.items())
    )


def by_imputation(columns: list[FloatArray]) -> FloatArray:
    """Columns of the m chains side by side, each contiguous in memory."""
    return np.array(columns).T
