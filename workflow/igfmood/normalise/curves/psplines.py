"""P-splines in age: a flexible curve that a penalty draws towards a straight line.

Takes: ages in years. Gives: a design matrix whose first columns (constant, linear) are free and
whose other columns are penalised by the identity, and curves that are evaluated in O(n).

Age enters as its square root, which gives childhood and puberty, where an analyte moves fast, as
much room as the decades after; ages outside those fitted are held at the nearest one.

References
----------
Eilers PHC, Marx BD (1996). Flexible smoothing with B-splines and penalties. Stat Sci 11:89-121.
Eilers PHC, Marx BD, Durban M (2015). Twenty years of P-splines. SORT 39:149-186, section 5
(the mixed-model form: free polynomial, identity penalty).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from igfmood.normalise.curves.bccg import FloatArray

#: Equal cubic segments over the range of sqrt(age); the penalty, not their number, smooths.
SEGMENTS = 20


@dataclass(frozen=True)
class PSpline:
    """Cubic B-splines over a range of ages.

    Parameters
    ----------
    youngest, oldest
        Ages of the people fitted, years; one age alone gives a constant.
    """

    youngest: float
    oldest: float

    @property
    def n_free(self) -> int:
        """Columns that are not penalised: constant and slope."""
        return 2 if self.oldest > self.youngest else 1

    def design(self, age: FloatArray) -> FloatArray:
        """Design matrix, shape (n, n_free + penalised): constant, linear, wiggles."""
        if self.n_free == 1:
            return np.ones((len(age), 1))
        segment, weights = self._locate(age)
        basis = np.zeros((len(age), SEGMENTS + 3))
        rows = np.arange(len(age))
        for j, weight in enumerate(weights):
            basis[rows, segment + j] = weight
        return basis @ _to_b_splines()

    def curve(self, coefficients: FloatArray) -> "Smooth":
        """Return the curve with these coefficients of :meth:`design`."""
        if self.n_free == 1:
            return Smooth(self, np.full(SEGMENTS + 3, coefficients[0]))
        return Smooth(self, _to_b_splines() @ coefficients)

    def _locate(self, age: FloatArray) -> tuple[np.ndarray, tuple[FloatArray, ...]]:
        """First of the four B-splines that are not 0 at each age, and their four values."""
        low, high = np.sqrt(self.youngest), np.sqrt(self.oldest)
        margin = 0.01 * (high - low)
        width = (high - low + 2 * margin) / SEGMENTS or 1.0
        x = np.sqrt(np.clip(age, self.youngest, self.oldest))
        place = (x - (low - margin)) / width
        segment = np.clip(place.astype(int), 0, SEGMENTS - 1)
        u = place - segment
        v = 1 - u
        middle = 2 / 3 - u * u * (1 - u / 2)
        return segment, (v**3 / 6, middle, 2 / 3 - v * v * (1 - v / 2), u**3 / 6)


@dataclass(frozen=True)
class Smooth:
    """A curve in age: B-spline coefficients, shape (SEGMENTS + 3,)."""

    spline: PSpline
    coefficients: FloatArray

    def __call__(self, age: FloatArray) -> FloatArray:
        """Value at each age in years, shape of `age`; held beyond the ages fitted."""
        segment, weights = self.spline._locate(age)
        parts = (w * self.coefficients[segment + j] for j, w in enumerate(weights))
        return np.sum(list(parts), axis=0)

    def shifted(self, by: float) -> "Smooth":
        """Return the curve moved up by a constant (B-splines add up to 1)."""
        return Smooth(self.spline, self.coefficients + by)


@cache
def _to_b_splines() -> FloatArray:
    """Turn (constant, linear, wiggles) into B-spline coefficients, shape (k, k).

    The wiggles are the second differences of the coefficients themselves: their sum of squares is
    the difference penalty of Eilers and Marx.
    """
    k = SEGMENTS + 3
    difference = np.diff(np.eye(k), n=2, axis=0)
    wiggles = difference.T @ np.linalg.inv(difference @ difference.T)
    line = np.linspace(-1, 1, k)
    return np.column_stack([np.ones(k), line, wiggles])
