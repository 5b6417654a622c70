"""Reference curve of few people: log and z within age bands.

Takes: log concentrations, ages and sexes of reference people without missing values.
Gives: a curve whose median runs in straight lines through the bands' geometric means, with one
standard deviation of the logarithm.

A band's own SD would rest on a dozen people (relative error 20 %), the pooled one on all. Straight
lines between the bands keep the SDS continuous in age; beyond the outer bands' mean ages the last
value is held.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from igfmood.errors import NotEstimable
from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import for_each_sex, positive

#: People aimed at in each band, and most bands.
PEOPLE_PER_BAND = 7
MOST_BANDS = 8


@dataclass(frozen=True)
class Bands:
    """Mean log concentration by age, for one sex.

    Parameters
    ----------
    age
        Mean age of each band, years, increasing, shape (k,).
    mean
        Mean log concentration of each band, shape (k,).
    sd
        Standard deviation of the logarithm about the line through the bands.
    """

    age: FloatArray
    mean: FloatArray
    sd: float

    def expected(self, age: FloatArray) -> FloatArray:
        """Mean log concentration at each age, held beyond the outer bands."""
        return np.interp(age, self.age, self.mean)


@dataclass(frozen=True)
class BandCurve:
    """Log-normal curves in age bands.

    Parameters
    ----------
    men, women
        The bands; none for a sex without reference people.
    n
        Reference people.
    shifted
        Whether both sexes share the bands, with a shift between them.
    reason
        Why bands were taken.
    """

    men: Bands | None
    women: Bands | None
    n: int
    shifted: bool
    reason: str
    method: str = "bands"

    def sds(self, value: FloatArray, age: FloatArray, female: FloatArray) -> FloatArray:
        """Return standard deviation scores, shape (n,); see ``Curve.sds``."""

        def compute(sex: int, known: FloatArray, years: FloatArray) -> FloatArray:
            bands = self.women if sex else self.men
            if bands is None:
                return np.full(known.shape, np.nan)
            return np.asarray((np.log(known) - bands.expected(years)) / bands.sd)

        return for_each_sex(compute, positive(value), age, female)

    def centile(
        self, probability: float | FloatArray, age: FloatArray, female: float | FloatArray
    ) -> FloatArray:
        """Return the concentration at a probability; see ``Curve.centile``."""

        def compute(sex: int, share: FloatArray, years: FloatArray) -> FloatArray:
            bands = self.women if sex else self.men
            if bands is None:
                return np.full(share.shape, np.nan)
            return np.asarray(np.exp(bands.expected(years) + bands.sd * ndtri(share)))

        return for_each_sex(compute, np.asarray(probability), age, np.asarray(female))

    def describe(self) -> str:
        """Return in words how the curve was made."""
        each = [
            f"{name}: {len(bands.age)} bands, SD {bands.sd:.3f}"
            for name, bands in (("men", self.men), ("women", self.women))
            if bands is not None
        ]
        shift = ", the same bands for both sexes with a shift" if self.shifted else ""
        return (
            f"log and z within age bands (straight lines between them, one SD{shift}), "
            f"{'; '.join(each)}, n = {self.n}: {self.reason}"
        )


def fit_bands(
    log_value: FloatArray, age: FloatArray, female: FloatArray, *, by_sex: bool, reason: str,
    min_of_band: int = 1,
) -> BandCurve:  # fmt: skip
    """Fit age bands.

    Parameters
    ----------
    log_value
        Log concentrations, shape (n,), no missing values.
    age, female
        Years, and 1 for women and 0 for men, shape (n,).
    by_sex
        Bands for each sex; else the same bands with a shift.
    reason
        Why bands are taken, for the description.
    min_of_band
        A band with fewer people than this is joined to its neighbour.

    Raises
    ------
    NotEstimable
        The analyte does not differ.
    """
    present = [sex for sex in (0, 1) if np.any(female == sex)]
    shifted = len(present) == 2 and not by_sex
    curves: dict[int, Bands] = {}
    if shifted:
        curves = _fit(log_value, age, female, min_of_band)
    else:
        for sex in present:
            rows = female == sex
            curves.update(_fit(log_value[rows], age[rows], female[rows], min_of_band))
    return BandCurve(curves.get(0), curves.get(1), len(age), shifted, reason)


def _fit(
    log_value: FloatArray, age: FloatArray, female: FloatArray, min_of_band: int
) -> dict[int, Bands]:
    """Fit one set of bands, shifted where both sexes are there, by least squares."""
    band = joined(band_of(age), min_of_band)
    k = int(band.max()) + 1
    dummies = (band[:, None] == np.arange(k)).astype(float)
    sexes = np.unique(female).astype(int)
    design = np.column_stack([dummies, female]) if len(sexes) == 2 else dummies
    coefficients, _, rank, _ = np.linalg.lstsq(design, log_value, rcond=None)
    centres = np.bincount(band, age) / np.bincount(band)
    shift = float(coefficients[k]) if len(sexes) == 2 else 0.0
    line = np.interp(age, centres, coefficients[:k]) + shift * female
    spread = float(np.sum((log_value - line) ** 2))
    sd = np.sqrt(spread / max(len(age) - int(rank), 1))
    # Rounding alone leaves about 1e-15 of the values' size.
    if not sd > 1e-12 * max(1.0, float(np.abs(log_value).max())):
        raise NotEstimable("the reference people do not differ in the analyte")
    own = {0: 0.0, 1: shift if len(sexes) == 2 else 0.0}
    return {int(s): Bands(centres, coefficients[:k] + own[int(s)], float(sd)) for s in sexes}


def band_of(age: FloatArray) -> np.ndarray:
    """Band of each person, 0 to k - 1: equal shares by age, people of one age together."""
    k = int(np.clip(len(age) // PEOPLE_PER_BAND, 1, MOST_BANDS))
    edges = np.unique(np.quantile(age, np.arange(1, k) / k))
    # Ties may leave a band empty; the bands that hold people are numbered on.
    return np.unique(np.searchsorted(edges, age, side="left"), return_inverse=True)[1]


def joined(band: np.ndarray, fewest: int) -> np.ndarray:
    """Return bands, shape (n,), of which each has so many people, unless all have fewer."""
    counts = np.bincount(band)
    while len(counts) > 1 and counts.min() < fewest:
        smallest = int(counts.argmin())
        # With the one before it; the first with the one after.
        band = band - (band >= max(smallest, 1))
        counts = np.bincount(band)
    return band
