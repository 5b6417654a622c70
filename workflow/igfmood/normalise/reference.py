"""Reference curves: what is expected at an age and sex, learned from reference people.

Takes age, sex and concentration of reference people; gives an object that turns any concentration
into a standard deviation score (SDS).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis, rcs_knots

#: Knots of the spline in age, by the number of reference people of a sex.
_KNOTS = ((200, 5), (80, 4), (0, 3))


@dataclass(frozen=True)
class ReferenceCurve:
    """Expected value and spread of the (log) analyte by age and sex.

    Fitted by least squares: sex, a restricted cubic spline in age, and, where each sex has enough
    reference people, a spline of its own for each sex. SDS = (y - mu(age, sex)) / sigma, with
    sigma the residual SD (n - p in the denominator).

    Parameters
    ----------
    knots
        Knots of the spline, years.
    beta
        Coefficients, shape (p,).
    sigma
        Residual SD on the (log) scale.
    age_range
        Youngest and oldest reference person, years; ages beyond are taken to these.
    n
        Reference people.
    log
        Whether the curve is on the log scale.
    by_sex
        Whether each sex has its own curve in age.
    """

    knots: np.ndarray
    beta: np.ndarray
    sigma: float
    age_range: tuple[float, float]
    n: int
    log: bool
    by_sex: bool

    def mu(self, age: np.ndarray, female: np.ndarray) -> np.ndarray:
        """Return the expected value on the curve's scale, shape (n,); missing as the inputs are."""
        expected = np.full(len(age), np.nan)
        known = np.isfinite(age) & np.isfinite(female)
        years = np.clip(age[known], *self.age_range)
        expected[known] = _design(years, female[known], self.knots, self.by_sex) @ self.beta
        return expected

    def describe(self) -> str:
        """Return in words how the curve was fitted."""
        scale = "log scale, " if self.log else ""
        sexes = "a curve for each sex" if self.by_sex else "one curve, shifted by sex"
        return f"restricted cubic spline in age with {len(self.knots)} knots, {scale}{sexes}"

    def sds(self, value: np.ndarray, age: np.ndarray, female: np.ndarray) -> np.ndarray:
        """Return standard deviation scores, shape (n,); missing where an input is missing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(value) if self.log else value
        return (y - self.mu(age, female)) / self.sigma


def fit_reference(
    value: np.ndarray, age: np.ndarray, female: np.ndarray, *, log: bool, min_people: int
) -> ReferenceCurve:
    """Fit a reference curve.

    Parameters
    ----------
    value
        Concentrations of the reference people, shape (n,), in the study's unit; missing allowed.
    age, female
        Years, and 1 for women and 0 for men, shape (n,).
    log
        Fit on the log scale.
    min_people
        Fewer complete reference people than this are not enough.

    Returns
    -------
    ReferenceCurve

    Raises
    ------
    NotEstimable
        If there are too few reference people, or they do not differ.

    References
    ----------
    Harrell 2015, Regression Modeling Strategies, section 2.4.5 (restricted cubic splines).
    """
    use = np.isfinite(value) & np.isfinite(age) & np.isfinite(female)
    n = int(use.sum())
    if n < min_people:
        raise NotEstimable(
            f"too few reference people with analyte, age and sex: {n} < {min_people}"
        )
    y = np.log(value[use]) if log else value[use]
    years, sex = age[use], female[use]
    fewest = int(min(sex.sum(), n - sex.sum()))
    by_sex = fewest >= min_people
    n_knots = next(k for people, k in _KNOTS if (fewest if by_sex else n) >= people)
    knots = rcs_knots(years, n_knots)
    design = _design(years, sex, knots, by_sex)
    beta, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ beta
    sigma = float(np.sqrt(residual @ residual / (n - rank)))
    # Rounding alone leaves about 1e-15 of the values' size.
    if not sigma > 1e-12 * float(np.abs(y).max()):
        raise NotEstimable("the reference people do not differ in the analyte")
    limits = (float(years.min()), float(years.max()))
    return ReferenceCurve(knots, beta, sigma, limits, n, log, by_sex)


def _design(age: np.ndarray, female: np.ndarray, knots: np.ndarray, by_sex: bool) -> np.ndarray:
    curve = rcs_basis(age, knots)
    parts = [np.ones((len(age), 1)), female[:, None], curve]
    return np.hstack([*parts, curve * female[:, None]] if by_sex else parts)


def curve_inputs(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return concentration, age and sex (1 woman, 0 man) of a participants table as arrays."""
    female = table["sex"].map({"female": 1.0, "male": 0.0}).to_numpy(dtype=float, na_value=np.nan)
    return table[column].to_numpy(float), table["age_years"].to_numpy(float), female
