"""Change over visits: cognition in the years after IGF-1 was measured, or with change in IGF-1.

Takes: outcome, time or exposure, covariates and the person of each row, one row a visit.
Gives: what the exposure does to the level and to the yearly change, and what changes together
within persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.models.cluster_robust import cluster_robust, student_contrast
from igfmood.association.models.linear import Contrast
from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.mixed import MixedFit, fit_random_slopes

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

#: Positions of the leading columns of the fixed design.
_LEVEL, _CHANGE = 2, 3
#: Variation below this share of a column's length is rounding of its means.
_CONSTANT = 1e-10


@dataclass(frozen=True, eq=False)
class GrowthFit:
    """Linear change of an outcome over time in relation to an exposure at the start.

    Attributes
    ----------
    level : Contrast
        Difference at time 0 per unit of exposure, outcome units.
    change : Contrast
        Difference in change per unit of time and unit of exposure. Of a score where high is good,
        a negative value is a faster decline.
    cov : ndarray, shape (2, 2)
        Covariance of the two estimates.
    random_effects : {"intercept and slope", "intercept"}
        What varies between persons.
    reason : str
        Why there is no random slope; empty when there is one.
    boundary : str
        Which variance lies on its boundary, in words; empty when none does.
    df_method : str
    sd_level, sd_change, sd_residual : float
        SDs between persons at time 0 and of their change, and within persons, outcome units;
        `sd_change` is 0 without a random slope.
    n, n_persons : int
        Rows and persons.
    """

    level: Contrast
    change: Contrast
    cov: FloatArray
    random_effects: str
    reason: str
    boundary: str
    df_method: str
    sd_level: float
    sd_change: float
    sd_residual: float
    n: int
    n_persons: int


def fit_growth(
    y: npt.ArrayLike,
    time: npt.ArrayLike,
    exposure: npt.ArrayLike,
    covariates: npt.ArrayLike,
    person: npt.ArrayLike,
    level: float = 0.95,
    *,
    on_change: Sequence[int] = (),
) -> GrowthFit:
    """Linear mixed model of an outcome over visits, random intercept and slope by person.

    Fixed effects: 1, time, exposure, exposure x time, covariates, and time x those of the
    covariates that `on_change` lists. Restricted maximum likelihood, Satterthwaite df.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome at each visit.
    time : array_like, shape (n,)
        Time since the exposure was measured, commonly years.
    exposure : array_like, shape (n,)
        Value at the start, the same in all rows of a person.
    covariates : array_like, shape (n, c)
        Without intercept and time; c may be 0.
    person : array_like, shape (n,)
        Label of the person of each row.
    level : float
        Coverage of the intervals.
    on_change : sequence of int
        Columns of `covariates` that may also alter the change over time.

    Returns
    -------
    GrowthFit

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, a column that is not there.
    DataError
        An exposure that changes within a person.
    NotEstimable
        Too few persons or rows, a rank-deficient design (column counted in the order above), no
        residual variation, no convergence.

    Notes
    -----
    With two visits a person slopes and residuals cannot be told apart; the model then has a
    random intercept alone and `reason` says so. A slope variance on its boundary is reported and
    the model kept.

    References
    ----------
    Laird NM, Ware JH (1982). Biometrics 38:963-974.
    Fitzmaurice GM, Laird NM, Ware JH (2011). Applied Longitudinal Analysis, 2nd ed., chapter 8.
    """
    outcome, codes, (years, dose, adjusted) = _checked(y, person, time, exposure, covariates)
    _refuse_changing(dose, codes)
    if any(not 0 <= column < adjusted.shape[1] for column in on_change):
        raise ValueError(f"on_change {list(on_change)}: covariates has {adjusted.shape[1]} columns")
    moving = adjusted[:, list(on_change)] * years
    line = np.column_stack([np.ones(outcome.size), years])
    fit, reason = _with_slope_if_possible(
        outcome, np.hstack([line, dose, dose * years, adjusted, moving]), line, codes
    )
    sd = np.sqrt(np.diag(fit.covariance))
    both = [_LEVEL, _CHANGE]
    return GrowthFit(
        level=_contrast(fit, _LEVEL, level),
        change=_contrast(fit, _CHANGE, level),
        cov=fit.cov_beta[np.ix_(both, both)],
        random_effects="intercept" if reason else "intercept and slope",
        reason=reason,
        boundary=fit.boundary,
        df_method="Satterthwaite",
        sd_level=float(sd[0]),
        sd_change=0.0 if reason else float(sd[1]),
        sd_residual=fit.sigma,
        n=fit.n,
        n_persons=len(fit.groups),
    )


def _checked(
    y: npt.ArrayLike, person: npt.ArrayLike, *parts: npt.ArrayLike
) -> tuple[FloatArray, IntArray, list[FloatArray]]:
    """Outcome, code of each row's person, and the other parts as matrices."""
    outcome, labels = np.asarray(y, dtype=float), np.asarray(person)
    tables = [np.asarray(part, dtype=float) for part in parts]
    if outcome.ndim != 1 or {len(part) for part in (labels, *tables)} != {outcome.size}:
        shapes = ", ".join(str(part.shape) for part in (outcome, labels, *tables))
        raise ValueError(f"outcome, person and columns do not match: {shapes}")
    if not all(np.isfinite(part).all() for part in (outcome, *tables)):
        raise ValueError("missing or infinite values: leave such rows out first")
    _, codes = np.unique(labels, return_inverse=True)
    return outcome, codes, [part.reshape(outcome.size, -1) for part in tables]


