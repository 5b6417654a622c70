"""How wrong must the imputations be before a conclusion changes.

Takes: imputations, a shift of the imputed outcome in a declared group, and the analysis.
Gives: the pooled estimate at every shift, and the smallest shift that changes the conclusion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.impute.imputations import Imputations
from igfmood.impute.pooling import Pooled
from igfmood.impute.variables import CATEGORICAL

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TippingRow:
    """The analysis under one assumption about the missing values.

    Attributes
    ----------
    delta : float
        Shift of the imputed values, in the units of the grid.
    pooled : Pooled
    holds : bool
        Whether the conclusion's condition is met.
    """

    delta: float
    pooled: Pooled
    holds: bool


@dataclass(frozen=True)
class TippingPoint:
    """A conclusion against shifts of the imputed values.

    Attributes
    ----------
    curve : tuple of TippingRow
        One row a shift, ascending.
    delta : float or None
        Shift of the smallest size at which the conclusion differs from that at shift 0; None if
        no shift of the grid changes it. Of two shifts of one size, the negative.
    lower, upper : float or None
        The same among negative and among positive shifts.
    """

    curve: tuple[TippingRow, ...]
    delta: float | None
    lower: float | None
    upper: float | None

    @property
    def statement(self) -> str:
        """What was found, in one sentence."""
        if self.delta is None:
            return (
                f"no shift from {self.curve[0].delta:g} to {self.curve[-1].delta:g} changes the "
                "conclusion"
            )
        return f"the conclusion changes when the imputed values are shifted by {self.delta:g}"


def tipping_point(
    estimate_at: Callable[[float], Pooled],
    deltas: Sequence[float],
    holds: Callable[[Pooled], bool],
) -> TippingPoint:
    """Search a declared grid of shifts for the smallest that changes a conclusion.

    Parameters
    ----------
    estimate_at : callable
        Pooled estimate when the imputed values are shifted by its argument (see `shifted`).
    deltas : sequence of float
        Grid, 0 included; for example -2 ... 2 standard deviations of the outcome.
    holds : callable
        The conclusion as a condition, for example that the interval lies below 0.

    Returns
    -------
    TippingPoint

    Raises
    ------
    ValueError
        A grid without 0, or with values used twice or not finite.
    NotEstimable
        From `estimate_at`, with the shift at which it happened.

    References
    ----------
    Cro S et al (2020). Stat Med 39:2815-2842, section 4 (delta adjustment and tipping points).
    van Buuren S (2018). Flexible Imputation of Missing Data, 2nd ed., section 3.8.
    """
    grid = sorted(float(delta) for delta in deltas)
    if 0.0 not in grid or len(set(grid)) < len(grid) or not np.isfinite(grid).all():
        raise ValueError(f"expected different finite shifts and 0 among them, found {grid}")
    curve = []
    for delta in grid:
        try:
            pooled = estimate_at(delta)
        except NotEstimable as error:
            raise NotEstimable(f"at a shift of {delta:g}: {error.reason}") from error
        curve.append(TippingRow(delta, pooled, bool(holds(pooled))))
    assumed = curve[grid.index(0.0)].holds
    changed = [row.delta for row in curve if row.holds != assumed]
    return TippingPoint(
        curve=tuple(curve),
        delta=min(changed, key=lambda delta: (abs(delta), delta), default=None),
        lower=max((delta for delta in changed if delta < 0), default=None),
        upper=min((delta for delta in changed if delta > 0), default=None),
    )


def shifted(imputations: Imputations, name: str, delta: float, group: BoolArray) -> Imputations:
    """Add `delta` to the imputed values of one variable in some rows.

    Parameters
    ----------
    imputations : Imputations
    name : str
        A numeric variable with gaps.
    delta : float
        In the variable's units.
    group : ndarray of bool, shape (n,)
        Rows to which the assumption applies.

    Returns
    -------
    Imputations
        Passive columns follow. Rows below a limit are not shifted: their values are known in
        part. Other variables keep the values imputed without the shift.

    Raises
    ------
    ValueError
        A variable without gaps or with categories; a group of another length.
    """
    variable = imputations.variable(name)
    if name not in imputations.imputed or variable.kind in CATEGORICAL:
        raise ValueError(f"{name}: expected a numeric variable with missing values")
    rows = np.asarray(group)
    if rows.dtype != np.bool_ or rows.shape != variable.values.shape:
        raise ValueError(f"expected a condition for {variable.values.size} rows")
    moved = rows[variable.missing_rows]
    if variable.upper_limit is not None:
        moved = moved & np.isnan(variable.upper_limit[variable.missing_rows])
    values = imputations.imputed[name] + np.where(moved, delta, 0.0)[:, None]
    return replace(imputations, imputed={**imputations.imputed, name: values})
