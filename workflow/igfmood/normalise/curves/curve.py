"""What a reference curve is to the rest of the package, and the settings of a fitted one.

Takes: concentrations, ages and sexes. Gives: the protocol every curve keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

Method = Literal["auto", "bccg", "bands"]
Nu = Literal["auto", "constant", "smooth"]
Smoothing = Literal["gaic", "gcv", "local_ml"]


class Curve(Protocol):
    """A distribution of the analyte at every age, for each sex."""

    @property
    def n(self) -> int:
        """Reference people behind it; 0 for a published table."""

    @property
    def method(self) -> str:
        """``"bccg"``, ``"bands"`` or ``"published"``."""

    def sds(self, value: FloatArray, age: FloatArray, female: FloatArray) -> FloatArray:
        """Return standard deviation scores, shape (n,).

        Parameters
        ----------
        value
            Concentrations above 0, in the curve's unit, shape (n,).
        age, female
            Years, and 1 for women and 0 for men, shape (n,).

        Returns
        -------
        ndarray
            NaN where an input is missing, the value is not above 0, or the curve does not cover
            the sex or the age.
        """

    def centile(
        self, probability: float | FloatArray, age: FloatArray, female: float | FloatArray
    ) -> FloatArray:
        """Return the concentration at a probability (0 to 1), broadcast over the arguments."""

    def describe(self) -> str:
        """Return in words how the curve was made."""


@dataclass(frozen=True)
class ReferenceSettings:
    """How a reference curve is fitted.

    Parameters
    ----------
    method
        ``auto`` takes the BCCG fit where there are enough people for it, else age bands.
    nu
        Skewness: one number, or a curve in age; ``auto`` takes the curve where there are children
        enough for it, because skewness changes in puberty.
    smoothing
        What chooses how much each curve bends: generalised Akaike (GAIC), generalised
        cross-validation (GCV), or marginal likelihood (``local_ml``, as gamlss does by default).
    min_people
        Fewer complete reference people than this are not enough.
    min_of_sex
        A sex with fewer of them has no curve: a handful does not make one, and from the centiles
        of one that they shift their own values could be read.
    ages
        Ages, years, that a BCCG curve runs between, held beyond; None for those of the reference
        people themselves.
    min_of_band
        A band of ages with fewer people than this is joined to its neighbour.
    """

    method: Method = "auto"
    nu: Nu = "auto"
    smoothing: Smoothing = "local_ml"
    min_people: int = 30
    min_of_sex: int = 10
    ages: tuple[float, float] | None = None
    min_of_band: int = 1


def for_each_sex(
    compute: Callable[[int, FloatArray, FloatArray], FloatArray],
    first: FloatArray,
    age: FloatArray,
    female: FloatArray,
) -> FloatArray:
    """Broadcast the arguments and apply ``compute(sex, first, age)`` to the people of each sex.

    NaN where an argument is missing or the sex is neither 0 nor 1.
    """
    first, age, female = np.broadcast_arrays(
        np.asarray(first, float), np.asarray(age, float), np.asarray(female, float)
    )
    result = np.full(first.shape, np.nan)
    known = np.isfinite(first) & np.isfinite(age)
    for sex in (0, 1):
        rows = known & (female == sex)
        if rows.any():
            result[rows] = compute(sex, first[rows], age[rows])
    return result


def positive(value: FloatArray) -> FloatArray:
    """Return concentrations as floats with those that are not above 0 missing."""
    value = np.asarray(value, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.where(value > 0, value, np.nan)