def _refuse_changing(exposure: FloatArray, codes: IntArray) -> None:
    _, first = np.unique(codes, return_index=True)
    changed = exposure[:, 0] != exposure[first[codes], 0]
    if changed.any():
        raise DataError(
            f"the exposure changes within {np.unique(codes[changed]).size} persons; a growth model "
            "needs its value at the start in every row (for change with change, compare within "
            "persons)"
        )


def _with_slope_if_possible(
    y: FloatArray, x: FloatArray, line: FloatArray, codes: IntArray
) -> tuple[MixedFit, str]:
    """The fit, and why it has no random slope (empty when it has one)."""
    try:
        fit, reason = fit_random_slopes(y, x, line, codes), ""
    except NotEstimable as refusal:
        # A fault of the outcome or of the fixed design is raised again here.
        fit, reason = fit_random_slopes(y, x, line[:, :1], codes), refusal.reason
    if not fit.converged:
        raise NotEstimable(
            f"the growth model did not converge ({fit.n} rows, {len(fit.groups)} persons)"
        )
    return fit, reason


def _contrast(fit: MixedFit, index: int, level: float) -> Contrast:
    variance = float(fit.cov_beta[index, index])
    return student_contrast(float(fit.beta[index]), variance, float(fit.df[index]), level)


@dataclass(frozen=True)
class WithinBetween:
    """How outcome and exposure go together within persons, and between them.

    Attributes
    ----------
    within : Contrast
        Outcome per unit by which a person's exposure departs from that person's mean.
    between : Contrast or None
        Outcome per unit of the persons' mean exposure; None when all means are equal.
    n, n_persons, n_changing : int
        Rows, persons, and persons whose exposure changes, on whom `within` rests.
    """

    within: Contrast
    between: Contrast | None
    n: int
    n_persons: int
    n_changing: int


def within_between(
    y: npt.ArrayLike,
    x: npt.ArrayLike,
    person: npt.ArrayLike,
    covariates: npt.ArrayLike,
    level: float = 0.95,
) -> WithinBetween:
    """Change in the outcome that goes with a change in the exposure of the same person.

    Least squares on exposure and covariates, each split into the person's mean and the departure
    from it, with CR2 errors clustered by person. `within` is the fixed-effects estimate: no
    trait that stays the same in a person, measured or not, can confound it.

    Parameters
    ----------
    y, x : array_like, shape (n,)
        Outcome and exposure at each visit.
    person : array_like, shape (n,)
        Label of the person of each row. One visit adds to `between` alone.
    covariates : array_like, shape (n, c)
        Without intercept; time belongs here when both may drift, and its product with the arm
        in a trial. Columns that others add up to are left out. c may be 0.
    level : float
        Coverage of the intervals.

    Returns
    -------
    WithinBetween

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Nobody's exposure changes, or that of one person alone; too few rows, a rank-deficient
        design, no residual variance.

    References
    ----------
    Mundlak Y (1978). Econometrica 46:69-85, section 2.
    Neuhaus JM, Kalbfleisch JD (1998). Biometrics 54:638-645.
    """
    outcome, codes, (exposure, adjusted) = _checked(y, person, x, covariates)
    persons = int(codes.max()) + 1
    departure, mean = _split(exposure, codes)
    scale = np.abs(exposure).max()
    changing = np.unique(codes[np.abs(departure[:, 0]) > _CONSTANT * scale]).size
    if changing < 2:
        raise NotEstimable(
            f"the exposure changes in {changing} of {persons} persons; 2 or more are needed to "
            "compare within persons"
        )
    mean = _independent(mean)
    parts = [_independent(part) for part in _split(adjusted, codes)]
    design = np.hstack([np.ones((outcome.size, 1)), departure, mean, *parts])
    fit = cluster_robust(design, outcome, codes)
    return WithinBetween(
        within=fit.contrast(1, level),
        between=fit.contrast(2, level) if mean.size else None,
        n=outcome.size,
        n_persons=persons,
        n_changing=changing,
    )


def _split(columns: FloatArray, codes: IntArray) -> tuple[FloatArray, FloatArray]:
    """Departures from the person's mean, and those means, row by row."""
    sizes = np.bincount(codes)
    means = np.empty_like(columns)
    for j, column in enumerate(columns.T):
        means[:, j] = (np.bincount(codes, weights=column) / sizes)[codes]
    departures = columns - means
    # Means of equal values are rounded: a constant must not leave a departure of 1e-16.
    tiny = np.abs(departures) <= _CONSTANT * np.abs(columns).max(axis=0, initial=0.0)
    departures[tiny] = 0.0
    return departures, means


def _independent(columns: FloatArray) -> FloatArray:
    """The columns that no constant and no columns before them add up to.

    Departures of visits add up where persons have the same visits, and so do their means: a column
    that says nothing new is left out, and changes no coefficient of the exposure.
    """
    kept, basis = [], np.ones((len(columns), 1)) / np.sqrt(len(columns))
    for j, column in enumerate(columns.T):
        left = column
        for _ in range(2):  # the second time takes away what rounding left
            left = left - basis @ (basis.T @ left)
        size = float(np.linalg.norm(left))
        if size > _CONSTANT * np.linalg.norm(column):
            kept.append(j)
            basis = np.column_stack([basis, left / size])
    return columns[:, kept]
