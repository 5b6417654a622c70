"""A published reference curve: a table of distribution parameters by sex and age.

Takes: a table with columns sex, age, mu, sigma, nu, and tau for the BCPE.
Gives: a curve, linear in age between the table's rows; ages outside it have no SDS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import DataError
from igfmood.normalise.curves import bccg, bcpe
from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import for_each_sex, positive

Distribution = Literal["lms", "bccg", "bcpe"]

_SEXES = {"male": 0, "female": 1}
#: What each number can be; beyond, it is in another unit (sigma in per cent, ages in months), or
#: scores become infinite. Published tables of hormones have sigma to 1, nu -2 to 2, tau 1 to 4.
_POSSIBLE = {
    "age": (0.0, 110.0), "mu": (0.0, np.inf), "sigma": (0.0, 3.0), "nu": (-10.0, 10.0),
    "tau": (0.3, 20.0),
}  # fmt: skip
_POSITIVE = ("mu", "sigma", "tau")
_HINTS = {"age": "ages are in years", "sigma": "a coefficient of variation of 25 % is 0.25"}


@dataclass(frozen=True)
class PublishedCurve:
    """A curve read from a table.

    Parameters
    ----------
    distribution
        ``lms`` or ``bccg`` (the same), or ``bcpe``.
    rows
        For 0 (men) and 1 (women) the table: shape (k, 1 + parameters), age first and increasing.
    """

    distribution: Distribution
    rows: Mapping[int, FloatArray]
    n: int = 0
    method: str = "published"

    def sds(self, value: FloatArray, age: FloatArray, female: FloatArray) -> FloatArray:
        """Return standard deviation scores, shape (n,); see ``Curve.sds``."""
        family = bcpe if self.distribution == "bcpe" else bccg

        def compute(sex: int, known: FloatArray, years: FloatArray) -> FloatArray:
            return np.asarray(family.sds(known, *self._parameters(sex, years)))

        return for_each_sex(compute, positive(value), age, female)

    def centile(
        self, probability: float | FloatArray, age: FloatArray, female: float | FloatArray
    ) -> FloatArray:
        """Return the concentration at a probability; see ``Curve.centile``."""
        family = bcpe if self.distribution == "bcpe" else bccg

        def compute(sex: int, share: FloatArray, years: FloatArray) -> FloatArray:
            return np.asarray(family.quantile(share, *self._parameters(sex, years)))

        return for_each_sex(compute, np.asarray(probability), age, np.asarray(female))

    def outside(self, age: FloatArray, female: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether a known age and sex is not covered by the table, shape (n,)."""
        known = np.isfinite(age) & np.isfinite(female)
        covered = for_each_sex(
            lambda sex, _, years: self._parameters(sex, years)[0], age, age, female
        )
        return known & np.isnan(covered)

    def describe(self) -> str:
        """Return in words what the curve is."""
        name = "BCPE" if self.distribution == "bcpe" else "BCCG (LMS)"
        ages = "; ".join(
            f"{sex} {self.rows[code][0, 0]:g} to {self.rows[code][-1, 0]:g} years"
            for sex, code in _SEXES.items()
            if code in self.rows
        )
        return f"published {name} table, linear between its ages, none outside: {ages}"

    def _parameters(self, sex: int, age: FloatArray) -> list[FloatArray]:
        columns = len(next(iter(self.rows.values())).T) - 1
        if sex not in self.rows:
            return [np.full(age.shape, np.nan)] * columns
        table = self.rows[sex]
        return [
            np.interp(age, table[:, 0], column, left=np.nan, right=np.nan) for column in table.T[1:]
        ]


def published_curve(
    table: pd.DataFrame | Mapping[str, npt.ArrayLike], distribution: Distribution
) -> PublishedCurve:
    """Make a curve of a published table.

    Parameters
    ----------
    table
        Columns sex (``male`` or ``female``), age (years), mu (the analyte's unit), sigma, nu, and
        tau where `distribution` is ``bcpe``; one row for each sex and age.
    distribution
        ``lms`` or ``bccg``, or ``bcpe``.

    Raises
    ------
    DataError
        A column is missing, or a row holds a sex or a number that cannot be, or an age twice.
    """
    frame = pd.DataFrame(table).reset_index(drop=True)
    needed = ["sex", "age", "mu", "sigma", "nu", *(["tau"] if distribution == "bcpe" else [])]
    missing = [name for name in needed if name not in frame]
    if missing:
        raise DataError(
            f"the reference table has no column {', '.join(missing)}; a {distribution} table "
            f"needs {', '.join(needed)}, found {', '.join(map(str, frame.columns))}"
        )
    sex = frame["sex"].astype(str).str.strip().str.lower().map(_SEXES)
    _refuse(frame, "sex", sex.isna().to_numpy(), "male or female")
    numbers = frame[needed[1:]].apply(pd.to_numeric, errors="coerce")
    for name in numbers:
        values = numbers[name].to_numpy(dtype=float)
        bad = ~np.isfinite(values) | ((values <= 0) & (name in _POSITIVE))
        _refuse(frame, str(name), bad, "a number above 0" if name in _POSITIVE else "a number")
        low, high = _POSSIBLE[str(name)]
        hint = f" ({_HINTS[str(name)]})" if name in _HINTS else ""
        outside = (values < low) | (values > high)
        _refuse(frame, str(name), outside, f"a number from {low:g} to {high:g}{hint}")
    twice = pd.DataFrame({"sex": sex, "age": numbers["age"]}).duplicated().to_numpy()
    _refuse(frame, "age", twice, "each age once for each sex")
    rows = {
        int(code): numbers[sex == code].sort_values("age").to_numpy(dtype=float)
        for code in sorted(sex.unique())
    }
    if not rows:
        raise DataError("the reference table has no row")
    return PublishedCurve(distribution, rows)


def _refuse(frame: pd.DataFrame, column: str, bad: npt.NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"reference table, row {row + 1}, column {column}: expected {expected}, found "
            f"{frame[column].iloc[row]!r} ({int(bad.sum())} such rows)"
        )
